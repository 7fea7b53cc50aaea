//! Markov chains over finished objects. No policy is asked: this is what flows are compared with.
//!
//! A move goes back from the object x to some state s and forward to another object y. The way there, gone in the opposite
//! direction, is the way from y to x: so with the probabilities of these two ways alone, and not of all that lead from x to y,
//! the rule of Metropolis and Hastings leaves the distribution in proportion to the reward as it is.

use gfn_core::{
    BehaviorPolicy, Environment, Mask, Policy, Remark, SampleError, SampleRequest, Sampler, Stream,
    TrainingPlan, TrajectoryBatch,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::replay::backward;
use crate::saved::{self, SavedTrajectory};

/// Walks over finished objects by the rule of Metropolis and Hastings: a part of an object is taken back and another one built,
/// and the new object takes the place of the old one, or not, such that objects come to be visited in proportion to their reward.
///
/// Formula: from x back to s and forward to y; y is accepted with probability
/// min(1, R(y) · B(y → s) · F(s → x) / (R(x) · B(x → s) · F(s → y))).
/// B takes one legal backward action after another, all alike, and after each goes on with `further_probability`. F takes legal
/// actions, all alike, but where the object can be finished at once, it is with `stop_probability`.
///
/// For molecules these moves add, remove and replace blocks. Every object that is proposed is rewarded and counts as visited; it is
/// also what a loss is trained on, for which any loss will do that is right for trajectories however drawn. With `loss.kind =
/// "none"` nothing is trained. `evaluation.window` is of where the chains stand.
///
/// References: Hastings 1970, "Monte Carlo sampling methods using Markov chains and their applications", doi
/// 10.1093/biomet/57.1.97; Xie et al. 2021, "MARS: Markov molecular sampling for multi-objective drug discovery", arXiv 2103.10432
/// (whose moves are proposed by a network that learns; here all are alike); Zhang et al. 2022, "Generative flow networks for discrete
/// probabilistic modeling", arXiv 2202.01361 (moves back and forth).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Chains side by side: trajectory i of the run is a move of chain i modulo this number. At least `training.batch_size`.
    #[schemars(range(min = 1, max = 1_048_576), extend("x-unit" = "chains"))]
    pub chains: usize,
    /// How likely an object that can be finished is finished, between 0 and 1.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub stop_probability: f64,
    /// How likely one more step is taken back after each, between 0 and 1.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub further_probability: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            chains: 64,
            stop_probability: 0.5,
            further_probability: 0.5,
        }
    }
}

/// The version of what is saved.
const FORMAT: u32 = 1;

/// Chains; see [`Params`].
#[derive(Clone, Debug)]
pub struct Metropolis {
    params: Params,
    /// Where each chain stands: a trajectory to its object, with its log-reward; none before its first object was accepted.
    chains: Vec<Option<TrajectoryBatch>>,
    /// Of the batch last drawn.
    proposed: Vec<Proposal>,
}

/// A move that waits for the reward of its object.
#[derive(Clone, Copy, Debug)]
struct Proposal {
    chain: usize,
    /// The log of how much likelier the way back is than the way there.
    log_ratio: f64,
    /// Decides, uniform in [0, 1).
    uniform: f64,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    chains: Vec<Option<SavedTrajectory>>,
}

impl Metropolis {
    /// Chains that have not begun.
    pub fn new(params: Params) -> Self {
        Self {
            chains: vec![None; params.chains],
            proposed: Vec::new(),
            params,
        }
    }

    /// The object that a chain is to go to, from where it stands, and the log-ratio of the two ways.
    fn propose(
        &self,
        environment: &dyn Environment,
        chain: usize,
        stream: &mut Stream,
    ) -> Result<(Vec<i32>, f64), SampleError> {
        let Some(standing) = &self.chains[chain] else {
            let (there, _) = self.forward(environment, environment.spec().initial.clone(), stream)?;
            return Ok((there.end(), 0.0));
        };
        let (back, log_back) = self.backward(environment, standing.finished(0), stream);
        let (there, log_there) = self.forward(environment, back.begin(), stream)?;
        let log_return = self.log_backward(environment, &there) + self.log_forward(environment, &back);
        Ok((there.end(), log_return - log_back - log_there))
    }

    /// Goes back from an object; the way as it is gone forward, and the log of how likely it was.
    fn backward(&self, environment: &dyn Environment, object: &[i32], stream: &mut Stream) -> (Way, f64) {
        let (mut states, mut actions) = (vec![object.to_vec()], Vec::new());
        let mut mask = Mask::default();
        loop {
            let state = states.last().expect("the object at least");
            environment.backward_mask(state, &mut mask);
            let goes_on = actions.is_empty() || stream.uniform() < self.params.further_probability;
            if mask.none() || !goes_on {
                break;
            }
            let action = nth(&mask, stream.below(mask.count()));
            let mut previous = state.clone();
            actions.push(environment.undo(state, action, &mut previous));
            states.push(previous);
        }
        states.reverse();
        actions.reverse();
        let way = Way { states, actions };
        let log_probability = self.log_backward(environment, &way);
        (way, log_probability)
    }

    /// Goes forward from a state to an object; the way, and the log of how likely it was.
    fn forward(
        &self,
        environment: &dyn Environment,
        begin: Vec<i32>,
        stream: &mut Stream,
    ) -> Result<(Way, f64), SampleError> {
        let mut way = Way {
            states: vec![begin],
            actions: Vec::new(),
        };
        let most = environment.spec().most_steps;
        let mut log_probability = 0.0;
        loop {
            let state = way.states.last().expect("the first at least");
            let choices = Choices::of(environment, state);
            if choices.are_none() {
                return Ok((way, log_probability));
            }
            if way.actions.len() == most {
                let state = state.clone();
                return Err(SampleError::Endless { most, state });
            }
            let (action, log_p) = choices.draw(self.params.stop_probability, stream);
            let mut next = state.clone();
            environment.step(state, action, &mut next);
            log_probability += log_p;
            way.actions.push(action);
            way.states.push(next);
        }
    }

    /// The log of how likely it is to come from the end of a way to its beginning, and to go back no further.
    fn log_backward(&self, environment: &dyn Environment, way: &Way) -> f64 {
        let mut mask = Mask::default();
        let mut ways_back = |state: &[i32]| {
            environment.backward_mask(state, &mut mask);
            mask.count()
        };
        let further = self.params.further_probability;
        let steps = way.states[1..]
            .iter()
            .map(|state| -(ways_back(state) as f64).ln());
        let steps = steps.sum::<f64>() + (way.actions.len() - 1) as f64 * further.ln();
        match ways_back(&way.states[0]) {
            0 => steps,
            _ => steps + (1.0 - further).ln(),
        }
    }

    /// The log of how likely a way is.
    fn log_forward(&self, environment: &dyn Environment, way: &Way) -> f64 {
        let steps = way.states.iter().zip(&way.actions);
        steps
            .map(|(state, &action)| {
                Choices::of(environment, state).log_probability(action, self.params.stop_probability)
            })
            .sum()
    }
}

/// A way from a state to an object: one state more than actions.
struct Way {
    states: Vec<Vec<i32>>,
    actions: Vec<usize>,
}

impl Way {
    fn begin(&self) -> Vec<i32> {
        self.states[0].clone()
    }

    fn end(self) -> Vec<i32> {
        self.states.into_iter().next_back().expect("one state at least")
    }
}

/// The legal actions of a state: those that finish the object at once, and the others.
struct Choices {
    stopping: Vec<usize>,
    others: Vec<usize>,
}

impl Choices {
    fn of(environment: &dyn Environment, state: &[i32]) -> Self {
        let mut mask = Mask::default();
        environment.forward_mask(state, &mut mask);
        let (mut next, mut after) = (state.to_vec(), Mask::default());
        let is_stop = |action: &usize| match environment.spec().stop {
            // Another action may finish an object too, such as the last block of a molecule; that makes it no stop.
            Some(stop) => *action == stop,
            None => {
                environment.step(state, *action, &mut next);
                environment.forward_mask(&next, &mut after);
                after.none()
            }
        };
        let (stopping, others) = mask.iter().partition(is_stop);
        Self { stopping, others }
    }

    fn are_none(&self) -> bool {
        self.stopping.is_empty() && self.others.is_empty()
    }

    /// How likely it is to stop.
    fn stop(&self, stop_probability: f64) -> f64 {
        match (self.stopping.is_empty(), self.others.is_empty()) {
            (false, false) => stop_probability,
            (true, _) => 0.0,
            (false, true) => 1.0,
        }
    }

    fn draw(&self, stop_probability: f64, stream: &mut Stream) -> (usize, f64) {
        let stops = stream.uniform() < self.stop(stop_probability);
        let from = if stops { &self.stopping } else { &self.others };
        let action = from[stream.below(from.len())];
        (action, self.log_probability(action, stop_probability))
    }

    fn log_probability(&self, action: usize, stop_probability: f64) -> f64 {
        let stop = self.stop(stop_probability);
        match self.stopping.contains(&action) {
            true => stop.ln() - (self.stopping.len() as f64).ln(),
            false => (1.0 - stop).ln() - (self.others.len() as f64).ln(),
        }
    }
}

/// The legal action number `index`.
fn nth(mask: &Mask, index: usize) -> usize {
    mask.iter().nth(index).expect("one of those counted")
}

impl Sampler for Metropolis {
    fn behavior_policy(&self) -> BehaviorPolicy {
        BehaviorPolicy::Other
    }

    /// A batch may not move a chain more than once.
    fn refusals(&self, plan: &TrainingPlan) -> Vec<Remark> {
        let (chains, batch_size) = (self.params.chains, plan.batch_size);
        if chains >= batch_size {
            return Vec::new();
        }
        let message = format!(
            "`sampler.chains` is {chains}, but `training.batch_size` is {batch_size}: a chain moves at most once in a batch"
        );
        vec![Remark::new("chains", message).help("use at least as many chains as trajectories in a batch")]
    }

    fn sample(
        &mut self,
        request: &SampleRequest,
        environment: &dyn Environment,
        _: &mut dyn Policy,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError> {
        batch.clear();
        self.proposed.clear();
        for index in request.indices() {
            let mut stream = Stream::new(request.seed, request.purpose, index);
            let chain = (index % self.chains.len() as u64) as usize;
            let (object, log_ratio) = self.propose(environment, chain, &mut stream)?;
            self.proposed.push(Proposal {
                chain,
                log_ratio,
                uniform: stream.uniform(),
            });
            backward::walk(environment, &object, &mut stream, batch)?;
        }
        Ok(())
    }

    fn observe(&mut self, batch: &TrajectoryBatch, positions: &[usize]) {
        assert_eq!(batch.len(), positions.len(), "a position for each trajectory");
        for (index, &position) in positions.iter().enumerate() {
            let Proposal {
                chain,
                log_ratio,
                uniform,
            } = self.proposed[position];
            let standing = &mut self.chains[chain];
            let is_accepted = standing.as_ref().is_none_or(|standing| {
                let log_odds = batch.log_reward[index] - standing.log_reward[0] + log_ratio;
                uniform.ln() < log_odds
            });
            if is_accepted {
                *standing = Some(batch.only(index));
            }
        }
    }

    fn standing(&self) -> Option<Vec<i32>> {
        let chains = self
            .proposed
            .iter()
            .filter_map(|proposal| self.chains[proposal.chain].as_ref());
        Some(
            chains
                .flat_map(|chain| chain.finished(0).iter().copied())
                .collect(),
        )
    }

    fn save(&self) -> Vec<u8> {
        let chains = self.chains.iter();
        let saved = Saved {
            format: FORMAT,
            chains: chains
                .map(|chain| chain.as_ref().map(SavedTrajectory::of))
                .collect(),
        };
        saved::to_bytes(&saved)
    }

    fn restore(&mut self, environment: &dyn Environment, saved: &[u8]) -> Result<(), String> {
        let saved: Saved = saved::from_bytes(saved, FORMAT, "set of chains")?;
        if saved.chains.len() != self.chains.len() {
            return Err(format!(
                "{} chains were saved, but `sampler.chains` is {}",
                saved.chains.len(),
                self.chains.len()
            ));
        }
        let walked = saved.chains.iter().enumerate().map(|(number, chain)| {
            let walked = chain
                .as_ref()
                .map(|trajectory| saved::walk(environment, trajectory));
            walked
                .transpose()
                .map_err(|why| format!("the saved chain {number} {why}"))
        });
        self.chains = walked.collect::<Result<_, _>>()?;
        self.proposed.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_core::exact::{StateGraph, l1, sampling_floor};
    use gfn_core::testkit::RandomDag;
    use gfn_core::{Purpose, UniformPolicy};
    use gfn_envs::hypergrid::{self, Hypergrid};

    const CHAINS: usize = 50;

    /// Chains on an environment whose objects have these log-rewards.
    struct Run<'a> {
        environment: &'a dyn Environment,
        log_reward: &'a dyn Fn(&[i32]) -> f64,
        sampler: Metropolis,
        step: u64,
    }

    impl<'a> Run<'a> {
        fn new(environment: &'a dyn Environment, log_reward: &'a dyn Fn(&[i32]) -> f64) -> Self {
            Self {
                environment,
                log_reward,
                sampler: Metropolis::new(Params {
                    chains: CHAINS,
                    ..Params::default()
                }),
                step: 0,
            }
        }

        /// Draws and observes some trajectories; returns them.
        fn draw(&mut self, first_index: u64, count: usize) -> TrajectoryBatch {
            let request = SampleRequest {
                seed: 7,
                purpose: Purpose::Test,
                first_index,
                count,
                step: 0,
            };
            let mut batch = TrajectoryBatch::new(self.environment.spec().state_len());
            self.sampler
                .sample(&request, self.environment, &mut UniformPolicy, &mut batch)
                .unwrap();
            batch.log_reward = (0..count)
                .map(|index| (self.log_reward)(batch.finished(index)))
                .collect();
            let all: Vec<usize> = (0..count).collect();
            self.sampler.observe(&batch, &all);
            batch
        }

        fn update(&mut self) -> TrajectoryBatch {
            let batch = self.draw(self.step * CHAINS as u64, CHAINS);
            self.step += 1;
            batch
        }
    }

    /// Chains that begin at samples of the target and move once stand at samples of the target again: independent ones, so that
    /// their frequencies are as near to it as the deviation of counts allows. Returns how much farther they are than that, and
    /// the share of chains that moved.
    fn after_one_move(
        environment: &dyn Environment,
        log_reward: &dyn Fn(&[i32]) -> f64,
        params: Params,
    ) -> (f64, f64) {
        let graph = StateGraph::build(environment, 10_000).unwrap();
        let objects: Vec<&[i32]> = graph
            .finished()
            .iter()
            .map(|&object| graph.state(object as usize))
            .collect();
        let rewards: Vec<f64> = objects.iter().map(|object| log_reward(object)).collect();
        let (target, _) = gfn_core::exact::normalize(&rewards);
        let mut run = Run::new(environment, log_reward);
        let (chains, mut stream) = (params.chains, Stream::new(1, Purpose::Test, u64::MAX));
        run.sampler = Metropolis::new(params);
        for chain in &mut run.sampler.chains {
            let (mut rest, mut drawn) = (stream.uniform(), 0);
            while drawn + 1 < target.len() && rest >= target[drawn] {
                rest -= target[drawn];
                drawn += 1;
            }
            let mut standing = TrajectoryBatch::new(environment.spec().state_len());
            backward::walk(environment, objects[drawn], &mut stream, &mut standing).unwrap();
            standing.log_reward.push(rewards[drawn]);
            *chain = Some(standing);
        }
        let begun: Vec<i32> = (run.sampler.chains.iter().flatten())
            .flat_map(|chain| chain.finished(0).to_vec())
            .collect();
        run.draw(0, chains);
        let standing = run.sampler.standing().unwrap();
        let length = environment.spec().state_len();
        let mut seen = vec![0.0; target.len()];
        let mut moved = 0.0;
        for (state, before) in standing.chunks_exact(length).zip(begun.chunks_exact(length)) {
            let place = objects.iter().position(|object| *object == state).unwrap();
            seen[place] += 1.0 / chains as f64;
            moved += f64::from(u8::from(state != before)) / chains as f64;
        }
        (l1(&seen, &target) / sampling_floor(&target, chains as u64), moved)
    }

    /// Objects at many depths, several edges between two states, several ways to one object.
    #[test]
    fn the_target_stays_as_it_is() {
        let params = || Params {
            chains: 40_000,
            stop_probability: 0.3,
            further_probability: 0.6,
        };
        for seed in 0..6 {
            let dag = RandomDag::new(seed, 5, 5);
            let log_reward = |state: &[i32]| f64::from(state[0] * 7 % 5) * 0.6;
            let (farther, moved) = after_one_move(&dag, &log_reward, params());
            assert!(farther < 2.0 && moved > 0.1, "graph {seed}: {farther}, {moved}");
        }
        for terminal in [hypergrid::Terminal::Everywhere, hypergrid::Terminal::Boundary] {
            let grid = Hypergrid::new(&hypergrid::Params {
                dimensions: 2,
                height: 4,
                terminal,
            });
            let log_reward = |state: &[i32]| f64::from((state[0] * 3 + state[1] * 5) % 7) * 0.5;
            let (farther, moved) = after_one_move(&grid, &log_reward, params());
            assert!(farther < 1.8 && moved > 0.1, "{terminal:?}: {farther}, {moved}");
        }
    }

    #[test]
    fn trajectories_are_legal_and_a_batch_may_be_split() {
        let dag = RandomDag::new(1, 6, 8);
        let log_reward = |state: &[i32]| f64::from(state[0] % 3);
        let (mut whole, mut split) = (Run::new(&dag, &log_reward), Run::new(&dag, &log_reward));
        for _ in 0..20 {
            let batch = whole.update();
            let first = split.step * CHAINS as u64;
            let parts = [split.draw(first, 20), split.draw(first + 20, CHAINS - 20)];
            split.step += 1;
            let joined: Vec<i32> = parts.iter().flat_map(TrajectoryBatch::all_finished).collect();
            assert_eq!(batch.all_finished(), joined);
            let mut mask = Mask::default();
            for index in 0..batch.len() {
                for (position, step) in batch.steps_of(index).enumerate() {
                    dag.forward_mask(batch.state(index, position), &mut mask);
                    assert!(mask.allows(batch.actions()[step]));
                }
                dag.forward_mask(batch.finished(index), &mut mask);
                assert!(mask.none());
            }
        }
    }

    #[test]
    fn a_restored_sampler_goes_on_as_the_saved_one() {
        let dag = RandomDag::new(2, 6, 8);
        let log_reward = |state: &[i32]| f64::from(state[0] % 3);
        let (mut one, mut two) = (Run::new(&dag, &log_reward), Run::new(&dag, &log_reward));
        (0..7).for_each(|_| drop(one.update()));
        two.sampler.restore(&dag, &one.sampler.save()).unwrap();
        two.step = one.step;
        for _ in 0..7 {
            assert_eq!(one.update(), two.update());
            assert_eq!(one.sampler.standing(), two.sampler.standing());
        }
        let saved = one.sampler.save();
        let refused = Metropolis::new(Params::default())
            .restore(&dag, &saved)
            .unwrap_err();
        assert_eq!(refused, "50 chains were saved, but `sampler.chains` is 64");
        let refused = two.sampler.restore(&dag, &saved[..saved.len() - 1]).unwrap_err();
        assert!(
            refused.contains("the saved set of chains is damaged"),
            "{refused}"
        );
    }

    /// An object without a reward is no place to go.
    #[test]
    fn what_is_left_out_is_rejected() {
        let dag = RandomDag::new(3, 6, 8);
        let log_reward = |_: &[i32]| 0.0;
        let mut run = Run::new(&dag, &log_reward);
        run.update();
        let before = run.sampler.standing().unwrap();
        let request = SampleRequest {
            seed: 7,
            purpose: Purpose::Test,
            first_index: CHAINS as u64,
            count: CHAINS,
            step: 1,
        };
        let mut batch = TrajectoryBatch::new(1);
        run.sampler
            .sample(&request, &dag, &mut UniformPolicy, &mut batch)
            .unwrap();
        run.sampler.observe(&TrajectoryBatch::new(1), &[]);
        assert_eq!(run.sampler.standing().unwrap(), before);
    }
}
