//! A command that is run from a copy of exactly the files that were hashed.
//!
//! The copy is made once, while the files are hashed, so that nobody can exchange one between the check and its use. It is a
//! folder that only this user can enter and nobody writes to, with every file where it lies as seen from the root: a script
//! finds its modules as before. What is left out of the hash is not in it, and the folders that it was made of are hidden
//! from the process.

use std::path::{Path, PathBuf};

use super::copy::Copy;
use crate::error::PluginError;
use crate::interpreter;
use crate::options::{Confinement, Program};
use crate::trust::{Identity, TrustError, copied, file_of, interpreter as found_at, prefixes};

/// A command as it is run.
pub(crate) struct Sealed {
    /// Removed when it is dropped.
    _copy: Copy,
    /// The words, with the places of the copy.
    pub(crate) words: Vec<String>,
    /// The folder of the copy that it is started in.
    pub(crate) folder: PathBuf,
    /// What the process reads whatever else it may: the copy, and the interpreter with its packages.
    pub(crate) own: Vec<PathBuf>,
    /// The folders that the copy was made of, which the process cannot read.
    pub(crate) hidden: Vec<PathBuf>,
}

/// Copies a command; nothing for a library. `confinement` is what it may read and write in place.
///
/// # Errors
/// Where it is not what was approved, or cannot be copied.
pub(crate) fn seal(
    plugin: &str,
    program: &Program,
    confinement: &Confinement,
) -> Result<Option<Sealed>, PluginError> {
    let Program::Command {
        words,
        folder,
        code,
        expected_hash,
        ..
    } = program
    else {
        return Ok(None);
    };
    let folder = folder.canonicalize().map_err(PluginError::file(plugin, folder))?;
    let wrong = |error: TrustError| PluginError::NotSealed {
        plugin: plugin.to_string(),
        message: error.to_string(),
    };
    let mut copy = Copy::new(confinement).map_err(wrong)?;
    let (identity, roots) = copied(words, &folder, code, &mut copy).map_err(wrong)?;
    check(plugin, &identity, expected_hash.as_deref())?;
    let hidden = hidden(&folder, &roots);
    let sealed = (|| {
        copy.link_script(words, &folder)?;
        let words = words_of(words, &folder, &copy);
        let started_in = copy.seal(&folder, &roots)?;
        let mut words = interpreter::unwrapped(&words, &started_in);
        // What is run is what was approved, whatever the process would find.
        if let Some(program) = words.first().and_then(|word| interpreter::found(word, &folder)) {
            words[0] = program.to_string_lossy().into_owned();
        }
        Ok((words, started_in))
    })();
    let (sealed_words, sealed_folder) = sealed.map_err(|error| wrong(copy.error(&error)))?;
    let program = sealed_words.first().and_then(|word| found_at(word, &folder));
    let mut own = vec![copy.root().to_path_buf()];
    own.extend(program.iter().flat_map(|program| prefixes(program)));
    Ok(Some(Sealed {
        _copy: copy,
        words: sealed_words,
        folder: sealed_folder,
        own,
        hidden,
    }))
}

fn check(plugin: &str, now: &Identity, expected: Option<&str>) -> Result<(), PluginError> {
    match expected {
        Some(expected) if !now.sha256.eq_ignore_ascii_case(expected) => Err(PluginError::CodeChanged {
            plugin: plugin.to_string(),
            difference: format!("it has the SHA-256 {}, not {expected}", now.sha256),
        }),
        _ => Ok(()),
    }
}

/// The folders that the copy stands for: those of the code, and that in which the command is started.
fn hidden(folder: &Path, roots: &[PathBuf]) -> Vec<PathBuf> {
    let folder_of = |path: &PathBuf| match path.is_dir() {
        true => Some(path.clone()),
        false => path.parent().map(Path::to_path_buf),
    };
    let all = roots.iter().filter_map(folder_of).chain([folder.to_path_buf()]);
    let all = all.filter_map(|folder| folder.canonicalize().ok());
    let mut distinct: Vec<PathBuf> = Vec::new();
    for hidden in all {
        if !distinct.contains(&hidden) {
            distinct.push(hidden);
        }
    }
    distinct
}

/// The words with the places of files in the copy. A program that has none there is used where it is.
fn words_of(words: &[String], folder: &Path, copy: &Copy) -> Vec<String> {
    let mut sealed = words.to_vec();
    for (index, word) in sealed.iter_mut().enumerate() {
        let path = folder.join(&*word);
        if index == 0 && !word.contains('/') {
            continue;
        } else if Path::new(&*word).is_absolute() && copy.has(&path) {
            *word = copy.place(&path).to_string_lossy().into_owned();
        } else if index == 0 && !copy.has(&path) {
            *word = path.to_string_lossy().into_owned();
        } else if let Some((option, value)) = word.split_once('=')
            && Path::new(value).is_absolute()
            && file_of(index, word, folder).is_some_and(|path| copy.has(&path))
        {
            *word = format!("{option}={}", copy.place(Path::new(value)).display());
        }
    }
    sealed
}
