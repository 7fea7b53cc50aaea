//! Models: sampling and training see the same logits, whatever else is in the batch; saved weights come back.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::sync::Arc;

use common::{grid, messages, model, molecules, normal, open_states, perceptron, write};
use gfn_core::{
    Actions, Environment, EnvironmentSpec, Logits, Mask, Needs, Observation, OutputGradients, Outputs, Policy,
};
use gfn_learn::model::{BackwardPolicy, Model, ModelParams};
use gfn_learn::networks::{Architecture, mlp};
use gfn_learn::optimizer::AdamParams;
use gfn_learn::weights;
use safetensors::tensor::{Dtype, TensorView};
use tch::Device;

fn sampling_logits(model: &mut Model, environment: &dyn Environment, states: &[Vec<i32>]) -> Logits {
    let mut logits = Logits::default();
    model.logits(environment, &states.concat(), &mut logits).unwrap();
    logits
}

fn each(check: impl Fn(&dyn Environment, Arc<dyn Architecture>)) {
    check(&grid(2, 6), perceptron());
    check(&molecules(), messages());
}

#[test]
fn sampling_and_training_see_the_same_logits() {
    each(|environment, network| {
        for backward in [
            BackwardPolicy::Uniform,
            BackwardPolicy::Tied,
            BackwardPolicy::Learned(network.clone()),
        ] {
            let mut model = model(environment, network.clone(), backward, 1);
            let states = open_states(environment);
            let outputs = model.evaluate(environment, &states.concat()).unwrap();
            assert_eq!(sampling_logits(&mut model, environment, &states), outputs.forward);
        }
    });
}

/// States that stand twice in a batch are evaluated once, and answered each.
#[test]
fn repeated_states_share_their_logits() {
    each(|environment, network| {
        let mut model = model(environment, network, BackwardPolicy::Uniform, 1);
        let states = open_states(environment);
        let order: Vec<usize> = (0..states.len())
            .chain([0, 0])
            .chain((0..states.len()).rev())
            .collect();
        let repeated: Vec<Vec<i32>> = order.iter().map(|&index| states[index].clone()).collect();
        let single = sampling_logits(&mut model, environment, &states);
        let all = sampling_logits(&mut model, environment, &repeated);
        for (row, &index) in order.iter().enumerate() {
            assert_eq!(all.of(row), single.of(index));
        }
    });
}

/// What was asked while recording is not asked again, and what it leads to is what a plain evaluation leads to: the same
/// outputs and, after a step, the same weights, up to the rounding of smaller matrix products.
#[test]
fn recorded_answers_serve_the_loss() {
    each(|environment, network| {
        for backward in [BackwardPolicy::Uniform, BackwardPolicy::Tied] {
            let [mut plain, mut recorded] =
                [(); 2].map(|()| model(environment, network.clone(), backward.clone(), 6));
            let states = open_states(environment);
            for round in 0..3 {
                recorded.record();
                // Some states are never asked about, some are asked about twice, and one is no part of the loss.
                for asked in [&states[2..5], &states[4..6]] {
                    sampling_logits(&mut recorded, environment, asked);
                }
                let of_loss = states[3..].concat();
                let [expected, outputs] =
                    [&mut plain, &mut recorded].map(|model| model.evaluate(environment, &of_loss).unwrap());
                close(&expected.forward.values, &outputs.forward.values);
                assert_eq!(expected.forward.offsets, outputs.forward.offsets);
                close(
                    expected.log_flow.as_ref().unwrap(),
                    outputs.log_flow.as_ref().unwrap(),
                );
                let gradients = |outputs: &Outputs| OutputGradients {
                    forward: normal(round, outputs.forward.values.len()),
                    backward: normal(
                        7,
                        outputs.backward.as_ref().map_or(0, |logits| logits.values.len()),
                    ),
                    log_flow: normal(8, outputs.log_flow.as_ref().map_or(0, Vec::len)),
                    log_z: 1.0,
                };
                let norms = [
                    plain.step(gradients(&expected)).unwrap(),
                    recorded.step(gradients(&outputs)).unwrap(),
                ];
                assert!((norms[0] / norms[1] - 1.0).abs() < 1e-4, "{norms:?}");
            }
        }
    });
}

/// Alone, in another order, or in a bigger batch: a state's outputs are its own.
#[test]
fn outputs_do_not_depend_on_the_batch() {
    each(|environment, network| {
        let mut model = model(environment, network.clone(), BackwardPolicy::Learned(network), 2);
        let states = open_states(environment);
        let whole = model.evaluate(environment, &states.concat()).unwrap();
        let [backward, log_flow] = [
            whole.backward.as_ref().unwrap(),
            &one_each(whole.log_flow.as_ref().unwrap()),
        ];
        let reversed: Vec<Vec<i32>> = states.iter().rev().cloned().collect();
        let reversed = model.evaluate(environment, &reversed.concat()).unwrap();
        for (index, state) in states.iter().enumerate() {
            let mirrored = states.len() - 1 - index;
            let alone = model.evaluate(environment, state).unwrap();
            for (other, at) in [(&alone, 0), (&reversed, mirrored)] {
                close(whole.forward.of(index), other.forward.of(at));
                close(backward.of(index), other.backward.as_ref().unwrap().of(at));
                close(log_flow.of(index), &other.log_flow.as_ref().unwrap()[at..=at]);
            }
        }
    });
}

fn close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
}

fn one_each(values: &[f64]) -> Logits {
    Logits {
        offsets: (0..=values.len()).collect(),
        values: values.to_vec(),
    }
}

#[test]
fn molecules_are_told_apart() {
    let environment = molecules();
    let mut model = model(&environment, messages(), BackwardPolicy::Uniform, 3);
    let states = open_states(&environment);
    let logits = sampling_logits(&mut model, &environment, &states);
    for (index, state) in states.iter().enumerate() {
        for (earlier, other) in states[..index].iter().enumerate() {
            let same = logits.of(index) == logits.of(earlier);
            assert!(
                !same,
                "{} and {} look alike",
                environment.describe(state),
                environment.describe(other)
            );
        }
    }
}

#[test]
fn weights_come_back() {
    let folder = tempfile::tempdir().unwrap();
    each(|environment, network| {
        for backward in [
            BackwardPolicy::Uniform,
            BackwardPolicy::Tied,
            BackwardPolicy::Learned(network.clone()),
        ] {
            let mut saved = model(environment, network.clone(), backward.clone(), 4);
            saved.log_z = 1.0 / 3.0;
            let bytes = weights::to_bytes(&saved).unwrap();
            let mut loaded = model(environment, network.clone(), backward, 5);
            assert_ne!(weights::to_bytes(&loaded).unwrap(), bytes);
            weights::load(&mut loaded, &write(folder.path(), "weights.safetensors", &bytes)).unwrap();
            assert_eq!(weights::to_bytes(&loaded).unwrap(), bytes);
            let states = open_states(environment);
            let [saved, loaded] =
                [&mut saved, &mut loaded].map(|model| model.evaluate(environment, &states.concat()).unwrap());
            assert_eq!(saved, loaded);
        }
    });
}

/// What the file at hand is refused for, its path cut off; a refused file leaves the model as it was.
fn refusal(model: &mut Model, bytes: Option<&[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    if let Some(bytes) = bytes {
        write(folder.path(), "weights.safetensors", bytes);
    }
    let before = weights::to_bytes(model).unwrap();
    let message = weights::load(model, &path).unwrap_err().to_string();
    assert_eq!(
        weights::to_bytes(model).unwrap(),
        before,
        "changed by a file that was refused: {message}"
    );
    message
        .strip_prefix(&format!("{}: ", path.display()))
        .expect("the message begins with the path")
        .to_string()
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let environment = grid(2, 6);
    let mut model = model(&environment, perceptron(), BackwardPolicy::Uniform, 6);
    let bytes_of = |environment: &dyn Environment, network, backward| {
        weights::to_bytes(&common::model(environment, network, backward, 6)).unwrap()
    };
    let own = bytes_of(&environment, perceptron(), BackwardPolicy::Uniform);

    assert_eq!(
        refusal(&mut model, None),
        "cannot be read: no such file or folder"
    );
    let cut = [
        (0, "is an empty file"),
        (4, "is binary data"),
        (20, "is cut off within its header"),
        (own.len() / 2, "is cut off: it has"),
        (own.len() - 1, "is cut off: it has"),
    ];
    for (length, expected) in cut {
        let message = refusal(&mut model, Some(&own[..length]));
        assert!(message.starts_with(expected), "{message}");
    }
    let mut longer = own.clone();
    longer.push(0);
    assert!(refusal(&mut model, Some(&longer)).starts_with("is damaged: "));

    let wider = Arc::new(mlp::Params {
        hidden: 17,
        ..mlp::Params::default()
    });
    assert_eq!(
        refusal(
            &mut model,
            Some(&bytes_of(&environment, wider, BackwardPolicy::Uniform))
        ),
        "tensor `forward.hidden.0.weight` is [12, 17] F32; the model has [12, 16] F32"
    );
    assert_eq!(
        refusal(
            &mut model,
            Some(&bytes_of(&environment, perceptron(), BackwardPolicy::Tied))
        ),
        "tensor `forward.output.weight` is [16, 7] F32; the model has [16, 4] F32"
    );
    assert_eq!(
        refusal(
            &mut model,
            Some(&bytes_of(&molecules(), messages(), BackwardPolicy::Uniform))
        ),
        "holds no tensor `forward.hidden.0.weight`; it is of another model"
    );
    let single = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
    let file = safetensors::serialize([("log_z", single)], None).unwrap();
    assert_eq!(
        refusal(&mut model, Some(&file)),
        "tensor `log_z` is [1] F32; the model has [1] F64"
    );
}

#[test]
fn a_model_with_a_backward_network_wants_its_weights() {
    let environment = grid(2, 6);
    let learned = BackwardPolicy::Learned(perceptron());
    let without = weights::to_bytes(&model(&environment, perceptron(), BackwardPolicy::Uniform, 7)).unwrap();
    assert_eq!(
        refusal(&mut model(&environment, perceptron(), learned, 7), Some(&without)),
        "holds no tensor `backward.hidden.0.weight`; it is of another model"
    );
}

/// A grid whose backward actions are declared as varying with the state, as a plugin may.
struct Ragged {
    grid: gfn_envs::hypergrid::Hypergrid,
    spec: EnvironmentSpec,
}

impl Ragged {
    fn new() -> Self {
        let grid = grid(2, 4);
        let mut spec = grid.spec().clone();
        let most = spec.backward_actions.most;
        spec.backward_actions = Actions::ragged(most);
        Self { grid, spec }
    }
}

impl Environment for Ragged {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask) {
        self.grid.forward_mask(state, mask);
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask) {
        self.grid.backward_mask(state, mask);
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        self.grid.step(state, action, next)
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        self.grid.undo(state, action, previous)
    }

    fn observe(&self, view: usize, state: &[i32], observation: &mut Observation) {
        self.grid.observe(view, state, observation);
    }

    fn describe(&self, state: &[i32]) -> String {
        self.grid.describe(state)
    }
}

#[test]
fn backward_actions_that_vary_hinder_only_a_learned_backward_policy() {
    let environment = Ragged::new();
    let params = |backward| ModelParams {
        network: perceptron(),
        backward,
        needs: Needs {
            backward_policy: true,
            ..Needs::default()
        },
        optimizer: AdamParams::default(),
    };
    let build = |backward| Model::new(&params(backward), environment.spec(), 1, Device::Cpu);
    let states = open_states(&environment);
    let mut uniform = build(BackwardPolicy::Uniform).unwrap();
    let outputs = uniform.evaluate(&environment, &states.concat()).unwrap();
    assert_eq!(outputs.forward.offsets.len(), states.len() + 1);
    for backward in [BackwardPolicy::Tied, BackwardPolicy::Learned(perceptron())] {
        let message = build(backward).err().unwrap().to_string();
        assert!(
            message.contains("needs a fixed set of backward actions"),
            "{message}"
        );
    }
}
