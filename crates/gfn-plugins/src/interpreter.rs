//! Finds the program behind the name of an interpreter.
//!
//! Where several versions of Python are managed, `python3` is often a script that looks for the right one and starts other
//! programs to do so, which a confined process may not. So the script is asked beforehand, outside of any confinement. It is
//! the user's own, but it looks for files such as `.python-version` in the folder that it is started in, and runs code that
//! they name. So it is started in a folder that no experiment has files in, with few variables, and asked once.
//!
//! A confined process becomes another program once, so that `env` is left out as well where it does nothing but look for a
//! program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, Read};
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

/// The most bytes of a script's first line that the kernel reads.
const LONGEST_LINE: u64 = 256;

/// How often a program may stand for another one.
const LONGEST_CHAIN: usize = 8;

/// The words of a command that is started in `folder`, with what `env` would look for in the first place.
pub(crate) fn unwrapped(words: &[String], folder: &Path) -> Vec<String> {
    let mut words = words.to_vec();
    for _ in 0..LONGEST_CHAIN {
        match without_env(&words, folder) {
            Some(next) => words = next,
            None => break,
        }
    }
    words
}

/// The command without `env`, where it begins with that, or is a script that does.
fn without_env(words: &[String], folder: &Path) -> Option<Vec<String>> {
    let (program, arguments) = words.split_first()?;
    // Options and variables are for it to deal with.
    let is_plain = |word: &String| !word.starts_with('-') && !word.contains('=');
    if is_env(program) {
        return arguments
            .first()
            .filter(|word| is_plain(word))
            .map(|_| arguments.to_vec());
    }
    // Where that is a script, it is asked.
    if names_python(program) {
        return None;
    }
    let script = crate::trust::program(program, folder)?;
    let mut line = String::new();
    let mut file = gfn_files::open(&script).ok()?.take(LONGEST_LINE);
    // What is no text is no such line.
    std::io::BufReader::new(&mut file).read_line(&mut line).ok()?;
    let (env, rest) = line.strip_prefix("#!")?.trim().split_once(char::is_whitespace)?;
    let rest = rest.trim();
    // Without the option, `env` takes all of it as the name of a program.
    let split = rest
        .strip_prefix("-S")
        .filter(|rest| rest.starts_with(char::is_whitespace));
    let named: Vec<String> = match split {
        Some(rest) => rest.split_whitespace().map(str::to_string).collect(),
        None => vec![rest.to_string()],
    };
    let is_simple = |word: &String| !word.contains(['\'', '"', '\\', '$', '#']);
    if !is_env(env) || !named.first().is_some_and(is_plain) || !named.iter().all(is_simple) {
        return None;
    }
    let script = match program.contains('/') {
        true => program.clone(),
        false => script.to_string_lossy().into_owned(),
    };
    Some(
        named
            .into_iter()
            .chain([script])
            .chain(arguments.iter().cloned())
            .collect(),
    )
}

fn is_env(program: &str) -> bool {
    matches!(program, "env" | "/usr/bin/env" | "/bin/env")
}

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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn what_env_would_look_for_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let comes_to = |line: &str, words: &[&str]| {
            std::fs::write(folder.path().join("script"), format!("{line}\nrest\n")).unwrap();
            let words: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
            unwrapped(&words, folder.path()).join(" ")
        };
        for (line, words, expected) in [
            ("#!/usr/bin/env perl", &["./script", "a"][..], "perl ./script a"),
            ("#! /usr/bin/env -S perl -w", &["./script"], "perl -w ./script"),
            (
                "#!/usr/bin/env perl",
                &["env", "./script", "a"],
                "perl ./script a",
            ),
            ("", &["/usr/bin/env", "perl", "-w"], "perl -w"),
            // What `env` does more than that, and what is no `env`.
            ("", &["env", "A=1", "perl"], "env A=1 perl"),
            ("", &["env", "-i", "perl"], "env -i perl"),
            ("#!/usr/bin/env -S A=1 perl", &["./script"], "./script"),
            ("#!/usr/bin/env -S perl '-w'", &["./script"], "./script"),
            ("#!/usr/bin/perl -w", &["./script"], "./script"),
            ("\u{7f}ELF", &["./script"], "./script"),
            (
                "#!/usr/bin/env ./script",
                &["./script"],
                "./script ./script ./script ./script ./script ./script ./script ./script ./script",
            ),
        ] {
            assert_eq!(comes_to(line, words), expected, "{line} {words:?}");
        }
    }
}
