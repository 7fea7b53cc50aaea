//! The Python package, by its own tests, and the project that is made with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gfn_plugins::new::{Language, new_project};
use gfn_plugins::trust::identity;
use gfn_plugins::{Batch, Options, PluginError, Program, Protocol, Scores, Status, open_reward};
use serde_json::json;

use crate::support::{host, python};

/// Runs Python in a folder; nothing where there is none.
fn run(folder: &Path, arguments: &[&str]) -> Option<Output> {
    Some(run_by(&python()?, folder, arguments))
}

fn run_by(python: impl AsRef<std::ffi::OsStr>, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(python)
        .arg("-B")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The interpreter with RDKit that `scripts/check-smiles --prepare` sets up.
fn python_with_rdkit() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("GFN_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join("gfn")))
        .or_else(|| variable("HOME").map(|folder| folder.join(".cache/gfn")))?;
    let python = cache.join("rdkit-venv/bin/python");
    python.exists().then_some(python)
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
    let arguments = ["-m", "unittest", "discover", "-s", "tests"];
    if let Some(output) = run(&plugins.join("python"), &arguments) {
        assert_passes(&output);
    }
    let Some(python) = python_with_rdkit() else {
        let reason = "skipped: RDKit is not installed; scripts/check-smiles --prepare installs it";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
        return println!("{reason}");
    };
    assert_passes(&run_by(python, &plugins.join("reward-rdkit"), &arguments));
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
    let Some(output) = run(&folder, &arguments) else {
        return;
    };
    assert_passes(&output);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed, "CCO\t-0.0\nCCCO\t-0.5\n\tthere is no molecule\n");
}

/// A project made from the template, with another text in `reward.py` if one is given.
fn project(text: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("short-rings");
    new_project(Language::Python, "short-rings", &folder).unwrap();
    if let Some(text) = text {
        std::fs::write(folder.join("reward.py"), text).unwrap();
    }
    (root, folder)
}

/// How a project's reward is opened; nothing where there is no Python.
fn options(folder: &Path, protocol: Protocol) -> Option<Options> {
    let words = vec![python()?, "reward.py".to_string()];
    let program = Program::Command {
        words,
        folder: folder.to_path_buf(),
        protocol,
        code: Vec::new(),
        expected_hash: None,
    };
    let mut options = Options::new("short-rings", program, host());
    options.objects = json!({"kind": "molecule"});
    Some(options)
}

fn score(options: Options, texts: &[&str]) -> Result<Scores, PluginError> {
    open_reward(options)?.score(&Batch::Texts(texts))
}

#[test]
fn python_scores_in_a_confined_process_over_both_protocols() {
    let (_root, folder) = project(None);
    for protocol in [Protocol::Frames, Protocol::Lines] {
        let Some(mut options) = options(&folder, protocol) else {
            return;
        };
        options.parameters = json!({"target": 3, "width": 1});
        options.workers = 2;
        let scores = score(options, &["CCO", "CCCO", "", "CCCCO"]).unwrap();
        assert_eq!(
            scores.status,
            [Status::Scored, Status::Scored, Status::Failed, Status::Scored]
        );
        assert_eq!(
            (scores.log_reward[0], scores.log_reward[1], scores.log_reward[3]),
            (0.0, -0.5, -2.0)
        );
        assert_eq!(
            (scores.failures[0].index, scores.failures[0].reason.as_str()),
            (2, "there is no molecule")
        );
    }
}

#[test]
fn an_exception_fails_the_object_that_it_is_raised_for_and_tells_where() {
    let text = "
import gfn_plugin
@gfn_plugin.reward()
def score(texts, parameters):
    return [1 / (len(text) - 3) for text in texts]
gfn_plugin.run()
";
    let (_root, folder) = project(Some(text));
    let Some(options) = options(&folder, Protocol::Frames) else {
        return;
    };
    let scores = score(options, &["C", "CC", "CCO", "CCCC", "CCCCC"]).unwrap();
    assert_eq!(scores.failures.len(), 1);
    assert_eq!(scores.failures[0].index, 2);
    let reason = &scores.failures[0].reason;
    assert!(
        reason.contains("ZeroDivisionError") && reason.contains("reward.py:5 in "),
        "{reason}"
    );
}

#[test]
fn refused_parameters_and_missing_packages_are_told() {
    let (_root, folder) = project(Some("import a_package_that_is_not_there"));
    let Some(options) = options(&folder, Protocol::Frames) else {
        return;
    };
    let error = score(options, &["C"]).unwrap_err().to_string();
    assert!(
        error.contains("No module named 'a_package_that_is_not_there'"),
        "{error}"
    );

    let text = "
import gfn_plugin
@gfn_plugin.reward()
class Model:
    def __init__(self, parameters, context):
        raise gfn_plugin.ParameterError('there is no model')
gfn_plugin.run()
";
    let (_root, folder) = project(Some(text));
    let Some(options) = self::options(&folder, Protocol::Frames) else {
        return;
    };
    let error = score(options, &["C"]).unwrap_err();
    assert!(
        matches!(&error, PluginError::BadParameters { message, .. } if message == "there is no model"),
        "{error}"
    );
}

#[test]
fn python_can_neither_write_nor_connect_nor_start_programs() {
    let text = "
import os, socket, subprocess
import gfn_plugin
def refused(act):
    try:
        act()
    except (OSError, PermissionError):
        return 0.0
    return 1.0
ACTS = {
    'write': lambda: open('mark', 'w'),
    'connect': socket.socket,
    'start': lambda: subprocess.run(['true'], check=True),
    'read': lambda: open('reward.py').read(),
}
@gfn_plugin.reward()
def score(texts, parameters):
    return [refused(ACTS[text]) for text in texts]
gfn_plugin.run()
";
    let (_root, folder) = project(Some(text));
    let Some(options) = options(&folder, Protocol::Frames) else {
        return;
    };
    let oracle = open_reward(options).unwrap();
    let scores = oracle
        .score(&Batch::Texts(&["write", "connect", "start", "read"]))
        .unwrap();
    let report = oracle.enforced();
    assert_eq!(scores.log_reward[3], 1.0);
    if report.landlock > 0 {
        assert_eq!(scores.log_reward[0], 0.0);
        assert!(!folder.join("mark").exists());
    }
    if report.seccomp {
        assert_eq!(scores.log_reward[1..3], [0.0, 0.0]);
    }
}

/// With `read` a command reads its own modules, its interpreter's and what is named, wherever it is started, and nothing else.
#[test]
fn a_script_outside_of_its_start_folder_reads_its_modules_and_little_else() {
    let text = "
import gfn_plugin, helper
def can_read(path):
    try:
        return open(path).read() == 'here'
    except OSError:
        return False
@gfn_plugin.reward()
def score(texts, parameters):
    return [helper.VALUE if can_read(text) else 0.0 for text in texts]
gfn_plugin.run()
";
    let (root, folder) = project(Some(text));
    std::fs::write(folder.join("helper.py"), "VALUE = 3.0\n").unwrap();
    let of = |name: &str| root.path().join(name);
    for name in ["started/beside.txt", "allowed/data.txt", "other/secret.txt"] {
        std::fs::create_dir_all(of(name).parent().unwrap()).unwrap();
        std::fs::write(of(name), "here").unwrap();
    }
    let Some(mut options) = options(&of("started"), Protocol::Frames) else {
        return;
    };
    if let Program::Command { words, .. } = &mut options.program {
        words[1] = folder.join("reward.py").display().to_string();
    }
    options.confinement.read.push(of("allowed"));
    let oracle = open_reward(options).unwrap();
    let paths = ["started/beside.txt", "allowed/data.txt", "other/secret.txt"];
    let paths = paths.map(|name| of(name).display().to_string());
    let scores = oracle.score(&Batch::Texts(&paths.each_ref().map(String::as_str)));
    let secret = if oracle.enforced().landlock > 0 { 0.0 } else { 3.0 };
    assert_eq!(scores.unwrap().log_reward, [secret, 3.0, secret]);
}

/// Options that hold a command to what it is now.
fn approved(mut options: Options) -> Options {
    let hash = identity(&options.program).unwrap().sha256;
    if let Program::Command { expected_hash, .. } = &mut options.program {
        *expected_hash = Some(hash);
    }
    options
}

#[test]
fn a_run_keeps_to_the_modules_that_it_began_with() {
    let text = "
import os, gfn_plugin, helper
@gfn_plugin.reward()
def score(objects, parameters):
    if 'die' in objects:
        os._exit(3)
    return [helper.VALUE] * len(objects)
gfn_plugin.run()
";
    let (_root, folder) = project(Some(text));
    std::fs::write(folder.join("helper.py"), "VALUE = 1.0\n").unwrap();
    let Some(options) = options(&folder, Protocol::Frames) else {
        return;
    };
    let options = approved(options);
    let oracle = open_reward(options.clone()).unwrap();
    let value = |text: &str| oracle.score(&Batch::Texts(&[text])).unwrap().log_reward[0];
    assert_eq!(value("C"), 1.0);
    std::fs::write(folder.join("helper.py"), "VALUE = 2.0\n").unwrap();
    // It dies, is started again, and is the same: only the object suffers.
    assert!(value("die").is_nan());
    assert_eq!((value("C"), oracle.restarts()), (1.0, 2));
    let error = open_reward(options).err().unwrap();
    assert!(matches!(error, PluginError::CodeChanged { .. }), "{error}");
}

#[test]
fn a_module_that_somebody_compiled_is_not_loaded_in_place_of_its_source() {
    let text = "
import gfn_plugin, helper
@gfn_plugin.reward()
def score(objects, parameters):
    return [helper.VALUE] * len(objects)
gfn_plugin.run()
";
    let (root, folder) = project(Some(text));
    std::fs::write(folder.join("helper.py"), "VALUE = 1.0\n").unwrap();
    std::fs::write(root.path().join("evil.py"), "VALUE = 2.0\n").unwrap();
    let compile = "import importlib.util, py_compile
place = importlib.util.cache_from_source('helper.py')
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
py_compile.compile('../evil.py', cfile=place, invalidation_mode=mode)";
    let Some(output) = run(&folder, &["-c", compile]) else {
        return;
    };
    assert_passes(&output);
    let words = |first: &str| {
        let mut options = options(&folder, Protocol::Frames)?;
        if let Program::Command { words, .. } = &mut options.program {
            words.insert(1, first.to_string());
        }
        Some(options)
    };
    // Which it would be otherwise, also where Python is told not to heed variables.
    for first in ["-B", "-E", "-s"] {
        let Some(options) = words(first) else { return };
        assert_eq!(
            score(approved(options), &["C"]).unwrap().log_reward,
            [1.0],
            "{first}"
        );
    }
}
