//! The bytes of a few short runs, kept per kind of machine: a change that alters results shows here, and is then declared
//! in the changelog.
//!
//! `GFN_GOLDEN=write cargo test -p gfn-cli golden` writes those of this machine into `tests/golden.toml`; those of other machines that
//! were meant to change are removed there, until somebody writes them on such a machine.

use std::path::{Path, PathBuf};

use super::{succeed, top};

const RUNS: [(&str, &str); 5] = [
    ("experiments/hypergrid/tb.toml", "60"),
    ("experiments/hypergrid/fm.toml", "40"),
    ("experiments/hypergrid/subtb.toml", "40"),
    ("experiments/hypergrid/replay.toml", "60"),
    ("experiments/mol.toml", "6"),
];
const WRITTEN: [&str; 3] = ["metrics.jsonl", "samples.csv", "weights.safetensors"];

fn table() -> PathBuf {
    top().join("tests/golden.toml")
}

/// What the bytes of a run may depend on: the processor, and the libraries of floating-point functions.
fn platform() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |name: &str| {
        let line = information
            .lines()
            .find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
        line.and_then(|line| Some(line.split_once(": ")?.1.to_string()))
            .unwrap_or_else(|| "unknown".into())
    };
    let c_library = std::process::Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string())
        .unwrap_or_default();
    let (vendor, family, model) = (of("vendor_id"), of("cpu family"), of("model"));
    let architecture = std::env::consts::ARCH;
    format!(
        "{architecture} {vendor} family {family} model {model}, {c_library}, libtorch {}",
        gfn_runner::run::LIBTORCH
    )
}

/// One hash over what a short run leaves.
fn hash(file: &str, steps: &str, root: &Path) -> String {
    let out = root.join(file.replace('/', "-"));
    let steps = format!("training.steps={steps}");
    let out_text = out.to_string_lossy();
    let mut arguments = vec!["run", file, "--quiet", "--out", &out_text];
    for set in [&steps, "evaluation.samples=50", "training.log_every=1"] {
        arguments.extend(["--set", set]);
    }
    succeed(&arguments);
    let bytes =
        WRITTEN.map(|name| std::fs::read(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")));
    gfn_record::folder::sha256(&bytes.concat())
}

#[test]
fn runs_leave_the_bytes_they_left_before() {
    let root = tempfile::tempdir().expect("a folder");
    let platform = platform();
    let found: toml::Table = RUNS
        .into_iter()
        .map(|(file, steps)| (file.to_string(), hash(file, steps, root.path()).into()))
        .collect();
    let text = std::fs::read_to_string(table()).unwrap_or_default();
    let mut known: toml::Table = toml::from_str(&text).expect("tests/golden.toml is TOML");
    if std::env::var("GFN_GOLDEN").is_ok_and(|value| value == "write") {
        known.insert(platform, found.into());
        std::fs::write(table(), toml::to_string(&known).expect("TOML"))
            .expect("tests/golden.toml can be written");
        return;
    }
    let none = toml::Table::new();
    let expected = known
        .get(&platform)
        .and_then(toml::Value::as_table)
        .unwrap_or(&none);
    let stale = expected.keys().find(|file| !found.contains_key(*file));
    assert_eq!(stale, None, "tests/golden.toml has a file that is not run");
    for (file, hash) in &found {
        match expected.get(file) {
            Some(expected) => assert_eq!(
                (file, expected),
                (file, hash),
                "results have changed; if they were meant to, say so in CHANGELOG.md and write tests/golden.toml anew (see tests/golden.rs)"
            ),
            // Past the test's captured output: nobody reads what a passing test prints.
            None => {
                let skipped = format!("skipped: tests/golden.toml knows nothing of {file} on `{platform}`\n");
                std::io::Write::write_all(&mut gfn_text::stderr(), skipped.as_bytes())
                    .expect("standard error");
            }
        }
    }
}
