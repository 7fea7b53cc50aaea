//! Files that grow while a run is trained, and that are cut back to what a checkpoint knows of when it is resumed.
//!
//! A file is cut back by writing its beginning into a new file, which takes its name. A process that was shut out
//! ([`crate::lock`]) and still appends then writes to a file without a name, never between the lines of its successor.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::folder::{FolderError, RunFolder};
use crate::lock::Writer;

/// A file that grows at its end.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: File,
    offset: u64,
    writer: Arc<Writer>,
}

impl Growing {
    /// Goes on with the file `name` of a run after its first `offset` bytes; at 0 it need not exist.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] where it is shorter, or cannot be read or written.
    pub fn resume(folder: &RunFolder, name: &str, offset: u64) -> Result<Self, FolderError> {
        let path = folder.file(name);
        let writer = Arc::clone(folder.writer()?);
        let mut kept = None;
        if offset > 0 {
            let found = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
            let (length, file) =
                found.map_err(|error| FolderError::damaged(&path, gfn_text::io_words(&error)))?;
            if length < offset {
                let message =
                    format!("it has {length} bytes, fewer than the {offset} that the checkpoint recorded");
                return Err(FolderError::damaged(&path, message));
            }
            kept = Some(file);
        }
        let copy = |file: &mut File| match &mut kept {
            Some(kept) => {
                kept.rewind()?;
                io::copy(&mut kept.take(offset), file).map(drop)
            }
            None => Ok(()),
        };
        let file = writer.publish(&path, copy)?;
        Ok(Self {
            path,
            file,
            offset,
            writer,
        })
    }

    /// Appends some bytes in one piece. Where the disk is full, old checkpoints are deleted.
    ///
    /// # Errors
    /// Where the disk is full all the same.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        let (file, offset) = (&mut self.file, self.offset);
        let written = self.writer.with_room(|| {
            file.write_all(bytes).inspect_err(|_| {
                // Whoever reads the file finds no half of a line.
                let _ = file.set_len(offset);
            })
        });
        written.map_err(FolderError::io(&self.path))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// The length of the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Waits until all of it is on the disk, which a checkpoint that holds [`Self::offset`] asks for.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn sync(&self) -> Result<(), FolderError> {
        self.file.sync_all().map_err(FolderError::io(&self.path))
    }
}

/// A file that grows by one JSON line at a time.
#[derive(Debug)]
pub struct Lines(Growing);

impl Lines {
    /// Goes on as [`Growing::resume`] does.
    ///
    /// # Errors
    /// Those of [`Growing::resume`].
    pub fn resume(folder: &RunFolder, name: &str, offset: u64) -> Result<Self, FolderError> {
        Growing::resume(folder, name, offset).map(Self)
    }

    /// Appends a line.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn push<T: Serialize>(&mut self, value: &T) -> Result<(), FolderError> {
        let mut line = serde_json::to_vec(value).expect("events are plain data");
        line.push(b'\n');
        self.0.append(&line)
    }

    /// The length of the file.
    pub fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// Waits until all of it is on the disk.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn sync(&self) -> Result<(), FolderError> {
        self.0.sync()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, RunFolder) {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path()).unwrap();
        (root, folder)
    }

    #[test]
    fn a_file_is_cut_back_and_goes_on() {
        let (_root, folder) = folder();
        let mut lines = Lines::resume(&folder, "x", 0).unwrap();
        lines.push(&1).unwrap();
        lines.push(&"two").unwrap();
        let offset = lines.offset();
        lines.push(&3).unwrap();
        lines.sync().unwrap();
        let mut resumed = Lines::resume(&folder, "x", offset).unwrap();
        resumed.push(&4).unwrap();
        // The first handle belongs to a process that was shut out.
        lines.push(&5).unwrap();
        resumed.push(&6).unwrap();
        assert_eq!(
            fs::read_to_string(folder.file("x")).unwrap(),
            "1\n\"two\"\n4\n6\n"
        );
        assert_eq!(resumed.offset(), 12);
        assert_eq!(fs::metadata(folder.file("x")).unwrap().len(), 12);
    }

    #[test]
    fn a_file_that_lost_bytes_is_damaged() {
        let (_root, folder) = folder();
        let refusal = || Lines::resume(&folder, "x", 3).unwrap_err();
        assert!(matches!(refusal(), FolderError::Damaged { .. }));
        fs::write(folder.file("x"), "1\n").unwrap();
        let message = refusal().to_string();
        assert!(
            message.ends_with("it has 2 bytes, and the checkpoint knows of 3"),
            "{message}"
        );
        assert_eq!(
            fs::read_to_string(folder.file("x")).unwrap(),
            "1\n",
            "and stays as it is"
        );
        assert_eq!(Lines::resume(&folder, "x", 0).unwrap().offset(), 0);
    }
}
