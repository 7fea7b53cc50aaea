//! The graph of states on vocabularies small enough to count, the canonical form against brute force, every message.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use gfn_core::exact::StateGraph;
use gfn_core::testkit::{Thoroughness, check_environment};
use gfn_core::{Environment, Mask, Observation, Purpose, Stream};

use super::tree::{Node, Tree};
use super::*;

fn vocabulary(smiles: &[&str]) -> Vocabulary {
    let blocks: Vec<String> = smiles
        .iter()
        .enumerate()
        .map(|(index, smiles)| format!(r#"{{"name": "b{index}", "smiles": "{smiles}"}}"#))
        .collect();
    Vocabulary::parse(
        &format!(r#"{{"name": "test", "blocks": [{}]}}"#, blocks.join(",")),
        "test.json",
    )
    .unwrap()
}

fn fragments(smiles: &[&str], min_blocks: usize, max_blocks: usize) -> Fragments {
    let params = Params {
        min_blocks,
        max_blocks,
        ..Params::default()
    };
    Fragments::with_vocabulary(vocabulary(smiles), &params).unwrap()
}

fn druglike() -> Fragments {
    Fragments::new(&Params::default(), Path::new("")).unwrap()
}

const BENZENE_6: &str = "[*:1]c1c([*:2])c([*:3])c([*:4])c([*:5])c1[*:6]";

/// How many states have each number of blocks, stopped copies left out.
fn counts(environment: &Fragments) -> BTreeMap<i32, usize> {
    let graph = StateGraph::build(environment, 1_000_000).unwrap();
    let mut counts = BTreeMap::new();
    for state in (0..graph.len())
        .map(|index| graph.state(index))
        .filter(|state| state[1] == 0)
    {
        *counts.entry(state[0]).or_default() += 1;
    }
    counts
}

#[test]
fn small_vocabularies_keep_the_contract() {
    for (smiles, min_blocks, max_blocks) in [
        (&["[*:1]C"][..], 1, 3),
        (&["[*:1]C"], 2, 2),
        (&["[*:1]C[*:2]"], 1, 6),
        (&["[*:1]C[*:2]", "[*:1]N"], 3, 5),
        (&["[*:1]CO[*:2]"], 2, 6),
        (&["[*:1]C([*:2])[*:3]"], 1, 6),
        (&["[*:1]C([*:2])[*:3]", "[*:1]O", "[*:1]N"], 4, 5),
        (&["[*:1]C([*:2])([*:3])[*:4]", "[*:1]CO[*:2]"], 2, 4),
        (&[BENZENE_6], 2, 3),
        (
            &[
                "[*:1]c1ccc([*:2])cc1",
                "[*:1]c1cc([*:2])cc([*:3])c1",
                "[*:1]c1ccc([*:2])c([*:3])c1",
            ],
            2,
            4,
        ),
        (
            &["[*:1]C([*:2])C([*:3])[*:4]", "[*:1]CN([*:2])C[*:3]", "[*:1]F"],
            3,
            4,
        ),
    ] {
        let environment = fragments(smiles, min_blocks, max_blocks);
        let how = Thoroughness {
            walks: 50,
            sweep: 30_000,
            seed: 1,
        };
        let checked =
            check_environment(&environment, how).unwrap_or_else(|error| panic!("{smiles:?}: {error}"));
        assert!(checked.states.is_some(), "{smiles:?} is too big to sweep");
    }
}

#[test]
fn the_built_in_vocabulary_keeps_the_contract() {
    check_environment(
        &druglike(),
        Thoroughness {
            walks: 8,
            sweep: 0,
            seed: 2,
        },
    )
    .unwrap();
}

/// Counted by hand.
#[test]
fn states_are_counted() {
    let counted = |smiles: &[&str], max_blocks| {
        counts(&fragments(smiles, 1, max_blocks))
            .into_values()
            .collect::<Vec<_>>()
    };
    // A symmetric linker makes one chain of each length. One with two ends makes words of n turns, a word and its
    // reversal alike: (2^n + p) / 2 with p = 2^(n/2) words that are their own reversal for even n, 0 for odd n.
    assert_eq!(counted(&["[*:1]C[*:2]"], 6), [1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(counted(&["[*:1]CO[*:2]"], 5), [1, 1, 3, 4, 10, 16]);
    // Caps on two sorts: three pairs, all finished.
    assert_eq!(counted(&["[*:1]C", "[*:1]O"], 3), [1, 2, 3]);
    // Trees with at most three neighbours: 1, 1, 1, 2, 2, 4, 6 (alkanes whose carbons have a hydrogen).
    assert_eq!(counted(&["[*:1]C([*:2])[*:3]"], 7), [1, 1, 1, 1, 2, 2, 4, 6]);
    // Trees with at most four neighbours, the alkanes: 1, 1, 1, 2, 3, 5, 9.
    assert_eq!(
        counted(&["[*:1]C([*:2])([*:3])[*:4]"], 7),
        [1, 1, 1, 1, 2, 3, 5, 9]
    );
    // Three benzenes: the middle one is ortho, meta or para.
    assert_eq!(counted(&[BENZENE_6], 3), [1, 1, 1, 3]);
}

/// One state for each molecule: where blocks cannot be told apart otherwise, canonical SMILES are the judge.
#[test]
fn states_are_molecules() {
    for (smiles, max_blocks) in [
        (&[BENZENE_6][..], 4),
        (&["[*:1]c1cc([*:2])cc([*:3])c1", "[*:1]n1cc([*:2])cn1"], 5),
        (&["[*:1]C([*:2])C([*:3])C([*:4])[*:5]"], 4),
    ] {
        let environment = fragments(smiles, 1, max_blocks);
        let graph = StateGraph::build(&environment, 100_000).unwrap();
        let states: Vec<&[i32]> = (0..graph.len())
            .map(|index| graph.state(index))
            .filter(|state| state[0] > 0 && state[1] == 0)
            .collect();
        let molecules: HashSet<String> = states.iter().map(|state| environment.describe(state)).collect();
        assert_eq!(molecules.len(), states.len(), "{smiles:?}");
    }
}

/// Words of an unordered tree built from `edges` between (piece, port), in a random order of construction and with
/// random symmetries applied to its blocks.
fn shuffled(
    environment: &Fragments,
    blocks: &[usize],
    edges: &[(usize, u8, usize, u8)],
    stream: &mut Stream,
) -> Vec<i32> {
    let turns: Vec<Vec<usize>> = blocks
        .iter()
        .map(|&block| {
            let symmetries = environment.vocabulary.blocks[block].fragment.symmetries();
            symmetries[stream.below(symmetries.len())].clone()
        })
        .collect();
    let mut place = HashMap::from([(stream.below(blocks.len()), 0)]);
    let mut tree = Tree::new(&environment.vocabulary);
    tree.push(Node {
        block: blocks[*place.keys().next().unwrap()] as u32,
        ..Node::NONE
    });
    while place.len() < blocks.len() {
        let (mut one, mut port, mut two, mut other) = edges[stream.below(edges.len())];
        if place.contains_key(&two) {
            (one, port, two, other) = (two, other, one, port);
        }
        if !place.contains_key(&one) || place.contains_key(&two) {
            continue;
        }
        tree.push(Node {
            block: blocks[two] as u32,
            parent: place[&one] as u8,
            parent_port: turns[one][port as usize] as u8,
            port: turns[two][other as usize] as u8,
        });
        place.insert(two, tree.len() - 1);
    }
    let mut words = environment.spec().initial.clone();
    environment.settle(&mut tree, &mut words);
    words
}

#[test]
fn order_of_construction_leaves_no_trace() {
    let environments = [
        fragments(
            &["[*:1]C([*:2])C([*:3])[*:4]", "[*:1]CN([*:2])C[*:3]", BENZENE_6],
            2,
            8,
        ),
        fragments(&["[*:1]C([*:2])[*:3]", "[*:1]CO[*:2]"], 2, 16),
        druglike(),
    ];
    let mut stream = Stream::new(5, Purpose::Test, 0);
    for round in 0..300 {
        let environment = &environments[round % environments.len()];
        let state = walk(environment, &mut stream);
        let blocks: Vec<usize> = slots(&state).map(|slot| slot[0] as usize).collect();
        let edges: Vec<_> = joins(&state)
            .iter()
            .map(|join| {
                (
                    join.pieces.0,
                    join.ports.0 as u8,
                    join.pieces.1,
                    join.ports.1 as u8,
                )
            })
            .collect();
        let unstopped = [&[state[0], 0], &state[2..]].concat();
        for _ in 0..10 {
            assert_eq!(shuffled(environment, &blocks, &edges, &mut stream), unstopped);
        }
    }
}

/// A random walk's finished state.
fn walk(environment: &Fragments, stream: &mut Stream) -> Vec<i32> {
    let (mut mask, mut state) = (Mask::default(), environment.spec().initial.clone());
    let mut next = state.clone();
    loop {
        environment.forward_mask(&state, &mut mask);
        let legal: Vec<usize> = mask.iter().collect();
        if legal.is_empty() {
            return state;
        }
        environment.step(&state, legal[stream.below(legal.len())], &mut next);
        std::mem::swap(&mut state, &mut next);
    }
}

#[test]
fn assembled_molecules_are_possible() {
    let environment = druglike();
    let mut stream = Stream::new(6, Purpose::Test, 0);
    for _ in 0..2000 {
        let state = walk(&environment, &mut stream);
        let assembled = environment.molecule(&state);
        let smiles = environment.describe(&state);
        let molecule = Molecule::parse(&smiles).unwrap();
        assert_eq!(molecule.canonical_smiles().unwrap(), smiles);
        assert_eq!(molecule.fingerprint(), assembled.fingerprint(), "{smiles}");
        assert!((molecule.qed() - assembled.qed()).abs() < 1e-9, "{smiles}");
    }
}

#[test]
fn the_observation_matches_the_molecule() {
    let environment = fragments(&["[*:1]c1ccc([*:2])cc1", "[*:1]CO[*:2]"], 2, 4);
    let mut state = environment.spec().initial.clone();
    let mut observation = Observation::new(environment.spec(), 0);
    environment.observe(0, &state, &mut observation);
    // Arms: the ring's one sort of port, then the carbon and the oxygen end of the linker.
    for action in [1, 2] {
        let mut next = state.clone();
        environment.step(&state, action, &mut next);
        state = next;
        environment.observe(0, &state, &mut observation);
    }
    assert_eq!(environment.describe(&state), "OCc1ccccc1");
    assert_eq!(observation.states, 3);
    assert_eq!(observation.items.fields[0][..2], [2, 0]);
    assert_eq!(observation.items.state, [0, 1, 2, 2]);
    let mut kinds: Vec<_> = observation.items.edge_fields[0].clone();
    kinds.sort_unstable();
    assert_eq!(kinds, [0, 2], "the ring's first port and the carbon end");
    assert_eq!(observation.rows[0].count, [1, 1, 2]);
    assert_eq!(observation.rows[0].kind[0], 4);
    assert_eq!(observation.backward_rows[0].count, [0, 1, 2]);
}

#[test]
fn a_vocabulary_is_found_beside_its_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let json = r#"{"name": "own", "blocks": [{"name": "ring", "smiles": "[*:1]c1ccc([*:2])cc1"}]}"#;
    std::fs::write(folder.path().join("own.json"), json).unwrap();
    let params = Params {
        vocabulary: "own.json".into(),
        ..Params::default()
    };
    let environment = Fragments::new(&params, folder.path()).unwrap();
    assert_eq!(
        (
            environment.vocabulary().name(),
            environment.vocabulary().block_name(0)
        ),
        ("own", "ring")
    );
    assert_eq!(
        (
            environment.vocabulary().block_count(),
            environment.vocabulary().arm_count()
        ),
        (1, 1)
    );
}

fn message(json: &str) -> String {
    Vocabulary::parse(json, "own.json").unwrap_err().to_string()
}

#[test]
fn mistakes_are_named() {
    let block = |smiles| {
        message(&format!(
            r#"{{"name": "v", "blocks": [{{"name": "odd", "smiles": "{smiles}"}}]}}"#
        ))
    };
    let blocks = |blocks: &str| message(&format!("{{\"name\": \"v\", \"blocks\": [\n{blocks}\n]}}"));
    let file = "vocabulary `own.json`";
    for (said, expected) in [
        (
            message(r#"{"name": "v", "blocks": []}"#),
            format!("{file} has no blocks"),
        ),
        (
            message("{\"name\": \"v\",\n \"blocks\": [,]}"),
            format!("{file} is no JSON object: line 2, column 13: unexpected `,`"),
        ),
        (
            message("{\"name\": \"v\",\n \"blocks\": [1,]}"),
            format!("{file} is no JSON object: line 2, column 15: a comma before a closing bracket"),
        ),
        (
            message("  "),
            format!("{file} is no JSON object: it is an empty file; copy or make it again"),
        ),
        (
            message("{\"name\":\n"),
            format!("{file} is no JSON object: line 2: the file ends before its last bracket is closed"),
        ),
        (
            message("{\"name\" \"v\"}"),
            format!("{file} is no JSON object: line 1, column 9: a key without a colon behind it"),
        ),
        (
            message("{\"name\": \"v\"\n\"blocks\": []}"),
            format!("{file} is no JSON object: line 2, column 1: two values without a comma between them"),
        ),
        (
            message("[]"),
            format!("{file} is no JSON object: it is a list, and an object `{{…}}` is needed"),
        ),
        (
            message(r#"{"name": "v"}"#),
            format!("{file}: the file has no key `blocks`"),
        ),
        (
            blocks("\"[*:1]C\""),
            format!(
                "{file}, line 2: block 1 is a text, and an object is needed: `{{\"name\": …, \"smiles\": …}}`"
            ),
        ),
        (
            blocks("{\"name\": \"a\",\n\"smiles\": 3}"),
            format!("{file}, line 3: the SMILES of block `a` is a number, and a text is needed"),
        ),
        (
            block("CC"),
            format!("{file}, line 1: block `odd` has no attachment point such as `[*:1]` in `CC`"),
        ),
        (
            block("[*:1]C("),
            format!(
                "{file}, line 1: block `odd` is wrong: `[*:1]C(` is not a SMILES: the parenthesis `(` at position 7 is not closed"
            ),
        ),
        (
            block("[*:1]=C"),
            format!(
                "{file}, line 1: block `odd` has the attachment point `[*:1]` on a bond that is not single"
            ),
        ),
    ] {
        assert_eq!(said, expected);
    }
    let said = message(r#"{"name": "v", "blocks": [{"name": "a", "smile": "C"}]}"#);
    for part in [
        "line 1: block `a` has an unknown key `smile`; the keys are `name`, `smiles`",
        "line 1: block `a` has no key `smiles`",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

/// One round: everything that is wrong is told, each with its line.
#[test]
fn all_mistakes_of_a_vocabulary_are_told_at_once() {
    let text = r#"{"blocks": [
  {"name": "methyl", "smiles": "[*:1]C"},
  {"name": "methyl", "smiles": "[*:1]CC"},

  {"name": "open", "smiles": "[*:1]C1CC"},
  {"name": "CH3", "smiles": "C[*:7]"},
  "[*:1]N",
  {"smiles": "[*:1]O", "size": 3},
  {"name": "radical", "smiles": "[*:1][CH]C"},
  {"name": "open", "smiles": "c1cccn1"},
  {"name": "fine", "smiles": "[*:1]F"}
], "name": "v", "kind": "x"}"#;
    let expected = "vocabulary `own.json` has 10 mistakes
  line 12: the file has an unknown key `kind`; the keys are `name`, `blocks`
  line 3: two blocks are named `methyl`
  line 5: block `open` is wrong: `[*:1]C1CC` is not a SMILES: ring 1, opened at position 7, is not closed
  line 6: blocks `methyl` and `CH3` are the same, atoms and attachment points alike
  line 7: block 5 is a text, and an object is needed: `{\"name\": …, \"smiles\": …}`
  line 8: block 6 has an unknown key `size`; the keys are `name`, `smiles`
  line 8: block 6 has no key `name`
  line 9: block `radical` has an unpaired electron: atom 2 (`[CH]`, position 6): an atom in brackets has the hydrogens that are written \
                    there, and no others; write `[*:1]CC`, or give it another attachment point: `[*:1][CH]([*:2])C`
  line 10: two blocks are named `open`
  line 10: block `open` is wrong: `c1cccn1` is not a possible molecule: the aromatic ring at `c1cccn1` (position 1) has no Kekulé form; \
                    mostly a nitrogen lacks its hydrogen: write `[nH]` for the `n` at position 6";
    assert_eq!(
        message(text).lines().collect::<Vec<_>>(),
        expected.lines().collect::<Vec<_>>()
    );
    // Lines are those of an editor, whatever ends them.
    assert_eq!(message(&text.replace('\n', "\r\n")), message(text));
}

/// In the format of the paper's code too.
#[test]
fn all_mistakes_of_the_papers_format_are_told_at_once() {
    let said = |json: &str| {
        Vocabulary::parse_bengio2021(json, "own.json")
            .unwrap_err()
            .to_string()
    };
    let text = r#"{"block_name": {"0": "a", "1": "b", "2": "c", "3": "d"},
"block_smi": {"0": "CC",
  "1": "C[CH]C",
  "2": "C1",
  "3": "CO"},
"block_r": {"0": [0], "1": [0], "2": [0], "3": [7]}}"#;
    let expected = "vocabulary `own.json` has 3 mistakes
  line 3: block `b` has an unpaired electron: atom 2 (`[CH]`, position 2): an atom in brackets has the hydrogens that are written \
                    there, and no others; write `CCC`
  line 4: block `c` is wrong: `C1` is not a SMILES: ring 1, opened at position 2, is not closed
  line 5: block `d` names the atom 7, and `CO` has 2 atoms, which such a file numbers from 0 to 1";
    assert_eq!(said(text), expected);
    let missing = said(&text.replace("\"3\": \"CO\"", "\"5\": \"CO\""));
    assert!(missing.contains("`block_smi` has no block \"3\""), "{missing}");
    assert!(said("{}").contains("the file has no key `block_r`"));
}

#[test]
fn wrong_parameters_are_named() {
    let fails = |vocabulary: &str, min_blocks, max_blocks| {
        let params = Params {
            vocabulary: vocabulary.into(),
            min_blocks,
            max_blocks,
            ..Params::default()
        };
        Fragments::new(&params, Path::new("/nowhere"))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(fails("druglike", 0, 8), "`min_blocks` = 0 must be from 1 to 16");
    assert_eq!(fails("druglike", 2, 17), "`max_blocks` = 17 must be from 1 to 16");
    assert_eq!(
        fails("druglike", 5, 4),
        "`min_blocks` = 5 is more than `max_blocks` = 4"
    );
    let missing = fails("mine.json", 2, 8);
    assert!(
        missing.starts_with("vocabulary `/nowhere/mine.json` cannot be read: no such file"),
        "{missing}"
    );
    let params = Params {
        vocabulary: "caps.json".into(),
        min_blocks: 3,
        ..Params::default()
    };
    let caps = Fragments::with_vocabulary(vocabulary(&["[*:1]C"]), &params).unwrap_err();
    assert_eq!(
        caps.to_string(),
        "`min_blocks` = 3 is out of reach: no block of vocabulary `caps.json` has two attachment points, so molecules \
         end at two blocks"
    );
}
