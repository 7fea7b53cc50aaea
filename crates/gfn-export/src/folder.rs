//! The folder of an export. Of the files that are there, those of an earlier export are replaced, and no others.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use gfn_record::folder::sha256;
use serde_json::{Value, json};

use crate::error::ExportError;

/// What tells the files of an export, with the hashes of what was written, from others.
const RECORD: &str = ".gfn-export.json";

/// A folder to write to.
pub(crate) struct Folder {
    path: PathBuf,
    /// The hashes that a file of ours may have: while it is replaced, the old and the new.
    known: BTreeMap<String, Vec<String>>,
    /// Files beside their places: where each is, its place and its name.
    written: Vec<(PathBuf, PathBuf, String)>,
}

impl Folder {
    /// Makes the folder, or finds it made.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn open(path: &Path) -> Result<Self, ExportError> {
        fs::create_dir_all(path).map_err(ExportError::io(path))?;
        let record = fs::read(path.join(RECORD)).unwrap_or_default();
        let record: Value = serde_json::from_slice(&record).unwrap_or_default();
        // A record that cannot be read tells of no file, so that none is replaced.
        let known = serde_json::from_value(record["files"].clone()).unwrap_or_default();
        Ok(Self {
            path: path.to_path_buf(),
            known,
            written: Vec::new(),
        })
    }

    /// Refuses to go on where one of these files is there and not ours.
    ///
    /// # Errors
    /// Which are not, or why one cannot be read.
    pub(crate) fn may_replace<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), ExportError> {
        let mut others = Vec::new();
        for name in names {
            let path = self.path.join(name);
            match hash(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Ok(found) if self.known.get(name).is_some_and(|known| known.contains(&found)) => {}
                Ok(_) => others.push(name.to_string()),
                Err(error) => return Err(ExportError::Io { path, error }),
            }
        }
        match others.is_empty() {
            true => Ok(()),
            false => Err(ExportError::Occupied {
                path: self.path.clone(),
                names: others.join(", "),
            }),
        }
    }

    /// Writes a file beside its place; `fill` writes it. It is there once all are ([`Self::publish`]). Returns its place.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn write(
        &mut self,
        name: &str,
        fill: impl FnOnce(&Path) -> Result<(), ExportError>,
    ) -> Result<PathBuf, ExportError> {
        let path = self.path.join(name);
        let last = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = path.with_file_name(format!(".{last}.part"));
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(ExportError::io(above))?;
        }
        fill(&aside)?;
        let hash = hash(&aside).map_err(ExportError::io(&aside))?;
        self.known.entry(name.into()).or_default().push(hash);
        self.written.push((aside, path.clone(), name.into()));
        Ok(path)
    }

    /// Gives all files their names.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub(crate) fn publish(mut self) -> Result<(), ExportError> {
        // Before the files are there: an export that is killed in between must know its own.
        self.save()?;
        for (aside, path, name) in std::mem::take(&mut self.written) {
            fs::rename(&aside, &path).map_err(ExportError::io(&path))?;
            if let Some(hashes) = self.known.get_mut(&name) {
                *hashes = hashes.split_off(hashes.len() - 1);
            }
        }
        self.save()
    }

    fn save(&self) -> Result<(), ExportError> {
        let path = self.path.join(RECORD);
        let text = json!({ "format": 1, "files": self.known }).to_string();
        let aside = self.path.join(format!("{RECORD}.part"));
        let written = fs::write(&aside, text).and_then(|()| fs::rename(&aside, &path));
        written.map_err(ExportError::io(&path))
    }
}

/// The hash of a file; of a folder or a link to nothing there is none.
fn hash(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    io::copy(&mut gfn_files::open(path)?, &mut bytes)?;
    Ok(sha256(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(mut folder: Folder, name: &str, text: &str) {
        let fill = |path: &Path| fs::write(path, text).map_err(ExportError::io(path));
        folder.write(name, fill).unwrap();
        folder.publish().unwrap();
    }

    #[test]
    fn files_of_an_earlier_export_are_replaced_and_no_others() {
        let root = tempfile::tempdir().unwrap();
        let open = || Folder::open(root.path()).unwrap();
        let may = |name: &str| open().may_replace([name].into_iter());
        assert!(may("a.csv").is_ok());
        write(open(), "a.csv", "1");
        write(open(), "sub/b.csv", "2");
        assert!(may("a.csv").is_ok() && may("sub/b.csv").is_ok());
        write(open(), "a.csv", "3");
        assert!(may("a.csv").is_ok());
        fs::write(root.path().join("a.csv"), "4").unwrap();
        fs::write(root.path().join("c.csv"), "5").unwrap();
        let names = ["a.csv", "sub/b.csv", "c.csv"];
        let message = open().may_replace(names.into_iter()).unwrap_err().to_string();
        assert!(message.contains(": a.csv, c.csv;"), "{message}");
        // What one file was does not make another ours.
        fs::write(root.path().join("c.csv"), "3").unwrap();
        assert!(may("c.csv").is_err());
        fs::write(root.path().join(RECORD), "{").unwrap();
        assert!(may("sub/b.csv").is_err());
    }
}
