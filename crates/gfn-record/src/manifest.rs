//! `manifest.json`: what made a run, where, with what, and how it ended.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::event::Metrics;
use crate::folder::FolderError;
use crate::integrity::{Recorded, Records};
use crate::phases::Phases;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is being trained, or was when its process died.
    Running,
    /// It reached its last step.
    Finished,
    /// It stopped with an error.
    Failed,
    /// It was stopped, and its last checkpoint resumes it.
    Saved,
}

/// A file that a run reads, pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Where it is.
    pub path: PathBuf,
    /// The SHA-256 of what was read.
    pub sha256: String,
}

impl DataFile {
    /// Pins a file as it is now.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn pin(path: &Path) -> Result<Self, FolderError> {
        let recorded = Recorded::of_file(path).map_err(FolderError::io(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            sha256: recorded.sha256,
        })
    }

    /// Checks that the file is what it was.
    ///
    /// # Errors
    /// Where it changed or is gone.
    pub fn check(&self) -> Result<(), FolderError> {
        let now = Self::pin(&self.path)?;
        if now == *self {
            Ok(())
        } else {
            Err(FolderError::Changed(self.path.clone()))
        }
    }
}

/// The manifest of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The version of `gfn`.
    pub gfn: String,
    /// The version of libtorch.
    pub libtorch: String,
    /// The experiment's name.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// How the run stands.
    pub status: Status,
    /// Which process wrote this, counted from 1: another for every time that the run was resumed.
    #[serde(default)]
    pub generation: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// The experiment file.
    pub experiment: String,
    /// The files of data that the run reads, besides the experiment.
    #[serde(default)]
    pub data: Vec<DataFile>,
    /// The SHA-256 of `resolved.toml`.
    pub resolved_sha256: String,
    /// That of the `resolved.toml` that this one replaces, until the run ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resolved_before: Option<String>,
    /// Where tensors lived.
    pub device: String,
    /// How matrix products round: `f32`, `tf32` or `bf16`.
    #[serde(default = "single_precision")]
    pub precision: String,
    /// How far the run's bits repeat: the level in force, `bitwise`, `device` or `fast`. Absent from older manifests.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub determinism: Option<String>,
    /// Threads of matrix products.
    pub threads: usize,
    /// The machine's processor.
    pub processor: String,
    /// Numbers that are learned.
    pub parameters: usize,
    /// Where the rewards come from, where that is not this program: names and values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub reward: BTreeMap<String, String>,
    /// What was changed about the run, with consent, before it went on, and after which update.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<String>,
    /// The writer that began the run again with consent, because none of its checkpoints could be used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub begun_again: Option<u64>,
    /// What was found to be doubtful while it was trained, a sentence each: figures may mean less than they seem to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// Seconds since 1970 at the start.
    pub started: u64,
    /// Seconds from start to end; absent while running.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seconds: Option<f64>,
    /// Seconds spent training, measuring left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub training_seconds: Option<f64>,
    /// Where those seconds went.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phases: Option<Phases>,
    /// Updates taken.
    pub steps: u64,
    /// The true log Z, where the environment was swept.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub log_z: Option<f64>,
    /// The untrained policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Metrics>,
    /// The trained policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Metrics>,
    /// What the run has written, besides this file and its checkpoints; while it is under way, only what is not written
    /// again. Absent from older manifests.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<Records>,
}

/// Before manifests spoke of precision there was but one.
fn single_precision() -> String {
    "f32".into()
}
