//! Why runs could not be exported.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why runs could not be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A file or folder could not be read or written.
    #[error(
        "{path}: {}; name another folder with -o, or make room",
        gfn_text::io_words(error)
    )]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Files in the folder are somebody else's, or were changed.
    #[error(
        "{path} holds files that are not as an earlier export left them, and would be replaced: {names}; name another folder with -o"
    )]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// Which files.
        names: String,
    },
    /// A table could not be encoded.
    #[error("{path}: {message}")]
    Encoding {
        /// Which file.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

impl ExportError {
    /// Turns a system's error into one that names the path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io { path, error }
    }

    /// The same for an encoder's.
    pub(crate) fn encoding<E: std::fmt::Display>(path: &Path) -> impl Fn(E) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Encoding {
            path: path.clone(),
            message: error.to_string(),
        }
    }
}
