//! Energies that are known: in memory, and in a file that grows by a line a molecule and that runs may share.
//!
//! A line is written at once, under a lock of the system; a line that a process died over is ignored, and the next one
//! begins after it. What other processes have written meanwhile is read before each batch.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gfn_files::place;
use gfn_files::seal::{self, read_line};
use serde::{Deserialize, Serialize};

use crate::error::DockingError;
use crate::single::Outcome;
use crate::trouble::was_of_the_machine;

/// The first line of a file that this program has begun.
const HEADER: &str = "{\"gfn\":\"energies\",\"format\":1}";

/// Of a file that is there, so much is read to find out whether it is one of energies.
const GLANCE: u64 = 1 << 16;

/// So often an empty file is looked at again, and so long after.
const WAITS: u32 = 10;
const WAIT: Duration = Duration::from_millis(20);

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    file: Option<CacheFile>,
}

/// The file, and up to where it was read.
#[derive(Debug)]
struct CacheFile {
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
            file: path.map(CacheFile::open).transpose()?,
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
        let lines = text.lines().filter_map(read_line::<Line>);
        for line in lines.filter(|line| line.settings == self.settings) {
            let outcome = match (line.energy, line.failure) {
                (Some(energy), _) => Outcome::Energy(energy),
                // An earlier version remembered these.
                (None, Some(failure)) if was_of_the_machine(&failure) => continue,
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

    /// Whether some molecule was docked with these settings.
    pub(crate) fn has_energies(&self) -> bool {
        self.known.values().any(|outcome| outcome.energy().is_some())
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

impl CacheFile {
    fn open(path: &Path) -> Result<Self, DockingError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = folder.map_or(Ok(()), std::fs::create_dir_all);
        let opened = made.and_then(|()| Self::opened(&place::followed(path)?));
        Ok(Self {
            path: path.to_path_buf(),
            file: opened.map_err(DockingError::cache(path))?,
            read: 0,
        })
    }

    /// Opens the file, begun where there is none; refuses one that is something else before a byte is added to it.
    fn opened(path: &Path) -> io::Result<File> {
        begin(path)?;
        let mut file = gfn_files::append(path)?;
        must_be_of_energies(&file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
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
        text.extend(seal::line(line).into_bytes());
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

/// Makes the file with its first line, unless something is there.
fn begin(path: &Path) -> io::Result<()> {
    match File::create_new(path) {
        Ok(mut file) => file.write_all(format!("{HEADER}\n").as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A file of nobody else's name, with our first line, or with a line of energies of an earlier version near its beginning.
fn must_be_of_energies(file: &File) -> io::Result<()> {
    let refused = |what: &str| {
        let message = format!("it is there and {what}; nothing was written to it; name another file");
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    };
    if file.metadata()?.nlink() > 1 {
        return refused("has a second name elsewhere (a hard link)");
    }
    let bytes = beginning(file)?;
    match bytes.is_empty() {
        true => refused("is empty, so that it may be anybody's"),
        false if !is_of_energies(&bytes) => refused("holds something else than energies"),
        false => Ok(()),
    }
}

/// The first bytes of a file. Another process may have made it just now, and be about to write its first line.
fn beginning(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..WAITS {
        file.seek(SeekFrom::Start(0))?;
        file.take(GLANCE).read_to_end(&mut bytes)?;
        if !bytes.is_empty() {
            break;
        }
        std::thread::sleep(WAIT);
    }
    Ok(bytes)
}

/// Makes sure that a file may remember energies: it is not there, or is one that this program has begun.
///
/// # Errors
/// Where it is something else; a folder, a named pipe and a device are never waited for.
pub fn check_cache(path: &Path) -> Result<(), DockingError> {
    let checked = place::followed(path).and_then(|path| match gfn_files::open(&path) {
        Ok(file) => must_be_of_energies(&file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    });
    checked.map_err(DockingError::cache(path))
}

/// Whether a file is there and remembers energies.
pub fn is_cache(path: &Path) -> bool {
    let Ok(file) = gfn_files::open(path) else {
        return false;
    };
    let mut bytes = Vec::new();
    let read = file.take(GLANCE).read_to_end(&mut bytes);
    read.is_ok() && is_of_energies(&bytes)
}

/// Begins the file at `path`, unless it is begun.
///
/// # Errors
/// Where it cannot be written, or holds something else than energies.
pub fn begin_cache(path: &Path) -> Result<(), DockingError> {
    CacheFile::open(path).map(drop)
}

/// Whether the first bytes of a file hold our first line, or a line of energies of an earlier version.
fn is_of_energies(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let is_ours = |line: &str| line == HEADER || read_line::<Line>(line).is_some();
    text.lines().any(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| Cache::open(Some(path), "a".into()).unwrap_err().to_string();
        for (name, text) in [
            ("bashrc", "alias ls=ls\n"),
            ("json", "{\"a\":1}\n"),
            ("no end", "x"),
            ("nothing", ""),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let said = match text {
                "" => "is empty, so that it may be anybody's",
                _ => "holds something else than energies",
            };
            assert!(refused(&path).contains(said), "{name}");
            assert!(
                check_cache(&path).unwrap_err().to_string().contains(said),
                "{name}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{name}");
        }
        let new = folder.path().join("new.jsonl");
        Cache::open(Some(&new), "a".into()).unwrap();
        Cache::open(Some(&new), "b".into()).unwrap();
        assert_eq!(std::fs::read_to_string(&new).unwrap(), format!("{HEADER}\n"));
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(refused(&pipe).contains("it is a named pipe"));
        for (path, said) in [
            (pipe.as_path(), "it is a named pipe"),
            (folder.path(), "it is a folder"),
        ] {
            let checked = check_cache(path).unwrap_err().to_string();
            assert!(
                checked.contains(said) && !checked.contains("os error"),
                "{checked}"
            );
        }
        check_cache(&new).unwrap();
        check_cache(&folder.path().join("deep/none.jsonl")).unwrap();
        std::fs::hard_link(&new, folder.path().join("second")).unwrap();
        assert!(refused(&new).contains("a second name elsewhere"));
        assert!(
            check_cache(&new)
                .unwrap_err()
                .to_string()
                .contains("a second name elsewhere")
        );
        assert!(refused(Path::new("/dev/null")).contains("it is a device"));
    }

    #[test]
    fn a_changed_energy_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("energies.jsonl");
        let mut cache = Cache::open(Some(&path), "a".into()).unwrap();
        cache.insert("C", &Outcome::Energy(-1.25)).unwrap();
        cache.insert("CC", &Outcome::Energy(-2.5)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("-1.25", "-9.25")).unwrap();
        let again = Cache::open(Some(&path), "a".into()).unwrap();
        assert_eq!(again.get("C"), None);
        assert_eq!(again.get("CC"), Some(&Outcome::Energy(-2.5)));
    }

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
