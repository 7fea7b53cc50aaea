//! What flows are compared with, on grids whose exact target is known.

use serde_json::Value;

use super::{fail, succeed};

/// The manifest of a run.
fn run(file: &str, sets: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run").display().to_string();
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    succeed(&[&["run", file, "--quiet", "--out", &out][..], &sets].concat());
    let manifest = std::fs::read_to_string(folder.path().join("run/manifest.json")).expect("a manifest");
    serde_json::from_str(&manifest).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The chains stand where the target says, while what is proposed is spread otherwise; nothing is learned.
#[test]
fn chains_visit_cells_in_proportion_to_their_reward() {
    let manifest = run("experiments/hypergrid/metropolis.toml", &[]);
    let after = &manifest["after"];
    // Perfect samples would be 0.012 apart; moves are not independent. Drawn without regard to the reward they would be 1.2 apart.
    assert!(number(&after["exact.window_l1"]) < 0.12, "{after}");
    assert_eq!(manifest["before"]["exact.l1"], after["exact.l1"]);
    assert_eq!(number(&after["found.objects"]), 64.0);
}

#[test]
fn rewards_rise_by_ppo() {
    let manifest = run("experiments/hypergrid/ppo.toml", &["training.steps=60"]);
    let [before, after] = ["before", "after"].map(|when| number(&manifest[when]["samples.mean_reward"]));
    assert!(after > 1.5 * before, "{before} {after}");
    let metrics = &manifest["after"]["exact.log_z_error"];
    assert!(metrics.is_null(), "it has no flows: {metrics}");
}

#[test]
fn a_random_policy_learns_nothing() {
    let sets = [
        "loss.kind=none",
        "sampler.random_action_probability=1.0",
        "training.steps=5",
    ];
    let manifest = run("experiments/hypergrid/fm.toml", &sets);
    for metric in ["exact.l1", "exact.jensen_shannon", "exact.kullback_leibler"] {
        assert!(manifest["before"][metric].is_f64(), "{manifest}");
        assert_eq!(manifest["before"][metric], manifest["after"][metric]);
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_both_sides() {
    let ppo = "experiments/hypergrid/ppo.toml";
    let said = fail(&["check", ppo, "--set", "sampler.kind=replay"], 2);
    let expected = "loss `ppo` needs trajectories drawn by the policy alone, but sampler `replay` is chosen";
    assert!(said.contains(expected), "{said}");
    let said = fail(
        &["check", ppo, "--set", "sampler.random_action_probability=0.05"],
        2,
    );
    let expected = "`sampler.random_action_probability` is 0.05, but loss `ppo` needs trajectories";
    assert!(said.contains(expected), "{said}");
    let chains = "experiments/hypergrid/metropolis.toml";
    let said = fail(&["check", chains, "--set", "sampler.chains=8"], 2);
    assert!(
        said.contains("`sampler.chains` is 8, but `training.batch_size` is 128"),
        "{said}"
    );
}
