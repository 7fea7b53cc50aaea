//! Trajectories from the current policy, with exploration.

use gfn_core::exact::log_sum_exp;
use gfn_core::{
    BehaviorPolicy, Environment, Logits, Mask, Policy, PolicyError, SampleError, SampleRequest, Sampler,
    Schedule, Stream, TrajectoryBatch, UniformPolicy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Draws fresh trajectories from the current policy at every step, with exploration.
///
/// Formula: an action is drawn from (1 − ε) · softmax(logits / T) + ε · uniform over the legal actions, where ε is
/// `random_action_probability` and T is `temperature`.
///
/// The loss always uses the policy's own log-probabilities, without ε and T. Where ε is 1 the network is not asked: with `loss.kind =
/// "none"` that is the random policy which others are compared with.
///
/// Reference: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation",
/// arXiv 2106.04399.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// ε, the probability of a uniformly random legal action: a number in [0, 1] or a schedule.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub random_action_probability: Schedule,
    /// T, which flattens the policy where above 1: a positive number or a schedule.
    #[schemars(extend("minimum" = 1e-6))]
    pub temperature: Schedule,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            random_action_probability: 0.0.into(),
            temperature: 1.0.into(),
        }
    }
}

impl Params {
    /// Checks ranges that a schema cannot state.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn check(&self) -> Result<(), String> {
        self.random_action_probability
            .check("sampler.random_action_probability", 0.0, 1.0)?;
        self.temperature.check("sampler.temperature", 1e-6, f64::INFINITY)
    }
}

/// Draws from the policy it is given; see [`Params`].
#[derive(Clone, Debug)]
pub struct OnPolicy {
    params: Params,
}

impl OnPolicy {
    /// A sampler with these parameters.
    pub fn new(params: Params) -> Self {
        Self { params }
    }
}

/// A trajectory under way.
struct Walk {
    states: Vec<i32>,
    actions: Vec<usize>,
    backward_actions: Vec<usize>,
    stream: Stream,
}

impl Walk {
    fn begin(environment: &dyn Environment, stream: Stream) -> Self {
        Self {
            states: environment.spec().initial.clone(),
            actions: Vec::new(),
            backward_actions: Vec::new(),
            stream,
        }
    }

    /// The state that it stands at.
    fn state(&self, len: usize) -> &[i32] {
        &self.states[self.states.len() - len..]
    }
}

/// The walks that can go on, with the states at which they stand, a row each.
struct Live {
    walks: Vec<usize>,
    states: Vec<i32>,
    masks: Vec<Mask>,
}

impl Live {
    /// Of the walks that were live before, those that have a legal action left.
    fn find(&mut self, environment: &dyn Environment, walks: &[Walk]) {
        let len = environment.spec().state_len();
        let gather = |live: &[usize], states: &mut Vec<i32>| {
            states.clear();
            live.iter()
                .for_each(|&index| states.extend_from_slice(walks[index].state(len)));
        };
        gather(&self.walks, &mut self.states);
        let masks = &mut self.masks[..self.walks.len()];
        environment.forward_masks(&self.states, masks);
        let mut kept = 0;
        for row in 0..masks.len() {
            if !masks[row].none() {
                masks.swap(kept, row);
                self.walks[kept] = self.walks[row];
                kept += 1;
            }
        }
        if kept < self.walks.len() {
            self.walks.truncate(kept);
            gather(&self.walks, &mut self.states);
        }
    }
}

impl Params {
    /// The settings that change the policy's probabilities, each with the value at which it changes nothing.
    fn altering(&self) -> Vec<(&'static str, f64)> {
        let settings = [
            ("random_action_probability", &self.random_action_probability, 0.0),
            ("temperature", &self.temperature, 1.0),
        ];
        let altered = settings
            .into_iter()
            .filter(|(_, schedule, plain)| schedule.ends() != [*plain; 2]);
        altered.map(|(key, _, plain)| (key, plain)).collect()
    }
}

impl Sampler for OnPolicy {
    fn schedules(&self) -> Vec<(&'static str, &Schedule)> {
        let params = &self.params;
        vec![
            (
                "train.random_action_probability",
                &params.random_action_probability,
            ),
            ("train.temperature", &params.temperature),
        ]
    }

    fn behavior_policy(&self) -> BehaviorPolicy {
        match self.params.altering() {
            altering if altering.is_empty() => BehaviorPolicy::Trained,
            altering => BehaviorPolicy::Altered(altering),
        }
    }

    fn sample(
        &mut self,
        request: &SampleRequest,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError> {
        let indices = request.indices();
        self.draw(request, indices, environment, policy, batch)
    }
}

impl OnPolicy {
    /// Fills `batch` with the trajectories of these indices alone; the first index and the count of `request` are not read.
    pub(crate) fn draw(
        &self,
        request: &SampleRequest,
        indices: impl Iterator<Item = u64>,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
        batch: &mut TrajectoryBatch,
    ) -> Result<(), SampleError> {
        let spec = environment.spec();
        let len = spec.state_len();
        let exploration = Exploration {
            epsilon: self.params.random_action_probability.at(request.step),
            temperature: self.params.temperature.at(request.step),
        };
        let mut walks: Vec<Walk> = indices
            .map(|index| Walk::begin(environment, Stream::new(request.seed, request.purpose, index)))
            .collect();
        let mut live = Live {
            walks: (0..walks.len()).collect(),
            states: Vec::new(),
            masks: vec![Mask::default(); walks.len()],
        };
        let (mut logits, mut weights) = (Logits::default(), Vec::new());
        let (mut actions, mut next, mut backward_actions) = (Vec::new(), Vec::new(), Vec::new());
        for step in 0.. {
            live.find(environment, &walks);
            let Live {
                walks: rows,
                states,
                masks,
            } = &live;
            if rows.is_empty() {
                break;
            }
            if step == spec.most_steps {
                let state = states[..len].to_vec();
                return Err(SampleError::Endless { most: step, state });
            }
            match exploration.epsilon < 1.0 {
                true => policy.logits(environment, states, &mut logits)?,
                false => UniformPolicy.logits(environment, states, &mut logits)?,
            }
            actions.clear();
            for (row, &index) in rows.iter().enumerate() {
                let uniform = walks[index].stream.uniform();
                let action = exploration
                    .choose(logits.of(row), &masks[row], uniform, &mut weights)
                    .map_err(|(action, value)| PolicyError::NotFinite {
                        value,
                        action,
                        object: environment.describe(&states[row * len..(row + 1) * len]),
                    })?;
                actions.push(action);
            }
            next.resize(states.len(), 0);
            backward_actions.resize(rows.len(), 0);
            environment.step_all(states, &actions, &mut next, &mut backward_actions);
            for (row, &index) in rows.iter().enumerate() {
                let walk = &mut walks[index];
                walk.states.extend_from_slice(&next[row * len..(row + 1) * len]);
                walk.actions.push(actions[row]);
                walk.backward_actions.push(backward_actions[row]);
            }
        }
        batch.clear();
        walks
            .iter()
            .for_each(|walk| batch.push(&walk.states, &walk.actions, &walk.backward_actions));
        Ok(())
    }
}

struct Exploration {
    epsilon: f64,
    temperature: f64,
}

impl Exploration {
    /// The legal action whose share of the unit interval holds `uniform`; the action and value of a logit that is not
    /// finite otherwise.
    fn choose(
        &self,
        logits: &[f64],
        mask: &Mask,
        uniform: f64,
        weights: &mut Vec<f64>,
    ) -> Result<usize, (usize, f64)> {
        weights.clear();
        weights.extend(mask.iter().map(|action| logits[action] / self.temperature));
        if let Some(at) = weights.iter().position(|weight| !weight.is_finite()) {
            return Err((
                mask.iter().nth(at).expect("one weight a legal action"),
                weights[at],
            ));
        }
        let total = log_sum_exp(weights.iter().copied());
        let even = self.epsilon / weights.len() as f64;
        let mut below = 0.0;
        let mut last = 0;
        for (action, weight) in mask.iter().zip(weights.iter()) {
            below += (1.0 - self.epsilon) * (weight - total).exp() + even;
            last = action;
            if uniform < below {
                break;
            }
        }
        // Rounding can leave `below` a hair under one: the last legal action takes the rest.
        Ok(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_core::exact::StateGraph;
    use gfn_core::testkit::RandomDag;
    use gfn_core::{Purpose, UniformPolicy};

    fn draw(sampler: &mut OnPolicy, dag: &RandomDag, first_index: u64, count: usize) -> TrajectoryBatch {
        let request = SampleRequest {
            seed: 5,
            purpose: Purpose::Test,
            first_index,
            count,
            step: 0,
        };
        let mut batch = TrajectoryBatch::new(1);
        sampler
            .sample(&request, dag, &mut UniformPolicy, &mut batch)
            .unwrap();
        batch
    }

    #[test]
    fn batches_may_be_split() {
        let dag = RandomDag::new(1, 6, 5);
        let mut sampler = OnPolicy::new(Params::default());
        let whole = draw(&mut sampler, &dag, 0, 10);
        let parts = [draw(&mut sampler, &dag, 0, 3), draw(&mut sampler, &dag, 3, 7)];
        let joined: Vec<i32> = parts.iter().flat_map(TrajectoryBatch::all_finished).collect();
        assert_eq!(whole.all_finished(), joined);
    }

    /// Cannot be asked.
    struct Silent;

    impl Policy for Silent {
        fn logits(&mut self, _: &dyn Environment, _: &[i32], _: &mut Logits) -> Result<(), PolicyError> {
            Err(PolicyError::Failed("it was asked".into()))
        }
    }

    #[test]
    fn a_random_policy_asks_no_network() {
        let dag = RandomDag::new(2, 4, 4);
        let mut sampler = OnPolicy::new(Params {
            random_action_probability: 1.0.into(),
            ..Params::default()
        });
        let request = SampleRequest {
            seed: 5,
            purpose: Purpose::Test,
            first_index: 0,
            count: 20,
            step: 0,
        };
        let mut batch = TrajectoryBatch::new(1);
        sampler.sample(&request, &dag, &mut Silent, &mut batch).unwrap();
        let of_uniform = draw(&mut OnPolicy::new(Params::default()), &dag, 0, 20);
        assert_eq!(batch.all_finished(), of_uniform.all_finished());
    }

    #[test]
    fn frequencies_follow_the_policy() {
        let dag = RandomDag::new(2, 4, 4);
        let graph = StateGraph::build(&dag, 1000).unwrap();
        let exact = graph.policy_distribution(&dag, &mut UniformPolicy, 64).unwrap();
        let count = 40_000;
        let batch = draw(&mut OnPolicy::new(Params::default()), &dag, 0, count);
        let mut seen = vec![0.0; exact.len()];
        for index in 0..batch.len() {
            let state = graph.find(batch.finished(index)).unwrap() as u32;
            seen[graph.finished().iter().position(|&other| other == state).unwrap()] += 1.0 / count as f64;
        }
        assert!(gfn_core::exact::l1(&seen, &exact) < 0.03);
    }

    #[test]
    fn epsilon_mixes_and_temperature_flattens() {
        let mut mask = Mask::new(3);
        mask.allow(0);
        mask.allow(2);
        let share = |epsilon, temperature| {
            let exploration = Exploration { epsilon, temperature };
            let logits = [0.0, f64::NAN, 2.0];
            let mut weights = Vec::new();
            let chosen = (0..10_000).filter(|&k| {
                let uniform = (f64::from(k) + 0.5) / 10_000.0;
                exploration.choose(&logits, &mask, uniform, &mut weights).unwrap() == 2
            });
            chosen.count() as f64 / 10_000.0
        };
        let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!((share(0.0, 1.0) - logistic(2.0)).abs() < 1e-3);
        assert!((share(0.0, 4.0) - logistic(0.5)).abs() < 1e-3);
        assert!((share(0.5, 1.0) - (0.5 * logistic(2.0) + 0.25)).abs() < 1e-3);
    }

    #[test]
    fn a_logit_that_is_not_finite_is_named() {
        let mut mask = Mask::new(2);
        mask.allow_range(0, 2);
        let exploration = Exploration {
            epsilon: 0.0,
            temperature: 1.0,
        };
        let (action, value) = exploration
            .choose(&[0.0, f64::NAN], &mask, 0.5, &mut Vec::new())
            .unwrap_err();
        assert!(action == 1 && value.is_nan());
    }
}
