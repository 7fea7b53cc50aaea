//! Errors of the disk, and death, at every system call of a save.
//!
//! `strace` makes the n-th call of one kind fail or kills the process there. Afterwards the newest checkpoint must be
//! whole, the old one or a new one, and the same command must go on from it. `scripts/fault-check` runs all of it.
#![allow(clippy::print_stderr, reason = "tests that are skipped say so")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use gfn_record::folder::names;
use gfn_record::ledger::Ledger;
use gfn_record::verify::{self, State};

use crate::{program, save, step, temporary};

/// What is done to a call.
const KILL: &str = "signal=KILL";
const NO_ROOM: &str = "error=ENOSPC";
const BROKEN: &str = "error=EIO";

/// The calls of a save, by the names that they have on one machine or another.
const WRITE: &str = "write";
const SYNC: &str = "fsync";
const RENAME: &str = "?rename,?renameat,?renameat2";
const OTHERS: [&str; 6] = [
    "openat",
    "?mkdir,?mkdirat",
    "?unlink,?unlinkat",
    "flock",
    "?copy_file_range,?sendfile,?sendfile64",
    "?getdents64",
];

/// Whether `strace` can be used; fails where it must be.
fn have_strace() -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    let have = tried.is_ok_and(|status| status.success());
    assert!(
        have || std::env::var("CI").as_deref() != Ok("true"),
        "strace does not run here: scripts/install-optional"
    );
    if !have {
        // Not `eprintln!`, which is not shown of a test that passes.
        let reason = "skipped: strace does not run here (scripts/install-optional installs it)\n";
        gfn_text::stderr().write_all(reason.as_bytes()).unwrap();
    }
    have
}

/// Saves two steps in a copy of the run `base` under a fault; whether the fault came to pass.
fn inject(base: &Path, calls: &str, fault: &str, nth: usize) -> bool {
    let root = temporary();
    let (run, trace) = (root.path().join("run"), root.path().join("trace"));
    copy(base, &run);
    let before = step(&run);
    let injection = format!("inject={calls}:{fault}:when={nth}");
    let mut command = Command::new("strace");
    command
        .args(["-e", &format!("trace={calls}"), "-e", &injection, "-o"])
        .arg(&trace);
    let output = command.arg(program()).arg(&run).arg("2").output().unwrap();

    let at = format!("{fault} at {nth} of {calls}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{at}: {errors}");
    let after = step(&run);
    nothing_is_blamed(&run, &at);
    assert!(
        (before..=before + 2).contains(&after),
        "{at}: step {after} after {before}"
    );
    // One step less where the newest checkpoint could not be read, and the one before was gone on from.
    assert!(!output.status.success() || after > before, "{at}: {errors}");
    save(&run, 1);
    assert_eq!(step(&run), after + 1, "{at}");
    nothing_is_blamed(&run, &at);
    let traced = fs::read_to_string(&trace).unwrap();
    traced.contains("(INJECTED)") || traced.contains("killed by SIGKILL")
}

/// Whenever a process is stopped, each file agrees with what is recorded of it.
fn nothing_is_blamed(run: &Path, at: &str) {
    if !run.join(names::RESOLVED).exists() {
        return;
    }
    let mut found = verify::folder(run).unwrap();
    found
        .files
        .retain(|file| matches!(file.state, State::Changed | State::Missing));
    assert!(found.files.is_empty(), "{at}: {:?}", found.files);
    if let Ok(table) = fs::read(run.join("table.csv")) {
        let ledger = Ledger::read(run).unwrap();
        assert_eq!(ledger.files().count(), 1, "{at}");
        ledger.check(run, "table.csv", &table).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// Injects a fault at every n-th call until there are no more, at most `limit`; how many.
fn inject_at_all(base: &Path, calls: &str, fault: &str, limit: usize) -> usize {
    (1..=limit)
        .take_while(|nth| inject(base, calls, fault, *nth))
        .count()
}

/// A run with two checkpoints.
fn base() -> tempfile::TempDir {
    let base = temporary();
    save(base.path(), 2);
    base
}

#[test]
fn a_save_withstands_faults() {
    if !have_strace() {
        return;
    }
    let base = base();
    for (calls, fault, least) in [(WRITE, NO_ROOM, 12), (SYNC, BROKEN, 12), (RENAME, KILL, 6)] {
        let count = inject_at_all(base.path(), calls, fault, 16);
        assert!(count >= least, "{count} of {calls}: fewer than a save has");
    }
}

/// Against a loss of power, which no test can wait for: a file is on the disk before its name, and its name afterwards.
#[test]
fn every_file_is_synced_before_it_is_renamed_and_its_folder_after() {
    if !have_strace() {
        return;
    }
    let base = base();
    let trace = base.path().join("trace");
    let mut command = Command::new("strace");
    let calls = format!("trace={SYNC},{RENAME}");
    command.args(["-y", "-s", "4096", "-e", &calls, "-o"]).arg(&trace);
    let status = command.arg(program()).arg(base.path()).arg("3").status();
    assert!(status.unwrap().success());
    let trace = fs::read_to_string(trace).unwrap();
    let calls: Vec<&str> = trace.lines().collect();
    let mut renames = 0;
    for (at, call) in calls.iter().enumerate() {
        if !call.starts_with("rename") {
            continue;
        }
        let paths: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
        // What is thrown away needs no care.
        if paths[1].contains("/gone-") {
            continue;
        }
        let folder = Path::new(paths[1]).parent().unwrap().display();
        assert!(calls[at - 1].contains(&format!("<{}>", paths[0])), "{call}");
        assert!(calls[at + 1].contains(&format!("<{folder}>")), "{call}");
        renames += 1;
    }
    assert_eq!(
        renames, 12,
        "three checkpoints, the lines, the holder and its release, two manifests, the weights, a table, its hash before and after"
    );
}

#[test]
#[ignore = "takes a minute; scripts/fault-check runs it"]
fn a_save_withstands_every_fault() {
    if !have_strace() {
        return;
    }
    let (fresh, begun) = (temporary(), base());
    let mut sum = 0;
    for calls in [WRITE, SYNC, RENAME].into_iter().chain(OTHERS) {
        for fault in [NO_ROOM, BROKEN, KILL] {
            let count = [&fresh, &begun].map(|base| inject_at_all(base.path(), calls, fault, usize::MAX));
            eprintln!("{fault:13} at {:3} + {:3} calls of {calls}", count[0], count[1]);
            sum += count.iter().sum::<usize>();
        }
    }
    eprintln!("{sum} faults, in runs that began and in runs that went on; all went on");
}

#[test]
#[ignore = "needs a small disk; scripts/fault-check makes one"]
fn a_full_disk_stops_a_run_until_there_is_room() {
    let Some(disk) = std::env::var_os("GFN_SMALL_DISK") else {
        eprintln!("skipped: GFN_SMALL_DISK names no folder on a small disk");
        return;
    };
    let (run, filler) = (Path::new(&disk).join("run"), Path::new(&disk).join("filler"));
    fs::create_dir(&run).unwrap();
    save(&run, 3);
    let before = step(&run);
    // Too little room for a checkpoint, until the older of those that are there is deleted.
    let mut child = Command::new(program())
        .arg(&run)
        .args(["1", "wait"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 7];
    child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    fill(&filler, 12 * 1024);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(step(&run), before + 1);
    fs::remove_file(&filler).unwrap();
    assert_eq!(fs::read_dir(run.join("checkpoints")).unwrap().count(), 2);
    let before = step(&run);
    // What others leave, from nothing to enough for some saves.
    let mut saved = 0;
    for free in (0..256 * 1024).step_by(16 * 1024) {
        fill(&filler, free);
        let output = Command::new(program()).arg(&run).arg("9").output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let told = errors.contains("the disk is full; make room and run the command again");
        assert!(output.status.success() || told, "{free} bytes free: {errors}");
        assert!(step(&run) >= before, "{free} bytes free");
        fs::remove_file(&filler).unwrap();
        saved += usize::from(output.status.success());
        eprintln!(
            "{free:6} bytes free: {}",
            if output.status.success() {
                "saved"
            } else {
                "stopped, and told why"
            }
        );
    }
    assert!((1..16).contains(&saved), "saved at {saved} of 16 levels");
    let before = step(&run);
    save(&run, 1);
    assert_eq!(step(&run), before + 1);
}

/// Fills the disk but for `free` bytes.
fn fill(filler: &Path, free: usize) {
    let mut size = 0;
    let mut file = File::create(filler).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {
        size += 4096;
    }
    file.set_len(u64::try_from(size).unwrap().saturating_sub(free as u64))
        .unwrap();
}
