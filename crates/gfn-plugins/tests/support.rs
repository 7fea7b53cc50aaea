//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gfn_plugins::{Batch, Options, Oracle, Program, Protocol, Scores};

/// The program in which plugins run.
pub(crate) fn host() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_gfn-plugin-host"))
}

/// A folder of this crate.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A Python 3 to run scripts with; where there is none the test is skipped, but not where all tools must be there.
pub(crate) fn python() -> Option<String> {
    let runs = std::process::Command::new("python3")
        .arg("--version")
        .output()
        .is_ok();
    assert!(runs || std::env::var("CI").is_err(), "python3 is missing");
    if !runs {
        println!("skipped: there is no python3");
    }
    runs.then(|| "python3".to_string())
}

/// A script of these tests as a plugin.
pub(crate) fn script(name: &str, protocol: Protocol) -> Option<Options> {
    let words = vec![
        python()?,
        folder("tests/scripts").join(name).display().to_string(),
    ];
    let program = Program::Command {
        words,
        folder: folder("tests"),
        protocol,
    };
    Some(quick(Options::new("toy", program, host())))
}

/// With deadlines for tests.
pub(crate) fn quick(mut options: Options) -> Options {
    options.limits.timeout = Duration::from_secs(20);
    options
}

/// Collects the lines that a plugin writes.
pub(crate) fn logged(options: &mut Options) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    options.log = Arc::new(move |line| sink.lock().unwrap().push(line.to_string()));
    lines
}

/// Scores texts.
#[track_caller]
pub(crate) fn texts(oracle: &Oracle, texts: &[&str]) -> Scores {
    let scores = oracle.score(&Batch::Texts(texts)).unwrap();
    assert_eq!(
        (scores.status.len(), scores.log_reward.len()),
        (texts.len(), texts.len())
    );
    scores
}

/// A plugin in C of these tests, built; see [`compiled`].
pub(crate) fn built(name: &str, defines: &[&str]) -> Option<PathBuf> {
    compiled(
        name,
        &[folder("tests/plugins").join(format!("{name}.c"))],
        defines,
    )
}

/// A plugin in C, built; where there is no compiler the test is skipped, but not where all tools must be there. `defines`
/// make variants of it.
pub(crate) fn compiled(name: &str, sources: &[PathBuf], defines: &[&str]) -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let variant: String = defines.concat().replace(|c: char| !c.is_alphanumeric(), "-");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{variant}.so"));
    let header = folder("../gfn-plugin-sdk/include");
    let modified = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    let newest = sources.iter().filter_map(|source| modified(source)).max();
    if modified(&library) >= newest.max(modified(&header.join("gfn_plugin.h"))) {
        return Some(library);
    }
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_string());
    let mut command = std::process::Command::new(compiler);
    command
        .args(["-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread", "-o"])
        .arg(&library)
        .args(sources);
    command
        .args(defines.iter().map(|define| format!("-D{define}")))
        .arg("-I")
        .arg(header)
        .arg("-lm");
    match command.status() {
        Ok(status) => assert!(status.success(), "{name} does not compile"),
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "no C compiler: {error}");
            println!("skipped: there is no C compiler");
            return None;
        }
    }
    Some(library)
}

/// A plugin in C as a library.
pub(crate) fn library(name: &str, defines: &[&str]) -> Option<Options> {
    let program = Program::Library {
        path: built(name, defines)?,
        expected_hash: None,
    };
    Some(quick(Options::new("toy", program, host())))
}

/// Scores states of two words.
#[track_caller]
pub(crate) fn states(oracle: &Oracle, words: &[i32]) -> Scores {
    let scores = oracle.score(&Batch::States { words, stride: 2 }).unwrap();
    assert_eq!(
        (scores.status.len(), scores.log_reward.len()),
        (words.len() / 2, words.len() / 2)
    );
    scores
}
