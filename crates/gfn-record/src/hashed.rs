//! A file with its hash in a file beside it, as `sha256sum --check` reads it: for tables that have no folder of their own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gfn_files::regular::MIB;

use crate::durable;
use crate::folder::FolderError;
use crate::integrity::Recorded;

/// Where the hash of a file lies.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".sha256");
    path.with_file_name(name)
}

/// Writes a whole file, then its hash. A process that is killed in between leaves a file without one, not with another's.
///
/// # Errors
/// Where the disk is full or a folder cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let hash = beside(path);
    match fs::remove_file(&hash) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(FolderError::io(&hash)(error)),
        _ => {}
    }
    let aside = path.with_extension("part");
    durable::write(&aside, path, bytes)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let line = format!("{}  {name}\n", Recorded::of(bytes).sha256);
    durable::write(&aside, &hash, line.as_bytes())
}

/// Whether a file is as it was written; none where no hash lies beside it.
///
/// # Errors
/// Where one of the two cannot be read.
pub fn is_whole(path: &Path) -> Result<Option<bool>, FolderError> {
    let hash = beside(path);
    let line = match gfn_files::read(&hash, MIB) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        line => line.map_err(FolderError::io(&hash))?,
    };
    let found = Recorded::of_file(path).map_err(FolderError::io(path))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Some(line == format!("{}  {name}\n", found.sha256).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_table_is_told() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("docked.csv");
        write(&path, b"a,b\n1,2\n").unwrap();
        assert_eq!(is_whole(&path).unwrap(), Some(true));
        write(&path, b"a,b\n1,3\n").unwrap();
        assert_eq!(is_whole(&path).unwrap(), Some(true));
        fs::write(&path, b"a,b\n1,4\n").unwrap();
        assert_eq!(is_whole(&path).unwrap(), Some(false));
        fs::remove_file(beside(&path)).unwrap();
        assert_eq!(is_whole(&path).unwrap(), None);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
