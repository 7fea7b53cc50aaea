//! Checkpoints: what a run needs to go on after it was stopped, at whatever instant.
//!
//! A checkpoint is one file, so that one rename publishes it. It holds named parts, which are bytes to this crate, and a
//! manifest that says their lengths and hashes; `format.rs` has the layout. [`Store`] writes them and keeps the last few,
//! [`latest`] finds the newest that is whole, and [`Saver`] writes them on a thread of its own.
//!
//! The newest checkpoint is that of the latest generation ([`crate::lock`]), and among those that of the latest step: what
//! a writer that was shut out has published in its last moment never wins over its successor's.

use std::path::{Path, PathBuf};

use crate::folder::{FolderError, names};
use crate::lock::names_in;

mod format;
pub(crate) mod room;
mod saver;
mod store;

pub use saver::Saver;
pub use store::{Found, Loaded, Skipped, Store, latest, latest_that, recorded, wholes};

/// The part that holds how far the growing files had come, as JSON of [`crate::integrity::Records`].
pub const HASHES: &str = "hashes.json";

/// A named piece of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is, unlike the other parts' names: `state.json`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Part {
    /// A part.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let name = name.to_string();
        Self { name, bytes }
    }
}

/// Which checkpoint of a run it is; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The writer that saved it.
    pub generation: u64,
    /// Updates taken.
    pub step: u64,
}

impl Key {
    /// The name of its file.
    fn name(self) -> String {
        let Self { generation, step } = self;
        format!("step-{step:012}-generation-{generation:04}.ckpt")
    }

    /// What [`Self::name`] turned into a name.
    fn of_name(name: &str) -> Option<Self> {
        let (step, generation) = name
            .strip_prefix("step-")?
            .strip_suffix(".ckpt")?
            .split_once("-generation-")?;
        let (generation, step) = (generation.parse().ok()?, step.parse().ok()?);
        let key = Self { generation, step };
        (key.name() == name).then_some(key)
    }
}

/// The checkpoints of a run, whole or not, the newest first.
fn keys(run: &Path) -> Result<Vec<Key>, FolderError> {
    let folder = folder_of(run);
    let names = match names_in(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names.map_err(FolderError::io(&folder))?,
    };
    let mut keys: Vec<Key> = names.iter().filter_map(|name| Key::of_name(name)).collect();
    keys.sort_unstable_by(|a, b| b.cmp(a));
    Ok(keys)
}

fn folder_of(run: &Path) -> PathBuf {
    run.join(names::CHECKPOINTS)
}

/// The latest generation that a checkpoint bears, whole or not; 0 if there is none.
///
/// # Errors
/// Where the folder cannot be read.
pub fn newest_generation(run: &Path) -> Result<u64, FolderError> {
    Ok(keys(run)?.first().map_or(0, |key| key.generation))
}
