//! What a sampler is: a policy and an environment in, complete trajectories out.
//!
//! A sampler may remember what it has drawn. All that it remembers can be saved as bytes and restored, so that a run which
//! is interrupted goes on exactly as it would have; what is random about it comes from streams, never from its memory.

use std::ops::Range;

use thiserror::Error;

use crate::{Environment, Policy, PolicyError, Purpose, Remark, Schedule, TrainingPlan, TrajectoryBatch};

/// Why no trajectories came.
#[derive(Debug, Error)]
pub enum SampleError {
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A trajectory did not end.
    #[error(
        "a trajectory is longer than the {most} steps that the environment declares; its last state is {state:?}"
    )]
    Endless {
        /// What the environment promises.
        most: usize,
        /// The state it had reached.
        state: Vec<i32>,
    },
}

/// Which trajectories to draw.
#[derive(Clone, Copy, Debug)]
pub struct SampleRequest {
    /// The run's seed.
    pub seed: u64,
    /// What the trajectories are for.
    pub purpose: Purpose,
    /// The index of the first of them in the run: trajectory i draws from stream `first_index + i`.
    pub first_index: u64,
    /// How many.
    pub count: usize,
    /// The training step, for schedules of exploration.
    pub step: u64,
}

impl SampleRequest {
    /// The indices in the run of the trajectories asked for.
    pub fn indices(&self) -> Range<u64> {
        self.first_index..self.first_index + self.count as u64
    }
}

/// By whose probabilities a sampler draws, which decides the losses that may train on its trajectories.
#[derive(Clone, Debug, PartialEq)]
pub enum BehaviorPolicy {
    /// Those of the policy that is trained.
    Trained,
    /// Those of the trained policy, changed by settings; each with the value at which it changes nothing.
    Altered(Vec<(&'static str, f64)>),
    /// Others.
    Other,
}

/// Draws complete trajectories. An update is one [`Sampler::sample`], then one [`Sampler::observe`] of the same batch.
pub trait Sampler: Send + Sync {
    /// By whose probabilities it draws.
    fn behavior_policy(&self) -> BehaviorPolicy;

    /// Settings with which it cannot serve such a training.
    fn refusals(&self, plan: &TrainingPlan) -> Vec<Remark> {
        let _ = plan;
        Vec::new()
    }

    /// Settings that do nothing in such a training.
    fn remarks(&self, plan: &TrainingPlan) -> Vec<Remark> {
        let _ = plan;
        Vec::new()
    }

    /// Settings that may follow a schedule, each under the name of its metric, as in `train.temperature`.
    fn schedules(&self) -> Vec<(&'static str, &Schedule)> {
        Vec::new()
    }

    /// Fills `batch` with the trajectories asked for.
    ///
    /// # Errors
    /// [`SampleError`] where the policy fails or a trajectory does not end.
    fn sample(
        &mut self,
        request: &SampleRequest,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError>;

    /// Sees the batch last drawn, now that it is scored: `batch.log_reward` is filled in. Trajectory i of it is number
    /// `positions[i]` of those drawn: objects without a reward are left out.
    fn observe(&mut self, batch: &TrajectoryBatch, positions: &[usize]) {
        let _ = (batch, positions);
    }

    /// The objects, flat, at which the sampler stands after the batch last observed, one for each trajectory drawn, where that
    /// is not at the batch's own: a Markov chain stays where it is when it rejects an object.
    fn standing(&self) -> Option<Vec<i32>> {
        None
    }

    /// All that the sampler remembers between updates, as bytes that [`Sampler::restore`] takes; empty where that is nothing.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Remembers what was saved by a sampler with the same parameters, in place of what it remembers now.
    ///
    /// # Errors
    /// A sentence, where these are not such bytes or the environment is another; the sampler is then as it was.
    fn restore(&mut self, environment: &dyn Environment, saved: &[u8]) -> Result<(), String> {
        let _ = environment;
        if saved.is_empty() {
            return Ok(());
        }
        Err(format!(
            "this sampler remembers nothing, but {} bytes were saved for it: they come from another sampler",
            saved.len()
        ))
    }
}
