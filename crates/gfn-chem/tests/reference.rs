//! Our chemistry against RDKit's, over the reference molecules that `shared/data` holds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

use std::path::PathBuf;

use gfn_chem::{AtomView, Molecule, MoleculeGraph, SyntheticAccessibility};
use serde_json::Value;

/// Where a file of the shared data is; `None`, with the reason printed, where the data are not at hand.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
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

/// A reference file's text.
fn reference(name: &str) -> Option<String> {
    shared(name).map(|path| std::fs::read_to_string(path).unwrap())
}

fn rows(name: &str) -> Option<Vec<Value>> {
    let rows: Vec<Value> = reference(name)?
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(rows.len() >= 200, "{} rows in {name}", rows.len());
    Some(rows)
}

fn molecules() -> Option<Vec<Value>> {
    rows("seh/chem_reference.jsonl")
}

fn parsed(row: &Value) -> Molecule {
    Molecule::parse(row["smiles"].as_str().unwrap()).unwrap()
}

#[test]
fn molecules_agree_with_rdkit() {
    let Some(rows) = molecules() else { return };
    for row in &rows {
        let smiles = row["smiles"].as_str().unwrap();
        let molecule = Molecule::parse(row["random_smiles"].as_str().unwrap()).unwrap();
        assert_eq!(molecule.canonical_smiles().unwrap(), smiles);
        assert_eq!(molecule.atom_count() as u64, row["heavy_atoms"].as_u64().unwrap());
        assert!(
            (molecule.qed() - row["qed"].as_f64().unwrap()).abs() < 1e-5,
            "{smiles} {}",
            molecule.qed()
        );
        assert!(
            (molecule.logp() - row["logp"].as_f64().unwrap()).abs() < 1e-3,
            "{smiles} {}",
            molecule.logp()
        );
        let bits: Vec<u64> = row["morgan2_2048"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bit| bit.as_u64().unwrap())
            .collect();
        let found: Vec<u64> = molecule
            .fingerprint()
            .unwrap()
            .bits()
            .map(|bit| bit as u64)
            .collect();
        assert_eq!(found, bits, "{smiles}");
    }
}

#[test]
fn similarities_agree_with_rdkit() {
    let (Some(rows), Some(text)) = (molecules(), reference("seh/tanimoto_reference.json")) else {
        return;
    };
    let fingerprint = |id: &Value| {
        let molecule = parsed(rows.iter().find(|row| row["id"] == *id).unwrap());
        (molecule.fingerprint().unwrap(), molecule.path_fingerprint())
    };
    let table: Value = serde_json::from_str(&text).unwrap();
    for pair in table["pairs"].as_array().unwrap() {
        let ((morgan, path), (other_morgan, other_path)) = (fingerprint(&pair[0]), fingerprint(&pair[1]));
        for (found, expected) in [
            (morgan.tanimoto(&other_morgan), &pair[2]),
            (path.tanimoto(&other_path), &pair[3]),
        ] {
            assert!(
                (found - expected.as_f64().unwrap()).abs() < 1e-6,
                "{pair} {found}"
            );
        }
    }
}

#[test]
fn scaffolds_agree_with_rdkit() {
    for row in molecules().into_iter().flatten() {
        let scaffold = parsed(&row).scaffold().unwrap();
        assert_eq!(scaffold, row["murcko"].as_str().unwrap(), "{}", row["smiles"]);
    }
}

#[test]
fn synthetic_accessibility_agrees_with_rdkit() {
    let (Some(rows), Some(path)) = (molecules(), shared("sascore/fpscores.safetensors")) else {
        return;
    };
    let table = SyntheticAccessibility::load(&path).unwrap();
    for row in &rows {
        let found = table.score(&parsed(row)).unwrap();
        assert!(
            (found - row["sa"].as_f64().unwrap()).abs() < 1e-6,
            "{} {found}",
            row["smiles"]
        );
    }
}

/// What is known of an atom, in the reference's words.
fn atom_key(element: u64, aromatic: bool, hybridisation: &str, hydrogens: u64) -> String {
    format!("{element} {aromatic} {hybridisation} {hydrogens}")
}

#[test]
fn atoms_and_bonds_agree_with_rdkit() {
    for row in rows("seh/proxy_reference.jsonl").into_iter().flatten() {
        let smiles = row["smiles"].as_str().unwrap();
        let graph = MoleculeGraph::parse(smiles).unwrap();
        let column = |name: &str| row[name].as_array().unwrap().clone();
        let (elements, aromatic, hydrogens) = (column("z"), column("aromatic"), column("nh"));
        let hybridisations = column("hyb");
        let expected = |at: usize| {
            atom_key(
                elements[at].as_u64().unwrap(),
                aromatic[at] == 1,
                hybridisations[at].as_str().unwrap(),
                hydrogens[at].as_u64().unwrap(),
            )
        };
        let found = |atom: &AtomView| {
            let hybridisation = format!("{:?}", atom.hybridisation).to_uppercase();
            let (element, hydrogens) = (u64::from(atom.element), u64::from(atom.hydrogens));
            atom_key(element, atom.aromatic, &hybridisation, hydrogens)
        };
        let mut expected: Vec<String> = (0..elements.len()).map(expected).collect();
        let mut found: Vec<String> = graph.atoms.iter().map(found).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{smiles}");

        let mut expected: Vec<u64> = column("bonds")
            .iter()
            .map(|bond| bond[2].as_u64().unwrap())
            .collect();
        let mut found: Vec<u64> = graph.bonds.iter().map(|bond| bond.order as u64).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{smiles}");
    }
}

#[test]
fn drawings_are_svg_of_the_size_asked_for() {
    let molecule = Molecule::parse("CC(=O)Oc1ccccc1C(=O)O").unwrap();
    let svg = molecule.svg(300, 200);
    assert!(
        svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
        "{svg}"
    );
    assert!(
        svg.contains("width=\"300\"") && svg.contains("height=\"200\""),
        "{svg}"
    );
    assert!(svg.contains("OH"), "{svg}");
}
