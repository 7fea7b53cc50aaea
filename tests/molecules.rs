//! The molecules of the 2021 paper, whose blocks and network are files that have to be fetched.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

use std::path::Path;

use super::{fail, gfn, succeed, top};

/// The experiment.
const PAPER: &str = "experiments/mol/bengio2021.toml";
/// What it is compared with, on the same molecules.
const COMPARED: [&str; 5] = ["tb", "subtb", "ppo", "metropolis", "random"];

/// Whether an experiment reads the fetched files.
pub(super) fn needs_data(file: &Path) -> bool {
    file.parent()
        .is_some_and(|folder| folder.ends_with("experiments/mol"))
}

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

/// Each draws from the same molecules, and tells of what it found by the same figures.
#[test]
fn what_it_is_compared_with_runs_too() {
    let Some([blocks, network]) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in COMPARED {
        let file = format!("experiments/mol/{name}.toml");
        let sets = ["--set", &blocks, "--set", &network];
        let checked = gfn(&[&["check", "--deny-warnings", &file][..], &sets].concat());
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{said}");

        let out = folder.path().join(name).display().to_string();
        let small = [
            "training.steps=2",
            "training.batch_size=10",
            "network.hidden=8",
            "network.layers=1",
            "evaluation.samples=10",
            "evaluation.every=1",
            "evaluation.thresholds=[0.1]",
        ];
        let small: Vec<&str> = small.iter().flat_map(|set| ["--set", set]).collect();
        let run = ["run", &file, "--quiet", "--out", &out];
        succeed(&[&run[..], &sets, &small].concat());
        let manifest = std::fs::read_to_string(folder.path().join(name).join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        let found = &manifest["after"];
        let count = |value: &serde_json::Value| value.as_u64().unwrap();
        assert!(
            (11..=20).contains(&count(&found["found.objects"])),
            "{name}: {found}"
        );
        let from_first = |what: &str| {
            let mut metrics = found.as_object().unwrap().iter();
            let prefix = format!("found.{what}_from_");
            count(metrics.find(|(name, _)| name.starts_with(&prefix)).unwrap().1)
        };
        let (objects, modes) = (from_first("objects"), from_first("modes"));
        assert!(modes > 0 && modes <= objects, "{name}: {found}");
        assert!(from_first("scaffolds") > 0, "{name}: {found}");
        assert!(found["found.top_10"].as_f64().unwrap() > 0.0, "{name}: {found}");
    }
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
