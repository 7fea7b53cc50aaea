//! From trajectories to the states that a network must see, each once, and from a loss's gradient back to the
//! network's outputs. Plain arrays on both sides; the network is asked in between, by [`Evaluation::evaluate`].

use gfn_core::exact::{StateIndex, log_sum_exp};
use gfn_core::loss::{Before, FlowGradients, TrajectoryGradients};
use gfn_core::{
    Environment, FlowLoss, FlowTerms, Logits, Loss, Mask, Objective, OutputGradients, Outputs,
    TrajectoryBatch, TrajectoryLoss, TrajectoryTerms,
};

/// The states to evaluate for a batch, and what the loss will read where. Reused from step to step.
#[derive(Debug, Default)]
pub struct Evaluation {
    states: StateIndex,
    legal: Lists,
    legal_backward: Lists,
    steps: Vec<Step>,
    flows: Vec<FlowState>,
    parents: Vec<Parent>,
    /// Of each trajectory, which of `flows` is its finished object.
    finished: Vec<usize>,
    source: u32,
    state_len: usize,
    scratch: Scratch,
}

#[derive(Debug, Default)]
struct Scratch {
    /// [`CHUNK`] of them.
    masks: Vec<Mask>,
    states: Vec<i32>,
    previous: Vec<i32>,
    actions: Vec<usize>,
    backward_actions: Vec<usize>,
    visited: StateIndex,
}

/// An environment is asked about so many states at a time.
const CHUNK: usize = 256;

/// States in parts of at most [`CHUNK`].
fn chunks<'s>(states: &'s [i32], environment: &dyn Environment) -> std::slice::Chunks<'s, i32> {
    states.chunks(CHUNK * environment.spec().state_len().max(1))
}

/// Lists of actions, one a row.
#[derive(Debug, Default)]
struct Lists {
    offsets: Vec<usize>,
    actions: Vec<u32>,
}

impl Lists {
    fn clear(&mut self) {
        self.actions.clear();
        self.offsets.clear();
        self.offsets.push(0);
    }

    fn push(&mut self, actions: impl Iterator<Item = usize>) {
        self.actions.extend(actions.map(|action| action as u32));
        self.offsets.push(self.actions.len());
    }

    fn of(&self, row: usize) -> &[u32] {
        &self.actions[self.offsets[row]..self.offsets[row + 1]]
    }
}

/// A step of a trajectory.
#[derive(Clone, Copy, Debug)]
struct Step {
    source: u32,
    action: u32,
    backward: Backward,
}

/// Where a step's log P_B comes from.
#[derive(Clone, Copy, Debug)]
enum Backward {
    /// A constant, for the uniform policy or a single backward action.
    Known(f64),
    /// A backward action of an evaluated state.
    Learned { target: u32, action: u32 },
}

/// A non-source state that the batch visits.
#[derive(Clone, Copy, Debug)]
struct FlowState {
    /// Its row, where it is not finished.
    row: Option<u32>,
    is_finished: bool,
    /// Where its parents begin; they end where those of the next state begin.
    first_parent: usize,
    visits: f64,
    log_reward: f64,
}

/// An edge into a visited state: the row of the parent, and the action.
#[derive(Clone, Copy, Debug)]
struct Parent {
    row: u32,
    action: u32,
}

/// The value of a loss on a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The loss.
    pub loss: f64,
    /// What the model currently takes log Z to be: the parameter, the source's flow, or the batch's mean estimate.
    pub log_z: f64,
    /// Of a loss over flows: the log of what flows into each trajectory's finished object; empty otherwise.
    pub log_inflow: Vec<f64>,
    /// The gradient.
    pub gradients: OutputGradients,
}

/// What is evaluated: a loss on a batch.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The environment.
    pub environment: &'a dyn Environment,
    /// The trajectories, with their log-rewards.
    pub batch: &'a TrajectoryBatch,
    /// The loss.
    pub loss: &'a dyn Loss,
    /// Whether the backward policy is the network's; otherwise it is uniform.
    pub learned_backward: bool,
}

impl Evaluation {
    /// The value of a loss on a batch with its gradient: collects the distinct states, has the network asked about them by `ask`
    /// (states `[n, state_len]` in, outputs out), and carries the loss's gradient back to those outputs. `log_z` is the learned log Z;
    /// `before` are the batch's terms before earlier steps on it.
    ///
    /// # Errors
    /// That of `ask`.
    pub fn evaluate<E>(
        &mut self,
        task: Task<'_>,
        log_z: f64,
        before: Option<&Before>,
        ask: impl FnOnce(&[i32]) -> Result<Outputs, E>,
    ) -> Result<Evaluated, E> {
        self.plan_of(task);
        let outputs = ask(self.states())?;
        Ok(self.differentiate_after(task.batch, task.loss, &outputs, log_z, before))
    }

    /// The terms of a batch before any step on it, for [`Evaluation::evaluate`].
    ///
    /// # Errors
    /// That of `ask`.
    pub fn terms<E>(
        &mut self,
        task: Task<'_>,
        ask: impl FnOnce(&[i32]) -> Result<Outputs, E>,
    ) -> Result<Before, E> {
        self.plan_of(task);
        let outputs = ask(self.states())?;
        Ok(self.before(task.loss, &outputs))
    }

    fn plan_of(&mut self, task: Task<'_>) {
        self.plan(task.environment, task.batch, task.loss, task.learned_backward);
    }

    /// Collects the states that `loss` needs evaluated for `batch`. With `learned_backward`, the backward policy is the
    /// network's; otherwise it is uniform.
    pub(crate) fn plan(
        &mut self,
        environment: &dyn Environment,
        batch: &TrajectoryBatch,
        loss: &dyn Loss,
        learned_backward: bool,
    ) {
        if self.scratch.masks.is_empty() || self.state_len != batch.state_len() {
            self.state_len = batch.state_len();
            self.states = StateIndex::new(batch.state_len());
            self.scratch.visited = StateIndex::new(batch.state_len());
            self.scratch.masks = vec![Mask::default(); CHUNK];
        }
        self.states.clear();
        self.legal.clear();
        self.legal_backward.clear();
        self.steps.clear();
        self.flows.clear();
        self.parents.clear();
        self.finished.clear();
        match loss.objective() {
            Objective::Trajectory(_) => self.plan_steps(environment, batch, learned_backward),
            Objective::Flow(_) => self.plan_flows(environment, batch),
            Objective::Nothing => {}
        }
    }

    /// The distinct states that the network evaluated last, flat, in the order of their rows.
    pub fn states(&self) -> &[i32] {
        self.states.states()
    }

    /// How many distinct states the network evaluated last.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether no state was evaluated.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Lists the legal actions of all rows.
    fn list_legal(&mut self, environment: &dyn Environment, learned_backward: bool) {
        let masks = &mut self.scratch.masks;
        for states in chunks(self.states.states(), environment) {
            let count = states.len() / environment.spec().state_len();
            environment.forward_masks(states, &mut masks[..count]);
            masks[..count]
                .iter()
                .for_each(|mask| self.legal.push(mask.iter()));
            if learned_backward {
                environment.backward_masks(states, &mut masks[..count]);
                let lists = masks[..count].iter();
                lists.for_each(|mask| self.legal_backward.push(mask.iter()));
            }
        }
    }

    fn plan_steps(&mut self, environment: &dyn Environment, batch: &TrajectoryBatch, learned_backward: bool) {
        let mut ways_back = self.ways_back(environment, batch).into_iter();
        for index in 0..batch.len() {
            for (position, step) in batch.steps_of(index).enumerate() {
                let source = self.states.insert(batch.state(index, position)).0 as u32;
                let count = ways_back.next().expect("one a step");
                let backward = if learned_backward && count > 1 {
                    Backward::Learned {
                        target: self.states.insert(batch.state(index, position + 1)).0 as u32,
                        action: batch.backward_actions()[step] as u32,
                    }
                } else {
                    Backward::Known(-(count as f64).ln())
                };
                self.steps.push(Step {
                    source,
                    action: batch.actions()[step] as u32,
                    backward,
                });
            }
        }
        self.list_legal(environment, learned_backward);
    }

    /// `[M]`: how many backward actions are legal in the state that each step leads to.
    fn ways_back(&mut self, environment: &dyn Environment, batch: &TrajectoryBatch) -> Vec<usize> {
        let targets = &mut self.scratch.states;
        targets.clear();
        for index in 0..batch.len() {
            for position in 1..=batch.steps_of(index).len() {
                targets.extend_from_slice(batch.state(index, position));
            }
        }
        let masks = &mut self.scratch.masks;
        let mut counts = Vec::with_capacity(batch.steps());
        for states in chunks(targets, environment) {
            let count = states.len() / environment.spec().state_len();
            environment.backward_masks(states, &mut masks[..count]);
            counts.extend(masks[..count].iter().map(Mask::count));
        }
        counts
    }

    fn plan_flows(&mut self, environment: &dyn Environment, batch: &TrajectoryBatch) {
        self.scratch.visited.clear();
        for index in 0..batch.len() {
            let steps = batch.steps_of(index).len();
            for position in 1..=steps {
                let (visited, new) = self.scratch.visited.insert(batch.state(index, position));
                let is_finished = position == steps;
                if new {
                    self.flows.push(FlowState {
                        row: None,
                        is_finished,
                        first_parent: 0,
                        visits: 0.0,
                        log_reward: if is_finished {
                            batch.log_reward[index]
                        } else {
                            f64::NEG_INFINITY
                        },
                    });
                }
                self.flows[visited].visits += 1.0;
                if is_finished {
                    self.finished.push(visited);
                }
            }
        }
        let visited = std::mem::take(&mut self.scratch.visited);
        let mut first = 0;
        for states in chunks(visited.states(), environment) {
            first += self.plan_parents(environment, states, first);
        }
        self.scratch.visited = visited;
        // The source is always a row, so that its outflow, which is Z, can be read off.
        self.source = self.states.insert(batch.state(0, 0)).0 as u32;
        self.list_legal(environment, false);
    }

    /// Finds the parents of visited states, the first of which has the number `first`; how many states these are.
    fn plan_parents(&mut self, environment: &dyn Environment, states: &[i32], first: usize) -> usize {
        let len = environment.spec().state_len();
        let count = states.len() / len;
        let Scratch {
            masks,
            states: children,
            previous,
            backward_actions,
            actions,
            ..
        } = &mut self.scratch;
        environment.backward_masks(states, &mut masks[..count]);
        children.clear();
        backward_actions.clear();
        for (state, mask) in states.chunks_exact(len).zip(&masks[..count]) {
            for backward in mask.iter() {
                children.extend_from_slice(state);
                backward_actions.push(backward);
            }
        }
        previous.resize(children.len(), 0);
        actions.resize(backward_actions.len(), 0);
        environment.undo_all(children, backward_actions, previous, actions);
        let mut parents = previous.chunks_exact(len).zip(actions.iter());
        for (index, state) in states.chunks_exact(len).enumerate() {
            let flow = &mut self.flows[first + index];
            flow.row = (!flow.is_finished).then(|| self.states.insert(state).0 as u32);
            flow.first_parent = self.parents.len();
            for (parent, action) in parents.by_ref().take(masks[index].count()) {
                self.parents.push(Parent {
                    row: self.states.insert(parent).0 as u32,
                    action: *action as u32,
                });
            }
        }
        count
    }

    /// The loss of the planned batch, given what the network said about its states, and the gradient with respect to
    /// that.
    pub(crate) fn differentiate(
        &self,
        batch: &TrajectoryBatch,
        loss: &dyn Loss,
        outputs: &Outputs,
        log_z: f64,
    ) -> Evaluated {
        self.differentiate_after(batch, loss, outputs, log_z, None)
    }

    /// The same, where `before` is what the batch's terms were before earlier steps on it.
    fn differentiate_after(
        &self,
        batch: &TrajectoryBatch,
        loss: &dyn Loss,
        outputs: &Outputs,
        log_z: f64,
        before: Option<&Before>,
    ) -> Evaluated {
        match loss.objective() {
            Objective::Trajectory(trajectory_loss) => {
                self.over_steps(batch, loss, trajectory_loss, outputs, log_z, before)
            }
            Objective::Flow(flow_loss) => self.over_flows(flow_loss, outputs),
            Objective::Nothing => Evaluated {
                loss: 0.0,
                log_z: f64::NAN,
                log_inflow: Vec::new(),
                gradients: OutputGradients::default(),
            },
        }
    }

    /// What the terms of the planned batch are, for steps on it after the first.
    fn before(&self, loss: &dyn Loss, outputs: &Outputs) -> Before {
        let forward = Normalized::new(&outputs.forward, &self.legal);
        let log_pf = self
            .steps
            .iter()
            .map(|step| forward.log_p(step.source, step.action));
        Before {
            log_pf: log_pf.collect(),
            log_flow: self.log_flow(loss, outputs),
        }
    }

    /// `[M]`, where the loss needs it.
    fn log_flow(&self, loss: &dyn Loss, outputs: &Outputs) -> Vec<f64> {
        match &outputs.log_flow {
            Some(flow) if loss.needs().state_flow => {
                self.steps.iter().map(|step| flow[step.source as usize]).collect()
            }
            _ => Vec::new(),
        }
    }

    fn over_steps(
        &self,
        batch: &TrajectoryBatch,
        loss: &dyn Loss,
        trajectory_loss: &dyn TrajectoryLoss,
        outputs: &Outputs,
        log_z: f64,
        before: Option<&Before>,
    ) -> Evaluated {
        let policies = Policies {
            forward: Normalized::new(&outputs.forward, &self.legal),
            backward: outputs
                .backward
                .as_ref()
                .map(|logits| Normalized::new(logits, &self.legal_backward)),
        };
        let needs = loss.needs();
        let log_pf: Vec<f64> = self.steps.iter().map(|step| policies.log_pf(step)).collect();
        let log_pb: Vec<f64> = self.steps.iter().map(|step| policies.log_pb(step)).collect();
        let log_flow = self.log_flow(loss, outputs);
        let entropy: Vec<f64> = match needs.entropy {
            true => self
                .steps
                .iter()
                .map(|step| policies.forward.entropy(step.source))
                .collect(),
            false => Vec::new(),
        };
        let terms = TrajectoryTerms {
            offsets: batch.offsets(),
            log_pf: &log_pf,
            log_pb: &log_pb,
            log_flow: &log_flow,
            log_reward: &batch.log_reward,
            entropy: &entropy,
            log_z,
            before,
        };
        let mut slopes = TrajectoryGradients::zeros(&terms);
        let value = trajectory_loss.evaluate(&terms, &mut slopes);
        let log_z = match (needs.log_z, needs.state_flow) {
            _ if !loss.estimates_log_z() => f64::NAN,
            (true, _) => log_z,
            (false, true) => log_flow[0],
            (false, false) => mean_log_z(&terms),
        };
        Evaluated {
            loss: value,
            log_z,
            log_inflow: Vec::new(),
            gradients: self.pull_back(&policies, outputs, &slopes),
        }
    }

    /// From the gradient of the steps' terms to that of the network's outputs.
    fn pull_back(
        &self,
        policies: &Policies<'_>,
        outputs: &Outputs,
        slopes: &TrajectoryGradients,
    ) -> OutputGradients {
        let steps = || self.steps.iter();
        let chosen = steps().map(|step| (step.source, step.action));
        let mut forward = policies
            .forward
            .pull_back(chosen.zip(slopes.log_pf.iter().copied()));
        for (step, &slope) in steps().zip(&slopes.entropy) {
            policies
                .forward
                .pull_back_entropy(step.source, slope, &mut forward);
        }
        let learned = steps()
            .zip(&slopes.log_pb)
            .filter_map(|(step, &slope)| match step.backward {
                Backward::Learned { target, action } => Some(((target, action), slope)),
                Backward::Known(_) => None,
            });
        let backward = policies
            .backward
            .as_ref()
            .map_or_else(Vec::new, |policy| policy.pull_back(learned));
        let mut log_flow = outputs
            .log_flow
            .as_ref()
            .map_or_else(Vec::new, |flow| vec![0.0; flow.len()]);
        for (step, slope) in steps().zip(&slopes.log_flow) {
            log_flow[step.source as usize] += slope;
        }
        OutputGradients {
            forward,
            backward,
            log_flow,
            log_z: slopes.log_z,
        }
    }

    fn over_flows(&self, flow_loss: &dyn FlowLoss, outputs: &Outputs) -> Evaluated {
        let logits = &outputs.forward;
        let of = |parent: &Parent| logits.of(parent.row as usize)[parent.action as usize];
        let outflow = |row: u32| {
            let values = logits.of(row as usize);
            log_sum_exp(
                self.legal
                    .of(row as usize)
                    .iter()
                    .map(|&action| values[action as usize]),
            )
        };
        let log_inflow: Vec<f64> = (0..self.flows.len())
            .map(|k| log_sum_exp(self.parents_of(k).iter().map(of)))
            .collect();
        let log_outflow: Vec<f64> = self
            .flows
            .iter()
            .map(|flow| flow.row.map_or(f64::NEG_INFINITY, outflow))
            .collect();
        let log_reward: Vec<f64> = self.flows.iter().map(|flow| flow.log_reward).collect();
        let visits: Vec<f64> = self.flows.iter().map(|flow| flow.visits).collect();
        let terms = FlowTerms {
            log_inflow: &log_inflow,
            log_outflow: &log_outflow,
            log_reward: &log_reward,
            visits: &visits,
        };
        let mut slopes = FlowGradients {
            log_inflow: vec![0.0; visits.len()],
            log_outflow: vec![0.0; visits.len()],
        };
        let loss = flow_loss.evaluate(&terms, &mut slopes);

        let forward = self.pull_back_flows(logits, &terms, &slopes);
        let zeros = |len: Option<usize>| len.map_or_else(Vec::new, |len| vec![0.0; len]);
        Evaluated {
            loss,
            log_z: outflow(self.source),
            log_inflow: self.finished.iter().map(|&k| log_inflow[k]).collect(),
            gradients: OutputGradients {
                forward,
                log_flow: zeros(outputs.log_flow.as_ref().map(Vec::len)),
                backward: zeros(outputs.backward.as_ref().map(|logits| logits.values.len())),
                ..OutputGradients::default()
            },
        }
    }

    /// From the gradient of the flows to that of the logits: each edge's share of an inflow or an outflow.
    fn pull_back_flows(&self, logits: &Logits, terms: &FlowTerms<'_>, slopes: &FlowGradients) -> Vec<f64> {
        let mut forward = vec![0.0; logits.values.len()];
        for (k, flow) in self.flows.iter().enumerate() {
            for parent in self.parents_of(k) {
                let at = logits.offsets[parent.row as usize] + parent.action as usize;
                forward[at] += slopes.log_inflow[k] * (logits.values[at] - terms.log_inflow[k]).exp();
            }
            if let Some(row) = flow.row {
                for &action in self.legal.of(row as usize) {
                    let at = logits.offsets[row as usize] + action as usize;
                    forward[at] += slopes.log_outflow[k] * (logits.values[at] - terms.log_outflow[k]).exp();
                }
            }
        }
        forward
    }

    fn parents_of(&self, k: usize) -> &[Parent] {
        let end = self
            .flows
            .get(k + 1)
            .map_or(self.parents.len(), |next| next.first_parent);
        &self.parents[self.flows[k].first_parent..end]
    }
}

/// Both policies of a batch.
struct Policies<'a> {
    forward: Normalized<'a>,
    backward: Option<Normalized<'a>>,
}

impl Policies<'_> {
    fn log_pf(&self, step: &Step) -> f64 {
        self.forward.log_p(step.source, step.action)
    }

    fn log_pb(&self, step: &Step) -> f64 {
        match (step.backward, &self.backward) {
            (Backward::Known(log_pb), _) => log_pb,
            (Backward::Learned { target, action }, Some(policy)) => policy.log_p(target, action),
            (Backward::Learned { .. }, None) => unreachable!("planned with a learned backward policy"),
        }
    }
}

/// Log-probabilities over the legal actions of each row.
struct Normalized<'a> {
    logits: &'a Logits,
    legal: &'a Lists,
    log_total: Vec<f64>,
}

impl<'a> Normalized<'a> {
    fn new(logits: &'a Logits, legal: &'a Lists) -> Self {
        let rows = legal.offsets.len() - 1;
        let total = |row: usize| {
            let values = logits.of(row);
            log_sum_exp(legal.of(row).iter().map(|&action| values[action as usize]))
        };
        Self {
            logits,
            legal,
            log_total: (0..rows).map(total).collect(),
        }
    }

    fn log_p(&self, row: u32, action: u32) -> f64 {
        self.logits.of(row as usize)[action as usize] - self.log_total[row as usize]
    }

    /// The entropy of a row, nats.
    fn entropy(&self, row: u32) -> f64 {
        let actions = self.legal.of(row as usize).iter();
        -actions
            .map(|&action| self.log_p(row, action))
            .map(|log_p| log_p.exp() * log_p)
            .sum::<f64>()
    }

    /// Adds the gradient with respect to the logits, given that with respect to the entropy of a row.
    fn pull_back_entropy(&self, row: u32, slope: f64, gradient: &mut [f64]) {
        let entropy = self.entropy(row);
        for &action in self.legal.of(row as usize) {
            let log_p = self.log_p(row, action);
            let at = self.logits.offsets[row as usize] + action as usize;
            gradient[at] -= slope * log_p.exp() * (log_p + entropy);
        }
    }

    /// The gradient with respect to the logits, given those with respect to the log-probabilities of chosen actions.
    fn pull_back(&self, chosen: impl Iterator<Item = ((u32, u32), f64)>) -> Vec<f64> {
        let mut gradient = vec![0.0; self.logits.values.len()];
        let mut row_total = vec![0.0; self.log_total.len()];
        for ((row, action), slope) in chosen {
            gradient[self.logits.offsets[row as usize] + action as usize] += slope;
            row_total[row as usize] += slope;
        }
        for (row, &total) in row_total.iter().enumerate().filter(|(_, total)| **total != 0.0) {
            let first = self.logits.offsets[row];
            for &action in self.legal.of(row) {
                let at = first + action as usize;
                gradient[at] -= total * (self.logits.values[at] - self.log_total[row]).exp();
            }
        }
        gradient
    }
}

/// The mean over trajectories of log R + Σ log P_B − Σ log P_F.
fn mean_log_z(terms: &TrajectoryTerms<'_>) -> f64 {
    let ratio: f64 = terms.log_pb.iter().sum::<f64>() - terms.log_pf.iter().sum::<f64>();
    (terms.log_reward.iter().sum::<f64>() + ratio) / terms.log_reward.len() as f64
}
