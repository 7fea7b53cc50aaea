//! Scripts and manifests as they are written, and what may not stand in them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod refused;
mod written;

use std::fs;
use std::path::Path;
use std::process::Command as Process;

use gfn_cluster::script::{Elements, Job, Submission, generic, trial_of};
use gfn_cluster::settings::{Command, Slurm};
use gfn_cluster::slurm::own_element;
use gfn_cluster::template;

fn job(folder: &Path) -> Job {
    Job {
        name: "my sweep".into(),
        folder: folder.into(),
        worker: vec![
            "gfn".into(),
            "sweep".into(),
            "worker".into(),
            folder.to_str().unwrap().into(),
        ],
    }
}

fn command(submit: &[&str]) -> Command {
    Command {
        submit: submit.iter().map(ToString::to_string).collect(),
        index: "TASK".into(),
        first: 1,
        workers: 4,
        most: 1000,
        prelude: Vec::new(),
        client_timeout: 60,
    }
}

#[test]
fn submissions_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path());
    let first = Submission::create(&job, Elements::Trials(vec![3, 5, 8])).unwrap();
    let second = Submission::create(&job, Elements::Workers(2)).unwrap();
    assert_eq!((first.number, second.number), (0, 1));
    let trial = |submission, element| trial_of(folder.path(), submission, element);
    assert_eq!((trial(0, 0), trial(0, 2), trial(0, 3)), (Some(3), Some(8), None));
    assert_eq!((trial(1, 0), trial(2, 0)), (None, None));
    assert!(second.name(&job).starts_with("gfn-my-sweep-") && second.name(&job).ends_with("-000001"));
}

#[test]
fn long_lists_are_several_arrays() {
    let trials = Elements::Trials((0..25).collect());
    let chunks = trials.chunks(10);
    assert_eq!(
        chunks.iter().map(Elements::count).collect::<Vec<_>>(),
        [10, 10, 5]
    );
    assert_eq!(chunks[2], Elements::Trials((20..25).collect()));
    assert_eq!(Elements::Workers(25).chunks(10), [Elements::Workers(10)]);
}

/// Sweeps of one name in two places do not take each other's jobs for their own.
#[test]
fn jobs_are_told_apart_by_place() {
    let (one, other) = (job(Path::new("/a/sweep")), job(Path::new("/b/sweep")));
    assert_ne!(one.prefix(), other.prefix());
    assert_eq!(one.prefix(), job(Path::new("/a/sweep")).prefix());
}

/// Folders with anything that a shell would take for its own.
#[test]
fn elements_find_their_trials() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("it's $(touch x) \"here\" `and` *");
    fs::create_dir(&folder).unwrap();
    let worker = ["printf", "%s|", "two words", "$HOME"].map(String::from).to_vec();
    let job = Job {
        worker,
        ..job(&folder)
    };
    for first in [0, 1] {
        let settings = Command {
            first,
            ..command(&["true", "{script}"])
        };
        let submission = Submission::create(&job, Elements::Trials(vec![7, 4, 9])).unwrap();
        submission
            .write(&generic(&settings, &job, &submission).unwrap())
            .unwrap();
        let run = |task: u64| {
            let output = Process::new("bash")
                .arg(submission.script())
                .env("TASK", task.to_string())
                .output()
                .unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        for (element, trial) in [7, 4, 9].into_iter().enumerate() {
            let said = format!("two words|$HOME|--trial|{trial}|");
            assert_eq!(run(first + element as u64), (Some(0), said));
        }
        assert_eq!(
            run(first + 3),
            (Some(1), String::new()),
            "there is no such element"
        );
    }
}

#[test]
fn placeholders_are_filled_within_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a {count} b");
    fs::create_dir(&path).unwrap();
    let job = job(&path);
    let submission = Submission::create(&job, Elements::Trials(vec![0; 12])).unwrap();
    let settings = command(&[
        "qsub",
        "-N",
        "{name}",
        "-t",
        "{first}-{last}",
        "{count}{unknown}",
        "{script}",
        "$(x)",
    ]);
    let words = template::words(&settings, &job, &submission).unwrap();
    let script = path.join("submissions/000000/batch.sh");
    let expected = [
        "qsub",
        "-N",
        &submission.name(&job),
        "-t",
        "1-12",
        "12{unknown}",
        script.to_str().unwrap(),
        "$(x)",
    ];
    assert_eq!(words, expected);
    assert_eq!(
        template::submit(&command(&["echo", "{first}"]), &job, &submission).unwrap(),
        "1"
    );
}

#[test]
fn an_element_knows_itself() {
    let of = |pairs: &'static [(&str, &str)]| {
        own_element(move |name| {
            pairs
                .iter()
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.to_string())
        })
    };
    assert_eq!(
        of(&[("SLURM_ARRAY_JOB_ID", "12"), ("SLURM_ARRAY_TASK_ID", "3")]).as_deref(),
        Some("12_3")
    );
    assert_eq!(of(&[("SLURM_JOB_ID", "12")]), None);
    assert_eq!(
        of(&[("SLURM_ARRAY_JOB_ID", "12"), ("SLURM_ARRAY_TASK_ID", "3 4")]),
        None
    );
}

#[test]
fn defaults_are_right() {
    assert_eq!(Slurm::default().wrong(), []);
    assert_eq!(serde_json::from_str::<Slurm>("{}").unwrap(), Slurm::default());
}
