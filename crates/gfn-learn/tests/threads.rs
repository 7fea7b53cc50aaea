//! Training twice gives the same bits, and once the process is prepared for the level `bitwise` the number of threads
//! changes none either: every loss, every precision that a CPU has.
//!
//! Threads and the libraries' modes belong to the process, so each mode is a child process: this binary again.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::sync::Arc;

use common::{grid, molecules};
use gfn_core::{Environment, Loss, Purpose, SampleRequest, Sampler, TrajectoryBatch};
use gfn_learn::model::{BackwardPolicy, Model, ModelParams};
use gfn_learn::networks::message_passing::Normalization;
use gfn_learn::networks::{Architecture, message_passing, mlp};
use gfn_learn::optimizer::AdamParams;
use gfn_learn::precision::{Compute, Precision};
use gfn_learn::weights;
use gfn_losses::evaluation::Evaluation;
use gfn_losses::{
    detailed_balance::DetailedBalance, flow_matching::FlowMatching,
    log_partition_variance::LogPartitionVariance, sub_trajectory_balance::SubTrajectoryBalance,
    trajectory_balance::TrajectoryBalance,
};
use gfn_samplers::on_policy::{OnPolicy, Params};
use tch::Device;

const STEPS: u64 = 6;
const BATCH: usize = 64;

fn losses() -> Vec<(&'static str, Box<dyn Loss>)> {
    vec![
        ("trajectory balance", Box::new(TrajectoryBalance)),
        ("detailed balance", Box::new(DetailedBalance)),
        (
            "sub-trajectory balance",
            Box::new(SubTrajectoryBalance::new(&Default::default())),
        ),
        ("log-partition variance", Box::new(LogPartitionVariance)),
        ("flow matching", Box::new(FlowMatching::new(&Default::default()))),
    ]
}

/// A made-up reward that wants objects apart: it reads the words of the state.
fn log_reward(state: &[i32]) -> f64 {
    state
        .iter()
        .enumerate()
        .map(|(place, &word)| (f64::from(word) + place as f64).sin())
        .sum()
}

/// What a run leaves: its saved weights, and the loss and the gradient's norm of every update.
#[derive(PartialEq)]
struct Trained {
    weights: Vec<u8>,
    metrics: Vec<[f64; 2]>,
}

impl Trained {
    fn last_loss(&self) -> f64 {
        self.metrics[self.metrics.len() - 1][0]
    }
}

/// Trains as a run does.
fn train(task: &Task, loss: &dyn Loss, threads: i32) -> Trained {
    let Task {
        environment,
        network,
        precision,
        ..
    } = task;
    let environment = &**environment;
    tch::set_num_threads(threads);
    assert_eq!(tch::get_num_threads(), threads);
    let needs = loss.needs();
    let backward = if needs.backward_policy {
        BackwardPolicy::Learned(network.clone())
    } else {
        BackwardPolicy::Uniform
    };
    let learned = backward.is_learned();
    let params = ModelParams {
        network: network.clone(),
        backward,
        needs,
        optimizer: AdamParams::default(),
    };
    let compute = Compute {
        device: Device::Cpu,
        precision: *precision,
    };
    let mut model = Model::new(&params, environment.spec(), 8, compute).unwrap();
    let mut sampler = OnPolicy::new(Params::default());
    let mut batch = TrajectoryBatch::new(environment.spec().state_len());
    let mut evaluation = Evaluation::default();
    let mut metrics = Vec::new();
    for step in 0..STEPS {
        let request = SampleRequest {
            seed: 8,
            purpose: Purpose::Training,
            first_index: step * BATCH as u64,
            count: BATCH,
            step,
        };
        model.record();
        sampler
            .sample(&request, environment, &mut model, &mut batch)
            .unwrap();
        batch.log_reward = (0..batch.len())
            .map(|index| log_reward(batch.finished(index)))
            .collect();
        let task = gfn_losses::evaluation::Task {
            environment,
            batch: &batch,
            loss,
            learned_backward: learned,
        };
        let log_z = model.log_z;
        let ask = |states: &[i32]| model.evaluate(environment, states);
        let evaluated = evaluation.evaluate(task, log_z, None, ask).unwrap();
        let norm = model.step(evaluated.gradients).unwrap();
        metrics.push([evaluated.loss, norm]);
    }
    assert!(metrics.as_flattened().iter().all(|value| value.is_finite()));
    Trained {
        weights: weights::to_bytes(&model).unwrap(),
        metrics,
    }
}

struct Task {
    name: &'static str,
    environment: Box<dyn Environment>,
    network: Arc<dyn Architecture>,
    precision: Precision,
}

fn tasks() -> impl Iterator<Item = Task> {
    [Precision::F32, Precision::Bf16]
        .into_iter()
        .flat_map(|precision| {
            let messages = message_passing::Params {
                hidden: 64,
                layers: 3,
                normalization: Normalization::Layer,
            };
            [
                Task {
                    name: "grid",
                    environment: Box::new(grid(2, 8)),
                    network: Arc::new(mlp::Params::default()),
                    precision,
                },
                Task {
                    name: "molecules",
                    environment: Box::new(molecules()),
                    network: Arc::new(messages),
                    precision,
                },
            ]
        })
}

/// The program's own way into strict mode.
#[test]
#[ignore = "run by a test below, in a process of its own"]
fn prepared_child() {
    gfn_learn::device::prepare();
    child();
}

/// Prepared, every run is the same; otherwise those with as many threads are, and the others nearly so.
#[test]
#[ignore = "run by the tests below, in a process of its own"]
fn child() {
    let prepared = std::env::var_os("MKL_CBWR").is_some();
    for task in tasks().filter(|task| prepared || task.precision == Precision::F32) {
        for (loss_name, loss) in losses() {
            let what = format!("{}, {}, {loss_name}", task.name, task.precision.name());
            let [one, two, again] = [1, 2, 2].map(|threads| train(&task, &*loss, threads));
            assert!(two == again, "{what}: two runs on 2 threads differ");
            if prepared {
                assert!(one == two, "{what}: 1 and 2 threads differ");
                let four = train(&task, &*loss, 4);
                assert!(one == four, "{what}: 1 and 4 threads differ");
            } else {
                let again = train(&task, &*loss, 1);
                assert!(one == again, "{what}: two runs on 1 thread differ");
                let apart = (one.last_loss() / two.last_loss() - 1.0).abs();
                assert!(
                    apart < 1e-2,
                    "{what}: the last loss on 1 and 2 threads differs by {apart}"
                );
            }
        }
    }
}

fn run_child(name: &str) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--ignored"])
        .env_remove("MKL_CBWR")
        .env_remove("ATEN_CPU_CAPABILITY");
    // Threads that wait in a loop crawl where another process wants the cores.
    command.env("OMP_WAIT_POLICY", "PASSIVE");
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn runs_on_as_many_threads_are_the_same() {
    run_child("child");
}

#[test]
fn once_prepared_the_number_of_threads_changes_nothing() {
    run_child("prepared_child");
}
