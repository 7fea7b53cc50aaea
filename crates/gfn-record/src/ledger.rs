//! `hashes.json`: what the files of a folder are that are written whole, one after the other, over weeks.
//!
//! A file's hash is recorded before the file is written, and its last one stays until it is replaced: whenever the process is
//! killed, the file that is there is one of those recorded.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use gfn_files::seal::{self, Seal};
use serde::{Deserialize, Serialize};

use crate::folder::{FolderError, SMALL};
use crate::integrity::Recorded;
use crate::lock::Writer;

/// Its name in the folder.
pub const LEDGER: &str = "hashes.json";

/// The hashes of a folder's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    format: u32,
    /// By the path in the folder; two while a file is being replaced.
    files: BTreeMap<String, Vec<Recorded>>,
}

impl Default for Ledger {
    fn default() -> Self {
        let files = BTreeMap::new();
        Self { format: 1, files }
    }
}

impl Ledger {
    /// Reads the ledger of a folder; an empty one where there is none, as an earlier version left the folder.
    ///
    /// # Errors
    /// [`FolderError::Altered`] where it is not as it was written, or it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join(LEDGER);
        let bytes = match gfn_files::read(&path, SMALL) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            bytes => bytes.map_err(FolderError::io(&path))?,
        };
        if seal::check(&bytes, LEDGER) != Seal::Whole {
            return Err(FolderError::altered(&path, "itself", folder));
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| FolderError::damaged(&path, gfn_files::json_words(&error)))
    }

    /// Writes the file `name` of a folder, and what it is.
    ///
    /// # Errors
    /// Those of [`Writer::write`].
    pub fn write(
        &mut self,
        writer: &Writer,
        folder: &Path,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), FolderError> {
        let new = vec![Recorded::of(bytes)];
        let before = self.files.get(name).and_then(|known| known.last()).cloned();
        let path = folder.join(name);
        let both = match before {
            Some(before) if path.exists() => [vec![before], new.clone()].concat(),
            _ => new.clone(),
        };
        let is_replaced = both.len() > 1;
        self.set(writer, folder, name, both)?;
        writer.write(&path, bytes)?;
        match is_replaced {
            true => self.set(writer, folder, name, new),
            false => Ok(()),
        }
    }

    fn set(
        &mut self,
        writer: &Writer,
        folder: &Path,
        name: &str,
        hashes: Vec<Recorded>,
    ) -> Result<(), FolderError> {
        if self.files.get(name) == Some(&hashes) {
            return Ok(());
        }
        self.files.insert(name.to_string(), hashes);
        self.save(writer, folder)
    }

    /// Forgets a file, which is about to be removed.
    ///
    /// # Errors
    /// Those of [`Writer::write`].
    pub fn forget(&mut self, writer: &Writer, folder: &Path, name: &str) -> Result<(), FolderError> {
        match self.files.remove(name) {
            Some(_) => self.save(writer, folder),
            None => Ok(()),
        }
    }

    fn save(&self, writer: &Writer, folder: &Path) -> Result<(), FolderError> {
        writer.write(&folder.join(LEDGER), &seal::json(self, LEDGER))
    }

    /// Checks what a file of a folder holds; one that is not recorded may hold anything.
    ///
    /// # Errors
    /// [`FolderError::Altered`].
    pub fn check(&self, folder: &Path, name: &str, content: &[u8]) -> Result<(), FolderError> {
        let is_one = |known: &Vec<Recorded>| known.contains(&Recorded::of(content));
        match self.files.get(name).is_none_or(is_one) {
            true => Ok(()),
            false => Err(FolderError::altered(&folder.join(name), LEDGER, folder)),
        }
    }

    /// The files that are recorded, each with what it may be.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[Recorded])> {
        self.files
            .iter()
            .map(|(name, known)| (name.as_str(), known.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whatever_is_interrupted_is_no_change() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path();
        let writer = Writer::acquire(folder, 0, false).unwrap();
        let mut ledger = Ledger::read(folder).unwrap();
        let check = |content: &[u8]| Ledger::read(folder).unwrap().check(folder, "x", content);
        check(b"anything: nothing is recorded").unwrap();
        ledger.write(&writer, folder, "x", b"one").unwrap();
        check(b"one").unwrap();
        // As a process leaves it that is killed before, or after, it replaces the file.
        let both = vec![Recorded::of(b"one"), Recorded::of(b"two")];
        ledger.set(&writer, folder, "x", both).unwrap();
        check(b"one").unwrap();
        check(b"two").unwrap();
        ledger.write(&writer, folder, "x", b"two").unwrap();
        check(b"two").unwrap();
        let message = check(b"twp").unwrap_err().to_string();
        assert!(
            message.contains("x was changed after it was written"),
            "{message}"
        );
        check(b"one").unwrap_err();
        let text = fs::read_to_string(folder.join(LEDGER)).unwrap();
        fs::write(
            folder.join(LEDGER),
            text.replacen("\"bytes\": 3", "\"bytes\": 4", 1),
        )
        .unwrap();
        Ledger::read(folder).unwrap_err();
        ledger.forget(&writer, folder, "x").unwrap();
        check(b"twp").unwrap();
    }
}
