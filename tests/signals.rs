//! Runs that are asked to stop whatever their reward does, and what they find out about it.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{gfn_with, top};

/// The longest that a run may take from a signal to its end.
const LIMIT: Duration = Duration::from_secs(5);

/// A reward that ignores what asks it to end, talks, and in some modes misbehaves.
const REWARD: &str = r#"
import json, random, signal, sys, threading, time

MODE = "@MODE@"
for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)


def say(text):
    print(text, file=sys.stderr, flush=True)


say("said at the start")
threading.Thread(target=say, args=("said by a thread of its own",)).start()
noise = random.Random(7)
for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "hello":
        if MODE == "starts slowly" and request["parameters"] is not None:
            time.sleep(600)
        description = {"name": "toy", "version": "1.0", "objects": [], "input": "states"}
        print(json.dumps({"type": "ready", "protocol": 1, "description": description}), flush=True)
    elif request["type"] == "score":
        say("said while scoring \x1b[31m in red")
        time.sleep(0.02)
        values = [-0.5 * sum(state) for state in request["objects"]]
        if MODE == "is noisy":
            values = [value + noise.gauss(0, 0.3) for value in values]
        print(json.dumps({"type": "scored", "batch": request["batch"], "log_reward": values, "failures": []}), flush=True)
"#;

/// An experiment on that reward, which is trusted.
struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    /// None where there is no Python.
    fn new(mode: &str) -> Option<Self> {
        let runs = Command::new("python3").arg("--version").output().is_ok();
        assert!(runs || std::env::var("CI").is_err(), "python3 is missing");
        let lab = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(lab.path("reward.py"), REWARD.replace("@MODE@", mode)).unwrap();
        let file = "name = \"toy\"\n[environment]\nkind = \"hypergrid\"\nheight = 4\n\
             [reward]\nkind = \"plugin\"\ncommand = [\"python3\", \"reward.py\"]\nprotocol = \"lines\"\ncache = 0\n\
             [network]\nhidden = 8\n[loss]\nkind = \"trajectory-balance\"\n\
             [training]\nsteps = 60\nbatch_size = 4\nlog_every = 1\n\
             [evaluation]\nsamples = 8\nexact_states = 0\n";
        fs::write(lab.path("toy.toml"), file).unwrap();
        let trusted = lab.gfn(&["plugin", "trust", &lab.file(), "--yes"]);
        assert!(trusted.status.success(), "{}", errors(&trusted));
        runs.then_some(lab)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self) -> String {
        self.path("toy.toml").display().to_string()
    }

    fn gfn(&self, arguments: &[&str]) -> Output {
        let approvals = self.path("approved").display().to_string();
        gfn_with(&[("GFN_APPROVALS", &approvals)], arguments)
    }

    /// A run that is under way.
    fn start(&self, out: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_gfn"))
            .args(["run", &self.file(), "--quiet", "--no-report", "--out"])
            .arg(self.path(out))
            .env("GFN_APPROVALS", self.path("approved"))
            .current_dir(top())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What a run must repeat to the byte.
    fn written(&self, out: &str) -> Vec<Vec<u8>> {
        let names = ["metrics.jsonl", "samples.csv", "weights.safetensors"];
        names
            .map(|name| fs::read(self.path(out).join(name)).unwrap())
            .into()
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn send(signal: &str, process: u32) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Waits until `is_so`.
fn wait_until(what: &str, child: &mut Child, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {what}");
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "not within a minute: {what}"
        );
        sleep(Duration::from_millis(5));
    }
}

/// The end of a run that was sent a signal: its code, what it said, and how long it took.
fn end_of(child: Child, sent: Instant) -> (Option<i32>, String, Duration) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), errors(&output), sent.elapsed())
}

/// All processes below one.
fn descendants(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children: String = tasks
        .map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default())
        .collect();
    let children: Vec<u32> = children
        .split_whitespace()
        .map(|child| child.parse().unwrap())
        .collect();
    let below: Vec<u32> = children.iter().flat_map(|child| descendants(*child)).collect();
    [children, below].concat()
}

/// A reward that stands still in the middle of an update: the update is given up, the run is saved as of the one before, and
/// what it then leaves is what an uninterrupted run leaves. What the plugin printed is in the log, whoever of it did.
#[test]
fn a_run_whose_reward_hangs_is_saved_and_goes_on_to_the_same_bytes() {
    let Some(lab) = Lab::new("behaves") else { return };
    let whole = lab.start("whole").wait_with_output().unwrap();
    assert!(whole.status.success(), "{}", errors(&whole));
    let log = lab.read("whole/log.jsonl");
    for said in [
        "said at the start",
        "said by a thread of its own",
        "said while scoring",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains('\x1b') && !log.contains("\\u001b"), "{log}");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }

    for (out, signal) in [("term", "TERM"), ("usr1", "USR1")] {
        let mut child = lab.start(out);
        wait_until("update 5", &mut child, || {
            lab.read(&format!("{out}/metrics.jsonl")).contains("\"step\":5,")
        });
        let held = descendants(child.id());
        held.iter().for_each(|process| send("STOP", *process));
        let sent = Instant::now();
        send(signal, child.id());
        let (code, said, took) = end_of(child, sent);
        assert_eq!(code, Some(75), "{said}");
        assert!(took < LIMIT, "{took:?}: {said}");
        assert!(
            said.contains(&format!(
                "stopping on {signal}: the run is saved after the update in hand"
            )),
            "{said}"
        );
        assert!(said.contains("is given up"), "{said}");
        // The kernel ends them with the process that guards them, a moment later.
        let left = || {
            let alive = |process: &&u32| Path::new(&format!("/proc/{process}")).exists();
            held.iter().filter(alive).count()
        };
        let ended = Instant::now();
        while left() > 0 {
            assert!(ended.elapsed() < LIMIT, "{} processes are left", left());
            std::thread::sleep(Duration::from_millis(20));
        }
        let resumed = lab.start(out).wait_with_output().unwrap();
        assert!(resumed.status.success(), "{}", errors(&resumed));
        assert!(lab.written(out) == lab.written("whole"), "{out} differs");
    }
}

/// Before the first update there is nothing to save, and nobody waits for a plugin that takes its time.
#[test]
fn a_run_whose_reward_starts_slowly_ends_at_once() {
    let Some(lab) = Lab::new("starts slowly") else {
        return;
    };
    let mut child = lab.start("run");
    let id = child.id();
    wait_until("the plugin", &mut child, || !descendants(id).is_empty());
    sleep(Duration::from_millis(300));
    let sent = Instant::now();
    send("TERM", id);
    let (code, said, took) = end_of(child, sent);
    assert_eq!(code, Some(75), "{said}");
    assert!(took < LIMIT, "{took:?}");
    assert!(said.contains("stopped by TERM: nothing was trained"), "{said}");
    assert!(!lab.path("run").exists(), "nothing was begun");
}

/// Whether this process, and so what it starts, ignores a signal.
pub(super) fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Whatever ends a process and can be caught has a run saved, and is named.
#[test]
fn every_signal_that_can_be_caught_saves() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_gfn"))
            .args([
                "run",
                "experiments/hypergrid/tb.toml",
                "--quiet",
                "--set",
                "training.steps=100000000",
            ])
            .args([
                "--set",
                "evaluation.samples=10",
                "--set",
                "training.tensorboard=false",
                "--out",
            ])
            .arg(&out)
            .current_dir(top())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let metrics = || fs::metadata(out.join("metrics.jsonl")).map_or(0, |found| found.len());
    for (signal, number) in [
        ("QUIT", 3),
        ("ALRM", 14),
        ("VTALRM", 26),
        ("PROF", 27),
        ("XCPU", 24),
        ("XFSZ", 25),
        ("IO", 29),
        ("PWR", 30),
        ("37", 37),
    ] {
        if is_ignored(number) {
            let reason = format!(
                "skipped: {signal} is ignored here, as in the background of a script, and runs inherit that\n"
            );
            std::io::Write::write_all(&mut gfn_text::stderr(), reason.as_bytes()).unwrap();
            continue;
        }
        let mut child = start();
        let before = fs::read_to_string(out.join("manifest.json")).unwrap_or_default();
        // Its own manifest, then an update of its own.
        wait_until("its manifest", &mut child, || {
            fs::read_to_string(out.join("manifest.json")).is_ok_and(|now| now != before)
        });
        let length = metrics();
        wait_until("an update", &mut child, || metrics() > length);
        let sent = Instant::now();
        send(signal, child.id());
        let (code, said, took) = end_of(child, sent);
        assert_eq!(code, Some(75), "{signal}: {said}");
        assert!(took < LIMIT, "{signal}: {took:?}");
        let name = if signal == "37" { "signal 37" } else { signal };
        assert!(said.contains(&format!("stopping on {name}")), "{signal}: {said}");
        assert!(said.contains("saved after update"), "{signal}: {said}");
    }
}

/// A change that was consented to is not asked about again, although the process was killed before its next checkpoint.
#[test]
fn an_accepted_change_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let run = out.display().to_string();
    let first = [
        "run",
        "experiments/hypergrid/tb.toml",
        "--quiet",
        "--no-report",
        "--stop-at",
        "20",
        "--set",
        "evaluation.samples=10",
        "--set",
        "training.steps=100",
        "--out",
        &run,
    ];
    super::fail(&first, 75);
    let changed = "optimizer.learning_rate=0.002";
    let start = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_gfn"))
            .args([
                "resume",
                &run,
                "--quiet",
                "--no-report",
                "--set",
                "training.steps=100000000",
            ])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let refused = start(&["--set", changed]).wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let mut child = start(&["--set", changed, "--accept-changes"]);
    wait_until("an update", &mut child, || {
        fs::read_to_string(out.join("metrics.jsonl")).is_ok_and(|text| text.contains("\"step\":30,"))
    });
    send("KILL", child.id());
    child.wait().unwrap();
    // The resolved experiment has the change; the checkpoint was made without it.
    super::fail(&["resume", &run, "--quiet", "--no-report", "--stop-at", "40"], 75);
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    assert_eq!(
        manifest
            .matches("after update 20: optimizer.learning_rate")
            .count(),
        1,
        "{manifest}"
    );
    // What was accepted counts, and not what was before.
    let back = [
        "resume",
        &run,
        "--quiet",
        "--set",
        "optimizer.learning_rate=0.001",
    ];
    super::fail(&back, 2);
}

/// A reward that does not repeat is found out while it trains: said once, with numbers, and kept.
#[test]
fn a_noisy_reward_is_found_out() {
    let Some(lab) = Lab::new("is noisy") else { return };
    let (file, out) = (lab.file(), lab.path("run").display().to_string());
    let sets = ["--set", "training.steps=3", "--set", "evaluation.every=1"];
    let arguments = [
        &["run", &file, "--quiet", "--no-report", "--out", &out][..],
        &sets[..],
    ]
    .concat();
    let run = lab.gfn(&arguments);
    assert!(run.status.success(), "{}", errors(&run));
    let said = errors(&run);
    assert_eq!(
        said.matches("warning: the reward is not deterministic: of ")
            .count(),
        1,
        "{said}"
    );
    assert!(said.contains("objects scored again"), "{said}");
    let manifest = lab.read("run/manifest.json");
    assert!(manifest.contains("the reward is not deterministic"), "{manifest}");
    let shown = lab.gfn(&["show", &out]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("warning: the reward is not deterministic"));
    let out = lab.path("unasked").display().to_string();
    let arguments = [
        &["run", &file, "--quiet", "--no-report", "--out", &out][..],
        &sets[..],
    ]
    .concat();
    let unasked = lab.gfn(&[&arguments[..], &["--set", "evaluation.rescored=0"]].concat());
    assert!(
        unasked.status.success() && !errors(&unasked).contains("scored again"),
        "{}",
        errors(&unasked)
    );
}

/// A reward too large for its loss is named, with what to do about it: as a loss that is no number, and as a gradient.
#[test]
fn a_reward_that_overflows_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (exponent, words) in [
        ("900", "overflows: it or its square"),
        ("150", "overflows in single precision"),
    ] {
        let out = folder.path().join(exponent).display().to_string();
        let exponent = format!("reward.exponent={exponent}");
        let said = super::fail(
            &[
                "run",
                "experiments/hypergrid/ppo.toml",
                "--quiet",
                "--out",
                &out,
                "--set",
                &exponent,
                "--set",
                "reward.floor=0.1",
            ],
            1,
        );
        assert!(
            said.contains(words) && said.contains("Lower `reward.exponent`"),
            "{said}"
        );
    }
}

/// Far more threads than cores are warned about.
#[test]
fn threads_far_above_the_cores_are_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let check = |threads: &str| {
        let file = folder.path().join("x.toml");
        let text = format!(
            "name = \"x\"\n[environment]\nkind = \"hypergrid\"\n[reward]\nkind = \"hypergrid\"\n\
             [loss]\nkind = \"trajectory-balance\"\n[hardware]\nthreads = {threads}\n"
        );
        fs::write(&file, text).unwrap();
        let output = super::gfn(&["check", &file.display().to_string()]);
        String::from_utf8_lossy(&output.stdout).into_owned() + &errors(&output)
    };
    let many = check("1024");
    assert!(
        many.contains("`hardware.threads` is 1024, and this machine has"),
        "{many}"
    );
    let one = check("1");
    assert!(!one.contains("hardware.threads"), "{one}");
}
