//! Exact answers on environments small enough to sweep: every state, every edge, the distribution of finished objects
//! that a policy leads to, log Z, and distances between distributions.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use thiserror::Error;

use crate::{Environment, Logits, Mask, Objects, Policy, PolicyError, Reward, RewardError};

/// Why an environment could not be solved.
#[derive(Debug, Error)]
pub enum ExactError {
    /// There are too many states.
    #[error("the environment has more than {limit} states")]
    TooManyStates {
        /// The most that were allowed.
        limit: usize,
    },
    /// Some state leads back to itself.
    #[error("the environment is not acyclic: {state:?} can be reached from itself")]
    Cycle {
        /// A state on a cycle.
        state: Vec<i32>,
    },
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The reward failed.
    #[error(transparent)]
    Reward(#[from] RewardError),
}

/// An index from states to numbers, over an arena of flat states.
#[derive(Clone, Debug, Default)]
pub struct StateIndex {
    table: HashTable<u32>,
    states: Vec<i32>,
    state_len: usize,
}

impl StateIndex {
    /// An empty index of states of `state_len` words.
    pub fn new(state_len: usize) -> Self {
        Self {
            table: HashTable::new(),
            states: Vec::new(),
            state_len,
        }
    }

    /// Forgets every state and keeps the allocations.
    pub fn clear(&mut self) {
        self.table.clear();
        self.states.clear();
    }

    /// How many distinct states there are.
    pub fn len(&self) -> usize {
        self.states.len() / self.state_len.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// All states, flat, in the order of their numbers.
    pub fn states(&self) -> &[i32] {
        &self.states
    }

    /// State number `index`.
    pub fn state(&self, index: usize) -> &[i32] {
        &self.states[index * self.state_len..(index + 1) * self.state_len]
    }

    /// The number of `state`, where it has one.
    pub fn find(&self, state: &[i32]) -> Option<usize> {
        let hash = FxBuildHasher.hash_one(state);
        self.table
            .find(hash, |&index| self.state(index as usize) == state)
            .map(|&index| index as usize)
    }

    /// The number of `state`, a new one if need be, and whether it is new.
    pub fn insert(&mut self, state: &[i32]) -> (usize, bool) {
        if let Some(index) = self.find(state) {
            return (index, false);
        }
        let index = self.len();
        self.states.extend_from_slice(state);
        let (states, len) = (&self.states, self.state_len);
        let rehash = |&index: &u32| {
            let start = index as usize * len;
            FxBuildHasher.hash_one(&states[start..start + len])
        };
        self.table
            .insert_unique(FxBuildHasher.hash_one(state), index as u32, rehash);
        (index, true)
    }
}

/// Every state and edge of an environment, states in topological order, the source first.
#[derive(Clone, Debug)]
pub struct StateGraph {
    index: StateIndex,
    order: Vec<u32>,
    edge_offsets: Vec<usize>,
    edges: Vec<Edge>,
    finished: Vec<u32>,
    in_degree: Vec<u32>,
}

/// An edge of a [`StateGraph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The action that takes it.
    pub action: u32,
    /// The state it leads to.
    pub target: u32,
    /// The backward action that takes it back.
    pub backward_action: u32,
}

impl StateGraph {
    /// Sweeps `environment`.
    ///
    /// # Errors
    /// Where there are more than `limit` states, or a cycle.
    pub fn build(environment: &dyn Environment, limit: usize) -> Result<Self, ExactError> {
        let spec = environment.spec();
        let mut index = StateIndex::new(spec.state_len());
        index.insert(&spec.initial);
        let (mut mask, mut next) = (Mask::default(), spec.initial.clone());
        let (mut edge_offsets, mut edges, mut finished) = (vec![0], Vec::new(), Vec::new());
        let mut current = 0;
        while current < index.len() {
            let state = index.state(current).to_vec();
            environment.forward_mask(&state, &mut mask);
            for action in mask.iter() {
                let backward_action = environment.step(&state, action, &mut next) as u32;
                let (target, new) = index.insert(&next);
                if new && index.len() > limit {
                    return Err(ExactError::TooManyStates { limit });
                }
                edges.push(Edge {
                    action: action as u32,
                    target: target as u32,
                    backward_action,
                });
            }
            if mask.none() {
                finished.push(current as u32);
            }
            edge_offsets.push(edges.len());
            current += 1;
        }
        let mut in_degree = vec![0; index.len()];
        for edge in &edges {
            in_degree[edge.target as usize] += 1;
        }
        let mut graph = Self {
            index,
            order: Vec::new(),
            edge_offsets,
            edges,
            finished,
            in_degree,
        };
        graph.order = graph.topological_order()?;
        Ok(graph)
    }

    fn topological_order(&self) -> Result<Vec<u32>, ExactError> {
        let mut waiting = self.in_degree.clone();
        let mut order = vec![0];
        let mut position = 0;
        while position < order.len() {
            for edge in self.edges_of(order[position] as usize) {
                waiting[edge.target as usize] -= 1;
                if waiting[edge.target as usize] == 0 {
                    order.push(edge.target);
                }
            }
            position += 1;
        }
        match waiting.iter().position(|&parents| parents > 0) {
            Some(state) => Err(ExactError::Cycle {
                state: self.state(state).to_vec(),
            }),
            None => Ok(order),
        }
    }

    /// How many states there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no state; never so for a graph that was built.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// State number `index`.
    pub fn state(&self, index: usize) -> &[i32] {
        self.index.state(index)
    }

    /// The number of `state`, where it can be reached.
    pub fn find(&self, state: &[i32]) -> Option<usize> {
        self.index.find(state)
    }

    /// The edges that leave state `index`.
    pub fn edges_of(&self, index: usize) -> &[Edge] {
        &self.edges[self.edge_offsets[index]..self.edge_offsets[index + 1]]
    }

    /// Where the edges of each state begin among all edges; `[states + 1]`.
    pub fn edge_offsets(&self) -> &[usize] {
        &self.edge_offsets
    }

    /// How many edges enter state `index`.
    pub fn parents_of(&self, index: usize) -> usize {
        self.in_degree[index] as usize
    }

    /// The finished states, which are the objects.
    pub fn finished(&self) -> &[u32] {
        &self.finished
    }

    /// State numbers in topological order.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// log R of each finished state, in the order of [`StateGraph::finished`].
    ///
    /// # Errors
    /// Where the reward fails.
    pub fn log_rewards(
        &self,
        environment: &dyn Environment,
        reward: &dyn Reward,
    ) -> Result<Vec<f64>, ExactError> {
        let states: Vec<i32> = self
            .finished
            .iter()
            .flat_map(|&index| self.state(index as usize).iter().copied())
            .collect();
        let mut log_reward = vec![0.0; self.finished.len()];
        reward.log_reward(&Objects::new(environment, &states), &mut log_reward)?;
        Ok(log_reward)
    }

    /// The probability with which `policy` finishes in each finished state, by pushing probability mass from the
    /// source along every edge. The policy sees `batch` states at a time.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn policy_distribution(
        &self,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
        batch: usize,
    ) -> Result<Vec<f64>, ExactError> {
        let mut edge_probability = vec![0.0; self.edges.len()];
        let open: Vec<u32> = (0..self.len() as u32)
            .filter(|&index| !self.edges_of(index as usize).is_empty())
            .collect();
        let (mut states, mut logits) = (Vec::new(), Logits::default());
        for chunk in open.chunks(batch.max(1)) {
            states.clear();
            chunk
                .iter()
                .for_each(|&index| states.extend_from_slice(self.state(index as usize)));
            policy.logits(environment, &states, &mut logits)?;
            for (row, &index) in chunk.iter().enumerate() {
                let first = self.edge_offsets[index as usize];
                let edges = self.edges_of(index as usize);
                let of = |edge: &Edge| logits.of(row)[edge.action as usize];
                let total = log_sum_exp(edges.iter().map(of));
                for (offset, edge) in edges.iter().enumerate() {
                    edge_probability[first + offset] = (of(edge) - total).exp();
                }
            }
        }
        Ok(self.push(&edge_probability))
    }

    /// The probability of each finished state, given the probability of each edge.
    pub fn push(&self, edge_probability: &[f64]) -> Vec<f64> {
        let mut mass = vec![0.0; self.len()];
        mass[0] = 1.0;
        for &index in &self.order {
            let first = self.edge_offsets[index as usize];
            for (offset, edge) in self.edges_of(index as usize).iter().enumerate() {
                mass[edge.target as usize] += mass[index as usize] * edge_probability[first + offset];
            }
        }
        self.finished.iter().map(|&index| mass[index as usize]).collect()
    }

    /// log F of every state under the backward policy `log_pb` (one number an edge) and the rewards of the finished
    /// states: the flow that makes every balance condition hold exactly.
    pub fn log_flows(&self, log_reward: &[f64], log_pb: &[f64]) -> Vec<f64> {
        let mut log_flow = vec![f64::NEG_INFINITY; self.len()];
        for (&index, &log_reward) in self.finished.iter().zip(log_reward) {
            log_flow[index as usize] = log_reward;
        }
        for &index in self.order.iter().rev() {
            let index = index as usize;
            let first = self.edge_offsets[index];
            let edges = self.edges_of(index);
            if !edges.is_empty() {
                let flows = edges
                    .iter()
                    .enumerate()
                    .map(|(k, edge)| log_flow[edge.target as usize] + log_pb[first + k]);
                log_flow[index] = log_sum_exp(flows.collect::<Vec<_>>().into_iter());
            }
        }
        log_flow
    }

    /// log P_B of every edge under the uniform backward policy.
    pub fn uniform_log_pb(&self) -> Vec<f64> {
        self.edges
            .iter()
            .map(|edge| -f64::from(self.in_degree[edge.target as usize]).ln())
            .collect()
    }
}

/// log Σ exp of `values`, without overflow; −∞ for none.
pub fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + values.map(|value| (value - most).exp()).sum::<f64>().ln()
}

/// The distribution proportional to exp `log_weight`, and the log of its normalizing constant.
pub fn normalize(log_weight: &[f64]) -> (Vec<f64>, f64) {
    let log_z = log_sum_exp(log_weight.iter().copied());
    (
        log_weight.iter().map(|weight| (weight - log_z).exp()).collect(),
        log_z,
    )
}

/// Σ |p − q|: twice the total variation.
pub fn l1(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum()
}

/// Total variation, half of [`l1`].
pub fn total_variation(p: &[f64], q: &[f64]) -> f64 {
    l1(p, q) / 2.0
}

/// Kullback–Leibler divergence of `q` from `p`, Σ p log(p / q), in nats; infinite where `q` misses part of `p`.
pub fn kullback_leibler(p: &[f64], q: &[f64]) -> f64 {
    p.iter()
        .zip(q)
        .filter(|(p, _)| **p > 0.0)
        .map(|(p, q)| p * (p / q).ln())
        .sum()
}

/// Jensen–Shannon divergence in nats, at most ln 2.
pub fn jensen_shannon(p: &[f64], q: &[f64]) -> f64 {
    let middle: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect();
    (kullback_leibler(p, &middle) + kullback_leibler(q, &middle)) / 2.0
}

/// The expected [`l1`] between `p` and the frequencies of `samples` perfect samples from it: no sampler's frequencies
/// can be expected to read lower. A cell's count is binomial; its mean absolute deviation is exact (de Moivre).
pub fn sampling_floor(p: &[f64], samples: u64) -> f64 {
    p.iter()
        .map(|&p| binomial_deviation(samples, p) / samples as f64)
        .sum()
}

/// E|X − np| for X ~ Binomial(n, p): 2 (1 − p) m b(m; n, p) with m = ⌊np⌋ + 1 and b the probability of m.
fn binomial_deviation(n: u64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return 0.0;
    }
    let (count, m) = (n as f64, (n as f64 * p).floor() + 1.0);
    let log_choose = log_gamma(count + 1.0) - log_gamma(m + 1.0) - log_gamma(count - m + 1.0);
    let log_b = log_choose + m * p.ln() + (count - m) * (-p).ln_1p();
    2.0 * m * (1.0 - p) * log_b.exp()
}

/// ln Γ(x) for x > 0, by Stirling's series after shifting x above 10.
fn log_gamma(x: f64) -> f64 {
    let (mut shifted, mut product) = (x, 0.0);
    while shifted < 10.0 {
        product += shifted.ln();
        shifted += 1.0;
    }
    let inverse = 1.0 / shifted;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (shifted - 0.5) * shifted.ln() - shifted + 0.5 * std::f64::consts::TAU.ln() + series - product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::RandomDag;
    use crate::{Purpose, Stream, UniformPolicy};

    #[test]
    fn distances_on_two_points() {
        let (p, q) = ([0.75, 0.25], [0.25, 0.75]);
        assert!((l1(&p, &q) - 1.0).abs() < 1e-15);
        assert!((total_variation(&p, &q) - 0.5).abs() < 1e-15);
        assert!((kullback_leibler(&p, &q) - 0.5 * 3f64.ln()).abs() < 1e-15);
        assert!((jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]) - 2f64.ln()).abs() < 1e-15);
        assert_eq!(kullback_leibler(&[1.0, 0.0], &[0.0, 1.0]), f64::INFINITY);
    }

    #[test]
    fn binomial_deviation_by_hand() {
        // X ~ Binomial(2, 1/2): |X - 1| is 1 with probability one half.
        assert!((binomial_deviation(2, 0.5) - 0.5).abs() < 1e-12);
        assert!((log_gamma(5.0) - 24f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn mass_is_kept_and_exact_flows_sample_the_reward() {
        for seed in 0..20 {
            let dag = RandomDag::new(seed, 5, 6);
            let graph = StateGraph::build(&dag, 1000).unwrap();
            let uniform = graph.policy_distribution(&dag, &mut UniformPolicy, 7).unwrap();
            assert!((uniform.iter().sum::<f64>() - 1.0).abs() < 1e-12);

            let mut stream = Stream::new(seed, Purpose::Test, 1);
            let log_reward: Vec<f64> = graph.finished().iter().map(|_| 2.0 * stream.normal()).collect();
            let log_pb = graph.uniform_log_pb();
            let log_flow = graph.log_flows(&log_reward, &log_pb);
            let mut probability = vec![0.0; log_pb.len()];
            for index in 0..graph.len() {
                for (k, edge) in graph.edges_of(index).iter().enumerate() {
                    let at = graph.edge_offsets()[index] + k;
                    probability[at] = (log_flow[edge.target as usize] + log_pb[at] - log_flow[index]).exp();
                }
            }
            let (target, log_z) = normalize(&log_reward);
            assert!((log_flow[0] - log_z).abs() < 1e-12);
            assert!(total_variation(&graph.push(&probability), &target) < 1e-12);
        }
    }

    #[test]
    fn too_many_states_is_an_error() {
        let dag = RandomDag::new(0, 5, 6);
        assert!(matches!(
            StateGraph::build(&dag, 3),
            Err(ExactError::TooManyStates { limit: 3 })
        ));
    }
}
