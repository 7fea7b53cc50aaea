//! Runs of one experiment, which differ in nothing but their seed, belong together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::Run;

/// Settings that make no other experiment.
const FREE: [&str; 7] = [
    "gfn",
    "name",
    "seed",
    "description",
    "checkpoint",
    "hardware.threads",
    "hardware.reward_threads",
];
/// At least so many settings tell one experiment from another by name, where there are so many.
const TOLD: usize = 2;

/// The runs of one experiment.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// What to call it beside the others.
    pub(crate) name: String,
    /// Its runs, in the order given.
    pub(crate) runs: Vec<&'a Run>,
}

impl<'a> Group<'a> {
    /// Its first run: for what all of them have in common.
    pub(crate) fn first(&self) -> &'a Run {
        self.runs[0]
    }

    /// What to call each run among the others.
    pub(crate) fn run_names(&self) -> Vec<String> {
        let seed = |run: &Run| run.seed().map(|seed| format!("seed {seed}"));
        let above = shared(self.runs.iter().map(|run| run.folder.as_path()));
        let folder = |run: &Run| {
            let below = run.folder.strip_prefix(&above).unwrap_or(&run.folder);
            below.display().to_string()
        };
        let distinct = self.runs.iter().enumerate().all(|(index, run)| {
            seed(run).is_some() && self.runs[..index].iter().all(|other| seed(other) != seed(run))
        });
        let names = self.runs.iter().map(|run| {
            if distinct {
                seed(run).unwrap_or_default()
            } else {
                folder(run)
            }
        });
        names.collect()
    }
}

/// The folders that all paths have above them.
fn shared<'a>(mut paths: impl Iterator<Item = &'a Path>) -> PathBuf {
    let first = paths.next().and_then(Path::parent).unwrap_or(Path::new(""));
    paths.fold(first.to_path_buf(), |shared, path| {
        let above = path.parent().unwrap_or(Path::new(""));
        let pairs = shared.components().zip(above.components());
        pairs
            .take_while(|(one, other)| one == other)
            .map(|(one, _)| one)
            .collect()
    })
}

/// Runs by experiment, in the order given.
pub(crate) fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut found: Vec<(BTreeMap<String, String>, Group<'_>)> = Vec::new();
    for run in runs {
        let settings = flat(&run.settings);
        match found.iter_mut().find(|(known, _)| *known == settings) {
            Some((_, group)) => group.runs.push(run),
            None => found.push((
                settings,
                Group {
                    name: run.name().to_string(),
                    runs: vec![run],
                },
            )),
        }
    }
    let names: Vec<String> = found
        .iter()
        .map(|(settings, group)| told_apart(settings, group, &found))
        .collect();
    let groups = found.into_iter().zip(names);
    groups.map(|((_, group), name)| Group { name, ..group }).collect()
}

/// A group's name, with some of what it does otherwise where others have the same.
fn told_apart(
    settings: &BTreeMap<String, String>,
    group: &Group<'_>,
    all: &[(BTreeMap<String, String>, Group<'_>)],
) -> String {
    let namesakes: Vec<_> = all
        .iter()
        .filter(|(other, found)| found.name == group.name && other != settings)
        .collect();
    if namesakes.is_empty() {
        return group.name.clone();
    }
    let is_different = |key: &String| {
        namesakes
            .iter()
            .any(|(other, _)| other.get(key) != settings.get(key))
    };
    let different: Vec<(&String, &String)> = settings.iter().filter(|(key, _)| is_different(key)).collect();
    // As many as no other of the name has alike.
    let is_enough = |count: &usize| {
        let told = &different[..*count];
        let alike =
            |other: &BTreeMap<String, String>| told.iter().all(|(key, value)| other.get(*key) == Some(value));
        !namesakes.iter().any(|(other, _)| alike(other))
    };
    let count = (TOLD.min(different.len())..=different.len()).find(is_enough);
    let told: Vec<String> = different[..count.unwrap_or(different.len())]
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    match told.is_empty() {
        true => group.name.clone(),
        false => format!("{} ({})", group.name, told.join(", ")),
    }
}

/// Every setting that matters, by its path.
fn flat(table: &Table) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    gather("", table, &mut settings);
    settings
}

fn gather(prefix: &str, table: &Table, settings: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            _ if FREE.contains(&path.as_str()) => {}
            Value::Table(inner) => gather(&path, inner, settings),
            value => drop(settings.insert(path, value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Run {
        Run {
            settings: text.parse().unwrap(),
            folder: "runs/a".into(),
            ..Run::default()
        }
    }

    #[test]
    fn runs_that_differ_in_their_seed_belong_together() {
        let runs = [
            run("name = 'a'\nseed = 0\n[loss]\nkind = 'db'\n[hardware]\nthreads = 1"),
            run("name = 'a'\nseed = 0\n[loss]\nkind = 'tb'\nlambda = 2.0"),
            run("name = 'a'\nseed = 5\n[loss]\nkind = 'db'\n[hardware]\nthreads = 2"),
        ];
        let groups = groups(&runs);
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "a (loss.kind = \"db\")",
                "a (loss.kind = \"tb\", loss.lambda = 2.0)"
            ]
        );
        assert_eq!(groups[0].run_names(), ["seed 0", "seed 5"]);
    }

    #[test]
    fn experiments_of_one_name_are_told_apart_by_as_many_settings_as_it_takes() {
        let with = |c: u8| run(&format!("[x]\na = {}\nb = {}\nc = {c}", c / 4, c / 4));
        let runs = [with(1), with(2), with(5)];
        let groups = groups(&runs);
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "run (x.a = 0, x.b = 0, x.c = 1)",
                "run (x.a = 0, x.b = 0, x.c = 2)",
                "run (x.a = 1, x.b = 1)"
            ]
        );
    }

    #[test]
    fn folders_are_told_from_where_they_part() {
        let at = |folder: &str| Run {
            folder: folder.into(),
            ..run("")
        };
        let names = |folders: &[&str]| {
            let runs: Vec<Run> = folders.iter().map(|folder| at(folder)).collect();
            groups(&runs)[0].run_names()
        };
        assert_eq!(names(&["/long/way/a", "/long/way/b/c"]), ["a", "b/c"]);
        assert_eq!(names(&["/long/way", "/long/way/b"]), ["way", "way/b"]);
        assert_eq!(names(&["a", "/b"]), ["a", "/b"]);
        assert_eq!(names(&["/x/a", "/x/a"]), ["a", "a"]);
    }

    #[test]
    fn runs_of_one_seed_are_called_by_their_folders() {
        let runs = [
            run("seed = 1"),
            Run {
                folder: "b".into(),
                ..run("seed = 1")
            },
        ];
        let groups = groups(&runs);
        assert_eq!((groups.len(), groups[0].name.as_str()), (1, "run"));
        assert_eq!(groups[0].run_names(), ["runs/a", "b"]);
    }
}
