//! Where the code of a command is, besides in the files that its words name.

use std::path::{Path, PathBuf};

use super::TrustError;
use super::python::{self, environment_of};
use super::tree::Which;
use crate::interpreter::{found, names_python};

/// Options of Python without a value that change nothing about which files are loaded.
const HARMLESS: &str = "uBOsSPqbvdiIE";

/// A folder, or a file, that holds code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Root {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Which files in it count.
    pub(super) which: Which,
    /// Where the command finds it: elsewhere for an installed package, which is put into the folder that it is started in.
    pub(super) place: PathBuf,
}

/// Finds the code of a command that is started in `folder`; `declared` is what the experiment says of it, if it does.
///
/// Python loads modules from the folder of the script, also from that in which it lies where it is a link; with `-m` it loads
/// an installed package. With other options that may load more, and in any other language, code may also lie in the folder
/// that the command is started in.
///
/// # Errors
/// Where the package that `-m` names is not found.
pub(super) fn code(words: &[String], folder: &Path, declared: &[PathBuf]) -> Result<Vec<Root>, TrustError> {
    let script = words.iter().skip(1).position(|word| folder.join(word).exists());
    let options = &words[1.min(words.len())..script.map_or(words.len(), |place| place + 1)];
    let program = words.first().map(String::as_str).unwrap_or_default();
    let is_python = is_python(program);
    let is_plain = is_python && script.is_some() && options.iter().all(|word| is_harmless(word));
    let which = if is_python { Which::Modules } else { Which::All };
    let root = |path: PathBuf| Root {
        place: path.clone(),
        path,
        which,
    };
    let mut roots = Vec::new();
    if is_python && let Some(module) = module_of(words) {
        roots.extend(installed(&module, program, folder, declared)?);
    }
    if !declared.is_empty() {
        roots.extend(declared.iter().cloned().map(root));
        return Ok(roots);
    }
    let mut folders = Vec::new();
    if let Some(place) = script {
        folders.extend(folders_of(&folder.join(&words[place + 1]), is_python));
    }
    if !is_plain {
        folders.push(folder.to_path_buf());
        folders.extend(beside(program, folder));
    }
    roots.extend(distinct(folders).into_iter().map(root));
    Ok(roots)
}

/// Whether this is a Python by its name.
fn is_python(program: &str) -> bool {
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy());
    name.as_deref().is_some_and(names_python)
}

fn is_harmless(word: &str) -> bool {
    let Some(letters) = word.strip_prefix('-') else {
        return false;
    };
    !letters.is_empty() && letters.chars().all(|c| HARMLESS.contains(c))
}

/// What `python -m` starts.
struct Module<'a> {
    /// The top-level package.
    name: &'a str,
    /// Whether Python is kept from the folder that it is started in, by `-I` or `-P`.
    is_isolated: bool,
}

/// The package that `python -m` starts.
fn module_of(words: &[String]) -> Option<Module<'_>> {
    let mut options = words.iter().skip(1);
    let mut is_isolated = false;
    while let Some(word) = options.next() {
        if word == "--check-hash-based-pycs" {
            options.next();
            continue;
        }
        let letters = word.strip_prefix('-')?;
        for (place, letter) in letters.char_indices() {
            let rest = &letters[place + 1..];
            match letter {
                'm' => {
                    let name = if rest.is_empty() { options.next()? } else { rest };
                    let name = name.split('.').next()?;
                    return Some(Module { name, is_isolated });
                }
                'c' => return None,
                // Their value is the rest of the word, or the next one.
                'W' | 'X' => {
                    if rest.is_empty() {
                        options.next();
                    }
                    break;
                }
                'I' | 'P' => is_isolated = true,
                _ => {}
            }
        }
    }
    None
}

/// The package that `python -m` starts, where it does not lie in the folder that the command is started in or in `declared`.
fn installed(
    Module { name, is_isolated }: &Module<'_>,
    program: &str,
    folder: &Path,
    declared: &[PathBuf],
) -> Result<Vec<Root>, TrustError> {
    let is_here = |place: &Path| place.join(name).is_dir() || place.join(format!("{name}.py")).is_file();
    let is_declared = declared
        .iter()
        .any(|path| path.file_stem().is_some_and(|stem| stem == *name) || is_here(path));
    if *is_isolated {
        return Err(TrustError::Isolated((*name).to_string()));
    }
    if is_here(folder) || is_declared {
        return Ok(Vec::new());
    }
    let found = interpreter(program, folder).map(|program| python::module(name, &program));
    let found = found.filter(|found| !found.is_empty());
    let Some(found) = found else {
        return Err(TrustError::NoModule((*name).to_string()));
    };
    let root = |path: PathBuf| Root {
        place: folder.join(path.file_name().unwrap_or_default()),
        path,
        which: Which::Package,
    };
    Ok(found.into_iter().map(root).collect())
}

/// The interpreter that a word starts.
pub(crate) fn interpreter(word: &str, folder: &Path) -> Option<PathBuf> {
    found(word, folder).or_else(|| python::program(word, folder))
}

/// The folders that Python looks for modules in because of a script, which may be a folder itself.
fn folders_of(script: &Path, python: bool) -> Vec<PathBuf> {
    if script.is_dir() {
        return if python {
            vec![script.to_path_buf()]
        } else {
            Vec::new()
        };
    }
    let real = script.canonicalize().ok();
    let parent = |path: &Path| path.parent().map(Path::to_path_buf);
    parent(script)
        .into_iter()
        .chain(real.as_deref().and_then(parent))
        .collect()
}

/// The folder of a program that comes along with the experiment from outside of the folder that it is started in.
fn beside(program: &str, folder: &Path) -> Option<PathBuf> {
    let path = Path::new(program);
    let parent = folder.join(path).canonicalize().ok()?.parent()?.to_path_buf();
    let is_inside = folder
        .canonicalize()
        .is_ok_and(|folder| parent.starts_with(folder));
    let is_installed = environment_of(&folder.join(path)).is_some();
    (program.contains('/') && path.is_relative() && !is_inside && !is_installed).then_some(parent)
}

/// Each folder once, whatever it is called.
fn distinct(folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut known = Vec::new();
    folders
        .into_iter()
        .filter(|folder| {
            let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            let is_new = !known.contains(&real);
            known.push(real);
            is_new
        })
        .collect()
}
