//! `gfn plugin check`.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use gfn_plugins::Options;
use gfn_plugins::checker::{CheckReport, Objects, Samples, check_watched};
use gfn_runner::work::Work;
use serde_json::{Value, json};

use super::options;
use crate::args::PluginArgs;
use crate::commands::{print, print_json};
use crate::exit::Failure;

/// What is shown is looked after this often, however long a check takes.
const OFTEN: Duration = Duration::from_millis(200);

pub(crate) fn check(args: &PluginArgs, input: Option<&Path>, json: bool) -> Result<(), Failure> {
    let options = options(args)?;
    let samples = match input {
        Some(path) => {
            let objects = Objects::read(path).map_err(|error| Failure::usage(error.to_string()))?;
            Samples::default().with(told_of(&options, &objects), objects)
        }
        None => Samples::default(),
    };
    let report = examine(&options, &samples);
    match json {
        true => print_json(&(serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n"))?,
        false => print(&format!("{report}\n"))?,
    }
    match report.passed() {
        true => Ok(()),
        false => Err(Failure::different()),
    }
}

/// Makes all checks, in a thread of their own so that it is seen which of them takes how long.
fn examine(options: &Options, samples: &Samples) -> CheckReport {
    let (sender, stages) = mpsc::channel();
    thread::scope(|scope| {
        let checks = scope.spawn(move || {
            check_watched(options, samples, &|_| true, &|stage| {
                // Whoever looks waits for this thread to end.
                let _ = sender.send(stage);
            })
        });
        let mut work = Work::in_steps(format!("checking {}", options.name));
        loop {
            match stages.recv_timeout(OFTEN) {
                Ok(stage) => work.begins(stage.name, stage.done as u64, stage.all as u64),
                Err(RecvTimeoutError::Timeout) => work.tell(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        drop(work);
        let report = checks.join();
        report.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What is told of the objects: what `--objects` says, else that texts are molecules, and states cells.
fn told_of(options: &Options, objects: &Objects) -> Value {
    let usual = match objects {
        Objects::Texts(_) => "molecule",
        Objects::States { .. } => "grid",
    };
    match options.objects["kind"] {
        Value::Null => json!({ "kind": usual }),
        _ => options.objects.clone(),
    }
}
