//! Where an update's time goes.

use serde::{Deserialize, Serialize};

/// Seconds by phase, summed over updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// The network's backward pass and the optimizer's step.
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
