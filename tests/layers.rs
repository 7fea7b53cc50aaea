//! Which crate may know what: the dependency graph of `crates/README.md`, checked against every manifest; `unsafe` where it
//! is agreed on and nowhere else; no machine's folders in the text.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::path::{Path, PathBuf};

use toml::Table;

/// A crate and the crates of this workspace that it may depend on; `in_tests` come on top for its tests.
struct Layer {
    name: &'static str,
    on: &'static [&'static str],
    in_tests: &'static [&'static str],
}

const fn layer(name: &'static str, on: &'static [&'static str]) -> Layer {
    Layer {
        name,
        on,
        in_tests: &[],
    }
}

/// From the bottom up.
const LAYERS: [Layer; 30] = [
    layer("gfn-files", &[]),
    layer("gfn-core", &[]),
    layer("gfn-text", &[]),
    layer("gfn-input", &["gfn-files"]),
    layer("gfn-chem", &["gfn-files", "gfn-input"]),
    layer("gfn-proxy", &["gfn-files", "gfn-chem", "gfn-input"]),
    layer("gfn-docking", &["gfn-files", "gfn-chem", "gfn-input"]),
    layer("gfn-config", &["gfn-files"]),
    layer("gfn-record", &["gfn-files", "gfn-input"]),
    layer("gfn-search", &[]),
    layer("gfn-cluster", &[]),
    layer("gfn-draw", &["gfn-chem", "gfn-record"]),
    layer("gfn-runs", &["gfn-files", "gfn-record"]),
    layer(
        "gfn-report",
        &["gfn-files", "gfn-chem", "gfn-draw", "gfn-record", "gfn-runs"],
    ),
    layer("gfn-export", &["gfn-files", "gfn-record", "gfn-runs"]),
    layer("gfn-top", &["gfn-files", "gfn-record", "gfn-runs"]),
    layer("gfn-plugin-sdk", &[]),
    layer("gfn-plugins", &["gfn-files", "gfn-plugin-sdk"]),
    layer("gfn-envs", &["gfn-files", "gfn-core", "gfn-chem", "gfn-input"]),
    Layer {
        name: "gfn-rewards",
        on: &["gfn-core", "gfn-chem", "gfn-proxy", "gfn-docking"],
        in_tests: &["gfn-envs"],
    },
    Layer {
        name: "gfn-samplers",
        on: &["gfn-core"],
        in_tests: &["gfn-envs"],
    },
    layer("gfn-losses", &["gfn-core", "gfn-samplers"]),
    Layer {
        name: "gfn-learn",
        on: &["gfn-files", "gfn-core", "gfn-input"],
        in_tests: &["gfn-envs", "gfn-losses", "gfn-samplers"],
    },
    layer(
        "gfn-fit",
        &[
            "gfn-files",
            "gfn-core",
            "gfn-input",
            "gfn-chem",
            "gfn-proxy",
            "gfn-learn",
        ],
    ),
    layer(
        "gfn-registry",
        &[
            "gfn-files",
            "gfn-core",
            "gfn-chem",
            "gfn-cluster",
            "gfn-config",
            "gfn-envs",
            "gfn-rewards",
            "gfn-samplers",
            "gfn-losses",
            "gfn-learn",
            "gfn-plugins",
        ],
    ),
    layer(
        "gfn-metrics",
        &["gfn-core", "gfn-chem", "gfn-record", "gfn-registry"],
    ),
    layer(
        "gfn-runner",
        &[
            "gfn-files",
            "gfn-core",
            "gfn-chem",
            "gfn-metrics",
            "gfn-config",
            "gfn-draw",
            "gfn-docking",
            "gfn-input",
            "gfn-record",
            "gfn-envs",
            "gfn-rewards",
            "gfn-samplers",
            "gfn-losses",
            "gfn-learn",
            "gfn-plugins",
            "gfn-fit",
            "gfn-registry",
        ],
    ),
    layer(
        "gfn-sweep",
        &[
            "gfn-files",
            "gfn-core",
            "gfn-metrics",
            "gfn-cluster",
            "gfn-config",
            "gfn-record",
            "gfn-registry",
            "gfn-runner",
            "gfn-search",
        ],
    ),
    layer(
        "gfn-acquire",
        &[
            "gfn-files",
            "gfn-core",
            "gfn-chem",
            "gfn-config",
            "gfn-record",
            "gfn-proxy",
            "gfn-fit",
            "gfn-input",
            "gfn-samplers",
            "gfn-registry",
            "gfn-runner",
        ],
    ),
    layer(
        "gfn-cli",
        &[
            "gfn-files",
            "gfn-acquire",
            "gfn-core",
            "gfn-chem",
            "gfn-cluster",
            "gfn-config",
            "gfn-draw",
            "gfn-docking",
            "gfn-record",
            "gfn-envs",
            "gfn-rewards",
            "gfn-samplers",
            "gfn-losses",
            "gfn-learn",
            "gfn-plugins",
            "gfn-fit",
            "gfn-input",
            "gfn-proxy",
            "gfn-registry",
            "gfn-export",
            "gfn-report",
            "gfn-runs",
            "gfn-top",
            "gfn-runner",
            "gfn-sweep",
        ],
    ),
];

/// Packages that few crates keep to themselves.
const RESERVED: [(&str, &[&str]); 14] = [
    ("tch", &["gfn-learn", "gfn-fit"]),
    ("libloading", &["gfn-learn", "gfn-plugins"]),
    ("safetensors", &["gfn-learn", "gfn-chem", "gfn-proxy"]),
    ("chematic", &["gfn-chem"]),
    ("chematic-depict", &["gfn-chem"]),
    ("plotters", &["gfn-report"]),
    ("maud", &["gfn-report"]),
    ("parquet", &["gfn-export"]),
    ("png", &["gfn-draw"]),
    ("ratatui", &["gfn-top"]),
    ("landlock", &["gfn-plugins"]),
    ("seccompiler", &["gfn-plugins"]),
    ("sobol_burley", &["gfn-search"]),
    ("figment", &["gfn-config"]),
];

/// Words and the way to the terminal, for every crate but the contracts, which print nothing.
const EVERYWHERE: &str = "gfn-text";
const WITHOUT: [&str; 2] = ["gfn-core", "gfn-plugin-sdk"];

/// The contracts know no configuration.
const NOT_IN_CORE: [&str; 2] = ["toml", "figment"];

/// The files that may hold `unsafe` code: what speaks with libtorch, with the system, and with plugins.
const UNSAFE_FILES: [&str; 29] = [
    "crates/gfn-learn/src/host.rs",
    "crates/gfn-learn/src/device.rs",
    "crates/gfn-learn/src/shim.rs",
    "crates/gfn-plugin-sdk/src/abi/functions.rs",
    "crates/gfn-plugin-sdk/src/abi/table.rs",
    "crates/gfn-plugin-sdk/src/export.rs",
    "crates/gfn-plugin-sdk/src/export/entry.rs",
    "crates/gfn-plugin-sdk/src/export/memory.rs",
    "crates/gfn-plugin-sdk/src/export/tables.rs",
    "crates/gfn-plugin-sdk/src/export/world.rs",
    "crates/gfn-plugin-sdk/tests/host/environment.rs",
    "crates/gfn-plugin-sdk/tests/host/mod.rs",
    "crates/gfn-plugin-sdk/tests/host/vocabulary.rs",
    "crates/gfn-plugins/src/checker/trials/instances.rs",
    "crates/gfn-plugins/src/checker/trials/memory.rs",
    "crates/gfn-plugins/src/checker/trials/raw.rs",
    "crates/gfn-plugins/src/inline/ended.rs",
    "crates/gfn-plugins/src/inline/environment.rs",
    "crates/gfn-plugins/src/inline/reward.rs",
    "crates/gfn-plugins/src/memory.rs",
    "crates/gfn-plugins/src/native/environment.rs",
    "crates/gfn-plugins/src/native/host.rs",
    "crates/gfn-plugins/src/native/library.rs",
    "crates/gfn-plugins/src/native/reward.rs",
    "crates/gfn-plugins/src/native/vocabulary.rs",
    "crates/gfn-plugins/src/worker/library.rs",
    "crates/gfn-plugins/src/worker/namespaces.rs",
    "crates/gfn-plugins/src/worker/system.rs",
    "crates/gfn-plugins/src/worker/threads.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every package that a manifest names, and whether for tests alone.
fn dependencies(manifest: &Table) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut read = |table: &Table| {
        for (section, for_tests) in [
            ("dependencies", false),
            ("build-dependencies", false),
            ("dev-dependencies", true),
        ] {
            for (name, wanted) in table
                .get(section)
                .and_then(|section| section.as_table())
                .into_iter()
                .flatten()
            {
                let renamed = wanted.get("package").and_then(|package| package.as_str());
                found.push((renamed.unwrap_or(name).to_string(), for_tests));
            }
        }
    };
    read(manifest);
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    targets
        .into_iter()
        .flatten()
        .filter_map(|(_, target)| target.as_table())
        .for_each(&mut read);
    found
}

/// What is wrong with a manifest.
fn wrong_arrows(manifest: &str) -> Vec<String> {
    let manifest: Table = manifest.parse().unwrap();
    let name = manifest["package"]["name"].as_str().unwrap();
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![format!(
            "`{name}` has no layer: add it to `tests/layers.rs` and to `crates/README.md`"
        )];
    };
    let allowed = |package: &str, for_tests: bool| {
        let reserved = RESERVED.iter().find(|(reserved, _)| *reserved == package);
        reserved.is_none_or(|(_, owners)| owners.contains(&name))
            && !(name == "gfn-core" && NOT_IN_CORE.contains(&package))
            && (!package.starts_with("gfn-")
                || layer.on.contains(&package)
                || (package == EVERYWHERE && !WITHOUT.contains(&name))
                || (for_tests && layer.in_tests.contains(&package)))
    };
    let wrong = dependencies(&manifest)
        .into_iter()
        .filter(|(package, for_tests)| !allowed(package, *for_tests));
    wrong
        .map(|(package, _)| format!("`{name}` may not depend on `{package}`"))
        .collect()
}

/// Every text file below a folder, with its path from the root; what is built, fetched or written by runs is left out.
fn texts(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let left_out = [
            "target",
            "plugins/target",
            ".git",
            ".libtorch",
            "runs",
            "fuzz/target",
            "fuzz/artifacts",
        ];
        if kind.is_dir() && !left_out.contains(&shown.as_str()) {
            texts(&path, found);
        } else if kind.is_file()
            // In a worktree `.git` is a file, with the path of the checkout that it belongs to.
            && !["Cargo.lock", ".git"].contains(&shown.as_str())
            // Written where plugins are trusted, and not kept.
            && !shown.ends_with("gfn.lock")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            found.push((shown, text));
        }
    }
}

fn all_texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    texts(&root(), &mut found);
    assert!(
        found.iter().any(|(path, _)| path == "Cargo.toml"),
        "the root is elsewhere"
    );
    found
}

/// What is wrong with a source file's `unsafe` code.
fn wrong_unsafe(path: &str, source: &str) -> Vec<String> {
    // Put together here, so that this file does not find itself.
    let keyword = ["un", "safe"].concat();
    // A hyphen too: browsers have policies with such names.
    let is_word = |c: char| c.is_alphanumeric() || "_-".contains(c);
    let lines: Vec<&str> = source.lines().collect();
    let mut wrong = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if !code.split(|c| !is_word(c)).any(|word| word == keyword) {
            continue;
        }
        if !UNSAFE_FILES.contains(&path) {
            wrong.push(format!("{path}:{}: `{keyword}` is not agreed on here", index + 1));
        }
        let comment = lines[..index]
            .iter()
            .rev()
            .take_while(|above| above.trim_start().starts_with("//"));
        if !comment.into_iter().any(|above| above.contains("SAFETY: ")) {
            wrong.push(format!(
                "{path}:{}: `{keyword}` without a `SAFETY:` comment above",
                index + 1
            ));
        }
    }
    wrong
}

/// Lines that name a folder of somebody's machine.
fn wrong_folders(path: &str, text: &str) -> Vec<String> {
    let homes = ["root", "work", "home"].map(|name| format!("/{name}/"));
    // A longer path may have such a folder in its middle.
    let starts = |line: &str, home: &String| {
        line.match_indices(home.as_str())
            .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-*}])>".contains(c)))
    };
    let named = |line: &str| homes.iter().any(|home| starts(line, home));
    let lines = text.lines().enumerate().filter(|(_, line)| named(line));
    lines
        .map(|(index, line)| format!("{path}:{}: names a machine's folder: {}", index + 1, line.trim()))
        .collect()
}

#[track_caller]
fn expect_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn crates_depend_downwards() {
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(Result::unwrap)
    {
        let Ok(manifest) = std::fs::read_to_string(entry.path().join("Cargo.toml")) else {
            continue;
        };
        wrong.extend(wrong_arrows(&manifest));
        seen.push(entry.file_name().to_string_lossy().into_owned());
    }
    let gone = LAYERS
        .iter()
        .filter(|layer| !seen.iter().any(|name| name == layer.name));
    wrong.extend(gone.map(|layer| {
        format!(
            "`{}` has a layer, but no folder `crates/{}`",
            layer.name, layer.name
        )
    }));
    expect_none(&wrong);
}

#[test]
fn unsafe_code_is_where_it_is_agreed_on() {
    let texts = all_texts();
    let sources = texts.iter().filter(|(path, _)| path.ends_with(".rs"));
    let wrong: Vec<String> = sources
        .flat_map(|(path, source)| wrong_unsafe(path, source))
        .collect();
    expect_none(&wrong);
    for path in UNSAFE_FILES {
        assert!(
            texts.iter().any(|(found, _)| found == path),
            "`{path}` is gone: take it off the list"
        );
    }
}

#[test]
fn no_text_names_a_machines_folders() {
    let wrong: Vec<String> = all_texts()
        .iter()
        .flat_map(|(path, text)| wrong_folders(path, text))
        .collect();
    expect_none(&wrong);
}

#[test]
fn wrong_arrows_are_found() {
    let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let core = manifest(
        "gfn-core",
        r#"
            [dependencies]
            serde.workspace = true
            tch.workspace = true
            gfn-envs.workspace = true
            [dev-dependencies]
            toml = "1"
            [target.'cfg(unix)'.dependencies]
            loader = { package = "libloading", version = "1" }
        "#,
    );
    let expected = ["tch", "gfn-envs", "toml", "libloading"];
    let expected = expected.map(|package| format!("`gfn-core` may not depend on `{package}`"));
    let found = wrong_arrows(&core);
    assert!(
        found.len() == expected.len() && expected.iter().all(|line| found.contains(line)),
        "{found:?}"
    );

    let envs = |section: &str| manifest("gfn-rewards", &format!("[{section}]\ngfn-envs.workspace = true"));
    assert_eq!(
        wrong_arrows(&envs("dependencies")),
        ["`gfn-rewards` may not depend on `gfn-envs`"]
    );
    expect_none(&wrong_arrows(&envs("dev-dependencies")));

    let unknown = "`gfn-new` has no layer: add it to `tests/layers.rs` and to `crates/README.md`";
    assert_eq!(wrong_arrows(&manifest("gfn-new", "")), [unknown]);
}

#[test]
fn wrong_lines_are_found() {
    let block = ["let x = un", "safe { read(p) };"].concat();
    let safe = format!("// SAFETY: p is valid,\n// and stays so.\n{block}");
    let listed = UNSAFE_FILES[0];
    expect_none(&wrong_unsafe(listed, &safe));
    assert_eq!(wrong_unsafe("crates/gfn-core/src/lib.rs", &safe).len(), 1);
    assert_eq!(wrong_unsafe(listed, &block).len(), 1);
    assert_eq!(
        wrong_unsafe(listed, &format!("// SAFETY: p is valid.\nlet p = q;\n{block}")).len(),
        1
    );
    expect_none(&wrong_unsafe(
        "x.rs",
        &format!("#![forbid({}_code)] // {block}", ["un", "safe"].concat()),
    ));

    let home = ["/ro", "ot/x"].concat();
    assert_eq!(
        wrong_folders("a.md", &format!("fine\nsee {home}\n`{home}`")).len(),
        2
    );
    expect_none(&wrong_folders("a.md", &format!("$folder{home} and x{home}")));
}
