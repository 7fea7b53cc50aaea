//! Experiments on molecules that need data of others.
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

use std::path::PathBuf;

use super::{fail, succeed, top};

/// The folder of the data, or why there is none: told, and no excuse where `CI=true`.
fn data() -> Option<PathBuf> {
    let folder = top().join("../shared/data/seh");
    if folder.is_dir() {
        return Some(folder);
    }
    let reason = "skipped: ../shared/data/seh is absent";
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
    println!("{reason}");
    None
}

const FILE: &str = "experiments/mol/bengio2021.toml";

/// The paper's molecules are assembled and scored.
#[test]
fn the_experiment_of_2021_trains() {
    let Some(data) = data() else { return };
    let path = |key: &str, file: &str| format!("{key}={:?}", data.join(file).display().to_string());
    let vocabulary = path("environment.vocabulary", "blocks_PDB_105.json");
    let proxy = path("reward.path", "proxy.safetensors");
    let sets = ["--set", &vocabulary, "--set", &proxy];
    succeed(&[&["check", "--deny-warnings", FILE][..], &sets].concat());
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run").display().to_string();
    let small = [
        "--set",
        "training.steps=3",
        "--set",
        "evaluation.samples=20",
        "--set",
        "network.hidden=16",
        "--set",
        "network.layers=2",
    ];
    succeed(&[&["run", FILE, "--quiet", "--out", &out][..], &sets, &small].concat());
    let samples = std::fs::read_to_string(folder.path().join("run/samples.csv")).expect("samples");
    assert_eq!(samples.lines().count(), 21);
    let shaped = samples.lines().skip(1).map(|line| line.split(',').nth(2));
    let finite = |value: &str| value.parse().is_ok_and(f64::is_finite);
    assert!(
        shaped.into_iter().all(|value| value.is_some_and(finite)),
        "{samples}"
    );
}

/// Without its data the experiment says what is missing, where, and where it is told how to get it.
#[test]
fn missing_data_is_told() {
    let said = fail(&["check", FILE], 2);
    assert!(
        said.contains("seh/blocks_PDB_105.json") && said.contains("docs/molecules.md"),
        "{said}"
    );
}
