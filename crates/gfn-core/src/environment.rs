//! What an environment is: the graph of states that a policy walks.
//!
//! States are flat `[i32]`, so that a batch of them is one array and two of them are equal where their words are.
//! *Terminal* means that nothing is legal forward, *initial* that nothing is legal backward: there are no flags to
//! keep in step with the masks.

use crate::{Actions, Mask, Observation, View};

/// What finished objects are, so that a reward or a metric can say whether it understands them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectKind {
    /// Cells of a grid: the first `dimensions` words of a state are coordinates in `0..height`.
    Grid {
        /// The number of coordinates.
        dimensions: usize,
        /// The number of values of a coordinate.
        height: usize,
    },
    /// Molecules, described by canonical SMILES.
    Molecule,
    /// Something that only its own reward understands, named.
    Other(std::borrow::Cow<'static, str>),
}

impl std::fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Grid { .. } => f.write_str("grid cells"),
            Self::Molecule => f.write_str("molecules"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// What is fixed about an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSpec {
    /// The registered name.
    pub name: &'static str,
    /// The source state; its length is that of every state.
    pub initial: Vec<i32>,
    /// The actions that lead forward.
    pub actions: Actions,
    /// The actions that lead back.
    pub backward_actions: Actions,
    /// The global action that finishes a state as it is, where there is one.
    pub stop: Option<usize>,
    /// The most actions a trajectory can take.
    pub most_steps: usize,
    /// The views of a state, at least one; a network takes one of them.
    pub views: Vec<View>,
    /// What a finished object is.
    pub objects: ObjectKind,
}

impl EnvironmentSpec {
    /// Words in a state.
    pub fn state_len(&self) -> usize {
        self.initial.len()
    }
}

/// A directed acyclic graph of states with one source, walked forward by actions and back by their inverses.
///
/// Every forward edge has exactly one backward action that takes it back: [`Environment::step`] returns it, and
/// [`Environment::undo`] returns the forward action that takes the edge again. Two legal actions of a state may lead
/// to the same state only if they are told apart by their backward actions.
///
/// [`crate::testkit::check_environment`] checks an implementation.
pub trait Environment: Send + Sync {
    /// What is fixed about this environment.
    fn spec(&self) -> &EnvironmentSpec;

    /// Sets `mask` to the actions of `state`, with those allowed that are legal.
    fn forward_mask(&self, state: &[i32], mask: &mut Mask);

    /// Sets `mask` to the backward actions of `state`, with those allowed that are legal.
    fn backward_mask(&self, state: &[i32], mask: &mut Mask);

    /// Writes to `next` the state that the legal `action` leads to; returns the backward action that undoes it.
    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize;

    /// Writes to `previous` the state that the legal backward `action` leads to; returns the action that redoes it.
    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize;

    /// Appends what a network sees of `state` through the view of this number, and the rows of its actions in both directions.
    fn observe(&self, view: usize, state: &[i32], observation: &mut Observation);

    /// [`Self::forward_mask`] of several states `[n, state_len]`: `masks[i]` is that of state i.
    ///
    /// These functions over several states must do what those over one state do, one after another: see [`one_by_one`]. An environment
    /// whose calls are dear, such as one in another process, answers all at once.
    fn forward_masks(&self, states: &[i32], masks: &mut [Mask]) {
        one_by_one::forward_masks(self, states, masks);
    }

    /// [`Self::backward_mask`] of several states `[n, state_len]`.
    fn backward_masks(&self, states: &[i32], masks: &mut [Mask]) {
        one_by_one::backward_masks(self, states, masks);
    }

    /// [`Self::step`] in several states `[n, state_len]`, in each by the action of its place in `actions`; fills
    /// `backward_actions` `[n]`.
    fn step_all(&self, states: &[i32], actions: &[usize], next: &mut [i32], backward_actions: &mut [usize]) {
        one_by_one::step_all(self, states, actions, next, backward_actions);
    }

    /// [`Self::undo`] in several states `[n, state_len]`, in each by the backward action of its place in `backward_actions`; fills
    /// `actions` `[n]`.
    fn undo_all(
        &self,
        states: &[i32],
        backward_actions: &[usize],
        previous: &mut [i32],
        actions: &mut [usize],
    ) {
        one_by_one::undo_all(self, states, backward_actions, previous, actions);
    }

    /// [`Self::observe`] of several states `[n, state_len]`.
    fn observe_all(&self, view: usize, states: &[i32], observation: &mut Observation) {
        one_by_one::observe_all(self, view, states, observation);
    }

    /// A finished object in words: a SMILES, coordinates. One line, the same for equal objects.
    fn describe(&self, state: &[i32]) -> String;

    /// A finished object in words that also tell where it could have gone on, for rewards that depend on it: for molecules a
    /// SMILES, not canonical, in which every atom with an open attachment point carries the map number 1 (`[CH3:1]O`). `None` where
    /// there is nothing of the kind to tell.
    fn describe_open(&self, _state: &[i32]) -> Option<String> {
        None
    }

    /// The finished state of an object in words, the inverse of [`Self::describe`]: it reads what `describe` writes, and may read
    /// more.
    ///
    /// # Errors
    /// What is wrong with the text, or that this environment reads none; completes a sentence about the text.
    fn parse(&self, _text: &str) -> Result<Vec<i32>, String> {
        Err(format!(
            "environment `{}` reads no objects from text",
            self.spec().name
        ))
    }

    /// Why what this environment says is not to be believed any more. Code of a third party can fail, and the functions above
    /// cannot say so: whoever walks asks this afterwards.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Whether [`Self::failure`] can ever give a reason. What such an environment calls its objects is asked for while it
    /// answers: later it may not.
    fn may_fail(&self) -> bool {
        false
    }

    /// This environment's states can be counted and swept.
    fn as_enumerable(&self) -> Option<&dyn Enumerable> {
        None
    }
}

/// The functions of an [`Environment`] over several states, by those over one: what is provided, and what an environment calls that
/// has made the answers ready.
pub mod one_by_one {
    use super::{Environment, Mask, Observation};

    /// See [`Environment::forward_masks`].
    pub fn forward_masks<E: Environment + ?Sized>(environment: &E, states: &[i32], masks: &mut [Mask]) {
        let states = states.chunks_exact(environment.spec().state_len());
        states
            .zip(masks)
            .for_each(|(state, mask)| environment.forward_mask(state, mask));
    }

    /// See [`Environment::backward_masks`].
    pub fn backward_masks<E: Environment + ?Sized>(environment: &E, states: &[i32], masks: &mut [Mask]) {
        let states = states.chunks_exact(environment.spec().state_len());
        states
            .zip(masks)
            .for_each(|(state, mask)| environment.backward_mask(state, mask));
    }

    /// See [`Environment::step_all`].
    pub fn step_all<E: Environment + ?Sized>(
        environment: &E,
        states: &[i32],
        actions: &[usize],
        next: &mut [i32],
        backward_actions: &mut [usize],
    ) {
        let step = |state: &[i32], action, next: &mut [i32]| environment.step(state, action, next);
        moves(
            environment.spec().state_len(),
            states,
            actions,
            next,
            backward_actions,
            step,
        );
    }

    /// See [`Environment::undo_all`].
    pub fn undo_all<E: Environment + ?Sized>(
        environment: &E,
        states: &[i32],
        backward_actions: &[usize],
        previous: &mut [i32],
        actions: &mut [usize],
    ) {
        let undo = |state: &[i32], action, previous: &mut [i32]| environment.undo(state, action, previous);
        moves(
            environment.spec().state_len(),
            states,
            backward_actions,
            previous,
            actions,
            undo,
        );
    }

    fn moves(
        len: usize,
        states: &[i32],
        actions: &[usize],
        reached: &mut [i32],
        reverse: &mut [usize],
        take: impl Fn(&[i32], usize, &mut [i32]) -> usize,
    ) {
        let places = states.chunks_exact(len).zip(reached.chunks_exact_mut(len));
        for (((state, reached), action), reverse) in places.zip(actions).zip(reverse) {
            *reverse = take(state, *action, reached);
        }
    }

    /// See [`Environment::observe_all`].
    pub fn observe_all<E: Environment + ?Sized>(
        environment: &E,
        view: usize,
        states: &[i32],
        observation: &mut Observation,
    ) {
        states
            .chunks_exact(environment.spec().state_len())
            .for_each(|state| environment.observe(view, state, observation));
    }
}

/// An environment whose states are few enough to sweep, at least in some configurations.
pub trait Enumerable {
    /// How many states there are, finished ones included; an upper bound will do.
    fn state_count(&self) -> u64;
}
