//! Every misdeed of `plugins/reward-rogue`, over two of many objects: those two suffer, nobody else does.

use std::time::Duration;

use gfn_plugins::{Isolation, Oracle, PluginError, Scores, Status, open_reward};
use serde_json::json;

use crate::support::{is_confined, shipped_rogue, texts};

/// Objects among which those at 5 and 17 are victims.
fn objects() -> Vec<String> {
    let victim = |index| if [5, 17].contains(&index) { "!" } else { "" };
    (0..24)
        .map(|index| format!("C{}{index}", victim(index)))
        .collect()
}

/// What the plugin scores while it behaves.
fn expected(text: &str) -> f64 {
    let sum: f64 = text.bytes().map(|byte| f64::from(byte % 16)).sum();
    -sum * sum
}

fn rogue(mode: &str) -> Option<Oracle> {
    rogue_in(mode, Isolation::Process)
}

fn rogue_in(mode: &str, isolation: Isolation) -> Option<Oracle> {
    let mut options = shipped_rogue()?;
    options.parameters = json!({"mode": mode, "victim": "!"});
    options.isolation = isolation;
    options.limits.memory_bytes = Some(1 << 29);
    Some(open_reward(options).unwrap())
}

/// The reasons of the failures, which are those of the victims; all others are scored.
#[track_caller]
fn only_victims_suffer(mode: &str, oracle: &Oracle) -> (Vec<String>, Scores) {
    let objects = objects();
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    let scores = texts(oracle, &objects);
    let failed: Vec<usize> = scores.failures.iter().map(|failure| failure.index).collect();
    assert_eq!(failed, [5, 17], "{mode}: {:?}", scores.failures);
    for (index, object) in objects.iter().enumerate() {
        let is_scored =
            scores.status[index] == Status::Scored && scores.log_reward[index] == expected(object);
        assert_eq!(is_scored, !failed.contains(&index), "{mode}: object {index}");
    }
    (
        scores
            .failures
            .iter()
            .map(|failure| failure.reason.clone())
            .collect(),
        scores,
    )
}

#[test]
fn misdeeds_that_end_the_process() {
    let misdeeds = [
        ("segfault", "SIGSEGV"),
        ("abort", "SIGABRT"),
        ("exit", "code 3"),
        ("exit-zero", "code 0"),
        ("raise-signal", "SIGTERM"),
        ("stack-overflow", "SIGSEGV"),
        ("spawn-thread-crash", "SIGSEGV"),
        ("write-past-end", "past the end of `log_reward`"),
        ("write-to-input", "wrote to its input"),
        ("close-descriptors", ""),
    ];
    for (mode, part) in misdeeds {
        let Some(oracle) = rogue(mode) else { return };
        let (reasons, scores) = only_victims_suffer(mode, &oracle);
        assert!(
            reasons.iter().all(|reason| reason.contains(part)),
            "{mode}: {reasons:?}"
        );
        assert!(scores.failures.iter().all(|failure| failure.deadly), "{mode}");
        assert!(oracle.restarts() <= 14, "{mode}: {}", oracle.restarts());
    }
}

#[test]
fn misdeeds_that_do_not_end() {
    let Some(mut options) = shipped_rogue() else {
        return;
    };
    options.limits.timeout = Duration::from_millis(200);
    for mode in ["hang", "busy-loop"] {
        options.parameters = json!({"mode": mode, "victim": "!"});
        let oracle = open_reward(options.clone()).unwrap();
        let (reasons, _) = only_victims_suffer(mode, &oracle);
        assert!(
            reasons
                .iter()
                .all(|reason| reason.contains("did not answer within 200 ms")),
            "{reasons:?}"
        );
    }
}

#[test]
fn misdeeds_that_are_wrong_answers() {
    let misdeeds = [
        ("nan", "NaN"),
        ("infinity", "inf"),
        ("minus-infinity", "ZERO"),
        ("wrong-count", "left it out"),
        ("bad-status", "status 77"),
        ("bad-code", "unknown return code"),
        ("throw-away", "the batch was thrown away"),
        ("no-text", "no reason given"),
        ("huge-text", "xxx"),
        ("endless-text", "xxx"),
        ("broken-text", "and \\u{1b}[31mcolor"),
    ];
    for isolation in [Isolation::Process, Isolation::Inline] {
        for (mode, part) in misdeeds {
            let Some(oracle) = rogue_in(mode, isolation) else {
                return;
            };
            let (reasons, scores) = only_victims_suffer(mode, &oracle);
            assert!(
                reasons.iter().all(|reason| reason.contains(part)),
                "{mode}: {reasons:?}"
            );
            assert!(reasons.iter().all(|reason| reason.len() < 1_100), "{mode}");
            assert!(scores.failures.iter().all(|failure| !failure.deadly), "{mode}");
            assert_eq!(oracle.restarts(), 0, "{mode}");
        }
    }
}

#[test]
fn misdeeds_that_are_refused() {
    let misdeeds = [
        ("fork-bomb", "fork: Operation not permitted"),
        ("open-socket", "socket: Operation not permitted"),
        ("read-file", "open: Permission denied"),
        ("write-file", "open: Permission denied"),
        ("exec", "execv: Operation not permitted"),
        ("allocate-without-end", "no memory left after"),
    ];
    for (mode, part) in misdeeds {
        let Some(oracle) = rogue(mode) else { return };
        if !is_confined(&oracle) {
            return;
        }
        let (reasons, scores) = only_victims_suffer(mode, &oracle);
        assert!(
            reasons.iter().all(|reason| reason.contains(part)),
            "{mode}: {reasons:?}"
        );
        assert!(scores.failures.iter().all(|failure| !failure.deadly), "{mode}");
    }
}

#[test]
fn misdeeds_that_do_no_harm() {
    for mode in [
        "none",
        "slow",
        "leak",
        "leak-in-create",
        "flood-stderr",
        "flood-stdout",
    ] {
        let Some(oracle) = rogue(mode) else { return };
        let objects = objects();
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let scores = texts(&oracle, &objects);
        assert!(scores.failures.is_empty(), "{mode}: {:?}", scores.failures);
        assert!(
            scores
                .log_reward
                .iter()
                .zip(objects)
                .all(|(score, object)| *score == expected(object)),
            "{mode}"
        );
        assert_eq!(oracle.restarts(), 0, "{mode}");
    }
}

#[test]
fn writing_where_one_must_not_inline_is_an_error() {
    for (mode, part) in [
        ("write-past-end", "wrote past the end of `log_reward`"),
        ("write-to-input", "wrote to its input"),
    ] {
        let Some(oracle) = rogue_in(mode, Isolation::Inline) else {
            return;
        };
        let error = oracle.score(&gfn_plugins::Batch::Texts(&["C", "!"])).unwrap_err();
        assert!(matches!(error, PluginError::Misbehaved { .. }), "{error}");
        for part in [part, "in a process of its own"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn instances_that_are_not_made() {
    let Some(mut options) = shipped_rogue() else {
        return;
    };
    options.limits.start_timeout = Duration::from_millis(500);
    let cases = [
        ("hang-in-create", "took longer than 500 ms"),
        ("segfault-in-create", "SIGSEGV"),
        ("fail-in-create", "was asked for"),
        ("no-such-mode", "`mode`"),
    ];
    for (mode, part) in cases {
        options.parameters = json!({"mode": mode});
        let error = open_reward(options.clone()).err().unwrap();
        assert!(error.to_string().contains(part), "{error}");
        let is_bad = ["fail-in-create", "no-such-mode"].contains(&mode);
        assert_eq!(
            matches!(error, PluginError::BadParameters { .. }),
            is_bad,
            "{error}"
        );
    }
}

#[test]
fn an_instance_that_does_not_go_is_not_waited_for() {
    let Some(oracle) = rogue("sleep-long-in-destroy") else {
        return;
    };
    let begun = std::time::Instant::now();
    drop(oracle);
    assert!(begun.elapsed() < Duration::from_secs(20));
}
