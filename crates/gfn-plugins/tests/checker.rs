//! What the checker finds in plugins that behave, and in one with a fault for each check.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use gfn_plugins::checker::{Check, CheckReport, Objects, Samples, Verdict, check, check_only, check_watched};
use gfn_plugins::new::{Language, new_project};
use gfn_plugins::{Options, Program, Protocol};

use crate::support::{built, folder, host, library, python, quick, shipped};

/// `checked.c` with a fault: its name is written into the library.
fn faulty(fault: &str) -> Option<(tempfile::TempDir, Options)> {
    let library = built("checked", &[])?;
    let mut bytes = std::fs::read(library).unwrap();
    let place = bytes.windows(6).position(|window| window == b"FAULT=").unwrap() + 6;
    bytes[place..place + fault.len()].copy_from_slice(fault.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faulty.so");
    std::fs::write(&path, bytes).unwrap();
    let program = Program::Library {
        path,
        expected_hash: None,
    };
    Some((folder, quick(Options::new("faulty", program, host()))))
}

fn of_name<'a>(report: &'a CheckReport, name: &str) -> &'a Check {
    report
        .checks
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("no `{name}` in {report}"))
}

/// That a fault is found by the check of that name, in those words.
#[track_caller]
fn assert_found(fault: &str, name: &str, words: &str) {
    let Some((_folder, options)) = faulty(fault) else {
        return;
    };
    let report = check_only(&options, &Samples::default(), &|wanted| wanted == name);
    assert_eq!(report.checks.len(), 1, "{report}");
    let found = of_name(&report, name);
    assert_eq!(found.verdict, Verdict::Fail, "{fault}: {report}");
    assert!(found.detail.contains(words), "{fault}: {report}");
}

/// Of each check it is told that it begins, and how many there are.
#[test]
fn who_watches_sees_each_check_begin() {
    let Some(options) = library("checked", &[]) else {
        return;
    };
    let stages = RefCell::new(Vec::new());
    let report = check_watched(&options, &Samples::default(), &|_| true, &|stage| {
        stages.borrow_mut().push(stage);
    });
    let stages = stages.into_inner();
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let made: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, made);
    for (done, stage) in stages.iter().enumerate() {
        assert_eq!((stage.done, stage.all), (done, made.len()), "{stage:?}");
    }
}

#[test]
fn what_behaves_passes() {
    for defines in [&[][..], &["TAKES_STATES"]] {
        let Some(options) = library("checked", defines) else {
            return;
        };
        let report = check(&options, &Samples::default());
        assert!(report.passed(), "{report}");
        let skipped: Vec<&str> = report
            .checks
            .iter()
            .filter(|check| check.verdict == Verdict::Skipped)
            .map(|check| check.name.as_str())
            .collect();
        let expected: &[&str] = if defines.is_empty() { &[] } else { &["ragged"] };
        assert_eq!(skipped, expected, "{report}");
    }
}

#[test]
fn faults_of_the_entry_point_are_found() {
    for (fault, words) in [
        ("SMALL_STRUCT", "`struct_size` of `gfn_plugin` is 8"),
        ("SIZE_OF_HOST", "what the host has room for"),
        ("WRITES_BEHIND_STRUCT", "writes behind `struct_size`"),
        ("NO_TABLE", "every table is null"),
        ("NO_DESTROY", "lacks destroy"),
        ("SHORT_TABLE", "`struct_size` of its `gfn_reward` is 16"),
        ("NO_DESCRIPTION", "`description` is null"),
        ("REFUSES_TO_LOAD", "returns 1"),
    ] {
        assert_found(fault, "entry", words);
    }
}

#[test]
fn faults_of_the_description_are_found() {
    for (fault, words) in [
        ("NO_JSON", "no JSON"),
        ("NO_SCHEMA", "no JSON Schema"),
        ("BAD_DEFAULT", "the default of the parameter `a`"),
    ] {
        assert_found(fault, "description", words);
    }
}

#[test]
fn faults_with_parameters_are_found() {
    for (fault, name, words) in [
        ("TAKES_ANYTHING", "parameters", "`no-such-parameter` is taken"),
        ("DIES_OF_PARAMETERS", "parameters", "SIGABRT"),
        ("REFUSES_WITHOUT_REASON", "parameters", "without a reason"),
        ("REFUSES_WITHOUT_REASON", "malformed", "without a reason"),
        ("DIES_OF_NONSENSE", "malformed", "SIGABRT"),
        ("IGNORES_ROOM", "error-room", "wrote outside of the room"),
        ("NO_END_OF_ERROR", "error-room", "no NUL"),
        ("REFUSES_TO_START", "start", "there is no model"),
    ] {
        assert_found(fault, name, words);
    }
}

#[test]
fn faults_with_batches_are_found() {
    for (fault, name, words) in [
        ("DIES_OF_NOTHING", "empty", "SIGABRT"),
        ("DIES_OF_MANY", "many", "SIGABRT"),
        ("DIES_OF_ODD_TEXTS", "ragged", "SIGABRT"),
        ("WRITES_INPUT", "inputs", "wrote to its input"),
        ("WRITES_BEHIND_SCORES", "bounds", "past the end of `status`"),
        ("WANTS_ALIGNMENT", "alignment", "SIGABRT"),
        ("READS_BEHIND", "alignment", "beyond its input"),
    ] {
        assert_found(fault, name, words);
    }
}

#[test]
fn faults_with_scores_are_found() {
    for (fault, name, words) in [
        ("FORGETS", "outcomes", "left it out"),
        ("NOT_A_NUMBER", "outcomes", "NaN"),
        ("BAD_STATUS", "outcomes", "status 9"),
        ("UNTOLD_ZERO", "outcomes", "can_be_zero"),
        ("TOO_GREAT", "outcomes", "`greatest`"),
        (
            "FAILS_ALL",
            "outcomes",
            "no sample object has a reward, the first because: all are ugly",
        ),
        ("COUNTS_CALLS", "repeat", "the second time a log-reward of"),
        ("DEPENDS_ON_PLACE", "order", "in another order"),
        ("DEPENDS_ON_OTHERS", "split", "in a batch of 20"),
    ] {
        assert_found(fault, name, words);
    }
}

#[test]
fn scores_that_differ_in_their_last_bits_are_told() {
    let Some((_folder, options)) = faulty("NEARLY_THE_SAME") else {
        return;
    };
    let report = check_only(&options, &Samples::default(), &|name| name == "split");
    let split = of_name(&report, "split");
    assert_eq!(split.verdict, Verdict::Pass, "{report}");
    assert!(split.detail.contains("not the same to the last bit"), "{report}");
}

#[test]
fn faults_of_instances_are_found() {
    for (fault, name, words) in [
        ("NOT_THREAD_SAFE", "threads", "scores differ when threads call"),
        ("LEAKS", "instances", "leaves about"),
        ("LEAKS_MUCH", "instances", "leaves about"),
    ] {
        assert_found(fault, name, words);
    }
}

#[test]
fn a_plugin_that_hangs_is_not_waited_for_again_and_again() {
    let Some((_folder, mut options)) = faulty("HANGS_OF_MANY") else {
        return;
    };
    options.limits.timeout = std::time::Duration::from_millis(300);
    let report = check_only(&options, &Samples::default(), &|name| {
        ["many", "throughput"].contains(&name)
    });
    assert!(
        of_name(&report, "many")
            .detail
            .contains("did not answer within 300 ms"),
        "{report}"
    );
    assert_eq!(
        of_name(&report, "throughput").verdict,
        Verdict::Skipped,
        "{report}"
    );
}

#[test]
fn what_is_no_plugin_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.so");
    std::fs::write(&path, "nothing").unwrap();
    for path in [path, folder.path().join("missing.so")] {
        let program = Program::Library {
            path,
            expected_hash: None,
        };
        let report = check(&Options::new("none", program, host()), &Samples::default());
        assert_eq!(report.description, None);
        let description = of_name(&report, "description");
        assert_eq!(description.verdict, Verdict::Fail, "{report}");
        assert!(!report.passed());
    }
}

#[test]
fn objects_of_the_users_take_the_place_of_samples() {
    let Some(options) = library("checked", &["TAKES_STATES"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.jsonl");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Objects::read(&path)
    };
    let objects = read("[1, 2]\n\n[3, 4]\n").unwrap();
    assert_eq!(
        objects,
        Objects::States {
            words: vec![1, 2, 3, 4],
            stride: 2
        }
    );
    let samples = Samples::default().with(serde_json::json!({"kind": "grid"}), objects);
    let report = check_only(&options, &samples, &|name| name == "outcomes");
    assert_eq!(
        of_name(&report, "outcomes").detail,
        "2 scored, 0 with a reward of 0"
    );
    assert_eq!(
        read("\"CCO\"\n\"é\"").unwrap(),
        Objects::Texts(vec!["CCO".into(), "é".into()])
    );
    for (text, words) in [
        ("\"a\"\n[1]", "line 2: there are both texts and states"),
        (
            "[1, 2]\n[3]",
            "line 2: the state has 1 numbers, and others have 2",
        ),
        ("[]", "line 1: the state has no numbers"),
        ("[0.5]", "line 1: invalid type: floating point"),
        ("7", "line 1: it is neither"),
        ("CCO", "line 1: expected value"),
    ] {
        let message = read(text).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
    assert!(
        Objects::read(Path::new("missing.jsonl"))
            .unwrap_err()
            .to_string()
            .starts_with("missing.jsonl: ")
    );
}

#[test]
fn commands_pass_as_libraries_do() {
    let Some(python) = python() else { return };
    let root = tempfile::tempdir().unwrap();
    let folder: PathBuf = root.path().join("short");
    new_project(Language::Python, "short", &folder).unwrap();
    for protocol in [Protocol::Frames, Protocol::Lines] {
        let words = vec![python.clone(), "reward.py".to_string()];
        let program = Program::Command {
            words,
            folder: folder.clone(),
            protocol,
            code: Vec::new(),
            expected_hash: None,
        };
        let report = check(
            &quick(Options::new("short", program, host())),
            &Samples::default(),
        );
        assert!(report.passed(), "{report}");
        assert_eq!(
            report.description.as_ref().map(|said| said.name.as_str()),
            Some("short")
        );
    }
}

#[test]
fn examples_in_c_pass() {
    for name in ["reward-ising", "reward-rogue"] {
        let Some(options) = shipped(name) else { return };
        let report = check(&options, &Samples::default());
        assert!(report.passed(), "{report}");
    }
}

#[test]
fn examples_in_rust_pass() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    cargo_build(&folder("../../plugins"), &target);
    for (name, wanted) in [
        ("reward_druglike", "instances"),
        ("vocabulary_rings", "blocks"),
        ("environment_sequence", "walk"),
    ] {
        let path = target.join(format!("debug/lib{name}.so"));
        let program = Program::Library {
            path,
            expected_hash: None,
        };
        let report = check(&quick(Options::new(name, program, host())), &Samples::default());
        assert!(report.passed(), "{report}");
        assert_eq!(of_name(&report, wanted).verdict, Verdict::Pass, "{report}");
    }
}

/// Builds what a folder's manifest names, without a network.
fn cargo_build(folder: &Path, target: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--offline", "--target-dir"])
        .arg(target)
        .current_dir(folder);
    assert!(
        command.status().unwrap().success(),
        "{} does not build",
        folder.display()
    );
}

#[test]
fn new_projects_pass_as_they_are() {
    let root = tempfile::tempdir().unwrap();
    for language in [Language::C, Language::Cpp, Language::Rust] {
        let folder = root.path().join(language.name());
        new_project(language, "small-rings", &folder).unwrap();
        let path = match language {
            Language::Rust => {
                let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("project");
                cargo_build(&folder, &target);
                target.join("debug/libsmall_rings.so")
            }
            _ if make(&folder) => folder.join("libsmall-rings.so"),
            _ => continue,
        };
        let program = Program::Library {
            path,
            expected_hash: None,
        };
        let report = check(
            &quick(Options::new("small-rings", program, host())),
            &Samples::default(),
        );
        assert!(report.passed(), "{language}: {report}");
        assert_eq!(
            report.description.as_ref().map(|said| said.name.as_str()),
            Some("small-rings")
        );
    }
}

/// Builds by make; whether there is one.
fn make(folder: &Path) -> bool {
    match Command::new("make").arg("--silent").current_dir(folder).status() {
        Ok(status) => {
            assert!(status.success(), "{} does not build", folder.display());
            true
        }
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "there is no make: {error}");
            println!("skipped: there is no make");
            false
        }
    }
}

#[test]
fn every_mode_of_the_rogue_is_found() {
    let Some(mut options) = shipped("reward-rogue") else {
        return;
    };
    options.limits.start_timeout = std::time::Duration::from_millis(500);
    for (mode, name, words) in [
        ("segfault", "one", "SIGSEGV"),
        ("abort", "one", "SIGABRT"),
        ("exit", "one", "code 3"),
        ("exit-zero", "one", "code 0"),
        ("raise-signal", "one", "SIGTERM"),
        ("stack-overflow", "one", "SIGSEGV"),
        ("spawn-thread-crash", "one", "SIGSEGV"),
        ("hang", "one", "did not answer within"),
        ("busy-loop", "one", "did not answer within"),
        ("nan", "outcomes", "NaN"),
        ("infinity", "outcomes", "inf"),
        ("minus-infinity", "outcomes", "ZERO"),
        ("wrong-count", "outcomes", "left it out"),
        ("bad-status", "outcomes", "status 77"),
        ("bad-code", "one", "unknown return code"),
        ("write-past-end", "bounds", "past the end of"),
        ("write-to-input", "inputs", "wrote to its input"),
        ("throw-away", "one", "the batch was thrown away"),
        ("no-text", "one", "no reason given"),
        ("endless-text", "one", "refused"),
        ("huge-text", "outcomes", "no sample object has a reward"),
        ("broken-text", "outcomes", "no sample object has a reward"),
        ("nondeterministic", "repeat", "the second time"),
        ("depends-on-batch", "split", "in a batch of"),
        ("leak", "instances", "leaves about"),
        ("leak-in-create", "instances", "leaves about"),
        ("hang-in-create", "start", "it took longer"),
        ("segfault-in-create", "start", "SIGSEGV"),
        ("fail-in-create", "start", "was asked for"),
        ("sleep-long-in-destroy", "instances", "did not come back"),
    ] {
        options.parameters = serde_json::json!({"mode": mode});
        // Memory takes its time on a busy machine, and nothing hangs here.
        let patience = if mode.starts_with("leak") { 60_000 } else { 500 };
        options.limits.timeout = std::time::Duration::from_millis(patience);
        let report = check_only(&options, &Samples::default(), &|wanted| wanted == name);
        let found = of_name(&report, name);
        assert_eq!(found.verdict, Verdict::Fail, "{mode}: {report}");
        assert!(found.detail.contains(words), "{mode}: {report}");
    }
}
