//! `gfn check`: every file, every mistake, in words and as data.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{experiment_files, gfn, shipped_experiments, top};

/// A good file.
const GOOD: &str = r#"name = "small"
[environment]
kind = "hypergrid"
[reward]
kind = "hypergrid"
[loss]
kind = "trajectory-balance"
[training]
steps = 2
"#;

/// What `gfn check` says to these files, which lie in a folder of their own, with its name cut out of both streams.
fn check(options: &[&str], files: &[(&str, &str)]) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = format!("{}/", folder.path().display());
    let mut arguments = vec!["check".to_owned()];
    arguments.extend(options.iter().map(ToString::to_string));
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
        if !name.starts_with("base") {
            arguments.push(format!("{prefix}{name}"));
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Output {
        status,
        stdout,
        stderr,
    } = gfn(&arguments);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8").replace(&prefix, "");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

#[test]
fn shipped_experiments_have_neither_errors_nor_warnings() {
    let mut files = shipped_experiments();
    files.extend(experiment_files(&top().join("crates/gfn-cli/benchmarks")));
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut arguments = vec!["check", "--deny-warnings"];
    arguments.extend(files.iter().map(String::as_str));
    let output = gfn(&arguments);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let lines = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        lines.lines().filter(|line| line.ends_with(": ok")).count(),
        files.len()
    );
}

#[test]
fn all_files_are_checked_and_what_they_share_is_said_once() {
    let extending = format!("extends = \"base.toml\"\n{GOOD}");
    let (code, lines, said) = check(
        &["--set", "seed=-1"],
        &[
            ("base.toml", "[evaluation]\nsample = 5\n"),
            ("one.toml", &extending),
            ("two.toml", &extending),
            ("three.toml", &GOOD.replace("steps", "stpes")),
            ("four.toml", "name = [\n"),
        ],
    );
    assert_eq!(code, 2);
    assert_eq!(
        lines,
        "one.toml: 2 errors\ntwo.toml: 2 errors\nthree.toml: 2 errors\nfour.toml: 1 error\n"
    );
    for (part, times) in [
        ("unknown key `evaluation.sample`", 1),
        ("--> --set seed=-1", 1),
        ("unknown key `training.stpes`", 1),
        ("four.toml:1:", 1),
        ("error: ", 4),
    ] {
        assert_eq!(said.matches(part).count(), times, "{part:?} in:\n{said}");
    }
}

#[test]
fn warnings_do_not_count_unless_denied() {
    let file = GOOD.to_owned() + "[evaluation]\nevery = 50\n";
    let (code, lines, said) = check(&[], &[("small.toml", &file)]);
    assert_eq!((code, lines.as_str()), (0, "small.toml: 1 warning\n"));
    assert!(
        said.starts_with("warning: `evaluation.every` is 50") && said.contains("small.toml:11:9"),
        "{said}"
    );
    let (code, _, said) = check(&["--deny-warnings"], &[("small.toml", &file)]);
    assert_eq!(code, 2);
    assert!(
        said.ends_with("\n\nerror: `--deny-warnings` does not allow warnings\n"),
        "{said}"
    );
}

/// A run says what does nothing, and goes on.
#[test]
fn runs_show_warnings() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("small.toml");
    std::fs::write(
        &file,
        GOOD.to_owned() + "[evaluation]\nevery = 50\nsamples = 10\n",
    )
    .expect("a file");
    let out = folder.path().join("run");
    let output = gfn(&[
        "run",
        &file.to_string_lossy(),
        "--quiet",
        "--out",
        &out.to_string_lossy(),
    ]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.starts_with("warning: `evaluation.every` is 50"),
        "{said}"
    );
}

#[test]
fn json_is_a_list_of_problems() {
    let (code, said, errors) = check(&["--format", "json"], &[("small.toml", GOOD)]);
    assert_eq!((code, said.as_str(), errors.as_str()), (0, "[]\n", ""));
    let bad = GOOD.replace("steps = 2", "steps = \"ä\"\nlog_every = 50");
    let options = ["--format", "json", "--set", "loss.lambda=2"];
    let (code, said, errors) = check(&options, &[("small.toml", &bad)]);
    assert_eq!((code, errors.as_str()), (2, ""));
    let list: Value = serde_json::from_str(&said).expect("JSON");
    let expected = serde_json::json!([
        {
            "severity": "error",
            "message": "`training.steps`: expected a whole number from 1 to 1000000000000, found the string `ä`",
            "help": null,
            "source": "file",
            "file": "small.toml",
            "setting": null,
            "line": 9,
            "column": 9,
            "end_line": 9,
            "end_column": 12,
            "snippet": "steps = \"ä\"",
        },
        {
            "severity": "error",
            "message": "unknown key `loss.lambda`",
            "help": "`lambda` is a key of loss `sub-trajectory-balance` and `ppo`",
            "source": "flag",
            "file": "small.toml",
            "setting": "--set loss.lambda=2",
            "line": null,
            "column": null,
            "end_line": null,
            "end_column": null,
            "snippet": "--set loss.lambda=2",
        },
    ]);
    assert_eq!(list, expected);
}

/// What the standard requires of a log, of results and of places.
#[test]
fn sarif_has_what_the_standard_requires() {
    let bad = GOOD.replace("steps = 2", "steps = 2.5");
    let options = ["--format", "sarif", "--set", "seed=-1"];
    let files = [("small.toml", bad.as_str()), ("b c.toml", "")];
    let (code, said, errors) = check(&options, &files);
    assert_eq!((code, errors.as_str()), (2, ""));
    let log: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .is_some_and(|schema| schema.ends_with("sarif-2.1.0.json"))
    );
    let [run] = log["runs"].as_array().expect("runs").as_slice() else {
        panic!("one run: {log}");
    };
    assert_eq!(run["tool"]["driver"]["name"], "gfn");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(results.len() >= 3);
    for result in results {
        let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().expect("a level")));
        assert!(!result["message"]["text"].as_str().expect("a message").is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a file");
        assert!(
            Path::new(uri).extension().is_some_and(|end| end == "toml") && !uri.contains(' '),
            "{uri}"
        );
    }
    let steps = &results[0]["locations"][0]["physicalLocation"]["region"];
    let numbers = ["startLine", "startColumn", "endLine", "endColumn"].map(|key| steps[key].as_u64());
    assert_eq!(numbers, [Some(9), Some(9), Some(9), Some(12)]);
    let flag = results
        .iter()
        .find(|result| result["locations"][0]["logicalLocations"].is_array());
    assert_eq!(
        flag.expect("the flag")["locations"][0]["logicalLocations"][0]["name"],
        "--set seed=-1"
    );
}
