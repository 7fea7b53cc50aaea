//! Each mode of `plugins/reward-rogue`, in a process and inline, from some batch of a real run on: none loses what was saved, and
//! none leaves a wrong reward behind unsaid.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{Lab, errors};
use crate::top;

/// How a run ends in which a plugin misbehaves.
#[derive(Clone, Copy, Debug)]
enum End {
    /// As if nothing had happened: the same results, byte for byte.
    Same,
    /// With other rewards, as the plugin gave them: nothing can be seen of it but by `gfn plugin check`, which finds it.
    Otherwise,
    /// With code 77 and this in its message, and it goes on.
    Stops(&'static str),
    /// Before it begins, with this in its message.
    Refused(&'static str),
    /// Not of itself, or by a crash; it goes on from its last checkpoint.
    Lost,
    /// Not tried in the process of a test: it would take the machine down.
    Untried,
}

use End::{Lost, Otherwise, Refused, Same, Stops, Untried};

const NOT_SCORED: End = Stops("could not score");
const BY_EXIT: End = Stops("by calling `exit`");

/// Each mode: how a run ends with the plugin in a process of its own, and with the plugin inline.
const TABLE: [(&str, End, End); 41] = [
    ("none", Same, Same),
    ("segfault", Same, Lost),
    ("abort", Same, Lost),
    ("exit", Same, BY_EXIT),
    ("exit-zero", Same, BY_EXIT),
    ("raise-signal", Same, Lost),
    ("stack-overflow", Same, Lost),
    ("spawn-thread-crash", Same, Lost),
    ("hang", Same, Lost),
    ("busy-loop", Same, Lost),
    ("slow", Same, Same),
    ("nan", NOT_SCORED, NOT_SCORED),
    ("infinity", NOT_SCORED, NOT_SCORED),
    ("minus-infinity", NOT_SCORED, NOT_SCORED),
    ("wrong-count", NOT_SCORED, NOT_SCORED),
    ("bad-status", NOT_SCORED, NOT_SCORED),
    ("bad-code", NOT_SCORED, NOT_SCORED),
    ("write-past-end", Same, Stops("wrote past the end")),
    ("write-to-input", Same, Stops("wrote to its input")),
    ("throw-away", NOT_SCORED, NOT_SCORED),
    ("no-text", NOT_SCORED, NOT_SCORED),
    ("huge-text", NOT_SCORED, NOT_SCORED),
    ("endless-text", NOT_SCORED, NOT_SCORED),
    ("broken-text", NOT_SCORED, NOT_SCORED),
    ("nondeterministic", Otherwise, Otherwise),
    ("depends-on-batch", Otherwise, Otherwise),
    ("flood-stderr", Same, Same),
    ("flood-stdout", Same, Same),
    ("allocate-without-end", NOT_SCORED, Untried),
    ("leak", Same, Same),
    ("leak-in-create", Same, Same),
    ("fork-bomb", NOT_SCORED, Untried),
    ("close-descriptors", Same, Lost),
    // Inline all of this is allowed, and becoming another program is the end of this one.
    ("open-socket", NOT_SCORED, Same),
    ("read-file", NOT_SCORED, Same),
    ("write-file", NOT_SCORED, Same),
    ("exec", NOT_SCORED, Lost),
    ("hang-in-create", Refused("it took longer"), Lost),
    ("segfault-in-create", Refused("SIGSEGV"), Lost),
    (
        "fail-in-create",
        Refused("was asked for"),
        Refused("was asked for"),
    ),
    ("sleep-long-in-destroy", Same, Lost),
];

/// The updates of a run, and how many batches the plugin may behave for: measuring before them takes one, then each takes one.
const UPDATES: usize = 12;

/// For modes that cost much over every object.
const FEW: &str = "evaluation.samples=8";

/// A batch of the run, another for every mode, drawn from its name: not the first two, so that something was saved.
fn batch_of(mode: &str) -> usize {
    let drawn = mode.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    });
    3 + drawn % (UPDATES - 3)
}

/// What a mode needs besides: victims that are few where each costs much, and limits that are soon reached.
fn settings(mode: &str, isolation: &str) -> Vec<String> {
    let mut sets = vec![
        format!("reward.parameters.mode=\"{mode}\""),
        format!("reward.parameters.after={}", batch_of(mode)),
        // Batches are counted.
        "evaluation.rescored=0".to_string(),
    ];
    let more: &[&str] = match (mode, isolation) {
        ("slow" | "flood-stderr" | "flood-stdout" | "leak", _) => {
            &["reward.parameters.victim=\"3\"", "reward.timeout_seconds=60", FEW]
        }
        ("allocate-without-end", _) => &["reward.memory_mib=512", "reward.timeout_seconds=60"],
        ("hang-in-create", "process") => &["reward.start_timeout_seconds=0.5"],
        _ => &[],
    };
    sets.extend(more.iter().map(|set| set.to_string()));
    sets
}

impl Lab {
    /// A run whose process is ended once it has `steps` updates behind it, or is done but for its end; what it said is in a file.
    fn run_until(&self, out: &str, sets: &[String], steps: Option<usize>) -> (ExitStatus, String) {
        let said = self.path(&format!("{out}.err"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_gfn"))
            .args(["run", &self.file(), "--quiet", "--out"])
            .arg(self.path(out))
            .args(sets.iter().flat_map(|set| ["--set", set]))
            .env("GFN_APPROVALS", self.path("approved"))
            .current_dir(top())
            .stdout(Stdio::null())
            .stderr(File::create(&said).unwrap())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            let is_far = steps.is_some_and(|steps| self.updates(out) >= steps);
            if is_far || begun.elapsed() > Duration::from_secs(120) {
                // What hangs does so by now.
                std::thread::sleep(Duration::from_secs(1));
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut said = std::fs::read(said).unwrap();
        said.truncate(1 << 16);
        (status, String::from_utf8_lossy(&said).into_owned())
    }

    fn updates(&self, out: &str) -> usize {
        let lines = self.read(&format!("{out}/metrics.jsonl"));
        lines.matches("\"event\":\"step\"").count()
    }

    /// The run goes on with a plugin that behaves, and ends with all updates.
    fn goes_on(&self, what: &str, out: &str) {
        let mended = self.run(out, &[], &["--accept-changes"]);
        assert!(mended.status.success(), "{what}: {}", errors(&mended));
        assert_eq!(self.updates(out), UPDATES, "{what}");
    }

    fn holds(&self, mode: &str, isolation: &str, end: End) {
        let (what, mut sets) = (format!("{mode}, {isolation}"), settings(mode, isolation));
        if mode == "write-file" {
            sets.push(format!(
                "reward.parameters.path=\"{}\"",
                self.path("written").display()
            ));
        }
        // What hangs is ended from outside.
        let steps = match (mode, end) {
            (_, Untried) => return,
            ("hang-in-create", Lost) => Some(0),
            ("sleep-long-in-destroy", Lost) => Some(UPDATES),
            ("hang" | "busy-loop", Lost) => Some(1),
            _ => None,
        };
        let (status, said) = self.run_until(mode, &sets, steps);
        assert!(!said.contains("panicked"), "{what}: {said}");
        match end {
            Same => {
                assert!(status.success(), "{what}: {said}");
                let few = sets.iter().any(|set| set == FEW);
                let good = if few { "few" } else { "good" };
                for file in ["metrics.jsonl", "samples.csv"] {
                    let right = self.read(&format!("{good}/{file}"));
                    let found = self.read(&format!("{mode}/{file}"));
                    assert!(!right.is_empty() && right == found, "{what}: {file}");
                }
            }
            Otherwise => assert!(status.success(), "{what}: {said}"),
            Stops(words) => {
                assert_eq!(status.code(), Some(77), "{what}: {said}");
                assert!(
                    said.contains("plugin `rogue`") && said.contains(words),
                    "{what}: {said}"
                );
                assert!(self.updates(mode) >= 1, "{what}: no updates");
                self.goes_on(&what, mode);
            }
            Refused(words) => {
                assert!(matches!(status.code(), Some(2 | 77)), "{what}: {status}: {said}");
                assert!(said.contains(words), "{what}: {said}");
            }
            Lost => {
                assert_ne!(status.code(), Some(77), "{what}: {said}");
                self.goes_on(&what, mode);
            }
            Untried => {}
        }
    }
}

/// One isolation's column of the table.
fn column(isolation: &str, end: impl Fn(&(&str, End, End)) -> End) {
    let lab = Lab::new(&format!(
        "isolation = \"{isolation}\"\n[checkpoint]\nevery_steps = 1"
    ));
    for (out, sets) in [("good", &[][..]), ("few", &[FEW])] {
        let good = lab.run(out, sets, &[]);
        assert!(good.status.success(), "{}", errors(&good));
    }
    for row in &TABLE {
        lab.holds(row.0, isolation, end(row));
    }
}

#[test]
fn every_mode_in_a_process_leaves_the_run_whole() {
    column("process", |row| row.1);
}

#[test]
fn every_mode_inline_leaves_what_was_saved() {
    column("inline", |row| row.2);
}

/// The table has every mode that there is.
#[test]
fn the_table_is_complete() {
    let lab = Lab::new("");
    let library = super::rogue().display().to_string();
    let told = lab.gfn(&["plugin", "info", "--json", &library]);
    assert!(told.status.success(), "{}", errors(&told));
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let modes = told
        .pointer("/description/parameters/properties/mode/enum")
        .or_else(|| told.pointer("/parameters/properties/mode/enum"))
        .and_then(|modes| modes.as_array())
        .unwrap();
    let modes: BTreeSet<&str> = modes.iter().filter_map(|mode| mode.as_str()).collect();
    assert_eq!(modes, TABLE.iter().map(|row| row.0).collect());
}
