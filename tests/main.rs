//! What a user does, through the `gfn` program.

mod acquire;
mod baselines;
mod chances;
mod check;
mod clusters;
mod docking;
mod docs;
mod errors;
mod exports;
mod files;
mod golden;
mod help;
mod hostile;
mod integrity;
mod layered;
mod mistakes;
mod molecules;
mod plugins;
mod proxy;
mod report;
mod resume;
mod runs;
mod signals;
mod slurm;
mod sweep;
mod tables;
mod training;
mod trust;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The top of the checkout.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs `gfn` in the top folder.
fn gfn(arguments: &[&str]) -> Output {
    gfn_with(&[], arguments)
}

/// The same with variables set.
fn gfn_with(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(top())
        .output()
        .expect("gfn starts")
}

/// Standard output of a run that must succeed.
fn succeed(arguments: &[&str]) -> String {
    let output = gfn(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "gfn {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Standard error of a run that must end with `code`.
fn fail(arguments: &[&str], code: i32) -> String {
    let output = gfn(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "gfn {arguments:?}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

/// The experiments that come with the program and need no files of others.
fn shipped_experiments() -> Vec<PathBuf> {
    let mut files = experiment_files(&top().join("experiments"));
    files.retain(|file| !molecules::needs_data(file) && !file.ends_with(docking::DOCKING));
    assert!(files.len() > 5, "{files:?}");
    files
}

/// All experiments below a folder; data that somebody fetched may lie between them.
fn experiment_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let visit = |path: PathBuf| {
        if path.is_dir() {
            experiment_files(&path)
        } else {
            vec![path]
        }
    };
    let is_experiment = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
    entries.flat_map(visit).filter(is_experiment).collect()
}
