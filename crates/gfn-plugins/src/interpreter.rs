//! Finds the program behind the name of an interpreter.
//!
//! Where several versions of Python are managed, `python3` is often a script that looks for the right one and starts other
//! programs to do so, which a confined process may not. So the script is asked beforehand.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What an interpreter of Python prints where it lies with.
const WHERE: &str = "import sys; sys.stdout.write(sys.executable)";

/// Replaces the name of a Python by the path of its program, where the name stands for a script.
pub(crate) fn resolve(words: &mut [String], folder: &Path) {
    let Some(program) = words.first_mut() else { return };
    let is_python = program.starts_with("python") && !program.contains('/');
    if !is_python || !in_path(program).is_some_and(|path| is_script(&path)) {
        return;
    }
    // Without what lies in the folder: code of the plugin must not run here.
    let asked = Command::new(&program)
        .args(["-I", "-c", WHERE])
        .current_dir(folder)
        .output();
    let answer = asked
        .ok()
        .filter(|output| output.status.success())
        .map(|output| output.stdout);
    if let Some(path) = answer.and_then(|path| String::from_utf8(path).ok())
        && Path::new(&path).is_file()
    {
        *program = path;
    }
}

fn in_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    gfn_files::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && &start == b"#!"
}
