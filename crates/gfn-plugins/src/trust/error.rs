//! Why a plugin may not run, or why that could not be found out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::identity::Identity;

/// Why a plugin may not run, or why that could not be found out.
#[derive(Debug, Error)]
pub enum TrustError {
    /// Nobody has pinned the plugin.
    #[error("{asked} is not pinned in {lock}{}; {}", for_targets(targets), asked.advice())]
    NotPinned {
        /// What was to be loaded.
        asked: Box<Asked>,
        /// The lock file that was looked at.
        lock: PathBuf,
        /// The targets that a plugin of this name is pinned for.
        targets: Vec<String>,
    },
    /// The plugin is another one than that which was pinned.
    #[error("{asked} was changed since it was pinned in {lock}, with the SHA-256 {pinned}: {difference}; {}", asked.advice())]
    Changed {
        /// What was to be loaded.
        asked: Box<Asked>,
        /// The lock file that was looked at.
        lock: PathBuf,
        /// The hash that is pinned.
        pinned: String,
        /// What is different.
        difference: String,
    },
    /// The plugin is pinned, but this user has not agreed to run it.
    #[error("{asked} is pinned, but you have not approved it in {approvals}; {}", asked.advice())]
    NotApproved {
        /// What was to be loaded.
        asked: Box<Asked>,
        /// The user's list.
        approvals: PathBuf,
    },
    /// A command without words.
    #[error("a plugin's command is empty; name a program: command = [\"python3\", \"reward.py\"]")]
    EmptyCommand,
    /// Nobody could look at that much.
    #[error(
        "{folder} has more than {what}, more than can be the code of a plugin; say what is in `code`, such as \
         code = [\"reward.py\", \"my_package\"], or keep the code in a folder of its own"
    )]
    TooMuch {
        /// The folder that was taken to hold the code.
        folder: PathBuf,
        /// What there is too much of.
        what: String,
    },
    /// The package that `python -m` starts is not there.
    #[error(
        "the package `{0}`, which `-m {0}` starts, was found neither in the folder that the command is started in nor among \
         the packages of its interpreter, so its files cannot be hashed; name the interpreter that has it by its path, or \
         the package's folder in `code`"
    )]
    NoModule(String),
    /// Python is kept from the copy of a package.
    #[error(
        "`-m {0}` is started with -I or -P, which keep Python from the folder that it is started in, where the hashed files of \
         `{0}` are put; leave -I and -P out"
    )]
    Isolated(String),
    /// The command cannot be run from a copy of its files.
    #[error("the files that were hashed cannot be copied to {folder}, from where they are run: {message}")]
    NotCopied {
        /// The folder of the copy.
        folder: PathBuf,
        /// Why, and what to do.
        message: String,
    },
    /// A file that is part of a plugin, or says what is trusted, could not be read or written.
    #[error("{path}: {}", gfn_text::io_words(error))]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that says what is trusted does not say it as it should.
    #[error(
        "{path} is no list of trusted plugins: {message}; correct it, or remove it and trust the plugins again"
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How.
        message: String,
    },
    /// Others could change the list of approvals.
    #[error("{path} {how}, who could approve plugins for you; look at what it lists, then {advice}")]
    Exposed {
        /// The list, or its folder.
        path: PathBuf,
        /// What others may do with it.
        how: String,
        /// What to do.
        advice: String,
    },
    /// There is no place for the list of approvals.
    #[error("there is no folder for your approvals, because HOME is not set; name a file in GFN_APPROVALS")]
    NoPlace,
    /// A name that a plugin cannot have.
    #[error(
        "`{0}` cannot be a plugin's name; use up to 64 letters, digits, `-`, `_` and `.`, a letter or digit first"
    )]
    BadName(String),
}

impl TrustError {
    /// Turns a system's error into one that names the file.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::File { path, error }
    }

    /// A file that does not say what it should.
    pub(super) fn damaged(path: &Path, message: impl Into<String>) -> Self {
        let (path, message) = (path.to_path_buf(), message.into());
        Self::Damaged { path, message }
    }
}

/// What was to be loaded, and as which plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The plugin's name.
    pub name: String,
    /// What it is.
    pub identity: Identity,
}

impl Asked {
    pub(super) fn new(name: &str, identity: &Identity) -> Box<Self> {
        let (name, identity) = (name.to_string(), identity.clone());
        Box::new(Self { name, identity })
    }

    /// What the user can do about it.
    fn advice(&self) -> String {
        let told = match self.identity.target {
            Some(_) => format!("`gfn plugin trust {}`", self.identity.shown),
            None => "`gfn plugin trust FILE`, with the experiment's file,".to_string(),
        };
        format!("look at what it is, then run {told} if you agree to run it")
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { shown, sha256, .. } = &self.identity;
        write!(f, "plugin `{}`: `{shown}` (SHA-256 {sha256})", self.name)
    }
}

fn for_targets(targets: &[String]) -> String {
    match targets {
        [] => String::new(),
        targets => format!(" for {}, only for {}", super::TARGET, targets.join(", ")),
    }
}
