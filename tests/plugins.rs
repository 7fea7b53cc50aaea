//! Plugins in real runs: whatever one does, the run finishes with the right rewards, or stops cleanly and can go on.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

mod table;

use crate::{gfn_with, top};

/// The reward that misbehaves, built for states.
fn rogue() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let sources = ["answers.c", "crashes.c", "grabs.c", "rogue.c"];
        let library = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("librogue.so");
        let folder = top().join("plugins/reward-rogue");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let status = std::process::Command::new(compiler)
            .args(["-O1", "-shared", "-fPIC", "-pthread", "-DROGUE_STATES", "-I"])
            .arg(top().join("crates/gfn-plugin-sdk/include"))
            .arg("-o")
            .arg(&library)
            .args(sources.map(|source| folder.join(source)))
            .status();
        assert!(status.expect("a C compiler").success());
        library
    })
}

/// A folder with an experiment on the reward that misbehaves, which is trusted.
struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    /// `extra` goes into `[reward]`; each word of a state is 0 to 3.
    fn new(extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = rogue().display();
        let file = format!(
            "name = \"rogue\"\n[environment]\nkind = \"hypergrid\"\nheight = 4\n[reward]\nkind = \"plugin\"\npath = \"{library}\"\n\
             cache = 0\ntimeout_seconds = 0.5\nmax_restarts = 1000\n{extra}\n[network]\nhidden = 8\n\
             [loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 12\nbatch_size = 4\nlog_every = 1\ntensorboard = false\n\
             [evaluation]\nsamples = 64\nexact_states = 0\n[reward.parameters]\nmode = \"none\"\n"
        );
        let lab = Self { folder };
        fs::write(lab.file(), file).unwrap();
        let trusted = lab.gfn(&["plugin", "trust", &lab.file(), "--yes"]);
        assert!(trusted.status.success(), "{}", errors(&trusted));
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self) -> String {
        self.path("rogue.toml").display().to_string()
    }

    fn gfn(&self, arguments: &[&str]) -> Output {
        let approvals = self.path("approved").display().to_string();
        gfn_with(&[("GFN_APPROVALS", &approvals)], arguments)
    }

    /// A run with these settings, into the folder `out`.
    fn run(&self, out: &str, sets: &[&str], more: &[&str]) -> Output {
        let (file, out) = (self.file(), self.path(out).display().to_string());
        let mut arguments = vec!["run", &file, "--quiet", "--out", &out];
        arguments.extend_from_slice(more);
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        self.gfn(&arguments)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The examples in Rust and C, built.
fn examples() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples");
        let script = top().join("scripts/build-plugins");
        let output = std::process::Command::new(script)
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        out
    });
    built.clone()
}

/// Trusts and runs the experiment of an example for `steps`; its libraries and scripts are those in `libraries` and its folder.
fn train(example: &str, python: &str, steps: u32) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let from = top().join("plugins").join(example);
    let text = fs::read_to_string(from.join("experiment.toml")).unwrap();
    let scripts = from.canonicalize().unwrap().display().to_string();
    let text = text
        .replace(
            "\"reward.py\", \"../python/src\"]",
            &format!("\"{scripts}/reward.py\", \"{scripts}/../python/src\"]"),
        )
        .replace("../target", &examples().display().to_string())
        .replace(
            "command = [\"python3\"",
            &format!("folder = \"{scripts}\"\ncommand = [\"{python}\""),
        );
    let file = folder.path().join("experiment.toml");
    fs::write(&file, text).unwrap();
    let approvals = folder.path().join("approved").display().to_string();
    let variables = [("GFN_APPROVALS", approvals.as_str())];
    let file = file.display().to_string();
    let trusted = gfn_with(&variables, &["plugin", "trust", &file, "--yes"]);
    assert!(trusted.status.success(), "{example}: {}", errors(&trusted));
    let checked = gfn_with(&variables, &["check", "--deny-warnings", &file]);
    assert!(checked.status.success(), "{example}: {}", errors(&checked));
    let out = folder.path().join("run").display().to_string();
    let (steps, samples) = (format!("training.steps={steps}"), "evaluation.samples=200");
    let ran = gfn_with(
        &variables,
        &[
            "run", &file, "--quiet", "--out", &out, "--set", &steps, "--set", samples,
        ],
    );
    assert!(ran.status.success(), "{example}: {}", errors(&ran));
    let manifest = fs::read_to_string(folder.path().join("run/manifest.json")).unwrap();
    (folder, manifest)
}

/// The exact L1 distances of a run, before and after.
fn distances(manifest: &str) -> Vec<f64> {
    let parts = manifest.split("\"exact.l1\": ").skip(1);
    parts
        .map(|part| part.split([',', '\n']).next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn every_example_trains() {
    for (example, swept) in [
        ("reward-ising", true),
        ("environment-sequence", true),
        ("reward-druglike", false),
        ("vocabulary-rings", false),
    ] {
        let (_folder, manifest) = train(example, "python3", if swept { 200 } else { 20 });
        let distances = distances(&manifest);
        assert_eq!(distances.len(), if swept { 2 } else { 0 }, "{example}");
        assert!(
            !swept || distances[1] < 0.4 * distances[0],
            "{example}: {distances:?}"
        );
    }
}

/// What `gfn plugin new` writes is built, checked, approved and trained on as its output says.
#[test]
fn new_plugins_train_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = folder.path().join("approved").display().to_string();
    let variables = [("GFN_APPROVALS", approvals.as_str())];
    for (lang, checked) in [("python", "reward.py"), ("c", "libmine.so")] {
        let project = folder.path().join(lang);
        let of = |name: &str| project.join(name).display().to_string();
        let succeed = |arguments: &[&str]| {
            let output = gfn_with(&variables, arguments);
            assert!(
                output.status.success(),
                "{lang}: {arguments:?}: {}",
                errors(&output)
            );
        };
        succeed(&["plugin", "new", "--lang", lang, "mine", "--dir", &of("")]);
        if lang == "c" {
            let made = std::process::Command::new("make")
                .arg("-C")
                .arg(&project)
                .output();
            let Ok(made) = made else {
                let reason = "skipped: make is not installed";
                assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
                println!("{reason}");
                continue;
            };
            assert!(made.status.success(), "{}", errors(&made));
        }
        succeed(&["plugin", "check", &of(checked)]);
        let output = gfn_with(&variables, &["plugin", "check", "--json", &of(checked)]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON alone");
        assert!(report["checks"].is_array(), "{report}");
        succeed(&["plugin", "info", &of(checked)]);
        succeed(&["plugin", "trust", &of("experiment.toml"), "--yes"]);
        succeed(&["explain", "reward.plugin"]);
        let out = of("run");
        let sets = ["--set", "training.steps=5", "--set", "evaluation.samples=20"];
        succeed(
            &[
                &["run", &of("experiment.toml"), "--quiet", "--out", &out][..],
                &sets,
            ]
            .concat(),
        );
        succeed(&["sample", &out, "-n", "3"]);
        succeed(&["plugin", "trust", &of("experiment.toml"), "--revoke"]);
        let refused = gfn_with(
            &variables,
            &["run", &of("experiment.toml"), "--out", &of("other")],
        );
        assert_eq!(refused.status.code(), Some(2), "{}", errors(&refused));
    }
}

/// A reward in Python, in an environment of its own.
#[test]
fn the_example_in_python_trains() {
    // As the scripts have it: a variable that is set to nothing is not set.
    let place = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let cache = place("GFN_CACHE").or_else(|| Some(place("XDG_CACHE_HOME")?.join("gfn")));
    let cache = cache.unwrap_or_else(|| place("HOME").unwrap().join(".cache/gfn"));
    let python = cache.join("rdkit-venv/bin/python");
    if !python.exists() {
        let reason = "skipped: RDKit is not installed; scripts/check-smiles --prepare installs it";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
        return println!("{reason}");
    }
    let (folder, _) = train("reward-rdkit", &python.display().to_string(), 20);
    let samples = fs::read_to_string(folder.path().join("run/samples.csv")).unwrap();
    let rewards = samples
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap());
    let good = rewards
        .filter(|reward| reward.parse::<f64>().unwrap() > 0.5)
        .count();
    assert!(good > 10, "{good} of 200 have a logP near the target");
}

/// Where no new start helps the run stops with code 77 and a checkpoint, says who did it, and goes on once the
/// plugin is mended.
#[test]
fn a_plugin_that_does_not_recover_stops_the_run_cleanly() {
    let lab = Lab::new("");
    for (mode, said) in [
        ("segfault", "started again 2 times"),
        ("hang", "started again 2 times"),
    ] {
        let mode_is = format!("reward.parameters.mode=\"{mode}\"");
        let sets = [&mode_is, "reward.parameters.after=3", "reward.max_restarts=2"];
        let output = lab.run(mode, &sets, &[]);
        let text = errors(&output);
        assert_eq!(output.status.code(), Some(77), "{mode}: {text}");
        assert!(
            text.contains("plugin `rogue`") && text.contains(said),
            "{mode}: {text}"
        );
        let manifest = lab.read(&format!("{mode}/manifest.json"));
        assert!(manifest.contains("\"status\": \"failed\""), "{mode}: {manifest}");
        let taken = lab
            .read(&format!("{mode}/metrics.jsonl"))
            .matches("\"event\":\"step\"")
            .count();
        assert!(taken >= 1, "{mode}: {taken} updates");
        let mended = lab.run(mode, &[], &["--accept-changes"]);
        assert!(mended.status.success(), "{mode}: {}", errors(&mended));
        let lines = lab.read(&format!("{mode}/metrics.jsonl"));
        assert_eq!(lines.matches("\"event\":\"step\"").count(), 12, "{mode}: {lines}");
    }
}

/// One object is to blame: it is found, told, and left out or given the floor; all others are scored.
#[test]
fn the_guilty_object_is_found_and_told() {
    let lab = Lab::new("floor = 1e-9");
    for mode in [
        "segfault",
        "nan",
        "wrong-count",
        "throw-away",
        "huge-text",
        "exec",
    ] {
        let mode_is = format!("reward.parameters.mode=\"{mode}\"");
        let sets = [mode_is.as_str(), "reward.parameters.victim=\"2\""];
        let stopped = lab.run(&format!("{mode}-stop"), &sets, &[]);
        let text = errors(&stopped);
        assert_eq!(stopped.status.code(), Some(77), "{mode}: {text}");
        for answer in ["drop", "floor"] {
            let out = format!("{mode}-{answer}");
            let on_failure = format!("reward.on_failure={answer}");
            let output = lab.run(&out, &[sets[0], sets[1], &on_failure], &[]);
            assert!(output.status.success(), "{out}: {}", errors(&output));
            let quarantine = lab.read(&format!("{out}/quarantine.jsonl"));
            let guilty: Vec<&str> = quarantine.lines().collect();
            assert!(!guilty.is_empty() && guilty.len() <= 4, "{out}: {quarantine}");
            assert!(
                guilty.iter().all(|line| line.starts_with("{\"object\":\"2 ")),
                "{out}: {quarantine}"
            );
            let left_out = lab
                .read(&format!("{out}/metrics.jsonl"))
                .contains("\"train.left_out\"");
            assert_eq!(left_out, answer == "drop", "{out}");
            let samples = lab.read(&format!("{out}/samples.csv"));
            assert_eq!(
                samples.lines().any(|line| line.starts_with("2 ")),
                answer == "floor",
                "{out}: {samples}"
            );
        }
    }
}

/// A plugin that fails for all objects alike is at fault itself: the run stops and says why, and no object is blamed.
#[test]
fn no_object_is_blamed_where_all_fail_alike() {
    let lab = Lab::new("floor = 1e-9");
    let sets = [
        "environment.height=16",
        "training.batch_size=32",
        "reward.parameters.mode=\"nan\"",
    ];
    for answer in ["drop", "floor"] {
        let on_failure = format!("reward.on_failure={answer}");
        for (after, said) in [(0, "scored nothing: the first"), (6, "scores nothing any more: ")] {
            let out = format!("{answer}-{after}");
            let after = format!("reward.parameters.after={after}");
            let output = lab.run(&out, &[sets[0], sets[1], sets[2], &on_failure, &after], &[]);
            let text = errors(&output);
            assert_eq!(output.status.code(), Some(77), "{out}: {text}");
            assert!(
                text.contains(said) && text.contains("a log-reward of NaN"),
                "{out}: {text}"
            );
            assert_eq!(lab.read(&format!("{out}/quarantine.jsonl")), "", "{out}");
        }
    }
    // Too few to tell: the error has the plugin's reason all the same.
    let few = [
        "reward.parameters.mode=\"nan\"",
        "reward.on_failure=drop",
        "reward.parameters.after=3",
    ];
    let output = lab.run("few", &few, &[]);
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(77), "{text}");
    assert!(
        text.contains("none of the 4 objects of this batch has a reward; the last of them, ")
            && text.contains("a log-reward of NaN"),
        "{text}"
    );
}

/// In the process of the run a crash is the run's, and nothing that was saved is lost; what a plugin says of objects is
/// handled all the same.
#[test]
fn an_inline_plugin_can_take_the_run_down_but_not_what_was_saved() {
    let lab = Lab::new("isolation = \"inline\"\n[checkpoint]\nevery_steps = 1");
    for mode in ["nan", "wrong-count", "throw-away"] {
        let mode_is = format!("reward.parameters.mode=\"{mode}\"");
        let output = lab.run(mode, &[&mode_is, "reward.parameters.after=6"], &[]);
        assert_eq!(output.status.code(), Some(77), "{mode}: {}", errors(&output));
    }
    let crashed = lab.run(
        "crash",
        &["reward.parameters.mode=\"segfault\"", "reward.parameters.after=8"],
        &[],
    );
    assert_eq!(crashed.status.code(), None, "{}", errors(&crashed));
    let going_on = lab.run("crash", &[], &["--accept-changes"]);
    let text = errors(&going_on);
    assert!(going_on.status.success(), "{text}");
    let lines = lab.read("crash/metrics.jsonl");
    assert_eq!(lines.matches("\"event\":\"step\"").count(), 12, "{lines}");
}

/// A module beside the script is as much the plugin as the script itself: changed, it does not run, and is named.
#[test]
fn a_changed_module_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = folder.path().join("approved").display().to_string();
    let gfn = |arguments: &[&str]| gfn_with(&[("GFN_APPROVALS", &approvals)], arguments);
    let project = folder.path().join("mine");
    let of = |name: &str| project.join(name).display().to_string();
    let succeed = |arguments: &[&str]| {
        let output = gfn(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
    };
    succeed(&["plugin", "new", "--lang", "python", "mine", "--dir", &of("")]);
    let file = of("experiment.toml");
    succeed(&["plugin", "trust", &file, "--yes"]);
    let run = |out: &str| {
        let (out, steps) = (of(out), "training.steps=2");
        gfn(&[
            "run",
            &file,
            "--quiet",
            "--out",
            &out,
            "--set",
            steps,
            "--set",
            "evaluation.samples=10",
        ])
    };
    let first = run("first");
    assert!(first.status.success(), "{}", errors(&first));
    // What the run left behind, and what the experiment says besides, is no code.
    fs::write(
        of("experiment.toml"),
        fs::read_to_string(&file).unwrap() + "# a remark\n",
    )
    .unwrap();
    let second = run("second");
    assert!(second.status.success(), "{}", errors(&second));
    let module = of("gfn_plugin/_objects.py");
    let before = fs::read_to_string(&module).unwrap();
    fs::write(&module, format!("{before}\nprint('evil')\n")).unwrap();
    for arguments in [
        &["check", &file][..],
        &["run", &file, "--quiet", "--out", &of("third")],
    ] {
        let refused = gfn(arguments);
        let text = errors(&refused);
        assert_eq!(refused.status.code(), Some(2), "{text}");
        assert!(text.contains("`gfn_plugin/_objects.py` was changed"), "{text}");
    }
    assert!(!project.join("third").exists());
    fs::write(&module, before).unwrap();
    let again = run("fourth");
    assert!(again.status.success(), "{}", errors(&again));
}

/// Nothing runs that was not approved, whatever the file says; nor with rights that were not.
#[test]
fn what_was_not_approved_does_not_run() {
    let lab = Lab::new("");
    let refusal = |sets: &[&str], approvals: &str| {
        let (file, out) = (lab.file(), lab.path("refused").display().to_string());
        let mut arguments = vec!["run", &file, "--out", &out];
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        let approvals = lab.path(approvals).display().to_string();
        let output = gfn_with(&[("GFN_APPROVALS", &approvals)], &arguments);
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(!lab.path("refused").exists());
        errors(&output)
    };
    let text = refusal(&[], "another");
    assert!(
        text.contains("you have not approved it") && text.contains("gfn plugin trust"),
        "{text}"
    );
    let text = refusal(&["reward.network=true"], "approved");
    assert!(text.contains("not to use the network"), "{text}");
    let text = refusal(&["reward.isolation=inline"], "approved");
    assert!(text.contains("with all your rights"), "{text}");
    fs::remove_file(lab.path("gfn.lock")).unwrap();
    let text = refusal(&[], "approved");
    assert!(
        text.contains("is in no `gfn.lock`") && text.contains("it would load"),
        "{text}"
    );
    // What the file can be checked for without it still is.
    let checked = lab.gfn(&["check", &lab.file()]);
    assert_eq!(checked.status.code(), Some(2));
}

/// Scores molecules, and talks.
const TALKER: &str = r#"import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["type"] == "hello":
        described = {"name": "talker", "version": "1", "objects": [], "input": "texts", "parameters": {}}
        print(json.dumps({"type": "ready", "protocol": 1, "description": described}), flush=True)
    elif asked["type"] == "score":
        print("a word of mine", file=sys.stderr, flush=True)
        scores = [-0.1 * len(text) for text in asked["objects"]]
        print(json.dumps({"type": "scored", "batch": asked["batch"], "log_reward": scores, "failures": []}), flush=True)
"#;

/// What a plugin prints is in the log of the run or of the rounds, and on standard error where there is neither.
#[test]
fn what_a_plugin_prints_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = folder.path().join("approved").display().to_string();
    let of = |name: &str| folder.path().join(name).display().to_string();
    let succeed = |arguments: &[&str]| {
        let output = gfn_with(&[("GFN_APPROVALS", &approvals)], arguments);
        assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
        errors(&output)
    };
    fs::write(of("talker.py"), TALKER).unwrap();
    let file = of("talker.toml");
    let text = "name = \"talker\"\n[environment]\nkind = \"fragments\"\nmax_blocks = 3\n[reward]\nkind = \"plugin\"\n\
                command = [\"python3\", \"talker.py\"]\nprotocol = \"lines\"\nfloor = 1e-3\n[network]\nkind = \"message-passing\"\n\
                hidden = 8\nlayers = 1\n[loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 2\nbatch_size = 4\n\
                tensorboard = false\n[evaluation]\nsamples = 10\nexact_states = 0\nbackward_samples = 0\n[acquisition]\nrounds = 1\n\
                proposals = 4\ncandidates = 20\ninitial_size = 30\nfit = { ensemble = 2, epochs = 2, hidden = 8, rounds = 1 }\n";
    fs::write(&file, text).unwrap();
    succeed(&["plugin", "trust", &file, "--yes"]);
    let said = "talker: a word of mine";
    let (run, rounds) = (of("run"), of("rounds"));
    succeed(&["run", &file, "--quiet", "--no-report", "--out", &run]);
    succeed(&["acquire", &file, "--quiet", "--out", &rounds]);
    for log in ["run/log.jsonl", "rounds/log.jsonl"] {
        let text = fs::read_to_string(of(log)).unwrap();
        assert!(text.contains(said), "{log}: {text}");
    }
    succeed(&["verify", &rounds]);
    for command in [&["sample", &run, "-n", "3"][..], &["eval", &run]] {
        let text = succeed(command);
        assert!(text.contains(&format!("plugin {said}")), "{command:?}: {text}");
    }
}

/// Scores states, and adds what the second argument says: nothing, or what differs from process to process.
const MOODY: &str = r#"import json, sys, time
MOOD = time.time_ns() % 1000003 / 1000 if sys.argv[1] == "moody" else 0.0
for line in sys.stdin:
    asked = json.loads(line)
    if asked["type"] == "hello":
        described = {"name": "moody", "version": "1", "objects": [], "input": "states", "parameters": {}}
        print(json.dumps({"type": "ready", "protocol": 1, "description": described}), flush=True)
    elif asked["type"] == "score":
        scores = [MOOD - 0.1 * sum(state) for state in asked["objects"]]
        print(json.dumps({"type": "scored", "batch": asked["batch"], "log_reward": scores, "failures": []}), flush=True)
"#;

/// A run that goes on says so where the reward is not what it was in the process before, and only there.
#[test]
fn a_reward_that_differs_between_processes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let approvals = folder.path().join("approved").display().to_string();
    let of = |name: &str| folder.path().join(name).display().to_string();
    let gfn = |arguments: &[&str]| gfn_with(&[("GFN_APPROVALS", &approvals)], arguments);
    fs::write(of("moody.py"), MOODY).unwrap();
    let said = "the reward differs between processes: of ";
    for mood in ["even", "moody"] {
        let (file, out) = (of(&format!("{mood}.toml")), of(mood));
        let text = format!(
            "name = \"{mood}\"\n[environment]\nkind = \"hypergrid\"\nheight = 8\n[reward]\nkind = \"plugin\"\n\
             command = [\"python3\", \"moody.py\", \"{mood}\"]\nprotocol = \"lines\"\n[network]\nhidden = 8\n\
             [loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 6\nbatch_size = 16\ntensorboard = false\n\
             [evaluation]\nsamples = 20\nexact_states = 0\n"
        );
        fs::write(&file, text).unwrap();
        let trusted = gfn(&["plugin", "trust", &file, "--yes"]);
        assert!(trusted.status.success(), "{}", errors(&trusted));
        let run = ["run", &file, "--quiet", "--no-report", "--out", &out];
        let stopped = gfn(&[&run[..], &["--stop-at", "3"]].concat());
        assert_eq!(stopped.status.code(), Some(75), "{}", errors(&stopped));
        let resumed = gfn(&run);
        let text = errors(&resumed);
        assert!(resumed.status.success(), "{text}");
        let manifest = fs::read_to_string(folder.path().join(mood).join("manifest.json")).unwrap();
        let is_moody = mood == "moody";
        assert_eq!(text.contains(said), is_moody, "{mood}: {text}");
        assert_eq!(manifest.contains(said), is_moody, "{mood}: {manifest}");
    }
}
