//! Message passing over items and edges, with a logit for every action: global ones, and those of rows on states, items or pairs.
//!
//! Item states start as embeddings of their fields; each layer adds to an item the messages of its neighbors, told apart by the
//! fields of the edge. A row of actions reads the items that it sits on and its own kind; global actions and the state's flow read
//! the pooled items.

use gfn_core::{
    Anchor, AnchoredRows, EnvironmentSpec, ItemsView, Logits, Observation, OutputGradients, Outputs, Rows,
    View,
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
#[derive(Clone, Debug)]
pub struct Shape {
    view: usize,
    items: ItemsView,
    globals: usize,
    rows: Vec<Rows>,
    backward_globals: usize,
    backward_rows: Vec<Rows>,
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
    /// Reads it off the environment, through its first view of items; actions of every kind are taken.
    ///
    /// # Errors
    /// What the network needs, where the environment has something else.
    pub fn of(spec: &EnvironmentSpec, heads: Heads) -> Result<Self, String> {
        let items = spec
            .views
            .iter()
            .enumerate()
            .find_map(|(number, view)| match view {
                View::Items(items) => Some((number, items.clone())),
                View::Indices { .. } | View::Dense { .. } => None,
            });
        let Some((view, items)) = items else {
            return Err(format!(
                "states given as items, such as the nodes of a graph; environment `{}` gives none",
                spec.name
            ));
        };
        Ok(Self {
            view,
            items,
            globals: spec.actions.globals,
            rows: spec.actions.rows.clone(),
            backward_globals: spec.backward_actions.globals,
            backward_rows: match heads.backward {
                true => spec.backward_actions.rows.clone(),
                false => Vec::new(),
            },
        })
    }
}

/// A dense layer's parameter numbers; the weight is `[in, out]`.
#[derive(Clone, Copy, Debug)]
struct Dense {
    weight: usize,
    bias: usize,
}

/// Two dense layers with the rectifier between: pooled or single items to a few numbers.
#[derive(Clone, Copy, Debug)]
struct Head {
    hidden: Dense,
    output: Dense,
}

/// A round of messages.
#[derive(Clone, Debug)]
struct Round {
    message: usize,
    edge_fields: Vec<usize>,
    own: Dense,
    gathered: usize,
}

/// A class of rows of actions.
#[derive(Clone, Copy, Debug)]
struct RowHead {
    anchor: Anchor,
    /// Reads the item, or the state, that a row sits on.
    item: Dense,
    /// Reads the second item of a pair.
    second: Option<usize>,
    kind: Option<usize>,
    output: Dense,
}

#[derive(Clone, Debug)]
struct Numbers {
    fields: Vec<usize>,
    numbers: Option<usize>,
    rounds: Vec<Round>,
    rows: Vec<RowHead>,
    globals: Option<Head>,
    flow: Option<Head>,
    backward_rows: Vec<RowHead>,
    backward_globals: Option<Head>,
}

/// Message passing; see [`Params`].
pub struct MessagePassing {
    parameters: Parameters,
    leaves: Vec<Tensor>,
    numbers: Numbers,
    normalization: Normalization,
    hidden: i64,
    heads: Heads,
    shape: Shape,
    compute: Compute,
    recorded: Vec<RecordedPass>,
}

/// The logits of one direction as tensors.
#[derive(Default)]
struct RawLogits {
    /// `[N, globals]`.
    globals: Option<Tensor>,
    /// Of each class of rows, `[rows, width]`.
    rows: Vec<Option<Tensor>>,
}

impl RawLogits {
    /// The tensors, rows first, in the order in which gradients are added up.
    fn tensors(&self) -> impl Iterator<Item = Option<&Tensor>> {
        let rows = self.rows.iter().map(Option::as_ref);
        rows.chain([self.globals.as_ref()])
    }
}

/// Outputs as tensors.
#[derive(Default)]
struct Raw {
    forward: RawLogits,
    backward: RawLogits,
    log_flow: Option<Tensor>,
}

/// A recorded forward pass.
struct RecordedPass {
    raw: Raw,
    /// `[classes][N]`: the rows of each state.
    rows: Vec<Vec<usize>>,
    backward_rows: Vec<Vec<usize>>,
    states: usize,
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

    fn head(&mut self, name: &str, outputs: usize) -> Head {
        let hidden = self.dense(&format!("{name}.hidden"), self.hidden);
        Head {
            hidden,
            output: self.dense(&format!("{name}.output"), outputs),
        }
    }

    /// The head of forward rows: `row.…`, then `row.1.…` and so on.
    fn row_head(&mut self, class: usize, rows: Rows) -> RowHead {
        let name = numbered("row", class);
        RowHead {
            anchor: rows.anchor,
            item: self.dense(&format!("{name}.node"), self.hidden),
            second: (rows.anchor == Anchor::Pair).then(|| self.matrix(&format!("{name}.second"))),
            kind: Some(self.embedding(&format!("{name}.kind"), rows.kinds, ADDED)),
            output: self.dense(&format!("{name}.output"), rows.width),
        }
    }

    /// The head of backward rows: `backward.…`, then `backward.1.…` and so on.
    fn backward_head(&mut self, class: usize, rows: Rows) -> RowHead {
        let name = numbered("backward", class);
        RowHead {
            anchor: rows.anchor,
            item: self.dense(&format!("{name}.hidden"), self.hidden),
            second: (rows.anchor == Anchor::Pair).then(|| self.matrix(&format!("{name}.second"))),
            kind: (rows.kinds > 1).then(|| self.embedding(&format!("{name}.kind"), rows.kinds, ADDED)),
            output: self.dense(&format!("{name}.output"), rows.width),
        }
    }

    fn round(&mut self, number: usize, edge_fields: &[usize]) -> Round {
        let name = |field: usize| match field {
            0 => format!("round.{number}.source"),
            1 => format!("round.{number}.target"),
            _ => format!("round.{number}.edge.{field}"),
        };
        Round {
            message: self.matrix(&format!("round.{number}.message")),
            edge_fields: edge_fields
                .iter()
                .enumerate()
                .map(|(field, kinds)| self.embedding(&name(field), *kinds, ADDED))
                .collect(),
            own: self.dense(&format!("round.{number}.own"), self.hidden),
            gathered: self.matrix(&format!("round.{number}.gathered")),
        }
    }
}

/// The name itself for the first of several, with its number for the others.
fn numbered(name: &str, number: usize) -> String {
    match number {
        0 => name.into(),
        _ => format!("{name}.{number}"),
    }
}

/// The states that rows belong to, where each state has so many.
fn states_of(counts: &[usize]) -> Vec<i64> {
    let of_state = |(state, &count): (usize, &usize)| std::iter::repeat_n(state as i64, count);
    counts.iter().enumerate().flat_map(of_state).collect()
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
        let fields = shape.items.fields.iter().enumerate();
        let fields = fields.map(|(field, kinds)| plan.embedding(&numbered("node", field), *kinds, ROOT));
        let fields = fields.collect();
        let given = shape.items.numbers;
        let numbers = Numbers {
            fields,
            numbers: (given > 0).then(|| {
                let start = Start::Uniform { fan_in: given };
                plan.layout
                    .add("node.numbers.weight".to_string(), &[given, params.hidden], start)
            }),
            rounds: (0..params.layers)
                .map(|round| plan.round(round, &shape.items.edge_fields))
                .collect(),
            rows: shape
                .rows
                .iter()
                .enumerate()
                .map(|(class, rows)| plan.row_head(class, *rows))
                .collect(),
            // The forward heads are there even if they are not asked, so that all networks of an environment are alike.
            globals: (shape.globals > 0).then(|| plan.head("stop", shape.globals)),
            flow: heads.log_flow.then(|| plan.head("flow", 1)),
            backward_rows: shape
                .backward_rows
                .iter()
                .enumerate()
                .map(|(class, rows)| plan.backward_head(class, *rows))
                .collect(),
            backward_globals: (heads.backward && shape.backward_globals > 0)
                .then(|| plan.head("backward.global", shape.backward_globals)),
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
        let hidden = params.hidden as i64;
        Ok(Self {
            parameters,
            leaves,
            numbers,
            normalization: params.normalization,
            hidden,
            heads,
            shape,
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
        self.few(&hidden, head.output)
    }

    /// A dense layer with few outputs. The bias enters by a product: the gradient of a broadcast number is one long sum, which
    /// libtorch splits over threads, and its bits would depend on how many there are.
    fn few(&self, x: &Tensor, layer: Dense) -> Result<Tensor, LearnError> {
        let ones = Tensor::f_ones([x.size()[0], 1], (Kind::Float, self.compute.device))?;
        let bias = ones.f_mm(&self.leaf(layer.bias).f_view([1, -1])?)?;
        Ok(self.product(x, layer.weight)?.f_add(&bias)?)
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

    /// Item states `[V, D]` after all rounds, as they are read.
    fn nodes(&self, seen: &Observation) -> Result<Tensor, LearnError> {
        let items = &seen.items;
        let mut nodes: Option<Tensor> = None;
        for (&table, values) in self.numbers.fields.iter().zip(&items.fields) {
            let field = self.pick(self.leaf(table), values)?;
            nodes = Some(match nodes {
                None => field,
                Some(nodes) => nodes.f_add(&field)?,
            });
        }
        if let Some(weight) = self.numbers.numbers {
            let numbers = Tensor::f_from_slice(&items.numbers)?
                .f_view([-1, self.shape.items.numbers as i64])?
                .f_to(self.compute.device)?;
            let own = self.product(&numbers, weight)?;
            nodes = Some(match nodes {
                None => own,
                Some(nodes) => nodes.f_add(&own)?,
            });
        }
        let mut nodes = match nodes {
            Some(nodes) => nodes,
            None => Tensor::f_zeros(
                [items.len() as i64, self.hidden],
                (Kind::Float, self.compute.device),
            )?,
        };
        let [source, target] = [self.index(&items.edge_source)?, self.index(&items.edge_target)?];
        let edge_fields = items.edge_fields.iter().map(|values| self.index(values));
        let edge_fields: Vec<Tensor> = edge_fields.collect::<Result<_, _>>()?;
        for round in &self.numbers.rounds {
            let read = self.read(nodes.shallow_clone())?;
            let mut update = self.dense(&read, round.own)?;
            if !items.edge_source.is_empty() {
                let mut said = self.product(&read, round.message)?.f_index_select(0, &source)?;
                for (&table, values) in round.edge_fields.iter().zip(&edge_fields) {
                    said = said.f_add(&self.leaf(table).f_index_select(0, values)?)?;
                }
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
        seen.items
            .state
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
            .f_index_add(0, &self.index(&seen.items.state)?, nodes)?
            .f_mul(&scale)?)
    }

    fn run(&self, seen: &Observation) -> Result<Raw, LearnError> {
        let nodes = self.nodes(seen)?;
        let numbers = &self.numbers;
        let (rows, globals) = match self.heads.forward {
            true => (&numbers.rows[..], numbers.globals),
            false => (&[][..], None),
        };
        let on_state = |heads: &[RowHead]| heads.iter().any(|head| head.anchor == Anchor::State);
        let wants_pool = [globals, numbers.flow, numbers.backward_globals]
            .iter()
            .any(Option::is_some)
            || on_state(rows)
            || on_state(&numbers.backward_rows);
        let mut raw = Raw::default();
        let rows = rows.iter().zip(&seen.rows);
        let pooled = wants_pool.then(|| self.pool(&nodes, seen)).transpose()?;
        let pooled = pooled.as_ref();
        raw.forward.rows = rows
            .map(|(head, rows)| self.rows(&nodes, pooled, *head, rows))
            .collect::<Result<_, _>>()?;
        let of_pool = |head: Option<Head>| {
            let both = head.zip(pooled);
            both.map(|(head, pooled)| self.head(pooled, head)).transpose()
        };
        raw.forward.globals = of_pool(globals)?;
        raw.log_flow = of_pool(numbers.flow)?;
        let rows = numbers.backward_rows.iter().zip(&seen.backward_rows);
        raw.backward.rows = rows
            .map(|(head, rows)| self.backward_rows(&nodes, pooled, *head, rows))
            .collect::<Result<_, _>>()?;
        raw.backward.globals = of_pool(numbers.backward_globals)?;
        Ok(raw)
    }

    /// `[rows, width]` of a class of forward rows; none where no state has one. What rows sit on is read before it is picked: an item
    /// may have many rows.
    fn rows(
        &self,
        nodes: &Tensor,
        pooled: Option<&Tensor>,
        head: RowHead,
        rows: &AnchoredRows,
    ) -> Result<Option<Tensor>, LearnError> {
        if rows.kind.is_empty() {
            return Ok(None);
        }
        let (base, places) = anchors(nodes, pooled, head.anchor, rows);
        let mut read = self.pick(&self.dense(base, head.item)?, &places)?;
        if let Some(second) = head.second {
            read = read.f_add(&self.pick(&self.product(nodes, second)?, &rows.second)?)?;
        }
        let read = self.with_kind(read, head, rows)?;
        Ok(Some(self.dense(&read, head.output)?))
    }

    /// The same of a class of backward rows. What rows sit on is picked before it is read: an item has few of them.
    fn backward_rows(
        &self,
        nodes: &Tensor,
        pooled: Option<&Tensor>,
        head: RowHead,
        rows: &AnchoredRows,
    ) -> Result<Option<Tensor>, LearnError> {
        if rows.kind.is_empty() {
            return Ok(None);
        }
        let (base, places) = anchors(nodes, pooled, head.anchor, rows);
        let mut read = self.dense(&self.pick(base, &places)?, head.item)?;
        if let Some(second) = head.second {
            read = read.f_add(&self.product(&self.pick(nodes, &rows.second)?, second)?)?;
        }
        let read = self.with_kind(read, head, rows)?;
        Ok(Some(self.few(&read, head.output)?))
    }

    /// What rows sit on together with their kinds, through the rectifier.
    fn with_kind(&self, read: Tensor, head: RowHead, rows: &AnchoredRows) -> Result<Tensor, LearnError> {
        let read = match head.kind {
            Some(kind) => read.f_add(&self.pick(self.leaf(kind), &rows.kind)?)?,
            None => read,
        };
        Ok(read.f_leaky_relu()?)
    }

    /// The rows of a table at these places.
    fn pick(&self, table: &Tensor, places: &[i64]) -> Result<Tensor, LearnError> {
        Ok(table.f_index_select(0, &self.index(places)?)?)
    }

    fn outputs(&self, raw: &Raw, seen: &Observation) -> Result<Outputs, LearnError> {
        let forward = match self.heads.forward {
            true => join(
                &raw.forward,
                self.shape.globals,
                &self.shape.rows,
                &counts(&seen.rows),
                seen.states,
            )?,
            false => Logits {
                offsets: vec![0; seen.states + 1],
                values: Vec::new(),
            },
        };
        let backward = self.heads.backward.then(|| {
            let counts = counts(&seen.backward_rows);
            join(
                &raw.backward,
                self.shape.backward_globals,
                &self.shape.backward_rows,
                &counts,
                seen.states,
            )
        });
        let log_flow = raw.log_flow.as_ref().map(to_f64).transpose()?;
        Ok(Outputs {
            forward,
            backward: backward.transpose()?,
            log_flow,
        })
    }

    /// The gradients of the tensors of one direction, in the order of [`RawLogits::tensors`], taken off `gradient`.
    fn part(
        gradient: &mut &[f64],
        (globals, classes): (usize, &[Rows]),
        counts: &[Vec<usize>],
        states: usize,
    ) -> Vec<Vec<f64>> {
        let mut parts = vec![Vec::new(); classes.len() + 1];
        for state in 0..states {
            let mut take = |part: &mut Vec<f64>, length: usize| {
                let (own, after) = gradient.split_at(length);
                part.extend_from_slice(own);
                *gradient = after;
            };
            take(&mut parts[classes.len()], globals);
            for ((class, count), part) in classes.iter().zip(counts).zip(&mut parts) {
                take(part, count[state] * class.width);
            }
        }
        parts
    }
}

/// The table that has what rows sit on, first or alone, and where: pooled states for rows on states, else items.
fn anchors<'t>(
    nodes: &'t Tensor,
    pooled: Option<&'t Tensor>,
    anchor: Anchor,
    rows: &AnchoredRows,
) -> (&'t Tensor, Vec<i64>) {
    match (anchor, pooled) {
        (Anchor::State, Some(pooled)) => (pooled, states_of(&rows.count)),
        _ => (nodes, rows.item.clone()),
    }
}

/// How many rows each state has, class by class.
fn counts(rows: &[AnchoredRows]) -> Vec<Vec<usize>> {
    rows.iter().map(|class| class.count.clone()).collect()
}

/// Logits as the environment numbers its actions: of each state the global ones, then those of its rows, class by class.
fn join(
    raw: &RawLogits,
    globals: usize,
    classes: &[Rows],
    counts: &[Vec<usize>],
    states: usize,
) -> Result<Logits, LearnError> {
    let values = |tensor: &Option<Tensor>| -> Result<Vec<f64>, LearnError> {
        Ok(tensor.as_ref().map(to_f64).transpose()?.unwrap_or_default())
    };
    let of_globals = values(&raw.globals)?;
    let of_rows: Vec<Vec<f64>> = raw.rows.iter().map(values).collect::<Result<_, _>>()?;
    let mut logits = Logits {
        offsets: Vec::with_capacity(states + 1),
        values: Vec::with_capacity(of_globals.len() + of_rows.iter().map(Vec::len).sum::<usize>()),
    };
    logits.offsets.push(0);
    let mut firsts = vec![0; classes.len()];
    for state in 0..states {
        let own = &of_globals[state * globals..(state + 1) * globals];
        logits.values.extend_from_slice(own);
        for (class, Rows { width, .. }) in classes.iter().enumerate() {
            let length = counts[class][state] * width;
            let first = firsts[class];
            logits
                .values
                .extend_from_slice(&of_rows[class][first..first + length]);
            firsts[class] += length;
        }
        logits.offsets.push(logits.values.len());
    }
    Ok(logits)
}

impl Network for MessagePassing {
    fn view(&self) -> usize {
        self.shape.view
    }

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
            self.recorded.push(RecordedPass {
                raw,
                rows: counts(&observation.rows),
                backward_rows: counts(&observation.backward_rows),
                states: observation.states,
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
        let shape = &self.shape;
        for pass in std::mem::take(&mut self.recorded) {
            let RecordedPass { raw, states, .. } = &pass;
            let forward = match self.heads.forward {
                true => Self::part(&mut forward, (shape.globals, &shape.rows), &pass.rows, *states),
                false => Vec::new(),
            };
            let backward = match self.heads.backward {
                true => {
                    let actions = (shape.backward_globals, &shape.backward_rows[..]);
                    Self::part(&mut backward, actions, &pass.backward_rows, *states)
                }
                false => Vec::new(),
            };
            let of_flow = take(&mut log_flow, raw.log_flow.as_ref());
            let forward = raw.forward.tensors().zip(forward.iter().map(Vec::as_slice));
            let backward = raw.backward.tensors().zip(backward.iter().map(Vec::as_slice));
            let pairs = forward.chain(backward).chain([(raw.log_flow.as_ref(), of_flow)]);
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
