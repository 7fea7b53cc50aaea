//! The small files of this module: read with a limit, replaced whole, changed by one process at a time.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use super::TrustError;

/// More than any list of plugins has.
const LONGEST: u64 = 16 << 20;

/// The text of a file; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, TrustError> {
    let mut text = String::new();
    let file = match gfn_files::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(TrustError::file(path))?,
    };
    match file.take(LONGEST + 1).read_to_string(&mut text) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(TrustError::damaged(path, "it is not UTF-8"))
        }
        Err(error) => Err(TrustError::file(path)(error)),
        Ok(length) if length as u64 > LONGEST => Err(TrustError::damaged(path, "it is longer than 16 MiB")),
        Ok(_) => Ok(Some(text)),
    }
}

/// Replaces a file whole. `mode` are the permissions of a new one, before the user's mask.
pub(super) fn replace(path: &Path, text: &str, mode: u32) -> Result<(), TrustError> {
    let written = (|| {
        let mut aside = aside(folder_of(path), mode)?;
        aside.write_all(text.as_bytes())?;
        aside.as_file().sync_all()?;
        aside.persist(path)?;
        Ok(())
    })();
    written.map_err(TrustError::file(path))
}

/// Does something while no other process that uses this function is at work in the folder of `path`, which is made.
pub(super) fn alone<T>(path: &Path, work: impl FnOnce() -> Result<T, TrustError>) -> Result<T, TrustError> {
    alone_in(path, 0o777, work)
}

/// As [`alone`]; folders that are made have the permissions `mode`, before the user's mask.
pub(super) fn alone_in<T>(
    path: &Path,
    mode: u32,
    work: impl FnOnce() -> Result<T, TrustError>,
) -> Result<T, TrustError> {
    let folder = folder_of(path);
    make(folder, mode).map_err(TrustError::file(folder))?;
    // A folder can be locked as a file can, and nothing is left behind. Some file systems have no locks: there two
    // processes at the same moment may lose what one of them added, and the user is asked again.
    let guard = File::open(folder).map_err(TrustError::file(folder))?;
    let _ = guard.lock();
    work()
}

#[cfg(unix)]
fn make(folder: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().recursive(true).mode(mode).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path, _mode: u32) -> io::Result<()> {
    fs::create_dir_all(folder)
}

pub(super) fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn aside(folder: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;

    let permissions = fs::Permissions::from_mode(mode);
    tempfile::Builder::new()
        .prefix(".gfn-")
        .permissions(permissions)
        .tempfile_in(folder)
}

#[cfg(not(unix))]
fn aside(folder: &Path, _mode: u32) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".gfn-").tempfile_in(folder)
}
