//! A run's folder: what lies where, and files that are either whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::manifest::Manifest;

/// The names of a run's files.
pub mod names {
    /// The experiment with every default filled in.
    pub const RESOLVED: &str = "resolved.toml";
    /// What made the run, and how it ended.
    pub const MANIFEST: &str = "manifest.json";
    /// One line an event.
    pub const METRICS: &str = "metrics.jsonl";
    /// Objects drawn from the trained policy.
    pub const SAMPLES: &str = "samples.csv";
    /// The network's weights.
    pub const WEIGHTS: &str = "weights.safetensors";
    /// The log.
    pub const LOG: &str = "log.jsonl";
}

/// Why a run's folder could not be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder exists and holds something.
    #[error("{0} is not empty; name another folder with --out, or remove it")]
    Occupied(PathBuf),
    /// The folder is not that of a run.
    #[error("{0} is not the folder of a run: it holds no {name}", name = names::RESOLVED)]
    NotARun(PathBuf),
    /// A file or folder could not be read or written.
    #[error("{path}: {error}{}", advice(error))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that the run was trained with has changed.
    #[error("{0} is not what the run was trained with: its SHA-256 differs from the one in manifest.json")]
    Changed(PathBuf),
    /// A file does not say what it should.
    #[error("{path} is damaged: {message}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How.
        message: String,
    },
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; make room and run the command again",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; name another folder with --out"
        }
        _ => "",
    }
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder `out`, which may exist if it is empty.
    ///
    /// # Errors
    /// Where it holds something, or cannot be made.
    pub fn create(out: &Path) -> Result<Self, FolderError> {
        let io = |error| FolderError::Io {
            path: out.to_path_buf(),
            error,
        };
        fs::create_dir_all(out).map_err(io)?;
        if fs::read_dir(out).map_err(io)?.next().is_some() {
            return Err(FolderError::Occupied(out.to_path_buf()));
        }
        Ok(Self {
            path: out.to_path_buf(),
        })
    }

    /// Makes a folder of its own for a run under `root`: `<name>/<id>`, or `<name>/<id>-2` and so on where that exists.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create_under(root: &Path, name: &str, id: &str) -> Result<Self, FolderError> {
        let parent = root.join(name);
        fs::create_dir_all(&parent).map_err(|error| FolderError::Io {
            path: parent.clone(),
            error,
        })?;
        for attempt in 1.. {
            let path = parent.join(if attempt == 1 {
                id.to_string()
            } else {
                format!("{id}-{attempt}")
            });
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FolderError::Io { path, error }),
            }
        }
        unreachable!("some number is free")
    }

    /// The folder of a run that was made before.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = Self {
            path: path.to_path_buf(),
        };
        if folder.file(names::RESOLVED).is_file() {
            Ok(folder)
        } else {
            Err(FolderError::NotARun(path.to_path_buf()))
        }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of the folder is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a whole file: beside its place, synced, then renamed, so that it is never seen half written.
    ///
    /// # Errors
    /// Where the disk is full or the folder cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let (path, aside) = (self.file(name), self.file(&format!(".{name}.part")));
        let result = (|| {
            let mut file = File::create(&aside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&aside, &path)?;
            File::open(&self.path)?.sync_all()
        })();
        result.map_err(|error| {
            let _ = fs::remove_file(&aside);
            FolderError::Io { path, error }
        })
    }

    /// Writes the manifest.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), FolderError> {
        let mut text = serde_json::to_string_pretty(manifest).expect("a manifest is plain data");
        text.push('\n');
        self.write(names::MANIFEST, text.as_bytes())
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// Where it is missing or damaged.
    pub fn manifest(&self) -> Result<Manifest, FolderError> {
        let path = self.file(names::MANIFEST);
        let text = fs::read_to_string(&path).map_err(|error| FolderError::Io {
            path: path.clone(),
            error,
        })?;
        serde_json::from_str(&text).map_err(|error| FolderError::Damaged {
            path,
            message: error.to_string(),
        })
    }
}

/// A file that grows by one JSON line at a time.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: File,
}

impl Lines {
    /// Starts the file.
    ///
    /// # Errors
    /// Where it exists or cannot be made.
    pub fn create(path: PathBuf) -> Result<Self, FolderError> {
        match File::create_new(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(FolderError::Io { path, error }),
        }
    }

    /// Appends a line.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn push<T: Serialize>(&mut self, value: &T) -> Result<(), FolderError> {
        let mut line = serde_json::to_vec(value).expect("events are plain data");
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| FolderError::Io {
            path: self.path.clone(),
            error,
        })
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_never_share_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..3)
            .map(|_| {
                RunFolder::create_under(root.path(), "mol", "a")
                    .unwrap()
                    .path()
                    .to_path_buf()
            })
            .collect();
        assert_eq!(
            paths,
            ["a", "a-2", "a-3"].map(|id| root.path().join("mol").join(id))
        );
    }

    #[test]
    fn an_occupied_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        RunFolder::create(root.path()).unwrap().write("x", b"1").unwrap();
        assert!(matches!(
            RunFolder::create(root.path()),
            Err(FolderError::Occupied(_))
        ));
        assert!(matches!(
            RunFolder::open(root.path()),
            Err(FolderError::NotARun(_))
        ));
    }

    #[test]
    fn hashes_are_the_known_ones() {
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea"));
    }
}
