//! Environments: the graph of states that a policy walks.

use crate::Plugin;
use crate::json::quoted;

/// A directed acyclic graph of states with one source, walked forward by actions and back by their inverses.
///
/// A state is a fixed number of words; states are equal where their words are. *Finished* means that nothing is legal forward,
/// *initial* that nothing is legal backward: there are no flags to keep in step with the masks. Every forward edge has exactly
/// one backward action that takes it back: [`Environment::step`] returns it, and [`Environment::undo`] returns the forward
/// action that takes the edge again. Two legal actions of a state may lead to the same state only if their backward actions
/// differ.
///
/// [`check_environment`](crate::check_environment) checks an implementation.
pub trait Environment: Plugin {
    /// What is fixed about it. Asked once.
    fn spec(&self) -> EnvironmentSpec;

    /// Allows in `mask` the legal actions of `state`; none is allowed yet.
    fn forward_mask(&self, state: &[i32], mask: &mut Mask<'_>);

    /// Allows in `mask` the legal backward actions of `state`; none is allowed yet.
    fn backward_mask(&self, state: &[i32], mask: &mut Mask<'_>);

    /// Writes to `next` the state that the legal `action` leads to; returns the backward action that undoes it.
    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize;

    /// Writes to `previous` the state that the legal backward `action` leads to; returns the action that redoes it.
    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize;

    /// Writes what a network sees of `state`: finite numbers, best between -1 and 1. They are 0 before.
    fn observe(&self, state: &[i32], features: &mut [f32]);

    /// A finished object in words, on one line, the same for equal objects.
    fn describe(&self, state: &[i32]) -> String;
}

/// What is fixed about an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentSpec {
    /// The source; its length is that of every state.
    pub initial: Vec<i32>,
    /// The actions that lead forward.
    pub actions: Actions,
    /// The actions that lead back.
    pub backward_actions: Actions,
    /// The most actions that a walk can take.
    pub most_steps: usize,
    /// How many numbers a network sees of a state.
    pub features: usize,
    /// What finished objects are: `"molecule"` where they are described by SMILES, else a name of your own.
    pub objects: String,
}

impl EnvironmentSpec {
    pub(crate) fn to_json(&self) -> String {
        format!(
            "{{\"state_words\": {}, \"initial\": {:?}, \"actions\": {}, \"backward_actions\": {}, \"most_steps\": {}, \
             \"observation\": {{\"width\": {}}}, \"objects\": {}}}",
            self.initial.len(),
            self.initial,
            self.actions.to_json(),
            self.backward_actions.to_json(),
            self.most_steps,
            self.features,
            quoted(&self.objects)
        )
    }
}

/// The actions of a state, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actions {
    /// Every state has the same actions, some of them illegal; an action means the same everywhere.
    Fixed(usize),
    /// A state has actions of its own, at most so many.
    Ragged(usize),
}

impl Actions {
    /// The most actions that a state can have.
    pub fn most(self) -> usize {
        match self {
            Self::Fixed(most) | Self::Ragged(most) => most,
        }
    }

    fn to_json(self) -> String {
        match self {
            Self::Fixed(most) => format!("{{\"fixed\": {most}}}"),
            Self::Ragged(most) => format!("{{\"ragged\": {most}}}"),
        }
    }
}

/// The legal actions of a state, one bit each.
#[derive(Debug)]
pub struct Mask<'a> {
    bits: &'a mut [u64],
    len: usize,
}

impl<'a> Mask<'a> {
    /// A mask over `len` actions in bits that are 0.
    ///
    /// # Panics
    /// Where there are too few bits.
    pub fn new(bits: &'a mut [u64], len: usize) -> Self {
        assert!(
            len <= bits.len() * 64,
            "{len} actions in {} words of bits",
            bits.len()
        );
        Self { bits, len }
    }

    /// Makes `action` legal.
    ///
    /// # Panics
    /// Where there is no such action.
    pub fn allow(&mut self, action: usize) {
        assert!(action < self.len, "action {action} of {}", self.len);
        self.bits[action / 64] |= 1 << (action % 64);
    }

    /// Whether `action` is legal.
    pub fn allows(&self, action: usize) -> bool {
        action < self.len && self.bits[action / 64] >> (action % 64) & 1 == 1
    }

    /// The legal actions, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len).filter(|&action| self.allows(action))
    }
}
