//! What cannot stand in a batch script is refused, and so cannot become another line of it.

use std::path::Path;

use gfn_cluster::kubernetes;
use gfn_cluster::script::{Elements, Submission, generic, slurm};
use gfn_cluster::settings::{Command, Kubernetes, Slurm, Wrong};

use crate::{command, job};

fn keys(wrong: &[Wrong]) -> Vec<&'static str> {
    wrong.iter().map(|wrong| wrong.key).collect()
}

#[test]
fn values_keep_to_their_line() {
    for bad in [
        "a b", "a\nb", "", "-x", "a;b", "$(x)", "`x`", "a'b", "a\"b", "#x", "a\\b", "ü",
    ] {
        let bad = || Some(bad.to_string());
        let settings = Slurm {
            partition: bad(),
            account: bad(),
            qos: bad(),
            constraint: bad(),
            time: bad(),
            memory: bad(),
            gres: bad(),
            modules: vec![bad().unwrap()],
            options: vec![bad().unwrap()],
            ..Slurm::default()
        };
        let expected = [
            "partition",
            "account",
            "qos",
            "constraint",
            "gres",
            "time",
            "memory",
            "modules",
            "options",
        ];
        assert_eq!(keys(&settings.wrong()), expected, "{settings:?}");
        let job = job(Path::new("/x"));
        let submission = Submission {
            number: 0,
            place: "/x/submissions/000000".into(),
            elements: Elements::Workers(1),
        };
        assert!(slurm(&settings, &job, &submission).is_err());
    }
    let lines = vec!["a\nb".to_string()];
    let settings = Slurm {
        prelude: lines.clone(),
        container: lines,
        ..Slurm::default()
    };
    assert_eq!(keys(&settings.wrong()), ["prelude", "container"]);
}

#[test]
fn times_and_amounts_are_those_of_slurm() {
    let with_time = |time: &str| Slurm {
        time: Some(time.into()),
        ..Slurm::default()
    };
    for time in ["90", "90:30", "8:00:00", "1-0", "1-12:30", "7-00:00:00"] {
        assert_eq!(with_time(time).wrong(), [], "{time}");
    }
    for time in ["8h", "1:2:3:4", "-1", "1-", ":", "1::2", "1-2-3", "infinite"] {
        assert_eq!(keys(&with_time(time).wrong()), ["time"], "{time}");
    }
    let with_memory = |memory: &str| Slurm {
        memory: Some(memory.into()),
        ..Slurm::default()
    };
    for memory in ["512", "8G", "100M"] {
        assert_eq!(with_memory(memory).wrong(), [], "{memory}");
    }
    for memory in ["8GB", "G", "1.5G", "8g"] {
        assert_eq!(keys(&with_memory(memory).wrong()), ["memory"], "{memory}");
    }
}

/// Options that would undo what the launcher relies on.
#[test]
fn options_that_are_ours_are_refused() {
    let with = |option: &str| Slurm {
        options: vec![option.into()],
        ..Slurm::default()
    };
    for option in [
        "--array=0-9",
        "--no-requeue",
        "--signal=KILL@1",
        "--wrap=x",
        "--output=x",
        // Slurm takes the beginning of a name for the name.
        "--outp=/root-of-ada/.bashrc",
        "--err=x",
        "--chd=/",
        "-t",
        "--",
        "exclude=n1",
    ] {
        assert_eq!(keys(&with(option).wrong()), ["options"], "{option}");
    }
    for option in [
        "--exclude=n[1-3],n9",
        "--exclusive",
        "--nice=100",
        "--mail-type=END",
    ] {
        assert_eq!(with(option).wrong(), [], "{option}");
    }
}

#[test]
fn commands_are_checked() {
    let wrong = |command: Command| keys(&command.wrong());
    assert_eq!(wrong(command(&["qsub", "{script}"])), Vec::<&str>::new());
    assert_eq!(wrong(command(&["qsub"])), ["submit"]);
    assert_eq!(wrong(command(&[])), ["submit"]);
    assert_eq!(
        wrong(command(&["{script}"])),
        ["submit"],
        "a script is no program to submit with"
    );
    for index in ["", "A B", "1A", "A;B", "$A", "-A"] {
        let command = Command {
            index: index.into(),
            ..command(&["qsub", "{script}"])
        };
        assert_eq!(wrong(command), ["index"], "{index}");
    }
}

#[test]
fn paths_that_scripts_cannot_hold_are_told() {
    let job = job(Path::new("/a\nb"));
    let submission = Submission {
        number: 0,
        place: job.folder.join("submissions/000000"),
        elements: Elements::Trials(vec![0]),
    };
    let error = generic(&command(&["qsub", "{script}"]), &job, &submission).unwrap_err();
    assert!(error.to_string().contains("line break"), "{error}");
}

#[test]
fn manifests_are_checked() {
    let settings = Kubernetes {
        image: Some("a b".into()),
        claim: Some("x/y".into()),
        mount: "relative".into(),
        command: Vec::new(),
        ..Kubernetes::default()
    };
    assert_eq!(keys(&settings.wrong()), ["image", "claim", "mount", "command"]);
    let job = job(Path::new("/x"));
    assert!(kubernetes::manifest(&settings, &job, &[], &Elements::Workers(1), 0).is_err());
}
