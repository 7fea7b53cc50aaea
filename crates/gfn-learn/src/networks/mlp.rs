//! A multilayer perceptron whose first layer reads sparse indices, or numbers.
//!
//! Its gradient is written out: a few matrix products into the flat gradient, without a graph of tiny operations.

use gfn_core::{Actions, EnvironmentSpec, Logits, Observation, OutputGradients, Outputs, View};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{Architecture, Draw, Heads, Network, incompatible};
use crate::LearnError;
use crate::kernels::{Activation, activation_backward, add_bias, gather_rows, scatter_rows, sum_rows};
use crate::parameters::{Layout, Parameters, Start, from_f64, to_f64};
use crate::precision::Compute;

/// A multilayer perceptron over what is seen of a state: a few ones among many zeros, or numbers.
///
/// Formula: h_1 = φ(Σ W_1 rows of the ones + b_1), h_k = φ(h_{k−1}·W_k + b_k); the last layer is linear.
///
/// Where a state is a few ones, the first layer adds up a few rows of its weights and multiplies by no zeros. Logits for all actions, and what else the loss
/// needs, come from one last layer.
///
/// Reference: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors", Nature 323, 533-536,
/// doi 10.1038/323533a0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Units in a hidden layer.
    #[schemars(range(min = 1, max = 16384), extend("x-unit" = "units"))]
    pub hidden: usize,
    /// Hidden layers.
    #[schemars(range(min = 1, max = 16), extend("x-unit" = "layers"))]
    pub layers: usize,
    /// The function between layers.
    pub activation: Activation,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            hidden: 256,
            layers: 2,
            activation: Activation::LeakyRelu,
        }
    }
}

/// What the perceptron must know of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    view: usize,
    features: usize,
    input: Input,
    actions: usize,
    backward_actions: usize,
}

/// How states are given.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// So many ones among zeros, by their indices.
    Indices { active: usize },
    /// All numbers.
    Dense,
}

impl Architecture for Params {
    fn accepts(&self, spec: &EnvironmentSpec, heads: Heads) -> Result<(), String> {
        Shape::of(spec, heads).map(|_| ())
    }

    fn build(
        &self,
        spec: &EnvironmentSpec,
        heads: Heads,
        draw: Draw,
        compute: Compute,
    ) -> Result<Box<dyn Network>, LearnError> {
        let shape = Shape::of(spec, heads).map_err(incompatible)?;
        Ok(Box::new(Mlp::new(self, shape, heads, draw, compute)?))
    }
}

impl Shape {
    /// Reads it off the environment. An action space that varies with the state is no hindrance where no logit of it is asked for.
    ///
    /// # Errors
    /// What the perceptron needs, where the environment has something else.
    pub fn of(spec: &EnvironmentSpec, heads: Heads) -> Result<Self, String> {
        let numbers = spec
            .views
            .iter()
            .enumerate()
            .find_map(|(number, view)| match *view {
                View::Indices { features, active } => Some((number, features, Input::Indices { active })),
                View::Dense { features } => Some((number, features, Input::Dense)),
                View::Items(_) => None,
            });
        let Some((view, features, input)) = numbers else {
            return Err(format!(
                "states given as indices or numbers; environment `{}` gives items, such as the nodes of a graph",
                spec.name
            ));
        };
        let count = |asked: bool, actions: &Actions, what: &str| match (asked, actions.is_fixed()) {
            (false, _) => Ok(0),
            (true, true) => Ok(actions.globals),
            (true, false) => Err(format!(
                "a fixed set of {what}; that of environment `{}` varies with the state",
                spec.name
            )),
        };
        Ok(Self {
            view,
            features,
            input,
            actions: count(heads.forward, &spec.actions, "actions")?,
            backward_actions: count(heads.backward, &spec.backward_actions, "backward actions")?,
        })
    }
}

/// A dense layer's parameter numbers; the weight is `[in, out]`.
#[derive(Clone, Copy, Debug)]
struct Layer {
    weight: usize,
    bias: usize,
}

/// The columns of the last layer.
#[derive(Clone, Copy, Debug)]
struct Columns {
    forward: usize,
    backward: usize,
    log_flow: usize,
}

impl Columns {
    fn total(self) -> usize {
        self.forward + self.backward + self.log_flow
    }
}

/// A multilayer perceptron; see [`Params`].
pub struct Mlp {
    parameters: Parameters,
    layers: Vec<Layer>,
    view: usize,
    features: usize,
    input: Input,
    activation: Activation,
    columns: Columns,
    compute: Compute,
    recorded: Vec<RecordedPass>,
}

/// A recorded forward pass.
struct RecordedPass {
    states: usize,
    indices: Vec<i64>,
    /// Where states are given as numbers, `[states, features]`.
    dense: Vec<f32>,
    /// The activations, `[states, D]` for each hidden layer.
    hidden: Vec<Tensor>,
}

impl RecordedPass {
    /// All passes as one.
    fn join(mut passes: Vec<Self>) -> Result<Self, LearnError> {
        if passes.len() == 1 {
            return Ok(passes.remove(0));
        }
        let layers = passes.first().map_or(0, |pass| pass.hidden.len());
        let of_layer = |layer: usize| {
            let parts: Vec<&Tensor> = passes.iter().map(|pass| &pass.hidden[layer]).collect();
            Tensor::f_cat(&parts, 0)
        };
        Ok(Self {
            hidden: (0..layers).map(of_layer).collect::<Result<_, _>>()?,
            states: passes.iter().map(|pass| pass.states).sum(),
            indices: passes.iter().flat_map(|pass| &pass.indices).copied().collect(),
            dense: passes.iter().flat_map(|pass| &pass.dense).copied().collect(),
        })
    }
}

impl Mlp {
    /// A perceptron with weights drawn from the seed.
    ///
    /// # Errors
    /// Where libtorch has no memory.
    pub fn new(
        params: &Params,
        shape: Shape,
        heads: Heads,
        draw: Draw,
        compute: Compute,
    ) -> Result<Self, LearnError> {
        let columns = Columns {
            forward: shape.actions,
            backward: shape.backward_actions,
            log_flow: usize::from(heads.log_flow),
        };
        let mut layout = Layout::default();
        let mut layer = |name: String, inputs: usize, outputs: usize| Layer {
            weight: layout.add(
                format!("{name}.weight"),
                &[inputs, outputs],
                Start::Uniform { fan_in: inputs },
            ),
            bias: layout.add(
                format!("{name}.bias"),
                &[outputs],
                Start::Uniform { fan_in: inputs },
            ),
        };
        let inputs = |k: usize| if k == 0 { shape.features } else { params.hidden };
        let mut layers: Vec<Layer> = (0..params.layers)
            .map(|k| layer(format!("hidden.{k}"), inputs(k), params.hidden))
            .collect();
        layers.push(layer("output".into(), params.hidden, columns.total()));
        let parameters = Parameters::new(layout, draw.seed, draw.number, compute.device)?;
        let activation = params.activation;
        Ok(Self {
            parameters,
            layers,
            view: shape.view,
            features: shape.features,
            input: shape.input,
            activation,
            columns,
            compute,
            recorded: Vec::new(),
        })
    }

    /// The outputs `[N, columns]`, and the activations of the hidden layers.
    fn run(&self, observation: &Observation) -> Result<(Tensor, Vec<Tensor>), LearnError> {
        let value = |number: usize| self.parameters.value(number);
        let product = |a: &Tensor, b: &Tensor| self.compute.precision.product(a, b);
        let (first, rest) = self.layers.split_first().expect("at least one hidden layer");
        let (weight, bias) = (value(first.weight), value(first.bias));
        let start = match self.input {
            Input::Indices { active } => {
                gather_rows(weight, bias, &observation.indices, active, self.activation)?
            }
            Input::Dense => {
                let mut start = product(&self.numbers(&observation.dense)?, weight)?;
                add_bias(&mut start, bias, Some(self.activation))?;
                start
            }
        };
        let mut hidden = vec![start];
        for layer in &rest[..rest.len() - 1] {
            let mut next = product(&hidden[hidden.len() - 1], value(layer.weight))?;
            add_bias(&mut next, value(layer.bias), Some(self.activation))?;
            hidden.push(next);
        }
        let last = rest[rest.len() - 1];
        let mut output = product(&hidden[hidden.len() - 1], value(last.weight))?;
        add_bias(&mut output, value(last.bias), None)?;
        Ok((output, hidden))
    }

    /// Observations that are numbers, `[N, features]`.
    fn numbers(&self, dense: &[f32]) -> Result<Tensor, LearnError> {
        let numbers = Tensor::f_from_slice(dense)?.f_view([-1, self.features as i64])?;
        Ok(numbers.f_to(self.compute.device)?)
    }

    fn split(&self, values: &[f64], states: usize) -> Outputs {
        let total = self.columns.total();
        let take = |from: usize, width: usize| -> Vec<f64> {
            if width == total {
                return values.to_vec();
            }
            values
                .chunks_exact(total.max(1))
                .flat_map(|row| &row[from..from + width])
                .copied()
                .collect()
        };
        let logits = |from: usize, width: usize| Logits {
            offsets: (0..=states).map(|row| row * width).collect(),
            values: take(from, width),
        };
        let Columns {
            forward,
            backward,
            log_flow,
        } = self.columns;
        Outputs {
            forward: logits(0, forward),
            backward: (backward > 0).then(|| logits(forward, backward)),
            log_flow: (log_flow > 0).then(|| take(forward + backward, 1)),
        }
    }

    fn join(&self, gradients: &OutputGradients, states: usize) -> Vec<f64> {
        let Columns {
            forward,
            backward,
            log_flow,
        } = self.columns;
        if forward == self.columns.total() {
            return gradients.forward.clone();
        }
        let mut joined = Vec::with_capacity(states * self.columns.total());
        for row in 0..states {
            joined.extend_from_slice(&gradients.forward[row * forward..(row + 1) * forward]);
            joined.extend_from_slice(&gradients.backward[row * backward..(row + 1) * backward]);
            joined.extend_from_slice(&gradients.log_flow[row * log_flow..(row + 1) * log_flow]);
        }
        joined
    }
}

impl Network for Mlp {
    fn view(&self) -> usize {
        self.view
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn forward(&mut self, observation: &Observation, record: bool) -> Result<Outputs, LearnError> {
        let _guard = tch::no_grad_guard();
        let (output, hidden) = self.run(observation)?;
        if record {
            self.recorded.push(RecordedPass {
                states: observation.states,
                indices: observation.indices.clone(),
                dense: observation.dense.clone(),
                hidden,
            });
        }
        Ok(self.split(&to_f64(&output)?, observation.states))
    }

    fn records_in_parts(&self) -> bool {
        true
    }

    fn forget(&mut self) {
        self.recorded.clear();
    }

    fn backward(&mut self, gradients: &OutputGradients) -> Result<(), LearnError> {
        let _guard = tch::no_grad_guard();
        let RecordedPass {
            states,
            indices,
            dense,
            hidden,
        } = RecordedPass::join(std::mem::take(&mut self.recorded))?;
        let joined = self.join(gradients, states);
        let mut slope = from_f64(
            &joined,
            &[states as i64, self.columns.total() as i64],
            self.compute.device,
        )?;
        assert_eq!(
            hidden.len() + 1,
            self.layers.len(),
            "a recorded forward pass comes first"
        );
        for (k, layer) in self.layers.clone().into_iter().enumerate().rev() {
            sum_rows(self.parameters.gradient_of(layer.bias), &slope)?;
            let precision = self.compute.precision;
            if k == 0 {
                return match self.input {
                    Input::Indices { active } => scatter_rows(
                        self.parameters.gradient_of(layer.weight),
                        &indices,
                        active,
                        &slope,
                    ),
                    Input::Dense => {
                        let numbers = self.numbers(&dense)?.f_tr()?;
                        precision.product_into(self.parameters.gradient_of(layer.weight), &numbers, &slope)
                    }
                };
            }
            let input = &hidden[k - 1];
            precision.product_into(self.parameters.gradient_of(layer.weight), &input.f_tr()?, &slope)?;
            slope = precision.product(&slope, &self.parameters.value(layer.weight).f_tr()?)?;
            activation_backward(&mut slope, input, self.activation)?;
        }
        Ok(())
    }
}
