//! A molecule and what is computed from it.

use chematic::{chem, core, fp, smiles};
use thiserror::Error;

use crate::Fingerprint;

/// Why something could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChemError {
    /// The text is no SMILES.
    #[error("`{smiles}` is not a SMILES: {message}")]
    Syntax {
        /// The text.
        smiles: String,
        /// What the parser says.
        message: String,
    },
    /// The text is a SMILES of something that cannot exist, as RDKit judges it.
    #[error("`{smiles}` is not a possible molecule: {message}")]
    Impossible {
        /// The text.
        smiles: String,
        /// What is impossible.
        message: String,
    },
    /// A molecule that the toolkit cannot treat.
    #[error("{0}")]
    Unsupported(String),
}

/// A molecule: heavy atoms, bonds, hydrogen counts.
#[derive(Clone)]
pub struct Molecule(pub(crate) core::Molecule);

impl Molecule {
    /// Reads a SMILES and checks that the molecule is possible (valences, aromatic rings), as RDKit would.
    ///
    /// # Errors
    /// [`ChemError::Syntax`] and [`ChemError::Impossible`].
    pub fn parse(smiles: &str) -> Result<Self, ChemError> {
        let molecule = smiles::parse(smiles).map_err(|error| ChemError::Syntax {
            smiles: smiles.into(),
            message: error.to_string(),
        })?;
        match smiles::rdkit_sanitized_model(&molecule) {
            Ok(_) => Ok(Self(molecule)),
            Err(error) => Err(ChemError::Impossible {
                smiles: smiles.into(),
                message: error.to_string(),
            }),
        }
    }

    /// How many atoms there are, implicit hydrogens left out.
    pub fn atom_count(&self) -> usize {
        self.0.atom_count()
    }

    /// The canonical SMILES that RDKit writes: equal for equal molecules.
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] where the molecule is beyond the toolkit.
    pub fn canonical_smiles(&self) -> Result<String, ChemError> {
        smiles::rdkit_canonical_smiles(&self.0).map_err(|error| ChemError::Unsupported(error.to_string()))
    }

    /// A SMILES in the order of the atoms; cheap, never fails, not canonical.
    pub fn plain_smiles(&self) -> String {
        smiles::write(&self.0)
    }

    /// The quantitative estimate of drug-likeness, in (0, 1] (Bickerton et al. 2012, mean weights).
    pub fn qed(&self) -> f64 {
        chem::qed(&self.0)
    }

    /// Crippen's logarithm of the octanol-water partition coefficient.
    pub fn logp(&self) -> f64 {
        chem::logp_crippen(&self.0)
    }

    /// The Morgan fingerprint of radius 2 in 2048 bits (ECFP4).
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] where the molecule is beyond the toolkit.
    pub fn fingerprint(&self) -> Result<Fingerprint, ChemError> {
        let bytes = fp::rdkit_morgan_ecfp4_bitvec(&self.0)
            .map_err(|error| ChemError::Unsupported(error.to_string()))?
            .to_le_bytes();
        let mut words = [0; 32];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().expect("chunks of eight"));
        }
        Ok(Fingerprint(words))
    }
}

impl std::fmt::Debug for Molecule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Molecule({})", self.plain_smiles())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_molecules_are_refused() {
        assert!(matches!(Molecule::parse("C("), Err(ChemError::Syntax { .. })));
        assert!(matches!(Molecule::parse(""), Err(ChemError::Syntax { .. })));
        for smiles in ["C(C)(C)(C)(C)C", "c1cccc1", "F=C", "n1cccc1"] {
            assert!(Molecule::parse(smiles).is_err(), "{smiles}");
        }
    }

    #[test]
    fn smiles_become_canonical() {
        let canonical = |smiles| Molecule::parse(smiles).unwrap().canonical_smiles().unwrap();
        assert_eq!(canonical("OCC"), "CCO");
        assert_eq!(canonical("C1=CC=CC=C1N"), "Nc1ccccc1");
        assert_eq!(canonical("[CH3][CH2][OH]"), "CCO");
    }
}
