//! Our chemistry against RDKit's, over the reference molecules that `shared/data/seh` holds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

use std::path::PathBuf;

use gfn_chem::Molecule;
use serde_json::Value;

/// A reference file's text; `None`, with the reason printed, where the data are not at hand.
fn reference(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/seh")
        .join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "{}: {error}",
                path.display()
            );
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}

fn molecules() -> Option<Vec<Value>> {
    Some(
        reference("chem_reference.jsonl")?
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

#[test]
fn molecules_agree_with_rdkit() {
    let Some(rows) = molecules() else { return };
    assert!(rows.len() >= 200, "{} molecules", rows.len());
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
    let (Some(rows), Some(text)) = (molecules(), reference("tanimoto_reference.json")) else {
        return;
    };
    let fingerprint = |id: &Value| {
        let row = rows.iter().find(|row| row["id"] == *id).unwrap();
        Molecule::parse(row["smiles"].as_str().unwrap())
            .unwrap()
            .fingerprint()
            .unwrap()
    };
    let table: Value = serde_json::from_str(&text).unwrap();
    for pair in table["pairs"].as_array().unwrap() {
        let found = fingerprint(&pair[0]).tanimoto(&fingerprint(&pair[1]));
        assert!((found - pair[2].as_f64().unwrap()).abs() < 1e-6, "{pair} {found}");
    }
}
