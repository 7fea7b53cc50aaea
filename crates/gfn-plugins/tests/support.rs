//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gfn_plugins::{Batch, Options, Oracle, Program, Protocol, Scores};

/// The program in which plugins run.
pub(crate) fn host() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_plugin-host"))
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
        code: Vec::new(),
        expected_hash: None,
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

/// One library of C files.
fn compiled(name: &str, sources: &[PathBuf], defines: &[&str]) -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let variant: String = defines.concat().replace(|c: char| !c.is_alphanumeric(), "-");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{variant}.so"));
    let headers = folder("../gfn-plugin-sdk/include");
    let modified = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    let newest = sources.iter().map(|source| modified(source)).max().flatten();
    if modified(&library) >= newest.max(modified(&headers.join("gfn_plugin.h"))) {
        return Some(library);
    }
    // Under another name first: another process may load it meanwhile.
    let unfinished = library.with_extension(std::process::id().to_string());
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_string());
    let mut command = std::process::Command::new(compiler);
    command
        .args(["-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread", "-o"])
        .arg(&unfinished);
    command
        .args(sources)
        .args(defines.iter().map(|define| format!("-D{define}")));
    match command.arg("-I").arg(headers).arg("-lm").status() {
        Ok(status) => assert!(status.success(), "{name} does not compile"),
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "no C compiler: {error}");
            println!("skipped: there is no C compiler");
            return None;
        }
    }
    std::fs::rename(unfinished, &library).unwrap();
    Some(library)
}

/// The plugin in `plugins/reward-rogue`, which scores texts, as it is given to others to test with.
pub(crate) fn shipped_rogue() -> Option<Options> {
    shipped("reward-rogue")
}

/// A plugin in C of a folder in `plugins`.
pub(crate) fn shipped(name: &str) -> Option<Options> {
    let files = std::fs::read_dir(folder("../../plugins").join(name))
        .unwrap()
        .flatten();
    let mut sources: Vec<PathBuf> = files.map(|file| file.path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    let program = Program::Library {
        path: compiled(&format!("shipped-{name}"), &sources, &[])?,
        expected_hash: None,
    };
    Some(quick(Options::new("rogue", program, host())))
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

/// Whether the kernel can do all that was asked of it; a test of what is refused is skipped where it is too old.
#[track_caller]
pub(crate) fn is_confined(oracle: &Oracle) -> bool {
    let report = oracle.enforced();
    assert!(report.seccomp, "{report:?}");
    let is_old = report.landlock < 6;
    assert!(is_old || report.is_complete(), "{report:?}");
    if is_old {
        println!(
            "skipped: this kernel cannot confine plugins: {}",
            report.missing.join("; ")
        );
    }
    !is_old
}
