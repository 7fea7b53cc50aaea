//! An environment with rows of actions on states, items and pairs, which is in no list: it keeps the contract, and is learned with
//! either backward policy.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::sync::Arc;

use common::drawing::Drawing;
use gfn_core::exact::{StateGraph, l1, normalize};
use gfn_core::testkit::{Thoroughness, check_environment};
use gfn_core::{Environment, Loss, Purpose, SampleRequest, Sampler, TrajectoryBatch};
use gfn_learn::model::{BackwardPolicy, Model, ModelParams};
use gfn_learn::networks::message_passing::{Normalization, Params};
use gfn_learn::optimizer::AdamParams;
use gfn_losses::evaluation::{Evaluation, Task};
use gfn_losses::trajectory_balance::TrajectoryBalance;
use gfn_samplers::on_policy::{self, OnPolicy};
use tch::Device;

fn log_reward(state: &[i32]) -> f64 {
    let (labels, edges) = (&state[..3], &state[3..6]);
    0.7 * f64::from(labels.iter().sum::<i32>()) - 0.9 * f64::from(edges[0] + edges[1]) + f64::from(edges[2])
}

#[test]
fn the_contract_is_kept() {
    let checked = check_environment(&Drawing::new(), Thoroughness::default()).unwrap();
    assert_eq!((checked.states, checked.finished), (Some(432), Some(216)));
}

#[test]
fn it_is_learned_with_either_backward_policy() {
    let environment = Drawing::new();
    let network = Arc::new(Params {
        hidden: 32,
        layers: 2,
        normalization: Normalization::None,
    });
    let backward = [
        BackwardPolicy::Uniform,
        BackwardPolicy::Tied,
        BackwardPolicy::Learned(network.clone()),
    ];
    for backward in backward {
        let name = format!("{backward:?}");
        let distance = distance_after(&environment, network.clone(), backward);
        assert!(distance < 0.25, "{name}: L1 {distance}");
    }
}

/// The exact L1 distance to the target after 300 updates by trajectory balance; untrained it is 1.2.
fn distance_after(environment: &Drawing, network: Arc<Params>, backward: BackwardPolicy) -> f64 {
    let loss = TrajectoryBalance;
    let learned = backward.is_learned();
    let params = ModelParams {
        network,
        backward,
        needs: loss.needs(),
        optimizer: AdamParams::default(),
    };
    let mut model = Model::new(&params, environment.spec(), 1, Device::Cpu).unwrap();
    let mut sampler = OnPolicy::new(on_policy::Params::default());
    let mut batch = TrajectoryBatch::new(environment.spec().state_len());
    let mut evaluation = Evaluation::default();
    for step in 0..300 {
        let request = SampleRequest {
            seed: 1,
            purpose: Purpose::Training,
            first_index: step * 32,
            count: 32,
            step,
        };
        sampler
            .sample(&request, environment, &mut model, &mut batch)
            .unwrap();
        batch.log_reward = (0..batch.len())
            .map(|index| log_reward(batch.finished(index)))
            .collect();
        let task = Task {
            environment,
            batch: &batch,
            loss: &loss,
            learned_backward: learned,
        };
        let log_z = model.log_z;
        let ask = |states: &[i32]| model.evaluate(environment, states);
        let evaluated = evaluation.evaluate(task, log_z, None, ask).unwrap();
        model.step(evaluated.gradients).unwrap();
    }
    let graph = StateGraph::build(environment, 1000).unwrap();
    let finished = graph.finished().iter();
    let target: Vec<f64> = finished
        .map(|&state| log_reward(graph.state(state as usize)))
        .collect();
    let learned = graph.policy_distribution(environment, &mut model, 512).unwrap();
    l1(&learned, &normalize(&target).0)
}
