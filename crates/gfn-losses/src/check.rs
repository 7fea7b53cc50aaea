//! The checks that every loss must pass, ours and a plugin's: on small random graphs with random rewards, the loss is
//! zero at the exact flows, and its gradient agrees with finite differences.

use gfn_core::exact::{StateGraph, normalize};
use gfn_core::testkit::RandomDag;
use gfn_core::{
    Environment, Logits, Loss, Mask, Outputs, Policy, PolicyError, Purpose, SampleRequest, Sampler, Stream,
    TrajectoryBatch,
};
use gfn_samplers::on_policy::{OnPolicy, Params};
use thiserror::Error;

use crate::evaluation::Evaluation;

/// How a loss breaks its contract.
#[derive(Debug, Error)]
#[error("on random graph {graph}: {what}")]
pub struct ContractBreach {
    /// The seed of the graph.
    pub graph: u64,
    /// What is wrong.
    pub what: String,
}

/// Checks `loss` on random graphs.
///
/// # Errors
/// The first way in which it is broken.
pub fn check_loss(loss: &dyn Loss) -> Result<(), ContractBreach> {
    for graph in 0..12 {
        for learned_backward in [false, true] {
            if loss.needs().backward_policy || !learned_backward {
                let case = Case::new(graph, loss, learned_backward);
                case.zero_at_exact_flows(loss)
                    .and_then(|()| case.gradient(loss))
                    .map_err(|what| ContractBreach {
                        graph,
                        what: format!(
                            "with a {} backward policy, {what}",
                            if learned_backward { "learned" } else { "uniform" }
                        ),
                    })?;
            }
        }
    }
    Ok(())
}

/// Checks the gradient alone, for a loss that has no exact solution.
///
/// # Errors
/// The first way in which it is broken.
pub fn check_gradient(loss: &dyn Loss) -> Result<(), ContractBreach> {
    for graph in 0..12 {
        Case::new(graph, loss, false)
            .gradient(loss)
            .map_err(|what| ContractBreach { graph, what })?;
    }
    Ok(())
}

/// A random graph with random rewards, and a batch of trajectories from a random policy.
struct Case {
    graph: StateGraph,
    log_pb: Vec<f64>,
    log_flow: Vec<f64>,
    log_z: f64,
    dag: RandomDag,
    batch: TrajectoryBatch,
    plan: Evaluation,
    learned_backward: bool,
    seed: u64,
}

impl Case {
    fn new(seed: u64, loss: &dyn Loss, learned_backward: bool) -> Self {
        let dag = RandomDag::new(seed, 4, 4);
        let graph = StateGraph::build(&dag, 1000).expect("a small graph");
        let mut stream = Stream::new(seed, Purpose::Test, 1);
        let log_reward: Vec<f64> = graph.finished().iter().map(|_| stream.normal()).collect();
        let log_pb = backward_policy(&graph, learned_backward, &mut stream);
        let log_flow = graph.log_flows(&log_reward, &log_pb);
        let (_, log_z) = normalize(&log_reward);
        let mut batch = TrajectoryBatch::new(1);
        let request = SampleRequest {
            seed,
            purpose: Purpose::Test,
            first_index: 100,
            count: 6,
            step: 0,
        };
        OnPolicy::new(Params::default())
            .sample(&request, &dag, &mut RandomPolicy(stream), &mut batch)
            .expect("random logits are finite");
        batch.log_reward = (0..batch.len())
            .map(|index| log_flow[graph.find(batch.finished(index)).expect("reachable")])
            .collect();
        let mut plan = Evaluation::default();
        plan.plan(&dag, &batch, loss, learned_backward);
        Self {
            graph,
            log_pb,
            log_flow,
            log_z,
            dag,
            batch,
            plan,
            learned_backward,
            seed,
        }
    }

    /// What a perfect network says: edge flows as logits, so that their softmax is the exact policy.
    fn exact_outputs(&self) -> Outputs {
        let mut outputs = self.outputs(|_| 0.0);
        for (row, &node) in self.plan.states().iter().enumerate() {
            let state = self.graph.find(&[node]).expect("reachable");
            for (k, edge) in self.graph.edges_of(state).iter().enumerate() {
                let log_pb = self.log_pb[self.graph.edge_offsets()[state] + k];
                let at = outputs.forward.offsets[row] + edge.action as usize;
                outputs.forward.values[at] = self.log_flow[edge.target as usize] + log_pb;
            }
            if let Some(flow) = &mut outputs.log_flow {
                flow[row] = self.log_flow[state];
            }
        }
        self.exact_backward(&mut outputs);
        outputs
    }

    fn exact_backward(&self, outputs: &mut Outputs) {
        let Some(backward) = &mut outputs.backward else {
            return;
        };
        for state in 0..self.graph.len() {
            for (k, edge) in self.graph.edges_of(state).iter().enumerate() {
                let target = self.graph.state(edge.target as usize)[0];
                if let Some(row) = self.plan.states().iter().position(|&node| node == target) {
                    let at = backward.offsets[row] + edge.backward_action as usize;
                    backward.values[at] = self.log_pb[self.graph.edge_offsets()[state] + k];
                }
            }
        }
    }

    fn outputs(&self, mut value: impl FnMut(usize) -> f64) -> Outputs {
        let rows = self.plan.len();
        let mut logits = |width: usize| Logits {
            offsets: (0..=rows).map(|row| row * width).collect(),
            values: (0..rows * width).map(&mut value).collect(),
        };
        let spec = self.dag.spec();
        Outputs {
            forward: logits(spec.actions.most),
            backward: self.learned_backward.then(|| logits(spec.backward_actions.most)),
            log_flow: Some(logits(1).values),
        }
    }

    fn zero_at_exact_flows(&self, loss: &dyn Loss) -> Result<(), String> {
        let outputs = self.exact_outputs();
        let evaluated = self.plan.differentiate(&self.batch, loss, &outputs, self.log_z);
        let gradients = &evaluated.gradients;
        let steepest = [&gradients.forward, &gradients.backward, &gradients.log_flow]
            .into_iter()
            .flatten()
            .chain([&gradients.log_z])
            .fold(0.0f64, |most, slope| most.max(slope.abs()));
        if evaluated.loss.abs() > 1e-20 || steepest > 1e-9 {
            return Err(format!(
                "the loss at the exact flows is {}, its steepest slope {steepest}",
                evaluated.loss
            ));
        }
        if (evaluated.log_z - self.log_z).abs() > 1e-9 {
            return Err(format!(
                "log Z at the exact flows reads {}, not {}",
                evaluated.log_z, self.log_z
            ));
        }
        Ok(())
    }

    fn gradient(&self, loss: &dyn Loss) -> Result<(), String> {
        let mut stream = Stream::new(self.seed, Purpose::Test, 2);
        let outputs = self.outputs(|_| stream.normal());
        let log_z = 0.5;
        let value =
            |outputs: &Outputs, log_z| self.plan.differentiate(&self.batch, loss, outputs, log_z).loss;
        let gradients = self
            .plan
            .differentiate(&self.batch, loss, &outputs, log_z)
            .gradients;
        let step = 1e-5;
        let agree = |name: &str, at: usize, slope: f64, up: f64, down: f64| {
            let expected = (up - down) / (2.0 * step);
            let close = (slope - expected).abs() <= 1e-6 * (1.0 + expected.abs());
            if close {
                Ok(())
            } else {
                Err(format!(
                    "d loss / d {name}[{at}] is {slope}, by differences {expected}"
                ))
            }
        };
        type Pick = fn(&mut Outputs) -> Option<&mut Vec<f64>>;
        let parts: [(&str, &Vec<f64>, Pick); 3] = [
            ("forward", &gradients.forward, |outputs| {
                Some(&mut outputs.forward.values)
            }),
            ("backward", &gradients.backward, |outputs| {
                outputs.backward.as_mut().map(|logits| &mut logits.values)
            }),
            ("log_flow", &gradients.log_flow, |outputs| {
                outputs.log_flow.as_mut()
            }),
        ];
        for (name, slopes, pick) in parts {
            for (at, &slope) in slopes.iter().enumerate() {
                let moved = |by: f64| {
                    let mut outputs = outputs.clone();
                    pick(&mut outputs).expect("a gradient of what is there")[at] += by;
                    value(&outputs, log_z)
                };
                agree(name, at, slope, moved(step), moved(-step))?;
            }
        }
        agree(
            "log_z",
            0,
            gradients.log_z,
            value(&outputs, log_z + step),
            value(&outputs, log_z - step),
        )
    }
}

/// log P_B of every edge: uniform, or drawn at random and normalized over the parents of each state.
fn backward_policy(graph: &StateGraph, random: bool, stream: &mut Stream) -> Vec<f64> {
    let mut log_pb = graph.uniform_log_pb();
    if !random {
        return log_pb;
    }
    let mut total = vec![0.0; graph.len()];
    for state in 0..graph.len() {
        for (k, edge) in graph.edges_of(state).iter().enumerate() {
            let weight = stream.normal().exp();
            log_pb[graph.edge_offsets()[state] + k] = weight.ln();
            total[edge.target as usize] += weight;
        }
    }
    for state in 0..graph.len() {
        for (k, edge) in graph.edges_of(state).iter().enumerate() {
            log_pb[graph.edge_offsets()[state] + k] -= total[edge.target as usize].ln();
        }
    }
    log_pb
}

/// Fresh random logits at every call.
struct RandomPolicy(Stream);

impl Policy for RandomPolicy {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        let mut mask = Mask::default();
        logits.offsets = vec![0];
        logits.values.clear();
        for state in states.chunks_exact(environment.spec().state_len()) {
            environment.forward_mask(state, &mut mask);
            logits.values.extend((0..mask.len()).map(|_| self.0.normal()));
            logits.offsets.push(logits.values.len());
        }
        Ok(())
    }
}
