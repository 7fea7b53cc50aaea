//! Why nothing can be docked.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why nothing can be docked. What is wrong with a single molecule is an [`Outcome`](crate::Outcome).
#[derive(Debug, Error)]
pub enum DockingError {
    /// A program is not installed.
    #[error(
        "docking needs the program `{program}`, which is not on the PATH; install it (Debian and Ubuntu: apt-get install {package})"
    )]
    Missing {
        /// Which.
        program: &'static str,
        /// Where it comes from.
        package: &'static str,
    },
    /// A program is there and does not start, or does not say its version.
    #[error("docking needs the program `{program}`, which does not work: {message}")]
    Broken {
        /// Which.
        program: String,
        /// Why.
        message: String,
    },
    /// The receptor cannot be used.
    #[error("the receptor {path}: {message}", path = path.display())]
    Receptor {
        /// Its file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// The file of energies cannot be used.
    #[error("the file of energies {path}: {error}", path = path.display(), error = gfn_text::io_words(error))]
    Cache {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A stop was asked for.
    #[error("docking was given up because a stop was asked for")]
    Stopped,
    /// The machine got in the way of a molecule, several times in a row.
    #[error(
        "{} could not be docked, for a reason of the machine and not of the molecule: {reason}; energies found so far are kept",
        gfn_text::quoted(.smiles)
    )]
    Machine {
        /// The molecule.
        smiles: String,
        /// What the machine lacks.
        reason: String,
    },
    /// Nothing was docked, and all molecules failed for the same reason.
    #[error(
        "the first {count} molecules all failed in the same way, so the receptor, the box or the programs are at fault, not the \
         molecules: {reason}"
    )]
    Alike {
        /// How many.
        count: usize,
        /// Why the first of them failed.
        reason: String,
    },
}

impl DockingError {
    pub(crate) fn receptor(path: &Path, message: impl Into<String>) -> Self {
        Self::Receptor {
            path: path.to_path_buf(),
            message: message.into(),
        }
    }

    pub(crate) fn cache(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        |error| Self::Cache { path, error }
    }
}
