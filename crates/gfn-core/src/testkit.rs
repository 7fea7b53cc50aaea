//! Checks that hold for every environment, and random graphs to check losses and solvers on.

use thiserror::Error;

use crate::exact::{ExactError, StateGraph};
use crate::{
    ActionSpace, Enumerable, Environment, EnvironmentSpec, Mask, ObjectKind, Observation, ObservationSpec,
    Purpose, Stream, UniformPolicy,
};

/// How thoroughly to check.
#[derive(Clone, Copy, Debug)]
pub struct Thoroughness {
    /// Random walks from source to finished object.
    pub walks: usize,
    /// Sweep the whole graph if it has at most this many states.
    pub sweep: usize,
    /// The seed of the walks.
    pub seed: u64,
}

impl Default for Thoroughness {
    fn default() -> Self {
        Self {
            walks: 200,
            sweep: 20_000,
            seed: 0,
        }
    }
}

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Steps of the random walks.
    pub steps: usize,
    /// States, where the graph was swept.
    pub states: Option<usize>,
    /// Finished states, where the graph was swept.
    pub finished: Option<usize>,
}

/// The way in which an environment breaks the contract.
#[derive(Debug, Error)]
#[error("the environment breaks its contract at state {state:?}: {what}")]
pub struct Violation {
    /// Where.
    pub state: Vec<i32>,
    /// What is wrong.
    pub what: String,
}

fn ensure(holds: bool, state: &[i32], what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            state: state.to_vec(),
            what: what(),
        })
    }
}

/// Checks that masks agree with steps, `undo` reverses `step`, parents are exactly the inverse of children, every path
/// ends, observations have the declared shape, and, where the graph is small enough to sweep, that it is acyclic and
/// keeps probability mass.
///
/// # Errors
/// The first [`Violation`].
pub fn check_environment(environment: &dyn Environment, how: Thoroughness) -> Result<Checked, Violation> {
    let mut checked = Checked::default();
    for walk in 0..how.walks {
        checked.steps += check_walk(
            environment,
            &mut Stream::new(how.seed, Purpose::Test, walk as u64),
        )?;
    }
    match StateGraph::build(environment, how.sweep) {
        Ok(graph) => {
            check_sweep(environment, &graph)?;
            (checked.states, checked.finished) = (Some(graph.len()), Some(graph.finished().len()));
        }
        Err(ExactError::TooManyStates { .. }) => {}
        Err(error) => {
            return Err(Violation {
                state: environment.spec().initial.clone(),
                what: error.to_string(),
            });
        }
    }
    Ok(checked)
}

fn check_walk(environment: &dyn Environment, stream: &mut Stream) -> Result<usize, Violation> {
    let spec = environment.spec();
    let mut state = spec.initial.clone();
    let mut mask = Mask::default();
    environment.backward_mask(&state, &mut mask);
    ensure(mask.none(), &state, || {
        "the source has a legal backward action".into()
    })?;
    for step in 0.. {
        check_state(environment, &state)?;
        environment.forward_mask(&state, &mut mask);
        let legal: Vec<usize> = mask.iter().collect();
        if legal.is_empty() {
            ensure(step > 0, &state, || "nothing is legal at the source".into())?;
            let words = environment.describe(&state);
            ensure(!words.is_empty() && !words.contains('\n'), &state, || {
                format!("`describe` must give one line, not {words:?}")
            })?;
            return Ok(step);
        }
        ensure(step < spec.most_steps, &state, || {
            format!("still going after {} steps", spec.most_steps)
        })?;
        let mut next = state.clone();
        environment.step(&state, legal[stream.below(legal.len())], &mut next);
        state = next;
    }
    unreachable!("the loop returns")
}

/// Checks one state: masks, every step and its undoing, every undoing and its redoing, the observation.
fn check_state(environment: &dyn Environment, state: &[i32]) -> Result<(), Violation> {
    let spec = environment.spec();
    let (mut mask, mut back) = (Mask::default(), Mask::default());
    let mut other = vec![0; state.len()];
    let mut again = vec![0; state.len()];

    environment.forward_mask(state, &mut mask);
    check_mask(&spec.actions, &mask, state, "forward")?;
    for action in mask.iter() {
        let backward = environment.step(state, action, &mut other);
        ensure(other != state, state, || format!("action {action} leads nowhere"))?;
        environment.backward_mask(&other, &mut back);
        ensure(back.allows(backward), state, || {
            format!("action {action} leads to {other:?}, where its backward action {backward} is not legal")
        })?;
        let forward = environment.undo(&other, backward, &mut again);
        ensure(again == state && forward == action, state, || {
            format!("undoing action {action} gives state {again:?} and action {forward}")
        })?;
    }
    environment.backward_mask(state, &mut back);
    check_mask(&spec.backward_actions, &back, state, "backward")?;
    for backward in back.iter() {
        let action = environment.undo(state, backward, &mut other);
        environment.forward_mask(&other, &mut mask);
        ensure(mask.allows(action), state, || {
            format!("backward action {backward} leads to {other:?}, where action {action} is not legal")
        })?;
        let returned = environment.step(&other, action, &mut again);
        ensure(again == state && returned == backward, state, || {
            format!("redoing backward action {backward} gives state {again:?} and backward action {returned}")
        })?;
    }
    check_observation(environment, state)
}

/// What sizes of masks an action space allows.
fn allowed(space: &ActionSpace) -> String {
    match space {
        ActionSpace::Fixed { count } => format!("the environment declares {count}"),
        ActionSpace::Rows { width, most_rows } => {
            format!("the environment declares 1, and {width} for each of at most {most_rows} rows")
        }
        ActionSpace::Ragged { most } => format!("the environment declares at most {most}"),
    }
}

fn check_mask(space: &ActionSpace, mask: &Mask, state: &[i32], which: &str) -> Result<(), Violation> {
    let right = match *space {
        ActionSpace::Fixed { count } => mask.len() == count,
        ActionSpace::Rows { width, most_rows } => {
            !mask.is_empty() && (mask.len() - 1).is_multiple_of(width) && mask.len() <= 1 + width * most_rows
        }
        ActionSpace::Ragged { most } => mask.len() <= most,
    };
    ensure(right, state, || {
        format!(
            "the {which} mask has {} actions, where {}",
            mask.len(),
            allowed(space)
        )
    })
}

fn check_observation(environment: &dyn Environment, state: &[i32]) -> Result<(), Violation> {
    let mut seen = Observation::default();
    environment.observe(state, &mut seen);
    environment.observe(state, &mut seen);
    ensure(seen.states == 2, state, || {
        "`observe` must append one state".into()
    })?;
    let within =
        |values: &[i64], bound: usize| values.iter().all(|&value| value >= 0 && (value as usize) < bound);
    let right = match environment.spec().observation {
        ObservationSpec::Indices { features, active } => {
            seen.indices.len() == 2 * active && within(&seen.indices, features)
        }
        ObservationSpec::Dense { features } => {
            seen.dense.len() == 2 * features && seen.dense.iter().all(|value| value.is_finite())
        }
        ObservationSpec::Graph {
            node_kinds,
            edge_kinds,
            row_kinds,
        } => {
            let nodes = seen.node_kind.len();
            let mut mask = Mask::default();
            environment.forward_mask(state, &mut mask);
            let rows = match environment.spec().actions {
                ActionSpace::Rows { width, .. } => (mask.len() - 1) / width,
                _ => 0,
            };
            nodes > 0
                && within(&seen.node_kind, node_kinds)
                && seen.node_state.len() == nodes
                && [&seen.edge_source, &seen.edge_target]
                    .iter()
                    .all(|ends| within(ends, nodes))
                && [&seen.edge_source_kind, &seen.edge_target_kind]
                    .iter()
                    .all(|ends| within(ends, edge_kinds) && ends.len() == seen.edge_source.len())
                && within(&seen.row_node, nodes)
                && within(&seen.row_kind, row_kinds)
                && seen.row_count == [rows, rows]
                && seen.row_kind.len() == 2 * rows
                && seen.removable_count.iter().sum::<usize>() == seen.removable_node.len()
                && seen.removable_count.len() == 2
        }
    };
    ensure(right, state, || {
        "the observation does not have the declared shape, or a number in it is out of range".into()
    })
}

/// Checks every state of a swept graph: as many backward actions as edges that enter, and mass that sums to one.
fn check_sweep(environment: &dyn Environment, graph: &StateGraph) -> Result<(), Violation> {
    let mut back = Mask::default();
    for index in 0..graph.len() {
        let state = graph.state(index);
        check_state(environment, state)?;
        environment.backward_mask(state, &mut back);
        ensure(back.count() == graph.parents_of(index), state, || {
            format!(
                "{} edges enter, but {} backward actions are legal",
                graph.parents_of(index),
                back.count()
            )
        })?;
    }
    let spec = environment.spec();
    if let Some(enumerable) = environment.as_enumerable() {
        ensure(
            enumerable.state_count() >= graph.len() as u64,
            &spec.initial,
            || {
                format!(
                    "{} states were found, but only {} announced",
                    graph.len(),
                    enumerable.state_count()
                )
            },
        )?;
    }
    let mass = graph
        .policy_distribution(environment, &mut UniformPolicy, 1024)
        .map_err(|error| Violation {
            state: spec.initial.clone(),
            what: error.to_string(),
        })?;
    let total: f64 = mass.iter().sum();
    ensure((total - 1.0).abs() < 1e-9, &spec.initial, || {
        format!("the uniform policy's mass sums to {total}")
    })
}

/// A random layered graph: a source, then layers of nodes, each with random parents in the layer above, and some
/// edges that skip a layer. States are node numbers; action slots are spread at random, so that masks matter.
#[derive(Clone, Debug)]
pub struct RandomDag {
    spec: EnvironmentSpec,
    /// Of each node, its action slots: the child and the child's backward action.
    children: Vec<Vec<Option<(usize, usize)>>>,
    /// Of each node, its backward actions: the parent and the parent's action.
    parents: Vec<Vec<(usize, usize)>>,
}

impl RandomDag {
    /// A graph of `layers` layers of 1 to `width` nodes under a source.
    pub fn new(seed: u64, layers: usize, width: usize) -> Self {
        let mut stream = Stream::new(seed, Purpose::Test, u64::MAX);
        let mut layer_of = vec![0];
        for layer in 1..=layers {
            let nodes = 1 + stream.below(width);
            layer_of.extend(std::iter::repeat_n(layer, nodes));
        }
        let nodes = layer_of.len();
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        for node in 1..nodes {
            let above: Vec<usize> = (0..node)
                .filter(|&other| layer_of[other] + 1 == layer_of[node])
                .collect();
            let sure = above[stream.below(above.len())];
            for other in 0..node {
                let near = (1..=2).contains(&(layer_of[node] - layer_of[other]));
                if other == sure || near && stream.uniform() < 0.35 {
                    edges[other].push(node);
                }
            }
        }
        Self::from_edges(&edges, layers, &mut stream)
    }

    fn from_edges(edges: &[Vec<usize>], layers: usize, stream: &mut Stream) -> Self {
        let nodes = edges.len();
        let count = edges.iter().map(Vec::len).max().unwrap_or(0) + 1;
        let mut parents: Vec<Vec<(usize, usize)>> = vec![Vec::new(); nodes];
        let mut children = vec![vec![None; count]; nodes];
        for (node, targets) in edges.iter().enumerate() {
            let shift = stream.below(count);
            for (k, &child) in targets.iter().enumerate() {
                let action = (k + shift) % count;
                children[node][action] = Some((child, parents[child].len()));
                parents[child].push((node, action));
            }
        }
        let most_parents = parents.iter().map(Vec::len).max().unwrap_or(0);
        let spec = EnvironmentSpec {
            name: "random-dag",
            initial: vec![0],
            actions: ActionSpace::Fixed { count },
            backward_actions: ActionSpace::Fixed { count: most_parents },
            most_steps: layers,
            observation: ObservationSpec::Indices {
                features: nodes,
                active: 1,
            },
            objects: ObjectKind::Other("nodes of a random graph".into()),
        };
        Self {
            spec,
            children,
            parents,
        }
    }
}

impl Environment for RandomDag {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask) {
        let slots = &self.children[state[0] as usize];
        mask.reset(slots.len());
        (0..slots.len())
            .filter(|&action| slots[action].is_some())
            .for_each(|action| mask.allow(action));
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask) {
        mask.reset(self.spec.backward_actions.most());
        mask.allow_range(0, self.parents[state[0] as usize].len());
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        let (child, backward) = self.children[state[0] as usize][action].expect("a legal action");
        next[0] = child as i32;
        backward
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        let (parent, forward) = self.parents[state[0] as usize][action];
        previous[0] = parent as i32;
        forward
    }

    fn observe(&self, state: &[i32], observation: &mut Observation) {
        observation.states += 1;
        observation.indices.push(i64::from(state[0]));
    }

    fn describe(&self, state: &[i32]) -> String {
        state[0].to_string()
    }

    fn as_enumerable(&self) -> Option<&dyn Enumerable> {
        Some(self)
    }
}

impl Enumerable for RandomDag {
    fn state_count(&self) -> u64 {
        self.children.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_graphs_keep_the_contract() {
        for seed in 0..30 {
            let checked = check_environment(&RandomDag::new(seed, 6, 5), Thoroughness::default()).unwrap();
            assert!(checked.finished.is_some_and(|finished| finished > 0));
        }
    }

    /// An environment that forgets one parent is found out.
    #[test]
    fn a_missing_parent_is_found() {
        let mut dag = RandomDag::new(3, 6, 5);
        let node = dag.parents.iter().position(|parents| parents.len() > 1).unwrap();
        dag.parents[node].pop();
        assert!(check_environment(&dag, Thoroughness::default()).is_err());
    }

    #[test]
    fn a_wrong_inverse_is_found() {
        let mut dag = RandomDag::new(3, 6, 5);
        let node = dag.parents.iter().position(|parents| parents.len() > 1).unwrap();
        dag.parents[node].swap(0, 1);
        assert!(check_environment(&dag, Thoroughness::default()).is_err());
    }
}
