//! What runs leave for other programs, read back by these.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{fail, succeed, top};

/// A short run.
fn run(root: &Path, file: &str, more: &[&str]) -> PathBuf {
    let out = root.join("run");
    let folder = out.to_string_lossy().into_owned();
    let mut arguments = vec!["run", file, "--quiet", "--out", &folder];
    arguments.extend(["--set", "training.log_every=1", "--set", "evaluation.every=10"]);
    arguments.extend(more);
    succeed(&arguments);
    out
}

fn grid(root: &Path) -> PathBuf {
    let more = ["--set", "training.steps=30", "--set", "evaluation.samples=40"];
    run(root, "experiments/hypergrid/tb.toml", &more)
}

/// TensorBoard, PyArrow, MLflow and Weights & Biases read what is theirs. Skipped where they are not installed.
fn check(run: &Path) {
    let output = Command::new(top().join("scripts/check-exports"))
        .arg(run)
        .arg(env!("CARGO_BIN_EXE_gfn"))
        .output()
        .expect("the script starts");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    if said.contains("is not installed") && std::env::var_os("CI").is_none() {
        let reason = "skipped: scripts/check-exports --prepare installs what reads exports back\n";
        // Past the test's captured output: nobody reads what a passing test prints.
        std::io::Write::write_all(&mut gfn_text::stderr(), reason.as_bytes()).expect("standard error");
        return;
    }
    assert!(output.status.success(), "{said}");
}

#[test]
fn other_programs_read_a_grid() {
    let root = tempfile::tempdir().expect("a folder");
    check(&grid(root.path()));
}

#[test]
fn other_programs_read_molecules() {
    let root = tempfile::tempdir().expect("a folder");
    let more = ["--set", "training.steps=20", "--set", "evaluation.samples=30"];
    check(&run(root.path(), "experiments/mol.toml", &more));
}

#[test]
fn several_runs_are_one_table() {
    let root = tempfile::tempdir().expect("a folder");
    let (one, other) = (root.path().join("one"), root.path().join("other"));
    grid(&one);
    run(
        &other,
        "experiments/hypergrid/tb.toml",
        &["--set", "training.steps=5", "--seed", "7"],
    );
    let out = root.path().join("tables");
    let (all, tables) = (root.path().to_string_lossy(), out.to_string_lossy());
    let said = succeed(&["export", &all, "--to", "csv", "-o", &tables]);
    assert!(
        said.contains("training.csv") && said.contains("distribution.csv"),
        "{said}"
    );
    let mut reader = std::fs::read_to_string(out.join("training.csv")).expect("a table");
    let rows = reader.split_off(reader.find('\n').expect("a head"));
    assert!(
        reader.starts_with("run,name,seed,step,trajectories,train/loss"),
        "{reader}"
    );
    let of = |folder: &Path| {
        let begin = format!("{},hypergrid-tb,", folder.join("run").display());
        rows.lines().filter(|row| row.starts_with(&begin)).count()
    };
    assert_eq!((of(&one), of(&other)), (30, 5));
    let runs = std::fs::read_to_string(out.join("runs.csv")).expect("a table");
    assert!(
        runs.contains("setting.loss.kind") && runs.lines().count() == 3,
        "{runs}"
    );
}

#[test]
fn a_tracker_gets_every_value_and_a_script() {
    let root = tempfile::tempdir().expect("a folder");
    let run = grid(root.path());
    let out = root.path().join("tracked");
    let said = succeed(&[
        "export",
        &run.to_string_lossy(),
        "--to",
        "mlflow",
        "-o",
        &out.to_string_lossy(),
    ]);
    assert!(said.contains("import_mlflow.py` brings them in"), "{said}");
    let text = std::fs::read_to_string(out.join("runs.json")).expect("data");
    let data: Value = serde_json::from_str(&text).expect("JSON");
    let told = &data["runs"][0];
    assert_eq!(told["settings"]["training.steps"], 30);
    assert_eq!(told["history"].as_array().map(Vec::len), Some(31));
    assert!(told["history"][0]["exact/l1"].is_number());
    for file in told["files"].as_array().expect("files") {
        assert!(out.join(file.as_str().expect("a name")).is_file(), "{file}");
    }
    let empty = root.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let message = fail(
        &[
            "export",
            &empty.to_string_lossy(),
            "--to",
            "csv",
            "-o",
            &root.path().join("tables").to_string_lossy(),
        ],
        1,
    );
    assert!(message.contains("there is no run in"), "{message}");
}
