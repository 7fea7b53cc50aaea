//! Runs and their folders.

use std::path::Path;

use super::{fail, gfn_with, succeed};

const SHORT: [&str; 8] = [
    "--quiet",
    "--set",
    "training.steps=12",
    "--set",
    "evaluation.samples=50",
    "--set",
    "training.log_every=1",
    "--set",
];

fn run(file: &str, set: &str, out: &Path) -> String {
    let out = out.to_string_lossy();
    let mut arguments = vec!["run", file, "--out", &out];
    arguments.extend(SHORT);
    arguments.push(set);
    succeed(&arguments)
}

fn read(out: &Path, name: &str) -> String {
    std::fs::read_to_string(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The same file and seed write the same bytes, whatever the number of threads; another seed writes others.
#[test]
fn runs_repeat() {
    let root = tempfile::tempdir().expect("a folder");
    for file in [
        "experiments/mol.toml",
        "experiments/hypergrid/tb.toml",
        "experiments/hypergrid/fm.toml",
    ] {
        let name = file.replace('/', "-");
        let [one, again, two, other] =
            ["one", "again", "two", "other"].map(|run| root.path().join(format!("{name}-{run}")));
        run(file, "hardware.threads=1", &one);
        run(file, "hardware.threads=1", &again);
        run(file, "hardware.threads=2", &two);
        run(file, "seed=7", &other);
        for written in ["metrics.jsonl", "samples.csv"] {
            assert_eq!(read(&one, written), read(&again, written), "{file}: {written}");
            assert_eq!(
                read(&one, written),
                read(&two, written),
                "{file}: {written} at two threads"
            );
            assert_ne!(
                read(&one, written),
                read(&other, written),
                "{file}: {written} of another seed"
            );
        }
        let weights = |out: &Path| std::fs::read(out.join("weights.safetensors")).expect("weights");
        assert!(weights(&one) == weights(&two), "{file}: weights at two threads");
    }
}

/// A run's folder is complete, its `resolved.toml` repeats it, and its policy can be drawn from and measured.
#[test]
fn a_folder_says_everything() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let told = run("experiments/mol.toml", "seed=3", &out);
    assert!(
        told.contains("mean reward") && told.contains("untrained"),
        "{told}"
    );
    let manifest: serde_json::Value = serde_json::from_str(&read(&out, "manifest.json")).expect("JSON");
    assert_eq!(manifest["status"], "finished");
    assert_eq!(manifest["steps"], 12);
    assert_eq!(read(&out, "metrics.jsonl").lines().count(), 12 + 2);
    assert_eq!(read(&out, "samples.csv").lines().count(), 50 + 1);
    assert!(read(&out, "log.jsonl").contains("\"finished\""));

    let again = root.path().join("again");
    succeed(&[
        "run",
        &out.join("resolved.toml").to_string_lossy(),
        "--quiet",
        "--out",
        &again.to_string_lossy(),
    ]);
    assert_eq!(read(&out, "metrics.jsonl"), read(&again, "metrics.jsonl"));

    let run = out.to_string_lossy();
    let drawn = succeed(&["sample", &run, "-n", "20"]);
    assert_eq!(drawn.lines().count(), 21);
    assert_eq!(drawn, succeed(&["sample", &run, "-n", "20"]));
    assert_ne!(drawn, succeed(&["sample", &run, "-n", "20", "--seed", "1"]));
    let lines = succeed(&["sample", &run, "-n", "20", "--json"]);
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    let row = drawn.lines().nth(1).expect("a row");
    assert!(
        row.starts_with(first["object"].as_str().expect("a text")) && lines.lines().count() == 20,
        "{row} {first}"
    );

    let last = read(&out, "metrics.jsonl")
        .lines()
        .last()
        .expect("a line")
        .to_string();
    let last: serde_json::Value = serde_json::from_str(&last).expect("JSON");
    let measured: serde_json::Value =
        serde_json::from_str(&succeed(&["eval", &run, "--json"])).expect("JSON");
    assert_eq!(measured["samples"], last["samples"]);
}

/// The manifest says what holds, which is the CPU's own level unless the file or the user's variables say otherwise.
#[test]
fn the_record_says_what_repeats() {
    let root = tempfile::tempdir().expect("a folder");
    let recorded = |name: &str, set: &str, variables: &[(&str, &str)]| {
        let out = root.path().join(name);
        let out_text = out.to_string_lossy();
        let mut arguments = vec!["run", "experiments/hypergrid/tb.toml", "--out", &out_text];
        arguments.extend(SHORT);
        arguments.extend([set, "--set", "hardware.device=cpu"]);
        let output = gfn_with(variables, &arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let manifest: serde_json::Value = serde_json::from_str(&read(&out, "manifest.json")).expect("JSON");
        ["device", "precision", "determinism"].map(|key| manifest[key].as_str().expect("a text").to_owned())
    };
    assert_eq!(recorded("plain", "seed=0", &[]), ["cpu", "f32", "bitwise"]);
    let set = "hardware.precision=bf16";
    assert_eq!(recorded("bf16", set, &[]), ["cpu", "bf16", "bitwise"]);
    let set = "hardware.determinism=device";
    assert_eq!(recorded("device", set, &[]), ["cpu", "f32", "bitwise"]);
    let set = "hardware.determinism=fast";
    assert_eq!(recorded("fast", set, &[]), ["cpu", "f32", "fast"]);
    let users = [("MKL_CBWR", "COMPATIBLE")];
    assert_eq!(recorded("users", "seed=0", &users), ["cpu", "f32", "fast"]);
    let said = gfn_with(
        &users,
        &[
            "bench",
            "grid-2d-8",
            "--set",
            "hardware.determinism=bitwise",
            "--set",
            "hardware.device=cpu",
        ],
    );
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("needs the variable MKL_CBWR to be `AVX2,STRICT`"),
        "{said}"
    );
}

#[test]
fn folders_are_not_overwritten() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    std::fs::create_dir(&out).expect("a folder");
    std::fs::write(out.join("thesis.tex"), "x").expect("a file");
    let out = out.to_string_lossy();
    let said = fail(
        &["run", "experiments/hypergrid/tb.toml", "--quiet", "--out", &out],
        2,
    );
    assert!(said.contains("name a new folder with --out"), "{said}");
    let said = fail(&["sample", &root.path().to_string_lossy()], 1);
    assert!(said.contains("is not the folder of a run"), "{said}");
}

/// A loss that overflows stops the run, names the step and the object, and leaves the folder readable.
#[test]
fn a_loss_that_is_no_number() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let file = "experiments/hypergrid/tb.toml";
    let set = "reward.exponent=1e300";
    let said = fail(
        &[
            "run",
            file,
            "--quiet",
            "--set",
            set,
            "--set",
            "evaluation.exact_states=0",
            "--out",
            &out.to_string_lossy(),
        ],
        1,
    );
    assert!(
        said.contains("step 1: the loss is inf, caused by the trajectory to"),
        "{said}"
    );
    let manifest: serde_json::Value = serde_json::from_str(&read(&out, "manifest.json")).expect("JSON");
    assert_eq!(manifest["status"], "failed");
    assert!(out.join("weights.safetensors").is_file());
}

/// A vocabulary that changed since is noticed, not sampled from.
#[test]
fn data_files_are_pinned() {
    let root = tempfile::tempdir().expect("a folder");
    let blocks = root.path().join("own");
    let text = r#"{"name": "own", "blocks": [{"name": "methylene", "smiles": "[*:1]C[*:2]"}, {"name": "oxy", "smiles": "[*:1]CO[*:2]"}]}"#;
    std::fs::write(&blocks, text).expect("a file");
    let out = root.path().join("run");
    let path = out.to_string_lossy().into_owned();
    let vocabulary = format!("environment.vocabulary={:?}", blocks.to_string_lossy());
    let sets = [
        "--set",
        &vocabulary,
        "--set",
        "training.steps=3",
        "--set",
        "environment.min_blocks=2",
    ];
    let told = succeed(
        &[
            &["run", "experiments/mol.toml", "--quiet", "--out", &path],
            &sets[..],
        ]
        .concat(),
    );
    assert!(told.contains("exact L1"), "a small vocabulary is swept: {told}");
    assert_eq!(succeed(&["sample", &path, "-n", "5"]).lines().count(), 6);
    std::fs::write(&blocks, text.replace("CO", "CN")).expect("a file");
    let said = fail(&["sample", &path, "-n", "5"], 1);
    assert!(said.contains("has changed since the run was trained"), "{said}");
}

/// A reward that is zero somewhere is found before anything is made.
#[test]
fn a_zero_reward_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let file = "experiments/hypergrid/tb.toml";
    let said = fail(
        &[
            "run",
            file,
            "--quiet",
            "--set",
            "reward.r0=0.0",
            "--out",
            &out.to_string_lossy(),
        ],
        2,
    );
    assert!(
        said.contains("reward `hypergrid` is 0 for some objects") && said.contains("set `reward.floor`"),
        "{said}"
    );
    assert!(!out.exists());
}

/// What a run says of log Z at its end is what `eval` says of its weights.
#[test]
fn eval_knows_log_z() {
    let root = tempfile::tempdir().expect("a folder");
    for loss in ["fm", "db", "subtb", "tb"] {
        let out = root.path().join(loss);
        run(&format!("experiments/hypergrid/{loss}.toml"), "seed=1", &out);
        let last = read(&out, "metrics.jsonl")
            .lines()
            .last()
            .expect("a line")
            .to_string();
        let last: serde_json::Value = serde_json::from_str(&last).expect("JSON");
        let measured = succeed(&["eval", &out.to_string_lossy(), "--json"]);
        let measured: serde_json::Value = serde_json::from_str(&measured).expect("JSON");
        assert!(last["exact.log_z_error"].is_f64(), "{loss}");
        let exact = |metrics: &serde_json::Value| -> Vec<(String, serde_json::Value)> {
            let all = metrics.as_object().expect("an object").clone().into_iter();
            all.filter(|(name, _)| name.starts_with("exact.")).collect()
        };
        assert_eq!(exact(&measured), exact(&last), "{loss}");
    }
}

/// Benchmarks run, and name what they know.
#[test]
fn benchmarks_run() {
    for line in succeed(&["bench", "--json", "-n", "2"]).lines() {
        let figures: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(figures["bound_ms"].as_f64() > Some(0.0), "{line}");
    }
    let said = fail(&["bench", "grid-2d-9"], 2);
    assert!(said.contains("did you mean `grid-2d-8`?"), "{said}");
}
