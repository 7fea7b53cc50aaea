//! Files that are damaged after they were written, files that are no files, and places where nothing may be written.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::sweep::TINY;
use super::{fail, gfn, succeed};

/// A folder with an experiment in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let text = TINY.replace("tensorboard = false", "tensorboard = true");
        fs::write(place.path("tiny.toml"), text).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Trains the experiment, with these arguments on top, and returns the run's folder.
    fn run(&self, name: &str, more: &[&str]) -> String {
        let (file, out) = (self.text("tiny.toml"), self.text(name));
        gfn(&[&["run", &file, "--quiet", "--out", &out][..], more].concat());
        out
    }
}

/// Every file below a folder that is not the lock's, by its path from there.
fn files(root: &Path) -> Vec<String> {
    fn visit(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() == ".writer" {
                continue;
            }
            match path.is_dir() {
                true => visit(root, &path, found),
                false => found.push(path.strip_prefix(root).unwrap().display().to_string()),
            }
        }
    }
    let mut found = Vec::new();
    visit(root, root, &mut found);
    found.sort();
    found
}

/// Does something while one bit of a file is another.
fn flipped<T>(path: &Path, at: impl Fn(usize) -> usize, work: impl FnOnce() -> T) -> T {
    let whole = fs::read(path).unwrap();
    let mut bytes = whole.clone();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, &bytes).unwrap();
    let done = work();
    fs::write(path, whole).unwrap();
    done
}

/// What `gfn verify` says of each file, and its exit code.
fn verified(folder: &str) -> (BTreeMap<String, String>, i32) {
    let output = gfn(&["verify", folder, "--json"]);
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let of = |file: &Value| {
        let text = |key: &str| file[key].as_str().unwrap().to_string();
        (text("path"), text("state"))
    };
    let found = value[0]["files"].as_array().unwrap().iter().map(of).collect();
    (found, output.status.code().unwrap())
}

/// Flips a bit of each file of a folder, at its beginning, its middle and its end; all that are not in `free` are noticed, and
/// no other file is blamed.
pub(super) fn each_flip_is_noticed(folder: &str, free: &[&str]) {
    flips_are_noticed(folder, free, &[0, 1, 2]);
}

/// The same at some of these places.
pub(super) fn flips_are_noticed(folder: &str, free: &[&str], places: &[usize]) {
    let (whole, code) = verified(folder);
    let is_free = |name: &str| free.iter().any(|free| name.ends_with(free));
    for (name, state) in &whole {
        assert!(is_free(name) == (state == "not-recorded"), "{name}: {state}");
    }
    assert_eq!(code, 0, "{whole:?}");
    for name in files(Path::new(folder)) {
        let path = Path::new(folder).join(&name);
        if fs::metadata(&path).unwrap().len() == 0 {
            continue;
        }
        for &at in places {
            let place = |length: usize| (at * length / 2).min(length - 1);
            let (found, code) = flipped(&path, place, || verified(folder));
            if is_free(&name) {
                assert_eq!((code, &found), (0, &whole), "{name}");
                continue;
            }
            assert_eq!(code, 1, "{name}, place {at}: {found:?}");
            assert_eq!(found[&name], "changed", "{name}, place {at}");
            // A round's proxy is also an input of its run, by its whole path.
            let changed = found
                .iter()
                .filter(|(name, state)| *state == "changed" && !name.starts_with('/'));
            let blamed: Vec<&String> = changed.map(|(name, _)| name).collect();
            assert!(blamed.len() == 1, "{name}, place {at}: {blamed:?}");
        }
    }
}

fn middle(length: usize) -> usize {
    length / 2
}

fn last(length: usize) -> usize {
    length - 1
}

#[test]
fn commands_notice_what_they_read() {
    let place = Place::new();
    let run = place.run("run", &[]);
    let file = |name: &str| Path::new(&run).join(name);
    each_flip_is_noticed(&run, &["report.html"]);

    let (tables, page) = (place.text("tables"), place.text("page.html"));
    let sample = ["sample", &run, "-n", "3"];
    let eval = ["eval", &run];
    let export = ["export", &run, "--to", "csv", "-o", &tables];
    let show = ["show", &run];
    let ls = ["ls", &run];
    let top = ["top", &run];
    let report = ["report", &run, "-o", &page];
    let refusing: [(&str, &[&[&str]]); 7] = [
        ("weights.safetensors", &[&sample, &eval]),
        ("resolved.toml", &[&sample, &eval, &export]),
        ("origins.toml", &[&export]),
        ("metrics.jsonl", &[&export]),
        ("samples.csv", &[&export]),
        ("distribution.csv", &[&export]),
        ("metrics.jsonl", &[&export]),
    ];
    for (name, commands) in refusing {
        for command in commands {
            // The last bytes are numbers, or the end of a line: what is there can still be read.
            let at = if name.ends_with("toml") { middle } else { last };
            flipped(&file(name), at, || {
                let said = fail(command, 1);
                let expected = [
                    name,
                    "was changed after it was written",
                    "gfn verify",
                    "--accept-damage",
                ];
                for part in expected {
                    assert!(said.contains(part), "{command:?} with {name}: {said}");
                }
            });
        }
    }
    for command in [&sample[..], &eval] {
        let said = flipped(&file("manifest.json"), last, || fail(command, 1));
        assert!(said.contains("manifest.json is damaged"), "{command:?}: {said}");
    }
    // A bit of the last weight: the policy is another one, and can be asked for.
    flipped(&file("weights.safetensors"), last, || {
        let output = gfn(&[&sample[..], &["--accept-damage"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("it is used all the same"),
            "{said}"
        );
    });
    let marking: [(&str, &[&[&str]]); 4] = [
        ("metrics.jsonl", &[&show, &top]),
        ("samples.csv", &[&show, &top]),
        ("manifest.json", &[&show, &ls, &top]),
        ("origins.toml", &[&show, &ls]),
    ];
    for (name, commands) in marking {
        for command in commands {
            // A digit of a number.
            let digit = |_| {
                let bytes = fs::read(file(name)).unwrap();
                let at = bytes
                    .windows(3)
                    .rposition(|three| three[0] == b'.' && three[1..].iter().all(u8::is_ascii_digit));
                at.unwrap() + 2
            };
            let said = flipped(&file(name), digit, || succeed(command));
            assert!(
                said.contains("(!)") && said.contains(&format!("{name} ")),
                "{command:?} with {name}: {said}"
            );
            let said = succeed(command);
            assert!(!said.contains("(!)"), "{command:?}: {said}");
        }
    }
    flipped(&file("metrics.jsonl"), last, || {
        let output = gfn(&report);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("metrics.jsonl was changed"),
            "{said}"
        );
        assert!(
            fs::read_to_string(place.path("page.html"))
                .unwrap()
                .replace("<wbr>", "")
                .contains("metrics.jsonl was changed")
        );
    });
    fs::remove_file(file("distribution.csv")).unwrap();
    let (found, code) = verified(&run);
    assert_eq!((found["distribution.csv"].as_str(), code), ("missing", 1));
}

/// Does something while a file is not there.
fn without<T>(path: &Path, work: impl FnOnce() -> T) -> T {
    let aside = path.with_extension("aside");
    fs::rename(path, &aside).unwrap();
    let done = work();
    fs::rename(aside, path).unwrap();
    done
}

#[test]
fn what_is_missing_of_a_finished_run_is_marked_and_refused() {
    let place = Place::new();
    let run = place.run("run", &[]);
    let (page, tables) = (place.text("page.html"), place.text("tables"));
    let export = ["export", &run, "--to", "csv", "-o", &tables];
    for name in ["metrics.jsonl", "samples.csv", "distribution.csv"] {
        without(&Path::new(&run).join(name), || {
            for command in [&["show", &run][..], &["ls", &run], &["top", &run]] {
                let said = succeed(command);
                assert!(said.contains("(!)") && said.contains(name), "{command:?}: {said}");
            }
            for command in [["show", &run], ["top", &run]] {
                let said = succeed(&command);
                assert!(said.contains(&format!("{name} is missing")), "{said}");
            }
            let listed = succeed(&["ls", &run]);
            assert!(
                listed.contains(&format!("{name} missing;")) && !listed.contains("changed"),
                "{listed}"
            );
            succeed(&["report", &run, "-o", &page]);
            let text = fs::read_to_string(&page).unwrap().replace("<wbr>", "");
            assert!(text.contains(&format!("{name} is missing")), "{name}");
            for command in [&export[..], &["resume", &run, "--quiet"]] {
                let said = fail(command, 1);
                assert!(
                    said.contains(&format!("{name} is not there, and is recorded in manifest.json")),
                    "{command:?}: {said}"
                );
            }
        });
    }
    without(&Path::new(&run).join("samples.csv"), || {
        let output = gfn(&[&export[..], &["--accept-damage"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("what there is is used"),
            "{said}"
        );
    });
    let weights = Path::new(&run).join("weights.safetensors");
    without(&weights, || {
        for command in [&["show", &run][..], &["ls", &run], &["top", &run], &export] {
            let output = gfn(command);
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(
                output.status.success()
                    && ["weights.safetensors is missing", "weights.safetensors missing"]
                        .iter()
                        .any(|words| said.contains(words)),
                "{command:?}: {said}"
            );
        }
    });
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, "").unwrap();
    let said = fail(&["resume", &run, "--quiet"], 1);
    assert!(said.contains("weights.safetensors was changed after"), "{said}");
    fs::write(&weights, whole).unwrap();
    succeed(&["resume", &run, "--quiet"]);
    assert!(!succeed(&["show", &run]).contains("(!)"));
}

#[test]
fn a_resumed_run_checks_what_it_continues() {
    let place = Place::new();
    let whole = place.run("whole", &[]);
    let run = place.run("run", &["--stop-at", "25"]);
    each_flip_is_noticed(&run, &["report.html"]);
    let metrics = Path::new(&run).join("metrics.jsonl");
    let length = fs::metadata(&metrics).unwrap().len();
    // As a process that was killed leaves it: the manifest knows nothing, the checkpoints know their beginnings.
    let manifest = Path::new(&run).join("manifest.json");
    let saved = fs::read(&manifest).unwrap();
    assert_eq!(
        gfn(&["resume", &run, "--quiet", "--stop-at", "26"]).status.code(),
        Some(75)
    );
    fs::write(&manifest, &saved).unwrap();
    assert!(length > 0);
    // In the first lines: no checkpoint can be continued from.
    flipped(
        &metrics,
        |_| 30,
        || {
            let said = fail(&["resume", &run, "--quiet"], 1);
            assert!(said.contains("metrics.jsonl was changed: its first "), "{said}");
            assert!(said.contains("--begin-again"), "{said}");
        },
    );
    // In the last lines: the checkpoint before them can.
    let bytes = fs::read(&metrics).unwrap();
    let mut damaged = bytes.clone();
    *damaged
        .iter_mut()
        .rev()
        .find(|byte| byte.is_ascii_digit())
        .unwrap() ^= 1;
    fs::write(&metrics, damaged).unwrap();
    let output = gfn(&["resume", &run, "--quiet", "--no-report"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("metrics.jsonl was changed"),
        "{said}"
    );
    for name in ["metrics.jsonl", "samples.csv", "weights.safetensors"] {
        let [one, two] = [&run, &whole].map(|run| fs::read(Path::new(run).join(name)).unwrap());
        assert!(one == two, "{name}");
    }
    assert_eq!(verified(&run).1, 0);
}

#[test]
fn runs_of_earlier_versions_have_no_hashes_and_are_read() {
    let place = Place::new();
    let run = place.run("run", &["--no-report"]);
    let path = Path::new(&run).join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for key in ["sealed", "seal", "files"] {
        manifest.as_object_mut().unwrap().remove(key).unwrap();
    }
    fs::write(&path, serde_json::to_string_pretty(&manifest).unwrap() + "\n").unwrap();
    succeed(&["sample", &run, "-n", "3"]);
    assert!(!succeed(&["show", &run]).contains("(!)"));
    let said = succeed(&["verify", &run, "--all"]);
    assert!(
        said.contains("written by an earlier version of gfn, without hashes"),
        "{said}"
    );
}

#[test]
fn a_sweep_is_checked_down_to_its_runs() {
    let place = Place::new();
    let text = TINY.replace("steps = 30", "steps = 6")
        + "\n[sweep.parameters]\noptimizer.learning_rate = [1e-2, 1e-3]\n";
    fs::write(place.path("sweep.toml"), text).unwrap();
    let (file, sweep) = (place.text("sweep.toml"), place.text("sweep"));
    succeed(&["sweep", "run", &file, "--out", &sweep, "--quiet"]);
    each_flip_is_noticed(&sweep, &["report.html"]);

    let result = place.path("sweep/trials/000001/result.json");
    let whole = fs::read_to_string(&result).unwrap();
    let at = whole.find("\"objective\": ").unwrap() + "\"objective\": ".len();
    flipped(
        &result,
        |_| at,
        || {
            for command in [
                &["sweep", "best", &sweep][..],
                &["sweep", "status", &sweep],
                &["sweep", "resume", &sweep, "--quiet"],
            ] {
                let said = fail(command, 1);
                assert!(
                    said.contains("000001/result.json was changed after it was written"),
                    "{said}"
                );
            }
            let shown = succeed(&["show", &sweep]);
            assert!(shown.contains("result.json was changed"), "{shown}");
            assert!(succeed(&["ls", &sweep]).contains("1 file cannot be read"));
        },
    );
    // The result of one trial is not that of another.
    fs::copy(place.path("sweep/trials/000000/result.json"), &result).unwrap();
    fail(&["sweep", "best", &sweep], 1);
    // Nothing is lost with it: the run is there.
    fs::remove_file(&result).unwrap();
    succeed(&["sweep", "resume", &sweep, "--quiet"]);
    let same = |text: &str| {
        text.lines()
            .find(|line| line.contains("objective"))
            .unwrap()
            .to_string()
    };
    assert_eq!(same(&fs::read_to_string(&result).unwrap()), same(&whole));
}

/// A file of each kind that is no file, in a folder, and what is said of it.
fn special(place: &Place) -> Vec<(String, &'static str)> {
    let [pipe, link, socket, folder] = ["pipe", "link", "socket", "folder"].map(|name| place.path(name));
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    std::os::unix::fs::symlink("/dev/zero", link).unwrap();
    drop(std::os::unix::net::UnixListener::bind(socket).unwrap());
    fs::create_dir(folder).unwrap();
    vec![
        (place.text("pipe"), "it is a named pipe, not a file"),
        (place.text("link"), "it is a device, not a file"),
        (place.text("socket"), "it is a socket, not a file"),
        (place.text("folder"), "it is a folder"),
        ("/dev/null".into(), "it is a device, not a file"),
        ("/proc/self/status".into(), "it is a file of the system (proc)"),
    ]
}

/// Wherever a file is named: none is waited for, and none is read without end.
#[test]
fn what_is_no_file_is_refused_wherever_it_is_named() {
    let place = Place::new();
    let run = place.run("run", &["--no-report"]);
    let molecules = "name = 'm'\n[environment]\nkind = 'fragments'\n[reward]\nkind = 'druglike'\n[loss]\nkind = 'trajectory-balance'\n[network]\nkind = 'message-passing'\n";
    let with = |from: &str, to: &str| {
        assert!(molecules.contains(from));
        molecules.replace(from, to)
    };
    let special = special(&place);
    let file = place.text("named.toml");
    let tried = |arguments: &[&str], name: &str, expected: &str| {
        let output = gfn(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(expected) && !said.contains("panicked"),
            "{arguments:?} with {name}: {said}"
        );
    };
    for (name, expected) in &special {
        // In experiments.
        let quoted = format!("'{name}'");
        let texts = [
            format!("extends = {quoted}\n"),
            with("'fragments'", &format!("'fragments'\nvocabulary = {quoted}")),
            with("'druglike'", &format!("'proxy'\npath = {quoted}")),
            with("'druglike'", &format!("'seh-proxy'\npath = {quoted}")),
            with("'druglike'", &format!("'docking'\nreceptor = {quoted}")),
            with("'druglike'", &format!("'plugin'\npath = {quoted}")),
            with("'druglike'", "'druglike'\nfloor = 1e-3") + &format!("[acquisition]\ninitial = {quoted}\n"),
        ];
        for text in &texts {
            fs::write(&file, text).unwrap();
            // A plugin's path may also be a folder or a script, which is told in other words.
            let expected = if text.contains("'plugin'") { "" } else { expected };
            tried(&["check", &file], name, expected);
        }
        // On the command line.
        let commands: [&[&str]; 5] = [
            &["run", name],
            &["proxy", "fit", name, "--no-report"],
            &["proxy", "info", name],
            &["dock", name, "--receptor", name],
            &["verify", name],
        ];
        for command in commands.iter().filter(|_| !name.ends_with("folder")) {
            tried(command, name, expected);
        }
    }
    // In place of a run's own files.
    for (name, expected) in &special[..3] {
        let commands: [(&str, &[&str]); 5] = [
            ("weights.safetensors", &["sample", &run]),
            ("manifest.json", &["sample", &run]),
            ("samples.csv", &["dock", &run, "--receptor", name]),
            (".writer/lock", &["resume", &run, "--set", "training.steps=40"]),
            ("resolved.toml", &["show", &run]),
        ];
        for (own, command) in commands {
            let (path, aside) = (Path::new(&run).join(own), place.path("aside"));
            fs::rename(&path, &aside).unwrap();
            std::os::unix::fs::symlink(name, &path).unwrap();
            // A folder without its experiment is no run.
            tried(command, own, if own == "resolved.toml" { "" } else { expected });
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
        }
    }
}

/// What an experiment writes besides its run lies beside it or in the user's cache, wherever dots and links lead.
#[test]
fn an_experiment_writes_beside_itself() {
    let place = Place::new();
    for folder in ["mine/deep", "base", "other", "cache"] {
        fs::create_dir_all(place.path(folder)).unwrap();
    }
    std::os::unix::fs::symlink(place.path("other"), place.path("mine/link")).unwrap();
    std::os::unix::fs::symlink(place.path("other/none"), place.path("mine/dangling")).unwrap();
    fs::write(place.path("mine/r.pdbqt"), super::docking::RECEPTOR).unwrap();
    let text = |cache: &str| {
        format!(
            "name = 'm'\n[environment]\nkind = 'fragments'\n[loss]\nkind = 'trajectory-balance'\n[network]\nkind = 'message-passing'\n\
             [reward]\nkind = 'docking'\nreceptor = '{}'\nfloor = 1e-3\n{cache}\n",
            place.text("mine/r.pdbqt")
        )
    };
    let (file, cache) = (place.text("mine/e.toml"), place.text("cache"));
    let check = |text: &str, more: &[&str]| {
        fs::write(&file, text).unwrap();
        let output = super::gfn_with(&[("GFN_CACHE", &cache)], &[&["check", &file][..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said.replace("\\\"", "\""))
    };
    let named = |path: &str| format!("cache_file = '{path}'");
    for inside in [
        "e.jsonl",
        "deep/e.jsonl",
        "new/er/e.jsonl",
        "deep/../e.jsonl",
        &place.text("cache/deep/e.jsonl"),
    ] {
        let (code, said) = check(&text(&named(inside)), &[]);
        assert_eq!(code, Some(0), "{inside}: {said}");
    }
    fs::write(place.path("mine/gfn.lock"), "").unwrap();
    fs::write(place.path("mine/notes"), "mine\n").unwrap();
    for (path, words) in [
        ("gfn.lock", "is empty"),
        ("notes", "something else than energies"),
        ("deep", "it is a folder"),
    ] {
        let (code, said) = check(&text(&named(path)), &[]);
        assert_eq!(code, Some(2), "{path}: {said}");
        assert!(
            said.contains(words) && !said.contains("os error"),
            "{path}: {said}"
        );
    }
    let outside = place.text("other/e.jsonl");
    for path in [
        "../e.jsonl",
        "link/e.jsonl",
        "dangling",
        "none/../../e.jsonl",
        &outside,
        "/tmp/e.jsonl",
    ] {
        let (code, said) = check(&text(&named(path)), &[]);
        assert_eq!(code, Some(2), "{path}: {said}");
        for part in [
            "`reward.cache_file` is a file to be written",
            "--set reward.cache_file=",
            "e.toml:12:14",
        ] {
            assert!(said.contains(part), "{path}: {said}");
        }
    }
    // What the user types may lie anywhere.
    let set = format!("reward.cache_file=\"{outside}\"");
    assert_eq!(check(&text(""), &["--set", &set]).0, Some(0));
    assert_eq!(check(&text(&named("../x")), &["--set", &set]).0, Some(0));
    // A file that is extended names what lies beside itself.
    fs::write(place.path("base/b.toml"), text(&named("e.jsonl"))).unwrap();
    assert_eq!(check("extends = '../base/b.toml'\n", &[]).0, Some(0));
    fs::write(place.path("base/b.toml"), text(&named("../other/e.jsonl"))).unwrap();
    assert_eq!(check("extends = '../base/b.toml'\n", &[]).0, Some(2));
    assert!(
        files(&place.path("other")).is_empty(),
        "nothing was written there"
    );
}

/// A spreadsheet computes no cell of a table that was made of somebody else's words, and numbers stay numbers.
#[test]
fn tables_hold_no_formulas() {
    let place = Place::new();
    let set = "description=\"=HYPERLINK(A1)\"";
    let run = place.run(
        "run",
        &[
            "--no-report",
            "--set",
            set,
            "--set",
            "name=\"-tiny\"",
            "--set",
            "hardware.threads=1",
        ],
    );
    let tables = place.text("tables");
    succeed(&["export", &run, "--to", "csv", "-o", &tables]);
    let runs = fs::read_to_string(place.path("tables/runs.csv")).unwrap();
    assert!(
        runs.contains(",'=HYPERLINK(A1)") && runs.contains(",'-tiny,"),
        "{runs}"
    );
    let samples = fs::read_to_string(place.path("tables/samples.csv")).unwrap();
    assert!(
        samples.lines().nth(1).unwrap().contains(",-"),
        "log-rewards stay numbers: {samples}"
    );
    let cells = runs
        .lines()
        .chain(samples.lines())
        .flat_map(|line| line.split(','));
    for cell in cells.filter(|cell| cell.parse::<f64>().is_err()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
}
