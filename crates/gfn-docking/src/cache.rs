//! Energies that are known: in memory, and in a file that grows by a line a molecule and that runs may share.
//!
//! A line is written at once, under a lock of the system; a line that a process died over is ignored, and the next one
//! begins after it. What other processes have written meanwhile is read before each batch.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::DockingError;
use crate::single::Outcome;

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    /// A hash of everything besides the molecule that the energy depends on.
    settings: String,
    smiles: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    energy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    failure: Option<String>,
}

/// What is known for one group of settings.
#[derive(Debug)]
pub(crate) struct Cache {
    settings: String,
    known: HashMap<String, Outcome>,
    file: Option<Shared>,
}

/// The file, and up to where it was read.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    file: File,
    read: u64,
}

impl Cache {
    /// What a file knows of these settings; without a file, nothing yet.
    pub(crate) fn open(path: Option<&Path>, settings: String) -> Result<Self, DockingError> {
        let mut cache = Self {
            settings,
            known: HashMap::new(),
            file: path.map(Shared::open).transpose()?,
        };
        cache.refresh()?;
        Ok(cache)
    }

    /// Reads what was written to the file since it was last read.
    pub(crate) fn refresh(&mut self) -> Result<(), DockingError> {
        let Some(shared) = &mut self.file else {
            return Ok(());
        };
        let text = shared.news().map_err(DockingError::cache(&shared.path))?;
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Line>(line).ok());
        for line in lines.filter(|line| line.settings == self.settings) {
            let outcome = match (line.energy, line.failure) {
                (Some(energy), _) => Outcome::Energy(energy),
                (None, Some(failure)) => Outcome::Failed(failure),
                (None, None) => continue,
            };
            // The first one stays, so that two processes that docked the same molecule agree from then on.
            self.known.entry(line.smiles).or_insert(outcome);
        }
        Ok(())
    }

    /// The outcome for a molecule.
    pub(crate) fn get(&self, smiles: &str) -> Option<&Outcome> {
        self.known.get(smiles)
    }

    /// Remembers an outcome.
    pub(crate) fn insert(&mut self, smiles: &str, outcome: &Outcome) -> Result<(), DockingError> {
        let energy = outcome.energy();
        let failure = match outcome {
            Outcome::Energy(_) => None,
            Outcome::Failed(reason) => Some(reason.clone()),
        };
        self.known.insert(smiles.into(), outcome.clone());
        let Some(shared) = &mut self.file else {
            return Ok(());
        };
        let line = Line {
            settings: self.settings.clone(),
            smiles: smiles.into(),
            energy,
            failure,
        };
        shared.append(&line).map_err(DockingError::cache(&shared.path))
    }
}

impl Shared {
    fn open(path: &Path) -> Result<Self, DockingError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = folder.map_or(Ok(()), std::fs::create_dir_all);
        let opened = made.and_then(|()| OpenOptions::new().read(true).append(true).create(true).open(path));
        Ok(Self {
            path: path.to_path_buf(),
            file: opened.map_err(DockingError::cache(path))?,
            read: 0,
        })
    }

    /// The whole lines that were not read yet.
    fn news(&mut self) -> io::Result<String> {
        let length = self.file.metadata()?.len();
        if length < self.read {
            // Somebody began the file anew.
            self.read = 0;
        }
        self.file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        (&self.file).take(length - self.read).read_to_end(&mut bytes)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        self.read += whole as u64;
        Ok(String::from_utf8_lossy(&bytes[..whole]).into_owned())
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        // Some network file systems have no locks; a line that is torn there is ignored like any other.
        let is_locked = self.file.lock().is_ok();
        let written = self.append_alone(line);
        if is_locked {
            let _ = self.file.unlock();
        }
        written
    }

    fn append_alone(&mut self, line: &Line) -> io::Result<()> {
        let mut text = Vec::new();
        if self.file.seek(SeekFrom::End(0))? > 0 {
            self.file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            self.file.read_exact(&mut last)?;
            if last != *b"\n" {
                text.push(b'\n');
            }
        }
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_finds_out_another_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/energies.jsonl");
        let open = |settings: &str| Cache::open(Some(&path), settings.into()).unwrap();
        let (mut one, mut two, other) = (open("a"), open("a"), open("b"));
        one.insert("C", &Outcome::Energy(-1.25)).unwrap();
        one.insert("CC", &Outcome::Failed("no \"pose\"\nhere".into()))
            .unwrap();
        assert_eq!(two.get("C"), None);
        two.refresh().unwrap();
        assert_eq!(two.get("C"), Some(&Outcome::Energy(-1.25)));
        assert_eq!(two.get("CC"), one.get("CC"));
        // The first answer stays.
        two.insert("CCC", &Outcome::Energy(-2.0)).unwrap();
        one.insert("CCC", &Outcome::Energy(-3.0)).unwrap();
        assert_eq!(open("a").get("CCC"), Some(&Outcome::Energy(-2.0)));
        assert_eq!(other.get("C"), None);
    }

    #[test]
    fn torn_and_foreign_lines_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("energies.jsonl");
        let whole = "{\"settings\":\"a\",\"smiles\":\"C\",\"energy\":-1}\n";
        std::fs::write(&path, format!("not json\n\u{0}\n{whole}{}", &whole[..20])).unwrap();
        let mut cache = Cache::open(Some(&path), "a".into()).unwrap();
        assert_eq!(cache.get("C"), Some(&Outcome::Energy(-1.0)));
        cache.insert("N", &Outcome::Energy(-2.0)).unwrap();
        let again = Cache::open(Some(&path), "a".into()).unwrap();
        assert_eq!(again.get("C"), Some(&Outcome::Energy(-1.0)));
        assert_eq!(again.get("N"), Some(&Outcome::Energy(-2.0)));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = Cache::open(Some(folder.path()), "a".into())
            .unwrap_err()
            .to_string();
        assert!(message.starts_with("the file of energies "), "{message}");
    }
}
