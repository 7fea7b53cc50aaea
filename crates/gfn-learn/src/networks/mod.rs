//! The networks, one file each, behind one contract: observations in, outputs out; their gradient in, the parameters'
//! gradient out.

pub mod message_passing;
pub mod mlp;

use gfn_core::{EnvironmentSpec, Observation, OutputGradients, Outputs};

use crate::LearnError;
use crate::parameters::Parameters;
use crate::precision::Compute;

/// What a network is asked for, besides being a network for a given environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// A logit for each action.
    pub forward: bool,
    /// A logit for each backward action.
    pub backward: bool,
    /// log F of each state.
    pub log_flow: bool,
}

/// A network on a device.
pub trait Network {
    /// The number of the environment's view through which it sees states.
    fn view(&self) -> usize;

    /// Its parameters and their gradient.
    fn parameters(&self) -> &Parameters;

    /// Its parameters, to be stepped or replaced.
    fn parameters_mut(&mut self) -> &mut Parameters;

    /// What it says of the observed states. With `record`, keeps what [`Network::backward`] needs, behind what was kept
    /// since the last [`Network::forget`].
    ///
    /// # Errors
    /// Where libtorch fails.
    fn forward(&mut self, observation: &Observation, record: bool) -> Result<Outputs, LearnError>;

    /// Whether many recorded passes over a few states each cost little more than one over all of them.
    fn records_in_parts(&self) -> bool;

    /// Forgets all recorded passes.
    fn forget(&mut self);

    /// Sets the parameters' gradient from that of the outputs of all recorded passes, one after another, and forgets
    /// them.
    ///
    /// # Errors
    /// Where libtorch fails.
    fn backward(&mut self, gradients: &OutputGradients) -> Result<(), LearnError>;
}

/// A kind of network with its parameters, as declared: what it accepts, and how it is built.
pub trait Architecture: std::fmt::Debug + Send + Sync {
    /// Whether this network can give the outputs `heads` for the environment.
    ///
    /// # Errors
    /// What the network needs instead, completing "network `x` needs …".
    fn accepts(&self, spec: &EnvironmentSpec, heads: Heads) -> Result<(), String>;

    /// Builds the network, with its weights drawn from a seed.
    ///
    /// # Errors
    /// Where the environment does not fit, or libtorch has no memory.
    fn build(
        &self,
        spec: &EnvironmentSpec,
        heads: Heads,
        draw: Draw,
        compute: Compute,
    ) -> Result<Box<dyn Network>, LearnError>;
}

/// Where a network's first weights are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The run's seed.
    pub seed: u64,
    /// The network's number within its model: networks of one model start with different weights.
    pub number: u64,
}

/// The error of a network that cannot be built, because it needs something that is not there.
pub(crate) fn incompatible(needs: String) -> LearnError {
    LearnError::Incompatible(format!("the network needs {needs}"))
}
