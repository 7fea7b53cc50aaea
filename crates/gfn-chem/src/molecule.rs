//! A molecule and what is computed from it.

use chematic::{chem, core, fp, smiles};
use chematic_depict as depict;
use gfn_text::quoted;
use thiserror::Error;

use crate::normal::{self, smiles_of};
use crate::{Fingerprint, complaint};

/// Why something could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChemError {
    /// The text is no SMILES.
    #[error("{} is not a SMILES: {message}", quoted(.smiles))]
    Syntax {
        /// The text.
        smiles: String,
        /// What the parser says.
        message: String,
    },
    /// The text is a SMILES of something that cannot exist, as RDKit judges it.
    #[error("{} is not a possible molecule: {message}", quoted(.smiles))]
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
    /// Reads a SMILES and checks that the molecule is possible (valences, aromatic rings), as RDKit would. The molecule is the same
    /// however it is written: map numbers, hydrogens written as atoms, and what stands behind the SMILES make no difference.
    ///
    /// # Errors
    /// [`ChemError::Syntax`] and [`ChemError::Impossible`].
    pub fn parse(text: &str) -> Result<Self, ChemError> {
        let smiles = smiles_of(text)?;
        normal::checked(smiles, complaint::read(smiles)?).map(Self)
    }

    /// Reads a SMILES as it is written, with its map numbers and hydrogens, and checks that the molecule is possible.
    pub(crate) fn parse_as_written(smiles: &str) -> Result<Self, ChemError> {
        let molecule = complaint::read(smiles)?;
        match smiles::rdkit_sanitized_model(&molecule) {
            Ok(_) => Ok(Self(molecule)),
            Err(error) => Err(complaint::impossible(smiles, &molecule, &error)),
        }
    }

    /// Reads a SMILES; its molecule may be impossible.
    pub(crate) fn parse_unchecked(text: &str) -> Result<Self, ChemError> {
        complaint::read(smiles_of(text)?).map(Self)
    }

    /// The atoms with unpaired electrons, by their places.
    pub(crate) fn radicals(&self) -> Vec<usize> {
        // Only an atom in brackets can have fewer hydrogens than its valence leaves room for.
        if self.0.atoms().all(|(_, atom)| atom.hydrogen_count.is_none()) {
            return Vec::new();
        }
        let Ok(block) = smiles::rdkit_mol_block(&self.0) else {
            return Vec::new();
        };
        let atoms = block.atoms.iter().enumerate();
        atoms
            .filter(|(_, atom)| atom.radical != 0)
            .map(|(place, _)| place)
            .collect()
    }

    /// Whether an atom has unpaired electrons, as the carbon of `[CH2]C`: legal, stable in few molecules, and mostly a mistake.
    pub fn is_radical(&self) -> bool {
        !self.radicals().is_empty()
    }

    /// How many atoms there are, implicit hydrogens left out.
    pub fn atom_count(&self) -> usize {
        self.0.atom_count()
    }

    /// The canonical SMILES that RDKit writes: the key by which molecules are equal. Reading and writing it again changes nothing.
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] where the molecule is beyond the toolkit.
    pub fn canonical_smiles(&self) -> Result<String, ChemError> {
        normal::canonical(&self.0)
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
    let error = error.to_string();
    let what = error.rsplit("RDKit-compatible SMILES: ").next().unwrap_or(&error);
    ChemError::Unsupported(format!("the molecule is beyond the chemistry toolkit ({what})"))
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
