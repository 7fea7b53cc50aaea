//! What is written in C: the conveniences of the header, the plugins in `plugins/`, one of a later version.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod compiler;
mod host;

use std::path::{Path, PathBuf};
use std::process::Command;

use gfn_plugin_sdk::abi;
use gfn_plugin_sdk::json::Json;

fn source(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_conveniences_of_the_header_hold() {
    let folder = compiler::folder("helpers");
    let text = std::fs::read_to_string(source("tests/c/helpers.c")).unwrap();
    for (language, standard) in [("c", "c99"), ("c++", "c++11")] {
        let program = compiler::program(&folder, language, standard, &text);
        let ran = Command::new(program).output().unwrap();
        assert!(
            ran.status.success(),
            "{language}: {}",
            String::from_utf8_lossy(&ran.stdout)
        );
    }
}

/// A plugin that is newer than its host works, and an older host gets what it knows.
#[test]
fn a_plugin_of_a_later_version_is_used_as_far_as_it_is_known() {
    let folder = compiler::folder("newer");
    let library = compiler::library(&folder, "c", "c99", &[source("tests/c/newer.c")]);
    let loaded = host::open(&library);
    assert_eq!(
        (loaded.plugin.struct_size, loaded.plugin.abi_minor),
        (48, abi::MINOR + 1)
    );
    let table = loaded.reward.unwrap();
    assert_eq!(table.struct_size, 40);
    let reward = host::Reward::make(table, "{}", None).unwrap();
    assert_eq!(reward.states(2, &[5, 6, 7, 8]).unwrap().log_reward, [5.0, 7.0]);
}

fn ising(parameters: &str, dimensions: usize) -> Result<host::Reward, host::Refused> {
    let folder = compiler::folder(&format!("ising{dimensions}{}", parameters.len()));
    let library = compiler::library(
        &folder,
        "c",
        "c99",
        &[source("../../plugins/reward-ising/ising.c")],
    );
    let table = host::open(&library).reward.unwrap();
    let objects = format!(r#"{{"kind": "grid", "dimensions": {dimensions}, "height": 2}}"#);
    host::Reward::make(table, parameters, Some(&objects))
}

#[test]
fn the_ising_model_on_a_ring_is_summed_right() {
    let ring = ising(
        r#"{"coupling": 2, "field": 0.5, "temperature": 4, "lattice": "ring"}"#,
        4,
    )
    .unwrap();
    // All up; one down; up and down in turn. The last word of a state is the grid's own.
    let outcome = ring
        .states(5, &[1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1])
        .unwrap();
    assert_eq!(
        outcome.log_reward,
        [(8.0 + 2.0) / 4.0, (0.0 + 1.0) / 4.0, -8.0 / 4.0]
    );
    assert_eq!(outcome.status, [abi::SCORED; 3]);
    let outcome = ring.states(5, &[1, 1, 2, 1, 1]).unwrap();
    assert_eq!(outcome.status, [abi::NO_SCORE]);
    assert_eq!(outcome.reasons[&0], "a word of the state is neither -1, 0 nor 1");
    // Two spins are one pair, and one is none.
    assert_eq!(
        ising(r#"{"lattice": "ring"}"#, 2)
            .unwrap()
            .states(3, &[1, 0, 1])
            .unwrap()
            .log_reward,
        [-1.0]
    );
    assert_eq!(
        ising("{}", 1).unwrap().states(2, &[0, 1]).unwrap().log_reward,
        [0.0]
    );
}

/// Against a sum over all pairs of sites of a 3 by 3 square, each site having four neighbours.
#[test]
fn the_ising_model_on_a_square_is_summed_right() {
    let square = ising(r#"{"lattice": "square"}"#, 9).unwrap();
    for pattern in 0..512_i32 {
        let state: Vec<i32> = (0..9).map(|site| pattern >> site & 1).chain([1]).collect();
        let spin = |row: usize, column: usize| f64::from(2 * state[row % 3 * 3 + column % 3] - 1);
        let sites = (0..9).map(|site| (site / 3, site % 3));
        let sum: f64 = sites
            .map(|(r, c)| spin(r, c) * (spin(r + 1, c) + spin(r, c + 1)))
            .sum();
        assert_eq!(square.states(10, &state).unwrap().log_reward, [sum], "{state:?}");
    }
    let refused = ising(r#"{"lattice": "square"}"#, 8).err().unwrap();
    assert_eq!(refused.0, abi::BAD_PARAMETERS);
    assert!(refused.1.contains("a square number of spins"), "{}", refused.1);
}

fn rogue() -> PathBuf {
    let files = ["rogue", "answers", "crashes", "grabs"]
        .map(|name| source(&format!("../../plugins/reward-rogue/{name}.c")));
    compiler::library(&compiler::folder("rogue"), "c", "c99", &files)
}

/// Those of its modes that this process survives; whoever loads plugins into processes tests the rest.
#[test]
fn the_rogue_does_wrong_when_told() {
    let loaded = host::open(&rogue());
    let modes = loaded.description.member("parameters").and_then(|schema| {
        let Some(Json::Array(modes)) = schema.member("properties")?.member("mode")?.member("enum") else {
            return None;
        };
        Some(modes.len())
    });
    assert_eq!(modes, Some(41));
    let table = loaded.reward.unwrap();
    let score = |mode: &str, objects: &[&str]| {
        let parameters =
            format!(r#"{{"mode": "{mode}", "after": 0, "victim": "C", "path": "/nowhere/file"}}"#);
        host::Reward::make(table, &parameters, None)?.texts(objects)
    };
    let good = score("none", &["C", "N"]).unwrap();
    assert_eq!(
        (&good.log_reward[..], &good.status[..]),
        (&[-9.0, -196.0][..], &[1, 1][..])
    );
    for (mode, status, log_reward) in [
        ("nan", 1, f64::NAN),
        ("infinity", 1, f64::INFINITY),
        ("minus-infinity", 1, f64::NEG_INFINITY),
        ("wrong-count", 0, -9.0),
        ("bad-status", 77, -9.0),
        ("depends-on-batch", 1, -11.0),
    ] {
        let bad = score(mode, &["C", "N"]).unwrap();
        assert_eq!(
            (bad.status[0], bad.status[1], bad.log_reward[1]),
            (status, 1, -196.0),
            "{mode}"
        );
        assert_eq!(bad.log_reward[0].to_string(), log_reward.to_string(), "{mode}");
        assert_eq!(
            score(mode, &["N", "O"]).unwrap().status,
            [1, 1],
            "{mode} without a victim"
        );
    }
    assert_eq!(
        score("throw-away", &["C"]),
        Err((abi::FAILED, "the batch was thrown away".into()))
    );
    assert_eq!(
        score("no-text", &["C"]),
        Err((abi::FAILED, "no reason given".into()))
    );
    assert_eq!(score("bad-code", &["C"]).err().unwrap().0, 99);
    assert_eq!(
        score("read-file", &["C"]).unwrap().reasons[&0],
        "open: No such file or directory"
    );
    assert_eq!(score("huge-text", &["C"]).unwrap().reasons[&0].len(), 1 << 20);
    assert_eq!(
        score("fail-in-create", &["C"]).err().unwrap().0,
        abi::BAD_PARAMETERS
    );
}

#[test]
fn the_rogue_behaves_at_first() {
    let table = host::open(&rogue()).reward.unwrap();
    let reward = host::Reward::make(table, r#"{"mode": "bad-status", "after": 2}"#, None).unwrap();
    let status: Vec<u8> = (0..4).map(|_| reward.texts(&["C"]).unwrap().status[0]).collect();
    assert_eq!(status, [1, 1, 77, 77]);
}

/// `scripts/build-plugins` builds all that is in `plugins/`, and all of it can be loaded and asked.
#[test]
fn every_plugin_is_built_and_introduces_itself() {
    let folder = compiler::folder("plugins");
    let ran = Command::new(source("../../scripts/build-plugins"))
        .args(["--out", folder.to_str().unwrap()])
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/built"))
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .unwrap();
    let told = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(ran.status.success(), "{}", told[1]);
    let mut kinds = Vec::new();
    for library in told[0].lines().map(PathBuf::from) {
        let loaded = host::open(&library);
        let name = loaded.description.member("name").and_then(Json::as_text).unwrap();
        let which = [
            loaded.reward.is_some(),
            loaded.vocabulary.is_some(),
            loaded.environment.is_some(),
        ];
        kinds.push((name.to_owned(), which.iter().position(|&is| is)));
    }
    kinds.sort();
    let expected = [
        ("druglike", 0),
        ("ising", 0),
        ("rings", 1),
        ("rogue", 0),
        ("sequence", 2),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), Some(kind))));
    check_druglike(&folder.join("libreward-druglike.so"));
    check_rings(&folder.join("libvocabulary-rings.so"));
    check_sequence(&folder.join("libenvironment-sequence.so"));
}

fn check_druglike(library: &Path) {
    let druglike = host::Reward::make(host::open(library).reward.unwrap(), r#"{"rings": 2}"#, None).unwrap();
    let outcome = druglike.texts(&["CC(=O)Oc1ccccc1C(=O)O", "C1CC"]).unwrap();
    assert_eq!(outcome.status, [abi::SCORED, abi::NO_SCORE]);
    assert_eq!(
        outcome.reasons[&1],
        "`C1CC` is not a SMILES: ring 1 is not closed"
    );
    assert!(outcome.log_reward[0] < 0.0);
}

fn check_rings(library: &Path) {
    let rings = host::Vocabulary::make(
        host::open(library).vocabulary.unwrap(),
        r#"{"kind": "saturated"}"#,
    )
    .unwrap();
    assert_eq!(rings.count(), 8);
    let last = rings.block(7).unwrap();
    assert_eq!(
        last.member("smiles").and_then(Json::as_text),
        Some("[*:1]C1CC([*:2])CN([*:3])C1")
    );
}

fn check_sequence(library: &Path) {
    let table = host::open(library).environment.unwrap();
    let sequence = host::environment::Environment::make(table, r#"{"alphabet": "AB", "most": 3}"#).unwrap();
    assert_eq!((sequence.words, sequence.features), (4, 7));
    assert_eq!(
        sequence
            .masks(true, &[0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 1, 0], 1)
            .unwrap(),
        [0b11, 0b11111, 0b10000]
    );
    assert_eq!(
        sequence.step(&[1, 2, 0, 0], &[3]).unwrap(),
        (vec![2, 1, 2, 0], vec![1])
    );
    assert_eq!(
        sequence.undo(&[2, 1, 2, 0], &[1]).unwrap(),
        (vec![1, 2, 0, 0], vec![3])
    );
    assert_eq!(sequence.describe(&[2, 1, 2, 1]).unwrap(), "BAB");
}
