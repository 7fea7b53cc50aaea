//! Runs in a few words: for lists, and for programs that read them.

use std::path::{Path, PathBuf};

use gfn_record::catalogue::names as metrics;
use gfn_record::event::Metrics;
use gfn_record::folder::names;
use gfn_record::number;
use gfn_record::sweep::State;
use serde::Serialize;

pub use crate::number::{count, duration, figure};
use crate::number::{moment, signed};
use crate::setting::setting;
use crate::{Run, Sweep};

/// Folders are looked into so deep.
const DEPTH: usize = 6;

/// What matters most about a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Its folder.
    pub folder: PathBuf,
    /// The experiment's name.
    pub name: String,
    /// The seed.
    pub seed: Option<u64>,
    /// How it stands: `running`, `finished`, `stopped`, `failed`, `not finished`, or `unknown` where its manifest cannot be read.
    pub state: &'static str,
    /// Updates taken.
    pub updates: u64,
    /// Updates asked for.
    pub updates_wanted: Option<u64>,
    /// The exact L1 distance to the target, at the newest measurement.
    #[serde(with = "number::option")]
    pub l1: Option<f64>,
    /// What the model takes log Z to be, less the truth, nats.
    #[serde(with = "number::option")]
    pub log_z_error: Option<f64>,
    /// The mean reward of objects drawn from the policy, before shaping.
    #[serde(with = "number::option")]
    pub mean_reward: Option<f64>,
    /// Distinct modes met in training.
    pub modes_visited: Option<u64>,
    /// Seconds spent training.
    pub training_seconds: Option<f64>,
    /// Seconds since 1970 at the start.
    pub started: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What of its folder cannot be read.
    pub faults: Vec<String>,
    /// Files that were read and are not as they were written.
    pub changed: Vec<String>,
    /// Files that are recorded and not there.
    pub missing: Vec<String>,
}

impl Summary {
    /// Of a run that was read.
    pub fn of(run: &Run) -> Self {
        let manifest = run.manifest.as_ref();
        let measured = run.last_measured();
        let of = |name: &str| measured.and_then(|measured| measured.get(name));
        Self {
            folder: run.folder.clone(),
            name: run.name().into(),
            seed: run.seed(),
            state: run.state(),
            updates: run.updates(),
            updates_wanted: run.updates_wanted(),
            l1: of(metrics::L1),
            log_z_error: of(metrics::LOG_Z_ERROR),
            mean_reward: of(metrics::MEAN_REWARD),
            modes_visited: of(metrics::MODES_VISITED).map(|modes| modes as u64),
            training_seconds: manifest.and_then(|manifest| manifest.training_seconds),
            started: manifest.map(|manifest| manifest.started),
            error: manifest.and_then(|manifest| manifest.error.clone()),
            faults: run.faults.clone(),
            changed: run.changed.clone(),
            missing: run.missing.clone(),
        }
    }

    /// Whether a file is changed or missing.
    pub fn is_damaged(&self) -> bool {
        !self.changed.is_empty() || !self.missing.is_empty()
    }

    /// How it stands, with a mark where files are changed or missing.
    pub fn marked_state(&self) -> String {
        match self.is_damaged() {
            false => self.state.into(),
            true => format!("{} (!)", self.state),
        }
    }

    fn cells(&self) -> Vec<String> {
        let dash = || "-".to_string();
        let updates = match self.updates_wanted.filter(|wanted| *wanted != self.updates) {
            Some(wanted) => format!("{}/{}", count(self.updates), count(wanted)),
            None => count(self.updates),
        };
        vec![
            self.folder.display().to_string(),
            self.name.clone(),
            self.seed.map_or_else(dash, |seed| seed.to_string()),
            self.marked_state(),
            updates,
            self.l1.map_or_else(dash, figure),
            self.log_z_error.map_or_else(dash, signed),
            self.mean_reward.map_or_else(dash, figure),
            self.modes_visited.map_or_else(dash, count),
            self.training_seconds.map_or_else(dash, duration),
            self.started.map_or_else(dash, moment),
        ]
    }
}

/// Heads of a list, and whether what is below is on the right.
const HEADS: [(&str, bool); 11] = [
    ("RUN", false),
    ("NAME", false),
    ("SEED", true),
    ("STATE", false),
    ("UPDATES", true),
    ("L1", true),
    ("LOG Z ERROR", true),
    ("REWARD", true),
    ("MODES", true),
    ("TRAINED", true),
    ("BEGUN", false),
];

/// A line a run, in columns; those that are known of no run are left out. Nothing in it moves a terminal's cursor.
pub fn list(runs: &[Summary]) -> String {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| run.cells().iter().map(|cell| plain(cell)).collect())
        .collect();
    let mut lines = vec![String::new(); rows.len() + 1];
    for (column, (head, is_right)) in HEADS.iter().enumerate() {
        let cells = || rows.iter().map(|row| row[column].as_str());
        if cells().all(|cell| cell == "-") {
            continue;
        }
        let width = cells()
            .chain([*head])
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0);
        for (line, cell) in lines.iter_mut().zip([*head].into_iter().chain(cells())) {
            let gap = if line.is_empty() { "" } else { "  " };
            *line += &if *is_right {
                format!("{gap}{cell:>width$}")
            } else {
                format!("{gap}{cell:<width$}")
            };
        }
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The figures of a measurement, by name, as people read them.
pub fn figures(measured: &Metrics) -> Vec<(String, String)> {
    let figures = crate::figures::figures(measured).into_iter();
    figures
        .map(|figure| (figure.label.clone(), figure.shown()))
        .collect()
}

/// The `most` best distinct objects among a run's samples, with their rewards.
pub fn best(run: &Run, most: usize) -> Vec<(f64, &str)> {
    let objects = run.samples.iter();
    let mut best: Vec<(f64, &str)> = objects
        .map(|sample| (sample.reward, sample.object.as_str()))
        .collect();
    best.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(two.1)));
    best.dedup();
    best.truncate(most);
    best
}

/// Text for the middle of a line: control characters, and those that reorder text, are shown as escapes.
pub fn plain(text: &str) -> String {
    gfn_text::visible(text).into_owned()
}

/// A sweep in a line, without its name.
pub fn sweep_line(sweep: &Sweep) -> String {
    let states = [
        (State::Running, "running"),
        (State::Paused, "paused"),
        (State::Interrupted, "interrupted"),
        (State::Failed, "failed"),
    ];
    let mut words = vec![format!(
        "{} of {} trials finished",
        count(sweep.count(State::Finished) as u64),
        count(sweep.trials_wanted())
    )];
    for (state, word) in states {
        let trials = sweep.count(state) as u64;
        words.extend((trials > 0).then(|| format!("{} {word}", count(trials))));
    }
    let repeated = sweep.repeated() as u64;
    words.extend((repeated > 0).then(|| format!("{} the same as others", count(repeated))));
    words.extend(sweep.is_cancelled.then(|| "cancelled".into()));
    words.extend(match sweep.faults.len() {
        0 => None,
        1 => Some("1 file cannot be read".into()),
        faults => Some(format!("{} files cannot be read", count(faults as u64))),
    });
    let best = sweep.ranked().first().map(|(tried, reached)| {
        let (setting, mean) = (tried.setting.setting, figure(reached.mean));
        format!(
            "best {} {mean} (setting {setting})",
            plain(&sweep.manifest.objective)
        )
    });
    words.extend(best);
    words.join(", ")
}

/// The `most` best settings of a sweep, in columns. Where any was compared before its end, each says after how many updates.
pub fn sweep_table(sweep: &Sweep, most: usize) -> String {
    let names: Vec<&str> = sweep
        .manifest
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    let mut ranked = sweep.ranked();
    ranked.truncate(most);
    let is_early = ranked.iter().any(|(_, reached)| reached.step.is_some());
    let heads = ["SETTING", "STATE", "OBJECTIVE", "±"].into_iter();
    let heads = heads.chain(is_early.then_some("UPDATES"));
    let mut rows: Vec<Vec<String>> = vec![heads.chain(names.iter().copied()).map(plain).collect()];
    for (tried, reached) in ranked {
        let mut row = vec![
            tried.setting.setting.to_string(),
            tried.state().to_string(),
            figure(reached.mean),
            reached.half.map_or("-".into(), figure),
        ];
        row.extend(is_early.then(|| tried.updates().map_or("-".into(), count)));
        let values = names.iter().map(|name| tried.setting.values.get(*name));
        row.extend(values.map(|value| value.map_or("-".into(), |value| plain(&setting(value)))));
        rows.push(row);
    }
    in_columns(&rows)
}

/// Rows of as many cells each, as lines with their columns aligned.
pub fn in_columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    rows.iter().map(line).collect()
}

/// The folders of sweeps below one, itself included, by name. Links are not followed.
pub fn find_sweeps(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    look_into(root, DEPTH, &Sweep::is_at, &mut found);
    found
}

/// The folders of runs below one, itself included, by name. Links are not followed.
pub fn find(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let is_run = |folder: &Path| folder.join(names::RESOLVED).is_file();
    look_into(root, DEPTH, &is_run, &mut found);
    found
}

fn look_into(folder: &Path, depth: usize, is_one: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    if is_one(folder) {
        found.push(folder.to_path_buf());
        return;
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.sort();
    folders
        .iter()
        .for_each(|folder| look_into(folder, depth, is_one, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_columns_and_leave_out_what_no_run_has() {
        let run = Run {
            folder: "runs/a".into(),
            settings: "name = 'grid'\nseed = 7\n[training]\nsteps = 10000"
                .parse()
                .unwrap(),
            ..Run::default()
        };
        let named = Run {
            folder: "runs/longer".into(),
            ..Run::default()
        };
        let text = list(&[Summary::of(&run), Summary::of(&named)]);
        let expected = "RUN          NAME  SEED  STATE     UPDATES\n\
                        runs/a       grid     7  unknown  0/10,000\n\
                        runs/longer  run      -  unknown         0\n";
        assert_eq!(text, expected);
        assert_eq!(list(&[]).lines().count(), 1);
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        let run = Run {
            folder: "runs/\u{1b}[2J\u{202e}x\n".into(),
            ..Run::default()
        };
        let text = list(&[Summary::of(&run)]);
        assert!(text.contains("runs/\\u{1b}[2J\\u{202e}x\\n"), "{text:?}");
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn runs_are_found_below_a_folder_and_not_within_runs() {
        let root = tempfile::tempdir().unwrap();
        for run in ["b/seed-0", "a/deep/er/seed-1", "b/seed-0/inner"] {
            std::fs::create_dir_all(root.path().join(run)).unwrap();
            std::fs::write(root.path().join(run).join(names::RESOLVED), "").unwrap();
        }
        let found = find(root.path());
        assert_eq!(
            found,
            ["a/deep/er/seed-1", "b/seed-0"].map(|run| root.path().join(run))
        );
        assert_eq!(find(&found[0]), [found[0].clone()]);
        assert!(find(&root.path().join("nowhere")).is_empty());
    }
}
