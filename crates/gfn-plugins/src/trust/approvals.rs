//! The hashes that a user has agreed to run: a line each, in a file of their own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{TrustError, files, is_hash, is_name, owned};

const HEADER: &str = "# The plugins that you agreed to run: SHA-256, name, note. `gfn plugin trust` adds lines; remove any that you \
                      like.\n";

/// The plugins that a user has agreed to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approvals {
    path: PathBuf,
    list: Vec<Approval>,
}

/// One plugin that a user has agreed to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its hash, which alone counts.
    pub sha256: String,
    /// What it was called.
    pub name: String,
    /// What was known of it: its path or command.
    pub note: String,
}

impl Approvals {
    /// The list of this user: the file `$GFN_APPROVALS`, else `gfn/approved` in `$XDG_CONFIG_HOME` or `~/.config`.
    ///
    /// # Errors
    /// Where there is no place for it, or it cannot be read.
    pub fn usual() -> Result<Self, TrustError> {
        Self::load(&place(|name| std::env::var_os(name)).ok_or(TrustError::NoPlace)?)
    }

    /// Reads the list in the file `path`; without it nothing is approved.
    ///
    /// # Errors
    /// Where it cannot be read, has a line that is none, or could have been written by another user.
    pub fn load(path: &Path) -> Result<Self, TrustError> {
        let text = files::read(path)?;
        if text.is_some() {
            owned::check(path)?;
        }
        let list = parse(&text.unwrap_or_default()).map_err(|message| TrustError::damaged(path, message))?;
        Ok(Self {
            path: path.to_path_buf(),
            list,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is approved.
    pub fn list(&self) -> &[Approval] {
        &self.list
    }

    /// Whether the plugin with this hash is approved.
    pub fn contains(&self, sha256: &str) -> bool {
        self.list.iter().any(|approval| approval.sha256 == sha256)
    }

    /// Approves a plugin, here and in the file. `note` is for whoever reads the file.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or the name is none.
    pub fn approve(&mut self, sha256: &str, name: &str, note: &str) -> Result<(), TrustError> {
        if !is_name(name) {
            return Err(TrustError::BadName(name.to_string()));
        }
        if !is_hash(sha256) {
            return Err(TrustError::damaged(
                &self.path,
                format!("`{sha256}` would not be a SHA-256 in it"),
            ));
        }
        let note = note
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace(char::is_control, "");
        let approval = Approval {
            sha256: sha256.to_string(),
            name: name.to_string(),
            note,
        };
        self.change(|list| {
            list.retain(|other| other.sha256 != approval.sha256);
            list.push(approval);
        })
    }

    /// Approves the plugin with this hash no longer, and says whether it was.
    ///
    /// # Errors
    /// Where the file cannot be read or written.
    pub fn revoke(&mut self, sha256: &str) -> Result<bool, TrustError> {
        let mut was = false;
        self.change(|list| {
            was = list.iter().any(|approval| approval.sha256 == sha256);
            list.retain(|approval| approval.sha256 != sha256);
        })?;
        Ok(was)
    }

    /// Changes what the file holds now, which another process may have added to.
    fn change(&mut self, change: impl FnOnce(&mut Vec<Approval>)) -> Result<(), TrustError> {
        let path = self.path.clone();
        *self = files::alone_in(&path, 0o700, || {
            owned::check_folder(&path)?;
            let mut now = Self::load(&path)?;
            change(&mut now.list);
            let line = |Approval { sha256, name, note }: &Approval| {
                format!("{sha256} {name} {note}").trim().to_string()
            };
            let lines = now.list.iter().map(|approval| line(approval) + "\n");
            files::replace(&path, &(HEADER.to_string() + &lines.collect::<String>()), 0o600)?;
            Ok(now)
        })?;
        Ok(())
    }
}

/// Where the list is, given the environment's variables.
pub(super) fn place(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(named) = set("GFN_APPROVALS") {
        return Some(named);
    }
    // A relative one is to be ignored, as the specification of these folders says.
    let config = set("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
    let config = config.or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(config.join("gfn").join("approved"))
}

fn parse(text: &str) -> Result<Vec<Approval>, String> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| approval(line).ok_or_else(|| problem(index + 1)))
        .collect()
}

fn problem(line: usize) -> String {
    format!("line {line} is not a SHA-256, a name and a note")
}

fn approval(line: &str) -> Option<Approval> {
    let mut words = line.splitn(3, ' ').map(str::to_string);
    let approval = Approval {
        sha256: words.next()?,
        name: words.next()?,
        note: words.next().unwrap_or_default(),
    };
    (is_hash(&approval.sha256) && is_name(&approval.name)).then_some(approval)
}
