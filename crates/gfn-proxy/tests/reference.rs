//! The proxy against what the authors' own code computes, molecule by molecule, from `shared/data/seh`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

use std::path::PathBuf;

use gfn_chem::{AtomView, BondView, Hybridisation, MoleculeGraph, Order};
use gfn_proxy::{Input, Real, SehProxy, Stems, Variant, Weights};
use serde_json::Value;

/// The file that all of this is about.
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

fn weights() -> Option<Weights> {
    Some(Weights::load(&shared("proxy.safetensors")?, Some(SHA256)).unwrap())
}

fn rows() -> Vec<Value> {
    let text = std::fs::read_to_string(shared("proxy_reference.jsonl").unwrap()).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(rows.len() >= 200, "{} rows", rows.len());
    rows
}

/// The molecule in the authors' order of atoms, open attachment points marked.
fn graph(row: &Value) -> MoleculeGraph {
    let number = |name: &str, at: usize| row[name][at].as_u64().unwrap();
    let atom = |at: usize| AtomView {
        element: number("z", at) as u8,
        charge: 0,
        aromatic: number("aromatic", at) == 1,
        hybridisation: match row["hyb"][at].as_str().unwrap() {
            "SP" => Hybridisation::Sp,
            "SP2" => Hybridisation::Sp2,
            "SP3" => Hybridisation::Sp3,
            _ => Hybridisation::Other,
        },
        hydrogens: number("nh", at) as u8,
        // The first atom is open where none is, which goes without saying.
        mark: u16::from(!row["stems"].as_array().unwrap().is_empty()) * number("stem_mask", at) as u16,
    };
    let orders = [Order::Single, Order::Double, Order::Triple, Order::Aromatic];
    let bond = |bond: &Value| BondView {
        atoms: (bond[0].as_u64().unwrap() as u32, bond[1].as_u64().unwrap() as u32),
        order: orders[bond[2].as_u64().unwrap() as usize],
    };
    MoleculeGraph {
        atoms: (0..row["z"].as_array().unwrap().len()).map(atom).collect(),
        bonds: row["bonds"].as_array().unwrap().iter().map(bond).collect(),
    }
}

/// The largest difference from the column `expected` over all rows, scored as one batch.
fn worst<T: Real>(
    variant: Variant,
    stems: Stems,
    expected: &str,
    input: fn(&Value) -> MoleculeGraph,
) -> Option<f64> {
    let network = SehProxy::<T>::new(&weights()?, variant);
    let rows = rows();
    let inputs: Vec<Input> = rows.iter().map(|row| Input::new(&input(row), stems)).collect();
    let scores = network.scores(&inputs);
    let differences = rows
        .iter()
        .zip(scores)
        .map(|(row, score)| (score - row[expected].as_f64().unwrap()).abs());
    let worst = differences.fold(0.0, f64::max);
    println!(
        "{variant:?}, {stems:?}, {expected}, {}: {worst:e}",
        size_of::<T>() * 8
    );
    Some(worst)
}

fn from_smiles(row: &Value) -> MoleculeGraph {
    MoleculeGraph::parse(row["smiles"].as_str().unwrap()).unwrap()
}

// The references are written with nine digits, so that scores of up to 8 are known to 5e-9.

#[test]
fn scores_are_the_authors_in_double_precision() {
    let Some(worst) = worst::<f64>(Variant::Original, Stems::Open, "score", graph) else {
        return;
    };
    assert!(worst < 1e-8, "{worst:e}");
}

/// Six molecules' scores are also kept with all their digits.
#[test]
fn scores_are_the_authors_but_for_rounding() {
    let (Some(weights), Some(path)) = (weights(), shared("proxy_trace.safetensors")) else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let trace = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let network = SehProxy::<f64>::new(&weights, Variant::Original);
    for id in [0, 3, 30, 100, 190, 250] {
        let row = rows().into_iter().find(|row| row["id"] == id).unwrap();
        let exact = trace.tensor(&format!("mol{id}.score")).unwrap();
        let exact = f64::from_le_bytes(exact.data().try_into().unwrap());
        let found = network.scores(&[Input::new(&graph(&row), Stems::Open)])[0];
        assert!((found - exact).abs() < 1e-12, "molecule {id}: {found} {exact}");
    }
}

#[test]
fn scores_are_the_authors_in_single_precision() {
    let Some(worst) = worst::<f32>(Variant::Original, Stems::Open, "score", graph) else {
        return;
    };
    assert!(worst < 1e-4, "{worst:e}");
}

#[test]
fn a_plain_smiles_scores_as_a_molecule_without_open_points() {
    let stems = Stems::None;
    let double = worst::<f64>(Variant::Original, stems, "score_no_stem_mask", from_smiles);
    let single = worst::<f32>(Variant::Original, stems, "score_no_stem_mask", from_smiles);
    let (Some(double), Some(single)) = (double, single) else {
        return;
    };
    assert!(double < 1e-8 && single < 1e-4, "{double:e} {single:e}");
}

/// These references were computed in single precision.
#[test]
fn the_recursion_variant_scores_as_that_library_does() {
    let stems = Stems::None;
    let double = worst::<f64>(Variant::Recursion, stems, "score_recursion", from_smiles);
    let single = worst::<f32>(Variant::Recursion, stems, "score_recursion", from_smiles);
    let (Some(double), Some(single)) = (double, single) else {
        return;
    };
    assert!(double < 2e-5 && single < 1e-4, "{double:e} {single:e}");
}

#[test]
fn a_score_does_not_depend_on_its_company() {
    let Some(weights) = weights() else { return };
    let network = SehProxy::<f32>::new(&weights, Variant::Original);
    let rows = rows();
    let inputs: Vec<Input> = rows
        .iter()
        .map(|row| Input::new(&graph(row), Stems::Open))
        .collect();
    let together = network.scores(&inputs);
    for (input, score) in inputs.iter().zip(together) {
        let alone = network.scores(std::slice::from_ref(input));
        assert_eq!(alone[0].to_bits(), score.to_bits());
    }
}

#[test]
fn a_molecule_without_atoms_has_no_score() {
    let Some(weights) = weights() else { return };
    let network = SehProxy::<f32>::new(&weights, Variant::Original);
    let inputs = ["C", "", "CC"].map(|smiles| {
        let graph = MoleculeGraph::parse(smiles).unwrap_or_default();
        Input::new(&graph, Stems::None)
    });
    let scores = network.scores(&inputs);
    assert!(scores[1].is_nan() && scores[0].is_finite() && scores[2].is_finite());
    assert!(network.scores(&[]).is_empty());
}
