//! Why a run's folder could not be used.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::folder::names;
use crate::lock::Holder;

/// Why a run's folder could not be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder exists and holds something.
    #[error("{0} holds files that are not of this run; name a new folder with --out")]
    Occupied(PathBuf),
    /// The folder is not that of a run.
    #[error("{0} is not the folder of a run: it has no {name}; `gfn ls` lists runs", name = names::RESOLVED)]
    NotARun(PathBuf),
    /// The folder is not that of a sweep.
    #[error("{0} is not the folder of a sweep: it has no {name}; `gfn ls` lists sweeps", name = crate::sweep::names::SWEEP)]
    NotASweep(PathBuf),
    /// A file or folder could not be read or written.
    #[error("{path}: {}{}", gfn_text::io_words(error), advice(error))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that the run was trained with has changed.
    #[error("{0} has changed since the run was trained: its SHA-256 is not the one in manifest.json")]
    Changed(PathBuf),
    /// A file does not say what it should.
    #[error("{path} is damaged: {message}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How.
        message: String,
    },
    /// A file is not what was written.
    #[error(
        "{path} {}{record}; put a copy of the file back{remedy}; `gfn verify {folder}` checks every file",
        alteration(*is_gone)
    )]
    Altered {
        /// Which.
        path: PathBuf,
        /// Whether it is not there at all.
        is_gone: bool,
        /// The file that records its hash.
        record: String,
        /// The folder to check.
        folder: PathBuf,
        /// What else can be done.
        remedy: &'static str,
    },
    /// Another process writes this folder.
    #[error("{path} is being written by {holder}; wait for it, stop it, or use another folder")]
    Held {
        /// The run's folder.
        path: PathBuf,
        /// Who writes it.
        holder: Holder,
    },
    /// A process on another machine wrote this folder and has not said that it stopped.
    #[error(
        "{path} was last written by {holder}. Whether that process still runs cannot be seen from this machine; \
         make sure that it has ended, then repeat the command with --takeover"
    )]
    Elsewhere {
        /// The run's folder.
        path: PathBuf,
        /// Who wrote it.
        holder: Holder,
    },
    /// The folder is not where it was.
    #[error("{0} was moved or deleted during the run; nothing more was written")]
    Gone(PathBuf),
    /// Another process has taken the folder over from this one, which must write nothing more.
    #[error("{path} was taken over by {holder}; this process writes nothing more to it")]
    Fenced {
        /// The run's folder.
        path: PathBuf,
        /// Who writes it now.
        holder: Holder,
    },
}

impl FolderError {
    /// Turns a system's error into one that names the path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io { path, error }
    }

    /// A file of a folder that is not what `record` says, or is not there.
    pub fn altered(path: &Path, record: &str, folder: &Path) -> Self {
        let found = path.symlink_metadata();
        Self::Altered {
            is_gone: found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound),
            path: path.to_path_buf(),
            record: record.to_string(),
            folder: folder.to_path_buf(),
            remedy: "",
        }
    }

    /// The same error where something else than putting a copy back helps as well: words that continue ` …; put a copy of
    /// the file back`.
    #[must_use]
    pub fn with_remedy(mut self, words: &'static str) -> Self {
        if let Self::Altered { remedy, .. } = &mut self {
            *remedy = words;
        }
        self
    }

    /// A file that does not say what it should.
    pub(crate) fn damaged(path: &Path, message: impl Into<String>) -> Self {
        let (path, message) = (path.to_path_buf(), message.into());
        Self::Damaged { path, message }
    }
}

fn alteration(is_gone: bool) -> &'static str {
    match is_gone {
        true => "is not there, and is recorded in ",
        false => "was changed after it was written: its bytes are not those recorded in ",
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; make room and run the command again",
        io::ErrorKind::QuotaExceeded => "; make room within your quota and run the command again",
        io::ErrorKind::FileTooLarge => {
            "; raise the limit on the length of files (`ulimit -f`) and run the command again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; use a folder that you can write to"
        }
        _ => "",
    }
}
