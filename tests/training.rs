//! Training reaches what it should: shorter versions of the shipped experiments, against exact answers.

use super::succeed;

/// The exact L1 after `steps` updates of an experiment with its own settings.
fn l1_after(file: &str, steps: u64) -> f64 {
    l1_with(file, steps, &[])
}

/// The same, with some settings changed.
fn l1_with(file: &str, steps: u64, changed: &[&str]) -> f64 {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    let steps = format!("training.steps={steps}");
    let set = [
        "--set",
        steps.as_str(),
        "--set",
        "evaluation.samples=10",
        "--set",
        "evaluation.every=0",
    ];
    let file = format!("experiments/hypergrid/{file}.toml");
    let out_text = out.to_string_lossy();
    let arguments: Vec<&str> = ["run", &file, "--quiet", "--out", &out_text]
        .into_iter()
        .chain(set)
        .chain(changed.iter().flat_map(|set| ["--set", set]))
        .collect();
    succeed(&arguments);
    let metrics = std::fs::read_to_string(out.join("metrics.jsonl")).expect("metrics");
    let last: serde_json::Value =
        serde_json::from_str(metrics.lines().last().expect("a line")).expect("JSON");
    last["exact.l1"].as_f64().expect("a number")
}

/// Every loss, from an L1 of 1.4 untrained: about twice what was measured at 150 of its 250 updates.
#[test]
fn every_loss_learns_the_grid() {
    for (file, most) in [
        ("tb", 0.08),
        ("subtb", 0.13),
        ("fm", 0.25),
        ("db", 0.11),
        ("lpv", 0.10),
    ] {
        let l1 = l1_after(file, 150);
        assert!(l1 < most, "{file}: L1 {l1}, expected below {most}");
    }
}

/// Half of each batch replayed, as remembered or along new ways: as near as on-policy after as many updates, with half the
/// fresh trajectories. Measured: 0.034 and 0.046.
#[test]
fn replay_learns_the_grid() {
    let backward = [
        "sampler.trajectory=backward",
        "sampler.selection=top-tenth",
        "sampler.distinct=true",
        "sampler.eviction=lowest-reward",
    ];
    for changed in [&[][..], &backward[..]] {
        let l1 = l1_with("replay", 150, changed);
        assert!(l1 < 0.09, "{changed:?}: L1 {l1}");
    }
}

/// With products rounded to 7 bits the grid is learned as well, if not as exactly.
#[test]
fn bf16_learns_the_grid() {
    let l1 = l1_with("tb", 150, &["hardware.precision=bf16"]);
    assert!(l1 < 0.16, "L1 {l1}");
}

/// The 2021 paper's grid: from an L1 of 1.6 untrained, after 2,000 of its 20,000 updates.
#[test]
fn the_papers_grid_is_learned() {
    let l1 = l1_after("paper", 2000);
    assert!(l1 < 1.0, "L1 {l1}");
}
