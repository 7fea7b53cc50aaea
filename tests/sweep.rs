//! Sweeps: what is planned, what is refused, and folders that are worked at by several, killed, and gone on with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use gfn_config::Tree;
use gfn_registry::Experiment;
use gfn_sweep::plan::Plan;
use serde_json::Value;

/// A run of a moment, to be searched.
pub(crate) const TINY: &str = r#"name = "tiny"

[environment]
kind = "hypergrid"
height = 4

[reward]
kind = "hypergrid"

[network]
kind = "mlp"
hidden = 8
layers = 1

[loss]
kind = "trajectory-balance"

[training]
steps = 30
batch_size = 4
log_every = 1
tensorboard = false

[checkpoint]
every_steps = 10

[hardware]
device = "cpu"

[evaluation]
samples = 20
"#;

const GRID: &str = r#"
[sweep]
repeats = 2

[sweep.parameters]
optimizer.learning_rate = [1e-2, 1e-3]
"#;

/// A folder with an experiment file in it.
pub(crate) struct Place {
    pub(crate) root: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(sweep: &str) -> Self {
        Self::with(TINY, sweep)
    }

    pub(crate) fn with(experiment: &str, sweep: &str) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::write(root.path().join("tiny.toml"), format!("{experiment}{sweep}")).expect("a file");
        Self { root }
    }

    pub(crate) fn sweep(&self, name: &str) -> PathBuf {
        self.root.path().join("sweeps").join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gfn"));
        command.arg("sweep").args(arguments).current_dir(self.root.path());
        command
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("gfn starts")
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Standard error of a command that must end with `code`.
    pub(crate) fn fail(&self, arguments: &[&str], code: i32) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        said
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("gfn starts")
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeed(arguments)).expect("JSON")
    }
}

/// What every trial of a sweep must repeat to the byte, by its folder.
fn written(sweep: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    let trials = std::fs::read_dir(sweep.join("trials")).expect("trials");
    let trials = trials.map(|entry| entry.expect("an entry").path());
    let read =
        |path: PathBuf| std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let files = [
        "run/metrics.jsonl",
        "run/samples.csv",
        "run/weights.safetensors",
        "spec.toml",
    ];
    trials
        .map(|trial| {
            let name = trial.file_name().expect("a name").to_string_lossy().into_owned();
            let mut bytes: Vec<Vec<u8>> = files.iter().map(|file| read(trial.join(file))).collect();
            // Its seal covers the hashes of the log and the manifest, which tell times.
            let mut result: Value = serde_json::from_slice(&read(trial.join("result.json"))).expect("JSON");
            let fields = result.as_object_mut().expect("an object");
            fields.retain(|key, _| !["files", "seal"].contains(&key.as_str()));
            bytes.push(result.to_string().into_bytes());
            (name, bytes)
        })
        .collect()
}

pub(crate) fn count(status: &Value, state: &str) -> u64 {
    status["counts"][state].as_u64().unwrap_or(0)
}

pub(crate) fn kill(pid: u64, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    status.expect("kill starts");
}

/// Waits until something is there.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6000 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("no {what} within a minute");
}

/// The process of a trial, once it has saved for the first time.
fn process_of(sweep: &Path, trial: u64) -> Option<u64> {
    let run = sweep.join(format!("trials/{trial:06}/run"));
    std::fs::read_dir(run.join("checkpoints")).ok()?.next()?.ok()?;
    let claims = std::fs::read_dir(run.join(".writer")).ok()?;
    let claims = claims.filter_map(|entry| Some(entry.ok()?.path().join("holder.json")));
    let holders = claims.filter_map(|path| serde_json::from_slice::<Value>(&std::fs::read(path).ok()?).ok());
    let alive = holders.filter(|holder| holder["released"] == false);
    alive.filter_map(|holder| holder["pid"].as_u64()).next()
}

#[test]
fn plans_are_shown() {
    let grid = Place::new(GRID);
    insta::assert_snapshot!("sweep-plan-grid", grid.succeed(&["plan", "tiny.toml"]));
    let said = grid.succeed(&[
        "plan",
        "tiny.toml",
        "--grid",
        "network.hidden=[4, 8]",
        "--set",
        "sweep.repeats=1",
    ]);
    assert!(said.contains("4 settings × 1 seed = 4 trials"), "{said}");
    let json = grid.json(&["plan", "tiny.toml", "--json"]);
    assert_eq!(json["settings"][1]["optimizer.learning_rate"], 1e-3);
    assert!(!grid.root.path().join("sweeps").exists(), "a plan leaves nothing");

    let tpe = Place::new(
        "[sweep]\nmethod = \"tpe\"\ntrials = 9\nearly_stopping = { kind = \"asha\", min_steps = 5 }\n\
         [sweep.parameters]\noptimizer.learning_rate = { range = [1e-4, 1e-1], log = true }\n\
         loss = [{ kind = \"trajectory-balance\" }, { kind = \"sub-trajectory-balance\", lambda = 0.9 }]\n\
         network.hidden = { range = [4, 16], integer = true, step = 4 }\n",
    );
    insta::assert_snapshot!("sweep-plan-tpe", tpe.succeed(&["plan", "tiny.toml"]));
}

/// What is said of a sweep that cannot be.
fn refusal(sweep: &str) -> String {
    let text = format!("{TINY}{sweep}");
    let read = || {
        let tree = Tree::parse("tiny.toml", &text)?;
        let plan = Plan::read(Experiment::read(tree, PathBuf::new())?, "tiny.toml")?;
        plan.check()
    };
    match read() {
        Ok(()) => panic!("this is planned: {sweep}"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn mistakes_are_refused_before_anything_runs() {
    let mistakes = [
        (
            "a setting that does not exist",
            "[sweep.parameters]\noptimizer.learnin_rate = [1, 2]\n",
        ),
        (
            "values of the wrong type, among good ones",
            "[sweep.parameters]\nnetwork.hidden = [8, \"16\", 32]\n",
        ),
        (
            "values out of range",
            "[sweep.parameters]\ntraining.batch_size = [4, 0]\n",
        ),
        (
            "nothing to try",
            "[sweep.parameters]\nnetwork.hidden = []\nloss.kind = 3\n",
        ),
        ("no parameters", "[sweep]\nmethod = \"random\"\ntrials = 3\n"),
        (
            "a logarithm of 0, and an end without a number",
            "[sweep]\nmethod = \"sobol\"\n[sweep.parameters]\noptimizer.learning_rate = { range = [0, 1], log = true }\n",
        ),
        (
            "a range that ends beyond a setting",
            "[sweep.parameters]\nnetwork.hidden = { range = [1, 20000], integer = true }\n",
        ),
        (
            "a range whose numbers are too small for another setting",
            "[sweep]\nmethod = \"random\"\ntrials = 20\n[sweep.parameters]\ntraining.batch_size = { range = [0, 3], integer = true }\n",
        ),
        (
            "a grid over a range",
            "[sweep.parameters]\noptimizer.learning_rate = { range = [1e-4, 1e-2] }\n",
        ),
        (
            "an unknown figure",
            "[sweep]\nobjective = \"exact.l2\"\n[sweep.parameters]\nnetwork.hidden = [8]\n",
        ),
        (
            "a figure of another environment",
            "[sweep]\nobjective = \"samples.top_100\"\n[sweep.parameters]\nnetwork.hidden = [8]\n",
        ),
        ("seeds", "[sweep.parameters]\nseed = [0, 1]\n"),
        (
            "a setting within another",
            "[sweep.parameters]\nloss = [{ kind = \"trajectory-balance\" }]\n\"loss.kind\" = [\"detailed-balance\"]\n",
        ),
        (
            "an unknown component in a table",
            "[sweep.parameters]\nloss = [{ kind = \"trajectory-balanc\" }]\n",
        ),
        (
            "comparisons where nothing is measured",
            "every = 7\n[sweep.early_stopping]\nmin_steps = 5\n[sweep.parameters]\nnetwork.hidden = [8]\n",
        ),
        (
            "a sweep's own keys",
            "[sweep]\nmethod = \"bayes\"\nrepeat = 3\n[sweep.parameters]\nnetwork.hidden = [8]\n",
        ),
    ];
    let said: Vec<String> = mistakes
        .iter()
        .map(|(title, sweep)| format!("## {title}\n\n{}", refusal(sweep)))
        .collect();
    insta::assert_snapshot!("sweep-mistakes", said.join("\n"));
    let none = Place::new("");
    let said = none.fail(&["plan", "tiny.toml"], 2);
    assert!(
        said.contains("the file has no section `sweep`") && said.contains("--grid"),
        "{said}"
    );
}

/// The number of trials at a time changes no byte of any; a sweep that is done is not done again.
#[test]
fn jobs_change_nothing() {
    let place = Place::new(GRID);
    for jobs in ["1", "2"] {
        let out = format!("sweeps/{jobs}");
        let said = place.succeed(&["run", "tiny.toml", "--out", &out, "--jobs", jobs]);
        assert!(said.contains("the best again: gfn run sweeps/"), "{said}");
    }
    let (one, two) = (written(&place.sweep("1")), written(&place.sweep("2")));
    assert_eq!(one.len(), 4);
    assert!(one == two);
    let before = std::fs::metadata(place.sweep("1").join("trials/000000/log.txt"))
        .expect("a log")
        .len();
    place.succeed(&["run", "tiny.toml", "--out", "sweeps/1"]);
    let after = std::fs::metadata(place.sweep("1").join("trials/000000/log.txt"))
        .expect("a log")
        .len();
    assert_eq!(before, after);

    let status = place.json(&["status", "sweeps/1", "--json"]);
    assert_eq!((count(&status, "finished"), count(&status, "waiting")), (4, 0));
    let best = place.json(&["best", "sweeps/1", "--json"]);
    let (first, second) = (&best[0], &best[1]);
    assert!(
        first["objective"].as_f64() < second["objective"].as_f64(),
        "{best}"
    );
    assert_eq!(first["seeds"], 2);
    assert!(first["interval"].as_f64().is_some_and(|interval| interval > 0.0));
    let trials = status["trials"].as_array().expect("trials").iter();
    let of_first = trials.filter(|trial| trial["setting"] == first["setting"]);
    let objectives: Vec<f64> = of_first.filter_map(|trial| trial["objective"].as_f64()).collect();
    let mean = objectives.iter().sum::<f64>() / objectives.len() as f64;
    assert_eq!(first["objective"].as_f64(), Some(mean));
    // A trial's experiment is a file of its own, and repeats the trial.
    let spec = first["spec"].as_str().expect("a path");
    let again = place.root.path().join("again");
    let run = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(["run", spec, "--quiet", "--no-report", "--out", "again"])
        .current_dir(place.root.path())
        .output();
    assert!(run.expect("gfn starts").status.success());
    let metrics = |run: &Path| std::fs::read(run.join("metrics.jsonl")).expect("metrics");
    let trial = place
        .root
        .path()
        .join(spec)
        .parent()
        .expect("a trial")
        .join("run");
    assert!(metrics(&again) == metrics(&trial));
    // Another sweep does not get into this folder.
    let said = place.fail(
        &[
            "run",
            "tiny.toml",
            "--out",
            "sweeps/1",
            "--set",
            "training.steps=31",
        ],
        2,
    );
    assert!(said.contains("holds a different sweep"), "{said}");
    place.fail(&["extend", "sweeps/1", "--trials", "2"], 2);
}

/// A sweep whose process, and a trial's, are killed, and which two then finish together: the bytes of one left alone.
#[test]
fn killed_sweeps_lose_nothing() {
    let place = Place::new(GRID);
    let longer = ["--set", "training.steps=300", "--quiet"];
    let run = |out: &'static str, jobs: &'static str| {
        [&["run", "tiny.toml", "--out", out, "--jobs", jobs][..], &longer].concat()
    };
    place.succeed(&run("sweeps/whole", "2"));
    let killed = place.sweep("killed");
    let mut coordinator = place.start(&run("sweeps/killed", "2"));
    wait_for("trial at work", || process_of(&killed, 0));
    coordinator.kill().expect("a child");
    coordinator.wait().expect("a child");
    let mut coordinators = [
        place.start(&run("sweeps/killed", "1")),
        place.start(&run("sweeps/killed", "1")),
    ];
    let process = wait_for("second trial at work", || {
        process_of(&killed, 2).or_else(|| process_of(&killed, 3))
    });
    kill(process, "KILL");
    for coordinator in &mut coordinators {
        assert!(coordinator.wait().expect("a child").success());
    }
    assert!(written(&place.sweep("whole")).keys().eq(written(&killed).keys()));
    for (name, files) in written(&place.sweep("whole")) {
        let others = &written(&killed)[&name];
        // How many attempts it took is told by the last file.
        assert!(files[..4] == others[..4], "{name}");
    }
    let status = place.json(&["status", "sweeps/killed", "--json"]);
    assert_eq!(count(&status, "finished"), 4);
    let failures: usize = status["trials"]
        .as_array()
        .expect("trials")
        .iter()
        .map(|trial| trial["failures"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(
        failures, 1,
        "the kill of a trial counts, that of a coordinator does not: {status}"
    );
}

/// A trial that fails is tried again, then counted; the sweep stops when there are too many.
#[test]
fn failures_are_counted() {
    let place = Place::new(
        "[sweep]\nmax_failures = 0\n[sweep.parameters]\noptimizer.learning_rate = [1e-3, 1e30, 1e-2]\n",
    );
    let said = place.fail(&["run", "tiny.toml", "--jobs", "1"], 1);
    assert!(
        said.contains("is retried") && said.contains("`sweep.max_failures`"),
        "{said}"
    );
    let status = place.json(&["status", "sweeps/tiny", "--json"]);
    assert_eq!(
        (
            count(&status, "finished"),
            count(&status, "failed"),
            count(&status, "waiting")
        ),
        (1, 1, 1)
    );
    let failed = &status["trials"][1];
    assert_eq!(failed["failures"].as_array().map(Vec::len), Some(2));
    assert!(
        failed["error"]
            .as_str()
            .is_some_and(|error| error.contains("exit code 1")),
        "{failed}"
    );
    // With room for it, the others go on.
    let place =
        Place::new("[sweep]\nretries = 0\n[sweep.parameters]\noptimizer.learning_rate = [1e30, 1e-2]\n");
    place.succeed(&["run", "tiny.toml", "--jobs", "2", "--quiet"]);
    let status = place.json(&["status", "sweeps/tiny", "--json"]);
    assert_eq!((count(&status, "finished"), count(&status, "failed")), (1, 1));
    assert!(
        place
            .succeed(&["status", "sweeps/tiny"])
            .contains("trial 0 failed: ")
    );
}

#[test]
fn sweeps_are_extended_cancelled_and_resumed() {
    let place = Place::new(
        "[sweep]\nmethod = \"random\"\ntrials = 2\n[sweep.parameters]\noptimizer.learning_rate = { range = [1e-4, 1e-1], log = true }\n",
    );
    place.succeed(&["run", "tiny.toml", "--quiet", "--jobs", "2"]);
    let first = written(&place.sweep("tiny"));
    assert_eq!(first.len(), 2);
    place.succeed(&["extend", "sweeps/tiny", "--trials", "1"]);
    place.succeed(&["cancel", "sweeps/tiny"]);
    let said = place.fail(&["run", "tiny.toml", "--quiet"], 75);
    assert!(said.contains("is cancelled"), "{said}");
    assert!(place.succeed(&["status", "sweeps/tiny"]).contains("cancelled"));
    place.succeed(&["resume", "sweeps/tiny", "--quiet"]);
    let all = written(&place.sweep("tiny"));
    assert_eq!(all.len(), 3);
    assert!(first.iter().all(|(name, files)| all[name] == *files));
    place.succeed(&["status", "sweeps/tiny", "--audit"]);
}

/// A sampler that looks at results says which it saw, and what it chose follows from them.
#[test]
fn decisions_can_be_made_again() {
    let place = Place::new(
        "[sweep]\nmethod = \"tpe\"\ntrials = 5\n[sweep.parameters]\noptimizer.learning_rate = { range = [1e-4, 1e-1], log = true }\n\
         loss = [{ kind = \"trajectory-balance\" }, { kind = \"detailed-balance\" }]\n",
    );
    place.succeed(&["run", "tiny.toml", "--quiet", "--jobs", "2"]);
    let said = place.succeed(&["status", "sweeps/tiny", "--audit"]);
    assert!(
        said.contains("audit: repeated 5 settings and 0 promotions; 0 disagree"),
        "{said}"
    );
    let path = place.sweep("tiny").join("settings/000004/setting.json");
    let mut setting: Value = serde_json::from_slice(&std::fs::read(&path).expect("a setting")).expect("JSON");
    assert!(
        setting["seen"].as_array().is_some_and(|seen| seen.len() == 4),
        "{setting}"
    );
    setting["point"][0]["float"] = 0.05.into();
    std::fs::write(&path, setting.to_string()).expect("a setting");
    let said = place.fail(&["status", "sweeps/tiny", "--audit"], 1);
    assert!(
        said.contains("000004/setting.json was changed after it was written"),
        "{said}"
    );
    // As an earlier version wrote it, without a hash of itself.
    for key in ["sealed", "seal"] {
        setting.as_object_mut().expect("an object").remove(key);
    }
    std::fs::write(&path, setting.to_string()).expect("a setting");
    let said = place.fail(&["status", "sweeps/tiny", "--audit"], 1);
    assert!(
        said.contains("setting 4: does not follow from what was seen"),
        "{said}"
    );
}

/// Poor trials stop early, so that far fewer updates are taken in all; the ones that go on are as if nobody had stopped them.
#[test]
fn poor_trials_are_stopped_early() {
    let place = Place::new(
        "[sweep]\nmethod = \"random\"\ntrials = 6\nearly_stopping = { kind = \"asha\", reduction = 2, min_steps = 10 }\n\
         [sweep.parameters]\noptimizer.learning_rate = { range = [1e-5, 1e-1], log = true }\n",
    );
    let steps = ["--set", "training.steps=40", "--quiet", "--jobs", "2"];
    place.succeed(&[&["run", "tiny.toml"][..], &steps].concat());
    let status = place.json(&["status", "sweeps/tiny", "--audit", "--json"]);
    assert_eq!(status["audit"]["wrong"], serde_json::json!([]));
    assert!(status["audit"]["promotions"].as_u64() >= Some(3), "{status}");
    let (finished, paused) = (count(&status, "finished"), count(&status, "paused"));
    assert!(finished >= 1 && paused >= 3 && finished + paused == 6, "{status}");
    let trials = status["trials"].as_array().expect("trials");
    let updates = |trial: &Value| match trial["state"].as_str() {
        Some("finished") => 40,
        _ => trial["rungs"]
            .as_array()
            .and_then(|rungs| rungs.last()?["step"].as_u64())
            .unwrap_or(0),
    };
    let all: u64 = trials.iter().map(updates).sum();
    assert!(all < 6 * 40 * 3 / 4, "{all}");
    let best = place.json(&["best", "sweeps/tiny", "--json"]);
    assert!(
        best[0]["updates"].is_null(),
        "who went all the way comes first: {best}"
    );
    // A trial that was stopped and sent on is the run that was never stopped.
    let spec = best[0]["spec"].as_str().expect("a path");
    let run = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(["run", spec, "--quiet", "--no-report", "--out", "again"])
        .current_dir(place.root.path())
        .output();
    assert!(run.expect("gfn starts").status.success());
    let trial = place
        .root
        .path()
        .join(spec)
        .parent()
        .expect("a trial")
        .join("run");
    let read =
        |run: &Path| ["metrics.jsonl", "samples.csv"].map(|name| std::fs::read(run.join(name)).expect(name));
    assert!(read(&place.root.path().join("again")) == read(&trial));
}

/// The worker of a cluster's job: its trial and no other; a signal saves it, and the next worker goes on.
#[test]
fn workers_save_when_asked() {
    let place = Place::new(GRID);
    let long = ["--set", "training.steps=400"];
    let mut maker = place.start(
        &[
            &["run", "tiny.toml", "--jobs", "1", "--out", "sweeps/w"][..],
            &long,
        ]
        .concat(),
    );
    let sweep = place.sweep("w");
    wait_for("sweep", || process_of(&sweep, 0));
    kill(u64::from(maker.id()), "TERM");
    assert_eq!(maker.wait().expect("a child").code(), Some(75));
    let said = place.succeed(&["status", "sweeps/w"]);
    assert!(
        said.contains("1 interrupted") && said.contains("3 waiting"),
        "{said}"
    );

    let mut worker = place.start(&["worker", "sweeps/w", "--trial", "2"]);
    let process = wait_for("trial at work", || process_of(&sweep, 2));
    // Held still, so that it cannot end before the second has tried.
    kill(process, "STOP");
    let said = place.fail(&["worker", "sweeps/w", "--trial", "2"], 76);
    assert!(said.contains("another process has trial 2"), "{said}");
    kill(u64::from(worker.id()), "USR1");
    sleep(Duration::from_millis(200));
    kill(process, "CONT");
    assert_eq!(worker.wait().expect("a child").code(), Some(75));
    assert!(!sweep.join("trials/000002/result.json").exists());
    place.succeed(&["worker", "sweeps/w", "--trial", "2"]);
    let status = place.json(&["status", "sweeps/w", "--json"]);
    assert_eq!(
        (count(&status, "finished"), count(&status, "interrupted")),
        (1, 1)
    );
    place.succeed(&["worker", "sweeps/w"]);
    assert_eq!(
        count(&place.json(&["status", "sweeps/w", "--json"]), "finished"),
        4
    );
    let said = place.fail(&["worker", "sweeps/w", "--trial", "9"], 2);
    assert!(said.contains("there is no trial 9"), "{said}");
}

/// Equal settings are trained once: a value that stands in a list twice, one that resolves to the same experiment, and what a method
/// proposes again.
#[test]
fn equal_settings_are_trained_once() {
    let twice = Place::new(
        "[sweep]\nrepeats = 2\n[sweep.parameters]\noptimizer.learning_rate = [1e-2, 1e-2]\n\
         loss = [{ kind = \"trajectory-balance\" }, { kind = \"detailed-balance\" }, { kind = \"detailed-balance\" }]\n",
    );
    let plan = twice.succeed(&["plan", "tiny.toml"]);
    assert!(
        plan.contains("4 settings are the same as one before them, and are not trained again"),
        "{plan}"
    );
    assert!(
        plan.lines()
            .any(|line| line.trim_start().starts_with("5 ") && line.ends_with("setting 1")),
        "{plan}"
    );
    let plan = twice.json(&["plan", "tiny.toml", "--json"]);
    assert_eq!(plan["same"], serde_json::json!([null, null, 1, 0, 1, 1]));

    let output = twice.output(&["run", "tiny.toml", "--jobs", "2"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("and not trained again").count(), 8, "{said}");
    let status = twice.json(&["status", "sweeps/tiny", "--json"]);
    assert_eq!(count(&status, "finished"), 12, "{status}");
    let trials = status["trials"].as_array().expect("trials");
    let runs: std::collections::BTreeSet<&str> =
        trials.iter().filter_map(|trial| trial["run"].as_str()).collect();
    let is_there = |run: &&&str| twice.root.path().join(run).is_dir();
    assert_eq!(
        (runs.len(), runs.iter().filter(is_there).count()),
        (4, 4),
        "{status}"
    );
    // Each is what the trial says with which it is the same.
    for trial in trials.iter().filter(|trial| !trial["same"].is_null()) {
        let other = &trials[trial["same"].as_u64().expect("a number") as usize];
        assert_eq!(
            (&trial["objective"], &trial["seed"]),
            (&other["objective"], &other["seed"])
        );
        assert!(other["same"].is_null(), "{status}");
    }
    let best = twice.json(&["best", "sweeps/tiny", "--json"]);
    let settings: Vec<&Value> = best
        .as_array()
        .expect("a list")
        .iter()
        .map(|best| &best["setting"])
        .collect();
    assert_eq!(settings.len(), 2, "{best}");
    let said = twice.fail(&["best", "sweeps/tiny", "-n", "0"], 2);
    assert!(said.contains("cannot be `0`: expected a whole number"), "{said}");
    let text = twice.succeed(&["best", "sweeps/tiny"]);
    assert!(
        text.contains("settings 2, 4, 5 are the same as setting 1"),
        "{text}"
    );
    for command in [["status", "sweeps/tiny"], ["resume", "sweeps/tiny"]] {
        twice.succeed(&command);
    }
    assert!(
        twice
            .succeed(&["status", "sweeps/tiny"])
            .contains("8 trials are the same as others")
    );
    let gfn = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gfn"));
        let output = command
            .args(arguments)
            .current_dir(twice.root.path())
            .output()
            .expect("gfn starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(gfn(&["show", "sweeps/tiny"]).lines().count(), 6);
    gfn(&["report", "sweeps/tiny"]);
    let page = std::fs::read_to_string(twice.sweep("tiny").join("report.html")).expect("a page");
    assert!(page.contains("same as 1") && page.contains("8 the same as others"));
    gfn(&["export", "sweeps/tiny", "--to", "csv", "-o", "tables"]);
    let runs = std::fs::read_to_string(twice.root.path().join("tables/runs.csv")).expect("a table");
    assert_eq!(runs.lines().count(), 5);
}

/// In a space with two settings, whatever is proposed is trained once, and what would be trained again goes on where comparisons send it.
#[test]
fn what_is_proposed_again_is_not_trained_again() {
    let method = |method: &str| {
        let sweep = format!(
            "[sweep]\nmethod = \"{method}\"\ntrials = 8\n{}[sweep.parameters]\nnetwork.hidden = {{ range = [4, 8], integer = true, step = 4 }}\n",
            if method == "tpe" {
                "early_stopping = { kind = \"asha\", reduction = 2, min_steps = 10 }\n"
            } else {
                ""
            }
        );
        let place = Place::new(&sweep);
        let plan = place.succeed(&["plan", "tiny.toml"]);
        assert!(plan.contains("at most 2 settings are different"), "{plan}");
        place.succeed(&["run", "tiny.toml", "--jobs", "2", "--quiet"]);
        let runs = std::fs::read_dir(place.sweep("tiny").join("trials")).expect("trials");
        let runs = runs
            .filter(|entry| entry.as_ref().expect("an entry").path().join("run").is_dir())
            .count();
        assert!(runs <= 2, "{method}: {runs} runs");
        let status = place.json(&["status", "sweeps/tiny", "--json"]);
        let open = ["waiting", "running", "interrupted", "failed"].map(|state| count(&status, state));
        assert_eq!(open, [0; 4], "{method}: {status}");
        let audit = place.json(&["status", "sweeps/tiny", "--audit", "--json"]);
        assert_eq!(audit["audit"]["wrong"], serde_json::json!([]), "{method}");
    };
    ["random", "sobol", "tpe"].into_iter().for_each(method);
}

/// Two that start at the same moment make one folder and share its trials.
#[test]
fn several_may_begin_at_once() {
    let place = Place::new(GRID);
    for round in 0..3 {
        let out = format!("sweeps/round-{round}");
        let arguments = ["run", "tiny.toml", "--jobs", "1", "--out", &out];
        let start = || {
            let mut command = place.command(&arguments);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("gfn starts")
        };
        let mut said = String::new();
        for child in [start(), start(), start()] {
            let output = child.wait_with_output().expect("it ends");
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{words}");
            said += &words;
        }
        assert_eq!(said.matches(": exact.l1 ").count(), 4, "{said}");
        let status = place.json(&["status", &out, "--json"]);
        assert_eq!(count(&status, "finished"), 4, "{status}");
    }
}
