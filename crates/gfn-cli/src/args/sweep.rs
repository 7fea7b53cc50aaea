//! What can be typed after `gfn sweep`.

use std::path::PathBuf;

use clap::Subcommand;
use gfn_config::Problems;
use gfn_registry::Experiment;

use super::ExperimentArgs;
use super::numbers::whole;

#[derive(Debug, Subcommand)]
pub(crate) enum SweepCommand {
    /// Show what a sweep will do, before anything runs.
    ///
    /// Builds the experiment of every trial of a small grid, and otherwise one for
    /// every value and both ends of every range, and shows all mistakes at once.
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
    /// Run or resume a sweep on this machine.
    ///
    /// Writes the folder sweeps/NAME (or that of --out), in which each trial is an
    /// ordinary run. If the folder holds a part of the same sweep, runs the rest.
    /// Several of these commands may work on one folder at once, also from several
    /// machines that share it. To resume after a kill, repeat the command.
    ///
    /// Each trial gets a GPU if the machine has some and the experiment uses them.
    /// TERM, INT (Ctrl-C), USR1 and USR2 save all trials and end with code 75.
    ///
    /// Examples:
    ///   gfn sweep run experiments/sweeps/epsilon.toml
    ///   gfn sweep run mine.toml --grid 'optimizer.learning_rate=[1e-3, 1e-4]' --jobs 2
    ///   gfn sweep run sweeps/mine
    ///
    /// Given a folder, resumes the sweep in it unchanged: --set, --unset and --grid are for files.
    #[command(verbatim_doc_comment)]
    Run {
        #[command(flatten)]
        sweep: SweepArgs,
        /// The folder: a new one, or that of this sweep, to resume it [default: sweeps/NAME].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Submit a sweep, or the rest of one, to a cluster.
    ///
    /// Writes the folder sweeps/NAME (or that of --out) with a batch script, and
    /// submits it to Slurm as a job array with the settings in `[sweep.slurm]`, or to
    /// another batch system with the command in `[sweep.command]`. Each trial is one
    /// element; if settings depend on results, a few elements run one trial after
    /// another.
    ///
    /// Given a folder, submits an element for each unfinished trial that is not in the
    /// queue; --set can change the settings of the cluster for this submission.
    ///
    /// Examples:
    ///   gfn sweep submit mine.toml --set sweep.slurm.partition=gpu --set sweep.slurm.gpus=1
    ///   gfn sweep submit sweeps/mine --set sweep.slurm.time=24:00:00
    #[command(verbatim_doc_comment)]
    Submit {
        #[command(flatten)]
        sweep: SweepArgs,
        /// The folder: a new one, or that of this sweep, to resume it [default: sweeps/NAME].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Run the commands in the file (`prelude`, `container`, `submit`) without asking.
        #[arg(long)]
        allow_commands: bool,
    },
    /// Print a manifest for Kubernetes that runs a sweep.
    ///
    /// Writes the sweep's folder first, which must be on the volume that the manifest
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
    /// Resume a sweep, also a cancelled one, on the cluster that it was submitted to or on this machine.
    ///
    /// Failed trials stay failed unless you use --retry-failed.
    ///
    /// Examples:
    ///   gfn sweep resume sweeps/mine
    ///   gfn sweep resume sweeps/mine --retry-failed --max-failures 10
    #[command(verbatim_doc_comment)]
    Resume {
        /// The sweep's folder.
        sweep: PathBuf,
        /// Retry failed trials, with the full number of attempts. Their earlier results are kept.
        #[arg(long)]
        retry_failed: bool,
        /// Stop the sweep when more trials than this have failed.
        #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
        max_failures: Option<u64>,
        /// Retry a trial that fails so many times.
        #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
        retries: Option<u64>,
        /// Run on this machine, even if the sweep was submitted to a cluster. Implied by --jobs.
        #[arg(long)]
        here: bool,
        /// Run the commands in the file (`prelude`, `container`, `submit`) without asking.
        #[arg(long)]
        allow_commands: bool,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Run trials of a sweep in a cluster job, one after another until none is left.
    ///
    /// TERM, INT, USR1 and USR2 save the trial, release it, and end with code 75.
    /// In an element of a Slurm array, USR1 and USR2 (the warning before the time
    /// limit) also requeue the element.
    /// Exit codes: 0 nothing is left to do here, 1 failed (with --trial: the trial
    /// failed for good), 75 saved, 76 another process has the trial.
    #[command(verbatim_doc_comment)]
    Worker {
        /// The sweep's folder.
        sweep: PathBuf,
        /// Run this trial only.
        #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
        trial: Option<u64>,
        /// Take trials over from processes on other machines that did not report their end; those can then no longer write.
        #[arg(long)]
        takeover: bool,
    },
    /// Show the state of a sweep.
    Status {
        /// The sweep's folder.
        sweep: PathBuf,
        /// Repeat every decision of the search from the recorded results, and compare.
        #[arg(long)]
        audit: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Cancel a sweep on all machines: save its trials, and remove it from Slurm's queue.
    Cancel {
        /// The sweep's folder.
        sweep: PathBuf,
    },
    /// Add settings to try.
    Extend {
        /// The sweep's folder.
        sweep: PathBuf,
        /// How many more settings to try.
        #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000_u64))]
        trials: u64,
    },
    /// Show the best settings, and the command that runs them.
    Best {
        /// The sweep's folder.
        sweep: PathBuf,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 5, value_parser = whole(1..=usize::MAX))]
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
    /// Trials to run at a time [default: one on each GPU, or as many as fit on the cores].
    #[arg(short, long, value_name = "N", value_parser = whole(1..=1024_u16))]
    pub(crate) jobs: Option<u16>,
    /// Take trials over from processes on other machines that did not report their end; those can then no longer write.
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print the best settings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
