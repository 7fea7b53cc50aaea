//! What a plugin is, told by its bytes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{TARGET, TrustError};
use crate::Program;
use crate::image::hexadecimal;

/// What the words of a command are hashed after, so that no command has the hash of a library.
const COMMAND: &[u8] = b"gfn plugin command 1\0";

/// What a plugin is: the same plugin has the same hash wherever it lies, another one has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The SHA-256 in hexadecimal digits: of a library's bytes, or of a command's words and of the files that they name.
    pub sha256: String,
    /// How many bytes were hashed as files.
    pub size: u64,
    /// The target that a library is for; none for a command, which says nothing of it.
    pub target: Option<String>,
    /// The library, or the command's words.
    pub shown: String,
    /// The files whose bytes are part of the hash.
    pub files: Vec<PathBuf>,
}

/// Reads what a program is.
///
/// For a command it is every word, and the bytes of every word that names a file, seen from the folder that it is started
/// in: an edited script is another plugin. Not part of it are programs that are found by `PATH`, the modules that a
/// script imports, and files that are only part of a word, as in `--model=file`.
///
/// # Errors
/// Where a file cannot be read, or a command has no words.
pub fn identity(program: &Program) -> Result<Identity, TrustError> {
    match program {
        Program::Library { path, .. } => of_library(path),
        Program::Command { words, folder, .. } => of_command(words, folder),
    }
}

fn of_library(path: &Path) -> Result<Identity, TrustError> {
    let (digest, size) = hash(path).map_err(TrustError::file(path))?;
    Ok(Identity {
        sha256: hexadecimal(&digest),
        size,
        target: Some(TARGET.to_string()),
        shown: path.display().to_string(),
        files: vec![path.to_path_buf()],
    })
}

fn of_command(words: &[String], folder: &Path) -> Result<Identity, TrustError> {
    let mut hasher = Sha256::new_with_prefix(COMMAND);
    let (mut size, mut files) = (0, Vec::new());
    for (index, word) in words.iter().enumerate() {
        // Lengths keep words apart: `a b` and `ab` are different commands.
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word);
        let Some(path) = file_of(index, word, folder) else {
            hasher.update([0]);
            continue;
        };
        let (digest, length) = hash(&path).map_err(TrustError::file(&path))?;
        hasher.update([1]);
        hasher.update(digest);
        size += length;
        files.push(path);
    }
    if words.is_empty() {
        return Err(TrustError::EmptyCommand);
    }
    let sha256 = hexadecimal(&hasher.finalize());
    Ok(Identity {
        sha256,
        size,
        target: None,
        shown: words.join(" "),
        files,
    })
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
