//! Files that grow while a run is trained, and that are cut back to what a checkpoint knows of when it is resumed.
//!
//! A file is cut back by writing its beginning into a new file, which takes its name. A process that was shut out
//! ([`crate::lock`]) and still appends then writes to a file without a name, never between the lines of its successor.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::folder::{FolderError, RunFolder, hexadecimal};
use crate::integrity::Recorded;
use crate::lock::Writer;

/// How far a file had grown when a checkpoint was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of those bytes; absent where an earlier version saved the checkpoint.
    pub sha256: Option<String>,
}

impl From<u64> for Mark {
    fn from(bytes: u64) -> Self {
        Self { bytes, sha256: None }
    }
}

impl From<Recorded> for Mark {
    fn from(Recorded { bytes, sha256 }: Recorded) -> Self {
        let sha256 = Some(sha256);
        Self { bytes, sha256 }
    }
}

/// How far a file has grown, its hash not finished yet: it is taken after every update, and seldom wanted.
#[derive(Clone, Debug)]
pub struct Reached {
    bytes: u64,
    hasher: Sha256,
}

impl Reached {
    /// The length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The length and the hash.
    pub fn recorded(&self) -> Recorded {
        Recorded {
            bytes: self.bytes,
            sha256: hexadecimal(&self.hasher.clone().finalize()),
        }
    }
}

/// A file that grows at its end.
///
/// Its hash grows with it, so that a checkpoint costs no second reading.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: File,
    offset: u64,
    writer: Arc<Writer>,
    hasher: Sha256,
}

/// Hashes what is read.
struct Hashing<'a, R> {
    source: R,
    hasher: &'a mut Sha256,
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}

impl Growing {
    /// Continues the file `name` of a run after the bytes that `from` marks; at 0 it need not exist.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] where those bytes are not there or are others, or it cannot be read or written. The file
    /// stays as it was.
    pub fn resume(folder: &RunFolder, name: &str, from: impl Into<Mark>) -> Result<Self, FolderError> {
        let path = folder.file(name);
        let writer = Arc::clone(folder.writer()?);
        let Mark {
            bytes: offset,
            sha256,
        } = from.into();
        let mut kept = None;
        let mut hasher = Sha256::new();
        if offset > 0 {
            let found = gfn_files::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
            let (length, file) =
                found.map_err(|error| FolderError::damaged(&path, gfn_text::io_words(&error)))?;
            if length < offset {
                let message =
                    format!("it has {length} bytes, fewer than the {offset} that the checkpoint recorded");
                return Err(FolderError::damaged(&path, message));
            }
            kept = Some(file);
        }
        let mut is_other = false;
        let copy = |file: &mut File| {
            let Some(kept) = &mut kept else { return Ok(()) };
            // Once more where there had to be made room.
            kept.rewind()?;
            hasher = Sha256::new();
            let (source, hasher) = (kept.take(offset), &mut hasher);
            io::copy(&mut Hashing { source, hasher }, file)?;
            let found = hexadecimal(&hasher.clone().finalize());
            is_other = sha256.as_ref().is_some_and(|sha256| *sha256 != found);
            match is_other {
                true => Err(io::Error::other("it was changed")),
                false => Ok(()),
            }
        };
        let file = writer.publish(&path, copy).map_err(|error| match is_other {
            true => FolderError::damaged(&path, changed(offset)),
            false => error,
        })?;
        Ok(Self {
            path,
            file,
            offset,
            writer,
            hasher,
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
        self.hasher.update(bytes);
        Ok(())
    }

    /// How far it has grown.
    pub fn reached(&self) -> Reached {
        Reached {
            bytes: self.offset,
            hasher: self.hasher.clone(),
        }
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

/// How a file is damaged whose first bytes are not those that a checkpoint knows.
pub fn changed(bytes: u64) -> String {
    format!("its first {bytes} bytes are not those that were written before the checkpoint")
}

/// A file that grows by one JSON line at a time.
#[derive(Debug)]
pub struct Lines(Growing);

impl Lines {
    /// Goes on as [`Growing::resume`] does.
    ///
    /// # Errors
    /// Those of [`Growing::resume`].
    pub fn resume(folder: &RunFolder, name: &str, from: impl Into<Mark>) -> Result<Self, FolderError> {
        Growing::resume(folder, name, from).map(Self)
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

    /// How far it has grown.
    pub fn reached(&self) -> Reached {
        self.0.reached()
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
    fn a_changed_beginning_is_damaged_and_stays() {
        let (_root, folder) = folder();
        let mut lines = Lines::resume(&folder, "x", 0).unwrap();
        lines.push(&10).unwrap();
        let recorded = lines.reached().recorded();
        lines.push(&20).unwrap();
        assert_eq!(lines.reached().recorded(), Recorded::of(b"10\n20\n"));
        let mut resumed = Lines::resume(&folder, "x", recorded.clone()).unwrap();
        resumed.push(&30).unwrap();
        assert_eq!(resumed.reached().recorded(), Recorded::of(b"10\n30\n"));
        // Beyond the mark, nothing is held against the file.
        fs::write(folder.file("x"), "10\n99\n").unwrap();
        Lines::resume(&folder, "x", recorded.clone()).unwrap();
        fs::write(folder.file("x"), "11\n30\n").unwrap();
        let error = Lines::resume(&folder, "x", recorded).unwrap_err();
        assert!(matches!(error, FolderError::Damaged { .. }), "{error}");
        assert_eq!(fs::read(folder.file("x")).unwrap(), b"11\n30\n");
    }

    #[test]
    fn a_file_that_lost_bytes_is_damaged() {
        let (_root, folder) = folder();
        let refusal = || Lines::resume(&folder, "x", 3).unwrap_err();
        assert!(matches!(refusal(), FolderError::Damaged { .. }));
        fs::write(folder.file("x"), "1\n").unwrap();
        let message = refusal().to_string();
        assert!(
            message.ends_with("it has 2 bytes, fewer than the 3 that the checkpoint recorded"),
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
