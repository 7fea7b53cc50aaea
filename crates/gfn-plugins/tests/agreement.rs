//! What a plugin answers counts alike over both protocols, by the Python package and without it.

use std::path::PathBuf;

use gfn_plugins::new::{Language, new_project};
use gfn_plugins::{Options, Oracle, Program, Protocol, Status, open_reward};

use crate::support::{folder, host, python, quick, texts};

use Status::{Failed, Scored, Zero};

/// An answer, what becomes of its object, and a part of the reason where it fails.
const TABLE: [(&str, Status, &str); 17] = [
    ("whole", Scored, ""),
    ("decimal", Scored, ""),
    ("large", Scored, ""),
    ("huge", Failed, "64 bits"),
    ("minus-huge", Failed, "64 bits"),
    ("exponent", Failed, ""),
    ("nan", Failed, ""),
    ("infinity", Failed, ""),
    ("minus-infinity", Failed, ""),
    ("true", Failed, "rue"),
    ("false", Failed, "alse"),
    ("null", Failed, ""),
    ("text", Failed, "1.5"),
    ("list", Failed, "[1.0]"),
    ("object", Failed, "{}"),
    ("failed", Failed, "as it was told"),
    ("zero", Failed, "can_be_zero"),
];

/// A reward over each protocol; `word` is given to it.
fn plugins(word: Option<&str>) -> Option<Vec<(&'static str, Oracle)>> {
    python()?;
    // With the package beside it.
    let root = tempfile::tempdir().unwrap();
    let packaged = root.path().join("answers");
    new_project(Language::Python, "answers", &packaged).unwrap();
    let scripts = folder("tests/scripts");
    std::fs::copy(scripts.join("answers.py"), packaged.join("reward.py")).unwrap();
    let open = |(folder, name, protocol, what): (&PathBuf, &str, Protocol, _)| {
        let words = ["python3", name].into_iter().chain(word).map(str::to_string);
        let program = Program::Command {
            words: words.collect(),
            folder: folder.clone(),
            protocol,
            code: vec![folder.join(name), folder.join("gfn_plugin")]
                .into_iter()
                .filter(|path| path.exists())
                .collect(),
            expected_hash: None,
        };
        (
            what,
            open_reward(quick(Options::new("answers", program, host()))).unwrap(),
        )
    };
    let plugins = [
        (&packaged, "reward.py", Protocol::Frames, "the package, frames"),
        (&packaged, "reward.py", Protocol::Lines, "the package, lines"),
        (&scripts, "raw_lines.py", Protocol::Lines, "lines"),
    ];
    Some(plugins.into_iter().map(open).collect())
}

#[test]
fn an_answer_counts_alike_over_both_protocols() {
    let Some(plugins) = plugins(None) else { return };
    for (answer, status, part) in TABLE {
        for (what, oracle) in &plugins {
            let scores = texts(oracle, &["whole", answer, "decimal"]);
            assert_eq!(scores.status, [Scored, status, Scored], "{what}: {answer}");
            assert_eq!(
                (scores.log_reward[0], scores.log_reward[2]),
                (3.0, 1.5),
                "{what}: {answer}"
            );
            let reasons: Vec<&str> = scores.failures.iter().map(|failure| &*failure.reason).collect();
            assert_eq!(
                reasons.len(),
                usize::from(status == Failed),
                "{what}: {answer}: {reasons:?}"
            );
            assert!(
                reasons.iter().all(|reason| reason.contains(part)),
                "{what}: {answer}: {reasons:?}"
            );
        }
    }
    // One score too few: the object without one is found, and the count is that of the whole batch.
    for (what, oracle) in &plugins {
        let mut objects = ["whole"; 16];
        objects[9] = "short";
        let scores = texts(oracle, &objects);
        let [failure] = &scores.failures[..] else {
            panic!("{what}: {:?}", scores.failures)
        };
        assert_eq!(failure.index, 9, "{what}");
        assert!(
            failure.reason.contains("15 for 16 objects"),
            "{what}: {}",
            failure.reason
        );
        assert_eq!(oracle.restarts(), 0, "{what}");
    }
}

#[test]
fn a_reward_of_zero_that_is_announced_counts_alike() {
    let Some(plugins) = plugins(Some("zero")) else {
        return;
    };
    for (what, oracle) in &plugins {
        assert_eq!(texts(oracle, &["whole", "zero"]).status, [Scored, Zero], "{what}");
    }
}
