//! A molecule and what is computed from it.

use chematic::{chem, core, fp, smiles};
use chematic_depict as depict;
use thiserror::Error;

use crate::{Fingerprint, strict};

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
        let molecule = Self::parse_unchecked(smiles)?;
        match smiles::rdkit_sanitized_model(&molecule.0) {
            Ok(_) => Ok(molecule),
            Err(error) => Err(ChemError::Impossible {
                smiles: smiles.into(),
                message: error.to_string(),
            }),
        }
    }

    /// Reads a SMILES; its molecule may be impossible.
    pub(crate) fn parse_unchecked(smiles: &str) -> Result<Self, ChemError> {
        let syntax = |message: String| ChemError::Syntax {
            smiles: smiles.into(),
            message,
        };
        let molecule = smiles::parse(smiles).map_err(|error| syntax(error.to_string()))?;
        strict::check(smiles).map_err(syntax)?;
        strict::check_rings(&molecule).map_err(syntax)?;
        Ok(Self(molecule))
    }

    /// How many atoms there are, implicit hydrogens left out.
    pub fn atom_count(&self) -> usize {
        self.0.atom_count()
    }

    /// The canonical SMILES that RDKit writes: the key by which molecules are equal.
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] where the molecule is beyond the toolkit.
    pub fn canonical_smiles(&self) -> Result<String, ChemError> {
        smiles::rdkit_canonical_smiles(&self.0).map_err(unsupported)
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
        let bits = fp::rdkit_morgan_ecfp4_bitvec(&self.0).map_err(unsupported)?;
        Ok(fingerprint(&bits.to_le_bytes()))
    }

    /// RDKit's path fingerprint (`RDKFingerprint`): paths and branched pieces of one to seven bonds, in 2048 bits. Molecules look
    /// more alike by it than by [`Self::fingerprint`].
    pub fn path_fingerprint(&self) -> Fingerprint {
        fingerprint(&fp::rdkit_rdk_fp(&self.0).to_le_bytes())
    }

    /// The SMILES of the Bemis-Murcko scaffold: the rings and what links them, with the atoms doubly bound to those. Empty where
    /// there is no ring.
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] where the molecule is beyond the toolkit.
    pub fn scaffold(&self) -> Result<String, ChemError> {
        smiles::rdkit_murcko_scaffold(&self.0).map_err(unsupported)
    }

    /// A drawing as an SVG document, scaled to fit `width` times `height` pixels.
    pub fn svg(&self, width: u32, height: u32) -> String {
        let options = depict::RenderOptions {
            width: Some(width),
            height: Some(height),
            kekulize: true,
            ..depict::RenderOptions::default()
        };
        depict::depict_svg_opts(&self.0, &options)
    }
}

/// What the toolkit refuses.
pub(crate) fn unsupported(error: impl std::fmt::Display) -> ChemError {
    ChemError::Unsupported(error.to_string())
}

/// Bit n of the bytes as bit n of words.
fn fingerprint(bytes: &[u8; 256]) -> Fingerprint {
    let mut words = [0; 32];
    for (index, byte) in bytes.iter().enumerate() {
        words[index / 8] |= u64::from(*byte) << (index % 8 * 8);
    }
    Fingerprint(words)
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
