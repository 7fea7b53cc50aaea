//! A policy as a sampler sees it: logits for a batch of states, no tensors.

use thiserror::Error;

use crate::{Environment, Mask};

/// Why a policy could not answer.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// The network or a plugin failed.
    #[error("the policy failed: {0}")]
    Failed(String),
    /// A stop was asked for before all states were evaluated.
    #[error("evaluation was given up because a stop was asked for")]
    Stopped,
    /// A logit is NaN or infinite.
    #[error("the policy gave {value} as the logit of action {action} at `{object}`")]
    NotFinite {
        /// The value.
        value: f64,
        /// The action.
        action: usize,
        /// The state in words.
        object: String,
    },
}

/// One logit for each action of each state, states one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logits {
    /// `[states + 1]`: where each state's logits begin.
    pub offsets: Vec<usize>,
    /// The logits; those of illegal actions mean nothing.
    pub values: Vec<f64>,
}

impl Logits {
    /// The logits of state `index`.
    pub fn of(&self, index: usize) -> &[f64] {
        &self.values[self.offsets[index]..self.offsets[index + 1]]
    }
}

/// Gives logits for states.
pub trait Policy {
    /// Fills `logits` for the states in `states` (flat, `[n, state_len]`).
    ///
    /// # Errors
    /// [`PolicyError`] where the network behind it fails.
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError>;
}

/// The policy that gives every action the same logit.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniformPolicy;

impl Policy for UniformPolicy {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        logits.offsets.clear();
        logits.values.clear();
        logits.offsets.push(0);
        let mut mask = Mask::default();
        for state in states.chunks_exact(environment.spec().state_len()) {
            let actions = &environment.spec().actions;
            let count = match actions.is_fixed() {
                true => actions.globals,
                false => {
                    environment.forward_mask(state, &mut mask);
                    mask.len()
                }
            };
            logits.values.resize(logits.values.len() + count, 0.0);
            logits.offsets.push(logits.values.len());
        }
        Ok(())
    }
}
