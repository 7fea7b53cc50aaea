//! The plugin's rewards against the authors' scores, in `shared/data/seh` beside the repository.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

use std::path::PathBuf;

use gfn_plugin_sdk::{Context, Plugin};
use reward_seh_proxy::{Parameters, SehProxy};
use serde_json::Value;

const SHA256: &str = "89a586dbfc86ff84487348fa54df41c8488934036d67861e2e5c10f42f040258";

/// Where a file of the shared data is; `None`, with the reason printed, where the data are not at hand.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/seh")
        .join(name);
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{} is not there",
        path.display()
    );
    println!("skipped: {} is not there", path.display());
    None
}

fn parameters() -> Option<Parameters> {
    Some(Parameters {
        weights: shared("proxy.safetensors")?.to_str().unwrap().into(),
        sha256: SHA256.into(),
        ..Parameters::default()
    })
}

/// The largest difference between rewards and the column `expected`, over all molecules of the reference.
fn worst(parameters: Parameters, expected: &str) -> f64 {
    let text = std::fs::read_to_string(shared("proxy_reference.jsonl").unwrap()).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(rows.len() >= 200, "{} rows", rows.len());
    let smiles: Vec<&str> = rows.iter().map(|row| row["smiles"].as_str().unwrap()).collect();
    let divide_by = parameters.divide_by;
    let plugin = SehProxy::create(parameters, &Context::default()).unwrap();
    let differences = rows
        .iter()
        .zip(plugin.log_rewards(&smiles))
        .map(|(row, log_reward)| {
            let score = row[expected].as_f64().unwrap().max(0.0);
            (log_reward.unwrap().exp() * divide_by - score).abs()
        });
    differences.fold(0.0, f64::max)
}

#[test]
fn molecules_are_scored_as_by_the_authors() {
    let Some(parameters) = parameters() else { return };
    let single = worst(parameters.clone(), "score_no_stem_mask");
    let double = Parameters {
        precision: "f64".into(),
        threads: 2,
        ..parameters
    };
    let double = worst(double, "score_no_stem_mask");
    assert!(single < 1e-4 && double < 1e-8, "{single:e} {double:e}");
}

#[test]
fn molecules_are_scored_as_by_recursions_library() {
    let Some(parameters) = parameters() else { return };
    let recursion = Parameters {
        variant: "recursion".into(),
        divide_by: 1.0,
        ..parameters
    };
    let worst = worst(recursion, "score_recursion");
    assert!(worst < 1e-4, "{worst:e}");
}

#[test]
fn open_points_are_seen_where_they_are_marked() {
    let Some(parameters) = parameters() else { return };
    let open = Parameters {
        stems: "open".into(),
        ..parameters
    };
    let plugin = SehProxy::create(open, &Context::default()).unwrap();
    let benzene = plugin.log_rewards(&["[cH:1]1[cH:1][cH:1][cH:1][cH:1][cH:1]1", "C1CC"]);
    assert!((benzene[0].as_ref().unwrap().exp() * 8.0 - 0.966_695_743).abs() < 1e-5);
    assert!(benzene[1].as_ref().unwrap_err().contains("is not a SMILES"));
}

#[test]
fn without_its_weights_the_plugin_says_what_to_do() {
    let message = |parameters: Parameters| {
        let made = SehProxy::create(parameters, &Context::default());
        made.err().unwrap().to_string()
    };
    assert!(message(Parameters::default()).contains("`weights` is empty"));
    let missing = Parameters {
        weights: "/nowhere/proxy.safetensors".into(),
        ..Parameters::default()
    };
    assert!(message(missing).contains("docs/molecules.md"));
    let Some(parameters) = parameters() else { return };
    let other = Parameters {
        sha256: "0".repeat(64),
        ..parameters
    };
    assert!(message(other).contains("have the sha256 89a586db"));
}
