//! However a vocabulary is spoiled, reading it ends with an answer, and what is accepted can be walked.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

#[path = "../../../tests/support/random.rs"]
mod random;

use gfn_core::{Environment, Mask};
use gfn_envs::fragments::{Fragments, Params, Vocabulary};
use random::{Random, spoil};

/// Pieces of SMILES, likely and not.
const SMILES: &[&str] = &[
    "C",
    "c",
    "N",
    "n",
    "O",
    "S",
    "P",
    "B",
    "F",
    "Cl",
    "Br",
    "I",
    "[nH]",
    "[H]",
    "*",
    "[*]",
    "[*:0]",
    "[*:1]",
    "[*:2]",
    "[*:3]",
    "[*:999]",
    "[*:99999]",
    "[13C]",
    "[999C]",
    "[C+9]",
    "[C-99]",
    "[CH9]",
    "[Fe+2]",
    "[U]",
    "[Xx]",
    "[C@@H]",
    "[Si]",
    "(",
    ")",
    "()",
    "=",
    "#",
    "$",
    ":",
    "-",
    "/",
    "\\",
    "~",
    ".",
    "1",
    "2",
    "9",
    "%10",
    "%99",
    "%(100)",
    "c1ccccc1",
    "C1CC1",
    "C1CCC2CC1CC2",
    "c1ccc2ccccc2c1",
    "[*:1]C",
    "C([*:2])",
    ">>",
    "|",
    " ",
    "é",
];

fn shipped() -> Vec<String> {
    let text = include_str!("../src/fragments/druglike.json");
    let blocks = text.lines().filter(|line| line.contains("\"smiles\""));
    blocks
        .map(|line| line.trim().trim_end_matches(',').to_owned())
        .collect()
}

/// A vocabulary of a few blocks, shipped or put together from pieces, with bytes changed now and then.
fn vocabulary(blocks: &[String], random: &mut Random) -> String {
    let count = 1 + random.below(4);
    let blocks: Vec<String> = (0..count).map(|index| block(blocks, random, index)).collect();
    let mut text = format!(r#"{{"name": "spoiled", "blocks": [{}]}}"#, blocks.join(", ")).into_bytes();
    while random.one_in(4) {
        spoil(random, &mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn block(blocks: &[String], random: &mut Random, index: usize) -> String {
    let shipped = random.pick(blocks).clone();
    match random.below(3) {
        0 => shipped,
        1 => {
            let pieces: String = (0..=random.below(9)).map(|_| *random.pick(SMILES)).collect();
            format!(
                r#"{{"name": "b{index}", "smiles": "[*:1]{}"}}"#,
                pieces.replace('\\', "\\\\")
            )
        }
        _ => {
            let mut bytes = shipped.into_bytes();
            spoil(random, &mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

/// Walks to a finished molecule and asks about it.
fn walk(environment: &Fragments, random: &mut Random) {
    let (mut state, mut mask) = (environment.spec().initial.clone(), Mask::default());
    let mut next = state.clone();
    loop {
        environment.forward_mask(&state, &mut mask);
        let actions: Vec<usize> = mask.iter().collect();
        if actions.is_empty() {
            break;
        }
        environment.step(&state, *random.pick(&actions), &mut next);
        state.copy_from_slice(&next);
    }
    let described = environment.describe(&state);
    let qed = environment.molecule(&state).qed();
    assert!(
        !described.is_empty() && (0.0..=1.0).contains(&qed),
        "{described}: {qed}"
    );
}

#[test]
fn spoiled_vocabularies_have_answers() {
    let blocks = shipped();
    let params = Params {
        min_blocks: 1,
        max_blocks: 4,
        ..Params::default()
    };
    let mut accepted = 0;
    for number in 0..4_000 {
        let mut random = Random::new(7, number);
        let text = vocabulary(&blocks, &mut random);
        println!("case {number}: {text}");
        match Vocabulary::parse(&text, "spoiled.json") {
            Ok(vocabulary) => {
                accepted += 1;
                walk(
                    &Fragments::with_vocabulary(vocabulary, &params).unwrap(),
                    &mut random,
                );
            }
            Err(error) => assert!(
                error.to_string().starts_with("vocabulary `spoiled.json`"),
                "{error}"
            ),
        }
    }
    assert!(accepted > 200, "{accepted} accepted: the mutations do too much");
}

#[test]
fn what_is_no_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, said) in [
        ("/dev/zero", "it is a device"),
        (".", "it is a folder"),
        ("none.json", "cannot be read"),
        ("", "it is a folder"),
    ] {
        let error = Vocabulary::load(name, folder.path()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
