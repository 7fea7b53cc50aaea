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
    // Longer than trackers take.
    let description = format!("description=\"{}\"", "a long story, ".repeat(900));
    let more = [
        "--set",
        "training.steps=30",
        "--set",
        "evaluation.samples=40",
        "--set",
        &description,
    ];
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
    assert!(said.contains("import_mlflow.py` imports them"), "{said}");
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

/// Lines whose numbers are none are kept, in whatever form a program wrote them, and a line that cannot be read is told.
#[test]
fn numbers_that_are_none_are_kept_and_damage_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let run = grid(root.path());
    let metrics = run.join("metrics.jsonl");
    let text = std::fs::read_to_string(&metrics).expect("metrics");
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let loss = |line: &str, value: &str| {
        let (before, rest) = line.split_once("\"train.loss\":").expect("a loss");
        let (_, after) = rest.split_once(',').expect("another key");
        format!("{before}\"train.loss\":{value},{after}")
    };
    let steps: Vec<usize> = (0..lines.len())
        .filter(|line| lines[*line].contains("\"train.loss\":"))
        .collect();
    for (line, value) in steps
        .iter()
        .zip(["NaN", "null", "\"nan\"", "Infinity", "-Infinity"])
    {
        lines[*line] = loss(&lines[*line], value);
    }
    lines[steps[5]] = "{".into();
    std::fs::write(&metrics, lines.join("\n") + "\n").expect("metrics");
    let out = root.path().join("tables");
    let arguments = [
        "export",
        &run.to_string_lossy(),
        "--to",
        "csv",
        "-o",
        &out.to_string_lossy(),
        "--accept-damage",
    ];
    let output = super::gfn(&arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("warning: ") && said.contains("metrics.jsonl: line "),
        "{said}"
    );
    let table = std::fs::read_to_string(out.join("training.csv")).expect("a table");
    let losses: Vec<&str> = table
        .lines()
        .skip(1)
        .map(|row| row.rsplit(',').nth(7).expect("a cell"))
        .collect();
    assert_eq!(losses.len(), 29, "{table}");
    assert_eq!(&losses[..5], ["NaN", "NaN", "NaN", "inf", "-inf"], "{table}");
    let shown = succeed(&["show", &run.to_string_lossy()]);
    assert!(shown.contains("cannot be read: metrics.jsonl: line "), "{shown}");
    assert_eq!(shown.matches("cannot be read").count(), 1, "{shown}");
}
