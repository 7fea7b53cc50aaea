//! One molecule, one key, however it is written: against RDKit.

#![expect(clippy::unwrap_used, reason = "a test, helpers included")]

use std::collections::HashMap;

use gfn_chem::{Composition, Molecule, MoleculeGraph, canonical_of};

/// SMILES with the canonical SMILES of RDKit: map numbers, hydrogens as atoms, other orders of atoms, Kekulé forms.
const FORMS: &str = include_str!("data/normal_forms.tsv");

fn forms() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = FORMS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').unwrap())
}

#[test]
fn every_way_to_write_a_molecule_is_one_key() {
    let mut count = 0;
    for (text, canonical) in forms() {
        let found = canonical_of(text).unwrap();
        assert_eq!(found, canonical, "{text}");
        assert_eq!(canonical_of(&found).unwrap(), found, "{text}: a fixed point");
        count += 1;
    }
    assert!(count >= 90, "{count}");
}

/// In a cage the toolkit's canonical SMILES depends on the order of the atoms, and changes when it is written anew.
#[test]
fn ambiguous_rings_are_one_key_too() {
    for texts in [
        &[
            "O=C=NC1=CC2C3=C(C=C1)C2=C(N=C=O)C=C3",
            "O=C=NC1=CC2c3ccc(N=C=O)c2c3C=C1",
        ][..],
        &["C1C2CC3CC1CC(C2)C3", "C12CC3CC(C1)CC(C2)C3"],
        &["c1cc2cccc3ccc4cccc1c4c23", "C1=CC2=CC=CC3=CC=C4C=CC=C1C4=C23"],
    ] {
        let key = canonical_of(texts[0]).unwrap();
        for text in texts {
            assert_eq!(canonical_of(text).unwrap(), key, "{text}");
        }
        assert_eq!(canonical_of(&key).unwrap(), key, "a fixed point");
    }
}

/// What is computed of a molecule does not depend on how it is written either.
#[test]
fn every_way_to_write_a_molecule_has_the_same_properties() {
    let mut first: HashMap<&str, (u64, u64, String, usize)> = HashMap::new();
    for (text, canonical) in forms() {
        let molecule = Molecule::parse(text).unwrap();
        let fingerprint = molecule.fingerprint().unwrap();
        let properties = (
            molecule.qed().to_bits(),
            fingerprint.bits().map(|bit| bit as u64).sum(),
            molecule.scaffold().unwrap(),
            molecule.atom_count(),
        );
        let known = first.entry(canonical).or_insert_with(|| properties.clone());
        let close =
            known.0 == properties.0 || (f64::from_bits(known.0) - f64::from_bits(properties.0)).abs() < 1e-9;
        assert!(close && known.1 == properties.1, "{text}");
        assert_eq!((&known.2, known.3), (&properties.2, properties.3), "{text}");
    }
}

#[test]
fn an_extension_behind_a_smiles_is_no_part_of_it() {
    for text in ["OCC |$_R1;;$|", " OCC\t|$;;$| ", "CCO"] {
        assert_eq!(canonical_of(text).unwrap(), "CCO", "{text}");
        assert_eq!(Composition::of(text).unwrap().heavy_atoms, 3, "{text}");
        assert_eq!(MoleculeGraph::parse(text).unwrap().atoms.len(), 3, "{text}");
    }
    for (text, message) in [
        (
            "CCO |$_R1",
            "the extension that begins with `|` at position 5 is not closed",
        ),
        ("CC O", "something stands behind it, at position 4"),
        ("CCO |$;;$| ethanol", "something stands behind it, at position 5"),
    ] {
        let said = canonical_of(text).unwrap_err().to_string();
        assert!(said.contains(message), "{said}");
    }
}

/// In a file of molecules a name may stand there.
#[test]
fn lines_have_a_smiles_and_a_name() {
    for (line, expected) in [
        (
            " OCC\t|$;;$| ethanol of the shop\r",
            ("OCC\t|$;;$|", "ethanol of the shop"),
        ),
        ("OCC |$_R1;;$|", ("OCC |$_R1;;$|", "")),
        ("OCC  ethanol ", ("OCC", "ethanol")),
        ("OCC |$", ("OCC |$", "")),
        ("OCC", ("OCC", "")),
    ] {
        assert_eq!(gfn_chem::with_name(line), expected);
    }
}

/// Places are counted from 1, and what is wrong is said in words.
#[test]
fn mistakes_are_told_in_words_with_their_place() {
    for (text, message) in [
        ("", "it is empty"),
        ("C(", "the parenthesis `(` at position 2 is not closed"),
        ("CC(C(C)C", "the parenthesis `(` at position 3 is not closed"),
        ("CC)C", "the parenthesis `)` at position 3 closes nothing"),
        ("CC1CC", "ring 1, opened at position 3, is not closed"),
        ("C1CC1C2CC1", "ring 1, opened at position 10, is not closed"),
        ("C%12CC", "ring 12, opened at position 2, is not closed"),
        ("C=1CC-1", "ring 1, closed at position "),
        ("C[Na", "the bracket `[` at position 2 is not closed"),
        ("CC[Qq]", "`[Qq]` at position 3 is no atom"),
        ("CNaC", "unexpected `a` at position 3; write elements other than"),
        ("CCSiC", "unexpected `i` at position 4; write elements other than"),
        ("CC$$", "position"),
        ("C==C", "position 3"),
        ("Cé", "unexpected `é` at position 2"),
        ("CC(X)C", "unexpected `X` at position 4"),
        (
            "CO(C)C",
            "atom 2 (`O`, position 2) has a valence of 3, more than its element can have",
        ),
        ("ClC(C)(C)(C)C", "atom 2 (`C`, position 3) has a valence of 5"),
        ("CC=N(C)C", "atom 3 (`N`, position 4) has a valence of 4"),
        (
            "c1cccn1",
            "the aromatic ring at `c1cccn1` (position 1) has no Kekulé form; mostly a nitrogen lacks its hydrogen: write `[nH]` for the `n` at position 6",
        ),
        (
            "Oc1ncc2ncnc2n1",
            "the aromatic ring at `c1ncc2ncnc2n1` (position 2) has no Kekulé form; mostly a nitrogen lacks its hydrogen: write `[nH]` for one `n`",
        ),
        (
            "Cc1cccc1",
            "the aromatic ring at `c1cccc1` (position 2) has no Kekulé form: single and double bonds cannot alternate in it",
        ),
        (
            "Ccc",
            "atom 2 (`c`, position 2) is written in lower case, as aromatic, and is in no ring",
        ),
    ] {
        let said = canonical_of(text).unwrap_err().to_string();
        assert!(said.contains(message), "{text}: {said}");
        for word in ["sanitiz", "kekulize", "RDKit", "#", "pos:"] {
            assert!(!said.contains(word), "{text}: {said}");
        }
    }
}

#[test]
fn radicals_are_known() {
    for (text, is_radical) in [
        ("[CH2]C", true),
        ("C[N](C)[O]", true),
        ("C[CH]C", true),
        ("CC", false),
        ("[CH3][CH2][OH]", false),
        ("[H]C([H])([H])O", false),
        ("C[N+](=O)[O-]", false),
        ("c1cc[nH]c1", false),
        ("[Na+].[Cl-]", false),
        ("c1cc[se]c1", false),
        ("C[S](=O)(=O)C", false),
    ] {
        assert_eq!(Molecule::parse(text).unwrap().is_radical(), is_radical, "{text}");
    }
}
