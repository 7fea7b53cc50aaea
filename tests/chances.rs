//! What a sweep bears: stops at the worst moment, trials that failed and are tried again, files that change under it.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sweep::{Place, TINY, count, kill};
use crate::top;

/// The attempts that failed, over all trials.
fn failures(status: &Value) -> usize {
    let trials = status["trials"].as_array().expect("trials");
    let failures = |trial: &Value| trial["failures"].as_array().map_or(0, Vec::len);
    trials.iter().map(failures).sum()
}

/// Trials are told to stop while their processes are just starting, or are not there yet.
#[test]
fn a_stop_is_never_a_failure() {
    let rates: Vec<String> = (1..=12).map(|rate| format!("{rate}e-3")).collect();
    let sweep = format!(
        "[sweep]\nretries = 0\n[sweep.parameters]\noptimizer.learning_rate = [{}]\n",
        rates.join(", ")
    );
    let place = Place::new(&sweep);
    for delay in [200, 350, 500, 650, 800] {
        let mut child = place.start(&["run", "tiny.toml", "--jobs", "2", "--quiet"]);
        sleep(Duration::from_millis(delay));
        kill(u64::from(child.id()), "TERM");
        child.wait().expect("it ends");
    }
    place.succeed(&["run", "tiny.toml", "--jobs", "2", "--quiet"]);
    let status = place.json(&["status", "sweeps/tiny", "--json"]);
    assert_eq!(
        (count(&status, "finished"), failures(&status)),
        (12, 0),
        "{status:#}"
    );
}

#[test]
fn what_failed_is_given_another_chance() {
    let place = Place::new(
        "[sweep]\nmax_failures = 0\nretries = 0\n[sweep.parameters]\noptimizer.learning_rate = [1e-3, 1e30, 1e-2]\n",
    );
    let run = ["run", "tiny.toml", "--jobs", "1", "--quiet"];
    place.fail(&run, 1);
    let said = place.fail(&["resume", "sweeps/tiny", "--quiet"], 1);
    assert!(said.contains("`sweep.max_failures`"), "{said}");

    // It fails again, as often as it may now, and the others go on.
    let chance = [
        "resume",
        "sweeps/tiny",
        "--retry-failed",
        "--retries",
        "1",
        "--max-failures",
        "1",
        "--quiet",
    ];
    let said = place.output(&chance);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("retrying 1 failed trial"), "{said}");
    let status = place.json(&["status", "sweeps/tiny", "--json", "--audit"]);
    assert_eq!(
        (count(&status, "finished"), count(&status, "failed")),
        (2, 1),
        "{status:#}"
    );
    assert_eq!(failures(&status), 2);
    let trial = place.sweep("tiny").join("trials/000001");
    assert!(trial.join("failed-1/result.json").is_file() && trial.join("failed-1/failure-1.json").is_file());
    let said = place.succeed(&["best", "sweeps/tiny"]);
    assert!(said.contains("1 setting is left out"), "{said}");

    // Other limits in the file are those of the sweep from then on.
    place.succeed(&[&run[..], &["--set", "sweep.max_failures=7"]].concat());
    let limits = std::fs::read_to_string(place.sweep("tiny").join("limits/000001.json")).expect("limits");
    let limits: Value = serde_json::from_str(&limits).expect("JSON");
    assert_eq!(
        (&limits["retries"], &limits["max_failures"]),
        (&json!(0), &json!(7))
    );
}

/// A folder's sweep is what it is; what somebody asks of it otherwise is refused rather than passed over.
#[test]
fn a_sweep_that_is_made_stays_as_it_is() {
    let place = Place::new("[sweep]\n[sweep.parameters]\noptimizer.learning_rate = [1e-3]\n");
    place.succeed(&["run", "tiny.toml", "--quiet"]);
    for (flag, value) in [
        ("--set", "training.steps=9999"),
        ("--grid", "network.hidden=[1]"),
        ("--profile", "none"),
        ("--seed", "3"),
    ] {
        let said = place.fail(&["run", "sweeps/tiny", flag, value], 2);
        assert!(said.contains(&format!("{flag} {value}: the sweep in")), "{said}");
    }
    let best = place.json(&["run", "sweeps/tiny", "--quiet", "--json"]);
    assert_eq!(best[0]["setting"], 0);
    // Nor is a folder with other things in it made one.
    std::fs::create_dir(place.root.path().join("mine")).expect("a folder");
    std::fs::write(place.root.path().join("mine/thesis.tex"), "").expect("a file");
    let said = place.fail(&["run", "tiny.toml", "--out", "mine"], 2);
    assert!(
        said.contains("mine holds files that are not of a sweep"),
        "{said}"
    );

    // A manifest is made of what the file says now, and no folder of what cannot be exported.
    let export = [
        "export",
        "tiny.toml",
        "--kubernetes",
        "--out",
        "k",
        "--set",
        "sweep.kubernetes.claim=results",
    ];
    let said = place.fail(&export, 2);
    assert!(said.contains("`sweep.kubernetes.image` is missing"), "{said}");
    assert!(!place.root.path().join("k").exists());
    for name in ["old:1", "new:2"] {
        let image = format!("sweep.kubernetes.image={name}");
        let text = place.succeed(&[&export[..], &["--set", &image]].concat());
        assert!(text.contains(&format!("\"image\": \"{name}\"")), "{text}");
    }
}

/// Results of trials that read different files are not compared.
#[test]
fn files_that_change_under_a_sweep_are_noticed() {
    let blocks = top().join("crates/gfn-envs/src/fragments/druglike.json");
    let blocks =
        std::fs::read_to_string(&blocks).unwrap_or_else(|error| panic!("{}: {error}", blocks.display()));
    let molecules = TINY
        .replace(
            "kind = \"hypergrid\"\nheight = 4",
            "kind = \"fragments\"\nvocabulary = \"v.json\"\nmax_blocks = 2",
        )
        .replace(
            "[reward]\nkind = \"hypergrid\"",
            "[reward]\nkind = \"druglike\"\nfloor = 0.01",
        )
        .replace("kind = \"mlp\"", "kind = \"message-passing\"");
    let place = Place::with(
        &molecules,
        "[sweep]\nmethod = \"random\"\ntrials = 1\n[sweep.parameters]\noptimizer.learning_rate = [1e-3, 1e-4]\n",
    );
    let vocabulary = place.root.path().join("v.json");
    std::fs::write(&vocabulary, &blocks).expect("a file");
    place.succeed(&["run", "tiny.toml", "--quiet"]);
    place.succeed(&["extend", "sweeps/tiny", "--trials", "1"]);
    std::fs::write(&vocabulary, blocks.clone() + "\n").expect("a file");
    let said = place.output(&["resume", "sweeps/tiny"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("v.json has changed since the sweep started"),
        "{said}"
    );
    std::fs::write(&vocabulary, blocks).expect("a file");
    place.succeed(&["resume", "sweeps/tiny", "--retry-failed", "--quiet"]);
    let status = place.json(&["status", "sweeps/tiny", "--json"]);
    assert_eq!(count(&status, "finished"), 2, "{status:#}");
}

/// Where few get far, the search goes by what all of them were at the first comparison.
#[test]
fn a_search_with_early_stopping_goes_by_results() {
    let place = Place::new(
        "[sweep]\nmethod = \"tpe\"\ntrials = 24\nearly_stopping = { kind = \"asha\", reduction = 3, min_steps = 1 }\n\
         [sweep.parameters]\noptimizer.learning_rate = { range = [1e-5, 1e-1], log = true }\n",
    );
    let steps = ["--set", "training.steps=27", "--quiet", "--jobs", "2"];
    place.succeed(&[&["run", "tiny.toml"][..], &steps].concat());
    for setting in 12..24 {
        let path = place
            .sweep("tiny")
            .join(format!("settings/{setting:06}/setting.json"));
        let setting: Value = serde_json::from_slice(&std::fs::read(path).expect("a setting")).expect("JSON");
        let seen = setting["seen"].as_array().expect("what was seen");
        let ended = seen.iter().filter(|seen| seen["outcome"] != "running");
        assert!(ended.count() >= 10, "{setting:#}");
    }
    place.succeed(&["status", "sweeps/tiny", "--audit"]);
}
