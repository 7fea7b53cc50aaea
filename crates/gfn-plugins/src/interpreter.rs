//! Finds the program behind the name of an interpreter.
//!
//! Where several versions of Python are managed, `python3` is often a script that looks for the right one and starts other
//! programs to do so, which a confined process may not. So the script is asked beforehand, outside of any confinement. It is
//! the user's own, but it looks for files such as `.python-version` in the folder that it is started in, and runs code that
//! they name. So it is started in a folder that no experiment has files in, with few variables, and asked once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What an interpreter of Python prints where it lies with.
const WHERE: &str = "import sys; sys.stdout.write(sys.executable)";

/// The folder that a script is asked in. Only a superuser puts files there.
const NEUTRAL: &str = "/";

/// The variables that it sees besides `PATH`: where the user keeps versions of Python, and which of them is theirs.
const VARIABLES: [&str; 15] = [
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "ASDF_PYTHON_VERSION",
    "MISE_DATA_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// What scripts answered, by their path and the `PATH` that they saw: what is approved is what runs.
static ANSWERS: Mutex<BTreeMap<(PathBuf, OsString), Option<PathBuf>>> = Mutex::new(BTreeMap::new());

/// Whether this is the name of a Python.
pub(crate) fn names_python(name: &str) -> bool {
    let version = name.strip_prefix("python");
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The program that the name of a Python stands for, by `PATH`; nothing for other words. `folder` is the experiment's, and
/// nothing that lies there is run.
pub(crate) fn found(word: &str, folder: &Path) -> Option<PathBuf> {
    if !names_python(word) {
        return None;
    }
    // What a relative folder holds depends on where one is.
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect();
    let program = folders
        .iter()
        .map(|folder| folder.join(word))
        .find(|path| path.is_file())?;
    if !leads_elsewhere(&program) || is_inside(&program, folder) {
        return Some(program);
    }
    let folders = folders.iter().filter(|place| !is_inside(place, folder));
    let path = std::env::join_paths(folders).ok()?;
    Some(answer(&program, path).unwrap_or(program))
}

/// The program that a script answers with.
fn answer(script: &Path, path: OsString) -> Option<PathBuf> {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (script.to_path_buf(), path);
    if let Some(answer) = answers.get(&key) {
        return answer.clone();
    }
    let answer = asked(script, &key.1);
    answers.insert(key, answer.clone());
    answer
}

fn asked(script: &Path, path: &OsString) -> Option<PathBuf> {
    let kept = VARIABLES
        .iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    let output = Command::new(script)
        .args(["-I", "-c", WHERE])
        .env_clear()
        .envs(kept)
        .env("PATH", path)
        .current_dir(NEUTRAL)
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    let program = PathBuf::from(String::from_utf8(output.stdout).ok()?);
    (program.is_absolute() && program.is_file()).then_some(program)
}

/// Whether a path lies in a folder, where links lead.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    path.starts_with(folder) || real(path).starts_with(real(folder))
}

/// Whether a program only looks for a Python: a script, or a link to a program of another name.
fn leads_elsewhere(program: &Path) -> bool {
    let real = program.canonicalize().ok();
    let name = real
        .as_deref()
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy());
    is_script(program) || name.is_some_and(|name| !name.starts_with("py"))
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    gfn_files::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && &start == b"#!"
}
