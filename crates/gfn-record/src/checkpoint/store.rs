//! The checkpoints of a run: saving, finding the newest that is whole, deleting old ones.

use std::collections::HashSet;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{HASHES, Key, Part, folder_of, format, keys};
use crate::durable;
use crate::folder::{FolderError, RunFolder};
use crate::integrity::Records;
use crate::lock::Writer;

/// A checkpoint, every byte of which is as it was written.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its file.
    pub path: PathBuf,
    /// Which it is.
    pub key: Key,
    /// What it holds.
    pub parts: Vec<Part>,
}

impl Loaded {
    /// What the part `name` holds.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] if there is none.
    pub fn part(&self, name: &str) -> Result<&[u8], FolderError> {
        let part = self.parts.iter().find(|part| part.name == name);
        part.map(|part| part.bytes.as_slice())
            .ok_or_else(|| FolderError::damaged(&self.path, format!("it holds no part `{name}`")))
    }
}

/// A checkpoint that was passed over, for the user to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// What was found among a run's checkpoints.
#[derive(Debug)]
pub struct Found {
    /// The newest that is whole and was accepted.
    pub newest: Option<Loaded>,
    /// Newer ones that are not.
    pub skipped: Vec<Skipped>,
}

/// The newest checkpoint of a run that is whole, and the newer ones that are damaged. It needs no right to write.
///
/// # Errors
/// Where the folder cannot be read.
pub fn latest(run: &Path) -> Result<Found, FolderError> {
    latest_that(run, |_| Ok(()))
}

/// As [`latest`], passing over those that `accept` declines, saying why: because a file is shorter than a checkpoint
/// knows, for example.
///
/// # Errors
/// Where the folder cannot be read.
pub fn latest_that(run: &Path, accept: impl Fn(&Loaded) -> Result<(), String>) -> Result<Found, FolderError> {
    let mut skipped = Vec::new();
    for key in keys(run)? {
        match load(run, key).and_then(|loaded| accept(&loaded).map(|()| loaded)) {
            Ok(loaded) => {
                let newest = Some(loaded);
                return Ok(Found { newest, skipped });
            }
            Err(reason) => {
                let path = folder_of(run).join(key.name());
                skipped.push(Skipped { path, reason });
            }
        }
    }
    let newest = None;
    Ok(Found { newest, skipped })
}

/// How far the growing files had come at the newest checkpoint that says so; none where none does.
pub fn recorded(run: &Path) -> Option<Records> {
    let of = |key: Key| {
        let file = gfn_files::open(&folder_of(run).join(key.name())).ok()?;
        let part = format::read_only(&mut BufReader::new(file), HASHES).ok()??;
        serde_json::from_slice(&part.bytes).ok()
    };
    keys(run).ok()?.into_iter().find_map(of)
}

/// The checkpoints of a run, the newest first, each with how it is damaged, where it is.
///
/// # Errors
/// Where the folder cannot be read.
pub fn wholes(run: &Path) -> Result<Vec<(String, Option<String>)>, FolderError> {
    let whole = |key: Key| (key.name(), load(run, key).err());
    Ok(keys(run)?.into_iter().map(whole).collect())
}

pub(super) fn load(run: &Path, key: Key) -> Result<Loaded, String> {
    let path = folder_of(run).join(key.name());
    let opened = gfn_files::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, file) = opened.map_err(|error| gfn_text::io_words(&error))?;
    let (found, parts) = format::read(&mut BufReader::new(file), length)?;
    if found != key {
        return Err(format!("it is {}, renamed", found.name()));
    }
    Ok(Loaded { path, key, parts })
}

/// Where a run's checkpoints are saved.
#[derive(Debug)]
pub struct Store {
    run: PathBuf,
    writer: Arc<Writer>,
    keep: usize,
    whole: HashSet<Key>,
}

impl Store {
    /// The checkpoints of a run, of which the newest `keep`, at least 2, stay.
    ///
    /// # Errors
    /// Where the folder cannot be made, or was only opened to be read.
    pub fn open(folder: &RunFolder, keep: usize) -> Result<Self, FolderError> {
        let writer = Arc::clone(folder.writer()?);
        durable::make_folder(&folder_of(folder.path()))?;
        Ok(Self {
            run: folder.path().to_path_buf(),
            writer,
            keep: keep.max(2),
            whole: HashSet::new(),
        })
    }

    /// Saves a checkpoint and waits until it is on the disk; then deletes old ones. Where the disk is full, they are deleted
    /// before, as many as needed but for the newest that is whole.
    ///
    /// # Errors
    /// [`FolderError::Fenced`], or where the disk is full all the same; the newest that is whole stays.
    pub fn save(&mut self, step: u64, parts: &[Part]) -> Result<PathBuf, FolderError> {
        let generation = self.writer.generation();
        let key = Key { generation, step };
        let path = folder_of(&self.run).join(key.name());
        self.writer
            .publish(&path, |file| format::write(file, key, parts))?;
        self.whole.insert(key);
        // What could not be deleted is in nobody's way, and the checkpoint is saved.
        let _ = self.delete_old();
        Ok(path)
    }

    /// Deletes what is older than the newest `keep` checkpoints that are whole. Damaged ones among those do not count.
    fn delete_old(&mut self) -> Result<(), FolderError> {
        let mut kept = 0;
        for key in keys(&self.run)? {
            if kept == self.keep {
                self.whole.remove(&key);
                // One that stays is tried again after the next save.
                let _ = fs::remove_file(folder_of(&self.run).join(key.name()));
            } else if self.whole.contains(&key) || load(&self.run, key).is_ok() {
                self.whole.insert(key);
                kept += 1;
            }
        }
        Ok(())
    }
}
