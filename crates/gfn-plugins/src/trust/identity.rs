//! What a plugin is, told by its bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::code::{Code, code};
use super::tree::{Tree, Which};
use super::{TARGET, TrustError};
use crate::Program;
use crate::error::cleaned;
use crate::image::hexadecimal;

/// The most files that a message names.
const MOST_TOLD: usize = 5;

/// What the words of a command are hashed after, so that no command has the hash of a library.
const COMMAND: &[u8] = b"gfn plugin command 2\0";

/// What a plugin is: the same plugin has the same hash wherever it lies, another one has another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The SHA-256 in hexadecimal digits: of a library's bytes, or of a command's words and of all its code.
    pub sha256: String,
    /// How many bytes were hashed as files.
    pub size: u64,
    /// The target that a library is for; none for a command, which says nothing of it.
    pub target: Option<String>,
    /// The library, or the command's words.
    pub shown: String,
    /// The files whose bytes are part of the hash.
    pub files: Vec<HashedFile>,
    /// Folders among them that were not looked into, with the reason.
    pub left_out: Vec<String>,
    /// Whether modules that somebody compiled lie among the files: Python must not take them for what was hashed.
    pub has_compiled: bool,
}

/// A file that is part of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedFile {
    /// Its path, seen from the folder that the command is started in if it lies there.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// Reads what a program is.
///
/// For a command it is every word, the bytes of every word that names a file, seen from the folder that it is started
/// in, and the files of the folders that hold its code: an edited module is another plugin. Not part of it are programs
/// that are found by `PATH`, what an interpreter has installed, files that are only part of a word, as in `--model=file`,
/// and plain data in those folders.
///
/// # Errors
/// Where a file cannot be read, there are far too many, or a command has no words.
pub fn identity(program: &Program) -> Result<Identity, TrustError> {
    match program {
        Program::Library { path, .. } => of_library(path),
        Program::Command {
            words, folder, code, ..
        } => of_command(words, folder, code),
    }
}

/// What is different about the files of a plugin, in words; at most a few are told.
pub(crate) fn difference<'a>(
    before: impl IntoIterator<Item = (&'a str, &'a str)>,
    now: &[HashedFile],
) -> String {
    let mut before: BTreeMap<&str, &str> = before.into_iter().collect();
    let mut told = Vec::new();
    for HashedFile { name, sha256 } in now {
        match before.remove(&**name) {
            Some(known) if known == sha256 => {}
            Some(_) => told.push(format!("`{name}` was changed")),
            None => told.push(format!("`{name}` is new")),
        }
    }
    told.extend(before.keys().map(|name| format!("`{name}` is gone")));
    if told.is_empty() {
        return "its command is another".to_string();
    }
    let more = told.len().saturating_sub(MOST_TOLD);
    told.truncate(MOST_TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join(", ")
}

fn of_library(path: &Path) -> Result<Identity, TrustError> {
    let (digest, size) = hash(path).map_err(TrustError::file(path))?;
    let sha256 = hexadecimal(&digest);
    let name = cleaned(&path.display().to_string());
    Ok(Identity {
        size,
        target: Some(TARGET.to_string()),
        shown: name.clone(),
        files: vec![HashedFile {
            name,
            sha256: sha256.clone(),
        }],
        sha256,
        ..Identity::default()
    })
}

fn of_command(words: &[String], folder: &Path, declared: &[PathBuf]) -> Result<Identity, TrustError> {
    if words.is_empty() {
        return Err(TrustError::EmptyCommand);
    }
    let Code {
        roots,
        which,
        heeds_variables,
    } = code(words, folder, declared);
    let mut hashing = Hashing::new(folder);
    for (index, word) in words.iter().enumerate() {
        hashing.text(word.as_bytes());
        match file_of(index, word, folder) {
            Some(path) => hashing.file(&path)?,
            None => hashing.hasher.update([0]),
        }
    }
    for root in &roots {
        hashing.root(root, which, heeds_variables)?;
    }
    let mut identity = hashing.identity;
    identity.sha256 = hexadecimal(&hashing.hasher.finalize());
    identity.shown = cleaned(&words.join(" "));
    Ok(identity)
}

/// A command that is being hashed.
struct Hashing<'a> {
    folder: &'a Path,
    hasher: Sha256,
    identity: Identity,
}

impl<'a> Hashing<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            hasher: Sha256::new_with_prefix(COMMAND),
            identity: Identity::default(),
        }
    }

    /// Lengths keep texts apart: `a b` and `ab` are different commands.
    fn text(&mut self, text: &[u8]) {
        self.hasher.update((text.len() as u64).to_le_bytes());
        self.hasher.update(text);
    }

    fn file(&mut self, path: &Path) -> Result<(), TrustError> {
        let (digest, length) = hash(path).map_err(TrustError::file(path))?;
        self.hasher.update([1]);
        self.hasher.update(digest);
        let (name, sha256) = (self.name(path), hexadecimal(&digest));
        if !self.identity.files.iter().any(|file| file.name == name) {
            self.identity.size += length;
            self.identity.files.push(HashedFile { name, sha256 });
        }
        Ok(())
    }

    /// A folder of code, or a file.
    fn root(&mut self, root: &Path, which: Which, heeds_variables: bool) -> Result<(), TrustError> {
        let tree = Tree::of(root, which)?;
        if let Some(compiled) = tree.compiled.first() {
            if !heeds_variables {
                return Err(TrustError::Compiled(root.join(compiled)));
            }
            self.identity.has_compiled = true;
        }
        self.hasher.update([2]);
        self.hasher.update((tree.files.len() as u64).to_le_bytes());
        for inner in &tree.files {
            self.text(inner.as_os_str().as_encoded_bytes());
            match inner.as_os_str().is_empty() {
                true => self.file(root)?,
                false => self.file(&root.join(inner))?,
            }
        }
        for (inner, why) in tree.left_out {
            let name = self.name(&root.join(inner));
            self.identity.left_out.push(format!("{name} ({why})"));
        }
        Ok(())
    }

    /// The path as it is shown: the same wherever the project lies.
    fn name(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.folder).unwrap_or(path);
        cleaned(&inside.display().to_string())
    }
}

/// The file that a word names. A program without a `/` is found by `PATH`, whatever lies in the folder.
fn file_of(index: usize, word: &str, folder: &Path) -> Option<PathBuf> {
    let is_looked_up = index == 0 && !word.contains('/');
    let path = folder.join(word);
    (!is_looked_up && path.is_file()).then_some(path)
}

/// The SHA-256 of a file, and its length.
fn hash(path: &Path) -> io::Result<([u8; 32], u64)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), size)),
            Ok(length) => {
                hasher.update(&buffer[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
