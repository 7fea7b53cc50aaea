//! A run's folder: what lies where, and who writes it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gfn_files::regular::MIB;
use gfn_files::seal::{self, Seal};
use sha2::{Digest, Sha256};

use crate::checkpoint;
use crate::durable;
pub use crate::error::FolderError;
use crate::integrity::{Expected, Recorded, Records};
use crate::ledger::LEDGER;
use crate::lock::{self, Writer, names_in};
use crate::manifest::Manifest;

/// The largest small file of a folder: a manifest, an experiment.
pub const SMALL: u64 = 64 * MIB;
/// The largest file of a folder that is read whole: metrics and samples of months.
pub const LARGE: u64 = 64 * 1024 * MIB;

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
    /// The trained policy's probability of each object against the target, where the environment was swept.
    pub const DISTRIBUTION: &str = "distribution.csv";
    /// The exact log-probability of some samples, where the environment was not swept.
    pub const LIKELIHOODS: &str = "likelihoods.csv";
    /// The experiment with every default filled in, and behind each value where it comes from.
    pub const ORIGINS: &str = "origins.toml";
    /// All of it to look at.
    pub const REPORT: &str = "report.html";
    /// The network's weights.
    pub const WEIGHTS: &str = "weights.safetensors";
    /// Changes that were consented to since the newest checkpoint.
    pub const ACCEPTED: &str = "accepted.json";
    /// Objects that had no reward, and why.
    pub const QUARANTINE: &str = "quarantine.jsonl";
    /// The log.
    pub const LOG: &str = "log.jsonl";
    /// The folder of checkpoints.
    pub const CHECKPOINTS: &str = "checkpoints";
    /// The folder that TensorBoard reads.
    pub const TENSORBOARD: &str = "tensorboard";
}

/// Makes sure that a folder holds nothing but what tells its writer, and the hashes that come before the first file.
///
/// # Errors
/// Where it holds something, or cannot be read.
pub fn must_be_empty(path: &Path) -> Result<(), FolderError> {
    let held = names_in(path).map_err(FolderError::io(path))?;
    let is_ours = |name: &String| name == lock::PLACE || name == LEDGER;
    match held.iter().all(is_ours) {
        true => Ok(()),
        false => Err(FolderError::Occupied(path.to_path_buf())),
    }
}

/// The folder of one run, and the right to write it unless it was only opened.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
    writer: Option<Arc<Writer>>,
    /// What was written whole through this folder and its copies.
    written: Arc<Mutex<Records>>,
}

impl RunFolder {
    /// Makes the folder `out`, which may exist if it is empty, and becomes its writer.
    ///
    /// # Errors
    /// Where it holds something, or cannot be made.
    pub fn create(out: &Path) -> Result<Self, FolderError> {
        match Self::open_or_create(out, false)? {
            (folder, true) => Ok(folder),
            (_, false) => Err(FolderError::Occupied(out.to_path_buf())),
        }
    }

    /// Becomes the writer of the folder `out`, made if it is not there, and says whether it is fresh: whether no run has
    /// written its [`names::RESOLVED`] there yet, which must be the first file that a run writes.
    ///
    /// A process that was killed before that leaves a fresh folder. `takeover` is that of [`Writer::acquire`].
    ///
    /// # Errors
    /// Where it holds files that are not a run's, where another process writes it, or where it cannot be made.
    pub fn open_or_create(out: &Path, takeover: bool) -> Result<(Self, bool), FolderError> {
        durable::make_folder(out)?;
        let is_begun = || out.join(names::RESOLVED).is_file();
        if !is_begun() {
            must_be_empty(out)?;
        }
        let folder = Self::with_writer(out.to_path_buf(), takeover)?;
        // Asked only now: until the lock was ours, another process may have begun the run.
        Ok((folder, !is_begun()))
    }

    /// Makes a folder of its own for a run under `root`: `<name>/<id>`, or `<name>/<id>-2` and so on where that exists;
    /// and becomes its writer.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create_under(root: &Path, name: &str, id: &str) -> Result<Self, FolderError> {
        let parent = root.join(name);
        durable::make_folder(&parent)?;
        for attempt in 1.. {
            let path = parent.join(if attempt == 1 {
                id.to_string()
            } else {
                format!("{id}-{attempt}")
            });
            match fs::create_dir(&path) {
                Ok(()) => {
                    durable::sync_parent(&path).map_err(FolderError::io(&path))?;
                    return Self::with_writer(path, false);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FolderError::Io { path, error }),
            }
        }
        unreachable!("some number is free")
    }

    /// The folder of a run that was made before, to read.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = Self::at(path);
        if folder.file(names::RESOLVED).is_file() {
            Ok(folder)
        } else {
            Err(FolderError::NotARun(path.to_path_buf()))
        }
    }

    /// The folder `path`, to read, whatever it holds.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            writer: None,
            written: Arc::default(),
        }
    }

    fn with_writer(path: PathBuf, takeover: bool) -> Result<Self, FolderError> {
        let generation = checkpoint::newest_generation(&path)?;
        let writer = Some(Arc::new(Writer::acquire(&path, generation, takeover)?));
        Ok(Self {
            path,
            writer,
            written: Arc::default(),
        })
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of the folder is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The right to write the folder.
    ///
    /// # Errors
    /// Where it was only opened to be read.
    pub fn writer(&self) -> Result<&Arc<Writer>, FolderError> {
        let read_only = || io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "opened to be read only");
        self.writer
            .as_ref()
            .ok_or_else(|| FolderError::io(&self.path)(read_only()))
    }

    /// Writes a whole file: aside, synced, then renamed, so that it is never seen half written.
    ///
    /// # Errors
    /// Where another process took the folder over, the disk is full or the folder cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        self.writer()?.write(&self.file(name), bytes)?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(name.to_string(), Recorded::of(bytes));
        Ok(())
    }

    /// The files that [`Self::write`] has written.
    pub fn written(&self) -> Records {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Writes the manifest, which proves itself by its seal.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), FolderError> {
        let bytes = seal::json(manifest, names::MANIFEST);
        self.writer()?.write(&self.file(names::MANIFEST), &bytes)
    }

    /// What is recorded of the run's files, the manifest's own seal included.
    ///
    /// # Errors
    /// Where the manifest is missing or damaged.
    pub fn expected(&self) -> Result<Expected, FolderError> {
        Ok(Expected::of(self, &self.manifest()?))
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// Where it is missing or damaged, and [`FolderError::Altered`] where it is not as it was written.
    pub fn manifest(&self) -> Result<Manifest, FolderError> {
        match self.read_manifest()? {
            (manifest, Seal::Whole | Seal::Absent) => Ok(manifest),
            (_, Seal::Broken) => Err(self.manifest_altered()),
        }
    }

    /// The error of a manifest that is not as it was written.
    pub fn manifest_altered(&self) -> FolderError {
        FolderError::altered(&self.file(names::MANIFEST), "itself", &self.path)
    }

    /// Reads the manifest as far as it can be read, and its seal.
    ///
    /// # Errors
    /// Where it is missing or says nothing.
    pub fn read_manifest(&self) -> Result<(Manifest, Seal), FolderError> {
        let path = self.file(names::MANIFEST);
        let bytes = gfn_files::read(&path, SMALL).map_err(FolderError::io(&path))?;
        let seal = seal::check(&bytes, names::MANIFEST);
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| FolderError::damaged(&path, gfn_files::json_words(&error)))?;
        // A seal that was cut out whole leaves the records that came with it.
        let seal = match (seal, &manifest.files) {
            (Seal::Absent, Some(_)) => Seal::Broken,
            (seal, _) => seal,
        };
        match manifest.format {
            1 => Ok((manifest, seal)),
            other => Err(FolderError::damaged(
                &path,
                format!(
                    "it is of format {other}, this program reads 1; use the version of gfn that wrote it"
                ),
            )),
        }
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
        fs::write(root.path().join("x"), b"1").unwrap();
        for refused in [
            RunFolder::create(root.path()),
            RunFolder::open_or_create(root.path(), true).map(|(folder, _)| folder),
        ] {
            assert!(matches!(refused, Err(FolderError::Occupied(_))));
        }
        assert!(
            !root.path().join(lock::PLACE).exists(),
            "somebody else's folder is left alone"
        );
        assert!(matches!(
            RunFolder::open(root.path()),
            Err(FolderError::NotARun(_))
        ));
    }

    #[test]
    fn a_folder_is_fresh_until_the_run_is_resolved() {
        let root = tempfile::tempdir().unwrap();
        for expected in [true, true, false, false] {
            let (folder, fresh) = RunFolder::open_or_create(root.path(), false).unwrap();
            assert_eq!(fresh, expected);
            if folder.writer().unwrap().generation() == 2 {
                folder.write(names::RESOLVED, b"").unwrap();
            }
        }
        assert!(matches!(
            RunFolder::create(root.path()),
            Err(FolderError::Occupied(_))
        ));
        let read = RunFolder::open(root.path()).unwrap();
        let message = read.write("x", b"").unwrap_err().to_string();
        assert!(message.contains("opened to be read only"), "{message}");
    }

    #[test]
    fn hashes_are_the_known_ones() {
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea"));
    }
}
