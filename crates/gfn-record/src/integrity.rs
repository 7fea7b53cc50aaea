//! What the files of a folder were when they were written: their lengths and hashes.
//!
//! A run's manifest records every file once the run has ended, and each checkpoint records how far the growing files had come.
//! While a run is under way, its manifest records only what is never written again: so that a process may be killed between
//! a file and its record, and no file is called changed that was not.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint;
use crate::folder::{FolderError, RunFolder, hexadecimal, names};
use crate::manifest::{Manifest, Status};

/// Files are hashed in pieces of this size.
const PIECE: usize = 1 << 16;

/// The length and the hash of a file, or of its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: String,
}

/// Files of a folder by their paths in it.
pub type Records = BTreeMap<String, Recorded>;

impl Recorded {
    /// Of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: hexadecimal(&Sha256::digest(bytes)),
        }
    }

    /// Of a file, which is not held in memory.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_reader(gfn_files::open(path)?)
    }

    /// Of what `source` gives from here to its end.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_reader(mut source: impl Read) -> io::Result<Self> {
        let (bytes, sha256) = hash(&mut source)?;
        Ok(Self { bytes, sha256 })
    }

    /// Whether this is what `source` gives from here to its end.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn is_all_of(&self, source: impl Read) -> io::Result<bool> {
        // One byte more tells a longer file, without reading the rest of it.
        let (bytes, sha256) = hash(&mut source.take(self.bytes.saturating_add(1)))?;
        Ok(bytes == self.bytes && sha256 == self.sha256)
    }

    /// Whether this is what `source` begins with.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn begins(&self, source: impl Read) -> io::Result<bool> {
        let (bytes, sha256) = hash(&mut source.take(self.bytes))?;
        Ok(bytes == self.bytes && sha256 == self.sha256)
    }
}

fn hash(source: &mut impl Read) -> io::Result<(u64, String)> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; PIECE];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hexadecimal(&hasher.finalize()))),
            Ok(length) => {
                hasher.update(&buffer[..length]);
                bytes += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a file must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// One of these: two while a file is being replaced.
    OneOf(Vec<String>),
    /// This, to its last byte.
    All(Recorded),
    /// This at its beginning; what has been appended since is not recorded.
    Begin(Recorded),
}

impl Rule {
    fn holds(&self, mut source: impl Read) -> io::Result<bool> {
        match self {
            Self::OneOf(hashes) => Ok(hashes.contains(&hash(&mut source)?.1)),
            Self::All(recorded) => recorded.is_all_of(source),
            Self::Begin(recorded) => recorded.begins(source),
        }
    }
}

/// What is recorded of the files of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    rules: BTreeMap<String, Rule>,
}

impl Expected {
    /// Of a run with this manifest. It is empty where an earlier version, which recorded nothing, wrote the run.
    pub fn of(folder: &RunFolder, manifest: &Manifest) -> Self {
        let Some(files) = &manifest.files else {
            return Self::default();
        };
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        if manifest.status == Status::Running {
            let reached = checkpoint::recorded(folder.path()).unwrap_or_default();
            rules.extend(
                reached
                    .into_iter()
                    .map(|(name, found)| (name, Rule::Begin(found))),
            );
        }
        rules.extend(files.iter().map(|(name, found)| {
            // Threads of plugins may say a last word when the run is over.
            let rule = match name.as_str() {
                names::LOG => Rule::Begin,
                _ => Rule::All,
            };
            (name.clone(), rule(found.clone()))
        }));
        let hashes = [&manifest.resolved_sha256]
            .into_iter()
            .chain(&manifest.resolved_before);
        rules.insert(names::RESOLVED.into(), Rule::OneOf(hashes.cloned().collect()));
        Self { rules }
    }

    /// The files of which something is recorded.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// Whether something is recorded of a file.
    pub fn knows(&self, name: &str) -> bool {
        self.rules.contains_key(name)
    }

    /// Whether what is recorded of a file is only its beginning.
    pub fn is_partial(&self, name: &str) -> bool {
        matches!(self.rules.get(name), Some(Rule::Begin(_)))
    }

    /// Whether a file holds what is recorded; true where nothing is.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn holds(&self, name: &str, content: impl Read) -> io::Result<bool> {
        self.rules.get(name).map_or(Ok(true), |rule| rule.holds(content))
    }

    /// Checks the content of a file of `folder`.
    ///
    /// # Errors
    /// [`FolderError::Altered`] where it is not what is recorded.
    pub fn check(&self, folder: &RunFolder, name: &str, content: &[u8]) -> Result<(), FolderError> {
        self.judge(folder, name, self.holds(name, content))
    }

    /// Checks a file of `folder` where it lies.
    ///
    /// # Errors
    /// [`FolderError::Altered`] where it is not what is recorded, or is recorded and cannot be read.
    pub fn check_file(&self, folder: &RunFolder, name: &str) -> Result<(), FolderError> {
        let is_free = !self.knows(name);
        let opened = gfn_files::open(&folder.file(name));
        let holds = opened.and_then(|file| self.holds(name, file));
        self.judge(folder, name, if is_free { Ok(true) } else { holds })
    }

    fn judge(&self, folder: &RunFolder, name: &str, holds: io::Result<bool>) -> Result<(), FolderError> {
        match holds {
            Ok(true) => Ok(()),
            _ => Err(FolderError::altered(
                &folder.file(name),
                names::MANIFEST,
                folder.path(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_told_from_the_whole() {
        let recorded = Recorded::of(b"abc");
        assert!(recorded.is_all_of(&b"abc"[..]).unwrap());
        assert!(recorded.begins(&b"abcd"[..]).unwrap());
        for other in [&b""[..], b"ab", b"abd", b"Abc"] {
            assert!(!recorded.is_all_of(other).unwrap() && !recorded.begins(other).unwrap());
        }
        assert!(!recorded.is_all_of(&b"abcd"[..]).unwrap());
    }
}
