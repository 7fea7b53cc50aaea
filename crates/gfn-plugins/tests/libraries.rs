//! Libraries that do what they like, in a process of their own.

use std::time::{Duration, Instant};

use gfn_plugins::{
    Batch, Failure, Isolation, Options, Oracle, PluginError, Program, Status, describe, hash_of, open_reward,
};
use serde_json::json;

use crate::support::{is_confined, library, logged, states};

/// What the first word of an object asks of `rogue.c`.
mod mode {
    pub(super) const SEGFAULT: i32 = 1;
    pub(super) const ABORT: i32 = 2;
    pub(super) const EXIT: i32 = 3;
    pub(super) const HANG: i32 = 4;
    pub(super) const NOT_A_NUMBER: i32 = 5;
    pub(super) const INFINITE: i32 = 6;
    pub(super) const FORGET: i32 = 7;
    pub(super) const EXPLAIN: i32 = 8;
    pub(super) const ZERO_REWARD: i32 = 9;
    pub(super) const BAD_STATUS: i32 = 10;
    pub(super) const PAST_REWARDS: i32 = 11;
    pub(super) const BEFORE_REWARDS: i32 = 12;
    pub(super) const PAST_STATUS: i32 = 13;
    pub(super) const WRITE_INPUT: i32 = 14;
    pub(super) const FAR_PAST: i32 = 15;
    pub(super) const FLOOD: i32 = 16;
    pub(super) const FLOOD_ERRORS: i32 = 17;
    pub(super) const SOCKET: i32 = 18;
    pub(super) const EXECUTE: i32 = 19;
    pub(super) const FORK: i32 = 20;
    pub(super) const READ: i32 = 21;
    pub(super) const WRITE: i32 = 22;
    pub(super) const MEMORY: i32 = 23;
    pub(super) const FAIL: i32 = 24;
    pub(super) const KILL_PARENT: i32 = 25;
    pub(super) const THREAD: i32 = 26;
    pub(super) const CLOSE_ALL: i32 = 27;
    pub(super) const GARBAGE: i32 = 28;
    pub(super) const OVERFLOW: i32 = 29;
    pub(super) const STOP: i32 = 30;
    pub(super) const LIMIT_PARENT: i32 = 31;
    pub(super) const TRACE_PARENT: i32 = 32;
    pub(super) const DEAD_THREAD: i32 = 33;
    pub(super) const VFORK: i32 = 34;
    pub(super) const SOCKET_PAIR: i32 = 35;
    pub(super) const DATAGRAMS: i32 = 36;
    pub(super) const ENVIRONMENT_OF_PARENT: i32 = 37;
    pub(super) const MESSAGE: i32 = 38;
    pub(super) const SELF: i32 = 39;
    pub(super) const OWN_SIGNALS: i32 = 41;
    pub(super) const SIGNAL_OF_CHOICE: i32 = 42;
    pub(super) const SHARED_MEMORY: i32 = 43;
    pub(super) const RING: i32 = 44;
    pub(super) const EXECUTE_AT: i32 = 45;
    pub(super) const FIRST_TO_GO: i32 = 46;
}

const EPERM: f64 = 1.0;
const EACCES: f64 = 13.0;

fn rogue() -> Option<Options> {
    library("rogue", &[])
}

/// One object that does as `mode` says.
fn one(mode: i32) -> [i32; 2] {
    [mode, 5]
}

/// `count` objects that behave, but for those given as index and mode.
fn objects(count: usize, special: &[(usize, i32)]) -> Vec<i32> {
    let mut words: Vec<i32> = (0..count as i32).flat_map(|index| [0, index]).collect();
    special.iter().for_each(|(index, mode)| words[2 * index] = *mode);
    words
}

/// That those objects failed and all others were scored.
#[track_caller]
fn only_these_fail<'a>(
    oracle: &Oracle,
    words: &[i32],
    victims: &[usize],
    scores: &'a gfn_plugins::Scores,
) -> Vec<&'a str> {
    let failed: Vec<usize> = scores.failures.iter().map(|failure| failure.index).collect();
    assert_eq!(
        failed,
        victims,
        "{:?}, {} restarts",
        scores.failures,
        oracle.restarts()
    );
    for (index, state) in words.chunks(2).enumerate() {
        let fine = scores.status[index] == Status::Scored && scores.log_reward[index] == -f64::from(state[1]);
        assert_eq!(fine, !victims.contains(&index), "object {index}");
    }
    scores
        .failures
        .iter()
        .map(|failure| failure.reason.as_str())
        .collect()
}

#[test]
fn a_library_describes_itself_and_is_known_by_its_hash() {
    let Some(mut options) = rogue() else { return };
    let description = describe(&options).unwrap();
    assert_eq!(
        (description.name.as_str(), description.version.as_str()),
        ("rogue", "1.2.3")
    );
    assert!(description.thread_safe && description.deterministic);
    let Program::Library { path, expected_hash } = &mut options.program else {
        unreachable!()
    };
    let hash = hash_of(path).unwrap();
    *expected_hash = Some(hash.to_uppercase());
    assert_eq!(open_reward(options.clone()).unwrap().hash(), Some(hash.as_str()));
    let Program::Library { expected_hash, .. } = &mut options.program else {
        unreachable!()
    };
    *expected_hash = Some("00".repeat(32));
    for isolation in [Isolation::Process, Isolation::Inline] {
        options.isolation = isolation;
        let error = open_reward(options.clone()).err().unwrap();
        assert!(
            matches!(&error, PluginError::Changed { found, .. } if *found == hash),
            "{error}"
        );
    }
}

#[test]
fn what_is_in_force_of_the_confinement_is_told() {
    let Some(mut options) = rogue() else { return };
    is_confined(&open_reward(options.clone()).unwrap());
    options.isolation = Isolation::Inline;
    let report = open_reward(options).unwrap().enforced().clone();
    assert!(
        !report.is_complete() && !report.seccomp && report.landlock == 0,
        "{report:?}"
    );
}

#[test]
fn scores_come_back_for_any_size_of_batch() {
    let Some(mut options) = rogue() else { return };
    options.parameters = json!({"weight": 0.5});
    for isolation in [Isolation::Process, Isolation::Inline] {
        options.isolation = isolation;
        let oracle = open_reward(options.clone()).unwrap();
        for count in [0, 1, 7, 1_000, 100_000, 3] {
            let scores = states(&oracle, &objects(count, &[]));
            let expected = (0..count).map(|index| -0.5 * index as f64);
            assert!(scores.log_reward.iter().copied().eq(expected), "{count}");
        }
        assert_eq!(oracle.restarts(), 0);
    }
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_workers() {
    let Some(mut options) = rogue() else { return };
    use mode::{EXPLAIN, FAIL, FORGET, SEGFAULT, ZERO_REWARD};
    let special = [
        (3, EXPLAIN),
        (50, SEGFAULT),
        (51, ZERO_REWARD),
        (77, FAIL),
        (99, FORGET),
    ];
    let words = objects(100, &special);
    let mut answers = Vec::new();
    for workers in [1, 2, 3, 7] {
        options.workers = workers;
        let scores = states(&open_reward(options.clone()).unwrap(), &words);
        let bits: Vec<u64> = scores.log_reward.iter().map(|value| value.to_bits()).collect();
        answers.push((bits, scores.status, scores.failures));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(answers[0].2.len(), 4);
}

#[test]
fn an_object_without_a_number_is_a_failure_of_that_object() {
    let Some(mut options) = rogue() else { return };
    use mode::{BAD_STATUS, EXPLAIN, FAIL, FORGET, INFINITE, NOT_A_NUMBER};
    let special = [
        (1, NOT_A_NUMBER),
        (2, INFINITE),
        (4, FORGET),
        (5, EXPLAIN),
        (6, BAD_STATUS),
        (8, FAIL),
    ];
    let parts = [
        "NaN",
        "inf",
        "left it out",
        "it is ugly",
        "status 77",
        "not this one",
    ];
    let words = objects(10, &special);
    for isolation in [Isolation::Process, Isolation::Inline] {
        options.isolation = isolation;
        let oracle = open_reward(options.clone()).unwrap();
        let scores = states(&oracle, &words);
        let reasons = only_these_fail(&oracle, &words, &special.map(|(index, _)| index), &scores);
        for (reason, part) in reasons.iter().zip(parts) {
            assert!(reason.contains(part), "{reason}");
        }
        assert!(scores.failures.iter().all(|failure| !failure.deadly));
        assert_eq!(oracle.restarts(), 0);
    }
}

#[test]
fn a_reward_of_zero_is_no_failure() {
    let Some(options) = rogue() else { return };
    let scores = states(&open_reward(options).unwrap(), &one(mode::ZERO_REWARD));
    assert_eq!(
        (scores.status[0], scores.log_reward[0]),
        (Status::Zero, f64::NEG_INFINITY)
    );
    assert!(scores.failures.is_empty());
}

#[test]
fn whatever_kills_the_process_kills_only_the_guilty_object() {
    let Some(options) = rogue() else { return };
    let deaths = [
        (mode::SEGFAULT, "SIGSEGV"),
        (
            mode::ABORT,
            "SIGABRT (it gave up by abort, as after an assertion that failed); its last line was `assertion failed: luck`",
        ),
        (mode::EXIT, "code 3"),
        (mode::PAST_REWARDS, "past the end of `log_reward`"),
        (mode::BEFORE_REWARDS, "before the beginning of `log_reward`"),
        (mode::PAST_STATUS, "past the end of `status`"),
        (mode::WRITE_INPUT, "wrote to its input, which it may only read"),
        (mode::FAR_PAST, "went beyond its output"),
        (mode::CLOSE_ALL, ""),
        (mode::GARBAGE, "`garbage`"),
        (mode::OVERFLOW, "SIGSEGV"),
        (mode::DEAD_THREAD, ""),
    ];
    for (mode, part) in deaths {
        let mut options = options.clone();
        options.limits.timeout = Duration::from_millis(1_500);
        let oracle = open_reward(options).unwrap();
        let words = objects(20, &[(13, mode)]);
        let scores = states(&oracle, &words);
        let reasons = only_these_fail(&oracle, &words, &[13], &scores);
        assert!(
            scores.failures[0].deadly && reasons[0].contains(part),
            "{mode}: {reasons:?}"
        );
        assert!(
            (3..=12).contains(&oracle.restarts()),
            "{mode}: {}",
            oracle.restarts()
        );
    }
}

#[test]
fn a_process_that_hangs_or_stands_still_is_killed_at_the_deadline() {
    let Some(mut options) = rogue() else { return };
    options.limits.timeout = Duration::from_millis(200);
    let oracle = open_reward(options).unwrap();
    for mode in [mode::HANG, mode::STOP] {
        let begun = Instant::now();
        let scores = states(&oracle, &one(mode));
        let [
            Failure {
                index: 0,
                reason,
                deadly: true,
            },
        ] = &scores.failures[..]
        else {
            panic!("{mode}")
        };
        assert!(
            reason.contains("did not answer within 200 ms and was killed"),
            "{reason}"
        );
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn memory_is_limited() {
    let Some(mut options) = rogue() else { return };
    options.limits.memory_bytes = Some(1 << 29);
    let oracle = open_reward(options).unwrap();
    let scores = states(&oracle, &objects(3, &[(1, mode::MEMORY)]));
    assert_eq!(scores.failures.len(), 1);
    assert!(
        scores.failures[0].reason.contains("SIGABRT"),
        "{:?}",
        scores.failures
    );
}

#[test]
fn what_is_printed_breaks_nothing() {
    let Some(mut options) = rogue() else { return };
    let lines = logged(&mut options);
    let oracle = open_reward(options).unwrap();
    let words = objects(
        6,
        &[(1, mode::FLOOD), (2, mode::FLOOD_ERRORS), (4, mode::MESSAGE)],
    );
    only_these_fail(&oracle, &words, &[], &states(&oracle, &words));
    assert_eq!(oracle.restarts(), 0);
    drop(oracle);
    let lines = lines.lock().unwrap();
    assert!(
        lines.iter().any(|line| line == "toy: loaded"),
        "{:?}",
        lines.first()
    );
    assert!(lines.len() < 10_000, "{}", lines.len());
}

#[test]
fn messages_of_the_library_are_passed_on() {
    let Some(mut options) = rogue() else { return };
    let lines = logged(&mut options);
    for (isolation, expected) in [
        (Isolation::Process, "toy: warning: take care"),
        (Isolation::Inline, "warning: take care"),
    ] {
        options.isolation = isolation;
        states(&open_reward(options.clone()).unwrap(), &one(mode::MESSAGE));
        let lines = lines.lock().unwrap();
        assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
    }
}

#[test]
fn other_processes_and_the_network_are_out_of_reach() {
    let Some(options) = rogue() else { return };
    let oracle = open_reward(options).unwrap();
    if !is_confined(&oracle) {
        return;
    }
    let refused = [
        mode::SOCKET,
        mode::DATAGRAMS,
        mode::EXECUTE,
        mode::FORK,
        mode::VFORK,
        mode::KILL_PARENT,
        mode::LIMIT_PARENT,
        mode::TRACE_PARENT,
        mode::OWN_SIGNALS,
        mode::SIGNAL_OF_CHOICE,
        mode::SHARED_MEMORY,
        mode::RING,
        mode::EXECUTE_AT,
    ];
    for mode in refused {
        assert_eq!(states(&oracle, &one(mode)).log_reward, [EPERM], "{mode}");
    }
    assert_eq!(
        states(&oracle, &one(mode::ENVIRONMENT_OF_PARENT)).log_reward,
        [EACCES]
    );
    // What a well-behaved plugin needs.
    assert_eq!(states(&oracle, &one(mode::THREAD)).log_reward, [-5.0]);
    assert_eq!(states(&oracle, &one(mode::SELF)).log_reward, [0.0]);
    // Where memory runs out, it is the one to end.
    assert_eq!(states(&oracle, &one(mode::FIRST_TO_GO)).log_reward, [1000.0]);
    assert_eq!(states(&oracle, &one(mode::SOCKET_PAIR)).log_reward, [0.0]);
    assert_eq!(oracle.restarts(), 0);
}

#[test]
fn rights_that_are_granted_are_there() {
    let Some(mut options) = rogue() else { return };
    options.confinement.network = true;
    options.confinement.programs = true;
    let oracle = open_reward(options).unwrap();
    if !is_confined(&oracle) {
        return;
    }
    for mode in [mode::SOCKET, mode::FORK, mode::VFORK] {
        assert_eq!(states(&oracle, &one(mode)).log_reward, [0.0], "{mode}");
    }
    // The network is not the sockets of other programs on this machine.
    assert_eq!(states(&oracle, &one(mode::DATAGRAMS)).log_reward, [EPERM]);
    assert_eq!(states(&oracle, &one(mode::KILL_PARENT)).log_reward, [EPERM]);
}

#[test]
fn files_are_out_of_reach_unless_they_are_named() {
    let Some(mut options) = rogue() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.txt");
    std::fs::write(&file, "secret").unwrap();
    options.parameters = json!({"path": file});
    if !is_confined(&open_reward(options.clone()).unwrap()) {
        return;
    }
    let attempts = |options: &Options| {
        let oracle = open_reward(options.clone()).unwrap();
        [mode::READ, mode::WRITE].map(|mode| states(&oracle, &one(mode)).log_reward[0])
    };
    assert_eq!(attempts(&options), [EACCES, EACCES]);
    options.confinement.read = vec![file.clone()];
    assert_eq!(attempts(&options), [0.0, EACCES]);
    options.confinement.write = vec![folder.path().to_path_buf()];
    assert_eq!(attempts(&options), [0.0, 0.0]);
    options.confinement.write = vec![folder.path().join("missing")];
    assert!(matches!(open_reward(options), Err(PluginError::File { .. })));
}

#[test]
fn a_start_that_fails_is_told_with_the_last_lines() {
    let Some(mut options) = rogue() else { return };
    options.limits.start_timeout = Duration::from_millis(1_500);
    let cases = [
        (13, "13 brings bad luck"),
        (14, "no more room"),
        (15, "about to fall"),
        (16, "`start_timeout_seconds`"),
    ];
    for (luck, part) in cases {
        options.parameters = json!({"luck": luck});
        let error = open_reward(options.clone()).err().unwrap();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(matches!(error, PluginError::BadParameters { .. }), luck == 13);
    }
}

#[test]
fn a_plugin_that_dies_too_often_is_given_up() {
    let Some(mut options) = rogue() else { return };
    options.limits.max_restarts = 5;
    let oracle = open_reward(options).unwrap();
    let words = objects(100, &[(3, mode::ABORT), (60, mode::ABORT)]);
    let error = oracle
        .score(&Batch::States {
            words: &words,
            stride: 2,
        })
        .unwrap_err();
    assert!(
        matches!(&error, PluginError::TooManyRestarts { restarts: 5, .. }),
        "{error}"
    );
    for part in ["5 times", "SIGABRT", "assertion failed: luck", "max_restarts"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(oracle.restarts(), 5);
}

#[test]
fn what_is_no_plugin_is_told() {
    let Some(mut options) = rogue() else { return };
    for isolation in [Isolation::Process, Isolation::Inline] {
        options.isolation = isolation;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.so");
        std::fs::write(&path, "text").unwrap();
        options.program = Program::Library {
            path: path.clone(),
            expected_hash: None,
        };
        let error = open_reward(options.clone()).err().unwrap().to_string();
        assert!(
            error.contains("cannot be loaded") && error.contains("file too short"),
            "{error}"
        );
        options.program = Program::Library {
            path: folder.path().join("missing.so"),
            expected_hash: None,
        };
        let error = open_reward(options.clone()).err().unwrap().to_string();
        assert!(error.contains("missing.so"), "{error}");
    }
}

#[test]
fn a_host_that_is_missing_is_told() {
    let Some(mut options) = rogue() else { return };
    options.host = "/nowhere/gfn-plugin-host".into();
    let error = open_reward(options).err().unwrap().to_string();
    assert!(
        error.contains("/nowhere/gfn-plugin-host could not be run") && error.contains("install gfn"),
        "{error}"
    );
}

#[test]
fn threads_that_start_threads_at_the_same_moment_stay_within_the_bound() {
    let Some(mut options) = library("race", &[]) else {
        return;
    };
    options.limits.max_threads = 10;
    options.limits.timeout = Duration::from_secs(60);
    let oracle = open_reward(options).unwrap();
    // All of it, and no more.
    assert_eq!(states(&oracle, &[200, 0]).log_reward, [10.0]);
}
