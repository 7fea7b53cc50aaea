//! Commands in any language.

use gfn_plugins::{Batch, Failure, Options, PluginError, Program, Protocol, Status, describe, open_reward};
use serde_json::json;
use std::time::Duration;

use crate::support::{is_confined, logged, script, texts};

fn lines() -> Option<Options> {
    script("lines.py", Protocol::Lines)
}

#[test]
fn a_command_describes_itself() {
    let Some(options) = lines() else { return };
    let description = describe(&options).unwrap();
    assert_eq!(
        (description.name.as_str(), description.version.as_str()),
        ("lengths", "1.0")
    );
    assert!(description.deterministic && !description.thread_safe);
}

#[test]
fn a_command_scores_texts_with_the_parameters_it_is_given() {
    let Some(mut options) = lines() else { return };
    let oracle = open_reward(options.clone()).unwrap();
    assert_eq!(texts(&oracle, &["C", "CCO", ""]).log_reward, [2.0, 6.0, 0.0]);
    assert_eq!(oracle.hash(), None);
    options.parameters = json!({"weight": 0.5});
    let oracle = open_reward(options).unwrap();
    assert_eq!(texts(&oracle, &["C", "CCO", "é\"\n"]).log_reward, [0.5, 1.5, 1.5]);
    assert!(texts(&oracle, &[]).status.is_empty());
    assert_eq!(oracle.restarts(), 0);
}

#[test]
fn refused_parameters_are_an_error_of_their_own() {
    let Some(mut options) = lines() else { return };
    for (parameters, part) in [(json!({"weight": 13}), "bad luck"), (json!({"wait": 1}), "wait")] {
        options.parameters = parameters;
        let error = open_reward(options.clone()).err().unwrap();
        assert!(
            matches!(&error, PluginError::BadParameters { message, .. } if message.contains(part)),
            "{error}"
        );
    }
}

#[test]
fn objects_that_cannot_be_scored_are_failures() {
    let Some(options) = lines() else { return };
    let oracle = open_reward(options).unwrap();
    let scores = texts(&oracle, &["a", "null", "zero", "nan", "raise", "bb", "raise"]);
    use Status::{Failed, Scored, Zero};
    assert_eq!(
        scores.status,
        [Scored, Failed, Zero, Failed, Failed, Scored, Failed]
    );
    assert_eq!(
        (scores.log_reward[2], scores.log_reward[5]),
        (f64::NEG_INFINITY, 4.0)
    );
    let why: Vec<&str> = scores
        .failures
        .iter()
        .map(|failure| failure.reason.as_str())
        .collect();
    assert_eq!((why[0], why[2]), ("it is null", "cannot be scored"));
    assert!(why[1].contains("NaN"), "{why:?}");
    assert_eq!(oracle.restarts(), 0);
}

#[test]
fn the_objects_that_kill_a_command_are_found() {
    let Some(mut options) = lines() else { return };
    options.workers = 2;
    let oracle = open_reward(options).unwrap();
    let mut objects = vec!["ok"; 40];
    (objects[7], objects[31]) = ("die", "exit");
    let scores = texts(&oracle, &objects);
    let [first, second] = &scores.failures[..] else {
        panic!("{:?}", scores.failures)
    };
    assert!(
        first.index == 7 && first.deadly && first.reason.contains("SIGSEGV"),
        "{first:?}"
    );
    assert!(
        second.index == 31 && second.deadly && second.reason.contains("code 3"),
        "{second:?}"
    );
    assert_eq!(
        scores
            .status
            .iter()
            .filter(|status| **status == Status::Scored)
            .count(),
        38
    );
}

#[test]
fn a_command_that_hangs_is_killed() {
    let Some(mut options) = lines() else { return };
    options.limits.timeout = Duration::from_millis(300);
    let oracle = open_reward(options).unwrap();
    let scores = texts(&oracle, &["a", "hang"]);
    assert_eq!(scores.log_reward[0], 2.0);
    let [
        Failure {
            index: 1,
            reason,
            deadly: true,
        },
    ] = &scores.failures[..]
    else {
        panic!("{:?}", scores.failures)
    };
    assert!(reason.contains("did not answer within 300 ms"), "{reason}");
}

#[test]
fn what_a_command_prints_is_no_answer() {
    let Some(mut options) = lines() else { return };
    let lines = logged(&mut options);
    let oracle = open_reward(options).unwrap();
    assert_eq!(
        texts(&oracle, &["print", "flood", "abc"]).log_reward,
        [10.0, 10.0, 6.0]
    );
    assert_eq!(oracle.restarts(), 0);
    let lines = lines.lock().unwrap();
    assert!(
        lines.iter().any(|line| line.starts_with("toy: progress: xxx")),
        "{:?}",
        lines.first()
    );
    assert!(lines.len() < 1_000, "{}", lines.len());
}

#[test]
fn a_command_is_confined() {
    let Some(mut options) = lines() else { return };
    let (permitted, refused) = (0.0, 1.0);
    let oracle = open_reward(options.clone()).unwrap();
    if !is_confined(&oracle) {
        return;
    }
    let scores = texts(
        &oracle,
        &[
            "fork",
            "program",
            "socket",
            "kill-parent",
            "become",
            "become-itself",
        ],
    );
    assert_eq!(scores.log_reward, [refused; 6]);
    options.confinement.network = true;
    options.confinement.programs = true;
    let oracle = open_reward(options).unwrap();
    let scores = texts(&oracle, &["fork", "program", "socket", "kill-parent"]);
    assert_eq!(scores.log_reward, [permitted, permitted, permitted, refused]);
    // With programs it may: this one ends as that program does.
    let scores = texts(&oracle, &["become"]);
    assert!(
        scores.failures[0].reason.contains("code 4"),
        "{:?}",
        scores.failures
    );
}

#[test]
fn a_script_that_env_would_start_is_started_without_it() {
    use std::os::unix::fs::PermissionsExt;

    let Some(mut options) = lines() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(crate::support::folder("tests/scripts/lines.py")).unwrap();
    let script = folder.path().join("reward");
    std::fs::write(&script, format!("#!/usr/bin/env -S python3 -u\n{source}")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let shell = folder.path().join("no-mark");
    std::fs::write(
        &shell,
        "read line\necho '{\"type\": \"error\", \"kind\": \"failed\", \"message\": \"a shell\"}'\n",
    )
    .unwrap();
    std::fs::set_permissions(&shell, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut open = |words: &[&str]| {
        options.program = Program::Command {
            words: words.iter().map(|word| (*word).to_string()).collect(),
            folder: folder.path().to_path_buf(),
            protocol: Protocol::Lines,
            code: Vec::new(),
            expected_hash: None,
        };
        open_reward(options.clone())
    };
    let absolute = script.display().to_string();
    for words in [
        &["./reward"][..],
        &[&absolute],
        &["env", "python3", "reward"],
        &["/usr/bin/env", "./reward"],
    ] {
        let oracle = open(words).unwrap();
        assert_eq!(texts(&oracle, &["CCO"]).log_reward, [6.0], "{words:?}");
    }
    let error = open(&["./no-mark"]).err().unwrap().to_string();
    assert!(error.contains("a shell"), "{error}");
}

#[test]
fn a_command_reads_what_it_may_and_writes_what_is_named() {
    let Some(mut options) = lines() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.txt");
    std::fs::write(&file, "secret").unwrap();
    let objects = [
        format!("read {}", file.display()),
        format!("write {}", file.display()),
    ];
    let attempts = |options: &Options| {
        let oracle = open_reward(options.clone()).unwrap();
        is_confined(&oracle).then(|| texts(&oracle, &[&objects[0], &objects[1]]).log_reward)
    };
    let Some(first) = attempts(&options) else { return };
    assert_eq!(first, [0.0, 13.0]);
    options.confinement.read = python_folders();
    assert_eq!(attempts(&options).unwrap(), [13.0, 13.0]);
    options.confinement.write = vec![folder.path().to_path_buf()];
    assert_eq!(attempts(&options).unwrap(), [0.0, 0.0]);
}

/// Where the interpreter keeps its modules.
fn python_folders() -> Vec<std::path::PathBuf> {
    let script = "import sys; print(sys.prefix); print(sys.base_prefix)";
    let output = std::process::Command::new("python3")
        .args(["-c", script])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(Into::into)
        .collect()
}

#[test]
fn a_folder_that_is_missing_is_told() {
    let Some(mut options) = lines() else { return };
    let words = vec!["python3".to_string()];
    options.program = Program::Command {
        words,
        folder: "/nowhere/at/all".into(),
        protocol: Protocol::Lines,
        code: Vec::new(),
        expected_hash: None,
    };
    let error = open_reward(options).err().unwrap().to_string();
    assert!(error.contains("/nowhere/at/all"), "{error}");
}

#[test]
fn batches_of_states_are_lists_of_numbers() {
    let Some(options) = lines() else { return };
    let oracle = open_reward(options).unwrap();
    let error = oracle
        .score(&Batch::States {
            words: &[1, 2],
            stride: 2,
        })
        .unwrap_err();
    assert!(
        error.to_string().contains("scores texts, and was given states"),
        "{error}"
    );
}

#[test]
fn a_command_that_is_not_there_is_told() {
    let Some(mut options) = lines() else { return };
    // Whichever side is faster.
    for protocol in [Protocol::Lines, Protocol::Frames].into_iter().cycle().take(60) {
        options.program = Program::Command {
            words: vec!["no-such-program".to_string()],
            folder: ".".into(),
            protocol,
            code: Vec::new(),
            expected_hash: None,
        };
        let error = open_reward(options.clone()).err().unwrap().to_string();
        assert!(error.contains("`no-such-program` cannot be run"), "{error}");
    }
}

#[test]
fn a_command_scores_what_lies_in_shared_memory() {
    let Some(mut options) = script("frames.py", Protocol::Frames) else {
        return;
    };
    options.workers = 2;
    let lines = logged(&mut options);
    let oracle = open_reward(options).unwrap();
    assert_eq!(oracle.description().name, "frames");
    assert_eq!(
        texts(&oracle, &["C", "", "é", "print"]).log_reward,
        [2.0, 0.0, 2.0, 10.0]
    );
    // More than the memory that was there at first.
    let long = "C".repeat(300_000);
    assert_eq!(
        texts(&oracle, &[&long, "C", &long]).log_reward,
        [600_000.0, 2.0, 600_000.0]
    );
    let scores = texts(&oracle, &["zero", "fail", "CC"]);
    assert_eq!(scores.status, [Status::Zero, Status::Failed, Status::Scored]);
    assert_eq!(scores.failures[0].reason, "as it was told");
    assert_eq!(oracle.restarts(), 0);
    // Lines are passed on by another thread, until the process has ended.
    drop(oracle);
    assert!(lines.lock().unwrap().iter().any(|line| line == "toy: here I am"));
}

#[test]
fn a_command_with_shared_memory_that_dies_is_started_again() {
    let Some(options) = script("frames.py", Protocol::Frames) else {
        return;
    };
    let oracle = open_reward(options).unwrap();
    let scores = texts(&oracle, &["C", "die", "CC", "other"]);
    assert_eq!((scores.log_reward[0], scores.log_reward[2]), (2.0, 4.0));
    let [first, second] = &scores.failures[..] else {
        panic!("{:?}", scores.failures)
    };
    assert!(
        first.index == 1 && first.deadly && first.reason.contains("SIGKILL"),
        "{first:?}"
    );
    assert!(
        second.index == 3 && second.reason.contains("answered batch 999 instead of"),
        "{second:?}"
    );
    let scores = texts(&oracle, &["C", "stray", "both"]);
    assert_eq!(scores.log_reward[0], 2.0);
    let reasons: Vec<&str> = scores
        .failures
        .iter()
        .map(|failure| failure.reason.as_str())
        .collect();
    let [stray, both] = reasons[..] else {
        panic!("{reasons:?}")
    };
    assert!(
        stray.contains("object 1000 failed, in a batch of 1 object,"),
        "{stray}"
    );
    assert!(both.contains("the status SCORED, and that it failed"), "{both}");
}
