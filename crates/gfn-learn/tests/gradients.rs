//! The gradients of both networks against central finite differences.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use common::drawing::Drawing;
use common::{grid, molecules, normal, observe, open_states};
use gfn_core::{Environment, EnvironmentSpec, Observation, OutputGradients, Outputs, View};
use gfn_learn::host::slice;
use gfn_learn::kernels::Activation;
use gfn_learn::networks::message_passing::Normalization;
use gfn_learn::networks::{Architecture, Draw, Heads, Network, message_passing, mlp};
use gfn_learn::precision::{Compute, Precision};
use tch::Device;

/// A network, what it sees, and a loss: Σ weight · output over all outputs.
struct Case {
    name: String,
    network: Box<dyn Network>,
    observation: Observation,
    weights: OutputGradients,
    values: Vec<f32>,
}

fn weighted(outputs: &Outputs, weights: &OutputGradients) -> f64 {
    let dot = |a: &[f64], b: &[f64]| {
        assert_eq!(a.len(), b.len(), "a weight for each output");
        a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()
    };
    let backward = outputs.backward.as_ref().map_or(&[][..], |logits| &logits.values);
    let log_flow = outputs.log_flow.as_deref().unwrap_or_default();
    dot(&outputs.forward.values, &weights.forward)
        + dot(backward, &weights.backward)
        + dot(log_flow, &weights.log_flow)
}

const DRAW: Draw = Draw { seed: 3, number: 0 };

impl Case {
    fn new(
        name: String,
        network: &dyn Architecture,
        environment: &dyn Environment,
        observation: Observation,
        heads: Heads,
    ) -> Self {
        Self::with(name, network, environment, observation, heads, Device::Cpu.into())
    }

    fn with(
        name: String,
        network: &dyn Architecture,
        environment: &dyn Environment,
        observation: Observation,
        heads: Heads,
        compute: Compute,
    ) -> Self {
        let mut network = network.build(environment.spec(), heads, DRAW, compute).unwrap();
        let outputs = network.forward(&observation, false).unwrap();
        let weights = OutputGradients {
            forward: normal(1, outputs.forward.values.len()),
            backward: normal(
                2,
                outputs.backward.as_ref().map_or(0, |logits| logits.values.len()),
            ),
            log_flow: normal(3, outputs.log_flow.as_ref().map_or(0, Vec::len)),
            log_z: 0.0,
        };
        let values = network.parameters().to_host().unwrap();
        Self {
            name,
            network,
            observation,
            weights,
            values,
        }
    }

    /// The gradient by the network's own account.
    fn gradient(&mut self) -> Vec<f64> {
        self.network.forward(&self.observation, true).unwrap();
        self.network.backward(&self.weights).unwrap();
        slice(&self.network.parameters().gradient)
            .iter()
            .map(|&slope| f64::from(slope))
            .collect()
    }

    /// The loss at `values + step · direction`.
    fn loss(&mut self, direction: &[f64], step: f64) -> f64 {
        let moved = |(value, way): (&f32, &f64)| (f64::from(*value) + step * way) as f32;
        let values: Vec<f32> = self.values.iter().zip(direction).map(moved).collect();
        self.network.parameters_mut().set(&values).unwrap();
        weighted(
            &self.network.forward(&self.observation, false).unwrap(),
            &self.weights,
        )
    }

    /// Whether the slope along a direction is what is expected. The rectifiers have kinks, and a step across one measures
    /// the slopes of both sides: a smaller step does not reach it, but sees more rounding. A wrong gradient fits no step.
    fn expect_slope(&mut self, what: &str, direction: &[f64], expected: f64, tolerance: f64) {
        let measured = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4]
            .map(|step| (self.loss(direction, step) - self.loss(direction, -step)) / (2.0 * step));
        let close = measured.iter().any(|slope| (slope - expected).abs() < tolerance);
        assert!(
            close,
            "{}: {what}: the slope is {expected} by the network, {measured:?} by its outputs",
            self.name
        );
    }

    /// Along random directions and along the gradient itself, and at the biggest entry of every parameter.
    fn check(&mut self) {
        let gradient = self.gradient();
        let norm = gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        assert!(
            norm > 0.1,
            "{}: a gradient of norm {norm} tests nothing",
            self.name
        );
        let mut directions: Vec<Vec<f64>> = (10..14).map(|stream| normal(stream, gradient.len())).collect();
        directions.push(gradient.clone());
        for mut direction in directions {
            let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
            direction.iter_mut().for_each(|x| *x /= length);
            let expected: f64 = gradient.iter().zip(&direction).map(|(a, b)| a * b).sum();
            self.expect_slope("along a direction", &direction, expected, 1e-3 * norm);
        }
        for (name, at) in self.biggest(&gradient) {
            let mut direction = vec![0.0; gradient.len()];
            direction[at] = 1.0;
            let tolerance = 1e-2 * gradient[at].abs() + 2e-4 * norm;
            self.expect_slope(&format!("`{name}` at {at}"), &direction, gradient[at], tolerance);
        }
    }

    /// The entry of each parameter that matters most.
    fn biggest(&self, gradient: &[f64]) -> Vec<(String, usize)> {
        let mut start = 0;
        let mut found = Vec::new();
        for entry in self.network.parameters().entries() {
            let end = start + entry.shape.iter().product::<i64>() as usize;
            let largest = (start..end).max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()));
            found.push((entry.name.clone(), largest.unwrap()));
            start = end;
        }
        found
    }
}

/// Forward alone, with one or both of the other heads, and the backward head of a network of its own.
const HEADS: [Heads; 5] = [
    Heads {
        forward: true,
        backward: false,
        log_flow: false,
    },
    Heads {
        forward: true,
        backward: true,
        log_flow: false,
    },
    Heads {
        forward: true,
        backward: false,
        log_flow: true,
    },
    Heads {
        forward: true,
        backward: true,
        log_flow: true,
    },
    Heads {
        forward: false,
        backward: true,
        log_flow: false,
    },
];

#[test]
fn of_the_perceptron() {
    let environment = grid(2, 5);
    let states = open_states(&environment);
    for activation in [Activation::LeakyRelu, Activation::Relu, Activation::Tanh] {
        for layers in 1..=3 {
            for heads in HEADS {
                let params = mlp::Params {
                    hidden: 12,
                    layers,
                    activation,
                };
                let observation = observe(&environment, &states);
                let name = format!("{activation:?}, {layers} layers, {heads:?}");
                Case::new(name, &params, &environment, observation, heads).check();
            }
        }
    }
}

#[test]
fn of_message_passing() {
    let environment = molecules();
    let states = open_states(&environment);
    for layers in 0..=3 {
        let normalizations = [Normalization::None, Normalization::Layer];
        for (heads, normalization) in normalizations
            .into_iter()
            .flat_map(|each| HEADS.map(|heads| (heads, each)))
        {
            let params = message_passing::Params {
                hidden: 8,
                layers,
                normalization,
            };
            let observation = observe(&environment, &states);
            let name = format!("{layers} rounds, {heads:?}, {normalization:?}");
            Case::new(name, &params, &environment, observation, heads).check();
        }
    }
}

/// Rows on states, items and pairs, in both directions.
#[test]
fn of_message_passing_over_every_anchor() {
    let environment = Drawing::new();
    let states = open_states(&environment);
    for (heads, layers) in HEADS.into_iter().flat_map(|heads| [(heads, 0), (heads, 2)]) {
        let params = message_passing::Params {
            hidden: 8,
            layers,
            ..message_passing::Params::default()
        };
        let observation = observe(&environment, &states);
        let name = format!("anchors, {layers} rounds, {heads:?}");
        Case::new(name, &params, &environment, observation, heads).check();
    }
}

/// The empty molecule has no edge and nothing to take away.
#[test]
fn of_message_passing_on_the_source_alone() {
    let environment = molecules();
    let params = message_passing::Params {
        hidden: 8,
        layers: 2,
        ..message_passing::Params::default()
    };
    for heads in HEADS.into_iter().filter(|heads| heads.forward) {
        let observation = observe(&environment, &[environment.spec().initial.clone()]);
        assert!(observation.items.edge_source.is_empty() && observation.backward_rows[0].item.is_empty());
        Case::new(
            format!("the source, {heads:?}"),
            &params,
            &environment,
            observation,
            heads,
        )
        .check();
    }
}

/// A backward network that was shown nothing to take away has no outputs, and its gradient is zero.
#[test]
fn of_a_backward_network_with_nothing_to_say() {
    let environment = molecules();
    let observation = observe(&environment, &[environment.spec().initial.clone()]);
    let mut network = common::messages()
        .build(environment.spec(), HEADS[4], DRAW, Device::Cpu.into())
        .unwrap();
    let outputs = network.forward(&observation, true).unwrap();
    assert_eq!(outputs.backward.unwrap().offsets, [0, 0]);
    network.backward(&OutputGradients::default()).unwrap();
    assert!(
        slice(&network.parameters().gradient)
            .iter()
            .all(|&slope| slope == 0.0)
    );
}

/// A backward pass replaces the gradient of the one before; it does not add to it.
#[test]
fn are_replaced() {
    let grid = grid(2, 4);
    let molecules = molecules();
    let heads = HEADS[3];
    for (environment, network) in [
        (&grid as &dyn Environment, common::perceptron()),
        (&molecules, common::messages()),
    ] {
        let observation = observe(environment, &open_states(environment));
        let mut case = Case::new("twice".into(), &*network, environment, observation, heads);
        assert_eq!(case.gradient(), case.gradient());
    }
}

/// In bf16 gradients are those of f32 up to the rounding of products, and not the same. A rectifier doubles the distance: where
/// its argument is nearly zero, rounding puts it on the other side of the kink.
#[test]
fn in_bf16_are_near() {
    let (grid, molecules) = (grid(2, 6), molecules());
    let perceptron = |activation| mlp::Params {
        activation,
        ..mlp::Params::default()
    };
    let messages = message_passing::Params {
        hidden: 64,
        layers: 3,
        normalization: Normalization::None,
    };
    for (environment, network, most) in [
        (
            &grid as &dyn Environment,
            &perceptron(Activation::Tanh) as &dyn Architecture,
            2e-2,
        ),
        (&grid, &perceptron(Activation::LeakyRelu), 4e-2),
        (&molecules, &messages, 2e-2),
    ] {
        let [single, short] = [Precision::F32, Precision::Bf16].map(|precision| {
            let compute = Compute {
                device: Device::Cpu,
                precision,
            };
            let observation = observe(environment, &open_states(environment));
            let name = precision.name().into();
            Case::with(name, network, environment, observation, HEADS[3], compute).gradient()
        });
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
        let difference = norm(&mut single.iter().zip(&short).map(|(a, b)| a - b));
        let apart = difference / norm(&mut single.iter().copied());
        assert!(
            (1e-4..most).contains(&apart),
            "{}: {apart}",
            environment.spec().name
        );
    }
}

/// States that are given as numbers have the outputs and the gradient of the same states given as indices.
#[test]
fn of_the_perceptron_over_numbers() {
    let environment = grid(2, 5);
    let sparse = observe(&environment, &open_states(&environment));
    let spec = environment.spec();
    let View::Indices { features, active } = spec.views[0] else {
        panic!("a grid gives indices");
    };
    let mut dense = Observation {
        states: sparse.states,
        dense: vec![0.0; sparse.states * features],
        ..Observation::default()
    };
    for (place, &index) in sparse.indices.iter().enumerate() {
        dense.dense[place / active * features + index as usize] = 1.0;
    }
    let numbers = EnvironmentSpec {
        views: vec![View::Dense { features }],
        ..spec.clone()
    };
    let of = |spec: &EnvironmentSpec, seen: &Observation| {
        let mut network = common::perceptron()
            .build(spec, HEADS[3], DRAW, Device::Cpu.into())
            .unwrap();
        // In two passes, as sampling records them.
        let outputs = network.forward(seen, true).unwrap();
        network.forward(seen, true).unwrap();
        let weights = |count: usize, salt: u64| normal(salt, 2 * count);
        let gradients = OutputGradients {
            forward: weights(outputs.forward.values.len(), 1),
            backward: weights(
                outputs.backward.as_ref().map_or(0, |logits| logits.values.len()),
                2,
            ),
            log_flow: weights(outputs.log_flow.as_ref().map_or(0, Vec::len), 3),
            ..OutputGradients::default()
        };
        network.backward(&gradients).unwrap();
        (
            outputs.forward.values,
            slice(&network.parameters().gradient).to_vec(),
        )
    };
    let ((outputs, gradient), (others, other)) = (of(spec, &sparse), of(&numbers, &dense));
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * (1.0 + a.abs());
    assert!(outputs.iter().zip(&others).all(|(a, b)| close(*a, *b)));
    assert!(
        gradient
            .iter()
            .zip(&other)
            .all(|(a, b)| close((*a).into(), (*b).into()))
    );
    assert!(gradient.iter().any(|slope| slope.abs() > 1e-3));
}
