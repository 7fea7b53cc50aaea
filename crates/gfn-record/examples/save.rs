//! A run that trains nothing: it resumes from its last checkpoint, appends a line and saves a checkpoint a step. The tests
//! kill it, starve it of room and start it twice.
//!
//!     save FOLDER STEPS [wait]
//!
//! `wait` keeps the folder until standard input ends. Exit code 1 is an error of this crate, told on standard error.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use std::io::{Read, stdin};
use std::path::Path;
use std::process::ExitCode;

use gfn_record::checkpoint::{HASHES, Part, Store, latest};
use gfn_record::folder::{FolderError, RunFolder, names, sha256};
use gfn_record::growing::{Lines, Mark};
use gfn_record::integrity::Records;
use gfn_record::ledger::Ledger;
use gfn_record::manifest::{Manifest, Status};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Where a run is.
#[derive(Default, Serialize, Deserialize)]
struct State {
    step: u64,
    offset: u64,
}

fn run(out: &Path, steps: u64, wait: bool) -> Result<(), FolderError> {
    let (folder, fresh) = RunFolder::open_or_create(out, false)?;
    let mut manifest = manifest();
    if fresh {
        folder.write(names::RESOLVED, b"")?;
    }
    folder.write_manifest(&manifest)?;
    if wait {
        println!("holding");
        let _ = stdin().read_to_end(&mut Vec::new());
    }
    let found = latest(out)?;
    for skipped in &found.skipped {
        eprintln!("{}: {}", skipped.path.display(), skipped.reason);
    }
    let state = match &found.newest {
        Some(loaded) => serde_json::from_slice(loaded.part("state.json")?).expect("what is saved below"),
        None => State::default(),
    };
    let mark = match &found.newest {
        Some(loaded) => {
            let files: Records = serde_json::from_slice(loaded.part(HASHES)?).expect("what is saved below");
            Mark::from(files[names::METRICS].clone())
        }
        None => Mark::default(),
    };
    let mut lines = Lines::resume(&folder, names::METRICS, mark)?;
    let mut ledger = Ledger::read(out)?;
    let mut store = Store::open(&folder, 2)?;
    for step in state.step + 1..=state.step + steps {
        lines.push(&step)?;
        lines.sync()?;
        let offset = lines.offset();
        let state = serde_json::to_vec(&State { step, offset }).expect("plain data");
        let model = Part::new("model", vec![step as u8; 1000 * step as usize]);
        let files = Records::from([(names::METRICS.to_string(), lines.reached().recorded())]);
        let hashes = Part::new(HASHES, serde_json::to_vec(&files).expect("plain data"));
        store.save(step, &[Part::new("state.json", state), hashes, model])?;
    }
    ledger.write(folder.writer()?, out, "table.csv", &state.step.to_le_bytes())?;
    folder.write(names::WEIGHTS, &[state.step as u8; 5000])?;
    let lines = (names::METRICS.to_string(), lines.reached().recorded());
    let files = folder.written().into_iter().chain([lines]);
    manifest.files = Some(files.filter(|(name, _)| name != names::RESOLVED).collect());
    manifest.status = Status::Saved;
    folder.write_manifest(&manifest)
}

/// The manifest of a run that is under way.
fn manifest() -> Manifest {
    let value = json!({
        "format": 1, "gfn": "0", "libtorch": "0", "name": "save", "seed": 0, "status": "running", "experiment": "",
        "resolved_sha256": sha256(b""), "device": "cpu", "threads": 1, "processor": "", "parameters": 0, "started": 0, "steps": 0,
        "files": {},
    });
    serde_json::from_value(value).expect("a manifest")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(out), Some(Ok(steps))) = (arguments.first(), arguments.get(1).map(|steps| steps.parse()))
    else {
        eprintln!("usage: save FOLDER STEPS [wait]");
        return ExitCode::from(2);
    };
    let wait = arguments.get(2).is_some_and(|argument| argument == "wait");
    match run(Path::new(out), steps, wait) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
