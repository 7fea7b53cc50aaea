//! Runs that are stopped, killed, damaged or fought over, and what they end with.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{fail, gfn, succeed, top};

const RUN: [&str; 12] = [
    "--quiet",
    "--set",
    "training.steps=120",
    "--set",
    "evaluation.samples=50",
    "--set",
    "evaluation.every=50",
    "--set",
    "training.log_every=1",
    "--set",
    "checkpoint.every_steps=10",
    "--out",
];
const WRITTEN: [&str; 5] = [
    "metrics.jsonl",
    "samples.csv",
    "distribution.csv",
    "weights.safetensors",
    "tensorboard/events.out.tfevents.0000000000.gfn",
];
const TB: &str = "experiments/hypergrid/tb.toml";

fn start(file: &str, out: &Path) -> Child {
    start_with(file, out, &[])
}

fn start_with(file: &str, out: &Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(["run", file])
        .args(RUN)
        .arg(out)
        .args(more)
        .current_dir(top())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gfn starts")
}

/// Runs to the end without interruption.
fn finish(file: &str, out: &Path) {
    let output = start(file, out).wait_with_output().expect("gfn ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// What a run must repeat to the byte.
fn written(out: &Path) -> Vec<Vec<u8>> {
    let read = |name: &str| std::fs::read(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    WRITTEN.iter().map(|name| read(name)).collect()
}

fn checkpoints(out: &Path) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(out.join("checkpoints"));
    let mut found: Vec<PathBuf> = folder
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .collect();
    found.sort();
    found
}

/// Waits until a run has saved a checkpoint of its own, after `before` others.
fn wait_for_checkpoint(child: &mut Child, out: &Path, before: &[PathBuf]) {
    for _ in 0..3000 {
        if checkpoints(out).iter().any(|path| !before.contains(path)) {
            return;
        }
        assert!(
            child.try_wait().expect("a child").is_none(),
            "the run ended too soon"
        );
        sleep(Duration::from_millis(10));
    }
    panic!("no checkpoint within 30 s");
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(status.expect("kill starts").success());
}

/// Baselines go on too: chains stand where they stood, and what was found is remembered.
#[test]
fn killed_baselines_lose_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    for (name, steps) in [("metropolis", 1_500), ("ppo", 120)] {
        let file = format!("experiments/hypergrid/{name}.toml");
        let steps = format!("training.steps={steps}");
        let more = ["--set", &steps, "--set", "evaluation.thresholds=[0.1, 2.0]"];
        let [whole, killed] = ["whole", "killed"].map(|kind| root.path().join(format!("{kind}-{name}")));
        let finish = |out: &Path| {
            let output = start_with(&file, out, &more)
                .wait_with_output()
                .expect("gfn ends");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        finish(&whole);
        let mut child = start_with(&file, &killed, &more);
        wait_for_checkpoint(&mut child, &killed, &[]);
        signal(&child, "KILL");
        assert!(!child.wait().expect("a child").success());
        finish(&killed);
        assert!(written(&whole) == written(&killed), "{file}");
    }
}

/// Killed three times, and resumed by the same command: the bytes are those of the run that was left alone.
#[test]
fn killed_runs_lose_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    for (number, file) in [
        TB,
        "experiments/hypergrid/replay.toml",
        "experiments/hypergrid/fm.toml",
    ]
    .into_iter()
    .enumerate()
    {
        let [whole, killed] = ["whole", "killed"].map(|name| root.path().join(format!("{name}-{number}")));
        finish(file, &whole);
        for _ in 0..3 {
            let before = checkpoints(&killed);
            let mut child = start(file, &killed);
            wait_for_checkpoint(&mut child, &killed, &before);
            signal(&child, "KILL");
            assert!(!child.wait().expect("a child").success());
        }
        finish(file, &killed);
        assert!(written(&whole) == written(&killed), "{file}");
        let manifest = std::fs::read_to_string(killed.join("manifest.json")).expect("a manifest");
        assert!(manifest.contains("\"generation\": 4"), "{manifest}");
    }
}

/// Every signal that asks to stop: saved, code 75, and the run goes on from there.
#[test]
fn signals_save() {
    let root = tempfile::tempdir().expect("a folder");
    let [whole, stopped] = ["whole", "stopped"].map(|name| root.path().join(name));
    finish(TB, &whole);
    for name in ["TERM", "INT", "USR1", "USR2", "HUP"] {
        if name == "HUP" && super::signals::is_ignored(1) {
            let reason = "skipped: HUP is ignored here, as under nohup, and runs inherit that\n";
            std::io::Write::write_all(&mut gfn_text::stderr(), reason.as_bytes()).expect("standard error");
            continue;
        }
        let before = checkpoints(&stopped);
        let mut child = start(TB, &stopped);
        wait_for_checkpoint(&mut child, &stopped, &before);
        signal(&child, name);
        let output = child.wait_with_output().expect("a child");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{name}: {said}");
        assert!(said.contains("resume with `gfn resume "), "{said}");
    }
    let out = stopped.to_string_lossy();
    succeed(&["resume", &out, "--quiet"]);
    assert!(written(&whole) == written(&stopped));
    // A run that is finished is not run again.
    let told = succeed(&["resume", &out]);
    assert!(told.contains("mean reward"), "{told}");
}

/// A damaged checkpoint is said and passed over; without any, the run begins again.
#[test]
fn damage_is_passed_over() {
    let root = tempfile::tempdir().expect("a folder");
    let [whole, damaged] = ["whole", "damaged"].map(|name| root.path().join(name));
    finish(TB, &whole);
    let mut child = start(TB, &damaged);
    wait_for_checkpoint(&mut child, &damaged, &[]);
    let first = checkpoints(&damaged);
    wait_for_checkpoint(&mut child, &damaged, &first);
    signal(&child, "KILL");
    child.wait().expect("a child");
    let newest = checkpoints(&damaged).pop().expect("a checkpoint");
    let mut bytes = std::fs::read(&newest).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newest, bytes).expect("a checkpoint");
    let output = start(TB, &damaged).wait_with_output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("warning: ") && said.contains("cannot be used: "),
        "{said}"
    );
    assert!(written(&whole) == written(&damaged));
}

/// Where every checkpoint is damaged, the run does not begin again unless it is told to.
#[test]
fn nothing_is_begun_again_unasked() {
    let root = tempfile::tempdir().expect("a folder");
    let [whole, damaged] = ["whole", "damaged"].map(|name| root.path().join(name));
    finish(TB, &whole);
    let mut child = start(TB, &damaged);
    wait_for_checkpoint(&mut child, &damaged, &[]);
    signal(&child, "KILL");
    child.wait().expect("a child");
    for path in checkpoints(&damaged) {
        std::fs::write(path, "damage").expect("a checkpoint");
    }
    let out = damaged.to_string_lossy();
    let said = fail(&["resume", &out, "--quiet"], 1);
    assert!(
        said.contains("cannot be used: ") && said.contains("use --begin-again"),
        "{said}"
    );
    succeed(&["resume", &out, "--quiet", "--begin-again"]);
    assert!(written(&whole) == written(&damaged));
}

/// While a process writes a folder, a second one is refused and told by whom.
#[test]
fn one_writer() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let mut child = start(TB, &out);
    wait_for_checkpoint(&mut child, &out, &[]);
    // Held still, so that it cannot end before the second has tried.
    signal(&child, "STOP");
    let output = start(TB, &out).wait_with_output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(76), "{said}");
    assert!(
        said.contains(&format!("is being written by process {}", child.id())),
        "{said}"
    );
    signal(&child, "CONT");
    assert!(child.wait().expect("a child").success());
}

/// Another experiment does not go on with a run unless it is told to; then the record says so.
#[test]
fn changes_are_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let path = root.path().join("run");
    finish(TB, &path);
    let out = path.to_string_lossy();
    let said = fail(
        &["resume", &out, "--set", "training.steps=130", "--set", "seed=4"],
        2,
    );
    for change in [
        "seed: 0, now 4",
        "training.steps: 120, now 130",
        "--accept-changes",
        "start another run with `gfn run FILE --out DIR`",
    ] {
        assert!(said.contains(change), "{said}");
    }
    let said = fail(
        &["resume", &out, "--accept-changes", "--set", "training.steps=7"],
        2,
    );
    assert!(
        said.contains("has already taken 120 updates, more than `training.steps`, 7"),
        "{said}"
    );
    // What no result depends on is free to change.
    succeed(&["resume", &out, "--quiet", "--set", "checkpoint.keep=3"]);
    succeed(&[
        "resume",
        &out,
        "--quiet",
        "--accept-changes",
        "--set",
        "training.steps=130",
    ]);
    let manifest = std::fs::read_to_string(path.join("manifest.json")).expect("a manifest");
    assert!(
        manifest.contains("after update 120: training.steps: 120, now 130")
            && manifest.contains("\"steps\": 130"),
        "{manifest}"
    );
}

/// A run that was made longer is the run that was long from the start, measurements on the way included.
#[test]
fn longer_is_longer() {
    let root = tempfile::tempdir().expect("a folder");
    let [long, short] = ["long", "short"].map(|name| root.path().join(name));
    let run = |out: &Path, steps: &str, more: &[&str]| {
        let out = out.to_string_lossy();
        let mut arguments = vec!["run", TB, "--quiet"];
        for set in ["evaluation.samples=20", "evaluation.every=10", steps] {
            arguments.extend(["--set", set]);
        }
        arguments.extend(["--out", &out]);
        arguments.extend(more);
        succeed(&arguments);
    };
    run(&long, "training.steps=40", &[]);
    run(&short, "training.steps=20", &[]);
    run(&short, "training.steps=40", &["--accept-changes"]);
    assert!(written(&long) == written(&short));
}

/// Killed once; what is then done to the folder changes nothing about what the run ends with, or is refused.
#[test]
fn folders_that_somebody_tidied() {
    let root = tempfile::tempdir().expect("a folder");
    let [whole, killed] = ["whole", "killed"].map(|name| root.path().join(name));
    finish(TB, &whole);
    let mut child = start(TB, &killed);
    wait_for_checkpoint(&mut child, &killed, &[]);
    signal(&child, "KILL");
    child.wait().expect("a child");
    let out = killed.to_string_lossy();
    let resolved = killed.join("resolved.toml");
    let text = std::fs::read_to_string(&resolved).expect("a file");

    std::fs::write(&resolved, text.replace("seed = 0", "seed = 7")).expect("a file");
    let said = fail(&["resume", &out, "--quiet"], 2);
    assert!(said.contains("seed: 0, now 7"), "{said}");
    std::fs::write(&resolved, &text).expect("a file");

    let said = fail(
        &["resume", &out, "--accept-changes", "--set", "network.hidden=64"],
        1,
    );
    assert!(
        said.contains("not every change can be made to a run under way"),
        "{said}"
    );

    let aside = root.path().join("aside");
    std::fs::rename(killed.join("checkpoints"), &aside).expect("a folder");
    let said = fail(&["resume", &out, "--quiet"], 1);
    assert!(said.contains("has no usable checkpoint"), "{said}");
    std::fs::rename(&aside, killed.join("checkpoints")).expect("a folder");

    std::fs::remove_file(killed.join("manifest.json")).expect("a file");
    finish(TB, &killed);
    assert!(written(&whole) == written(&killed));
}

/// Curves that were removed begin anew; they are no reason not to go on.
#[test]
fn curves_may_be_removed() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let mut child = start(TB, &out);
    wait_for_checkpoint(&mut child, &out, &[]);
    signal(&child, "TERM");
    child.wait().expect("a child");
    std::fs::remove_dir_all(out.join("tensorboard")).expect("a folder");
    let output = start(TB, &out).wait_with_output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("the TensorBoard curves start again"),
        "{said}"
    );
    assert_eq!(written(&out).len(), WRITTEN.len());
}

/// A long measurement is no reason to wait: the run is saved, and measures again when it goes on.
#[test]
fn measurements_are_interrupted() {
    let root = tempfile::tempdir().expect("a folder");
    let [whole, stopped] = ["whole", "stopped"].map(|name| root.path().join(name));
    let run = |out: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gfn"));
        command.args(["run", TB, "--quiet", "--set", "training.steps=8"]);
        command
            .args(["--set", "evaluation.samples=60000", "--out"])
            .arg(out);
        command
            .current_dir(top())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().expect("gfn starts")
    };
    assert!(run(&whole).wait().expect("a child").success());
    let child = run(&stopped);
    for _ in 0..3000 {
        if stopped.join("checkpoints").is_dir() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    signal(&child, "TERM");
    let output = child.wait_with_output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("saved after update 0 of 8"), "{said}");
    assert!(run(&stopped).wait().expect("a child").success());
    assert!(written(&whole) == written(&stopped));
}

/// What a process on another machine holds is not taken from it unasked, unless both are lives of one job.
#[test]
fn other_machines_are_asked_about() {
    let root = tempfile::tempdir().expect("a folder");
    let [whole, moved] = ["whole", "moved"].map(|name| root.path().join(name));
    finish(TB, &whole);
    let kill_elsewhere = || {
        let before = checkpoints(&moved);
        let mut child = Command::new(env!("CARGO_BIN_EXE_gfn"))
            .args(["run", TB, "--takeover"])
            .args(RUN)
            .arg(&moved)
            .env("GFN_JOB", "a job")
            .current_dir(top())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gfn starts");
        wait_for_checkpoint(&mut child, &moved, &before);
        signal(&child, "KILL");
        child.wait().expect("a child");
        let places = std::fs::read_dir(moved.join(".writer")).expect("a folder");
        let claims = places.map(|entry| entry.expect("an entry").path().join("holder.json"));
        let holder = claims.into_iter().find(|path| path.is_file()).expect("a holder");
        let mut said: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&holder).expect("a file")).expect("JSON");
        (said["host"], said["boot"]) = ("far-away".into(), "another".into());
        std::fs::write(&holder, said.to_string()).expect("a file");
    };
    kill_elsewhere();
    let output = start(TB, &moved).wait_with_output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(76), "{said}");
    assert!(
        said.contains("on far-away") && said.contains("--takeover"),
        "{said}"
    );
    kill_elsewhere();
    let status = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(["resume", "--quiet"])
        .arg(&moved)
        .env("GFN_JOB", "a job")
        .current_dir(top())
        .stdout(Stdio::null())
        .status()
        .expect("gfn starts");
    assert!(status.success());
    assert!(written(&whole) == written(&moved));
}

/// Rewards beyond the largest number are written, saved, and read again.
#[test]
fn rewards_beyond_numbers() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let path = out.to_string_lossy();
    let mut arguments = vec!["run", TB, "--quiet", "--out", &path];
    for set in [
        "reward.r0=1e306",
        "reward.r1=5e307",
        "reward.r2=1e308",
        "reward.exponent=0.01",
        "training.steps=10",
        "training.log_every=1",
        "evaluation.samples=200",
    ] {
        arguments.extend(["--set", set]);
    }
    succeed(&arguments);
    succeed(&[
        "resume",
        &path,
        "--quiet",
        "--accept-changes",
        "--set",
        "training.steps=12",
    ]);
    let metrics = std::fs::read_to_string(out.join("metrics.jsonl")).expect("metrics");
    assert!(metrics.contains(r#""train.mean_reward":"inf""#), "{metrics}");
}

/// Names are bytes, and folders may be closed to us.
#[test]
fn odd_folders() {
    let root = tempfile::tempdir().expect("a folder");
    let odd = root.path().join(OsStr::from_bytes(b"r\xffn"));
    finish(TB, &odd);
    assert!(odd.join("weights.safetensors").is_file());
    // Root may write anywhere; a file in the way of a folder stops everybody.
    let file = root.path().join("file");
    std::fs::write(&file, b"").expect("a file");
    let output = gfn(&["run", TB, "--out", &file.join("run").to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("error: ") && said.contains("file"), "{said}");
}

/// That a run goes on is said once a change that was consented to is on the disk, not before.
#[test]
fn a_change_is_kept_before_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let path = out.display().to_string();
    let steps = "training.steps=30";
    let arguments = [
        "run",
        TB,
        "--quiet",
        "--set",
        steps,
        "--stop-at",
        "10",
        "--out",
        &path,
    ];
    assert_eq!(gfn(&arguments).status.code(), Some(75));
    let change = [
        "resume",
        &path,
        "--accept-changes",
        "--set",
        "optimizer.learning_rate=0.5",
    ];
    // Nothing can be written there.
    let accepted = out.join("accepted.json");
    std::fs::create_dir_all(accepted.join("in the way")).unwrap();
    let said = fail(&change, 1);
    assert!(!said.contains("going on after update"), "{said}");
    std::fs::remove_dir_all(&accepted).unwrap();
    let output = gfn(&change);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("going on after update 10"),
        "{said}"
    );
}
