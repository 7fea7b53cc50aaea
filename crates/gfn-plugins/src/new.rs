//! New plugins: a project that builds, runs and passes the checks as it is, for its author to change.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// A file of a project: its path from the project's folder, and its text.
type File = (&'static str, &'static str);

/// A file of the Python package.
macro_rules! package {
    ($($name:literal),* $(,)?) => {
        &[$((
            concat!("gfn_plugin/", $name),
            include_str!(concat!("../../../plugins/python/src/gfn_plugin/", $name)),
        )),*]
    };
}

/// A template's files.
macro_rules! template {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $folder, "/", $name)))),*]
    };
}

/// The Python package that plugins are written with, of which every new project has a copy.
pub const SOURCES: &[File] = package![
    "__init__.py",
    "_frames.py",
    "_lines.py",
    "_objects.py",
    "_outcomes.py",
    "_parameters.py",
    "_reward.py",
    "_run.py",
    "_worker.py",
    "py.typed",
];

const RUST: &[File] =
    template!("rust": "Cargo.toml", "README.md", ".gitignore", "experiment.toml", "src/lib.rs");
const C: &[File] = template!("c": "plugin.c", "experiment.toml", "Makefile", "README.md", ".gitignore");
const CPP: &[File] = template!("cpp": "plugin.cpp", "experiment.toml", "Makefile", "README.md", ".gitignore");
const PYTHON: &[File] = template!("python": "reward.py", "experiment.toml", "README.md");

/// What a plugin can be written in from a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, built by cargo.
    Rust,
    /// C, built by make.
    C,
    /// C++, built by make.
    Cpp,
    /// Python, started as a command.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::C, Self::Cpp, Self::Python];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Python => "python",
        }
    }

    /// The files that are filled in.
    fn template(self) -> &'static [File] {
        match self {
            Self::Rust => RUST,
            Self::C => C,
            Self::Cpp => CPP,
            Self::Python => PYTHON,
        }
    }

    /// What it is written with, copied as it is, so that nothing need be installed.
    fn copied(self) -> Vec<(String, &'static str)> {
        let in_folder = |folder: &'static str, files: &'static [File]| {
            files
                .iter()
                .map(move |(path, text)| (format!("{folder}{path}"), *text))
                .collect()
        };
        match self {
            Self::Rust => in_folder("sdk/", gfn_plugin_sdk::SOURCES),
            Self::C | Self::Cpp => vec![("gfn_plugin.h".to_string(), gfn_plugin_sdk::HEADER)],
            Self::Python => in_folder("", SOURCES),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = NewError;

    fn from_str(text: &str) -> Result<Self, NewError> {
        let found = Self::ALL.into_iter().find(|language| language.name() == text);
        found.ok_or_else(|| NewError::Language(text.to_string()))
    }
}

/// Why there is no new project.
#[derive(Debug, Error)]
pub enum NewError {
    /// There is no template in the language.
    #[error("there is no template in `{0}`; choose one of {names}", names = languages())]
    Language(String),
    /// The name is none.
    #[error("`{0}` cannot be a new plugin's name; use up to 64 letters, digits, `-` and `_`, a letter first")]
    Name(String),
    /// The folder is there already.
    #[error("{0} exists already; name a new folder")]
    Exists(PathBuf),
    /// A file could not be written.
    #[error("{path}: {}", gfn_text::io_words(error))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

fn languages() -> String {
    Language::ALL.map(Language::name).join(", ")
}

/// Makes `folder`, with a plugin called `name` in it that is ready to be built and changed. Returns the files.
///
/// # Errors
/// Where the name is none, the folder is there already, or it cannot be written; then nothing is left of it.
pub fn new_project(language: Language, name: &str, folder: &Path) -> Result<Vec<PathBuf>, NewError> {
    let is_name =
        crate::trust::is_name(name) && !name.contains('.') && name.starts_with(|c: char| c.is_alphabetic());
    if !is_name {
        return Err(NewError::Name(name.to_string()));
    }
    make(folder)?;
    let written = write(language, name, folder);
    if written.is_err() {
        // The error that is told is the first.
        let _ = fs::remove_dir_all(folder);
    }
    written
}

/// Makes the folder, which must not be there, and those above it.
fn make(folder: &Path) -> Result<(), NewError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => NewError::Exists(folder.to_path_buf()),
        _ => NewError::Io {
            path: folder.to_path_buf(),
            error,
        },
    };
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above).map_err(|error| NewError::Io {
            path: above.to_path_buf(),
            error,
        })?;
    }
    fs::create_dir(folder).map_err(failed)
}

fn write(language: Language, name: &str, folder: &Path) -> Result<Vec<PathBuf>, NewError> {
    let identifier = name.replace('-', "_");
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{identifier}}", &identifier)
    };
    let filled = language
        .template()
        .iter()
        .map(|(path, text)| (path.to_string(), fill(text)));
    let copied = language
        .copied()
        .into_iter()
        .map(|(path, text)| (path, text.to_string()));
    filled
        .chain(copied)
        .map(|(path, text)| write_file(&folder.join(path), &text))
        .collect()
}

fn write_file(path: &Path, text: &str) -> Result<PathBuf, NewError> {
    let made = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text));
    let failed = |error| NewError::Io {
        path: path.to_path_buf(),
        error,
    };
    made.map(|()| path.to_path_buf()).map_err(failed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_filled_in() {
        let root = tempfile::tempdir().unwrap();
        for language in Language::ALL {
            let folder = root.path().join(format!("new/{language}"));
            let files = new_project(language, "small-rings", &folder).unwrap();
            assert!(files.len() > 1);
            // What is copied may speak of placeholders; what is filled in has none left.
            let files = &files[..language.template().len()];
            let texts: Vec<String> = files
                .iter()
                .map(|path| fs::read_to_string(path).unwrap())
                .collect();
            assert!(texts.iter().any(|text| text.contains("small-rings")));
            for (path, text) in files.iter().zip(&texts) {
                let left = text.contains("{{name}}") || text.contains("{{identifier}}");
                assert!(!left, "{}", path.display());
            }
        }
    }

    #[test]
    fn a_folder_that_is_there_stays_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let error = new_project(Language::Python, "x", root.path()).unwrap_err();
        assert!(error.to_string().contains("exists already"), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);

        fs::write(root.path().join("file"), "").unwrap();
        let error = new_project(Language::Python, "x", &root.path().join("file/x")).unwrap_err();
        assert!(matches!(error, NewError::Io { .. }), "{error}");
    }

    #[test]
    fn names_that_are_none_make_no_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("x");
        for name in ["", "a b", "../x", "1x", "a.b", "-a"] {
            let error = new_project(Language::Python, name, &folder).unwrap_err();
            assert!(
                error.to_string().contains("cannot be a new plugin's name"),
                "{error}"
            );
        }
        assert!(!folder.exists());
    }

    #[test]
    fn languages_are_found_by_name() {
        for language in Language::ALL {
            assert_eq!(language.name().parse::<Language>().unwrap(), language);
        }
        let error = "cobol".parse::<Language>().unwrap_err().to_string();
        assert!(
            error.starts_with("there is no template in `cobol`; choose one of "),
            "{error}"
        );
    }

    #[test]
    fn every_file_of_the_python_package_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/python/src/gfn_plugin");
        let names = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "__pycache__").collect();
        names.sort();
        let known: Vec<String> = SOURCES
            .iter()
            .map(|(path, _)| path.replace("gfn_plugin/", ""))
            .collect();
        assert_eq!(names, known);
    }
}
