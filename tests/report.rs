//! What a run leaves to look at, and the commands that show runs.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use gfn_record::{distribution, likelihoods};
use serde_json::Value;

use super::{fail, succeed};

/// Standard output of `gfn` in another folder, where it must succeed.
fn succeed_in(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("gfn starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "gfn {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A short run on the 8×8 grid.
fn run(out: &Path, more: &[&str]) -> String {
    let out = out.to_string_lossy();
    let mut arguments = vec!["run", "experiments/hypergrid/tb.toml", "--quiet", "--out", &out];
    arguments.extend([
        "--set",
        "training.steps=20",
        "--set",
        "evaluation.samples=50",
        "--set",
        "evaluation.every=10",
    ]);
    arguments.extend(more);
    succeed(&arguments)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_run_leaves_a_page_unless_told_not_to() {
    let root = tempfile::tempdir().expect("a folder");
    let (with, without) = (root.path().join("with"), root.path().join("without"));
    let said = run(&with, &[]);
    assert!(said.contains("report.html"), "{said}");
    let page = read(&with, "report.html");
    for expected in [
        "<h1>hypergrid-tb</h1>",
        "Learned and target distribution",
        "# experiments/hypergrid/tb.toml:",
        "eprint = {2201.13259}",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(!page.contains("cannot be read"));
    assert!(!run(&without, &["--no-report"]).contains("report.html"));
    assert!(!without.join("report.html").exists());

    let both = root.path().join("both.html");
    let (with, without) = (with.to_string_lossy(), without.to_string_lossy());
    succeed(&["report", &with, &without, "-o", &both.to_string_lossy()]);
    assert!(std::fs::read_to_string(&both).expect("a page").contains("2 runs"));
    assert!(succeed(&["report", &without, "-o", "-"]).starts_with("<!DOCTYPE html>"));
    let message = fail(&["report", &root.path().to_string_lossy()], 1);
    assert!(message.contains("resolved.toml"), "{message}");
}

#[test]
fn the_distribution_is_that_which_was_measured() {
    let root = tempfile::tempdir().expect("a folder");
    let out = root.path().join("run");
    run(&out, &[]);
    let text = read(&out, "distribution.csv");
    let rows: Vec<_> = distribution::read(text.as_bytes())
        .map(|row| row.expect("a row"))
        .collect();
    assert_eq!(rows.len(), 64);
    let total: f64 = rows.iter().map(|row| row.probability).sum();
    assert!((total - 1.0).abs() < 1e-9, "{total}");
    let l1: f64 = rows.iter().map(|row| (row.probability - row.target).abs()).sum();
    let manifest: Value = serde_json::from_str(&read(&out, "manifest.json")).expect("JSON");
    let measured = manifest["after"]["exact.l1"].as_f64().expect("a number");
    assert!((l1 - measured).abs() < 1e-9, "{l1} {measured}");
    // Every target is its reward over Z.
    let log_z = manifest["log_z"].as_f64().expect("a number");
    assert!((rows[0].reward / rows[0].target - log_z.exp()).abs() < 1e-6);
    assert!(!out.join("likelihoods.csv").exists());
}

/// An environment that may not be swept tells the probability of single objects: the same as the sweep.
#[test]
fn likelihoods_are_those_of_a_sweep() {
    let root = tempfile::tempdir().expect("a folder");
    let (swept, other) = (root.path().join("swept"), root.path().join("other"));
    run(&swept, &[]);
    run(&other, &["--set", "evaluation.exact_states=0"]);
    assert!(!other.join("distribution.csv").exists());
    let text = read(&swept, "distribution.csv");
    let all: HashMap<String, f64> = distribution::read(text.as_bytes())
        .map(|row| row.expect("a row"))
        .map(|row| (row.object, row.probability))
        .collect();
    let text = read(&other, "likelihoods.csv");
    let found: Vec<_> = likelihoods::read(text.as_bytes())
        .map(|row| row.expect("a row"))
        .collect();
    assert!(found.len() > 5);
    for row in &found {
        assert!(
            (row.log_probability - all[&row.object].ln()).abs() < 1e-5,
            "{row:?}"
        );
    }
    assert!(read(&other, "report.html").contains("Probability and reward of samples"));
}

#[test]
fn runs_are_listed_and_shown() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().to_string_lossy().into_owned();
    for seed in ["3", "4"] {
        run(&root.path().join(format!("seed-{seed}")), &["--seed", seed]);
    }
    let listed = succeed(&["ls", &folder]);
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(
        listed.contains("hypergrid-tb") && listed.contains("finished"),
        "{listed}"
    );
    let listed: Value = serde_json::from_str(&succeed(&["ls", &folder, "--json"])).expect("JSON");
    assert_eq!(
        (&listed[0]["seed"], &listed[1]["seed"]),
        (&Value::from(3), &Value::from(4))
    );

    let run = format!("{folder}/seed-3");
    let shown = succeed(&["show", &run]);
    for expected in [
        "loss trajectory-balance",
        "untrained     trained",
        "exact L1",
        "best objects",
    ] {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
    let shown: Value = serde_json::from_str(&succeed(&["show", &run, "--json"])).expect("JSON");
    assert_eq!(shown["settings"]["training"]["steps"], 20);
    assert_eq!(shown["measured"].as_array().map(Vec::len), Some(3));
    let message = fail(&["ls", &format!("{folder}/nowhere")], 1);
    assert!(message.contains("there is no folder"), "{message}");
}

#[test]
fn a_sweep_is_reported_listed_shown_and_watched() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("sweep").to_string_lossy().into_owned();
    succeed(&[
        "sweep",
        "run",
        "experiments/hypergrid/tb.toml",
        "--grid",
        "optimizer.learning_rate=[1e-3, 1e-2]",
        "--set",
        "training.steps=5",
        "--set",
        "training.log_every=1",
        "--set",
        "evaluation.samples=20",
        "--jobs",
        "1",
        "--out",
        &folder,
    ]);
    assert!(succeed(&["report", &folder]).contains("report.html"));
    let page = read(Path::new(&folder), "report.html");
    for expected in [
        "hypergrid-tb, a sweep",
        "Best setting",
        "Learned and target distribution",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let all = root.path().to_string_lossy();
    let listed = succeed(&["ls", &all]);
    assert!(
        listed.starts_with("SWEEP") && listed.contains("2 of 2 trials finished"),
        "{listed}"
    );
    let listed: Value = serde_json::from_str(&succeed(&["ls", &all, "--json"])).expect("JSON");
    assert_eq!(listed[0]["trials"]["finished"], 2);
    let shown = succeed(&["show", &folder]);
    assert!(
        shown.contains("OBJECTIVE") && shown.lines().count() == 6,
        "{shown}"
    );
    let shown: Value = serde_json::from_str(&succeed(&["show", &folder, "--json"])).expect("JSON");
    assert_eq!(shown["settings"].as_array().map(Vec::len), Some(2));
    // Without a terminal, once and as text.
    let watched = succeed(&["top", &folder]);
    assert!(
        watched.contains("a sweep: 2 of 2 trials finished") && watched.contains("100 %"),
        "{watched}"
    );
    assert!(!watched.contains(['│', '┌', '⠀']), "{watched}");
    let watched: Value = serde_json::from_str(&succeed(&["top", &folder, "--json"])).expect("JSON");
    assert_eq!(
        (&watched[0]["last"]["step"], &watched[2]["kind"]),
        (&Value::from(5), &Value::from("sweep")),
        "{watched}"
    );
    let message = fail(&["report", &folder, &format!("{folder}/trials/000000/run")], 2);
    assert!(message.contains("give its folder alone"), "{message}");
}

/// What cannot be read has a line of its own, and everything else is there.
#[test]
fn what_is_damaged_hides_nothing_else() {
    let root = tempfile::tempdir().expect("a folder");
    run(&root.path().join("runs/good"), &["--no-report"]);
    for (file, text) in [
        ("runs/bad/resolved.toml", &b"\xff"[..]),
        ("sweeps/bad/sweep.json", b"x"),
        ("sweeps/good/sweep.json", MANIFEST.as_bytes()),
        (
            "sweeps/good/settings/000000/setting.json",
            b"{\"setting\": 0, \"values\": {}, \"point\": []}",
        ),
        (
            "sweeps/good/trials/000000/trial.json",
            b"{\"trial\": 0, \"setting\": 0, \"repeat\": 0, \"seed\": 0, \"values\": {}}",
        ),
        (
            "sweeps/good/trials/000000/result.json",
            b"{\"objective\": 0.5, \"steps\": 5, \"failures\": 0}",
        ),
        ("sweeps/good/trials/000001/trial.json", b""),
    ] {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let listed = succeed_in(root.path(), &["ls"]);
    for expected in [
        "runs/good",
        "runs/bad",
        "sweeps/bad  cannot be read: ",
        "sweeps/good  tiny: 1 of 2 trials finished, 1 file cannot be read, best",
    ] {
        assert!(listed.contains(expected), "{expected} in {listed}");
    }
    let listed: Value = serde_json::from_str(&succeed_in(root.path(), &["ls", "--json"])).expect("JSON");
    let entries = listed.as_array().expect("a list");
    let of = |folder: &str| entries.iter().find(|entry| entry["folder"] == folder);
    for (folder, kind, faults) in [
        ("runs/good", "run", 0),
        ("runs/bad", "run", 1),
        ("sweeps/good", "sweep", 1),
        ("sweeps/bad", "sweep", 1),
    ] {
        let entry = of(folder).unwrap_or_else(|| panic!("{folder} in {listed}"));
        assert_eq!(entry["kind"], kind, "{entry}");
        assert_eq!(entry["faults"].as_array().map(Vec::len), Some(faults), "{entry}");
    }
    let shown = succeed_in(root.path(), &["show", "sweeps/good"]);
    assert!(
        shown.contains("1 of 2 trials finished") && shown.contains("000001/trial.json"),
        "{shown}"
    );
    let watched = succeed_in(root.path(), &["top"]);
    assert!(
        watched.contains("a sweep that cannot be read") && watched.contains("1 of 2 trials finished"),
        "{watched}"
    );
}

/// A sweep of two settings.
const MANIFEST: &str = r#"{"format": 1, "gfn": "0.1.0", "name": "tiny", "experiment": "tiny.toml", "method": "grid", "seed": 0,
    "settings": 2, "seeds": [0], "objective": "exact.l1", "direction": "minimize", "parameters": [], "retries": 1,
    "max_failures": 3}"#;

/// Where nothing was made yet, that is said and no error.
#[test]
fn an_empty_folder_has_an_empty_list() {
    let root = tempfile::tempdir().expect("a folder");
    assert_eq!(succeed_in(root.path(), &["ls", "--json"]), "[]\n");
    assert_eq!(succeed_in(root.path(), &["top", "--json"]), "[]\n");
    let listed = succeed_in(root.path(), &["ls"]);
    assert!(
        listed.contains("gfn run FILE") && listed.contains("gfn sweep run FILE"),
        "{listed}"
    );
}

#[test]
fn pictures_are_files_that_stand_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let (out, pictures) = (root.path().join("run"), root.path().join("pictures"));
    run(&out, &[]);
    succeed(&[
        "report",
        &out.to_string_lossy(),
        "--figures",
        &pictures.to_string_lossy(),
    ]);
    for name in ["loss", "log-z", "distance", "target-and-learned"] {
        let svg = read(&pictures, &format!("{name}.svg"));
        assert!(
            svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"),
            "{name}"
        );
        // No ink is left that only a page could give a color.
        assert!(!svg.contains("\"#00000") && !svg.contains("\"#00001"), "{name}");
    }
    assert!(!pictures.join("molecules.svg").exists());
}

/// Draws have the probability that the run measured of the same objects; draws of what is not swept have none.
#[test]
fn draws_have_the_probability_that_was_measured() {
    let root = tempfile::tempdir().expect("a folder");
    let swept = root.path().join("swept");
    run(&swept, &["--no-report"]);
    let text = read(&swept, "distribution.csv");
    let all: HashMap<String, f64> = distribution::read(text.as_bytes())
        .map(|row| row.expect("a row"))
        .map(|row| (row.object, row.probability))
        .collect();
    let drawn = |folder: &Path, more: &[&str]| {
        let folder = folder.to_string_lossy();
        succeed(&[&["sample", &folder, "-n", "40", "--seed", "7"], more].concat())
    };
    let text = drawn(&swept, &[]);
    let samples: Vec<_> = gfn_record::samples::read(text.as_bytes())
        .map(|row| row.expect("a row"))
        .collect();
    assert_eq!(samples.len(), 40);
    for sample in &samples {
        let expected = all[&sample.object].ln();
        assert!(
            (sample.log_probability.expect("a probability") - expected).abs() < 1e-9,
            "{sample:?}"
        );
    }
    let first: Value =
        serde_json::from_str(drawn(&swept, &["--json"]).lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["log_probability"].as_f64(), samples[0].log_probability);
    let unswept = drawn(&swept, &["--set", "evaluation.exact_states=0"]);
    let bare = |sample: &gfn_record::samples::Sample| (sample.object.clone(), sample.log_probability);
    let unswept: Vec<_> = gfn_record::samples::read(unswept.as_bytes())
        .map(|row| bare(&row.expect("a row")))
        .collect();
    let expected: Vec<_> = samples
        .iter()
        .map(|sample| (sample.object.clone(), None))
        .collect();
    assert_eq!(unswept, expected, "the objects do not depend on it");
}

/// Under names that nobody typed, files of ours are replaced and no others.
#[test]
fn files_of_others_are_not_replaced() {
    let root = tempfile::tempdir().expect("a folder");
    for (name, seed) in [("a", "0"), ("b", "1"), ("c", "2")] {
        run(&root.path().join(name), &["--seed", seed]);
    }
    let gfn = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gfn"));
        let output = command
            .args(arguments)
            .current_dir(root.path())
            .output()
            .expect("gfn starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "{said}");
        (output.status.code().expect("a code"), said)
    };
    let page = root.path().join("report.html");
    let text = || std::fs::read_to_string(&page).expect("a page");
    std::fs::write(&page, "mine").expect("a file");
    let (code, said) = gfn(&["report", "a", "b"]);
    assert!(
        code == 2 && said.contains("`report.html` is there already") && said.contains("-o"),
        "{said}"
    );
    assert_eq!(text(), "mine");
    assert_eq!(gfn(&["report", "a", "b", "-o", "report.html"]).0, 0);
    // A page of the same runs is made anew, one of others stays.
    assert_eq!(gfn(&["report", "b", "a"]).0, 0);
    let made = text();
    assert_eq!(gfn(&["report", "a", "c"]).0, 2);
    assert_eq!(text(), made);
    // In its own folder a run's page is replaced, and nothing else under its name.
    assert_eq!(gfn(&["report", "a"]).0, 0);
    std::fs::write(root.path().join("a/report.html"), "mine").expect("a file");
    assert_eq!(gfn(&["report", "a"]).0, 2);
    assert_eq!(read(&root.path().join("a"), "report.html"), "mine");
    // Pictures, tables and schemas.
    std::fs::create_dir(root.path().join("pictures")).expect("a folder");
    std::fs::write(root.path().join("pictures/loss.svg"), "<svg>mine</svg>").expect("a file");
    assert_eq!(gfn(&["report", "a", "--figures", "pictures"]).0, 2);
    assert_eq!(gfn(&["report", "a", "--figures", "others"]).0, 0);
    assert_eq!(gfn(&["report", "a", "--figures", "others"]).0, 0);
    let before = read(&root.path().join("a"), "samples.csv");
    let (code, said) = gfn(&["export", "a", "--to", "csv", "-o", "a"]);
    assert!(code == 2 && said.contains("samples.csv"), "{said}");
    assert_eq!(read(&root.path().join("a"), "samples.csv"), before);
    for target in ["csv", "parquet", "mlflow", "wandb"] {
        for _ in 0..2 {
            assert_eq!(
                gfn(&["export", "a", "--to", target, "-o", target]).0,
                0,
                "{target}"
            );
        }
    }
    std::fs::write(root.path().join("gfn.schema.json"), "{}").expect("a file");
    let (code, said) = gfn(&["new", "mine.toml", "--schema"]);
    assert!(code == 2 && said.contains("gfn.schema.json"), "{said}");
    assert!(!root.path().join("mine.toml").exists());
    assert_eq!(gfn(&["schema", "-o", "gfn.schema.json"]).0, 0);
    assert_eq!(gfn(&["new", "mine.toml", "--schema"]).0, 0);
}
