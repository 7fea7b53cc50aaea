//! What a sampler is: a policy and an environment in, complete trajectories out.

use thiserror::Error;

use crate::{Environment, Policy, PolicyError, Purpose, TrajectoryBatch};

/// Why no trajectories came.
#[derive(Debug, Error)]
pub enum SampleError {
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A trajectory did not end.
    #[error("a trajectory went on for more than the environment's {most} steps; its last state: {state:?}")]
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

/// Draws complete trajectories.
pub trait Sampler: Send + Sync {
    /// Fills `batch` with the trajectories asked for.
    ///
    /// # Errors
    /// [`SampleError`] where the policy fails or a trajectory does not end.
    fn sample(
        &self,
        request: &SampleRequest,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError>;
}
