//! The molecules of the 2021 paper, whose blocks and network are files that have to be fetched.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

use super::{fail, gfn, succeed, top};

/// The experiment.
pub(super) const PAPER: &str = "experiments/mol/bengio2021.toml";

/// What names the fetched files; `None`, with the reason told, where they are not at hand.
fn data() -> Option<[String; 2]> {
    let folder = top().join("../shared/data/seh");
    let files = ["blocks_PDB_105.json", "proxy.safetensors"].map(|name| folder.join(name));
    if let Some(absent) = files.iter().find(|file| !file.is_file()) {
        let reason = format!("{} is not there", absent.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
        println!("skipped: {reason}");
        return None;
    }
    let [blocks, network] = files.map(|file| file.canonicalize().unwrap().display().to_string());
    Some([
        format!("environment.vocabulary=\"{blocks}\""),
        format!("reward.path=\"{network}\""),
    ])
}

#[test]
fn the_papers_experiment_is_right_and_runs() {
    let Some([blocks, network]) = data() else { return };
    let sets = ["--set", &blocks, "--set", &network];
    let checked = gfn(&[&["check", "--deny-warnings", PAPER][..], &sets].concat());
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run").display().to_string();
    let small = [
        "--set",
        "training.steps=2",
        "--set",
        "evaluation.samples=20",
        "--set",
        "network.hidden=8",
        "--quiet",
        "--out",
        &out,
    ];
    succeed(&[&["run", PAPER][..], &sets, &small].concat());
    let manifest = std::fs::read_to_string(folder.path().join("run/manifest.json")).unwrap();
    for hash in ["0fcc09130c2e0304", "89a586dbfc86ff84"] {
        assert!(manifest.contains(hash), "{manifest}");
    }
    // Wherever it was run, the resolved experiment runs again.
    let resolved = folder.path().join("run/resolved.toml").display().to_string();
    succeed(&["check", &resolved]);
}

#[test]
fn absent_data_are_named_with_where_they_come_from() {
    let said = fail(
        &["check", PAPER, "--set", "environment.vocabulary=nowhere.json"],
        2,
    );
    assert!(
        said.contains("`docs/molecules.md` says where the paper's file is"),
        "{said}"
    );
    let said = fail(
        &[
            "check",
            "experiments/mol.toml",
            "--set",
            "reward.kind=seh-proxy",
            "--set",
            "reward.path=nowhere",
        ],
        2,
    );
    assert!(
        said.contains("`reward.path` names no network: the proxy's weights"),
        "{said}"
    );
    assert!(said.contains("--set reward.path=nowhere"), "{said}");
    let said = fail(
        &["check", "experiments/mol.toml", "--set", "reward.kind=seh-proxy"],
        2,
    );
    assert!(said.contains("missing key `reward.path`"), "{said}");
}
