//! Profiles, the version key, `gfn resolve --origin` and `gfn diff`, through the program.

use std::path::{Path, PathBuf};

use super::{fail, gfn, gfn_with, succeed};

const BASE: &str = r#"name = "layered"

[environment]
kind = "hypergrid"
height = 4

[reward]
kind = "hypergrid"

[loss]
kind = "trajectory-balance"

[training]
steps = 2
batch_size = 4

[profile.quick]
description = "quick"

[profile.quick.training]
steps = 1

[profile.flow.loss]
kind = "flow-matching"
"#;

/// A folder with `base.toml` and `top.toml`, which extends it and adds `more`.
fn files(more: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("base.toml"), BASE).expect("a file");
    let file = folder.path().join("top.toml");
    std::fs::write(&file, format!("extends = \"base.toml\"\ngfn = \"0.1\"\n{more}")).expect("a file");
    let file = file.to_string_lossy().into_owned();
    (folder, file)
}

fn relative(text: &str, folder: &tempfile::TempDir) -> String {
    text.replace(&format!("{}/", folder.path().to_string_lossy()), "")
}

#[track_caller]
fn says(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "expected {part:?} in:\n{said}");
    }
}

#[test]
fn profiles_are_chosen_by_name() {
    let (folder, file) = files("[profile.quick.training]\nbatch_size = 2\n");
    let resolved = succeed(&[
        "resolve",
        &file,
        "--profile",
        "quick",
        "--set",
        "training.log_every=1",
    ]);
    says(
        &resolved,
        &[
            "gfn = \"",
            "description = \"quick\"",
            "steps = 1\n",
            "batch_size = 2\n",
            "log_every = 1\n",
        ],
    );
    assert!(!resolved.contains("profile"), "{resolved}");
    let said = fail(&["run", &file, "--profile", "quik"], 2);
    says(
        &said,
        &[
            "there is no profile `quik`",
            "--> --profile quik",
            "did you mean `quick`? the profiles are `quick` and `flow`",
        ],
    );

    let out = folder.path().join("run");
    let out = out.to_string_lossy();
    succeed(&["run", &file, "--profile", "quick", "--quiet", "--out", &out]);
    let run = relative(&succeed(&["resolve", &file, "--profile", "quick"]), &folder);
    let written = std::fs::read_to_string(Path::new(&*out).join("resolved.toml")).expect("a file");
    assert_eq!(run, written);
    let said = fail(&["bench", "grid-2d-8", "--profile", "quick", "-n", "1"], 2);
    says(
        &said,
        &["benchmark `grid-2d-8` has no profiles; `--profile` is for experiment files"],
    );
}

#[test]
fn mistakes_in_other_profiles_are_found() {
    let (folder, file) = files(
        "[profile.quick.trainig]\nsteps = 3\n[profile.flow]\ntraining = 3\n[profile.slow.loss]\nkind = \"flow-machting\"\n",
    );
    for profile in [&[][..], &["--profile", "quick"]] {
        let said = relative(
            &fail(&[&["resolve", file.as_str()][..], profile].concat(), 2),
            &folder,
        );
        says(
            &said,
            &[
                "unknown section `trainig`",
                "did you mean `training`?",
                "top.toml:3:16",
            ],
        );
        says(
            &said,
            &["`training`: expected a table, found `3`", "top.toml:6:12"],
        );
        says(&said, &["unknown loss `flow-machting`", "top.toml:8:8"]);
        assert_eq!(said.matches("error: ").count(), 3, "{said}");
    }
    // A flag may be what a profile waits for.
    let (_folder, file) = files("[profile.small.environment]\nheight = 3\n");
    succeed(&["resolve", &file, "--profile", "flow"]);
}

#[test]
fn keys_of_files_are_known_when_they_are_misspelt() {
    for (wrong, right) in [
        ("extend = \"x\"", "extends"),
        ("[profil.quick]", "profile"),
        ("gnf = \"0.1\"", "gfn"),
    ] {
        let (_folder, file) = files(&format!("{wrong}\n"));
        says(
            &fail(&["resolve", &file], 2),
            &[&format!("did you mean `{right}`?")],
        );
    }
}

#[test]
fn files_that_need_a_newer_program_are_refused() {
    let (folder, file) = files("");
    std::fs::write(folder.path().join("base.toml"), "gfn = \"7.0\"\nnew = 1\n").expect("a file");
    let said = relative(&fail(&["run", &file], 2), &folder);
    says(&said, &["this file needs gfn 7.0 or newer", "--> base.toml:1:7"]);
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
}

#[test]
fn every_value_says_where_it_comes_from() {
    let (folder, file) = files("[optimizer]\nlearning_rate = { from = 0.1, to = 0.01, steps = 5 }\n");
    let arguments = [
        "resolve",
        &file,
        "--origin",
        "--profile",
        "quick",
        "--seed",
        "3",
        "--set",
        "environment.height=5",
    ];
    let output = gfn_with(&[("GFN__TRAINING__LOG_EVERY", "7")], &arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = relative(&String::from_utf8(output.stdout).expect("UTF-8"), &folder);
    for (section, key, origin) in [
        ("", "gfn", "this program"),
        ("", "name", "base.toml:1"),
        ("", "description", "profile quick, base.toml:18"),
        ("", "seed", "--set seed=3"),
        ("[environment]", "height", "--set environment.height=5"),
        ("[optimizer.learning_rate]", "from", "top.toml:4"),
        ("[training]", "steps", "profile quick, base.toml:21"),
        ("[training]", "batch_size", "base.toml:15"),
        ("[training]", "log_every", "GFN__TRAINING__LOG_EVERY"),
        ("[training]", "tensorboard", "default"),
    ] {
        let mut lines = text[text.find(section).expect("the section is there")..].lines();
        let line = lines.find(|line| line.starts_with(&format!("{key} = ")));
        let line = line.unwrap_or_else(|| panic!("no {section} {key} in:\n{text}"));
        assert!(line.ends_with(&format!("  # {origin}")), "{line:?}, not {origin}");
    }
}

/// The comments change nothing: the text reads back as what is resolved, for every experiment there is.
#[test]
fn resolved_files_with_origins_are_the_same_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.toml");
    for file in super::shipped_experiments() {
        let file = file.to_string_lossy();
        let [plain, origins] = [&["resolve", &*file][..], &["resolve", &*file, "--origin"]].map(succeed);
        let read = |text: &str| toml::from_str::<toml::Table>(text).expect("TOML");
        assert_eq!(read(&plain), read(&origins));
        let values = origins.lines().filter(|line| line.contains(" = "));
        assert!(values.clone().count() > 30 && values.into_iter().all(|line| line.contains("  # ")));
        std::fs::write(&copy, &origins).expect("a file");
        assert_eq!(succeed(&["resolve", &copy.to_string_lossy()]), plain);
    }
}

/// What `gfn diff` prints, and its exit code.
fn diff(arguments: &[&str]) -> (String, Option<i32>) {
    let output = gfn(&[&["diff"][..], arguments].concat());
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code())
}

fn text(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn differences_are_those_of_meaning() {
    let (folder, file) = files("[training]\nsteps = 7\n");
    let base = text(folder.path().join("base.toml"));
    let (said, code) = diff(&[&base, &file]);
    assert_eq!(
        relative(&said, &folder),
        "training.steps: 2 -> 7  (base.toml:14 -> top.toml:4)\n"
    );
    assert_eq!(code, Some(1));

    // Everything written out, in another order, is the same experiment.
    let same = text(folder.path().join("same.toml"));
    let resolved: toml::Table = toml::from_str(&succeed(&["resolve", &base])).expect("TOML");
    let turned: toml::Table = resolved.into_iter().rev().collect();
    std::fs::write(&same, toml::to_string(&turned).expect("TOML")).expect("a file");
    assert_eq!(diff(&[&base, &same]), (String::new(), Some(0)));
    assert_eq!(
        diff(&[&base, &same, "--format", "json"]),
        ("[]\n".into(), Some(0))
    );
    assert_eq!(
        diff(&[&base, &base, "--profile-a", "quick", "--profile-b", "quick"]).1,
        Some(0)
    );

    let (said, code) = diff(&[&base, &base, "--profile-b", "flow"]);
    let said = relative(&said, &folder);
    says(
        &said,
        &[
            "backward_policy: { kind = \"uniform\" } -> absent  (default -> -)\n",
            "loss: { kind = \"trajectory-balance\" } -> { kind = \"flow-matching\", ",
            "(base.toml:11 -> profile flow, base.toml:24)\n",
        ],
    );
    assert!(!said.contains("loss."), "{said}");
    assert_eq!(code, Some(1));
}

#[test]
fn differences_are_for_programs_too() {
    let (folder, file) = files("[training]\nsteps = 7\n");
    let base = text(folder.path().join("base.toml"));
    let (said, code) = diff(&[&file, &base, "--profile-b", "quick", "--format", "json"]);
    assert_eq!(code, Some(1));
    let found: serde_json::Value = serde_json::from_str(&relative(&said, &folder)).expect("JSON");
    let expected = serde_json::json!([
        { "key": "training.steps", "a": 7, "b": 1,
          "a_origin": "top.toml:4", "b_origin": "profile quick, base.toml:21" },
        { "key": "description", "a": null, "b": "quick",
          "a_origin": null, "b_origin": "profile quick, base.toml:18" },
    ]);
    assert_eq!(found, expected);
}

#[test]
fn runs_compare_with_files_and_with_one_another() {
    let (folder, file) = files("");
    let [one, two] = ["one", "two"].map(|name| text(folder.path().join(name)));
    succeed(&["run", &file, "--quiet", "--out", &one]);
    succeed(&["run", &file, "--quiet", "--out", &two, "--seed", "5"]);
    assert_eq!(diff(&[&one, &file]), (String::new(), Some(0)));
    let (said, code) = diff(&[&one, &two]);
    let line = relative(&said, &folder);
    assert!(
        line.starts_with("seed: 0 -> 5  (one/resolved.toml:") && line.lines().count() == 1,
        "{line}"
    );
    assert_eq!(code, Some(1));
    // A variable is no part of a run that is over.
    let output = gfn_with(&[("GFN__SEED", "9")], &["diff", &one, &file]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("seed: 0 -> 9  ("));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_compared_is_trouble() {
    let (folder, file) = files("");
    let empty = text(folder.path().to_path_buf());
    says(
        &fail(&["diff", &file, &empty], 2),
        &["is not the folder of a run: it has no resolved.toml"],
    );
    says(
        &fail(&["diff", &file, "nowhere.toml"], 2),
        &["there is no file `nowhere.toml`"],
    );
    says(
        &fail(&["diff", &file, &file, "--profile-a", "x"], 2),
        &["there is no profile `x`"],
    );
    fail(&["diff", &file], 2);
}

/// What `extends` or `resolved.toml` set is taken back, by a file and on the command line.
#[test]
fn keys_are_unset() {
    let (folder, file) = files("[training]\nbatch_size = { unset = true }\n");
    let resolved = relative(
        &succeed(&["resolve", &file, "--origin", "--unset", "training.steps"]),
        &folder,
    );
    let origins = ["steps", "batch_size"].map(|key| {
        let mut lines = resolved.lines().skip_while(|line| *line != "[training]");
        let line = lines.find(|line| line.starts_with(&format!("{key} = ")));
        line.and_then(|line| line.rsplit("  # ").next())
            .map(str::to_owned)
    });
    assert_eq!(
        origins,
        [Some("default".to_owned()), Some("default".to_owned())],
        "{resolved}"
    );
    let said = fail(&["check", &file, "--unset", "training.stepps"], 2);
    says(
        &said,
        &[
            "unknown key `training.stepps`",
            " --> --unset training.stepps\n",
            "did you mean `steps`?",
        ],
    );
    succeed(&[
        "check",
        &file,
        "--unset",
        "sweep.method",
        "--unset",
        "optimizer.log_z",
    ]);
}

/// A run's file has every default written out, and runs with another loss.
#[test]
fn defaults_make_no_combination_impossible() {
    let (folder, file) = files("");
    let resolved = folder.path().join("resolved.toml");
    std::fs::write(&resolved, succeed(&["resolve", &file])).expect("a file");
    let resolved = resolved.to_string_lossy();
    let losses = [
        "flow-matching",
        "detailed-balance",
        "sub-trajectory-balance",
        "log-partition-variance",
    ];
    for loss in losses {
        succeed(&["check", &resolved, "--set", &format!("loss.kind={loss}")]);
    }
    let set = |value: &str| {
        [
            "check",
            &resolved,
            "--set",
            "loss.kind=flow-matching",
            "--set",
            value,
        ]
        .map(str::to_owned)
    };
    let said = fail(&set("optimizer.log_z=5.0").each_ref().map(String::as_str), 2);
    says(&said, &["does not learn log Z, but `optimizer.log_z` is set"]);
    // The settings of another loss are refused unless they are at their defaults.
    succeed(&["check", &file, "--set", "loss.epsilon=0"]);
    says(
        &fail(&["check", &file, "--set", "loss.epsilon=1"], 2),
        &["`epsilon` is a key of loss `flow-matching`"],
    );
}
