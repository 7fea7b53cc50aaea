//! The Python package, by its own tests, and the project that is made with it.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may")]

use std::path::Path;
use std::process::{Command, Output};

use gfn_plugins::new::{Language, new_project};

/// Runs Python in a folder of the repository, or says that there is none.
fn python(folder: &Path, arguments: &[&str]) -> Option<Output> {
    let has_python = Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_python {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "python3 is missing");
        eprintln!("skipped: python3 is missing");
        return None;
    }
    Some(
        Command::new("python3")
            .arg("-B")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap(),
    )
}

#[track_caller]
fn assert_passes(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_python_packages_own_tests_pass() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    for folder in ["python", "reward-rdkit"] {
        let arguments = ["-m", "unittest", "discover", "-s", "tests"];
        if let Some(output) = python(&plugins.join(folder), &arguments) {
            assert_passes(&output);
        }
    }
}

#[test]
fn a_new_python_project_scores_at_once() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("short-rings");
    new_project(Language::Python, "short-rings", &folder).unwrap();
    let arguments = [
        "reward.py",
        "--try",
        r#"{"target": 3, "width": 1}"#,
        "CCO",
        "CCCO",
        "",
    ];
    let Some(output) = python(&folder, &arguments) else {
        return;
    };
    assert_passes(&output);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed, "CCO\t-0.0\nCCCO\t-0.5\n\tthere is no molecule\n");
}
