//! Molecules by the Tanimoto similarity of their fingerprints, 2,048 bits each.
//!
//! Reference: Rogers and Tanimoto 1960, "A computer program for classifying plants", Science 132, 1115-1118.

use gfn_chem::{Molecule, tanimoto};
use gfn_core::ObjectKind;
use gfn_registry::settings::{Evaluation, Fingerprint};

use super::{Distance, Key, Traits};

struct Tanimoto(Fingerprint);

/// For molecules.
pub(super) fn of(objects: &ObjectKind, evaluation: &Evaluation) -> Option<Box<dyn Distance>> {
    let is_molecule = *objects == ObjectKind::Molecule;
    is_molecule.then(|| Box::new(Tanimoto(evaluation.fingerprint)) as Box<dyn Distance>)
}

impl Tanimoto {
    fn key_of(&self, molecule: &Molecule) -> Option<Key> {
        let fingerprint = match self.0 {
            Fingerprint::Morgan => molecule.fingerprint().ok()?,
            Fingerprint::Path => molecule.path_fingerprint(),
        };
        Some(Box::new(fingerprint.0))
    }
}

impl Distance for Tanimoto {
    /// Environments of third parties can call something a molecule that is none: it has no fingerprint.
    fn key(&self, words: &str) -> Option<Key> {
        self.key_of(&Molecule::parse(words).ok()?)
    }

    /// The family is the scaffold of Bemis and Murcko.
    fn traits(&self, words: &str) -> Traits {
        let Ok(molecule) = Molecule::parse(words) else {
            return Traits::default();
        };
        Traits {
            key: self.key_of(&molecule),
            family: molecule.scaffold().ok(),
        }
    }

    fn has_families(&self) -> bool {
        true
    }

    fn similarity(&self, one: &Key, two: &Key) -> f64 {
        tanimoto(one, two)
    }
}
