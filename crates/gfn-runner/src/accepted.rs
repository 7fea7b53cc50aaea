//! Changes to a run that were consented to, kept from before the first update that is made with them.
//!
//! A checkpoint says what made it, and a run that goes on is compared with that. Until there is a checkpoint that was made
//! with the changes, this file says the same of the last one without. It is written first and counts as soon as the folder's
//! resolved experiment is the one that it names: that file's new name is the moment of consent, before which nothing and
//! after which everything has changed, whenever the process is killed.

use std::fs;

use gfn_record::checkpoint::Loaded;
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_record::manifest::Manifest;
use serde::{Deserialize, Serialize};

/// What a run goes on with from a checkpoint that was made by something else.
#[derive(Serialize, Deserialize)]
pub(crate) struct AcceptedChanges {
    /// The checkpoint, by the generation of its writer and the updates taken.
    generation: u64,
    step: u64,
    /// The manifest with the changes.
    manifest: Manifest,
    /// The experiment with the changes.
    resolved: String,
}

/// Writes down that a run goes on from a checkpoint with this manifest and this experiment, and waits until that is on the
/// disk.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn write(
    folder: &RunFolder,
    checkpoint: &Loaded,
    manifest: &Manifest,
    resolved: &str,
) -> Result<(), FolderError> {
    let accepted = AcceptedChanges {
        generation: checkpoint.key.generation,
        step: checkpoint.key.step,
        manifest: manifest.clone(),
        resolved: resolved.to_string(),
    };
    let text = serde_json::to_vec_pretty(&accepted).expect("plain data");
    folder.write(names::ACCEPTED, &text)
}

/// What a run was last to go on with from this checkpoint; none where nothing was changed since.
pub(crate) fn read(folder: &RunFolder, checkpoint: &Loaded) -> Option<(Manifest, String)> {
    let text = fs::read(folder.file(names::ACCEPTED)).ok()?;
    let accepted: AcceptedChanges = serde_json::from_slice(&text).ok()?;
    let key = checkpoint.key;
    let is_of_it = (accepted.generation, accepted.step) == (key.generation, key.step);
    let resolved = fs::read_to_string(folder.file(names::RESOLVED)).ok()?;
    (is_of_it && resolved == accepted.resolved).then_some((accepted.manifest, accepted.resolved))
}
