//! Help in the terminal and in the editor: components, explanations, the schema, new files, completions.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::{fail, gfn, succeed, top};

#[track_caller]
fn says(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "expected {part:?} in:\n{said}");
    }
}

/// On one line, since pages are wrapped.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn components_are_listed() {
    let all = succeed(&["components"]);
    says(
        &all,
        &[
            "[environment]",
            "hypergrid",
            "fragments",
            "druglike",
            "mlp",
            "message-passing",
            "flow-matching",
            "replay",
            "adamw",
            "tied",
            "every_minutes",
        ],
    );
    let losses = succeed(&["components", "loss"]);
    says(&losses, &["trajectory-balance"]);
    assert!(!losses.contains("adamw"), "{losses}");
    says(
        &fail(&["components", "los"], 2),
        &["unknown section `los`", "did you mean `loss`?"],
    );
    let listed: Value = serde_json::from_str(&succeed(&["components", "loss", "--json"])).expect("JSON");
    assert!(listed.as_array().is_some_and(|list| list.len() >= 5));
}

#[test]
fn components_are_explained() {
    let page = succeed(&["explain", "loss.flow-matching"]);
    says(
        &page,
        &[
            "kind = \"flow-matching\"",
            "Formula",
            "Papers",
            "epsilon: number ≥ 0 [shaped reward] (default 0.0)",
        ],
    );
    says(&unwrapped(&page), &["arXiv 2106.04399", "terminal_weight"]);
    assert_eq!(page, succeed(&["components", "loss", "flow-matching"]));
    let section = succeed(&["explain", "reward"]);
    says(
        &section,
        &["must be given", "hypergrid", "druglike", "exponent: number > 0"],
    );
    says(&succeed(&["explain", "network"]), &["default \"mlp\""]);
}

#[test]
fn settings_are_explained() {
    says(
        &succeed(&["explain", "training.steps"]),
        &[
            "training.steps",
            "whole number ≥ 1, ≤ 1000000000000 [updates] (default 1000)",
        ],
    );
    says(
        &succeed(&["explain", "reward.hypergrid.r0"]),
        &["R0, the reward everywhere.", "[reward] (default 0.1)"],
    );
    says(
        &succeed(&["explain", "sampler.replay.selection"]),
        &["\"top-tenth\":"],
    );
    says(&succeed(&["explain", "hardware.determinism"]), &["no default"]);
    says(&succeed(&["explain", "profile"]), &["NAME", "inherits"]);
    let both = succeed(&["explain", "optimizer.beta1"]);
    says(&both, &["optimizer.adam.beta1", "optimizer.adamw.beta1"]);
    says(
        &fail(&["explain", "loss.flow-machting"], 2),
        &["did you mean `loss.flow-matching`"],
    );
    let told = succeed(&["explain", "reward.hypergrid.r0", "--json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told[0]["path"], "reward.hypergrid.r0");
    assert_eq!(told[0]["parameter"]["unit"], "reward");
}

/// Everything that an example in a command's help names is there, and profiles too.
#[test]
fn examples_in_help_run() {
    let mut seen = 0;
    for command in [
        "run",
        "check",
        "new",
        "diff",
        "explain",
        "report",
        "export",
        "top",
        "acquire",
        "dock",
        "sweep plan",
        "sweep run",
        "sweep submit",
        "plugin trust",
        "plugin info",
        "proxy fit",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = succeed(&words);
        for line in help
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("gfn "))
        {
            let words: Vec<&str> = line.split(' ').collect();
            let file = words
                .iter()
                .find(|word| word.ends_with(".toml") && word.contains('/') && !word.contains('*'));
            let Some(file) = file else { continue };
            assert!(
                top().join(file).is_file(),
                "`gfn {command} --help` names {file}: {line}"
            );
            let profile = words
                .iter()
                .position(|word| *word == "--profile")
                .map(|at| words[at + 1]);
            if let Some(profile) = profile {
                succeed(&["resolve", file, "--profile", profile]);
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn every_variable_is_documented() {
    let text = std::fs::read_to_string(top().join("docs/environment-variables.md")).expect("the page");
    for name in gfn_config::OWN_VARIABLES {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}

/// What is said of replay agrees with what a loss says of it.
#[test]
fn help_does_not_contradict_refusals() {
    let help = unwrapped(&succeed(&["explain", "sampler.replay"]));
    says(&help, &["`ppo` needs trajectories of the current policy"]);
    let said = fail(
        &[
            "check",
            "experiments/hypergrid/ppo.toml",
            "--set",
            "sampler.kind=replay",
        ],
        2,
    );
    says(
        &said,
        &["loss `ppo` needs trajectories drawn by the policy alone"],
    );
}

#[test]
fn the_schema_is_printed_or_written() {
    let printed = succeed(&["schema"]);
    let schema: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.json");
    succeed(&["schema", "-o", &file.to_string_lossy()]);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), printed);
    let nowhere = folder.path().join("none/own.json");
    says(
        &fail(&["schema", "-o", &nowhere.to_string_lossy()], 1),
        &["own.json: no such file or folder"],
    );
}

/// That their scripts know all names is seen here; `clap_complete` leaves some out for some shells.
#[test]
fn completions_know_commands_names_and_settings() {
    let of_options = ["druglike", "training.steps="].as_slice();
    let all = ["loss.flow-matching", "druglike", "training.steps="].as_slice();
    for (shell, values) in [
        ("bash", all),
        ("zsh", all),
        ("fish", of_options),
        ("elvish", &[]),
        ("powershell", &[]),
    ] {
        let script = succeed(&["completions", shell]);
        says(&script, &["explain", "sampler"]);
        says(&script, values);
        assert!(
            !script.contains("extends="),
            "{shell}: no flag sets what speaks of the file"
        );
    }
    says(&fail(&["completions", "bsh"], 2), &["bash"]);
}

/// Bash itself completes.
#[test]
fn bash_completes() {
    let script = r#"
        eval "$(cat "$1")"
        complete_words() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _gfn_settings gfn "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
            printf '%s\n' "${COMPREPLY[@]}"
        }
        complete_words gfn expl
        complete_words gfn run x.toml --set training.st
        complete_words gfn new x.toml --loss flow
        complete_words gfn explain loss.flow-matching.eps
    "#;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gfn.bash");
    std::fs::write(&file, succeed(&["completions", "bash"])).expect("a file");
    let output = Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(&file)
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "explain",
            "training.steps=",
            "flow-matching",
            "loss.flow-matching.epsilon"
        ],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_new_file_runs_as_it_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.toml");
    let name = file.to_string_lossy();
    succeed(&[
        "new",
        &name,
        "--loss",
        "sub-trajectory-balance",
        "--set",
        "training.steps=2",
        "--schema",
    ]);
    let text = std::fs::read_to_string(&file).expect("a file");
    says(
        &text,
        &[
            "#:schema gfn.schema.json\n",
            "name = \"mine\"",
            "kind = \"sub-trajectory-balance\"",
            "\nsteps = 2 ",
            "\n#batch_size = 16 ",
            "# Trajectories drawn for each update.",
        ],
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("gfn.schema.json")).expect("a schema"),
        succeed(&["schema"])
    );
    succeed(&["check", &name]);
    let out = folder.path().join("run");
    succeed(&["run", &name, "--out", &out.to_string_lossy(), "--quiet"]);
    says(&fail(&["new", &name], 2), &["exists already"]);
    assert_eq!(
        std::fs::read_to_string(&file).expect("a file"),
        text,
        "it is not written over"
    );
}

#[test]
fn a_new_file_can_be_printed() {
    let text = succeed(&["new", "-", "--reward", "druglike"]);
    says(
        &text,
        &[
            "name = \"experiment\"",
            "kind = \"fragments\"",
            "kind = \"message-passing\"",
        ],
    );
    assert!(
        !text.contains("#:schema"),
        "there is no schema beside standard output: {text}"
    );
    says(
        &fail(&["new", "-", "--loss", "flow-machting"], 2),
        &["unknown loss `flow-machting`", "did you mean `flow-matching`?"],
    );
    let clash = fail(
        &["new", "-", "--environment", "hypergrid", "--reward", "druglike"],
        2,
    );
    assert!(clash.starts_with("error: "), "{clash}");
    assert_eq!(
        gfn(&["new", "-", "--schema"]).status.code(),
        Some(2),
        "there is nothing to be beside"
    );
}

/// A schema that lies in a folder above is named too.
#[test]
fn a_new_file_finds_the_schema_above() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).expect("folders");
    succeed(&[
        "schema",
        "-o",
        &folder.path().join("gfn.schema.json").to_string_lossy(),
    ]);
    let file = below.join("mine.toml");
    succeed(&["new", &file.to_string_lossy()]);
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.starts_with("#:schema ../../gfn.schema.json\n"), "{text}");
}

/// Spoiled files, and what Tombi says of each.
const BAD: [(&str, &str); 9] = [
    (
        "[environment]\nkind = \"hypergrid\"\nheigth = 4",
        "\"heigth\" is not allowed",
    ),
    (
        "[environment]\nkind = \"hypergrid\"\nheight = \"four\"",
        "expected a value of type Integer, but found String",
    ),
    ("[loss]\nkind = \"tb\"", "trajectory-balance"),
    ("[loss]\nkind = \"flow-matching\"\nepsilon = -1.0", "must be ≥ 0"),
    ("[sampler]\ncapacity = 10", "kind"),
    ("[trainig]\nsteps = 1", "\"trainig\" is not allowed"),
    ("[training]\nsteps = 0", "0"),
    ("[profile.quick.training]\nstep = 1", "\"step\" is not allowed"),
    (
        "[profile.quick.loss]\nkind = \"flow-matching\"\nlambda = 0.5",
        "\"lambda\" is not allowed",
    ),
];

/// What a file that does not have the section of a spoiled one has.
const REST: [&str; 3] = [
    "[environment]\nkind = \"hypergrid\"",
    "[reward]\nkind = \"hypergrid\"",
    "[loss]\nkind = \"detailed-balance\"",
];

/// The linter of a TOML language server and the program are of one mind, through the line `#:schema`.
#[test]
fn editors_check_files_as_the_program_does() {
    let Some(folder) = linter_at_work() else { return };
    let good: Vec<PathBuf> = good_files(folder.path());
    let output = lint(&good);
    assert!(output.status.success(), "{}", both(&output));
    for (index, (spoiled, expected)) in BAD.iter().enumerate() {
        let section = spoiled.lines().next().expect("a line");
        let rest = REST.iter().filter(|rest| !rest.starts_with(section));
        let rest: String = rest.map(|rest| format!("{rest}\n")).collect();
        let file = folder.path().join(format!("bad-{index}.toml"));
        std::fs::write(&file, format!("#:schema gfn.schema.json\n{rest}{spoiled}\n")).expect("a file");
        let output = lint(std::slice::from_ref(&file));
        assert_eq!(output.status.code(), Some(1), "{spoiled}\n{}", both(&output));
        says(&both(&output), &[expected]);
        fail(&["resolve", &file.to_string_lossy()], 2);
    }
}

/// A folder with the schema, where the linter is installed; fails where it must be.
fn linter_at_work() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a folder");
    succeed(&[
        "schema",
        "-o",
        &folder.path().join("gfn.schema.json").to_string_lossy(),
    ]);
    let probe = folder.path().join("probe.toml");
    std::fs::write(&probe, "").expect("a file");
    let output = lint(&[probe]);
    if output.status.success() {
        return Some(folder);
    }
    let reason = both(&output);
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
    // Past the test's captured output: nobody reads what a passing test prints.
    gfn_text::stderr()
        .write_all(format!("skipped: {reason}").as_bytes())
        .expect("standard error");
    None
}

/// The shipped experiments and a new file, each with the line that names the schema.
fn good_files(folder: &Path) -> Vec<PathBuf> {
    let shipped = super::experiment_files(&top().join("experiments"));
    let mut files = Vec::new();
    for (index, file) in shipped.iter().enumerate() {
        let text = std::fs::read_to_string(file).expect("a file");
        let copy = folder.join(format!("good-{index}.toml"));
        std::fs::write(&copy, format!("#:schema gfn.schema.json\n\n{text}")).expect("a file");
        files.push(copy);
    }
    let new = folder.join("new.toml");
    succeed(&["new", &new.to_string_lossy(), "--sampler", "replay"]);
    files.push(new);
    files
}

fn lint(files: &[PathBuf]) -> Output {
    Command::new(top().join("scripts/check-schema"))
        .args(files)
        .output()
        .expect("the script starts")
}

fn both(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
