//! What a plugin is, told by its bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::code::{Root, code, interpreter};
use super::python;
use super::tree::Tree;
use super::{TARGET, TrustError};
use crate::Program;
use crate::error::cleaned;
use crate::image::hexadecimal;
use crate::interpreter::{found, unwrapped};

/// The most files that a message names.
const MAX_TOLD: usize = 5;

/// What the words of a command are hashed after, so that no command has the hash of a library.
const COMMAND: &[u8] = b"gfn plugin command 3\0";

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
    /// Folders among them that were not looked into, with the reason. The command cannot read them.
    pub left_out: Vec<String>,
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
/// For a command it is every word, the bytes of every file that a word names, seen from the folder that it is started
/// in, the files of the folders that hold its code, and those of the package that `python -m` starts: an edited module is
/// another plugin. Not part of it are programs that are found by `PATH`, and what else an interpreter has installed. Plain
/// data in those folders is not part of it either, and a command is started where it cannot read that.
///
/// # Errors
/// Where a file cannot be read, there are far too many, or a command has no words.
pub fn identity(program: &Program) -> Result<Identity, TrustError> {
    match program {
        Program::Library { path, .. } => of_library(path),
        Program::Command {
            words, folder, code, ..
        } => of_command(words, folder, code, None).map(|(identity, _)| identity),
    }
}

/// Where the files that are hashed are copied to while they are read, so that what is run is what was hashed.
pub(crate) trait Keep {
    /// A new file for what the command finds at `place`; none where the copy has it already, or is to have none.
    fn file(&mut self, place: &Path, from: &File) -> io::Result<Option<File>>;
}

/// Hashes a command and copies its files: what it is, and the folders and files that came along with it and hold its code.
///
/// # Errors
/// As for [`identity`], and where a file cannot be copied.
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "for processes, which need Linux")
)]
pub(crate) fn copied(
    words: &[String],
    folder: &Path,
    declared: &[PathBuf],
    keep: &mut dyn Keep,
) -> Result<(Identity, Vec<PathBuf>), TrustError> {
    of_command(words, folder, declared, Some(keep))
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
    let more = told.len().saturating_sub(MAX_TOLD);
    told.truncate(MAX_TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join(", ")
}

fn of_library(path: &Path) -> Result<Identity, TrustError> {
    let (digest, size) = hash(path, None).map_err(TrustError::file(path))?;
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

fn of_command<'a>(
    words: &[String],
    folder: &'a Path,
    declared: &[PathBuf],
    keep: Option<&'a mut dyn Keep>,
) -> Result<(Identity, Vec<PathBuf>), TrustError> {
    if words.is_empty() {
        return Err(TrustError::EmptyCommand);
    }
    let roots = code(words, folder, declared)?;
    let mut hashing = Hashing::new(folder, keep);
    for (index, word) in words.iter().enumerate() {
        hashing.text(word.as_bytes());
        match file_of(index, word, folder) {
            Some(path) if index == 0 && is_installed(&path, folder, &roots) => hashing.installed(&path)?,
            Some(path) => hashing.file(&path, &path)?,
            None => hashing.hasher.update([0]),
        }
    }
    roots.iter().try_for_each(|root| hashing.root(root))?;
    let mut identity = hashing.identity;
    identity.sha256 = hexadecimal(&hashing.hasher.finalize());
    identity.shown = cleaned(&words.join(" "));
    let own = roots.into_iter().filter(|root| root.place == root.path);
    Ok((identity, own.map(|root| root.path).collect()))
}

/// Whether a program is used where it is: it came with an installation that it needs, not with the command.
fn is_installed(program: &Path, folder: &Path, roots: &[Root]) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let program_is_at = real(program);
    let came_along = |place: &Path| program_is_at.starts_with(real(place));
    python::environment_of(program).is_some()
        || !came_along(folder) && !roots.iter().any(|root| came_along(&root.path))
}

/// What a command runs that is not part of its hash: a program that is found by `PATH`, and the folders in which an interpreter
/// has its packages.
pub fn uncovered(program: &Program) -> Vec<PathBuf> {
    let Program::Command { words, folder, .. } = program else {
        return Vec::new();
    };
    let words = unwrapped(words, folder);
    let Some((word, program)) = words
        .first()
        .and_then(|word| Some((word, interpreter(word, folder)?)))
    else {
        return Vec::new();
    };
    let prefixes = python::prefixes(&program);
    let found = (!word.contains('/')).then_some(program);
    found.into_iter().chain(prefixes).collect()
}

/// The Python of a command that names one without saying where it lies, as `python3` does: where `PATH` leads, and where that
/// really lies. It is no part of the hash, which is the same on every machine; each user agrees to their own.
pub fn chosen(program: &Program) -> Option<String> {
    let Program::Command { words, folder, .. } = program else {
        return None;
    };
    // The name itself is in the hash, be it a word or in a script.
    let found = found(unwrapped(words, folder).first()?, folder)?;
    let real = found.canonicalize().unwrap_or_else(|_| found.clone());
    Some(match real == found {
        true => found.display().to_string(),
        false => format!("{} ({})", found.display(), real.display()),
    })
}

/// A command that is being hashed.
struct Hashing<'a> {
    folder: &'a Path,
    hasher: Sha256,
    identity: Identity,
    keep: Option<&'a mut dyn Keep>,
}

impl<'a> Hashing<'a> {
    fn new(folder: &'a Path, keep: Option<&'a mut dyn Keep>) -> Self {
        Self {
            folder,
            hasher: Sha256::new_with_prefix(COMMAND),
            identity: Identity::default(),
            keep,
        }
    }

    /// Lengths keep texts apart: `a b` and `ab` are different commands.
    fn text(&mut self, text: &[u8]) {
        self.hasher.update((text.len() as u64).to_le_bytes());
        self.hasher.update(text);
    }

    /// A program that is used where it is.
    fn installed(&mut self, path: &Path) -> Result<(), TrustError> {
        let keep = self.keep.take();
        let hashed = self.file(path, path);
        self.keep = keep;
        hashed
    }

    /// A file, which the command finds at `place`.
    fn file(&mut self, path: &Path, place: &Path) -> Result<(), TrustError> {
        let keep = self
            .keep
            .as_mut()
            .map(|keep| (&mut **keep as &mut dyn Keep, place));
        let (digest, length) = hash(path, keep).map_err(TrustError::file(path))?;
        self.hasher.update([1]);
        self.hasher.update(digest);
        let (name, sha256) = (self.name(place), hexadecimal(&digest));
        if !self.identity.files.iter().any(|file| file.name == name) {
            self.identity.size += length;
            self.identity.files.push(HashedFile { name, sha256 });
        }
        Ok(())
    }

    /// A folder of code, or a file.
    fn root(&mut self, root: &Root) -> Result<(), TrustError> {
        let tree = Tree::of(&root.path, root.which)?;
        self.hasher.update([2]);
        self.hasher.update((tree.files.len() as u64).to_le_bytes());
        for inner in &tree.files {
            self.text(inner.as_os_str().as_encoded_bytes());
            match inner.as_os_str().is_empty() {
                true => self.file(&root.path, &root.place)?,
                false => self.file(&root.path.join(inner), &root.place.join(inner))?,
            }
        }
        for (inner, why) in tree.left_out {
            let name = self.name(&root.place.join(inner));
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

/// The file that a word names, also as the value of an option: `--model=file`. A program without a `/` is found by `PATH`,
/// whatever lies in the folder.
pub(crate) fn file_of(index: usize, word: &str, folder: &Path) -> Option<PathBuf> {
    let is_looked_up = index == 0 && !word.contains('/');
    let named = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let value = || word.strip_prefix('-')?.split_once('=').map(|(_, value)| value);
    match is_looked_up {
        true => None,
        false => named(word).or_else(|| named(value()?)),
    }
}

/// The SHA-256 of a file, and its length. What is read is also written to the copy, if there is one.
fn hash(path: &Path, keep: Option<(&mut dyn Keep, &Path)>) -> io::Result<([u8; 32], u64)> {
    let mut file = gfn_files::open(path)?;
    let mut copy = match keep {
        Some((keep, place)) => keep.file(place, &file)?,
        None => None,
    };
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), size)),
            Ok(length) => {
                hasher.update(&buffer[..length]);
                if let Some(copy) = &mut copy {
                    copy.write_all(&buffer[..length])?;
                }
                size += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
