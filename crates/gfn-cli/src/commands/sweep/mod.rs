//! `gfn sweep`.

mod cluster;
mod show;

use std::path::{Path, PathBuf};

use gfn_record::sweep::{SweepFolder, names};
use gfn_runner::signals::{Answer, Stop};
use gfn_sweep::local::{self, Options, Outcome};
use gfn_sweep::plan::Plan;
use gfn_sweep::{SweepError, create, open};
use gfn_text::counted;

use super::{print, print_error};
use crate::args::{SweepArgs, SweepCommand, WorkArgs};
use crate::exit::Failure;

/// Does what was typed after `gfn sweep`.
pub(crate) fn sweep(command: SweepCommand) -> Result<(), Failure> {
    match command {
        SweepCommand::Plan { sweep, json } => show::plan(&planned(&sweep)?, json),
        SweepCommand::Run { sweep, out, work } => run(&sweep, out, &work),
        SweepCommand::Submit {
            sweep,
            out,
            allow_commands,
        } => cluster::submit(&sweep, out, allow_commands),
        SweepCommand::Export { sweep, out, .. } => cluster::export(&sweep, out),
        SweepCommand::Resume {
            sweep,
            retry_failed,
            max_failures,
            retries,
            here,
            allow_commands,
            work,
        } => {
            gfn_sweep::limit(open(&sweep, false)?, retries, max_failures)?;
            if retry_failed {
                let opened = gfn_sweep::retry_failed(&folder(&sweep)?).map_err(SweepError::from)?;
                print_error(&format!("retrying {}\n", counted(opened, "failed trial")));
            }
            if gfn_sweep::cluster::is_submitted(&sweep) && !here && work.jobs.is_none() {
                return cluster::resubmit(&sweep, allow_commands);
            }
            gfn_sweep::uncancel(&folder(&sweep)?).map_err(SweepError::from)?;
            go(&sweep, &work)
        }
        SweepCommand::Worker {
            sweep,
            trial,
            takeover,
        } => worker(&sweep, trial, takeover),
        SweepCommand::Status { sweep, audit, json } => show::status(&sweep, audit, json),
        SweepCommand::Cancel { sweep } => cancel(&sweep),
        SweepCommand::Extend { sweep, trials } => extend(&sweep, trials),
        SweepCommand::Best { sweep, count, json } => show::best(&sweep, count, json),
    }
}

/// What a signal does to work at a sweep.
fn saves_trials() -> Answer {
    Answer::Save("each trial that is trained here is saved, and none is begun".into())
}

/// The sweep of a file, checked.
fn planned(args: &SweepArgs) -> Result<Plan, Failure> {
    let experiment = args.load()?;
    let plan = Plan::read(experiment, &args.experiment.file.display().to_string())?;
    plan.check()?;
    Ok(plan)
}

fn folder(sweep: &Path) -> Result<SweepFolder, SweepError> {
    Ok(SweepFolder::open(sweep)?)
}

fn run(args: &SweepArgs, out: Option<PathBuf>, work: &WorkArgs) -> Result<(), Failure> {
    let file = &args.experiment.file;
    if file.is_dir() && out.is_none() {
        stays(args, &[])?;
        return go(file, work);
    }
    let plan = planned(args)?;
    let out = place(&plan, out);
    create(&plan, &out)?;
    go(&out, work)
}

/// Where a sweep goes unless somebody says where.
fn place(plan: &Plan, out: Option<PathBuf>) -> PathBuf {
    out.unwrap_or_else(|| Path::new("sweeps").join(&plan.base.top.name))
}

/// Works at a sweep until nothing is left of it.
fn go(sweep: &Path, work: &WorkArgs) -> Result<(), Failure> {
    let hardware = open(sweep, work.takeover)?.plan.base.hardware.clone();
    let gpus = local::gpus_for(&hardware);
    let options = Options {
        program: program()?,
        jobs: work
            .jobs
            .map_or_else(|| local::usual_jobs(&hardware, &gpus), usize::from),
        gpus,
        takeover: work.takeover,
        stay: true,
        trial: None,
        quiet: work.quiet,
        stop: Stop::listen(saves_trials()).map_err(Failure::system("listen for signals"))?,
    };
    let outcome = local::run(sweep, &options)?;
    let is_done = matches!(outcome, Outcome::Done);
    ended(sweep, outcome)?;
    show::best(sweep, 5, work.json)?;
    if is_done {
        show::whether_any_ended(sweep)?;
    }
    Ok(())
}

/// Refuses to change a sweep whose folder is given, but for the keys that begin like these.
fn stays(args: &SweepArgs, changeable: &[&str]) -> Result<(), Failure> {
    let layers = &args.experiment.layers;
    let fits = |set: &&String| changeable.iter().any(|key| set.starts_with(key));
    let set = layers.sets.iter().find(|set| !fits(set));
    let unset = layers.unset.unsets.iter().find(|key| !fits(key));
    let refused = match (set, unset, args.grid.first()) {
        (Some(set), ..) => Some(format!("--set {set}")),
        (None, Some(key), _) => Some(format!("--unset {key}")),
        (None, None, Some(grid)) => Some(format!("--grid {grid}")),
        (None, None, None) => {
            let profile = layers.profile.as_ref().map(|name| format!("--profile {name}"));
            profile.or(layers.seed.map(|seed| format!("--seed {seed}")))
        }
    };
    let Some(refused) = refused else { return Ok(()) };
    let shown = args.experiment.file.display();
    let rest = match changeable {
        [] => "; for a different sweep, name the experiment file and a new folder with --out".to_string(),
        keys => format!("; only {} can be changed", keys.join(", ")),
    };
    Err(Failure::usage(format!(
        "{refused}: the sweep in {shown} exists already and cannot be changed{rest}"
    )))
}

fn worker(sweep: &Path, trial: Option<u64>, takeover: bool) -> Result<(), Failure> {
    let options = Options {
        program: program()?,
        jobs: 1,
        gpus: Vec::new(),
        takeover,
        stay: false,
        trial,
        quiet: false,
        stop: Stop::listen(saves_trials()).map_err(Failure::system("listen for signals"))?,
    };
    let outcome = local::run(sweep, &options)?;
    if matches!(outcome, Outcome::Stopped) && options.stop.was_warned() {
        return Err(Failure::saved(&format!("saved{}", cluster::requeue(sweep))));
    }
    if let (Some(trial), Outcome::Left(_)) = (trial, &outcome) {
        return Err(Failure::fenced(format!("another process has trial {trial}")));
    }
    let is_of_others = matches!(&outcome, Outcome::Left(elsewhere) if elsewhere.is_empty());
    if !is_of_others {
        ended(sweep, outcome)?;
    }
    let result = trial.map(|trial| folder(sweep)?.trial(trial).map_err(SweepError::from));
    let error = result
        .transpose()?
        .flatten()
        .and_then(|view| view.result)
        .and_then(|result| result.error);
    error.map_or(Ok(()), |error| Err(Failure::failed(error)))
}

/// This program, which also runs the trials.
fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(Failure::system("find this program"))
}

/// What work at a sweep ended with, where that is not its end.
fn ended(sweep: &Path, outcome: Outcome) -> Result<(), Failure> {
    let shown = sweep.display();
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Stopped => Err(Failure::saved(&format!(
            "saved; resume with `gfn sweep resume {shown}`"
        ))),
        Outcome::Cancelled => Err(Failure::saved(&format!(
            "{shown} is cancelled; resume with `gfn sweep resume {shown}`"
        ))),
        Outcome::TooManyFailures(count) => Err(Failure::failed(format!(
            "{} of {shown} failed, more than `sweep.max_failures` allows; `gfn sweep status {shown}` shows why",
            counted(count, "trial")
        ))),
        Outcome::Left(elsewhere) => {
            let held = elsewhere
                .iter()
                .map(|(trial, holder)| format!("  trial {trial} by {holder}"));
            Err(Failure::fenced(format!(
                "the remaining trials of {shown} belong to processes on other machines, which may still run:\n{}\n\
                 make sure that those processes have ended, then take their trials over with --takeover",
                held.collect::<Vec<_>>().join("\n")
            )))
        }
    }
}

fn cancel(sweep: &Path) -> Result<(), Failure> {
    gfn_sweep::cancel(&folder(sweep)?).map_err(SweepError::from)?;
    let shown = sweep.display();
    print_error(&format!(
        "{shown} is cancelled: its workers save and stop; `gfn sweep resume {shown}` resumes it\n"
    ));
    cluster::cancel(sweep)
}

fn extend(sweep: &Path, settings: u64) -> Result<(), Failure> {
    let board = open(sweep, false)?;
    gfn_sweep::extend(&board, settings)?;
    let all = board.all_settings().map_err(SweepError::from)?;
    let shown = sweep
        .join(names::SWEEP)
        .parent()
        .unwrap_or(sweep)
        .display()
        .to_string();
    print(&format!(
        "{shown}: {}; `gfn sweep resume {shown}` runs the new ones\n",
        counted(all, "setting")
    ))
}
