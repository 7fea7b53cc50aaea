//! `gfn plugin new`.

use std::path::{Path, PathBuf};

use gfn_plugins::{Language, new_project};

use crate::args::Lang;
use crate::commands::print;
use crate::exit::Failure;

pub(crate) fn new(name: &str, lang: Lang, folder: Option<PathBuf>) -> Result<(), Failure> {
    let language = match lang {
        Lang::Rust => Language::Rust,
        Lang::C => Language::C,
        Lang::Cpp => Language::Cpp,
        Lang::Python => Language::Python,
    };
    let folder = folder.unwrap_or_else(|| PathBuf::from(name));
    let written = new_project(language, name, &folder).map_err(|error| Failure::usage(error.to_string()))?;
    let mut text = String::new();
    for path in written {
        text += &format!("{}\n", path.display());
    }
    text += &next(lang, name, &folder);
    print(&text)
}

/// What to type next.
fn next(lang: Lang, name: &str, folder: &Path) -> String {
    let folder = folder.display();
    let (build, check) = match lang {
        Lang::Rust => (
            Some(format!(
                "cargo build --release --manifest-path {folder}/Cargo.toml"
            )),
            format!(
                "gfn plugin check {folder}/target/release/lib{}.so",
                name.replace('-', "_")
            ),
        ),
        Lang::C | Lang::Cpp => (
            Some(format!("make -C {folder}")),
            format!("gfn plugin check {folder}/lib{name}.so"),
        ),
        Lang::Python => (None, format!("gfn plugin check {folder}/reward.py")),
    };
    let mut text = "\nNext:\n".to_string();
    for line in build.iter().chain([&check]) {
        text += &format!("  {line}\n");
    }
    text + &format!("  gfn plugin trust {folder}/experiment.toml\n  gfn run {folder}/experiment.toml\n")
}
