//! The loops that a run spends its time in, network products aside: `cargo bench -p gfn-runner`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gfn_core::{
    Environment, Logits, Loss, Mask, Observation, Outputs, Purpose, SampleRequest, Sampler, Stream,
    TrajectoryBatch, UniformPolicy,
};
use gfn_envs::{fragments, hypergrid};
use gfn_learn::kernels::{Activation, gather_rows, scatter_rows};
use gfn_learn::networks::{Architecture, Draw, mlp};
use gfn_learn::optimizer::{AdamParams, Optimizer};
use gfn_losses::evaluation::{Evaluation, Task};
use gfn_losses::{flow_matching, sub_trajectory_balance, trajectory_balance};
use gfn_samplers::on_policy::{OnPolicy, Params};

fn grid() -> hypergrid::Hypergrid {
    hypergrid::Hypergrid::new(&hypergrid::Params {
        dimensions: 4,
        height: 20,
        ..Default::default()
    })
}

fn molecules() -> fragments::Fragments {
    fragments::Fragments::new(&fragments::Params::default(), Path::new("")).unwrap()
}

fn batch_of(environment: &dyn Environment, count: usize) -> TrajectoryBatch {
    let mut batch = TrajectoryBatch::new(environment.spec().state_len());
    let request = SampleRequest {
        seed: 0,
        purpose: Purpose::Test,
        first_index: 0,
        count,
        step: 0,
    };
    OnPolicy::new(Params::default())
        .sample(&request, environment, &mut UniformPolicy, &mut batch)
        .unwrap();
    batch.log_reward = vec![0.0; batch.len()];
    batch
}

/// Masks and steps of random walks, without a network.
fn walks(c: &mut Criterion) {
    let mut group = c.benchmark_group("walks");
    let environments: [(&str, Box<dyn Environment>); 2] = [
        ("grid-4d-20", Box::new(grid())),
        ("molecules", Box::new(molecules())),
    ];
    for (name, environment) in &environments {
        let spec = environment.spec();
        let steps = |stream: &mut Stream| {
            let (mut state, mut next, mut mask) =
                (spec.initial.clone(), spec.initial.clone(), Mask::default());
            let mut steps = 0u64;
            loop {
                environment.forward_mask(&state, &mut mask);
                let legal = mask.count();
                if legal == 0 {
                    return steps;
                }
                let action = mask.iter().nth(stream.below(legal)).unwrap();
                environment.step(&state, action, &mut next);
                std::mem::swap(&mut state, &mut next);
                steps += 1;
            }
        };
        let total: u64 = (0..200)
            .map(|index| steps(&mut Stream::new(0, Purpose::Test, index)))
            .sum();
        group.throughput(Throughput::Elements(total));
        group.bench_function(*name, |b| {
            b.iter(|| {
                (0..200)
                    .map(|index| steps(&mut Stream::new(0, Purpose::Test, index)))
                    .sum::<u64>()
            });
        });
    }
    group.finish();
}

/// Sampling with a policy that costs nothing: masks, choices, steps, bookkeeping.
fn sampling(c: &mut Criterion) {
    let environment = grid();
    c.bench_function("sample/grid-4d-20/256", |b| {
        b.iter(|| black_box(batch_of(&environment, 256)))
    });
}

/// Collecting the distinct states of a batch, the loss, and its gradient.
fn losses(c: &mut Criterion) {
    let environment = grid();
    let batch = batch_of(&environment, 256);
    let losses: [(&str, Box<dyn Loss>); 3] = [
        (
            "flow-matching",
            Box::new(flow_matching::FlowMatching::new(&Default::default())),
        ),
        (
            "trajectory-balance",
            Box::new(trajectory_balance::TrajectoryBalance),
        ),
        (
            "sub-trajectory-balance",
            Box::new(sub_trajectory_balance::SubTrajectoryBalance::new(
                &Default::default(),
            )),
        ),
    ];
    for (name, loss) in &losses {
        let mut evaluation = Evaluation::default();
        let task = Task {
            environment: &environment,
            batch: &batch,
            loss: &**loss,
            learned_backward: false,
        };
        // A network that costs no more than copying its outputs.
        let outputs_of = |states: &[i32]| {
            let rows = states.len() / batch.state_len();
            let mut stream = Stream::new(0, Purpose::Test, 0);
            Ok::<_, std::convert::Infallible>(Outputs {
                forward: Logits {
                    offsets: (0..=rows).map(|row| row * 5).collect(),
                    values: (0..rows * 5).map(|_| stream.normal()).collect(),
                },
                backward: None,
                log_flow: Some(vec![0.0; rows]),
            })
        };
        let mut outputs = Outputs::default();
        let remembered = |states: &[i32]| {
            outputs = outputs_of(states).unwrap();
            outputs_of(states)
        };
        let _ = evaluation.evaluate(task, 0.0, None, remembered);
        c.bench_function(&format!("evaluate/{name}"), |b| {
            b.iter(|| {
                evaluation.evaluate(task, 0.0, None, |_| {
                    Ok::<_, std::convert::Infallible>(outputs.clone())
                })
            })
        });
    }
}

/// The sparse first layer, its transpose, and a step of the optimizer.
fn network(c: &mut Criterion) {
    let environment = grid();
    let params = mlp::Params::default();
    let heads = gfn_learn::networks::Heads {
        forward: true,
        ..Default::default()
    };
    let mut network = params
        .build(
            environment.spec(),
            heads,
            Draw { seed: 0, number: 0 },
            gfn_learn::device::find("cpu").unwrap().into(),
        )
        .unwrap();
    let mut seen = Observation::new(environment.spec(), 0);
    let batch = batch_of(&environment, 64);
    for index in 0..batch.len() {
        (0..batch.steps_of(index).len())
            .for_each(|at| environment.observe(0, batch.state(index, at), &mut seen));
    }
    let (weight, bias) = (network.parameters().value(0), network.parameters().value(1));
    let gather = || gather_rows(weight, bias, &seen.indices, 4, Activation::LeakyRelu).unwrap();
    c.bench_function(&format!("gather_rows/{}", seen.states), |b| b.iter(gather));
    let (slope, mut gradient) = (gather(), weight.zeros_like());
    c.bench_function(&format!("scatter_rows/{}", seen.states), |b| {
        b.iter(|| scatter_rows(&mut gradient, &seen.indices, 4, &slope).unwrap());
    });
    let mut optimizer = Optimizer::new(AdamParams::default(), &[network.parameters()]).unwrap();
    c.bench_function(&format!("adam/{}", network.parameters().len()), |b| {
        b.iter(|| {
            optimizer
                .step(&mut [network.parameters_mut()], &mut 0.0, 0.0)
                .unwrap()
        });
    });
}

criterion_group!(benches, walks, sampling, losses, network);
criterion_main!(benches);
