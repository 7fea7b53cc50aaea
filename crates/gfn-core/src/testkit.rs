//! Checks that hold for every environment, and random graphs to check losses and solvers on.

use thiserror::Error;

use crate::exact::{ExactError, StateGraph};
use crate::{
    Actions, Anchor, AnchoredRows, Enumerable, Environment, EnvironmentSpec, ItemsView, Mask, ObjectKind,
    Observation, Purpose, Stream, UniformPolicy, View,
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
            check_parse(environment, &state, &words)?;
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

/// Checks that what an environment reads of its own words is an object of the same words.
fn check_parse(environment: &dyn Environment, state: &[i32], words: &str) -> Result<(), Violation> {
    let Ok(parsed) = environment.parse(words) else {
        return Ok(());
    };
    let mut mask = Mask::default();
    environment.forward_mask(&parsed, &mut mask);
    ensure(
        mask.none() && environment.describe(&parsed) == words,
        state,
        || format!("`parse` reads {words:?} as {parsed:?}, which is not finished or is described otherwise"),
    )
}

/// Checks one state: masks, every step and its undoing, every undoing and its redoing, the observation.
fn check_state(environment: &dyn Environment, state: &[i32]) -> Result<(), Violation> {
    let spec = environment.spec();
    let (mut mask, mut back) = (Mask::default(), Mask::default());
    let mut other = vec![0; state.len()];
    let mut again = vec![0; state.len()];

    environment.forward_mask(state, &mut mask);
    check_mask(&spec.actions, &mask, state, "forward")?;
    check_stop(environment, state, &mask)?;
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

fn check_mask(actions: &Actions, mask: &Mask, state: &[i32], which: &str) -> Result<(), Violation> {
    let right = match (&actions.rows[..], mask.len()) {
        ([], count) => count == actions.globals,
        ([class], count) => {
            let of_rows = count.checked_sub(actions.globals);
            of_rows.is_some_and(|count| count.is_multiple_of(class.width)) && count <= actions.most
        }
        (_, count) => (actions.globals..=actions.most).contains(&count),
    };
    ensure(right, state, || {
        format!(
            "the {which} mask has {} actions, where the environment declares {actions}",
            mask.len()
        )
    })
}

/// Checks that the stop, where it is legal, finishes the state, and that it is legal wherever another state is finished as it is.
fn check_stop(environment: &dyn Environment, state: &[i32], mask: &Mask) -> Result<(), Violation> {
    let Some(stop) = environment.spec().stop else {
        return Ok(());
    };
    ensure(stop < environment.spec().actions.globals, state, || {
        format!("the stop, action {stop}, is none of the global actions")
    })?;
    if mask.allows(stop) {
        let (mut next, mut after) = (state.to_vec(), Mask::default());
        environment.step(state, stop, &mut next);
        environment.forward_mask(&next, &mut after);
        ensure(after.none(), state, || {
            format!("the stop, action {stop}, leads to a state that goes on")
        })?;
    }
    Ok(())
}

/// Checks what is observed through every view, of two states appended: the shape, the ranges, and that rows agree with masks.
fn check_observation(environment: &dyn Environment, state: &[i32]) -> Result<(), Violation> {
    let spec = environment.spec();
    ensure(!spec.views.is_empty(), state, || {
        "the environment has no view".into()
    })?;
    for (number, view) in spec.views.iter().enumerate() {
        let mut seen = Observation::new(spec, number);
        environment.observe(number, state, &mut seen);
        environment.observe(number, state, &mut seen);
        ensure(seen.states == 2, state, || {
            "`observe` must append one state".into()
        })?;
        let right = match view {
            View::Indices { features, active } => {
                seen.indices.len() == 2 * active && are_within(&seen.indices, *features)
            }
            View::Dense { features } => {
                seen.dense.len() == 2 * features && seen.dense.iter().all(|value| value.is_finite())
            }
            View::Items(items) => are_right(items, &seen),
        };
        ensure(right, state, || {
            format!(
                "the observation through view {number} does not have the declared shape, or a number in it is out of range"
            )
        })?;
        let items = matches!(view, View::Items(_)).then(|| seen.items.len());
        let (mut mask, mut back) = (Mask::default(), Mask::default());
        environment.forward_mask(state, &mut mask);
        environment.backward_mask(state, &mut back);
        for (actions, rows, mask, which) in [
            (&spec.actions, &seen.rows, &mask, "forward"),
            (&spec.backward_actions, &seen.backward_rows, &back, "backward"),
        ] {
            ensure(are_anchored(actions, rows, mask.len(), items), state, || {
                format!(
                    "the rows of {which} actions that view {number} shows are not those of the mask, which has {} actions of {actions}",
                    mask.len()
                )
            })?;
        }
    }
    Ok(())
}

fn are_within(values: &[i64], bound: usize) -> bool {
    values.iter().all(|&value| value >= 0 && (value as usize) < bound)
}

/// Whether the items of a state that was observed twice have the declared shape.
fn are_right(view: &ItemsView, seen: &Observation) -> bool {
    let (items, edges) = (seen.items.len(), seen.items.edge_source.len());
    let fits = |fields: &[Vec<i64>], sizes: &[usize], count: usize| {
        fields.len() == sizes.len()
            && fields
                .iter()
                .zip(sizes)
                .all(|(field, size)| field.len() == count && are_within(field, *size))
    };
    let half = items / 2;
    items.is_multiple_of(2)
        && half <= view.most
        && seen.items.state[..half].iter().all(|&state| state == 0)
        && seen.items.state[half..].iter().all(|&state| state == 1)
        && fits(&seen.items.fields, &view.fields, items)
        && seen.items.numbers.len() == items * view.numbers
        && seen.items.numbers.iter().all(|number| number.is_finite())
        && fits(&seen.items.edge_fields, &view.edge_fields, edges)
        && [&seen.items.edge_source, &seen.items.edge_target]
            .iter()
            .all(|ends| ends.len() == edges && are_within(ends, items))
}

/// Whether the rows of a state that was observed twice are those of a mask of so many actions. Views without items need not say
/// what rows sit on, and those of rows on states need not list them.
fn are_anchored(actions: &Actions, rows: &[AnchoredRows], count: usize, items: Option<usize>) -> bool {
    let is_listed = rows.iter().any(|class| !class.count.is_empty());
    if !is_listed {
        return items.is_none() || actions.rows.iter().all(|class| class.anchor == Anchor::State);
    }
    let fits = |(class, rows): (&crate::Rows, &AnchoredRows)| {
        let all: usize = rows.count.iter().sum();
        let on_items = |place: &[i64], wanted: bool| match (items, wanted) {
            (Some(items), true) => place.len() == all && are_within(place, items),
            _ => place.is_empty(),
        };
        rows.count.len() == 2
            && rows.count[0] == rows.count[1]
            && rows.kind.len() == all
            && are_within(&rows.kind, class.kinds)
            && on_items(&rows.item, class.anchor.items() > 0)
            && on_items(&rows.second, class.anchor.items() > 1)
    };
    rows.len() == actions.rows.len()
        && actions.rows.iter().zip(rows).all(fits)
        && actions.count(rows.iter().map(|rows| rows.count[0])) == count
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
            actions: Actions::fixed(count),
            backward_actions: Actions::fixed(most_parents),
            stop: None,
            most_steps: layers,
            views: vec![View::Indices {
                features: nodes,
                active: 1,
            }],
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
        mask.reset(self.spec.backward_actions.most);
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

    fn observe(&self, _: usize, state: &[i32], observation: &mut Observation) {
        observation.states += 1;
        observation.indices.push(i64::from(state[0]));
    }

    fn describe(&self, state: &[i32]) -> String {
        state[0].to_string()
    }

    fn parse(&self, text: &str) -> Result<Vec<i32>, String> {
        let node: usize = text.parse().map_err(|_| "is no number of a node".to_string())?;
        let is_finished = |children: &Vec<Option<(usize, usize)>>| children.iter().all(Option::is_none);
        match self.children.get(node) {
            Some(children) if is_finished(children) => Ok(vec![node as i32]),
            _ => Err("is no finished node".into()),
        }
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
