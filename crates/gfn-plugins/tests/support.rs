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
