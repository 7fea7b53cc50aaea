//! Several workers on this machine, each a thread that keeps one trial's process busy. They share nothing but the folder, just
//! like workers on different machines.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use gfn_record::lock::Holder;
use gfn_record::sweep::SweepFolder;
use gfn_registry::settings::Hardware;
use gfn_runner::signals::Stop;

use crate::board::{Board, Claim, Next};
use crate::child::Share;
use crate::progress::Progress;
use crate::worker::{Ended, work};
use crate::{SweepError, gpus, open_until};

/// Between two looks at a folder in which there is nothing to do now.
const PAUSE: Duration = Duration::from_millis(200);

/// How to work at a sweep.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program that runs trials: this one.
    pub program: PathBuf,
    /// Trials at a time.
    pub jobs: usize,
    /// The GPUs to deal out; none where the experiment takes none, or says which.
    pub gpus: Vec<String>,
    /// Take over trials that a process on another machine did not say it left.
    pub takeover: bool,
    /// Stay while others are at work, since they may leave something.
    pub stay: bool,
    /// Work at this trial alone.
    pub trial: Option<u64>,
    /// Show no progress.
    pub quiet: bool,
    /// Asked all the time.
    pub stop: Stop,
}

/// How work at a sweep ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// There is nothing left to do.
    Done,
    /// Others are at work on what is left; those that cannot be asked from here are told.
    Left(Vec<(u64, Holder)>),
    /// A stop was asked for, and everything is saved.
    Stopped,
    /// The sweep was cancelled, and everything is saved.
    Cancelled,
    /// Too many trials failed.
    TooManyFailures(u64),
}

/// The GPUs that trials of an experiment are to be dealt.
pub fn gpus_for(hardware: &Hardware) -> Vec<String> {
    match gpus::are_wanted(&hardware.device) {
        true => gpus::found(),
        false => Vec::new(),
    }
}

/// As many trials at a time as this machine has room for: one on each GPU, or on as many cores as its experiment takes.
pub fn usual_jobs(hardware: &Hardware, gpus: &[String]) -> usize {
    match gpus.len() {
        0 => (cores() / hardware.threads.max(1)).max(1),
        count => count,
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Works at the sweep in a folder until nothing is left to do, or a stop is asked for.
///
/// # Errors
/// The first that one of the workers met; the others then save and stop.
pub fn run(path: &Path, options: &Options) -> Result<Outcome, SweepError> {
    // What is wrong with the folder is found before anything starts.
    let mut board = open_until(path, options.takeover, options.stop.cancel())?;
    let progress = Progress::new(&mut board, options.quiet)?;
    let busy = AtomicUsize::new(0);
    let failed: Mutex<Option<SweepError>> = Mutex::new(None);
    let outcomes: Mutex<Vec<Outcome>> = Mutex::new(Vec::new());
    let slot = |index: usize| {
        let slot = Slot {
            index,
            path,
            options,
            progress: &progress,
            busy: &busy,
        };
        match slot.work() {
            // A plugin was not waited for any longer.
            Err(SweepError::Experiment(_)) if options.stop.is_asked() => {
                outcomes.lock().expect("no thread panics").push(Outcome::Stopped);
            }
            Ok(outcome) => outcomes.lock().expect("no thread panics").push(outcome),
            Err(error) => {
                failed.lock().expect("no thread panics").get_or_insert(error);
                options.stop.ask();
            }
        }
    };
    thread::scope(|scope| {
        for index in 0..options.jobs.max(1) {
            let slot = &slot;
            scope.spawn(move || slot(index));
        }
    });
    progress.finish();
    if let Some(error) = failed.into_inner().expect("no thread panics") {
        return Err(error);
    }
    let outcomes = outcomes.into_inner().expect("no thread panics");
    Ok(outcomes
        .into_iter()
        .reduce(Outcome::graver)
        .unwrap_or(Outcome::Done))
}

impl Outcome {
    /// Of the outcomes of two workers that of both.
    fn graver(self, other: Self) -> Self {
        let weight = |outcome: &Self| match outcome {
            Self::Done => 0,
            Self::Left(_) => 1,
            Self::Stopped => 2,
            Self::Cancelled => 3,
            Self::TooManyFailures(_) => 4,
        };
        if weight(&other) > weight(&self) {
            other
        } else {
            self
        }
    }
}

/// One worker.
struct Slot<'a> {
    index: usize,
    path: &'a Path,
    options: &'a Options,
    progress: &'a Progress,
    /// Workers of this process that have a trial.
    busy: &'a AtomicUsize,
}

impl Slot<'_> {
    fn work(&self) -> Result<Outcome, SweepError> {
        let mut board = open_until(self.path, self.options.takeover, self.options.stop.cancel())?;
        loop {
            if self.options.stop.is_asked() {
                return Ok(Outcome::Stopped);
            }
            let next = match self.options.trial {
                Some(trial) => board.take(trial)?,
                None => board.claim_next()?,
            };
            match next {
                Next::Work(claim) => self.one(&board, *claim)?,
                Next::Done => return Ok(Outcome::Done),
                Next::Cancelled => return Ok(Outcome::Cancelled),
                Next::TooManyFailures(count) => return Ok(Outcome::TooManyFailures(count)),
                Next::Wait { elsewhere, here } => {
                    let is_alone = self.busy.load(Ordering::SeqCst) == 0;
                    let may_come = self.options.stay && here > 0;
                    if is_alone && !may_come {
                        return Ok(Outcome::Left(elsewhere));
                    }
                    thread::sleep(PAUSE);
                }
            }
        }
    }

    fn one(&self, board: &Board, claim: Claim) -> Result<(), SweepError> {
        self.busy.fetch_add(1, Ordering::SeqCst);
        self.progress.begins(self.index, &claim);
        let folder = SweepFolder::at(self.path);
        let is_cancelled = || folder.is_cancelled();
        let ended = work(
            &board.plan,
            &claim,
            &self.share(&board.plan.base.hardware),
            &self.options.stop,
            &is_cancelled,
        );
        let trial = claim.trial.clone();
        // Given back before it is told, so that whoever hears of it finds it free.
        drop(claim);
        self.busy.fetch_sub(1, Ordering::SeqCst);
        let ended = ended?;
        self.progress.ends(self.index, &trial, &ended);
        if ended == Ended::Fenced {
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn share(&self, hardware: &Hardware) -> Share {
        let Options {
            jobs, gpus, program, ..
        } = self.options;
        let part = (cores() / (*jobs).max(1)).max(1);
        let is_shared = *jobs > 1;
        Share {
            program: program.clone(),
            gpus: (!gpus.is_empty()).then(|| gpus[self.index % gpus.len()].clone()),
            threads: (is_shared && hardware.threads > part).then_some(part),
            reward_threads: (is_shared && hardware.reward_threads == 0).then_some(part),
        }
    }
}
