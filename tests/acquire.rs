//! Active learning, killed and gone on with.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{fail, succeed, top};

const EXPERIMENT: &str = "experiments/mol/acquire.toml";

/// A small version of the experiment.
const SMALL: [&str; 14] = [
    "acquisition.rounds=2",
    "acquisition.proposals=6",
    "acquisition.candidates=60",
    "acquisition.initial_size=40",
    "acquisition.fit.ensemble=2",
    "acquisition.fit.epochs=3",
    "acquisition.fit.hidden=8",
    "acquisition.fit.rounds=1",
    "training.steps=12",
    "training.batch_size=4",
    "network.hidden=8",
    "network.layers=1",
    "evaluation.samples=10",
    "checkpoint.every_steps=2",
];

fn arguments<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["acquire", EXPERIMENT, "--out", out, "--quiet"];
    for set in SMALL.iter().chain(more) {
        arguments.extend(["--set", set]);
    }
    arguments
}

/// What rounds come to, their proposals and their labels.
fn results(folder: &Path) -> String {
    let rounds = ["001", "002"].iter().flat_map(|round| {
        ["data.csv", "proposed.csv", "labeled.csv", "run/metrics.jsonl"]
            .map(|name| format!("rounds/{round}/{name}"))
    });
    let names = rounds.chain(["results.csv", "results.json", "best.csv"].map(str::to_string));
    let read = |name: String| {
        std::fs::read_to_string(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    names.map(read).collect()
}

/// Starts the rounds and kills them once `file` is there; whether they were still under way.
fn killed_at(out: &Path, file: &str) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(arguments(&out.display().to_string(), &[]))
        .current_dir(top())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(600);
    let mut ended = false;
    while !ended && !out.join(file).exists() {
        assert!(Instant::now() < until, "{file} does not come");
        std::thread::sleep(Duration::from_millis(2));
        ended = child.try_wait().unwrap().is_some();
    }
    let _ = child.kill();
    child.wait().unwrap();
    !ended
}

#[test]
fn rounds_that_are_killed_end_as_those_that_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    let whole_text = whole.display().to_string();
    let said = succeed(&arguments(&whole_text, &[]));
    assert!(said.contains("round     labeled"), "{said}");
    let expected = results(&whole);
    // Within a step, between steps, within a run, between rounds.
    for file in [
        "acquisition.toml",
        "rounds/001/data.csv",
        "rounds/001/run/checkpoints",
        "rounds/001/proposed.csv",
        "rounds/002/proxy.safetensors",
        "rounds/002/run/samples.csv",
    ] {
        assert!(
            killed_at(&killed, file),
            "it ended before it was killed at {file}"
        );
    }
    // And it goes on where it was moved to.
    let moved = folder.path().join("moved");
    std::fs::rename(&killed, &moved).unwrap();
    succeed(&arguments(&moved.display().to_string(), &[]));
    assert_eq!(results(&moved), expected);

    // Whatever is changed afterwards is noticed, and not learned from.
    super::integrity::flips_are_noticed(&whole_text, &[], &[1]);
    super::integrity::flips_are_noticed(&moved.display().to_string(), &[], &[2]);
    let labels = whole.join("rounds/001/labeled.csv");
    let text = std::fs::read_to_string(&labels).unwrap();
    std::fs::write(&labels, text.replacen("0.", "1.", 1)).unwrap();
    let more = arguments(&whole_text, &["acquisition.rounds=3"]);
    let said = fail(&more, 1);
    assert!(
        said.contains("rounds/001/labeled.csv was changed after it was written"),
        "{said}"
    );
    std::fs::write(&labels, text).unwrap();

    // Each round labels what no round before it did, and standings follow from the labels.
    let smiles = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(whole.join(name)).unwrap();
        text.lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_string())
            .collect()
    };
    let (first, second) = (smiles("rounds/001/data.csv"), smiles("rounds/002/data.csv"));
    assert_eq!((first.len(), second.len()), (40, 46));
    assert_eq!(second[40..], smiles("rounds/001/labeled.csv"));
    let proposed = smiles("rounds/002/proposed.csv");
    assert!(
        proposed.iter().all(|smiles| !second.contains(smiles)),
        "{proposed:?}"
    );
    let lines = std::fs::read_to_string(whole.join("results.csv")).unwrap();
    let labeled: Vec<&str> = lines
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap())
        .collect();
    assert_eq!(labeled, ["40", "46", "52"]);

    // What is finished stays, also where fewer rounds are asked for; results that are not there are written.
    for name in ["results.csv", "results.json", "best.csv"] {
        std::fs::remove_file(whole.join(name)).unwrap();
    }
    succeed(&arguments(&whole_text, &[]));
    assert_eq!(results(&whole), expected);
    succeed(&arguments(&whole_text, &["acquisition.rounds=1"]));
    assert_eq!(results(&whole), expected);
    // What labels depend on stays as it is.
    let other = [
        "acquisition.proposals=7",
        "reward.floor=0.02",
        "environment.max_blocks=4",
        "seed=5",
    ];
    let said = fail(&arguments(&whole_text, &other), 2);
    for words in [
        "was started with different settings",
        "seed: 0, now 5",
        "max_blocks: 5, now 4",
    ] {
        assert!(said.contains(words), "{said}");
    }
    // Labels are rewards before shaping.
    assert!(!said.contains("proposals") && !said.contains("floor"), "{said}");
    // More rounds go on, with other settings of their own.
    let more = [
        "acquisition.rounds=3",
        "acquisition.proposals=7",
        "training.steps=3",
    ];
    let before = smiles("rounds/002/labeled.csv");
    succeed(&arguments(&whole_text, &more));
    assert_eq!(smiles("rounds/002/labeled.csv"), before);
    assert_eq!(smiles("rounds/003/labeled.csv").len(), 7);
    let settings = |round: &str| {
        let path = whole.join("rounds").join(round).join("acquisition.toml");
        std::fs::read_to_string(path).unwrap()
    };
    assert!(settings("002").contains("proposals = 6") && settings("003").contains("proposals = 7"));
}

#[test]
fn rounds_of_neighbouring_seeds_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let seed_of_run = |seed: &str| {
        let out = folder.path().join(seed);
        let seed = format!("seed={seed}");
        succeed(&arguments(&out.display().to_string(), &[&seed]));
        ["001", "002"].map(|round| {
            let path = out.join("rounds").join(round).join("run/resolved.toml");
            let text = std::fs::read_to_string(path).unwrap();
            let line = text.lines().find(|line| line.starts_with("seed = "));
            line.unwrap().to_string()
        })
    };
    let seeds: std::collections::HashSet<String> =
        ["0", "1"].iter().flat_map(|seed| seed_of_run(seed)).collect();
    assert_eq!(seeds.len(), 4, "{seeds:?}");
}

#[test]
fn a_table_of_ones_own_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("mine.csv");
    let alkanes: String = (1..40)
        .map(|length| format!("{},{}\n", "C".repeat(length), 0.01 * f64::from(length as u8)))
        .collect();
    std::fs::write(&table, format!("smiles,value\n{alkanes}")).unwrap();
    let out = folder.path().join("out").display().to_string();
    let initial = format!("acquisition.initial=\"{}\"", table.display());
    succeed(&arguments(
        &out,
        &[
            &initial,
            "acquisition.rounds=1",
            "acquisition.function=\"expected-improvement\"",
        ],
    ));
    let data = std::fs::read_to_string(folder.path().join("out/rounds/001/data.csv")).unwrap();
    assert!(data.contains("\nCC,0.02\n"), "{data}");
    // An improvement has a unit of its own, and is not raised to the power of a reward.
    let resolved = std::fs::read_to_string(folder.path().join("out/rounds/001/run/resolved.toml")).unwrap();
    for line in [
        "acquisition = \"expected-improvement\"",
        "exponent = 2.0",
        "floor = 0.001",
    ] {
        assert!(resolved.contains(&format!("\n{line}\n")), "{resolved}");
    }

    let other = folder.path().join("other").display().to_string();
    for (row, words) in [
        ("C(,1", "`C(` is not a SMILES"),
        ("C,1", "1 different molecules are too few"),
        (
            "C,-9.5",
            "has the value -9.5 for `C`; values are rewards before shaping",
        ),
    ] {
        std::fs::write(&table, format!("smiles,value\n{row}\n")).unwrap();
        let said = fail(&arguments(&other, &[&initial]), 2);
        assert!(
            said.contains("`acquisition.initial`: ") && said.contains("mine.csv") && said.contains(words),
            "{said}"
        );
        assert!(!said.contains("--skip-bad"), "{said}");
        let said = fail(&["check", EXPERIMENT, "--set", &initial], 2);
        assert!(said.contains(words), "{said}");
    }
    // What was mended is taken, whatever was said before.
    std::fs::write(&table, format!("smiles,value\n{alkanes}")).unwrap();
    succeed(&arguments(&other, &[&initial, "acquisition.rounds=1"]));
}

/// The oracle may be a proxy itself; none of its settings are those of the rounds.
#[test]
fn a_proxy_can_be_the_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let sets = [
        "reward={ kind = \"proxy\", clip = 3.0, scale = 2.0, acquisition = \"ucb\", beta = 0.5, floor = 0.01 }",
        "acquisition.rounds=1",
        "acquisition.function=\"expected-improvement\"",
    ];
    succeed(&arguments(&out.display().to_string(), &sets));
    let resolved = std::fs::read_to_string(out.join("rounds/001/run/resolved.toml")).unwrap();
    let reward = resolved.split("[reward]").nth(1).unwrap();
    let reward = reward.split("\n[").next().unwrap();
    assert!(reward.contains("rounds/001/proxy.safetensors"), "{reward}");
    for key in ["clip", "scale", "beta", "offset"] {
        assert!(!reward.contains(key), "{reward}");
    }
}

#[test]
fn what_cannot_be_is_said_with_its_place() {
    let said = fail(&["acquire", "experiments/mol.toml"], 2);
    assert!(said.contains("the file has no table `[acquisition]`"), "{said}");
    let said = fail(&["acquire", EXPERIMENT, "--set", "acquisition.proposal=3"], 2);
    assert!(said.contains("did you mean `proposals`?"), "{said}");
    let said = fail(&["acquire", EXPERIMENT, "--set", "reward.floor=0"], 2);
    assert!(said.contains("floor"), "{said}");
    let said = fail(&["check", EXPERIMENT, "--set", "reward.floor=0"], 2);
    assert!(said.contains("floor"), "{said}");
    let initial = "acquisition.initial=\"nowhere.csv\"";
    let said = fail(&["check", EXPERIMENT, "--set", initial], 2);
    assert!(
        said.contains("nowhere.csv") && said.contains("cannot be read"),
        "{said}"
    );
    // A folder that is something else's.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("resolved.toml"), "").unwrap();
    let said = fail(&arguments(&folder.path().display().to_string(), &[]), 2);
    assert!(said.contains("name a new folder with --out"), "{said}");
    let resolved = succeed(&["resolve", EXPERIMENT]);
    assert!(resolved.contains("[acquisition.fit]"), "{resolved}");
}
