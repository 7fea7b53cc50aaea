//! Trajectories from the current policy mixed with remembered ones.
//!
//! Which trajectories of a run are replayed, and what is replayed in their place, depends on their index in the run, the
//! seed, and what was remembered when they were drawn: never on how a batch is split. The reward of a remembered object
//! decides only how likely it is to come again; what trains is the reward that the batch is scored with each time.

pub(crate) mod backward;
mod buffer;
mod saved;

#[cfg(test)]
mod tests;

use gfn_core::{
    BehaviorPolicy, Environment, Policy, Purpose, Remark, SampleError, SampleRequest, Sampler, Schedule,
    Stream, TrainingPlan, TrajectoryBatch,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::on_policy::{self, OnPolicy};
use buffer::Buffer;

/// Replays remembered trajectories in a share of each batch; the rest is fresh, as `on-policy` draws it, and is
/// remembered in turn.
///
/// Losses of flows may train on replayed trajectories, because they hold for all trajectories. `ppo` needs trajectories of the
/// current policy and refuses this sampler. How much replay helps differs: flow matching has been found to learn worse with it.
///
/// Replaying takes no new rewards while `reward.cache` holds them. Batches mix both kinds, so mean rewards of training are
/// those of the mixture; measurements draw from the policy alone.
///
/// References: Shen et al. 2023, "Towards understanding and improving GFlowNet training", arXiv 2305.07170 (prioritised
/// replay, and fresh paths to remembered objects); Vemgal et al. 2023, "An empirical study of the effectiveness of using a
/// replay buffer on mode discovery in GFlowNets", arXiv 2307.07674.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The most trajectories remembered.
    #[schemars(range(min = 1), extend("x-unit" = "trajectories"))]
    pub capacity: usize,
    /// The share of trajectories that are replayed, from 0 to below 1, spread evenly over the run: at 0.25 a batch of 10 has 2
    /// or 3 of them.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub fraction: f64,
    /// Fresh trajectories drawn before the first is replayed. With 0 replay begins with the second batch.
    #[schemars(extend("x-unit" = "trajectories"))]
    pub warmup: u64,
    /// How remembered trajectories are chosen, with replacement: all alike, in proportion to the shaped reward R, or half
    /// from the tenth with the highest rewards and half from the rest (Shen et al. 2023). Where `distinct` is false, what the
    /// policy makes often is remembered often, whichever of these is chosen.
    pub selection: Selection,
    /// Whether an object is remembered once, with the trajectory that made it first, or as often as it is made.
    pub distinct: bool,
    /// Which trajectories are forgotten when there are too many: those remembered first, or those with the lowest rewards
    /// (the oldest of equals first).
    pub eviction: Eviction,
    /// The way along which a remembered object is replayed: the trajectory that made it, or a new one each time, drawn
    /// backward from the object with uniform backward actions.
    pub trajectory: Path,
    /// ε of the fresh trajectories, the probability of a uniformly random legal action: a number in [0, 1] or a schedule.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub random_action_probability: Schedule,
    /// T of the fresh trajectories, which flattens the policy where above 1: a positive number or a schedule.
    #[schemars(extend("minimum" = 1e-6))]
    pub temperature: Schedule,
}

/// How remembered trajectories are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// All alike.
    Uniform,
    /// In proportion to the shaped reward R.
    Reward,
    /// Half from the tenth with the highest rewards, half from the rest (Shen et al. 2023).
    TopTenth,
}

/// Which trajectories are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Eviction {
    /// Those remembered first.
    Oldest,
    /// Those with the lowest rewards, the oldest of equals first.
    LowestReward,
}

/// The trajectory along which a remembered object is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// The one that made it.
    Stored,
    /// A new one each time, drawn backward from the object with uniform legal backward actions.
    Backward,
}

impl Default for Params {
    fn default() -> Self {
        let fresh = on_policy::Params::default();
        Self {
            capacity: 1000,
            fraction: 0.5,
            warmup: 0,
            selection: Selection::Uniform,
            distinct: true,
            eviction: Eviction::Oldest,
            trajectory: Path::Stored,
            random_action_probability: fresh.random_action_probability,
            temperature: fresh.temperature,
        }
    }
}

impl Params {
    /// Checks ranges that a schema cannot state.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..1.0).contains(&self.fraction) {
            return Err(format!(
                "`sampler.fraction` is {}; expected from 0 to below 1, so that fresh trajectories are drawn too",
                self.fraction
            ));
        }
        self.fresh().check()
    }

    fn fresh(&self) -> on_policy::Params {
        on_policy::Params {
            random_action_probability: self.random_action_probability,
            temperature: self.temperature,
        }
    }

    /// Whether trajectory `index` of the run is one of those replayed: `fraction` of any stretch, spread evenly.
    fn replays(&self, index: u64) -> bool {
        let before = |count: u64| (count as f64 * self.fraction).floor();
        before(index + 1) > before(index)
    }
}

/// Draws from the policy it is given and from what it has drawn before; see [`Params`].
#[derive(Clone, Debug)]
pub struct Replay {
    params: Params,
    on_policy: OnPolicy,
    buffer: Buffer,
    /// Fresh trajectories seen so far.
    seen: u64,
    /// Of the batch last drawn: which trajectories are replayed.
    replayed: Vec<bool>,
}

impl Replay {
    /// A sampler with these parameters that remembers nothing.
    pub fn new(params: Params) -> Self {
        Self {
            on_policy: OnPolicy::new(params.fresh()),
            buffer: Buffer::new(&params),
            seen: 0,
            replayed: Vec::new(),
            params,
        }
    }

    /// How many trajectories are remembered.
    pub fn remembered(&self) -> usize {
        self.buffer.len()
    }

    /// Appends what takes the place of trajectory `index` of the run.
    fn replay(
        &self,
        seed: u64,
        index: u64,
        environment: &dyn Environment,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError> {
        let mut stream = Stream::new(seed, Purpose::Replay, index);
        let remembered = self.buffer.choose(&mut stream);
        match self.params.trajectory {
            Path::Stored => batch.push_from(remembered, 0),
            Path::Backward => backward::walk(environment, remembered.finished(0), &mut stream, batch)?,
        }
        Ok(())
    }
}

impl Sampler for Replay {
    fn schedules(&self) -> Vec<(&'static str, &Schedule)> {
        self.on_policy.schedules()
    }

    fn behavior_policy(&self) -> BehaviorPolicy {
        BehaviorPolicy::Other
    }

    fn remarks(&self, plan: &TrainingPlan) -> Vec<Remark> {
        if self.params.fraction == 0.0 {
            let remark = Remark::new("fraction", "`sampler.fraction` is 0: nothing is replayed");
            return vec![remark.help("choose the sampler `on-policy`, which does the same")];
        }
        let TrainingPlan { steps, batch_size } = *plan;
        let (warmup, drawn) = (
            self.params.warmup,
            steps.saturating_sub(1).saturating_mul(batch_size as u64),
        );
        if warmup <= drawn {
            return Vec::new();
        }
        let message = format!(
            "`sampler.warmup` is {warmup}, but only {drawn} trajectories are drawn before the last update ({steps} updates of \
             {batch_size}): nothing is replayed"
        );
        vec![Remark::new("warmup", message).help("lower it, or train longer")]
    }

    fn sample(
        &mut self,
        request: &SampleRequest,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError> {
        let begun = self.seen >= self.params.warmup && self.buffer.len() > 0;
        let replays = |index: &u64| begun && self.params.replays(*index);
        self.replayed = request.indices().map(|index| replays(&index)).collect();
        let fresh_indices = request.indices().filter(|index| !replays(index));
        let mut fresh = TrajectoryBatch::new(batch.state_len());
        self.on_policy
            .draw(request, fresh_indices, environment, policy, &mut fresh)?;
        batch.clear();
        let mut next = 0;
        for (index, &replayed) in request.indices().zip(&self.replayed) {
            if replayed {
                self.replay(request.seed, index, environment, batch)?;
            } else {
                batch.push_from(&fresh, next);
                next += 1;
            }
        }
        Ok(())
    }

    fn observe(&mut self, batch: &TrajectoryBatch, positions: &[usize]) {
        assert_eq!(batch.len(), positions.len(), "a position for each trajectory");
        let fresh = (0..batch.len()).filter(|&index| !self.replayed[positions[index]]);
        let fresh: Vec<TrajectoryBatch> = fresh.map(|index| batch.only(index)).collect();
        self.seen += fresh.len() as u64;
        self.buffer.extend(fresh);
    }

    fn save(&self) -> Vec<u8> {
        saved::to_bytes(self.seen, &self.buffer)
    }

    fn restore(&mut self, environment: &dyn Environment, saved: &[u8]) -> Result<(), String> {
        let (seen, trajectories) = saved::from_bytes(environment, saved)?;
        self.seen = seen;
        self.buffer = Buffer::new(&self.params);
        self.buffer.extend(trajectories);
        Ok(())
    }
}
