//! `gfn verify`: whether files are as they were written.

use std::path::{Path, PathBuf};

use gfn_files::regular::MIB;
use gfn_files::seal::Seal;
use gfn_proxy::fitted::{from_bytes, seal_of};
use gfn_record::hashed;
use gfn_record::verify::{self, Checked, Findings, State};
use gfn_runs::summary::{find, find_sweeps, plain};
use serde_json::json;

use super::print;
use crate::exit::Failure;

/// The largest proxy.
const PROXY_LIMIT: u64 = 32 * MIB;

pub(crate) fn verify(paths: &[PathBuf], all: bool, json: bool) -> Result<(), Failure> {
    let mut found: Vec<Findings> = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => found.extend(of_folder(path)?),
            false => found.push(of_file(path)?),
        }
    }
    if json {
        let value: Vec<_> = found
            .iter()
            .map(|found| {
                let mut value = json!(found);
                value["whole"] = found.is_whole().into();
                value
            })
            .collect();
        let text = serde_json::to_string_pretty(&value).expect("findings are plain data");
        print(&(text + "\n"))?;
    } else {
        print(&found.iter().map(|found| text(found, all)).collect::<String>())?;
    }
    match found.iter().all(Findings::is_whole) {
        true => Ok(()),
        false => Err(Failure::different()),
    }
}

/// The folder itself, or all runs and sweeps below it.
fn of_folder(path: &Path) -> Result<Vec<Findings>, Failure> {
    if let Ok(found) = verify::folder(path) {
        return Ok(vec![found]);
    }
    let sweeps = find_sweeps(path);
    let runs = find(path).into_iter();
    let runs = runs.filter(|run| !sweeps.iter().any(|sweep| run.starts_with(sweep)));
    // The runs of an acquisition are told with it.
    let folders = runs
        .map(|run| acquisition_of(&run, path).unwrap_or(run))
        .chain(sweeps.iter().cloned());
    let mut folders: Vec<PathBuf> = folders.collect();
    folders.sort();
    folders.dedup();
    if folders.is_empty() {
        return Err(Failure::failed(format!(
            "there is no run, sweep or acquisition in `{}`; `gfn ls DIR` lists them",
            path.display()
        )));
    }
    let found = folders.iter().map(|folder| verify::folder(folder));
    found.collect::<Result<_, _>>().map_err(Failure::failed)
}

/// The acquisition that a run is a round of.
fn acquisition_of(run: &Path, root: &Path) -> Option<PathBuf> {
    let folder = run.ancestors().nth(3)?;
    let is_one = folder.starts_with(root) && run.parent()?.parent()?.ends_with("rounds");
    is_one.then(|| folder.to_path_buf())
}

/// A proxy, or a table with its hash beside it.
fn of_file(path: &Path) -> Result<Findings, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", path.display()));
    let (kind, state, note) = if hashed::beside(path).is_file() {
        let state = match hashed::is_whole(path).map_err(|error| failed(&error))? {
            Some(false) => State::Changed,
            _ => State::Ok,
        };
        ("table", state, None)
    } else {
        let bytes =
            gfn_files::read(path, PROXY_LIMIT).map_err(|error| failed(&gfn_text::io_words(&error)))?;
        match seal_of(&bytes) {
            Seal::Whole => ("proxy", State::Ok, None),
            Seal::Broken => ("proxy", State::Changed, None),
            // One that an earlier version fitted, or nothing that has a hash.
            Seal::Absent => {
                from_bytes(path, &bytes).map_err(|error| failed(&error))?;
                ("proxy", State::NotRecorded, Some("it holds no hash of itself"))
            }
        }
    };
    let checked = Checked {
        path: path.display().to_string(),
        state,
        note: note.map(str::to_string),
    };
    Ok(Findings {
        folder: path.to_path_buf(),
        kind,
        files: vec![checked],
    })
}

fn text(found: &Findings, all: bool) -> String {
    let mut text = format!(
        "{}: {}\n",
        plain(&found.folder.display().to_string()),
        verdict(found)
    );
    let is_told =
        |file: &&Checked| all || matches!(file.state, State::Changed | State::Missing | State::InputMissing);
    for file in found.files.iter().filter(is_told) {
        let note = file
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!(" ({note})"));
        text += &plain(&format!("  {:<13}{}{note}", word(file.state), file.path));
        text += "\n";
    }
    text
}

fn verdict(found: &Findings) -> String {
    if !found.is_recorded() {
        return format!(
            "{}, of which no hash was recorded: an earlier version of gfn wrote it",
            found.kind
        );
    }
    let counts = [
        (State::Ok, "ok"),
        (State::Changed, "changed"),
        (State::Missing, "missing"),
        (State::InputMissing, "inputs missing"),
        (State::NotRecorded, "not recorded"),
    ];
    let words = counts.into_iter().filter_map(|(state, word)| {
        let count = found.count(state);
        (count > 0).then(|| format!("{count} {word}"))
    });
    format!("{}, {}", found.kind, words.collect::<Vec<_>>().join(", "))
}

fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Changed => "changed",
        State::Missing => "missing",
        State::NotRecorded => "not recorded",
        State::InputMissing => "input missing",
    }
}
