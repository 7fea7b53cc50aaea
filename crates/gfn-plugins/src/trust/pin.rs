//! One plugin in `gfn.lock`.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{HashedFile, Identity, TrustError, difference, is_hash, is_name};
use crate::{Description, Program};

/// A plugin that an experiment may load, for one target.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// What experiments call it.
    pub name: String,
    /// Where it was when it was pinned. Only shown: what is trusted is the hash.
    pub source: Source,
    /// Its hash, as [`super::identity`] finds it.
    pub sha256: String,
    /// The target that it is for; none for a command.
    pub target: Option<String>,
    /// How many bytes were hashed.
    pub size: u64,
    /// The files of a command with their hashes, to tell which was changed. Only shown: what is trusted is the hash.
    pub files: BTreeMap<String, String>,
    /// What it says of itself, so that an experiment can be checked without running it.
    pub description: Description,
}

/// Where a plugin is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A library: its path, seen from the folder of `gfn.lock`.
    Library(PathBuf),
    /// A command: its words.
    Command(Vec<String>),
}

impl Pin {
    /// The pin of a program, for a `gfn.lock` in `folder`.
    pub fn new(
        name: impl Into<String>,
        program: &Program,
        identity: &Identity,
        description: Description,
        folder: &Path,
    ) -> Self {
        Self {
            name: name.into(),
            source: Source::of(program, folder),
            sha256: identity.sha256.clone(),
            target: identity.target.clone(),
            size: identity.size,
            files: match program {
                Program::Library { .. } => BTreeMap::new(),
                Program::Command { .. } => identity.files.iter().map(named).collect(),
            },
            description,
        }
    }

    /// What is different about a plugin that has another hash, in words.
    pub fn difference(&self, now: &Identity) -> String {
        if now.target.is_some() {
            return "the library is another".to_string();
        }
        let before = self.files.iter();
        difference(
            before.map(|(name, sha256)| (name.as_str(), sha256.as_str())),
            &now.files,
        )
    }
}

fn named(file: &HashedFile) -> (String, String) {
    (file.name.clone(), file.sha256.clone())
}

impl Source {
    fn of(program: &Program, folder: &Path) -> Self {
        match program {
            Program::Command { words, .. } => Self::Command(words.clone()),
            Program::Library { path, .. } => {
                let (Ok(whole), Ok(folder)) = (path.canonicalize(), folder.canonicalize()) else {
                    return Self::Library(path.clone());
                };
                Self::Library(from(&folder, &whole))
            }
        }
    }
}

/// The path of a file, seen from a folder; both are whole. What shares nothing but the root is named from there.
fn from(folder: &Path, file: &Path) -> PathBuf {
    let shared = folder.components().zip(file.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    if shared < 2 {
        return file.to_path_buf();
    }
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(file.components().skip(shared)).collect()
}

/// A pin as it is written: TOML has no `null` and no objects of any depth, so the description is JSON within.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinDocument {
    name: String,
    library: Option<PathBuf>,
    command: Option<Vec<String>>,
    target: Option<String>,
    sha256: String,
    size: u64,
    description: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
}

impl PinDocument {
    /// The form of a pin in a file.
    pub(super) fn of(pin: &Pin) -> Result<Self, serde_json::Error> {
        let Pin {
            name,
            source,
            sha256,
            target,
            size,
            files,
            description,
        } = pin.clone();
        let (library, command) = match source {
            Source::Library(path) => (Some(path), None),
            Source::Command(words) => (None, Some(words)),
        };
        let description = serde_json::to_string_pretty(&description)?;
        Ok(Self {
            name,
            library,
            command,
            target,
            sha256,
            size,
            description,
            files,
        })
    }

    /// The pin, or what is wrong with it.
    pub(super) fn read(self) -> Result<Pin, String> {
        let Self {
            name,
            library,
            command,
            target,
            sha256,
            size,
            description,
            files,
        } = self;
        if !is_name(&name) {
            return Err(TrustError::BadName(name).to_string());
        }
        let wrong = |message: &str| format!("plugin `{name}`: {message}");
        let source = match (library, command) {
            (Some(path), None) => Source::Library(path),
            (None, Some(words)) => Source::Command(words),
            _ => return Err(wrong("expected either `library` or `command`")),
        };
        if !is_hash(&sha256) {
            return Err(wrong("`sha256` is not 64 small hexadecimal digits"));
        }
        let description: Description = serde_json::from_str(&description).map_err(|error| {
            wrong(&format!(
                "`description` is not what a plugin says of itself: {error}"
            ))
        })?;
        let description = description.shown().map_err(|message| wrong(&message))?;
        Ok(Pin {
            name,
            source,
            sha256,
            target,
            size,
            files,
            description,
        })
    }
}
