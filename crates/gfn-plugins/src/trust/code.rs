//! Where the code of a command is, besides in the files that its words name.

use std::path::{Path, PathBuf};

use super::tree::{Which, is_environment};

/// Options of Python without a value that change nothing about which files are loaded.
const HARMLESS: &str = "uBOsSPqbvdiIE";

/// Options of Python that have it ignore variables, and so those which keep it from modules that somebody has compiled.
const IGNORING: &str = "IE";

/// What a command's words say of its code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Code {
    /// The folders, or files, that hold it.
    pub(super) roots: Vec<PathBuf>,
    /// Which files in them.
    pub(super) which: Which,
    /// Whether it is a Python that can be kept from compiled modules.
    pub(super) heeds_variables: bool,
}

/// Finds the code of a command that is started in `folder`; `declared` is what the experiment says of it, if it does.
///
/// Python loads modules from the folder of the script, also from that in which it lies where it is a link. With options
/// that may load more, and in any other language, code may also lie in the folder that the command is started in.
pub(super) fn code(words: &[String], folder: &Path, declared: &[PathBuf]) -> Code {
    let script = words.iter().skip(1).position(|word| folder.join(word).exists());
    let options = &words[1.min(words.len())..script.map_or(words.len(), |place| place + 1)];
    let program = words.first().map(String::as_str).unwrap_or_default();
    let python = is_python(program);
    let plain = python && script.is_some() && options.iter().all(|word| is_harmless(word));
    let ignores = options.iter().any(|word| word.contains(|c| IGNORING.contains(c)));
    let heeds_variables = python && !ignores;
    let which = if python { Which::Modules } else { Which::All };
    if !declared.is_empty() {
        return Code {
            roots: declared.to_vec(),
            which,
            heeds_variables,
        };
    }
    let mut roots = Vec::new();
    if let Some(place) = script {
        roots.extend(folders_of(&folder.join(&words[place + 1]), python));
    }
    if !plain {
        roots.push(folder.to_path_buf());
        roots.extend(beside(program, folder));
    }
    Code {
        roots: distinct(roots),
        which,
        heeds_variables,
    }
}

/// The folders, or files, that hold the code of a command: what is hashed of it besides its words.
pub(crate) fn code_roots(words: &[String], folder: &Path, declared: &[PathBuf]) -> Vec<PathBuf> {
    code(words, folder, declared).roots
}

/// Whether this is a Python by its name.
fn is_python(program: &str) -> bool {
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy());
    let version = name.as_deref().and_then(|name| name.strip_prefix("python"));
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

fn is_harmless(word: &str) -> bool {
    let Some(letters) = word.strip_prefix('-') else {
        return false;
    };
    !letters.is_empty() && letters.chars().all(|c| HARMLESS.contains(c))
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
    let inside = folder
        .canonicalize()
        .is_ok_and(|folder| parent.starts_with(folder));
    let installed = parent.parent().is_some_and(is_environment);
    (program.contains('/') && path.is_relative() && !inside && !installed).then_some(parent)
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
