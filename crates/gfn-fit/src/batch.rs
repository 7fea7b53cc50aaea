//! Molecules side by side as tensors.

use gfn_proxy::fitted::{ATOM_COLUMNS, BOND_KINDS, DESCRIPTORS, Features};
use tch::{Kind, Tensor};

use crate::FitError;

/// A molecule with its descriptors and its value standardised.
#[derive(Clone, Debug)]
pub(crate) struct Example<'a> {
    pub(crate) features: &'a Features,
    pub(crate) descriptors: [f32; DESCRIPTORS],
    pub(crate) value: f32,
}

/// Molecules, filled up to the atoms of the largest.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) molecules: i64,
    /// The atoms of the largest molecule.
    pub(crate) atoms: i64,
    /// Of each atom, its columns: `[molecules, atoms, columns]`.
    pub(crate) columns: Tensor,
    /// Of each atom and kind of bond, 1 at those bound to it: `[molecules, atoms · kinds, atoms]`.
    pub(crate) bonds: Tensor,
    /// 1 where there is an atom: `[molecules, atoms, 1]`.
    pub(crate) present: Tensor,
    /// How many atoms there are: `[molecules, 1]`.
    pub(crate) counts: Tensor,
    /// `[molecules, descriptors]`.
    pub(crate) descriptors: Tensor,
    /// `[molecules]`.
    pub(crate) values: Tensor,
}

impl Batch {
    pub(crate) fn of(examples: &[&Example<'_>]) -> Result<Self, FitError> {
        let largest = examples.iter().map(|example| example.features.atoms.len()).max();
        let (molecules, atoms) = (examples.len(), largest.unwrap_or(0));
        let mut columns = vec![0f32; molecules * atoms * ATOM_COLUMNS];
        let mut bonds = vec![0f32; molecules * atoms * BOND_KINDS * atoms];
        let mut present = vec![0f32; molecules * atoms];
        for (index, example) in examples.iter().enumerate() {
            let first = index * atoms;
            for (atom, active) in example.features.atoms.iter().enumerate() {
                present[first + atom] = 1.0;
                for &column in active {
                    columns[(first + atom) * ATOM_COLUMNS + usize::from(column)] = 1.0;
                }
            }
            for &(one, two, kind) in &example.features.bonds {
                let mut mark = |to: u32, from: u32| {
                    let row = (first + to as usize) * BOND_KINDS + usize::from(kind);
                    bonds[row * atoms + from as usize] = 1.0;
                };
                mark(one, two);
                mark(two, one);
            }
        }
        let descriptors: Vec<f32> = examples.iter().flat_map(|example| example.descriptors).collect();
        let values: Vec<f32> = examples.iter().map(|example| example.value).collect();
        let counts: Vec<f32> = examples
            .iter()
            .map(|example| example.features.atoms.len() as f32)
            .collect();
        let (many, most) = (molecules as i64, atoms as i64);
        let tensor = |values: &[f32], shape: &[i64]| Tensor::f_from_slice(values)?.f_view(shape);
        Ok(Self {
            molecules: many,
            atoms: most,
            columns: tensor(&columns, &[many, most, ATOM_COLUMNS as i64])?,
            bonds: tensor(&bonds, &[many, most * BOND_KINDS as i64, most])?,
            present: tensor(&present, &[many, most, 1])?,
            counts: tensor(&counts, &[many, 1])?,
            descriptors: tensor(&descriptors, &[many, DESCRIPTORS as i64])?,
            values: tensor(&values, &[many])?.f_to_kind(Kind::Float)?,
        })
    }
}
