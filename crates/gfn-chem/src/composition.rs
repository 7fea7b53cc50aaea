//! What a SMILES is made of, before anything is checked.

use std::collections::BTreeSet;
use std::mem::replace;

use chematic::core::{self, AtomIdx};

use crate::{ChemError, Molecule};

/// What a SMILES is made of. It is read and not checked: that takes time which grows as the text does, where
/// [`Molecule::parse`] takes half a minute for a polymer of 20,000 atoms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composition {
    /// How many atoms there are that are neither hydrogens nor dummies.
    pub heavy_atoms: usize,
    /// How many molecules are written in one, such as the ions of a salt.
    pub parts: usize,
    /// The symbols of the elements that are written, a dummy's (`*`) among them.
    pub symbols: BTreeSet<&'static str>,
}

impl Composition {
    /// What a SMILES is made of; its molecule may be impossible.
    ///
    /// # Errors
    /// [`ChemError::Syntax`].
    pub fn of(smiles: &str) -> Result<Self, ChemError> {
        let Molecule(molecule) = Molecule::parse_unchecked(smiles)?;
        let symbols = molecule.atoms().map(|(_, atom)| match atom.wildcard {
            true => "*",
            false => atom.element.symbol(),
        });
        let symbols: Vec<&str> = symbols.collect();
        let heavy = symbols.iter().filter(|symbol| !matches!(**symbol, "H" | "*"));
        Ok(Self {
            heavy_atoms: heavy.count(),
            parts: parts(&molecule),
            symbols: symbols.into_iter().collect(),
        })
    }
}

fn parts(molecule: &core::Molecule) -> usize {
    let mut seen = vec![false; molecule.atom_count()];
    let mut parts = 0;
    for first in 0..seen.len() {
        if replace(&mut seen[first], true) {
            continue;
        }
        parts += 1;
        let mut stack = vec![AtomIdx(first as u32)];
        while let Some(atom) = stack.pop() {
            let neighbours = molecule.neighbors(atom).map(|(other, _)| other);
            stack.extend(neighbours.filter(|other| !replace(&mut seen[other.0 as usize], true)));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_parts_and_elements_are_told() {
        let told = |smiles: &str| {
            let found = Composition::of(smiles).unwrap();
            let symbols: Vec<&str> = found.symbols.into_iter().collect();
            (found.heavy_atoms, found.parts, symbols.join(" "))
        };
        assert_eq!(told("CC(=O)[O-].[Na+]"), (5, 2, "C Na O".into()));
        assert_eq!(told("[2H]C([2H])([2H])O"), (2, 1, "C H O".into()));
        assert_eq!(told("[13CH3]c1cc[se]c1"), (6, 1, "C Se".into()));
        assert_eq!(told("[*:1]CB(O)O"), (4, 1, "* B C O".into()));
        // A ring may be closed across a dot, and a molecule need not be possible.
        assert_eq!(told("C1.C1"), (2, 1, "C".into()));
        assert_eq!(told("C(C)(C)(C)(C)C"), (6, 1, "C".into()));
        assert!(matches!(Composition::of("C("), Err(ChemError::Syntax { .. })));
        assert!(matches!(Composition::of(""), Err(ChemError::Syntax { .. })));
    }

    #[test]
    fn a_polymer_is_read() {
        let found = Composition::of(&"CC(c1ccccc1)".repeat(2500)).unwrap();
        assert_eq!((found.heavy_atoms, found.parts), (20_000, 1));
        let salts = Composition::of(&(String::from("C") + &".C".repeat(19_999))).unwrap();
        assert_eq!(salts.parts, 20_000);
    }
}
