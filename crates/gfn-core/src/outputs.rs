//! The outputs of a policy's network, and the gradient of a loss with respect to them: what networks and losses exchange.

use crate::Logits;

/// The outputs of a network, a row for each evaluated state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// A logit an action.
    pub forward: Logits,
    /// A logit a backward action, where the backward policy is learned.
    pub backward: Option<Logits>,
    /// `[states]`: log F, where the loss needs state flows.
    pub log_flow: Option<Vec<f64>>,
}

/// The gradient of a loss with respect to [`Outputs`]: arrays of the same shapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputGradients {
    /// As `forward.values`.
    pub forward: Vec<f64>,
    /// As `backward.values`, or empty.
    pub backward: Vec<f64>,
    /// As `log_flow`, or empty.
    pub log_flow: Vec<f64>,
    /// With respect to the learned log Z.
    pub log_z: f64,
}
