//! Commands in any language.

use gfn_plugins::{Batch, Failure, Options, PluginError, Protocol, Status, describe, open_reward};
use serde_json::json;
use std::time::Duration;

use crate::support::{logged, script, texts};

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
fn what_the_kernel_could_do_is_told() {
    let Some(options) = lines() else { return };
    let report = open_reward(options).unwrap().enforced().clone();
    assert!(report.seccomp && report.landlock > 0, "{report:?}");
    assert!(report.is_complete(), "{report:?}");
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
    let (permitted, refused) = (0.0, f64::from(libc_eperm()));
    let oracle = open_reward(options.clone()).unwrap();
    let scores = texts(&oracle, &["fork", "program", "socket", "kill-parent"]);
    assert_eq!(scores.log_reward, [refused; 4]);
    options.confinement.network = true;
    options.confinement.programs = true;
    let oracle = open_reward(options).unwrap();
    let scores = texts(&oracle, &["fork", "program", "socket", "kill-parent"]);
    assert_eq!(scores.log_reward, [permitted, permitted, permitted, refused]);
}

fn libc_eperm() -> i32 {
    1
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
    for protocol in [Protocol::Lines, Protocol::Frames] {
        options.program = gfn_plugins::Program::Command {
            words: vec!["no-such-program".to_string()],
            folder: ".".into(),
            protocol,
        };
        let error = open_reward(options.clone()).err().unwrap().to_string();
        assert!(error.contains("`no-such-program` cannot be run"), "{error}");
    }
}
