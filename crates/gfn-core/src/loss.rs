//! What a loss is: log-probabilities or log-flows as plain arrays in, a value and its gradient out.
//!
//! A loss knows nothing of networks: the gradient with respect to what it was given is handed back to whoever made
//! those numbers. It can therefore be checked in exact arithmetic, and shipped by third parties.

use crate::{EnvironmentSpec, TrajectoryBatch};

/// What a loss asks of the rest of the experiment, checked before the first step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// A backward policy.
    pub backward_policy: bool,
    /// A learned number of each state: the log of its flow, or whatever else the loss makes of it.
    pub state_flow: bool,
    /// The entropy of the forward policy at each state.
    pub entropy: bool,
    /// Trajectories drawn from the policy itself, without exploration or memory.
    pub on_policy: bool,
    /// A learned log Z.
    pub log_z: bool,
    /// The fewest trajectories of a batch that say anything; 0 counts as 1.
    pub least_batch: usize,
}

/// A batch of B trajectories with M steps in all.
#[derive(Clone, Copy, Debug)]
pub struct TrajectoryTerms<'a> {
    /// `[B + 1]`: where each trajectory's steps begin.
    pub offsets: &'a [usize],
    /// `[M]`: log P_F of each step.
    pub log_pf: &'a [f64],
    /// `[M]`: log P_B of each step.
    pub log_pb: &'a [f64],
    /// `[M]`: log F of the state that each step leaves; empty where no state flow is needed.
    pub log_flow: &'a [f64],
    /// `[B]`: log R of each finished object.
    pub log_reward: &'a [f64],
    /// `[M]`: the entropy of P_F at the state that each step leaves; empty where none is needed.
    pub entropy: &'a [f64],
    /// The learned log Z; 0 where none is needed.
    pub log_z: f64,
    /// What the terms were when the batch was drawn, for a loss that takes several steps on one batch.
    pub before: Option<&'a Before>,
}

/// What the terms of a batch's steps were before the first step on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// `[M]`
    pub log_pf: Vec<f64>,
    /// `[M]`, or empty as in the terms.
    pub log_flow: Vec<f64>,
}

impl Before {
    /// That of a selection of the trajectories of `batch`.
    pub fn select(&self, batch: &TrajectoryBatch, indices: &[usize]) -> Self {
        let select = |values: &[f64]| match values.is_empty() {
            true => Vec::new(),
            false => indices
                .iter()
                .flat_map(|&index| values[batch.steps_of(index)].iter().copied())
                .collect(),
        };
        Self {
            log_pf: select(&self.log_pf),
            log_flow: select(&self.log_flow),
        }
    }
}

/// How often a loss goes through one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats {
    /// Times through the batch.
    pub epochs: usize,
    /// Trajectories a step; 0: all of the batch.
    pub part: usize,
}

/// The gradient of a loss with respect to [`TrajectoryTerms`], zero where a loss does not depend on a term.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrajectoryGradients {
    /// `[M]`
    pub log_pf: Vec<f64>,
    /// `[M]`
    pub log_pb: Vec<f64>,
    /// `[M]`, or empty as in the terms.
    pub log_flow: Vec<f64>,
    /// `[M]`, or empty as in the terms.
    pub entropy: Vec<f64>,
    /// The gradient with respect to log Z.
    pub log_z: f64,
}

impl TrajectoryGradients {
    /// Zeros of the shapes of `terms`.
    pub fn zeros(terms: &TrajectoryTerms<'_>) -> Self {
        Self {
            log_pf: vec![0.0; terms.log_pf.len()],
            log_pb: vec![0.0; terms.log_pb.len()],
            log_flow: vec![0.0; terms.log_flow.len()],
            entropy: vec![0.0; terms.entropy.len()],
            log_z: 0.0,
        }
    }
}

/// The K non-source states that a batch visits, each once, with how often it was visited.
#[derive(Clone, Copy, Debug)]
pub struct FlowTerms<'a> {
    /// `[K]`: log of the flow that enters, Σ exp F(s, a) over all edges into the state.
    pub log_inflow: &'a [f64],
    /// `[K]`: log of the flow that leaves over legal actions; −∞ where the state is finished.
    pub log_outflow: &'a [f64],
    /// `[K]`: log R where the state is finished; −∞ where it is not.
    pub log_reward: &'a [f64],
    /// `[K]`: how often the batch visits the state.
    pub visits: &'a [f64],
}

/// The gradient of a loss with respect to [`FlowTerms`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowGradients {
    /// `[K]`
    pub log_inflow: Vec<f64>,
    /// `[K]`; 0 where the state is finished.
    pub log_outflow: Vec<f64>,
}

/// A loss over whole trajectories.
pub trait TrajectoryLoss: Send + Sync {
    /// The loss, averaged over the batch; adds its gradient to `gradients` (zeros of the right shapes).
    fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64;
}

/// A loss over the flows through states.
pub trait FlowLoss: Send + Sync {
    /// The loss, averaged over visits; writes its gradient to `gradients` (zeros of the right shapes).
    fn evaluate(&self, terms: &FlowTerms<'_>, gradients: &mut FlowGradients) -> f64;
}

/// The form that a loss takes.
pub enum Objective<'a> {
    /// Over whole trajectories.
    Trajectory(&'a dyn TrajectoryLoss),
    /// Over the flows through states.
    Flow(&'a dyn FlowLoss),
    /// None: nothing is learned.
    Nothing,
}

/// A training objective.
pub trait Loss: Send + Sync {
    /// What it asks of the rest of the experiment.
    fn needs(&self) -> Needs;

    /// Whether it can be computed on trajectories of this environment.
    ///
    /// # Errors
    /// A sentence that begins with the setting that is too much.
    fn accepts(&self, _environment: &EnvironmentSpec) -> Result<(), String> {
        Ok(())
    }

    /// Whether log Z can be read off what it trains: not where it trains no flows.
    fn estimates_log_z(&self) -> bool {
        true
    }

    /// How often it goes through each batch, where one step is not all.
    fn repeats(&self) -> Option<Repeats> {
        None
    }

    /// The form it takes.
    fn objective(&self) -> Objective<'_>;
}
