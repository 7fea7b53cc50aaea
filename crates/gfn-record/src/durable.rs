//! Files that are either whole or not there, whatever happens while they are written, a loss of power included.
//!
//! A file is written aside and synced, so that its bytes are on the disk before its name is; then renamed, which a file
//! system does at once or not at all; then its folder is synced, without which the new name may be lost with the power.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::Path;

use crate::error::FolderError;

/// Writes the whole file `path`, replacing one that is there; `aside` is where it grows, on the same file system.
///
/// # Errors
/// Where the disk is full or a folder cannot be written; the file is then what it was, or, where its folder could not be
/// synced, what it should be.
pub fn write(aside: &Path, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let written = publish(aside, path, |file| file.write_all(bytes));
    written.map(drop).map_err(FolderError::io(path))
}

/// As [`write`], with a file that `fill` writes. The file comes back open, and what is written to it goes to its end.
pub(crate) fn publish(
    aside: &Path,
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<File> {
    // One that is there is left over from a process that was killed.
    let _ = fs::remove_file(aside);
    let result = (|| {
        let mut file = OpenOptions::new().append(true).create_new(true).open(aside)?;
        fill(&mut file)?;
        file.sync_all()?;
        fs::rename(aside, path)?;
        sync_parent(path)?;
        Ok(file)
    })();
    if result.is_err() {
        let _ = fs::remove_file(aside);
    }
    result
}

/// Writes a whole file under a name that is free, and the folder above it where that is not there; whether it was this
/// call that did. Of several processes that try, on whatever machines, exactly one does, and nobody sees the file half
/// written: it grows aside, and gets its name by a link, which does not replace.
///
/// # Errors
/// Where the disk is full, a folder cannot be written, or the file system has no links.
pub fn publish_new(path: &Path, bytes: &[u8]) -> Result<bool, FolderError> {
    if path.exists() {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let nonce = RandomState::new().build_hasher().finish();
    let aside = path.with_file_name(format!(".{name}.{nonce:016x}"));
    let linked = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            linked => linked.and_then(|()| sync_parent(path)).map(|()| true),
        }
    })();
    let _ = fs::remove_file(&aside);
    linked.map_err(FolderError::io(path))
}

/// Makes a folder and those above it, and waits until they are on the disk.
///
/// # Errors
/// Where it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), FolderError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_folder(parent)?;
    }
    match fs::create_dir(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.and_then(|()| sync_parent(path)),
    }
    .map_err(FolderError::io(path))
}

/// Gives a file or folder another name, and waits until that is on the disk.
///
/// # Errors
/// Where it cannot be renamed.
pub fn rename(path: &Path, to: &Path) -> Result<(), FolderError> {
    let renamed = fs::rename(path, to).and_then(|()| sync_parent(to));
    renamed
        .and_then(|()| sync_parent(path))
        .map_err(FolderError::io(path))
}

/// Removes a file, if it is there, and waits until that is on the disk.
///
/// # Errors
/// Where it cannot be removed.
pub fn remove(path: &Path) -> Result<(), FolderError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| sync_parent(path)),
    }
    .map_err(FolderError::io(path))
}

/// Waits until the name of `path` in its folder is on the disk.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match File::open(parent.unwrap_or(Path::new(".")))?.sync_all() {
        // Some network file systems sync no folders: their renames are on the server when they return.
        Err(error) if [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported].contains(&error.kind()) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_aside() {
        let root = tempfile::tempdir().unwrap();
        let (aside, path) = (root.path().join(".x.part"), root.path().join("x"));
        fs::write(&aside, b"left over, and longer").unwrap();
        for bytes in [&b"one"[..], b"2"] {
            write(&aside, &path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
            assert!(!aside.exists());
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b.json");
        let publish = |number: u8| publish_new(&path, &[number; 4096]).unwrap();
        let won: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| scope.spawn(move || publish(number)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let winner = won.iter().position(|won| *won).unwrap() as u8;
        assert_eq!(fs::read(&path).unwrap(), [winner; 4096]);
        assert_eq!(fs::read_dir(root.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let (aside, path) = (root.path().join(".x.part"), root.path().join("x"));
        write(&aside, &path, b"old").unwrap();
        let failed = publish(&aside, &path, |file| {
            file.write_all(b"ne")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        let message = FolderError::io(&path)(failed.unwrap_err()).to_string();
        assert!(
            message.ends_with("; make room and run the command again"),
            "{message}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert!(!aside.exists());
    }

    #[test]
    fn folders_are_made_with_those_above() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b/c");
        make_folder(&deep).unwrap();
        make_folder(&deep).unwrap();
        assert!(deep.is_dir());
        fs::write(root.path().join("file"), b"").unwrap();
        let message = make_folder(&root.path().join("file/x")).unwrap_err().to_string();
        assert!(message.contains("file"), "{message}");
    }
}
