//! Chemistry behind one small module: parse, assemble, canonical SMILES, fingerprints, drug-likeness, drawings.
//!
//! Everything here agrees with RDKit to the bit (SMILES, scaffolds, fingerprints, what is known of each atom) or to rounding
//! (QED, logP, synthetic accessibility); the `reference` tests say so. The work is done by the pure-Rust crate `chematic`, which no other crate of ours names: whoever wants
//! another toolkit changes this crate alone.
//!
//! [`Molecule`] is a molecule, [`Fragment`] a piece of one with attachment points, [`Fingerprint`] what molecules are
//! compared by, [`MoleculeGraph`] what a network over atoms sees, [`Drawing`] where the atoms of a picture are, [`Composition`]
//! what can be told of a SMILES before it is checked.

mod complaint;
mod composition;
mod drawing;
mod fingerprint;
mod fragment;
mod graph;
mod molecule;
mod normal;
mod order;
mod read;
mod rings;
mod spans;
mod strict;
mod symmetry;
mod synthetic;

pub use composition::Composition;
pub use drawing::{Drawing, DrawnAtom, DrawnBond};
pub use fingerprint::{Fingerprint, diversity, tanimoto};
pub use fragment::{Fragment, Join, MAX_PORTS};
pub use graph::{AtomView, BondView, Hybridisation, MoleculeGraph, Order};
pub use molecule::{ChemError, Molecule};
pub use normal::{canonical_of, smiles_of, with_name};
pub use read::FragmentError;
pub use synthetic::{SyntheticAccessibility, TableError};
