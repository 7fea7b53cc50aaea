//! Chemistry behind one small module: parse, assemble, canonical SMILES, fingerprints, drug-likeness.
//!
//! Everything here agrees with RDKit to the bit (SMILES, fingerprints) or to rounding (QED, logP); the `reference`
//! tests say so. The work is done by the pure-Rust crate `chematic`, which no other crate of ours names: whoever wants
//! another toolkit changes this crate alone.
//!
//! [`Molecule`] is a molecule, [`Fragment`] a piece of one with attachment points, [`Fingerprint`] what molecules are
//! compared by, [`Drawing`] where the atoms of a picture are.

mod drawing;
mod fingerprint;
mod fragment;
mod molecule;
mod read;
mod symmetry;

pub use drawing::{Drawing, DrawnAtom, DrawnBond};
pub use fingerprint::{Fingerprint, diversity, modes};
pub use fragment::{Fragment, Join, MOST_PORTS};
pub use molecule::{ChemError, Molecule};
pub use read::FragmentError;
