//! Files and folders that a plugin is granted: opened without following links, and always the same ones.
//!
//! A path is only a name. What was agreed to is what lay there then: a link that takes its place, or another folder, would be
//! a right to something else.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstat, open, openat2};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// What lies at a path when a plugin is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Granted {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Granted {
    /// What lies at an absolute path without links.
    ///
    /// # Errors
    /// Where there is nothing, or a link on the way.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let (device, inode) = numbers(&without_links(path)?)?;
        let path = path.to_path_buf();
        Ok(Self { path, device, inode })
    }

    /// Opens it, if it still is what it was.
    ///
    /// # Errors
    /// Where it is not, in words that follow the path.
    pub(crate) fn open(&self) -> io::Result<OwnedFd> {
        let file = without_links(&self.path)?;
        match numbers(&file)? == (self.device, self.inode) {
            true => Ok(file),
            false => Err(io::Error::other(
                "another file or folder took its place while the plugin was in use; put it back, or start again",
            )),
        }
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A descriptor of a path, which is checked if it is among `granted`; none where it is not there or another.
pub(crate) fn descriptor(path: &Path, granted: &[Granted]) -> Option<OwnedFd> {
    match granted.iter().find(|granted| granted.path == path) {
        Some(granted) => granted.open().ok(),
        None => open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok(),
    }
}

fn numbers(file: &OwnedFd) -> io::Result<(u64, u64)> {
    let found = fstat(file)?;
    Ok((found.st_dev, found.st_ino))
}

fn without_links(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
    let is_link = || io::Error::other("a link took its place; write where it leads to, and approve that");
    match opened {
        Ok(file) => Ok(file),
        Err(Errno::LOOP) => Err(is_link()),
        // Kernels before 5.6, and sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => match path.canonicalize()? == path {
            true => Ok(open(path, flags | OFlags::NOFOLLOW, Mode::empty())?),
            false => Err(is_link()),
        },
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_takes_the_place_of_a_granted_folder_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        for name in ["out", "other"] {
            fs::create_dir(at(name)).unwrap();
        }
        let granted = Granted::new(&at("out")).unwrap();
        assert!(granted.open().is_ok());
        fs::rename(at("out"), at("before")).unwrap();
        symlink("other", at("out")).unwrap();
        assert!(
            granted
                .open()
                .unwrap_err()
                .to_string()
                .contains("a link took its place")
        );
        assert!(Granted::new(&at("out")).is_err());
        assert!(descriptor(&at("out"), std::slice::from_ref(&granted)).is_none());
        fs::remove_file(at("out")).unwrap();
        fs::create_dir(at("out")).unwrap();
        assert!(granted.open().unwrap_err().to_string().contains("took its place"));
        fs::remove_dir(at("out")).unwrap();
        fs::rename(at("before"), at("out")).unwrap();
        assert!(granted.open().is_ok());
        // A link anywhere on the way.
        symlink(at("out"), at("link")).unwrap();
        fs::create_dir(at("out/inner")).unwrap();
        assert!(Granted::new(&at("link/inner")).is_err());
    }
}
