//! The folder of the rounds: what lies where, and tables that are whole or not there.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gfn_input::rows;
use gfn_record::durable;
use gfn_record::folder::{FolderError, LARGE, must_be_empty};
use gfn_record::ledger::Ledger;
use gfn_record::lock::Writer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The experiment with every default filled in, the first file that is written. Each round has the one that it proposed by.
pub(crate) const EXPERIMENT: &str = "acquisition.toml";

/// A labeled molecule: a row of a round's `data.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Label {
    /// Its canonical SMILES.
    #[serde(with = "gfn_files::cell::text")]
    pub(crate) smiles: String,
    /// What the oracle gave it.
    pub(crate) value: f64,
}

/// A molecule that is to be labeled: a row of `proposed.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// Its canonical SMILES.
    #[serde(with = "gfn_files::cell::text")]
    pub(crate) smiles: String,
    /// What the proxy's reward says of it; absent for molecules drawn at random.
    pub(crate) predicted: Option<f64>,
    /// The state of the environment, numbers with blanks between them: the oracle scores states, not SMILES.
    #[serde(with = "gfn_files::cell::text")]
    pub(crate) state: String,
}

/// A molecule that was to be labeled: a row of `labeled.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Labeled {
    /// Its canonical SMILES.
    #[serde(with = "gfn_files::cell::text")]
    pub(crate) smiles: String,
    /// What the oracle gave it, 0 where docking failed; absent where it has no reward at all.
    pub(crate) value: Option<f64>,
    /// Why it failed.
    #[serde(with = "gfn_files::cell::option", default)]
    pub(crate) failure: Option<String>,
}

/// The folder, written by this process alone.
pub(crate) struct Folder {
    path: PathBuf,
    writer: Writer,
    /// What its files are.
    ledger: RefCell<Ledger>,
}

impl Folder {
    /// Becomes the writer of a folder, made if it is not there.
    ///
    /// # Errors
    /// Where it is that of something else, such as a run.
    pub(crate) fn open(path: &Path, takeover: bool) -> Result<Self, FolderError> {
        durable::make_folder(path)?;
        if !path.join(EXPERIMENT).is_file() {
            must_be_empty(path)?;
        }
        // Runs are told their proxy by its path, wherever they are gone on with.
        let path = path.canonicalize().map_err(|error| FolderError::Io {
            path: path.to_path_buf(),
            error,
        })?;
        let writer = Writer::acquire(&path, 0, takeover)?;
        let ledger = RefCell::new(Ledger::read(&path)?);
        Ok(Self { path, writer, ledger })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The place of a round, counted from 1; 0 is what was labeled before.
    pub(crate) fn round(&self, number: u64) -> Round<'_> {
        Round {
            folder: self,
            path: self.path.join("rounds").join(format!("{number:03}")),
        }
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), FolderError> {
        let mut ledger = self.ledger.borrow_mut();
        ledger.forget(&self.writer, &self.path, &self.name(path))?;
        if_there(path, std::fs::remove_file(path)).map(|_| ())
    }

    /// Removes a folder with all that is in it, if it is there.
    pub(crate) fn remove_folder(&self, path: &Path) -> Result<(), FolderError> {
        if_there(path, std::fs::remove_dir_all(path)).map(|_| ())
    }

    /// Writes a whole file, and what it is.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        let mut ledger = self.ledger.borrow_mut();
        ledger.write(&self.writer, &self.path, &self.name(path), bytes)
    }

    /// Reads a file that [`Self::write`] wrote.
    ///
    /// # Errors
    /// Where it cannot be read, or was changed since.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, FolderError> {
        let bytes = gfn_files::read(path, LARGE).map_err(|error| FolderError::Io {
            path: path.to_path_buf(),
            error,
        })?;
        let checked = self.ledger.borrow().check(&self.path, &self.name(path), &bytes);
        checked.map(|()| bytes)
    }

    /// Reads a table that [`Round::write_table`] wrote.
    ///
    /// # Errors
    /// Those of [`Self::read`], and where it is no such table.
    pub(crate) fn read_table<T: DeserializeOwned>(&self, path: &Path) -> Result<Vec<T>, FolderError> {
        let bytes = self.read(path)?;
        let damaged = |error: String| FolderError::Damaged {
            path: path.to_path_buf(),
            message: error,
        };
        rows(&bytes[..])
            .map(|row| row.map_err(|error| damaged(error.to_string())))
            .collect()
    }

    /// The name of a file in the folder.
    fn name(&self, path: &Path) -> String {
        let name = path.strip_prefix(&self.path).unwrap_or(path);
        name.to_string_lossy().into_owned()
    }
}

/// What came of asking for `path`; none where it is not there.
pub(crate) fn if_there<T>(path: &Path, came: std::io::Result<T>) -> Result<Option<T>, FolderError> {
    match came {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::Io {
            path: path.to_path_buf(),
            error,
        }),
    }
}

/// The files of a round.
pub(crate) struct Round<'a> {
    folder: &'a Folder,
    path: PathBuf,
}

impl Round<'_> {
    /// Makes its folder.
    pub(crate) fn make(&self) -> Result<(), FolderError> {
        durable::make_folder(&self.path)
    }

    /// What the proxy is fitted to.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data.csv")
    }

    /// The proxy.
    pub(crate) fn proxy(&self) -> PathBuf {
        self.path.join("proxy.safetensors")
    }

    /// The run that is trained on it.
    pub(crate) fn run(&self) -> PathBuf {
        self.path.join("run")
    }

    /// What its policy proposes.
    pub(crate) fn proposed(&self) -> PathBuf {
        self.path.join("proposed.csv")
    }

    /// What the oracle says of that.
    pub(crate) fn labeled(&self) -> PathBuf {
        self.path.join("labeled.csv")
    }

    /// What the oracle said until now, while it is asked: a line of JSON for each molecule.
    pub(crate) fn labeled_until_now(&self) -> PathBuf {
        self.path.join("labeled.part.jsonl")
    }

    /// The settings that its molecules were proposed by.
    pub(crate) fn settings(&self) -> PathBuf {
        self.path.join(EXPERIMENT)
    }

    /// Writes a table.
    pub(crate) fn write_table<T: Serialize>(&self, path: &Path, rows: &[T]) -> Result<(), FolderError> {
        self.folder.write(path, &to_csv(rows))
    }

    /// Writes any file.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        self.folder.write(path, bytes)
    }
}

/// A table with a line of names.
pub(crate) fn to_csv<T: Serialize>(rows: &[T]) -> Vec<u8> {
    let mut writer = gfn_files::cell::csv().from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("rows are plain data");
    }
    writer.into_inner().expect("memory can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_come_back_to_the_bit() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(&root.path().join("a"), false).unwrap();
        let round = folder.round(7);
        round.make().unwrap();
        assert!(round.data().ends_with("rounds/007/data.csv"));
        let rows = [0.1 + 0.2, 1e-300, -0.0, 12345678.901234567].map(|value| Label {
            smiles: "C,\"C".into(),
            value,
        });
        round.write_table(&round.data(), &rows).unwrap();
        let read: Vec<Label> = folder.read_table(&round.data()).unwrap();
        assert!(
            read.iter()
                .zip(&rows)
                .all(|(one, two)| one.value.to_bits() == two.value.to_bits())
        );
        assert_eq!(read, rows);
        std::fs::write(round.data(), "smiles,value\nC,x\n").unwrap();
        let message = folder.read_table::<Label>(&round.data()).unwrap_err().to_string();
        assert!(message.contains("data.csv"), "{message}");
    }
}
