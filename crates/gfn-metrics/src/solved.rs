//! The exact target of an environment that is small enough to be swept.

use gfn_core::exact::{ExactError, StateGraph, normalize};
use gfn_core::{Environment, Policy};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::reaches;

/// States that the network sees at a time.
const CHUNK: usize = 4096;

/// All states of an environment, and the target distribution over its objects.
pub struct Solved {
    graph: StateGraph,
    /// `[objects]`: the probability of each object under the target.
    target: Vec<f64>,
    /// `[objects]`: log-rewards before shaping.
    raw: Vec<f64>,
    log_z: f64,
    object_of: HashMap<u32, u32, FxBuildHasher>,
}

/// A policy's exact distribution beside the target.
#[derive(Clone, Copy)]
pub struct Solution<'a> {
    /// The target.
    pub solved: &'a Solved,
    /// `[objects]`: the probability with which the policy makes each object.
    pub probabilities: &'a [f64],
}

impl Solved {
    /// Sweeps an environment of at most so many states. `score` gives each finished state (flat) its log-reward before and after
    /// shaping; −∞ for an object without one.
    ///
    /// # Errors
    /// Where there are more states, or `score` fails.
    pub fn new<E: From<ExactError>>(
        environment: &dyn Environment,
        most: u64,
        score: impl FnOnce(&[i32], &mut [f64], &mut [f64]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let graph = StateGraph::build(environment, usize::try_from(most).unwrap_or(usize::MAX))?;
        let finished = graph.finished().iter();
        let states: Vec<i32> = finished
            .flat_map(|&state| graph.state(state as usize).iter().copied())
            .collect();
        let count = graph.finished().len();
        let (mut raw, mut log_reward) = (vec![0.0; count], vec![0.0; count]);
        score(&states, &mut raw, &mut log_reward)?;
        let (target, log_z) = normalize(&log_reward);
        let object_of = graph.finished().iter().copied().zip(0..).collect();
        Ok(Self {
            graph,
            target,
            raw,
            log_z,
            object_of,
        })
    }

    /// The true log Z, nats.
    pub fn log_z(&self) -> f64 {
        self.log_z
    }

    /// `[objects]`: the probability of each object under the target.
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// The reward of an object before shaping.
    pub fn reward(&self, object: usize) -> f64 {
        self.raw[object].exp()
    }

    /// How many objects have a reward, before shaping, that reaches the threshold.
    pub fn count_from(&self, threshold: f64) -> u64 {
        let rewards = (0..self.raw.len()).map(|object| self.reward(object));
        rewards.filter(|reward| reaches(*reward, threshold)).count() as u64
    }

    /// The finished state of an object.
    pub fn state(&self, object: usize) -> &[i32] {
        self.graph.state(self.graph.finished()[object] as usize)
    }

    /// The number of an object by its finished state.
    pub fn object(&self, state: &[i32]) -> Option<u32> {
        self.object_of.get(&(self.graph.find(state)? as u32)).copied()
    }

    /// `[objects]`: the probability with which a policy makes each object.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn distribution(
        &self,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
    ) -> Result<Vec<f64>, ExactError> {
        self.graph.policy_distribution(environment, policy, CHUNK)
    }
}
