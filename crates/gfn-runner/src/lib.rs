//! Assembles an experiment, trains it, measures it, and leaves a run folder.
//!
//! [`run::run`] does all of it, from the start or from the last checkpoint; [`train`] is an update; [`measure`] says what
//! a policy is like; observers write metrics and show progress; [`state`] is what a checkpoint holds; [`finished`] opens a
//! run again to draw from it.

mod accepted;
pub mod bars;
mod begin;
pub mod bench;
pub mod changes;
pub mod dock;
mod doubts;
pub mod finished;
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
use gfn_core::{PolicyError, RewardError, SampleError};
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
        "{folder} was started with different settings:\n  {}\nTo resume with the new ones, use --accept-changes (the manifest records it); or start another run with `gfn run FILE --out DIR`",
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
        "{folder} has already taken {taken} updates, more than `training.steps`, {steps}; raise `training.steps`, or start another run with `gfn run FILE --out DIR`"
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
    /// A stop was asked for before the update was complete.
    #[error("the update was given up because a stop was asked for")]
    Stopped,
    /// The loss is not a number.
    #[error(
        "the loss is {value}, caused by the trajectory to {object}, whose log-reward is {log_reward:.6e}{}",
        advice(*log_reward)
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
    #[error("the gradient's norm is {norm}{}", advice_on_gradient(*loss, object, *log_reward))]
    Gradient {
        /// The norm.
        norm: f64,
        /// The loss.
        loss: f64,
        /// The object with the largest reward.
        object: String,
        /// Its log-reward.
        log_reward: f64,
    },
}

/// What to lower where a reward is too large.
const SMALLER: &str = "Lower `reward.exponent`, raise `reward.temperature`, or set `reward.clip`; losses of log-rewards, such as \
                       `trajectory-balance`, bear larger ones";

/// A loss of this size has a gradient that single precision cannot hold.
const HUGE: f64 = 1e30;

/// What to do about a gradient that is not a number.
fn advice_on_gradient(loss: f64, object: &str, log_reward: f64) -> String {
    match loss.abs() > HUGE {
        true => format!(
            "; the loss is {loss:.1e}, whose gradient overflows in single precision: the largest reward is that of {object}, \
             e^{log_reward:.0}. {SMALLER}"
        ),
        false => "; lower `optimizer.learning_rate`, or set `optimizer.clip_norm`".into(),
    }
}

/// What to do about a loss that is not a number, where the reward is too large or too small for one.
fn advice(log_reward: f64) -> String {
    // A reward whose square is a number: errors of values are squared.
    let most = f64::MAX.ln();
    if log_reward > most / 2.0 {
        return format!(
            "; this reward, e^{log_reward:.0}, overflows: it or its square is larger than any number (e^{most:.0}). {SMALLER}"
        );
    }
    match log_reward < -most {
        true => "; this reward is too small for a number: set `reward.floor`".into(),
        false => "; lower `optimizer.learning_rate`, or set `optimizer.clip_norm`".into(),
    }
}

impl Cause {
    /// Whether a stop that was asked for can be the reason. An environment cannot say so of itself; one that fails for another
    /// reason fails again when the run goes on.
    fn may_be_a_stop(&self) -> bool {
        matches!(
            self,
            Self::Stopped
                | Self::Environment(_)
                | Self::Reward(RewardError::Stopped)
                | Self::Sample(SampleError::Policy(PolicyError::Stopped))
        )
    }
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

    /// Whether a stop that was asked for can be the reason: before the first update a plugin is started and asked.
    pub fn may_be_a_stop(&self) -> bool {
        match self {
            Self::Reward(RewardError::Stopped) | Self::Environment(_) | Self::Experiment(_) => true,
            Self::Sample(error) => matches!(error, SampleError::Policy(PolicyError::Stopped)),
            Self::Step { cause, .. } => cause.may_be_a_stop(),
            Self::Exact(error) => matches!(
                error,
                ExactError::Policy(PolicyError::Stopped) | ExactError::Reward(RewardError::Stopped)
            ),
            _ => false,
        }
    }

    /// Whether code of a third party may not be run.
    pub fn is_not_allowed(&self) -> bool {
        matches!(self, Self::Reward(RewardError::NotAllowed(_)))
    }

    /// Whether the experiment asks for something that cannot be used, which only showed once objects were rewarded.
    pub fn is_of_the_set_up(&self) -> bool {
        let (Self::Reward(cause)
        | Self::Step {
            cause: Cause::Reward(cause),
            ..
        }) = self
        else {
            return false;
        };
        matches!(cause, RewardError::SetUp(_))
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
