//! Assembles an experiment, trains it, measures it, and leaves a run folder.
//!
//! [`run::run`] does all of it, from the start or from the last checkpoint; [`train`] is an update; [`measure`] says what
//! a policy is like; observers write metrics and show progress; [`state`] is what a checkpoint holds; [`finished`] opens a
//! run again to draw from it.

pub mod bars;
mod begin;
pub mod bench;
pub mod changes;
pub mod dock;
pub mod finished;
mod found;
mod likelihoods;
pub mod measure;
pub mod observers;
pub mod phases;
pub mod run;
mod session;
pub mod signals;
pub mod state;
pub mod train;
pub mod work;

pub use gfn_learn::device::{leave, prepare, rest_between_products};

use std::path::PathBuf;

use gfn_config::Problems;
use gfn_core::exact::ExactError;
use gfn_core::{RewardError, SampleError};
use gfn_learn::LearnError;
use gfn_record::folder::FolderError;
use thiserror::Error;

/// Why a run did not finish.
#[derive(Debug, Error)]
pub enum RunError {
    /// The experiment file is wrong.
    #[error("{0}")]
    Experiment(#[from] Box<Problems>),
    /// The run's folder could not be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A checkpoint is whole, but not of this run.
    #[error("{path} cannot be used: {message}")]
    Checkpoint {
        /// Which.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// There are checkpoints, and none can be used.
    #[error("{}\nNo usable checkpoint is left. To start again from update 0, use --begin-again; the damaged checkpoints are kept", reasons.join("\n"))]
    NoCheckpoint {
        /// Each, and why not.
        reasons: Vec<String>,
    },
    /// What would go on with a run is not what began it.
    #[error(
        "{folder} was started with different settings:\n  {}\nTo resume with the new ones, use --accept-changes (the manifest records it); or name another folder with --out",
        changes.join("\n  ")
    )]
    Changed {
        /// The run's folder.
        folder: PathBuf,
        /// Every difference.
        changes: Vec<String>,
    },
    /// A run has gone further than it is now asked to go.
    #[error(
        "{folder} has already taken {taken} updates, more than `training.steps`, {steps}; raise `training.steps`, or name another folder with --out"
    )]
    TooFar {
        /// The run's folder.
        folder: PathBuf,
        /// Updates taken.
        taken: u64,
        /// Updates asked for.
        steps: u64,
    },
    /// The learning side failed before or after training.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// Measuring failed.
    #[error("measuring failed: {0}")]
    Exact(#[from] ExactError),
    /// Training stopped.
    #[error("step {step}: {cause}")]
    Step {
        /// The update during which it stopped.
        step: u64,
        /// Why.
        cause: Cause,
    },
    /// A sampler failed outside training.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// A reward failed outside training.
    #[error(transparent)]
    Reward(#[from] RewardError),
    /// The environment, code of a third party, failed outside training.
    #[error("the environment failed: {0}")]
    Environment(String),
}

/// Why training stopped.
#[derive(Debug, Error)]
pub enum Cause {
    /// No trajectories came.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// An object could not be rewarded.
    #[error(transparent)]
    Reward(#[from] RewardError),
    /// The environment, code of a third party, failed.
    #[error("the environment failed: {0}")]
    Environment(String),
    /// The learning side failed.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// The loss is not a number.
    #[error(
        "the loss is {value}, caused by the trajectory to {object}, whose log-reward is {log_reward:.6e}"
    )]
    Loss {
        /// The loss.
        value: f64,
        /// The object at the end of the guilty trajectory.
        object: String,
        /// Its log-reward.
        log_reward: f64,
    },
    /// The gradient is not a number although the loss is.
    #[error("the gradient's norm is {norm}; lower `optimizer.learning_rate`, or set `optimizer.clip_norm`")]
    Gradient {
        /// The norm.
        norm: f64,
    },
}

impl RunError {
    /// Whether code of a third party is the reason: what was trained before is saved.
    pub fn is_of_a_plugin(&self) -> bool {
        match self {
            Self::Environment(_) => true,
            Self::Step { cause, .. } => matches!(
                cause,
                Cause::Environment(_) | Cause::Reward(RewardError::Plugin(_))
            ),
            Self::Reward(reward) => matches!(reward, RewardError::Plugin(_)),
            _ => false,
        }
    }

    /// Whether code of a third party may not be run.
    pub fn is_not_allowed(&self) -> bool {
        matches!(self, Self::Reward(RewardError::NotAllowed(_)))
    }

    /// Whether the failure changed nothing of what was trained.
    fn leaves_the_run_whole(&self) -> bool {
        use RunError::{Environment, Exact, Reward, Sample, Step};
        matches!(
            self,
            Step { .. } | Reward(_) | Sample(_) | Exact(_) | Environment(_)
        )
    }

    /// The same error, where it came of changes that were consented to: they may be of a kind that cannot be made on the way.
    fn after(self, changes: &[String]) -> Self {
        match self {
            Self::Checkpoint { path, message } if !changes.is_empty() => {
                let changes = changes.join(", ");
                let message =
                    format!("{message} ({changes}: not every change can be made to a run under way)");
                Self::Checkpoint { path, message }
            }
            other => other,
        }
    }
}

impl From<Problems> for RunError {
    fn from(problems: Problems) -> Self {
        Self::Experiment(Box::new(problems))
    }
}
