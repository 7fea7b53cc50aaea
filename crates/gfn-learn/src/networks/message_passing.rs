//! Message passing over small labeled graphs, with a logit for every (row, column) pair and one for stopping.
//!
//! Node states start as embeddings of their kinds; each layer adds to a node what its neighbours say, told apart by the
//! kinds of the two ends of the edge. A row of actions reads its node and its own kind; stopping and the state's flow read
//! the pooled graph; a backward action reads the node that it removes.

use gfn_core::{
    ActionSpace, EnvironmentSpec, Logits, Observation, ObservationSpec, OutputGradients, Outputs,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::{Architecture, Draw, Heads, Network, incompatible};
use crate::LearnError;
use crate::parameters::{Layout, Parameters, Start, from_f64, to_f64};
use crate::precision::Compute;

/// Message passing over the graph of blocks: each block's state takes in what its neighbours say.
///
/// Formula: in every layer h ← h + φ(n(h)·U + Σ_j φ(n(h_j)·V + a_ij)·W + b), with φ the leaky rectifier, a_ij an embedding of the
/// two ends of the edge, and n what `normalization` says.
///
/// A logit for each (open stem, way to attach) pair comes from the stem's block and the stem's kind, the logit for stopping from
/// the pooled graph.
///
/// References: Gilmer et al. 2017, "Neural message passing for quantum chemistry", arXiv 1704.01212 (the form is our own); Ba et al.
/// 2016, "Layer normalization", arXiv 1607.06450.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Numbers in a node's state.
    #[schemars(range(min = 1, max = 4096), extend("x-unit" = "numbers"))]
    pub hidden: usize,
    /// Rounds of messages.
    #[schemars(range(min = 0, max = 32), extend("x-unit" = "rounds"))]
    pub layers: usize,
    /// What is done to the states that a round, and what comes after the last, reads. Many layers need "layer": without it states grow from
    /// round to round, and a small step of the weights is a great one of the logits.
    pub normalization: Normalization,
}

/// What is done to the states that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    /// Nothing.
    #[default]
    None,
    /// Each state has its mean taken off and is divided by its deviation.
    Layer,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            hidden: 128,
            layers: 3,
            normalization: Normalization::None,
        }
    }
}

/// What the network must know of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    node_kinds: usize,
    edge_kinds: usize,
    row_kinds: usize,
    width: usize,
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
        Ok(Box::new(MessagePassing::new(self, shape, heads, draw, compute)?))
    }
}

impl Shape {
    /// Reads it off the environment. Backward actions are asked about only where a logit of them is asked for.
    ///
    /// # Errors
    /// What the network needs, where the environment has something else.
    pub fn of(spec: &EnvironmentSpec, heads: Heads) -> Result<Self, String> {
        let takes_back = !heads.backward || matches!(spec.backward_actions, ActionSpace::Ragged { .. });
        match (&spec.observation, spec.actions) {
            (
                &ObservationSpec::Graph {
                    node_kinds,
                    edge_kinds,
                    row_kinds,
                },
                ActionSpace::Rows { width, .. },
            ) if takes_back => Ok(Self {
                node_kinds,
                edge_kinds,
                row_kinds,
                width,
            }),
            _ => Err(format!(
                "states given as graphs with rows of actions; environment `{}` has none",
                spec.name
            )),
        }
    }
}

/// A dense layer's parameter numbers; the weight is `[in, out]`.
#[derive(Clone, Copy, Debug)]
struct Dense {
    weight: usize,
    bias: usize,
}

/// Two dense layers with the rectifier between: pooled or single nodes to one number.
#[derive(Clone, Copy, Debug)]
struct Head {
    hidden: Dense,
    output: Dense,
}

/// A round of messages.
#[derive(Clone, Copy, Debug)]
struct Round {
    message: usize,
    source_end: usize,
    target_end: usize,
    own: Dense,
    gathered: usize,
}

#[derive(Clone, Debug)]
struct Numbers {
    node: usize,
    rounds: Vec<Round>,
    row_node: Dense,
    row_kind: usize,
    row_output: Dense,
    stop: Head,
    flow: Option<Head>,
    backward: Option<Head>,
    forward: bool,
}

/// Message passing; see [`Params`].
pub struct MessagePassing {
    parameters: Parameters,
    leaves: Vec<Tensor>,
    numbers: Numbers,
    normalization: Normalization,
    hidden: i64,
    width: usize,
    compute: Compute,
    recorded: Vec<Recorded>,
}

/// Outputs as tensors.
struct Raw {
    rows: Option<Tensor>,
    stop: Option<Tensor>,
    backward: Option<Tensor>,
    log_flow: Option<Tensor>,
}

/// A recorded forward pass.
struct Recorded {
    raw: Raw,
    row_count: Vec<usize>,
}

/// The next of the gradients in `rest`: one for each number of `output`.
fn take<'a>(rest: &mut &'a [f64], output: Option<&Tensor>) -> &'a [f64] {
    let (own, after) = rest.split_at(output.map_or(0, Tensor::numel));
    *rest = after;
    own
}

/// The deviation of embeddings that all else grows from.
const ROOT: f64 = 1.0;
/// The deviation of embeddings that are added to something.
const ADDED: f64 = 0.3;

/// Collects parameters of a network whose hidden size is fixed.
struct Plan {
    layout: Layout,
    hidden: usize,
}

impl Plan {
    fn embedding(&mut self, name: &str, kinds: usize, deviation: f64) -> usize {
        self.layout.add(
            format!("{name}.embedding"),
            &[kinds, self.hidden],
            Start::Normal(deviation),
        )
    }

    fn matrix(&mut self, name: &str) -> usize {
        let hidden = self.hidden;
        self.layout.add(
            format!("{name}.weight"),
            &[hidden, hidden],
            Start::Uniform { fan_in: hidden },
        )
    }

    fn dense(&mut self, name: &str, outputs: usize) -> Dense {
        let start = Start::Uniform { fan_in: self.hidden };
        Dense {
            weight: self
                .layout
                .add(format!("{name}.weight"), &[self.hidden, outputs], start),
            bias: self.layout.add(format!("{name}.bias"), &[outputs], Start::Zero),
        }
    }

    fn head(&mut self, name: &str) -> Head {
        let hidden = self.dense(&format!("{name}.hidden"), self.hidden);
        Head {
            hidden,
            output: self.dense(&format!("{name}.output"), 1),
        }
    }

    fn round(&mut self, number: usize, edge_kinds: usize) -> Round {
        Round {
            message: self.matrix(&format!("round.{number}.message")),
            source_end: self.embedding(&format!("round.{number}.source"), edge_kinds, ADDED),
            target_end: self.embedding(&format!("round.{number}.target"), edge_kinds, ADDED),
            own: self.dense(&format!("round.{number}.own"), self.hidden),
            gathered: self.matrix(&format!("round.{number}.gathered")),
        }
    }
}

impl MessagePassing {
    /// A network with weights drawn from the seed.
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
        let mut plan = Plan {
            layout: Layout::default(),
            hidden: params.hidden,
        };
        let numbers = Numbers {
            node: plan.embedding("node", shape.node_kinds, ROOT),
            rounds: (0..params.layers)
                .map(|round| plan.round(round, shape.edge_kinds))
                .collect(),
            row_node: plan.dense("row.node", params.hidden),
            row_kind: plan.embedding("row.kind", shape.row_kinds, ADDED),
            row_output: plan.dense("row.output", shape.width),
            stop: plan.head("stop"),
            flow: heads.log_flow.then(|| plan.head("flow")),
            backward: heads.backward.then(|| plan.head("backward")),
            forward: heads.forward,
        };
        let parameters = Parameters::new(plan.layout, draw.seed, draw.number, compute.device)?;
        // Leaves share the flat buffer's memory, so that the optimizer's step is seen by the next forward pass.
        let leaves = (0..parameters.entries().len())
            .map(|number| {
                parameters
                    .value(number)
                    .f_detach()
                    .map(|leaf| leaf.set_requires_grad(true))
            })
            .collect::<Result<_, _>>()?;
        let (hidden, width) = (params.hidden as i64, shape.width);
        Ok(Self {
            parameters,
            leaves,
            numbers,
            normalization: params.normalization,
            hidden,
            width,
            compute,
            recorded: Vec::new(),
        })
    }

    fn leaf(&self, number: usize) -> &Tensor {
        &self.leaves[number]
    }

    fn dense(&self, x: &Tensor, layer: Dense) -> Result<Tensor, LearnError> {
        let precision = self.compute.precision;
        precision.affine(self.leaf(layer.bias), x, self.leaf(layer.weight))
    }

    fn product(&self, x: &Tensor, weight: usize) -> Result<Tensor, LearnError> {
        self.compute.precision.product(x, self.leaf(weight))
    }

    fn head(&self, x: &Tensor, head: Head) -> Result<Tensor, LearnError> {
        let hidden = self.dense(x, head.hidden)?.f_leaky_relu()?;
        // The bias enters by a product: the gradient of a broadcast number is one long sum, which libtorch splits over
        // threads, and its bits would depend on how many there are.
        let ones = Tensor::f_ones([x.size()[0], 1], (Kind::Float, self.compute.device))?;
        let bias = ones.f_mm(&self.leaf(head.output.bias).f_view([1, 1])?)?;
        Ok(self
            .product(&hidden, head.output.weight)?
            .f_add(&bias)?
            .f_squeeze_dim(1)?)
    }

    fn index(&self, values: &[i64]) -> Result<Tensor, LearnError> {
        Ok(Tensor::f_from_slice(values)?.f_to(self.compute.device)?)
    }

    /// States as they are read.
    fn read(&self, nodes: Tensor) -> Result<Tensor, LearnError> {
        Ok(match self.normalization {
            Normalization::None => nodes,
            Normalization::Layer => {
                nodes.f_layer_norm([self.hidden], None::<&Tensor>, None::<&Tensor>, 1e-5, false)?
            }
        })
    }

    /// Node states `[V, D]` after all rounds, as they are read.
    fn nodes(&self, seen: &Observation) -> Result<Tensor, LearnError> {
        let mut nodes = self
            .leaf(self.numbers.node)
            .f_index_select(0, &self.index(&seen.node_kind)?)?;
        let [source, target] = [self.index(&seen.edge_source)?, self.index(&seen.edge_target)?];
        let [source_kind, target_kind] = [
            self.index(&seen.edge_source_kind)?,
            self.index(&seen.edge_target_kind)?,
        ];
        for round in &self.numbers.rounds {
            let read = self.read(nodes.shallow_clone())?;
            let mut update = self.dense(&read, round.own)?;
            if !seen.edge_source.is_empty() {
                let said = self.product(&read, round.message)?.f_index_select(0, &source)?;
                let ends = self.leaf(round.source_end).f_index_select(0, &source_kind)?;
                let said = said
                    .f_add(&ends)?
                    .f_add(&self.leaf(round.target_end).f_index_select(0, &target_kind)?)?;
                let heard = nodes
                    .f_zeros_like()?
                    .f_index_add(0, &target, &said.f_leaky_relu()?)?;
                update = update.f_add(&self.product(&heard, round.gathered)?)?;
            }
            nodes = nodes.f_add(&update.f_leaky_relu()?)?;
        }
        self.read(nodes)
    }

    /// The sum of each state's nodes over the root of their number, `[N, D]`.
    fn pool(&self, nodes: &Tensor, seen: &Observation) -> Result<Tensor, LearnError> {
        let mut counts = vec![0f32; seen.states];
        seen.node_state
            .iter()
            .for_each(|&state| counts[state as usize] += 1.0);
        let scale: Vec<f32> = counts.iter().map(|count| 1.0 / count.max(1.0).sqrt()).collect();
        let scale = Tensor::f_from_slice(&scale)?
            .f_view([-1, 1])?
            .f_to(self.compute.device)?;
        let zeros = Tensor::f_zeros(
            [seen.states as i64, self.hidden],
            (Kind::Float, self.compute.device),
        )?;
        Ok(zeros
            .f_index_add(0, &self.index(&seen.node_state)?, nodes)?
            .f_mul(&scale)?)
    }

    fn run(&self, seen: &Observation) -> Result<Raw, LearnError> {
        let nodes = self.nodes(seen)?;
        let mut raw = Raw {
            rows: None,
            stop: None,
            backward: None,
            log_flow: None,
        };
        if self.numbers.forward && !seen.row_node.is_empty() {
            let picked = self
                .dense(&nodes, self.numbers.row_node)?
                .f_index_select(0, &self.index(&seen.row_node)?)?;
            let kinds = self
                .leaf(self.numbers.row_kind)
                .f_index_select(0, &self.index(&seen.row_kind)?)?;
            let rows = picked.f_add(&kinds)?.f_leaky_relu()?;
            raw.rows = Some(self.dense(&rows, self.numbers.row_output)?);
        }
        if self.numbers.forward || self.numbers.flow.is_some() {
            let pooled = self.pool(&nodes, seen)?;
            if self.numbers.forward {
                raw.stop = Some(self.head(&pooled, self.numbers.stop)?);
            }
            raw.log_flow = self
                .numbers
                .flow
                .map(|head| self.head(&pooled, head))
                .transpose()?;
        }
        if let Some(head) = self.numbers.backward
            && !seen.removable_node.is_empty()
        {
            let removed = nodes.f_index_select(0, &self.index(&seen.removable_node)?)?;
            raw.backward = Some(self.head(&removed, head)?);
        }
        Ok(raw)
    }

    /// Rows and stop logits, interleaved as the environment numbers its actions: stop, then the state's rows.
    fn forward_logits(&self, raw: &Raw, seen: &Observation) -> Result<Logits, LearnError> {
        let rows = raw.rows.as_ref().map(to_f64).transpose()?.unwrap_or_default();
        let stop = raw.stop.as_ref().map(to_f64).transpose()?.unwrap_or_default();
        let mut logits = Logits {
            offsets: vec![0],
            values: Vec::with_capacity(rows.len() + stop.len()),
        };
        let mut first = 0;
        for (state, &count) in seen.row_count.iter().enumerate() {
            if self.numbers.forward {
                logits.values.push(stop[state]);
                logits
                    .values
                    .extend_from_slice(&rows[first..first + count * self.width]);
                first += count * self.width;
            }
            logits.offsets.push(logits.values.len());
        }
        Ok(logits)
    }

    fn outputs(&self, raw: &Raw, seen: &Observation) -> Result<Outputs, LearnError> {
        let backward = match self.numbers.backward {
            None => None,
            Some(_) => {
                let mut offsets = vec![0];
                offsets.extend(seen.removable_count.iter().scan(0, |sum, count| {
                    *sum += count;
                    Some(*sum)
                }));
                Some(Logits {
                    offsets,
                    values: raw.backward.as_ref().map(to_f64).transpose()?.unwrap_or_default(),
                })
            }
        };
        let log_flow = raw.log_flow.as_ref().map(to_f64).transpose()?;
        Ok(Outputs {
            forward: self.forward_logits(raw, seen)?,
            backward,
            log_flow,
        })
    }

    /// The reverse of [`Self::forward_logits`].
    fn split(&self, gradient: &mut &[f64], row_count: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let (mut rows, mut stop) = (
            Vec::with_capacity(gradient.len()),
            Vec::with_capacity(row_count.len()),
        );
        for &count in row_count {
            let (own, after) = gradient.split_at(1 + count * self.width);
            stop.push(own[0]);
            rows.extend_from_slice(&own[1..]);
            *gradient = after;
        }
        (rows, stop)
    }
}

impl Network for MessagePassing {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn forward(&mut self, observation: &Observation, record: bool) -> Result<Outputs, LearnError> {
        let raw = if record {
            self.run(observation)?
        } else {
            tch::no_grad(|| self.run(observation))?
        };
        let outputs = self.outputs(&raw, observation)?;
        if record {
            self.recorded.push(Recorded {
                raw,
                row_count: observation.row_count.clone(),
            });
        }
        Ok(outputs)
    }

    /// A graph of many operations for each pass: one pass over all states is far cheaper.
    fn records_in_parts(&self) -> bool {
        false
    }

    fn forget(&mut self) {
        self.recorded.clear();
    }

    fn backward(&mut self, gradients: &OutputGradients) -> Result<(), LearnError> {
        let mut forward = &gradients.forward[..];
        let mut backward = &gradients.backward[..];
        let mut log_flow = &gradients.log_flow[..];
        let mut weighted = Tensor::f_zeros([], (Kind::Float, self.compute.device))?;
        for Recorded { raw, row_count } in std::mem::take(&mut self.recorded) {
            let (rows, stop) = match self.numbers.forward {
                true => self.split(&mut forward, &row_count),
                false => (Vec::new(), Vec::new()),
            };
            let pairs = [
                (&raw.rows, &rows[..]),
                (&raw.stop, &stop[..]),
                (&raw.backward, take(&mut backward, raw.backward.as_ref())),
                (&raw.log_flow, take(&mut log_flow, raw.log_flow.as_ref())),
            ];
            for (output, gradient) in pairs {
                if let Some(output) = output {
                    let gradient = from_f64(gradient, &output.size(), self.compute.device)?;
                    weighted = weighted.f_add(&output.f_mul(&gradient)?.f_sum(None::<Kind>)?)?;
                }
            }
        }
        // Nothing to say, nothing to learn: a backward policy that saw only the source has no outputs.
        if weighted.requires_grad() {
            weighted.f_backward()?;
        }
        let _guard = tch::no_grad_guard();
        for (number, leaf) in self.leaves.iter_mut().enumerate() {
            let slope = leaf.f_grad()?;
            let target = self.parameters.gradient_of(number);
            if slope.defined() {
                target.f_copy_(&slope)?;
                leaf.zero_grad();
            } else {
                let _ = target.f_zero_()?;
            }
        }
        Ok(())
    }
}
