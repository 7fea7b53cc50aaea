//! Where an update's time goes.

use std::time::Instant;

use gfn_core::{Environment, Logits, Policy, PolicyError};
use serde::Serialize;

/// Seconds by phase, summed over updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Phases {
    /// Sampling, the network left out: masks, steps, observations, choices.
    pub sampling: f64,
    /// The network while sampling, observations included.
    pub sampling_network: f64,
    /// The reward.
    pub reward: f64,
    /// Collecting the states that the loss needs.
    pub plan: f64,
    /// The network's forward pass for the loss.
    pub forward: f64,
    /// The loss and its gradient.
    pub loss: f64,
    /// The network's backward pass and the optimiser's step.
    pub backward: f64,
}

impl Phases {
    /// Every phase times `factor`.
    pub fn times(self, factor: f64) -> Self {
        Self {
            sampling: self.sampling * factor,
            sampling_network: self.sampling_network * factor,
            reward: self.reward * factor,
            plan: self.plan * factor,
            forward: self.forward * factor,
            loss: self.loss * factor,
            backward: self.backward * factor,
        }
    }
}

/// Times one phase after another.
#[derive(Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Adds the time since the last lap to `phase`.
    pub fn lap(&mut self, phase: &mut f64) {
        let now = Instant::now();
        *phase += (now - self.0).as_secs_f64();
        self.0 = now;
    }
}

/// A policy whose time is added up.
pub struct Timed<'a> {
    /// The policy.
    pub policy: &'a mut dyn Policy,
    /// Seconds spent in it.
    pub seconds: f64,
}

impl Policy for Timed<'_> {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        let started = Instant::now();
        let result = self.policy.logits(environment, states, logits);
        self.seconds += started.elapsed().as_secs_f64();
        result
    }
}
