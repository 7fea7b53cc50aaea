//! The reward `seh-proxy` on states of the environment that its network was made for, against the authors' scores in
//! `shared/data/seh`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

use std::path::{Path, PathBuf};

use gfn_chem::Join;
use gfn_core::{ObjectKind, Objects, Reward};
use gfn_envs::fragments::{Fragments, Params as EnvironmentParams, Variant};
use gfn_rewards::seh_proxy::{Params, SehReward};
use serde_json::{Value, json};

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

/// Parameters with `given` over the defaults, as a file would give them.
fn params(given: Value) -> Option<Params> {
    let mut all = json!({ "path": shared("proxy.safetensors")? });
    all.as_object_mut()
        .unwrap()
        .extend(given.as_object().unwrap().clone());
    Some(serde_json::from_value(all).unwrap())
}

fn environment() -> Option<Fragments> {
    let params = EnvironmentParams {
        vocabulary: shared("blocks_PDB_105.json")?.to_str().unwrap().into(),
        variant: Variant::Bengio2021,
        ..EnvironmentParams::default()
    };
    Some(Fragments::new(&params, Path::new("")).unwrap())
}

fn rows() -> Vec<Value> {
    let text = std::fs::read_to_string(shared("proxy_reference.jsonl").unwrap()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn numbers(value: &Value) -> Vec<usize> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_u64().unwrap() as usize).collect()
}

/// The state of a row.
fn state(environment: &Fragments, row: &Value) -> Vec<i32> {
    let vocabulary = environment.vocabulary();
    let entries = numbers(&row["blocks"]);
    let blocks: Vec<usize> = entries.iter().map(|&entry| vocabulary.arm(entry).0).collect();
    let mut used = Vec::new();
    let mut port_at = |piece: usize, atom: usize| {
        let atoms = vocabulary.fragment(blocks[piece]).ports();
        let free = |port: &usize| atoms[*port] as usize == atom && !used.contains(&(piece, *port));
        let port = (0..atoms.len()).find(free).unwrap();
        used.push((piece, port));
        port
    };
    let join = |bond: Vec<usize>| Join {
        pieces: (bond[0], bond[1]),
        ports: (port_at(bond[0], bond[2]), port_at(bond[1], bond[3])),
    };
    let joins: Vec<Join> = row["jbonds"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .map(join)
        .collect();
    environment.state(&blocks, &joins).unwrap()
}

/// The largest difference between rewards and the column `expected` over `rows`.
fn worst(given: Value, expected: &str, rows: &[Value]) -> Option<f64> {
    let (environment, params) = (environment()?, params(given)?);
    let reward = SehReward::new(&params, 2).unwrap();
    let states: Vec<i32> = rows.iter().flat_map(|row| state(&environment, row)).collect();
    let mut log_reward = vec![0.0; rows.len()];
    reward
        .log_reward(&Objects::new(&environment, &states), &mut log_reward)
        .unwrap();
    let difference = |(row, log_reward): (&Value, &f64)| {
        let score = row[expected].as_f64().unwrap().max(0.0);
        (log_reward.exp() - score / params.divide_by).abs()
    };
    Some(rows.iter().zip(&log_reward).map(difference).fold(0.0, f64::max))
}

/// Where no point is open the network takes the first atom for open, and which is first depends on how the molecule was put
/// together: those are left out here. (Of the 78 such rows, scores differ by 0.09 in the root mean square, 0.46 at most.)
#[test]
fn states_are_rewarded_as_the_authors_score_them() {
    if shared("proxy.safetensors").is_none() {
        return;
    }
    let mut rows = rows();
    rows.retain(|row| !row["stems"].as_array().unwrap().is_empty());
    assert!(rows.len() > 140, "{} rows", rows.len());
    let double = worst(json!({ "precision": "f64" }), "score", &rows).unwrap();
    let single = worst(json!({ "divide_by": 1.0 }), "score", &rows).unwrap();
    assert!(double < 1e-8 && single < 1e-4, "{double:e} {single:e}");
}

#[test]
fn molecules_alone_are_rewarded_too() {
    if shared("proxy.safetensors").is_none() {
        return;
    }
    let rows = rows();
    let none = json!({ "stems": "none", "precision": "f64" });
    assert!(worst(none, "score_no_stem_mask", &rows).unwrap() < 1e-8);
    let recursion = json!({ "variant": "recursion" });
    assert!(worst(recursion, "score_recursion", &rows).unwrap() < 1e-4);
}

#[test]
fn the_reward_says_what_it_is() {
    let Some(params) = params(json!({})) else { return };
    let reward = SehReward::new(&params, 1).unwrap();
    assert!(reward.accepts(&ObjectKind::Molecule).is_ok());
    assert_eq!(
        reward.accepts(&ObjectKind::Other("strings".into())),
        Err("molecules, not strings".into())
    );
    assert!(reward.can_be_zero());
    assert_eq!(reward.mode_threshold(), Some(7.0 / 8.0));
    assert!(reward.provenance()[0].1.starts_with("89a586db"));
}

#[test]
fn files_that_are_not_the_weights_are_named() {
    let folder = std::env::temp_dir();
    let error = |params: Value| {
        let params: Params = serde_json::from_value(params).unwrap();
        SehReward::new(&params, 1).unwrap_err().to_string()
    };
    let missing = error(json!({ "path": "nowhere/proxy.safetensors" }));
    assert!(
        missing.starts_with("the proxy's weights `nowhere/proxy.safetensors` cannot be read: no such file"),
        "{missing}"
    );
    assert!(missing.contains("docs/molecules.md"), "{missing}");
    let folder = error(json!({ "path": folder }));
    assert!(folder.contains("it is a folder"), "{folder}");
    let text = error(json!({ "path": file!().replace("crates/gfn-rewards/", "") }));
    assert!(
        text.contains("does not hold the sEH proxy's weights in safetensors"),
        "{text}"
    );
    let Some(path) = shared("proxy.safetensors") else {
        return;
    };
    let hash = error(json!({ "path": path, "sha256": "0".repeat(64) }));
    assert!(hash.contains("have the sha256 89a586dbfc86ff"), "{hash}");
}
