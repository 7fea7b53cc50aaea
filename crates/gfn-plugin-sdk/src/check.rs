//! Checks that hold for every environment.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::environment::{Actions, Environment, EnvironmentSpec, Mask};

/// Walks every state that can be reached, up to `most_states`, and checks that masks agree with steps, that `undo` reverses
/// `step` and the other way round, that observations are finite, that finished states have one line of words and, where all
/// states were walked, that no path leads in a circle or is longer than declared. Returns how many states were walked.
///
/// # Errors
/// The first state that breaks the contract, and how.
pub fn check_environment(environment: &impl Environment, most_states: usize) -> Result<usize, String> {
    let spec = environment.spec();
    let mut walk = Walk {
        environment,
        numbers: HashMap::from([(spec.initial.clone(), 0)]),
        states: vec![spec.initial.clone()],
        edges: Vec::new(),
        parents: Vec::new(),
        spec,
        most_states,
    };
    if !legal(&walk.spec.backward_actions, |mask| {
        environment.backward_mask(&walk.spec.initial, mask)
    })
    .is_empty()
    {
        return Err("the source has a legal backward action".into());
    }
    let mut at = 0;
    while at < walk.states.len() {
        let state = walk.states[at].clone();
        walk.state(at, &state)
            .map_err(|what| format!("state {state:?}: {what}"))?;
        at += 1;
    }
    if walk.states.len() < most_states {
        walk.check_parents()?;
        walk.check_paths()?;
    }
    Ok(walk.states.len())
}

/// The actions that `fill` makes legal.
fn legal(actions: &Actions, fill: impl FnOnce(&mut Mask<'_>)) -> Vec<usize> {
    let mut bits = vec![0; actions.most().div_ceil(64)];
    let mut mask = Mask::new(&mut bits, actions.most());
    fill(&mut mask);
    mask.iter().collect()
}

struct Walk<'a, E> {
    environment: &'a E,
    spec: EnvironmentSpec,
    states: Vec<Vec<i32>>,
    numbers: HashMap<Vec<i32>, usize>,
    /// From state to state, by their numbers.
    edges: Vec<(usize, usize)>,
    /// Where backward actions lead, and from which state.
    parents: Vec<(Vec<i32>, usize)>,
    most_states: usize,
}

impl<E: Environment> Walk<'_, E> {
    fn forward(&self, state: &[i32]) -> Vec<usize> {
        legal(&self.spec.actions, |mask| {
            self.environment.forward_mask(state, mask)
        })
    }

    fn backward(&self, state: &[i32]) -> Vec<usize> {
        legal(&self.spec.backward_actions, |mask| {
            self.environment.backward_mask(state, mask)
        })
    }

    fn state(&mut self, number: usize, state: &[i32]) -> Result<(), String> {
        let forward = self.forward(state);
        for &action in &forward {
            let next = self.check_step(state, action)?;
            self.meet(number, next);
        }
        for backward in self.backward(state) {
            let previous = self.check_undo(state, backward)?;
            self.parents.push((previous, number));
        }
        let mut features = vec![0.0; self.spec.features];
        self.environment.observe(state, &mut features);
        if let Some(odd) = features.iter().find(|feature| !feature.is_finite()) {
            return Err(format!("it is observed as {odd}"));
        }
        let words = if forward.is_empty() {
            self.environment.describe(state)
        } else {
            "not finished".into()
        };
        match words.is_empty() || words.contains('\n') {
            true => Err(format!("`describe` must give one line, not {words:?}")),
            false => Ok(()),
        }
    }

    /// Takes an action, takes it back, and returns the state between.
    fn check_step(&self, state: &[i32], action: usize) -> Result<Vec<i32>, String> {
        let (mut next, mut again) = (state.to_vec(), state.to_vec());
        let backward = self.environment.step(state, action, &mut next);
        if next == state {
            return Err(format!("action {action} leads nowhere"));
        }
        if !self.backward(&next).contains(&backward) {
            return Err(format!(
                "action {action} leads to {next:?}, where its backward action {backward} is not legal"
            ));
        }
        let forward = self.environment.undo(&next, backward, &mut again);
        match again == state && forward == action {
            true => Ok(next),
            false => Err(format!(
                "undoing action {action} gives state {again:?} and action {forward}"
            )),
        }
    }

    /// Takes an action back, takes it again, and returns the state between.
    fn check_undo(&self, state: &[i32], backward: usize) -> Result<Vec<i32>, String> {
        let (mut previous, mut again) = (state.to_vec(), state.to_vec());
        let action = self.environment.undo(state, backward, &mut previous);
        if !self.forward(&previous).contains(&action) {
            return Err(format!(
                "backward action {backward} leads to {previous:?}, where action {action} is not legal"
            ));
        }
        let redone = self.environment.step(&previous, action, &mut again);
        match again == state && redone == backward {
            true => Ok(previous),
            false => Err(format!(
                "redoing backward action {backward} gives state {again:?} and action {redone}"
            )),
        }
    }

    fn meet(&mut self, from: usize, next: Vec<i32>) {
        let room = self.states.len() < self.most_states;
        match self.numbers.entry(next) {
            Entry::Occupied(known) => self.edges.push((from, *known.get())),
            Entry::Vacant(new) if room => {
                self.edges.push((from, self.states.len()));
                self.states.push(new.key().clone());
                new.insert(self.states.len() - 1);
            }
            Entry::Vacant(_) => {}
        }
    }

    fn check_parents(&self) -> Result<(), String> {
        let lost = self
            .parents
            .iter()
            .find(|(parent, _)| !self.numbers.contains_key(parent));
        lost.map_or(Ok(()), |(parent, number)| {
            let state = &self.states[*number];
            Err(format!(
                "state {state:?}: a backward action leads to {parent:?}, which cannot be reached"
            ))
        })
    }

    /// Takes states off in the order of the graph, each when all its parents are off.
    fn check_paths(&self) -> Result<(), String> {
        let mut parents = vec![0; self.states.len()];
        let mut children = vec![Vec::new(); self.states.len()];
        for &(from, to) in &self.edges {
            parents[to] += 1;
            children[from].push(to);
        }
        let mut steps = vec![0; self.states.len()];
        let (mut open, mut taken) = (vec![0], 0);
        while let Some(state) = open.pop() {
            taken += 1;
            for &child in &children[state] {
                steps[child] = steps[child].max(steps[state] + 1);
                parents[child] -= 1;
                open.extend((parents[child] == 0).then_some(child));
            }
        }
        let longest = steps.into_iter().max().unwrap_or(0);
        match (taken == self.states.len(), longest <= self.spec.most_steps) {
            (false, _) => Err("actions lead in a circle".into()),
            (_, false) => Err(format!(
                "a path has {longest} steps; `most_steps` is {}",
                self.spec.most_steps
            )),
            _ => Ok(()),
        }
    }
}
