//! The variant `bengio2021` against states, molecules and parents of the paper's own code, from `shared/data/seh`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use gfn_chem::Join;
use gfn_core::testkit::{Thoroughness, check_environment};
use gfn_core::{Environment, Mask};
use gfn_envs::fragments::{Fragments, Params, Variant, Vocabulary};
use serde_json::Value;

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

/// The environment of the paper, and the reference's rows.
fn paper() -> Option<(Fragments, Vec<Value>)> {
    let params = Params {
        vocabulary: shared("blocks_PDB_105.json")?.to_str().unwrap().into(),
        variant: Variant::Bengio2021,
        ..Params::default()
    };
    let text = std::fs::read_to_string(shared("env_reference.jsonl")?).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 200);
    Some((Fragments::new(&params, Path::new("")).unwrap(), rows))
}

fn numbers(value: &Value) -> Vec<usize> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_u64().unwrap() as usize).collect()
}

fn lists(value: &Value) -> Vec<Vec<usize>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// A state of the reference: its blocks and joins as ours, and which of its ports are open, as (piece, atom), sorted.
struct Ours {
    words: Vec<i32>,
    open: Vec<Vec<usize>>,
}

/// Translates blocks, junction bonds `[a, b, atom of a, atom of b]` of a row or a parent.
fn ours(environment: &Fragments, row: &Value) -> Ours {
    let vocabulary = environment.vocabulary();
    let entries = numbers(&row["blocks"]);
    let blocks: Vec<usize> = entries.iter().map(|&entry| vocabulary.arm(entry).0).collect();
    let atoms = |piece: usize| vocabulary.fragment(blocks[piece]).ports();
    let mut used = HashSet::new();
    let mut port_at = |piece: usize, atom: usize| {
        let free = |port: &usize| atoms(piece)[*port] as usize == atom && !used.contains(&(piece, *port));
        let port = (0..atoms(piece).len()).find(free).unwrap();
        used.insert((piece, port));
        port
    };
    let join = |bond: &Vec<usize>| Join {
        pieces: (bond[0], bond[1]),
        ports: (port_at(bond[0], bond[2]), port_at(bond[1], bond[3])),
    };
    let joins: Vec<Join> = lists(&row["jbonds"]).iter().map(join).collect();
    let ports = (0..blocks.len()).flat_map(|piece| (0..atoms(piece).len()).map(move |port| (piece, port)));
    let mut open: Vec<Vec<usize>> = ports
        .filter(|end| !used.contains(end))
        .map(|(piece, port)| vec![piece, atoms(piece)[port] as usize])
        .collect();
    open.sort();
    Ours {
        words: environment.state(&blocks, &joins).unwrap(),
        open,
    }
}

/// Where the actions of `state` that attach entry `entry` lead, each once.
fn after(environment: &Fragments, state: &[i32], entry: usize) -> BTreeSet<Vec<i32>> {
    let mut mask = Mask::default();
    environment.forward_mask(state, &mut mask);
    let arms = environment.vocabulary().arm_count();
    let attach = mask
        .iter()
        .filter(|action| *action > 0 && (action - 1) % arms == entry);
    attach
        .map(|action| {
            let mut next = state.to_vec();
            environment.step(state, action, &mut next);
            next
        })
        .collect()
}

#[test]
fn entries_are_the_ways_to_attach_blocks() {
    let Some((environment, _)) = paper() else { return };
    let vocabulary = environment.vocabulary();
    assert_eq!(vocabulary.arm_count(), 105);
    let text = std::fs::read_to_string(shared("blocks_PDB_105.json").unwrap()).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    for entry in 0..105 {
        let (block, port) = vocabulary.arm(entry);
        let listed = numbers(&file["block_r"][entry.to_string()]);
        let mut atoms: Vec<usize> = vocabulary
            .fragment(block)
            .ports()
            .iter()
            .map(|&atom| atom as usize)
            .collect();
        let first = listed[0];
        let is_first = vocabulary
            .fragment(block)
            .symmetries()
            .iter()
            .any(|symmetry| atoms[symmetry[port]] == first);
        assert!(is_first, "entry {entry} is attached by atom {first}");
        let mut listed = listed;
        listed.sort_unstable();
        atoms.sort_unstable();
        assert_eq!(atoms, listed, "entry {entry}");
    }
}

#[test]
fn states_and_molecules_are_those_of_the_paper() {
    let Some((environment, rows)) = paper() else {
        return;
    };
    for row in &rows {
        let found = ours(&environment, row);
        let mut open = lists(&row["stems"]);
        open.sort();
        assert_eq!(found.open, open, "{row}");
        assert_eq!(
            environment.describe(&found.words),
            row["smiles"].as_str().unwrap()
        );
        let mut mask = Mask::default();
        environment.forward_mask(&found.words, &mut mask);
        let blocks = row["blocks"].as_array().unwrap().len();
        let finished = blocks == 8 || open.is_empty();
        assert_eq!(mask.none(), finished, "{row}");
        assert_eq!(
            mask.len() > 1 && mask.allows(0),
            blocks >= 2 && !finished,
            "{row}"
        );
    }
}

/// The states on the way, rebuilt from the reference's actions by that code's rules for its list of stems.
fn on_the_way(row: &Value, listed: &[Vec<usize>]) -> Vec<Value> {
    let (mut blocks, mut bonds) = (Vec::new(), Vec::new());
    let mut stems: Vec<[usize; 2]> = Vec::new();
    let mut states = Vec::new();
    for action in lists(&row["actions"]) {
        let (entry, piece) = (action[0], blocks.len());
        let (first, others) = listed[entry].split_first().unwrap();
        stems.extend(others.iter().map(|atom| [piece, *atom]));
        if piece == 0 {
            stems.push([0, *first]);
        } else {
            let [parent, atom] = stems.remove(action[1]);
            bonds.push([parent, piece, atom, *first]);
        }
        blocks.push(entry);
        states.push(serde_json::json!({ "blocks": blocks, "jbonds": bonds, "stems": stems }));
    }
    states
}

#[test]
fn every_step_of_the_paper_is_one_of_ours() {
    let Some((environment, rows)) = paper() else {
        return;
    };
    let text = std::fs::read_to_string(shared("blocks_PDB_105.json").unwrap()).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let listed: Vec<Vec<usize>> = (0..105)
        .map(|entry| numbers(&file["block_r"][entry.to_string()]))
        .collect();
    for row in &rows {
        let states = on_the_way(row, &listed);
        for key in ["blocks", "jbonds", "stems"] {
            assert_eq!(states.last().unwrap()[key], row[key], "the reference's own rules");
        }
        let mut before = ours(&environment, &states[0]).words;
        for state in &states[1..] {
            let next = ours(&environment, state).words;
            let entry = *numbers(&state["blocks"]).last().unwrap();
            assert!(after(&environment, &before, entry).contains(&next), "{state}");
            before = next;
        }
    }
}

/// The ways back are the reference's, but for those that its action does not lead back along.
#[test]
fn parents_are_those_from_which_the_action_leads_here() {
    let Some((environment, rows)) = paper() else {
        return;
    };
    let (mut all, mut left_out) = (0, 0);
    for row in &rows {
        let state = ours(&environment, row).words;
        let mut expected = BTreeSet::new();
        for parent in row["parents"].as_array().unwrap() {
            all += 1;
            if parent["blocks"].as_array().unwrap().is_empty() {
                expected.insert(environment.spec().initial.clone());
                continue;
            }
            let from = ours(&environment, parent).words;
            assert_eq!(environment.describe(&from), parent["smiles"].as_str().unwrap());
            let entry = numbers(&parent["action"])[0];
            match after(&environment, &from, entry).contains(&state) {
                true => drop(expected.insert(from)),
                false => left_out += 1,
            }
        }
        let mut mask = Mask::default();
        environment.backward_mask(&state, &mut mask);
        let mut found = BTreeSet::new();
        for action in mask.iter() {
            let mut previous = state.clone();
            environment.undo(&state, action, &mut previous);
            found.insert(previous);
        }
        assert_eq!(found, expected, "{row}");
    }
    assert_eq!((all, left_out), (468, 2));
}

#[test]
fn the_papers_environment_keeps_the_contract() {
    let Some((environment, _)) = paper() else { return };
    let how = Thoroughness {
        walks: 6,
        sweep: 0,
        seed: 3,
    };
    check_environment(&environment, how).unwrap();
}

/// Entries with repeated atoms, with fewer ways to attach than points, and with one molecule in two forms.
const SMALL: &str = r#"{
    "block_name": {"0": "CO_0", "1": "CO_1", "2": "oxolane_0", "3": "oxolane_1", "4": "F"},
    "block_smi": {"0": "CO", "1": "CO", "2": "C1CCOC1", "3": "C1CCOC1", "4": "F"},
    "block_r": {"0": [0, 1], "1": [1, 0, 0, 0], "2": [0, 4, 1, 2, 4], "3": [2, 4, 0, 1, 4], "4": [0]}
}"#;

#[test]
fn a_small_vocabulary_keeps_the_contract() {
    let vocabulary = Vocabulary::parse_bengio2021(SMALL, "small.json").unwrap();
    assert_eq!((vocabulary.block_count(), vocabulary.arm_count()), (4, 5));
    for (min_blocks, max_blocks) in [(1, 3), (2, 4)] {
        let params = Params {
            min_blocks,
            max_blocks,
            ..Params::default()
        };
        let environment = Fragments::with_vocabulary(vocabulary.clone(), &params).unwrap();
        let how = Thoroughness {
            walks: 50,
            sweep: 60_000,
            seed: 1,
        };
        let checked = check_environment(&environment, how).unwrap();
        assert!(checked.states.is_some());
    }
}

/// The oxygen of `CO_0` has no entry that attaches it: what hangs there cannot be taken off by that side.
#[test]
fn what_cannot_have_been_attached_last_is_not_taken_away() {
    let vocabulary = Vocabulary::parse_bengio2021(SMALL, "small.json").unwrap();
    let environment = Fragments::with_vocabulary(vocabulary, &Params::default()).unwrap();
    let ways_back = |port: usize| {
        let join = Join {
            pieces: (0, 1),
            ports: (port, 0),
        };
        let state = environment.state(&[0, 3], &[join]).unwrap();
        let mut mask = Mask::default();
        environment.backward_mask(&state, &mut mask);
        mask.len()
    };
    assert_eq!((ways_back(0), ways_back(1)), (2, 1));
}

#[test]
fn mistakes_are_named() {
    let message = |text: &str| {
        Vocabulary::parse_bengio2021(text, "own.json")
            .unwrap_err()
            .to_string()
    };
    let file = |smiles: &str, atoms: &str| {
        let names = r#"{"0": "a", "1": "b"}"#;
        format!(
            r#"{{"block_name": {names}, "block_smi": {{"0": "CO", "1": "{smiles}"}}, "block_r": {{"0": [0, 1], "1": {atoms}}}}}"#
        )
    };
    for (text, expected) in [
        (
            file("CO", "[0, 1]"),
            "vocabulary `own.json`, line 1: blocks `a` and `b` are the same",
        ),
        (
            file("OC", "[0, 1]"),
            "vocabulary `own.json`, line 1: blocks `a` and `b` are the same",
        ),
        (
            file("CO", "[2]"),
            "vocabulary `own.json`, line 1: block `b` names the atom 2",
        ),
        (
            file("CO", "[]"),
            "vocabulary `own.json`, line 1: block `b` has no attachment point",
        ),
        (
            file("CO", "[1]").replace("\"1\": \"CO\"", "\"2\": \"CO\""),
            "vocabulary `own.json`: `block_smi` has no block \"1\"",
        ),
        (
            r#"{"block_name": {}, "block_smi": {}, "block_r": {}}"#.to_string(),
            "vocabulary `own.json` has no blocks",
        ),
    ] {
        assert!(message(&text).starts_with(expected), "{}", message(&text));
    }
    let params = Params {
        variant: Variant::Bengio2021,
        ..Params::default()
    };
    let error = Fragments::new(&params, Path::new("")).unwrap_err().to_string();
    assert!(
        error.starts_with("`variant` = `bengio2021` needs `vocabulary`"),
        "{error}"
    );
}
