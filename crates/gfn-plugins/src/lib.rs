//! Plugins: third parties' rewards, vocabularies and environments, loaded so that nothing they do can lose a run.

use std::path::PathBuf;

pub mod new;
pub mod trust;

/// Stand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Stand-in.
    Library {
        /// Where.
        path: PathBuf,
        /// Hash.
        expected_hash: Option<String>,
    },
    /// Stand-in.
    Command {
        /// Words.
        words: Vec<String>,
        /// Folder.
        folder: PathBuf,
        /// Protocol.
        protocol: (),
    },
}

/// Stand-in.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Description {
    /// Name.
    pub name: String,
    /// Parameters.
    pub parameters: serde_json::Value,
}
