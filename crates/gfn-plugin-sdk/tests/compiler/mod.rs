//! The C and C++ compilers, without which plugins cannot be tested: a test fails where there is none.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of this test's own, empty at first.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the compiler, warnings being errors; panics with what it says.
pub(crate) fn compile(language: &str, standard: &str, words: &[&str]) {
    let (variable, usual) = if language == "c" {
        ("CC", "cc")
    } else {
        ("CXX", "c++")
    };
    let compiler = std::env::var(variable).unwrap_or_else(|_| usual.into());
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include");
    let ran = Command::new(&compiler)
        .arg(format!("-std={standard}"))
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", include])
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("there is no compiler `{compiler}`: {error}"));
    assert!(
        ran.status.success(),
        "{compiler}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

/// Compiles a program's text; returns where the program is.
#[allow(dead_code, reason = "not every test wants a program")]
pub(crate) fn program(folder: &Path, language: &str, standard: &str, text: &str) -> PathBuf {
    let (source, program) = (
        folder.join("program.c"),
        folder.join(format!("program-{standard}")),
    );
    std::fs::write(&source, text).unwrap();
    compile(
        language,
        standard,
        &[
            "-x",
            language,
            source.to_str().unwrap(),
            "-o",
            program.to_str().unwrap(),
        ],
    );
    program
}

/// Compiles source files to a plugin; returns where the library is.
#[allow(dead_code, reason = "not every test wants a library")]
pub(crate) fn library(folder: &Path, language: &str, standard: &str, sources: &[PathBuf]) -> PathBuf {
    let library = folder.join("libplugin.so");
    let mut words = vec![
        "-shared",
        "-fPIC",
        "-fvisibility=hidden",
        "-O1",
        "-pthread",
        "-o",
        library.to_str().unwrap(),
    ];
    words.extend(sources.iter().map(|source| source.to_str().unwrap()));
    words.push("-lm");
    compile(language, standard, &words);
    library
}
