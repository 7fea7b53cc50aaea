//! Sweeps on clusters, as far as no cluster is needed: what is refused, what is written, and an engine that is pretended.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

const EXPERIMENT: &str = r#"name = "tiny"

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
steps = 10
batch_size = 4
tensorboard = false

[hardware]
device = "cpu"

[evaluation]
samples = 20

[sweep]
repeats = 2
[sweep.parameters]
optimizer.learning_rate = [1e-2, 1e-3, 1e-4]
"#;

struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new(cluster: &str) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("tiny.toml"), format!("{EXPERIMENT}{cluster}")).expect("a file");
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn gfn(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gfn"));
        // Nothing of a cluster that may be there.
        command
            .env("PATH", self.path("bin"))
            .current_dir(self.root.path());
        let output = command.arg("sweep").args(arguments).output().expect("gfn starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.gfn(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        out
    }

    fn fail(&self, arguments: &[&str], expected: i32) -> String {
        let (code, _, error) = self.gfn(arguments);
        assert_eq!(code, Some(expected), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
        error
    }
}

/// As the documentation writes them.
#[test]
fn lengths_of_time_need_no_quotes() {
    let place = Place::new("");
    for time in ["24:00:00", "08:00:00", "1-12:00:00", "1:30"] {
        let set = format!("sweep.slurm.time={time}");
        place.succeed(&["plan", "tiny.toml", "--set", &set]);
    }
    let said = place.fail(&["plan", "tiny.toml", "--set", "sweep.slurm.time=1979-05-27"], 2);
    assert!(said.contains("dates and times"), "{said}");
}

#[test]
fn mistakes_about_clusters_are_shown_with_their_places() {
    let cluster = r#"
launcher = "command"
[sweep.slurm]
time = "8h"
memory = "lots"
partition = "gpu\n#SBATCH --wrap=rm"
options = ["--array=0-3"]
gpu = 1
[sweep.kubernetes]
mount = "here"
"#;
    // `launcher` belongs to `[sweep]`, not to its parameters.
    let place = Place::new("");
    let text = EXPERIMENT.replace("repeats = 2", "repeats = 2\nlauncher = \"command\"");
    let rest = cluster.replace("launcher = \"command\"\n", "");
    fs::write(place.path("tiny.toml"), format!("{text}{rest}")).expect("a file");
    insta::assert_snapshot!("cluster-mistakes-keys", place.fail(&["submit", "tiny.toml"], 2));
    fs::write(
        place.path("tiny.toml"),
        format!("{text}{}", rest.replace("gpu = 1\n", "")),
    )
    .expect("a file");
    insta::assert_snapshot!("cluster-mistakes", place.fail(&["submit", "tiny.toml"], 2));
    assert!(!place.path("sweeps").exists(), "nothing was made");
}

#[test]
fn without_slurm_that_is_said() {
    let place = Place::new("");
    let error = place.fail(&["submit", "tiny.toml"], 1);
    assert!(
        error.starts_with("error: `squeue` cannot be started: "),
        "{error}"
    );
    // What was made is a sweep like any other.
    place.succeed(&["run", "sweeps/tiny", "--jobs", "1", "--quiet"]);
}

#[test]
fn a_sweep_that_was_made_keeps_what_it_tries() {
    let place = Place::new("");
    place.fail(&["submit", "tiny.toml"], 1);
    let error = place.fail(&["submit", "sweeps/tiny", "--set", "training.steps=3"], 2);
    assert!(error.contains("exists already and cannot be changed"), "{error}");
    // Another partition does not make it another sweep; another rate does.
    place.fail(
        &["submit", "tiny.toml", "--set", "sweep.slurm.partition=\"other\""],
        1,
    );
    let error = place.fail(&["submit", "tiny.toml", "--set", "training.steps=3"], 2);
    assert!(error.contains("holds a different sweep"), "{error}");
}

#[test]
fn a_manifest_is_printed() {
    let place = Place::new("[sweep.kubernetes]\nimage = \"gfn:0.1\"\nclaim = \"results\"\n");
    let text = place.succeed(&["export", "tiny.toml", "--kubernetes"]);
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(manifest["spec"]["completions"], 6);
    let container = &manifest["spec"]["template"]["spec"]["containers"][0];
    let command: Vec<&str> = container["command"]
        .as_array()
        .expect("words")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        command,
        [
            "gfn",
            "sweep",
            "worker",
            "/sweeps/tiny",
            "--trial",
            "$(JOB_COMPLETION_INDEX)"
        ]
    );
    let other = place.succeed(&[
        "export",
        "sweeps/tiny",
        "--kubernetes",
        "--set",
        "sweep.kubernetes.image=\"gfn:0.2\"",
    ]);
    assert!(other.contains("gfn:0.2") && !other.contains("gfn:0.1"), "{other}");
    let bare = Place::new("");
    let error = bare.fail(&["export", "tiny.toml", "--kubernetes"], 2);
    assert!(error.contains("`sweep.kubernetes.image` is missing"), "{error}");
}

/// An engine that runs the elements of an array one after another, and of which some fail to start.
const QSUB: &str = r#"#!/bin/bash
[ "$1" = -t ] || exit 9
echo "$*" >> "$0.log"
for TASK in $(/usr/bin/seq ${2%-*} ${2#*-}); do
  [ "$TASK" = "$LOST" ] || TASK=$TASK PATH=/usr/bin:/bin /bin/bash "$3" 2>> "$0.log"
done
echo "job 17"
"#;

#[test]
fn another_engine_runs_a_sweep() {
    let command = "submit = [\"qsub\", \"-t\", \"{first}-{last}\", \"{script}\"]\nindex = \"TASK\"\nclient_timeout = 600\nmost = 4\n";
    let place = Place::new(&format!("[sweep.command]\n{command}"));
    let text = fs::read_to_string(place.path("tiny.toml")).expect("a file");
    let text = text.replace("repeats = 2", "repeats = 2\nlauncher = \"command\"");
    fs::write(place.path("tiny.toml"), text).expect("a file");
    fs::create_dir(place.path("bin")).expect("a folder");
    let qsub = |lost: &str| {
        let text = QSUB.replace("$LOST", lost);
        fs::write(place.path("bin/qsub"), text).expect("a file");
        fs::set_permissions(place.path("bin/qsub"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    };
    qsub("3");

    let error = place.fail(&["submit", "tiny.toml"], 2);
    assert!(error.contains("  qsub -t {first}-{last} {script}\n"), "{error}");
    assert!(error.contains("use --allow-commands"), "{error}");
    assert!(!place.path("bin/qsub.log").exists(), "nothing was run");

    let out = place.succeed(&["submit", "tiny.toml", "--allow-commands"]);
    assert!(out.starts_with("6 elements submitted: job 17, job 17\n"), "{out}");
    let status = || -> Value {
        serde_json::from_str(&place.succeed(&["status", "sweeps/tiny", "--json"])).expect("JSON")
    };
    assert_eq!(
        status()["counts"]["finished"],
        5,
        "{}",
        fs::read_to_string(place.path("bin/qsub.log")).expect("a log")
    );
    qsub("");
    let out = place.succeed(&["resume", "sweeps/tiny", "--allow-commands"]);
    assert!(out.starts_with("1 element submitted: job 17\n"), "{out}");
    assert_eq!(status()["counts"]["finished"], 6);
    let log = fs::read_to_string(place.path("bin/qsub.log")).expect("a log");
    assert!(
        log.contains("-t 1-4 ") && log.contains("-t 1-2 ") && log.contains("-t 1-1 "),
        "{log}"
    );
}
