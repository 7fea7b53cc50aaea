//! The folder that a command is run from.
//!
//! It is removed with the value. What a killed process left behind is removed by the next one: whoever uses such a folder
//! holds a lock on it, which the kernel takes away with the process.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FlockOperation, StatVfsMountFlags, flock, statvfs};

use crate::options::Confinement;
use crate::trust::{Keep, TrustError};

/// What the folders' names begin with.
const PREFIX: &str = "gfn-sealed-";

/// The most bytes that are copied.
const MAX_BYTES: u64 = 256 << 20;

/// How often a name is tried that another process removes at the same moment.
const MAX_TRIES: usize = 20;

/// A folder with copies of files, each where it lies as seen from the root.
pub(crate) struct Copy {
    root: PathBuf,
    /// Held for as long as the folder is used.
    _lock: File,
    /// Files and folders that are used where they are: those that the command may write to, and those that it may read.
    written: Vec<PathBuf>,
    read: Vec<PathBuf>,
    bytes: u64,
}

impl Copy {
    /// An empty copy; what is granted is used where it is.
    ///
    /// # Errors
    /// Where there is no folder for it.
    pub(super) fn new(granted: &Confinement) -> Result<Self, TrustError> {
        let base = base();
        remove_abandoned(&base);
        let failed = |error: io::Error| TrustError::NotCopied {
            folder: base.clone(),
            message: format!("{error}; set TMPDIR to a folder with room, where programs may be run"),
        };
        let (root, lock) = folder_in(&base).map_err(failed)?;
        let paths = |paths: &[PathBuf]| paths.iter().map(|path| physical(path)).collect();
        Ok(Self {
            root,
            _lock: lock,
            written: paths(&granted.write),
            read: paths(&granted.read),
            bytes: 0,
        })
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the copy of a path is.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        let path = physical(path);
        self.root.join(path.strip_prefix("/").unwrap_or(&path))
    }

    /// Whether there is a copy of a path.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.place(path).symlink_metadata().is_ok()
    }

    /// An error that says where the copy was to be.
    pub(super) fn error(&self, error: &io::Error) -> TrustError {
        TrustError::NotCopied {
            folder: self.root.clone(),
            message: error.to_string(),
        }
    }

    /// Has a script that is a link be one in the copy too: Python looks for modules where the script really lies.
    pub(super) fn link_script(&self, words: &[String], folder: &Path) -> io::Result<()> {
        for word in words.iter().skip(1) {
            let path = folder.join(word);
            if !path.is_symlink() || !path.is_file() || !self.has(&path) {
                continue;
            }
            let (place, real) = (self.place(&path), self.place(&path.canonicalize()?));
            if real != place && real.is_file() {
                fs::remove_file(&place)?;
                symlink(real, place)?;
            }
        }
        Ok(())
    }

    /// Puts links to what is used in place, and lets nobody write to the folder any more. Returns the copy of `folder`.
    ///
    /// A folder that the command writes to is a link as a whole, whatever was hashed in it, unless one of the code's `roots` is
    /// in it.
    pub(super) fn seal(&self, folder: &Path, roots: &[PathBuf]) -> io::Result<PathBuf> {
        let started_in = self.place(folder);
        make(&started_in)?;
        let holds_code = |path: &PathBuf| roots.iter().any(|root| physical(root).starts_with(path));
        for path in self
            .written
            .iter()
            .filter(|path| !holds_code(path) && !folder.starts_with(path))
        {
            let _ = fs::remove_dir_all(self.place(path)).or_else(|_| fs::remove_file(self.place(path)));
        }
        for path in self.written.iter().chain(&self.read) {
            self.link(path)?;
        }
        set_modes(&self.root, 0o500)?;
        Ok(started_in)
    }

    /// A link to a path, or to all in it that has no copy.
    fn link(&self, path: &Path) -> io::Result<()> {
        let place = self.place(path);
        let Ok(found) = place.symlink_metadata() else {
            if path.exists() && !self.root.starts_with(path) {
                make(place.parent().unwrap_or(&self.root))?;
                symlink(path, place)?;
            }
            return Ok(());
        };
        if !found.is_dir() || !path.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(path)?.flatten() {
            let name = entry.file_name();
            let is_compiled =
                name == "__pycache__" || Path::new(&name).extension().is_some_and(|ending| ending == "pyc");
            if !is_compiled {
                self.link(&path.join(name))?;
            }
        }
        Ok(())
    }

    /// Whether a file can be used where it is.
    fn is_readable(&self, path: &Path) -> bool {
        self.written
            .iter()
            .chain(&self.read)
            .any(|granted| path.starts_with(granted))
    }
}

impl Keep for Copy {
    fn file(&mut self, place: &Path, from: &File) -> io::Result<Option<File>> {
        let path = physical(place);
        let copy = self.place(&path);
        if copy.symlink_metadata().is_ok() {
            return Ok(None);
        }
        let found = from.metadata()?;
        if self.bytes + found.len() > MAX_BYTES {
            if self.is_readable(&path) {
                return Ok(None);
            }
            let mebibytes = MAX_BYTES >> 20;
            let message = format!(
                "the files of the command are larger than {mebibytes} MiB; keep large ones out of its folders and words, and \
                 name them in `read`"
            );
            return Err(io::Error::other(message));
        }
        self.bytes += found.len();
        make(copy.parent().unwrap_or(&self.root))?;
        let mode = if found.mode() & 0o111 == 0 { 0o400 } else { 0o500 };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(copy)
            .map(Some)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        remove(&self.root);
    }
}

/// The folder that copies are made in: that of temporary files, unless nothing in it may be run.
fn base() -> PathBuf {
    let places = [std::env::temp_dir(), "/var/tmp".into(), "/dev/shm".into()];
    let runs_programs = |place: &&PathBuf| {
        statvfs(place.as_path()).is_ok_and(|found| !found.f_flag.contains(StatVfsMountFlags::NOEXEC))
    };
    places.iter().find(runs_programs).unwrap_or(&places[0]).clone()
}

/// A new folder that is locked.
fn folder_in(base: &Path) -> io::Result<(PathBuf, File)> {
    for _ in 0..MAX_TRIES {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(base)?
            .keep();
        let lock = File::open(&folder)?;
        // Another process may have taken it for one that was left behind, before it was locked.
        if is_locked(&lock) && is_still(&folder, &lock) {
            return Ok((folder.canonicalize()?, lock));
        }
    }
    Err(io::Error::other("no folder could be made: others remove it"))
}

fn is_locked(folder: &File) -> bool {
    flock(folder.as_fd(), FlockOperation::NonBlockingLockExclusive).is_ok()
}

fn is_still(folder: &Path, opened: &File) -> bool {
    let (Ok(path), Ok(opened)) = (fs::symlink_metadata(folder), opened.metadata()) else {
        return false;
    };
    (path.dev(), path.ino()) == (opened.dev(), opened.ino())
}

/// Removes the folders of processes that were killed.
fn remove_abandoned(base: &Path) {
    let user = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && found.uid() == user);
        if is_ours
            && let Ok(folder) = File::open(entry.path())
            && is_locked(&folder)
        {
            remove(&entry.path());
        }
    }
}

fn remove(folder: &Path) {
    let _ = set_modes(folder, 0o700);
    let _ = fs::remove_dir_all(folder);
}

/// Sets the permissions of a folder and of all folders in it; links are not followed.
fn set_modes(folder: &Path, mode: u32) -> io::Result<()> {
    if mode & 0o200 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(mode))?;
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            set_modes(&entry.path(), mode)?;
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(mode))
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// An absolute path without `.` and `..`, as the kernel takes it: `..` leaves the folder that a link leads to.
fn physical(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut found = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => found.push(name),
            Component::ParentDir => {
                found = found.canonicalize().unwrap_or(found);
                found.pop();
            }
            _ => {}
        }
    }
    found
}
