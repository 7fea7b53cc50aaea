//! What can be typed after `gfn sweep`.

use std::path::PathBuf;

use clap::Subcommand;
use gfn_config::Problems;
use gfn_registry::Experiment;

use super::ExperimentArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum SweepCommand {
    /// Show what a sweep will do, before anything runs.
    ///
    /// Makes the experiment of every trial of a small grid, and for other sweeps of
    /// every value and both ends of every range: all mistakes are shown at once.
    ///
    /// Examples:
    ///   gfn sweep plan experiments/sweeps/epsilon.toml
    ///   gfn sweep plan mine.toml --grid 'optimizer.learning_rate=[1e-3, 1e-4]' --set sweep.repeats=3
    #[command(verbatim_doc_comment)]
    Plan {
        #[command(flatten)]
        sweep: SweepArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a sweep on this machine, or go on with one.
    ///
    /// Makes the folder sweeps/NAME (or that of --out), in which each trial is an
    /// ordinary run. Where the folder holds a part of the same sweep already, what is
    /// left is done. Several of these may work at one folder at once, on one machine
    /// or on several that share it. Whatever is killed loses nothing: the same
    /// command goes on.
    ///
    /// A GPU is dealt to each trial where there are some and the experiment wants
    /// them. TERM, INT (Ctrl-C), USR1 and USR2 save all trials and end with code 75.
    ///
    /// Examples:
    ///   gfn sweep run experiments/sweeps/epsilon.toml
    ///   gfn sweep run mine.toml --grid 'optimizer.learning_rate=[1e-3, 1e-4]' --jobs 2
    ///   gfn sweep run sweeps/mine
    ///
    /// Given a folder, goes on with the sweep in it as it is: --set and --grid are for files.
    #[command(verbatim_doc_comment)]
    Run {
        #[command(flatten)]
        sweep: SweepArgs,
        /// The folder: a new one, or that of this sweep, to go on with it [default: sweeps/NAME].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Submit a sweep to a cluster, or what is left of one.
    ///
    /// Makes the folder sweeps/NAME (or that of --out), writes a batch script into it,
    /// and hands it to Slurm as a job array, as `[sweep.slurm]` says, or to another
    /// engine by the command in `[sweep.command]`. Each trial has an element to itself;
    /// where settings depend on results, a few elements take one trial after another.
    ///
    /// Given a folder, submits an element for each trial that has not ended and is not
    /// in the queue; --set can change what it says about the cluster, this once.
    ///
    /// Examples:
    ///   gfn sweep submit mine.toml --set sweep.slurm.partition=gpu --set sweep.slurm.gpus=1
    ///   gfn sweep submit sweeps/mine --set sweep.slurm.time=24:00:00
    #[command(verbatim_doc_comment)]
    Submit {
        #[command(flatten)]
        sweep: SweepArgs,
        /// The folder: a new one, or that of this sweep, to go on with it [default: sweeps/NAME].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Run the commands that the file adds (`prelude`, `container`, `submit`) without asking.
        #[arg(long)]
        allow_commands: bool,
    },
    /// Print a manifest with which a sweep runs elsewhere.
    ///
    /// The sweep's folder is made first, and must lie on the volume that the manifest
    /// names: see `[sweep.kubernetes]`.
    ///
    /// Examples:
    ///   gfn sweep export sweeps/mine --kubernetes --set sweep.kubernetes.image=gfn:0.1 --set sweep.kubernetes.claim=results
    #[command(verbatim_doc_comment)]
    Export {
        #[command(flatten)]
        sweep: SweepArgs,
        /// The folder: a new one, or that of this sweep [default: sweeps/NAME].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// An indexed Job for Kubernetes.
        #[arg(long, required = true)]
        kubernetes: bool,
    },
    /// Go on with a sweep, a cancelled one too: on the cluster that it was submitted to, or on this machine.
    ///
    /// Trials that failed for good stay failed unless they are given another chance
    /// with --retry-failed.
    ///
    /// Examples:
    ///   gfn sweep resume sweeps/mine
    ///   gfn sweep resume sweeps/mine --retry-failed --max-failures 10
    #[command(verbatim_doc_comment)]
    Resume {
        /// The sweep's folder.
        sweep: PathBuf,
        /// Try again what failed for good, with as many attempts as at first. What failed before is kept beside it.
        #[arg(long)]
        retry_failed: bool,
        /// From now on stop the sweep when more trials than this have failed.
        #[arg(long, value_name = "N")]
        max_failures: Option<u64>,
        /// From now on make so many further attempts at a trial that fails.
        #[arg(long, value_name = "N")]
        retries: Option<u64>,
        /// Go on on this machine, even if the sweep was submitted to a cluster. --jobs does so too.
        #[arg(long)]
        here: bool,
        /// Run the commands that the file adds (`prelude`, `container`, `submit`) without asking.
        #[arg(long)]
        allow_commands: bool,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Work at a sweep in a cluster's job: claim a trial, train it, and so on until none is free.
    ///
    /// TERM, INT, USR1 and USR2 save the trial, give it back, and end with code 75.
    /// In an element of a Slurm array USR1 and USR2, which warn that time is nearly up,
    /// also put it back into the queue.
    /// Exit codes: 0 nothing is left to do here, 1 failed (with --trial: the trial
    /// failed for good), 75 saved, 76 another process has the trial.
    #[command(verbatim_doc_comment)]
    Worker {
        /// The sweep's folder.
        sweep: PathBuf,
        /// This trial alone.
        #[arg(long, value_name = "N")]
        trial: Option<u64>,
        /// Take over trials from processes on other machines that did not say that they stopped: they can then write no more.
        #[arg(long)]
        takeover: bool,
    },
    /// Show how a sweep stands.
    Status {
        /// The sweep's folder.
        sweep: PathBuf,
        /// Make every decision of the search again from the results that it saw, and compare.
        #[arg(long)]
        audit: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Stop all work at a sweep, wherever it is done: every trial is saved, and Slurm's queue is cleared of it.
    Cancel {
        /// The sweep's folder.
        sweep: PathBuf,
    },
    /// Ask for further settings.
    Extend {
        /// The sweep's folder.
        sweep: PathBuf,
        /// How many more settings to try.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        trials: u64,
    },
    /// Show the best settings, and how to run them.
    Best {
        /// The sweep's folder.
        sweep: PathBuf,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 5)]
        count: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

// An experiment with a sweep. (No doc comment: the help of commands would show it as their own.)
#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    pub(crate) experiment: ExperimentArgs,
    /// Try a setting at several values, such as optimizer.learning_rate=[1e-3,1e-4]: short for --set sweep.parameters.KEY=…
    #[arg(long = "grid", value_name = "KEY=VALUES")]
    pub(crate) grid: Vec<String>,
}

impl SweepArgs {
    /// The experiment with all layers.
    pub(crate) fn load(&self) -> Result<Experiment, Problems> {
        let grid = self.grid.iter().map(|set| format!("sweep.parameters.{set}"));
        self.experiment.load_with(grid.collect())
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct WorkArgs {
    /// Trials at a time [default: one on each GPU, or as many as the cores have room for].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Take over trials from processes on other machines that did not say that they stopped: they can then write no more.
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print the best settings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
