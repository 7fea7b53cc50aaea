//! One claimed trial, from its experiment to its result.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gfn_record::durable;
use gfn_record::event::{Event, Metrics};
use gfn_record::folder::{FolderError, LARGE, RunFolder, SMALL, names as run_names};
use gfn_record::integrity::{Recorded, Records};
use gfn_record::manifest::{DataFile, Manifest, Status};
use gfn_record::sweep::{Failure, Rung, TrialResult, names, publish};
use gfn_runner::signals::Stop;

use crate::SweepError;
use crate::board::Claim;
use crate::child::{self, Exit, Process, Share};
use crate::plan::Plan;

/// How long to wait for the process of a worker that is gone to save, which it does when it finds itself alone.
const PATIENCE: Duration = Duration::from_secs(120);

/// Exit codes of `gfn run`.
const DONE: i32 = 0;
const BAD_FILE: i32 = 2;
const SAVED: i32 = 75;
const FENCED: i32 = 76;

/// How work on a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The run is over.
    Finished {
        /// The objective.
        objective: f64,
    },
    /// It reached the update at which it is compared with others.
    Paused {
        /// The update.
        step: u64,
        /// The objective there.
        objective: f64,
    },
    /// An attempt failed, and another one may be made.
    Again {
        /// Why.
        error: String,
    },
    /// It failed for good.
    Failed {
        /// Why.
        error: String,
    },
    /// It was asked to stop, and is saved.
    Interrupted,
    /// Another process has it now.
    Fenced,
    /// Its experiment is that of another trial, and what comes of that is what comes of it.
    Same {
        /// The other trial.
        trial: u64,
    },
}

/// Trains a claimed trial as far as it is to go, or until it fails or a stop is asked for, and publishes what came of it.
///
/// # Errors
/// Where its folder cannot be read or written, or no process can be started.
pub fn work(
    plan: &Plan,
    claim: &Claim,
    share: &Share,
    stop: &Stop,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Ended, SweepError> {
    let prepared = plan.trial(&claim.point, claim.trial.seed)?;
    if let Some(error) = changed(claim, &prepared.data)? {
        return failed(plan, claim, error, true);
    }
    let trainer = claim.sweep.trainer(claim.trial.trial, &prepared.text)?;
    if trainer != claim.trial.trial {
        return Ok(Ended::Same { trial: trainer });
    }
    let spec = claim.folder.join(names::SPEC);
    if !durable::publish_new(&spec, prepared.text.as_bytes())? && is_other(&spec, &prepared.text) {
        return Err(
            FolderError::altered(&spec, "the sweep's plan", claim.sweep.path())
                .with_remedy(", or remove it: it is made again")
                .into(),
        );
    }
    let (process, exit) = run(claim, share, stop, is_cancelled)?;
    if claim.writer.check().is_err() {
        return Ok(Ended::Fenced);
    }
    let crashed = |how: &str, for_good| {
        // What ended by a signal wrote nothing down: a reason that is there is that of an attempt before.
        let told = matches!(exit, Exit::Code(_)).then(|| said(claim)).flatten();
        let said = told.or_else(|| process.last_words(&exit));
        let error = said.map_or_else(|| how.to_string(), |said| format!("{said} ({how})"));
        failed(plan, claim, error, for_good)
    };
    match &exit {
        Exit::Code(DONE) => finished(plan, claim),
        Exit::Code(SAVED) => saved(plan, claim),
        Exit::Code(FENCED) => Ok(Ended::Fenced),
        Exit::Code(code) => crashed(&format!("exit code {code}"), *code == BAD_FILE),
        Exit::Signal(status) => crashed(status, false),
        Exit::Stopped => Ok(Ended::Interrupted),
    }
}

/// Whether a trial's experiment says something else than the plan, which another version of gfn may have written.
fn is_other(spec: &Path, planned: &str) -> bool {
    let read = |text: &str| {
        let mut table: toml::Table = text.parse().ok()?;
        table.remove("gfn");
        Some(table)
    };
    let there = gfn_files::read_text(spec, SMALL).unwrap_or_default();
    let is_of_this_version = |text: &str| text.lines().next() == planned.lines().next();
    match is_of_this_version(&there) {
        true => there != planned,
        // The first line names the version; what it added or left out since is no change.
        false => read(&there).is_none(),
    }
}

/// What is to be said of a file that is not what it was when other trials read it: results would not be alike.
fn changed(claim: &Claim, data: &[PathBuf]) -> Result<Option<String>, FolderError> {
    for path in data {
        match claim.sweep.pin(&DataFile::pin(path)?) {
            Err(FolderError::Changed(path)) => {
                let shown = path.display();
                return Ok(Some(format!(
                    "{shown} has changed since the sweep started; restore it, then run `gfn sweep resume --retry-failed`"
                )));
            }
            pinned => pinned?,
        }
    }
    Ok(None)
}

fn run(
    claim: &Claim,
    share: &Share,
    stop: &Stop,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<(Process, Exit), SweepError> {
    let started = Instant::now();
    loop {
        let mut process = child::start(claim, share)?;
        let exit = process.wait(stop, || is_cancelled() || claim.writer.check().is_err());
        let exit = exit.map_err(|error| SweepError::Start {
            program: share.program.clone(),
            error,
        })?;
        let is_held = matches!(exit, Exit::Code(FENCED)) && claim.writer.check().is_ok();
        if !is_held || stop.is_asked() || started.elapsed() > PATIENCE {
            return Ok((process, exit));
        }
        // The last worker was killed, and its process is just saving.
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn finished(plan: &Plan, claim: &Claim) -> Result<Ended, SweepError> {
    let manifest = manifest(claim)?;
    let objective = manifest.after.as_ref().and_then(|after| plan.objective.of(after));
    let Some(objective) = objective else {
        return failed(plan, claim, no_figure(plan), true);
    };
    end(claim, Some(objective), None, manifest.steps)?;
    Ok(Ended::Finished { objective })
}

fn saved(plan: &Plan, claim: &Claim) -> Result<Ended, SweepError> {
    let Some(step) = claim
        .until
        .filter(|step| manifest(claim).is_ok_and(|found| found.steps >= *step))
    else {
        return Ok(Ended::Interrupted);
    };
    let objective = measured_at(claim, step)?.and_then(|measured| plan.objective.of(&measured));
    let Some(objective) = objective else {
        return failed(plan, claim, no_figure(plan), true);
    };
    publish(
        &claim.folder.join(format!("rung-{step:06}.json")),
        &Rung { step, objective },
    )?;
    Ok(Ended::Paused { step, objective })
}

fn no_figure(plan: &Plan) -> String {
    format!(
        "the last measurement has no figure `{}`, or it is not a number",
        plan.objective.name
    )
}

/// What a run that failed says of it.
fn said(claim: &Claim) -> Option<String> {
    let manifest = manifest(claim).ok()?;
    let is_failed = manifest.status == Status::Failed;
    is_failed.then_some(manifest.error).flatten()
}

/// An attempt that failed; the last one, where there were enough or another would fail alike.
fn failed(plan: &Plan, claim: &Claim, error: String, for_good: bool) -> Result<Ended, SweepError> {
    let attempt = claim.failures + 1;
    let failure = Failure {
        attempt,
        error: error.clone(),
    };
    publish(&claim.folder.join(format!("failure-{attempt}.json")), &failure)?;
    if !for_good && attempt <= plan.sweep.retries {
        return Ok(Ended::Again { error });
    }
    let steps = manifest(claim).map_or(0, |manifest| manifest.steps);
    end(claim, None, Some(error.clone()), steps)?;
    Ok(Ended::Failed { error })
}

fn end(claim: &Claim, objective: Option<f64>, error: Option<String>, steps: u64) -> Result<(), FolderError> {
    let failures = claim.failures + u64::from(error.is_some());
    let result = TrialResult {
        objective,
        error,
        steps,
        failures,
        files: files(&claim.folder),
    };
    publish(&claim.folder.join(names::RESULT), &result).map(drop)
}

/// What the trial leaves besides its records. Nothing of it is written again once it has ended.
fn files(folder: &Path) -> Records {
    let manifest = format!("{}/{}", names::RUN, run_names::MANIFEST);
    let names = [names::SPEC, names::LOG, &manifest];
    let recorded = |name: &str| Some((name.to_string(), Recorded::of_file(&folder.join(name)).ok()?));
    names.into_iter().filter_map(recorded).collect()
}

fn manifest(claim: &Claim) -> Result<Manifest, FolderError> {
    RunFolder::open(&claim.folder.join(names::RUN))?.manifest()
}

/// The measurement after `step` updates.
fn measured_at(claim: &Claim, step: u64) -> Result<Option<Metrics>, FolderError> {
    let run = RunFolder::open(&claim.folder.join(names::RUN))?;
    let path = run.file(run_names::METRICS);
    let bytes = gfn_files::read(&path, LARGE).map_err(|error| FolderError::Io { path, error })?;
    run.expected()?.check(&run, run_names::METRICS, &bytes)?;
    let events = bytes
        .split(|byte| *byte == b'\n')
        .rev()
        .filter_map(|line| Event::parse(line).ok());
    let mut measured = events.filter_map(|event| match event {
        Event::Measured(measured) => Some(measured),
        Event::Step(_) => None,
    });
    Ok(measured.find(|measured| measured.step == step))
}
