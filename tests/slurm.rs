//! Sweeps on a Slurm of two nodes on this machine, which `scripts/slurm` starts.
#![allow(clippy::print_stdout, reason = "helpers of tests say what is missing")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::top;

/// One cluster at a time: there are few cores.
static TURN: Mutex<()> = Mutex::new(());

/// A trial of this takes seconds, so that there is time to do things to it.
const EXPERIMENT: &str = r#"name = "tiny"

[environment]
kind = "hypergrid"
height = 8

[reward]
kind = "hypergrid"

[network]
kind = "mlp"
hidden = 16

[loss]
kind = "trajectory-balance"

[training]
steps = STEPS
batch_size = 8
log_every = 1
tensorboard = false

[checkpoint]
every_steps = 50

[hardware]
device = "cpu"

[evaluation]
samples = 20
"#;

/// A running cluster, and a folder to work in.
struct Cluster {
    folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// None where there is no Slurm, or no right to start it.
    fn start() -> Option<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let has = |name: &str| {
            Command::new("sh")
                .args(["-c", &format!("command -v {name}")])
                .output()
        };
        let is_there = |name| has(name).is_ok_and(|output| output.status.success());
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        if !is_root || !is_there("slurmctld") || !is_there("slurmd") {
            assert!(
                std::env::var_os("CI").is_none(),
                "no Slurm here (scripts/install-optional), or not root"
            );
            println!("skipped: there is no Slurm here (scripts/install-optional), or this is not root");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        // Slurm's daemons run as others than root, too.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let cluster = Self { folder, _turn: turn };
        let started = cluster.script("start");
        let said = String::from_utf8_lossy(&started.stderr);
        assert!(started.status.success(), "scripts/slurm start: {said}");
        cluster.write_node();
        Some(cluster)
    }

    fn script(&self, what: &str) -> Output {
        let mut command = Command::new(top().join("scripts/slurm"));
        command.arg(what).arg(self.path("slurm")).stdin(Stdio::null());
        command.output().expect("scripts/slurm starts")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that runs another as on a machine of its own: both nodes are on one, and a process on it could be asked, and its
    /// locks seen, whereas a lost node tells nothing.
    fn write_node(&self) {
        for node in ["n1", "n2"] {
            fs::write(self.path(&format!("boot-{node}")), format!("start of {node}\n")).expect("a file");
        }
        let folder = self.folder.path().display();
        let script = format!(
            "#!/bin/sh\nexec unshare --mount --uts sh -c 'mount --bind {folder}/boot-$SLURMD_NODENAME \
             /proc/sys/kernel/random/boot_id && hostname $SLURMD_NODENAME && exec \"$@\"' node \"$@\"\n"
        );
        fs::write(self.path("node"), script).expect("a file");
        fs::set_permissions(self.path("node"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("SLURM_CONF", self.path("slurm/slurm.conf"))
            .current_dir(self.folder.path());
        command
    }

    /// One of Slurm's programs.
    fn slurm(&self, words: &[&str]) -> String {
        let mut command = self.command("timeout");
        let output = command.arg("60").args(words).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn gfn(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.command(env!("CARGO_BIN_EXE_gfn"));
        let output = command.arg("sweep").args(arguments).output().expect("gfn starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.gfn(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        out
    }

    fn status(&self, sweep: &str) -> Value {
        serde_json::from_str(&self.succeed(&["status", sweep, "--json"])).expect("JSON")
    }

    /// An experiment file with a sweep on the two nodes.
    fn experiment(&self, name: &str, steps: u32, sweep: &str) {
        let experiment = EXPERIMENT.replace("STEPS", &steps.to_string());
        let node = self.path("node");
        let slurm = format!(
            "[sweep.slurm]\ngpus = 1\ncontainer = [\"{}\"]\nclient_timeout = 60\n",
            node.display()
        );
        fs::write(self.path(name), format!("{experiment}{sweep}{slurm}")).expect("a file");
    }

    /// Waits until Slurm has nothing more to do.
    fn wait_for_end(&self) {
        wait_for("end of all jobs", || {
            self.slurm(&["squeue", "--noheader"]).is_empty().then_some(())
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stopped = self.script("stop");
        if !stopped.status.success() {
            println!("scripts/slurm stop: {}", String::from_utf8_lossy(&stopped.stderr));
        }
    }
}

/// Waits until something is there.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("no {what} within five minutes");
}

/// Who holds the newest claim of a folder, if that is still held.
fn holder(folder: &Path) -> Option<Value> {
    let claims = fs::read_dir(folder.join(".writer")).ok()?;
    let generation = |path: &Path| {
        path.file_name()?
            .to_str()?
            .strip_prefix("generation-")?
            .parse::<u64>()
            .ok()
    };
    let claims = claims.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let newest = claims
        .filter_map(|path| Some((generation(&path)?, path)))
        .max()?
        .1;
    let holder: Value = serde_json::from_slice(&fs::read(newest.join("holder.json")).ok()?).ok()?;
    (holder["released"] == false).then_some(holder)
}

/// A trial at work that has saved: its number, the node, the process that claimed it, and the one that trains it.
#[derive(Clone, Debug)]
struct AtWork {
    trial: u64,
    node: String,
    worker: u64,
    process: u64,
}

fn at_work(sweep: &Path, trial: u64) -> Option<AtWork> {
    let folder = sweep.join(format!("trials/{trial:06}"));
    fs::read_dir(folder.join("run/checkpoints")).ok()?.next()?.ok()?;
    let (worker, process) = (holder(&folder)?, holder(&folder.join("run"))?);
    Some(AtWork {
        trial,
        node: worker["host"].as_str()?.into(),
        worker: worker["pid"].as_u64()?,
        process: process["pid"].as_u64()?,
    })
}

fn kill(signal: &str, process: u64) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.expect("kill starts").success(), "kill {signal} {process}");
}

/// The files of each trial that must be the same however it came about, and its objective.
fn written(sweep: &Path) -> BTreeMap<String, (Vec<Vec<u8>>, f64)> {
    let trials = fs::read_dir(sweep.join("trials")).expect("trials");
    let read = |trial: PathBuf| {
        let file = |name: &str| {
            fs::read(trial.join(name)).unwrap_or_else(|error| panic!("{trial:?}: {name}: {error}"))
        };
        let files = [
            "spec.toml",
            "run/metrics.jsonl",
            "run/samples.csv",
            "run/weights.safetensors",
        ]
        .map(file);
        let result: Value = serde_json::from_slice(&file("result.json")).expect("JSON");
        let name = trial.file_name().expect("a name").to_string_lossy().into_owned();
        (
            name,
            (
                files.to_vec(),
                result["objective"].as_f64().expect("an objective"),
            ),
        )
    };
    trials
        .map(|trial| read(trial.expect("an entry").path()))
        .collect()
}

/// What the elements of a submission said.
fn said(sweep: &Path, submission: u64) -> String {
    let logs = sweep.join(format!("submissions/{submission:06}/logs"));
    let logs = fs::read_dir(logs).into_iter().flatten().filter_map(Result::ok);
    logs.map(|log| fs::read_to_string(log.path()).unwrap_or_default())
        .collect()
}

/// Twelve trials, of which one's process is killed, another's worker, and a third's node is lost while its processes live on; at the
/// end each is finished once, with the bytes that it has without all that.
#[test]
fn a_sweep_survives_what_happens_to_a_cluster() {
    let Some(cluster) = Cluster::start() else { return };
    let rates = "0.01, 0.009, 0.008, 0.007, 0.006, 0.005";
    let sweep = format!(
        "[sweep]\nrepeats = 2\nretries = 2\n[sweep.parameters]\noptimizer.learning_rate = [{rates}]\n"
    );
    cluster.experiment("tiny.toml", 1200, &sweep);
    let folder = cluster.path("sweeps/tiny");

    let (code, _, error) = cluster.gfn(&["submit", "tiny.toml"]);
    assert_eq!(
        code,
        Some(2),
        "commands of the file run only if that is allowed: {error}"
    );
    let out = cluster.succeed(&["submit", "tiny.toml", "--allow-commands"]);
    assert!(out.starts_with("12 elements submitted: "), "{out}");
    let out = cluster.succeed(&["submit", "sweeps/tiny", "--allow-commands"]);
    assert!(
        out.contains("elements are in the queue already; no trial is left to submit"),
        "{out}"
    );

    let [first, second, lost] = three_at_work(&folder);
    kill("-9", first.process);
    kill("-9", second.worker);
    lose_node(&cluster, &folder, &lost);
    cluster.wait_for_end();

    let status = cluster.status("sweeps/tiny");
    assert_eq!(
        status["counts"]["finished"], 11,
        "all but that whose worker was killed: {status:#}"
    );
    let out = cluster.succeed(&["resume", "sweeps/tiny", "--allow-commands"]);
    assert!(out.starts_with("1 element submitted: "), "{out}");
    cluster.wait_for_end();
    let status = cluster.status("sweeps/tiny");
    assert_eq!(
        (&status["counts"]["finished"], &status["queue"]),
        (&12.into(), &Value::Array(Vec::new()))
    );
    let out = cluster.succeed(&["submit", "sweeps/tiny", "--allow-commands"]);
    assert!(out.starts_with("no trial is left to submit"), "{out}");

    cluster.succeed(&["run", "tiny.toml", "--out", "local", "--jobs", "2", "--quiet"]);
    let (there, here) = (written(&folder), written(&cluster.path("local")));
    assert_eq!(there.len(), 12);
    assert!(
        there == here,
        "the sweep on the cluster is not the one on this machine"
    );
}

/// Three trials at work, the last of them on the first node.
fn three_at_work(sweep: &Path) -> [AtWork; 3] {
    wait_for("three trials at work", || {
        let found: Vec<AtWork> = (0..12).filter_map(|trial| at_work(sweep, trial)).collect();
        let lost = found.iter().find(|one| one.node == "n1")?;
        let others: Vec<&AtWork> = found.iter().filter(|one| one.trial != lost.trial).collect();
        let [first, second, ..] = others[..] else {
            return None;
        };
        Some([first.clone(), second.clone(), lost.clone()])
    })
}

/// A node is lost: nothing is heard of it, but what ran there lives on, and wakes up when its trial is at work elsewhere.
fn lose_node(cluster: &Cluster, sweep: &Path, lost: &AtWork) {
    kill("-STOP", lost.worker);
    kill("-STOP", lost.process);
    let daemon = fs::read_to_string(cluster.path("slurm/slurmd.n1.pid")).expect("its number");
    kill("-9", daemon.trim().parse().expect("a number"));
    let next = wait_for("next life of the trial", || {
        let next = at_work(sweep, lost.trial)?;
        (next.worker != lost.worker && next.process != lost.process).then_some(next)
    });
    assert_eq!(next.node, "n2");
    kill("-CONT", lost.process);
    kill("-CONT", lost.worker);
    // What it says after that depends on whether the trial is still at work elsewhere, or over.
    let its_trial = format!("trial {} (", lost.trial);
    let is_shut_out =
        |line: &str| line.starts_with(&its_trial) && line.ends_with("): taken by another process");
    wait_for("word of the life that was shut out", || {
        said(sweep, 0).lines().any(is_shut_out).then_some(())
    });
    let started = cluster
        .command("slurmd")
        .args(["-N", "n1"])
        .stdout(Stdio::null())
        .status();
    assert!(started.expect("slurmd starts").success());
}

/// Slurm warns before the time is up: trials are saved, queue again, and go on. What is cancelled leaves the queue. A search that
/// looks at results runs as well. And where Slurm is down, that is said.
#[test]
fn elements_queue_again_and_leave_the_queue() {
    let Some(cluster) = Cluster::start() else { return };
    let sweep = "[sweep]\nrepeats = 2\n[sweep.parameters]\noptimizer.learning_rate = [0.01]\n";
    cluster.experiment("long.toml", 1_000_000, sweep);
    let time = [
        "--set",
        "sweep.slurm.time=\"1\"",
        "--set",
        "sweep.slurm.warning=55",
    ];
    cluster.succeed(
        &[
            &["submit", "long.toml", "--out", "long", "--allow-commands"],
            &time[..],
        ]
        .concat(),
    );
    cluster.experiment(
        "tpe.toml",
        20,
        "[sweep]\nmethod = \"tpe\"\ntrials = 14\n[sweep.parameters]\noptimizer.learning_rate = { range = [1e-4, 1e-1], log = true }\n",
    );
    let workers = ["--set", "sweep.slurm.workers=2"];
    let out = cluster.succeed(
        &[
            &["submit", "tpe.toml", "--out", "tpe", "--allow-commands"],
            &workers[..],
        ]
        .concat(),
    );
    assert!(out.starts_with("2 elements submitted: "), "{out}");

    let long = cluster.path("long");
    wait_for("element in the queue again", || {
        said(&long, 0).contains("is back in the queue").then_some(())
    });
    let again = |trial: u64| {
        let holder = holder(&long.join(format!("trials/{trial:06}")))?;
        (holder["life"] == 1).then_some(())
    };
    wait_for("next life", || again(0).or(again(1)));
    let (code, _, error) = cluster.gfn(&["cancel", "long"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(error.contains("removed from the queue"), "{error}");

    cluster.wait_for_end();
    let status = cluster.status("long");
    assert_eq!(
        (&status["cancelled"], &status["counts"]["interrupted"]),
        (&true.into(), &2.into()),
        "{status:#}"
    );
    let status = cluster.status("tpe");
    assert_eq!(status["counts"]["finished"], 14, "{status:#}");
    cluster.succeed(&["status", "tpe", "--audit"]);

    let controller = fs::read_to_string(cluster.path("slurm/slurmctld.pid")).expect("its number");
    kill("-STOP", controller.trim().parse().expect("a number"));
    let patience = ["--set", "sweep.slurm.client_timeout=1", "--allow-commands"];
    let (code, _, error) = cluster.gfn(&[&["submit", "long"], &patience[..]].concat());
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains("`squeue` did not answer within 1 second: its controller may be down"),
        "{error}"
    );
    kill("-CONT", controller.trim().parse().expect("a number"));
}
