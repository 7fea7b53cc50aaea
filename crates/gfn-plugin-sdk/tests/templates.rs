//! What `gfn plugin new` writes: complete projects that build as they are, also without a network.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

mod compiler;
mod host;

use std::path::{Path, PathBuf};
use std::process::Command;

use gfn_plugin_sdk::{HEADER, SOURCES, abi, json::Json};

fn sdk() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Writes a template's files, its placeholders filled in.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&path, &target);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text
                .replace("{{name}}", "my-reward")
                .replace("{{identifier}}", "my_reward");
            assert!(
                !text.contains("{{"),
                "{} has an unknown placeholder",
                path.display()
            );
            write(&target, &text);
        }
    }
}

fn project(language: &str) -> PathBuf {
    let folder = compiler::folder(&format!("template-{language}"));
    copy(&sdk().join("../gfn-plugins/templates").join(language), &folder);
    match language {
        "rust" => SOURCES
            .iter()
            .for_each(|(path, text)| write(&folder.join("sdk").join(path), text)),
        _ => write(&folder.join("gfn_plugin.h"), HEADER),
    }
    folder
}

fn run(command: &mut Command) {
    let ran = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(ran.status.success(), "{command:?}: {}\n{}", told[0], told[1]);
}

/// What every template must tell about itself.
fn loaded(library: &Path) -> host::Loaded {
    let loaded = host::open(library);
    let text = |name: &str| loaded.description.member(name).and_then(Json::as_text);
    assert_eq!(
        (text("name"), text("version")),
        (Some("my-reward"), Some("0.1.0"))
    );
    let schema = loaded.description.member("parameters").unwrap();
    assert_eq!(schema.member("additionalProperties"), Some(&Json::Bool(false)));
    let Some(Json::Object(properties)) = schema.member("properties") else {
        panic!("no properties");
    };
    for (name, property) in properties {
        assert!(property.member("default").is_some(), "{name}");
        assert!(property.member("description").is_some(), "{name}");
    }
    loaded
}

/// Six carbons are wanted: benzene has them, ethanol is four short, and nothing cannot be scored.
fn check_carbons(loaded: &host::Loaded) {
    let parameters = r#"{"carbons": 6.0, "width": 2.0}"#;
    let reward = host::Reward::make(
        loaded.reward.unwrap(),
        parameters,
        Some(r#"{"kind": "molecule"}"#),
    )
    .unwrap();
    let outcome = reward
        .texts(&["c1ccccc1", "CCO", "", "CC(Cl)[Co]CC[13CH3]Sc"])
        .unwrap();
    assert_eq!(
        outcome.status,
        [abi::SCORED, abi::SCORED, abi::NO_SCORE, abi::SCORED]
    );
    assert_eq!(
        (
            outcome.log_reward[0],
            outcome.log_reward[1],
            outcome.log_reward[3]
        ),
        (0.0, -2.0, 0.0)
    );
    assert_eq!(outcome.reasons[&2], "an empty SMILES");
}

/// `make`, where there is one; it is no part of what building needs.
fn make(folder: &Path) -> bool {
    if Command::new("make").arg("--version").output().is_err() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "there is no `make`");
        println!("skipped: there is no `make`");
        return false;
    }
    let strict = "-O1 -Wall -Wextra -Wpedantic -Werror";
    run(Command::new("make")
        .current_dir(folder)
        .env("CFLAGS", strict)
        .env("CXXFLAGS", strict));
    true
}

#[test]
fn the_template_in_c_builds_and_scores() {
    let folder = project("c");
    if !make(&folder) {
        return;
    }
    let loaded = loaded(&folder.join("libmy-reward.so"));
    let grid = r#"{"kind": "grid", "dimensions": 2, "height": 8}"#;
    let reward = host::Reward::make(loaded.reward.unwrap(), r#"{"sum": 8, "width": 2}"#, Some(grid)).unwrap();
    let outcome = reward.states(3, &[7, 1, 1, 2, 2, 1, -3, 0, 0]).unwrap();
    assert_eq!(
        (&outcome.log_reward[..2], &outcome.status[..]),
        (&[0.0, -2.0][..], &[1, 1, 3][..])
    );
}

#[test]
fn the_template_in_cpp_builds_and_scores() {
    let folder = project("cpp");
    if !make(&folder) {
        return;
    }
    let loaded = loaded(&folder.join("libmy-reward.so"));
    check_carbons(&loaded);
    let refused = host::Reward::make(loaded.reward.unwrap(), r#"{"width": 0}"#, None).err();
    assert_eq!(
        refused,
        Some((abi::BAD_PARAMETERS, "`width` must be more than 0".into()))
    );
}

#[test]
fn the_template_in_rust_builds_and_scores() {
    let folder = project("rust");
    let cargo = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(words).arg("--offline").current_dir(&folder);
        run(command
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("CARGO_BUILD_TARGET"));
    };
    cargo(&["test", "--quiet"]);
    cargo(&["build", "--quiet"]);
    check_carbons(&loaded(&folder.join("target/debug/libmy_reward.so")));
}

/// The copy of the SDK that projects carry is this one, whole.
#[test]
fn no_source_of_the_sdk_is_left_out() {
    fn files(folder: &Path, found: &mut Vec<String>) {
        for path in std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            match path.is_dir() {
                true => files(&path, found),
                false => found.push(path.strip_prefix(sdk()).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    let mut found = vec!["Cargo.toml".to_owned(), "vendored.toml".to_owned()];
    ["src", "include"]
        .iter()
        .for_each(|folder| files(&sdk().join(folder), &mut found));
    found.sort();
    let mut carried: Vec<&str> = SOURCES.iter().map(|(path, _)| *path).collect();
    carried.sort();
    assert_eq!(found, carried);
    let manifest = SOURCES.iter().find(|(path, _)| *path == "Cargo.toml").unwrap().1;
    for line in [
        concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"\n"),
        concat!("rust-version = \"", env!("CARGO_PKG_RUST_VERSION"), "\"\n"),
        concat!("license = \"", env!("CARGO_PKG_LICENSE"), "\"\n"),
    ] {
        assert!(manifest.contains(line), "vendored.toml must say {line}");
    }
}
