//! How hard a molecule is to make: the score of Ertl and Schuffenhauer.
//!
//! P. Ertl and A. Schuffenhauer 2009, "Estimation of synthetic accessibility score of drug-like molecules based on molecular
//! complexity and fragment contributions", Journal of Cheminformatics 1:8, doi 10.1186/1758-2946-1-8; with the changes of RDKit's
//! `sascorer.py`, which everybody uses.

use std::path::{Path, PathBuf};

use chematic::{chem, fp, perception, smiles};
use gfn_files::regular::MIB;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use thiserror::Error;

use crate::molecule::unsupported;
use crate::{ChemError, Molecule};

/// The largest table of fragments; RDKit's takes 6 MiB.
const FILE_LIMIT: u64 = 256 * MIB;

/// What a fragment scores that the table does not know.
const UNKNOWN: f64 = -4.0;

/// Why there is no table of fragments.
#[derive(Debug, Error)]
pub enum TableError {
    /// The file is not there, or not readable.
    #[error("the fragment table `{file}` cannot be read: {}", gfn_text::io_words(source))]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "`{file}` is not a fragment table in safetensors (`ids`: ascending u32, `scores`: as many f32): {message}"
    )]
    Format {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// Scores the synthetic accessibility of molecules, from 1 (easy) to 10 (hard).
#[derive(Clone, Debug)]
pub struct SyntheticAccessibility {
    /// Identifiers of circular fragments of radius up to 2, ascending.
    ids: Vec<u32>,
    scores: Vec<f32>,
}

impl SyntheticAccessibility {
    /// Reads the fragments' scores from a safetensors file with `ids` (u32, ascending) and `scores` (f32).
    ///
    /// # Errors
    /// [`TableError`] names the file and what is wrong with it.
    pub fn load(path: &Path) -> Result<Self, TableError> {
        let bytes = gfn_files::read(path, FILE_LIMIT).map_err(|source| TableError::Read {
            file: path.into(),
            source,
        })?;
        Self::parse(&bytes).map_err(|message| TableError::Format {
            file: path.into(),
            message,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|error| gfn_input::safetensors_fault(bytes, &error))?;
        let ids: Vec<u32> = words(&tensors, "ids", Dtype::U32, u32::from_le_bytes)?;
        let scores: Vec<f32> = words(&tensors, "scores", Dtype::F32, f32::from_le_bytes)?;
        if ids.len() != scores.len() {
            return Err(format!("{} ids, but {} scores", ids.len(), scores.len()));
        }
        if !ids.is_sorted() {
            return Err("the ids do not ascend".into());
        }
        Ok(Self { ids, scores })
    }

    /// The score of a molecule.
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] where the molecule has no atoms or is beyond the toolkit.
    pub fn score(&self, molecule: &Molecule) -> Result<f64, ChemError> {
        let atoms = molecule.atom_count() as f64;
        let config = fp::RdkitMorganConfig::default();
        let counts = fp::rdkit_morgan_fingerprint(&molecule.0, &config)
            .map_err(unsupported)?
            .sparse_counts;
        if counts.is_empty() {
            return Err(ChemError::Unsupported("a molecule without atoms".into()));
        }
        let total: u32 = counts.values().sum();
        // Summed in an order of its own, so that the last bits do not depend on a hash table's.
        let mut fragments: Vec<(u32, u32)> = counts.into_iter().collect();
        fragments.sort_unstable();
        let known: f64 = fragments
            .iter()
            .map(|&(id, count)| f64::from(count) * self.fragment(id))
            .sum();
        let distinct = fragments.len() as f64;
        let symmetry = if atoms > distinct {
            0.5 * (atoms / distinct).ln()
        } else {
            0.0
        };
        Ok(scaled(
            known / f64::from(total) - complexity(molecule)? + symmetry,
        ))
    }

    fn fragment(&self, id: u32) -> f64 {
        self.ids
            .binary_search(&id)
            .map_or(UNKNOWN, |at| f64::from(self.scores[at]))
    }
}

/// The values of a tensor of four-byte numbers.
fn words<T>(
    tensors: &SafeTensors<'_>,
    name: &str,
    wanted: Dtype,
    read: fn([u8; 4]) -> T,
) -> Result<Vec<T>, String> {
    let tensor: TensorView<'_> = tensors.tensor(name).map_err(|error| error.to_string())?;
    if tensor.dtype() != wanted {
        return Err(format!("`{name}` is {:?}, not {wanted:?}", tensor.dtype()));
    }
    let (chunks, _) = tensor.data().as_chunks::<4>();
    Ok(chunks.iter().map(|chunk| read(*chunk)).collect())
}

/// The penalty for size, stereocenters, spiro and bridgehead atoms, and rings of more than eight atoms.
fn complexity(molecule: &Molecule) -> Result<f64, ChemError> {
    let atoms = molecule.atom_count() as f64;
    let (stereocenters, _) = smiles::rdkit_atom_stereocenter_counts(&molecule.0).map_err(unsupported)?;
    let log_of_one_more = |count: usize| (count as f64 + 1.0).log10();
    let rings = perception::find_sssr(&molecule.0);
    let has_macrocycle = rings.rings().iter().any(|ring| ring.len() > 8);
    Ok(atoms.powf(1.005) - atoms
        + log_of_one_more(stereocenters)
        + log_of_one_more(chem::num_spiro_atoms(&molecule.0))
        + log_of_one_more(chem::num_bridgehead_atoms(&molecule.0))
        + log_of_one_more(usize::from(has_macrocycle)))
}

/// The raw score on the scale from 1 to 10, its hard end smoothed.
fn scaled(raw: f64) -> f64 {
    let score = 11.0 - (raw + 5.0) / 6.5 * 9.0;
    let smooth = if score > 8.0 {
        8.0 + (score - 8.0).ln()
    } else {
        score
    };
    smooth.clamp(1.0, 10.0)
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::serialize;

    use super::*;

    fn file(ids: &[u32], scores: &[f32]) -> Vec<u8> {
        let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let scores: Vec<u8> = scores.iter().flat_map(|score| score.to_le_bytes()).collect();
        let view = |dtype, data| TensorView::new(dtype, vec![<[u8]>::len(data) / 4], data).unwrap();
        let tensors = [
            ("ids", view(Dtype::U32, &ids)),
            ("scores", view(Dtype::F32, &scores)),
        ];
        serialize(tensors, None).unwrap()
    }

    #[test]
    fn unknown_fragments_are_hard() {
        let table = SyntheticAccessibility::parse(&file(&[1, 5], &[1.0, 0.5])).unwrap();
        assert_eq!(
            (table.fragment(1), table.fragment(5), table.fragment(2)),
            (1.0, 0.5, UNKNOWN)
        );
        // One atom, one fragment: 11 − (−4 + 5) / 6.5 · 9, smoothed.
        let water = table.score(&Molecule::parse("O").unwrap()).unwrap();
        let raw: f64 = 11.0 - 9.0 / 6.5;
        assert!((water - (8.0 + (raw - 8.0).ln())).abs() < 1e-12, "{water}");
    }

    #[test]
    fn other_files_are_refused() {
        for (bytes, message) in [
            (file(&[5, 1], &[1.0, 0.5]), "do not ascend"),
            (file(&[1], &[1.0, 0.5]), "1 ids, but 2 scores"),
            (b"no".to_vec(), ""),
        ] {
            let error = SyntheticAccessibility::parse(&bytes).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        let error = SyntheticAccessibility::load(Path::new("nowhere/table")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the fragment table `nowhere/table` cannot be read: ")
        );
    }
}
