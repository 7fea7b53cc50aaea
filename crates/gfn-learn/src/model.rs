//! A model: the networks of a forward and, where it has its own, a backward policy, with their optimiser.

use gfn_core::{Environment, EnvironmentSpec, Logits, Needs, Observation, Policy, PolicyError};
use gfn_losses::evaluation::{OutputGradients, Outputs};
use tch::Device;

use crate::LearnError;
use crate::networks::{Heads, Network, NetworkParams};
use crate::optimiser::{Optimiser, Settings};
use crate::parameters::Parameters;

/// Where log P_B comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum BackwardPolicy {
    /// Every backward action is equally likely.
    Uniform,
    /// A further output of the forward policy's network.
    Tied,
    /// A network of its own.
    Learned(NetworkParams),
}

impl BackwardPolicy {
    /// Whether anything about it is learned.
    pub fn is_learned(&self) -> bool {
        *self != Self::Uniform
    }
}

/// What a model is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelParams {
    /// The forward policy's network.
    pub network: NetworkParams,
    /// The backward policy.
    pub backward: BackwardPolicy,
    /// What the loss needs of it.
    pub needs: Needs,
    /// The optimiser.
    pub optimiser: Settings,
}

/// Networks, their optimiser, and log Z.
pub struct Model {
    networks: Vec<Box<dyn Network>>,
    /// The optimiser with its state; the learned log Z is in it.
    pub optimiser: Optimiser,
    tied: bool,
    seen: Observation,
}

impl Model {
    /// A fresh model for an environment.
    ///
    /// # Errors
    /// Where the network does not fit the environment, or libtorch has no memory.
    pub fn new(
        params: &ModelParams,
        spec: &EnvironmentSpec,
        seed: u64,
        device: Device,
    ) -> Result<Self, LearnError> {
        let tied = params.backward == BackwardPolicy::Tied;
        let heads = Heads {
            forward: true,
            backward: tied,
            log_flow: params.needs.state_flow,
        };
        let mut networks = vec![params.network.build(spec, heads, seed, 0, device)?];
        if let BackwardPolicy::Learned(network) = &params.backward {
            let heads = Heads {
                backward: true,
                ..Heads::default()
            };
            networks.push(network.build(spec, heads, seed, 1, device)?);
        }
        let parameters: Vec<&Parameters> = networks.iter().map(|network| network.parameters()).collect();
        let optimiser = Optimiser::new(params.optimiser.clone(), &parameters)?;
        Ok(Self {
            networks,
            optimiser,
            tied,
            seen: Observation::default(),
        })
    }

    /// The networks: forward first, then backward where it has its own.
    pub fn networks(&self) -> &[Box<dyn Network>] {
        &self.networks
    }

    /// The networks, to be changed.
    pub fn networks_mut(&mut self) -> &mut [Box<dyn Network>] {
        &mut self.networks
    }

    /// How many numbers are learned, log Z aside.
    pub fn parameter_count(&self) -> usize {
        self.networks
            .iter()
            .map(|network| network.parameters().len())
            .sum()
    }

    /// What the model says of the observed states, recorded for [`Model::step`].
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn evaluate(&mut self, observation: &Observation) -> Result<Outputs, LearnError> {
        let mut outputs = self.networks[0].forward(observation, true)?;
        if let Some(network) = self.networks.get_mut(1) {
            outputs.backward = network.forward(observation, true)?.backward;
        }
        Ok(outputs)
    }

    /// Steps along the gradient of a loss of the outputs of the last [`Model::evaluate`]; returns the gradient's norm.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn step(
        &mut self,
        observation: &Observation,
        mut gradients: OutputGradients,
    ) -> Result<f64, LearnError> {
        let log_z_gradient = gradients.log_z;
        if let [forward, backward] = &mut self.networks[..] {
            let of_backward = OutputGradients {
                backward: std::mem::take(&mut gradients.backward),
                ..OutputGradients::default()
            };
            backward.backward(observation, &of_backward)?;
            forward.backward(observation, &gradients)?;
        } else {
            debug_assert!(
                self.tied || gradients.backward.is_empty(),
                "no network has a backward output"
            );
            self.networks[0].backward(observation, &gradients)?;
        }
        let mut parameters: Vec<&mut Parameters> = self
            .networks
            .iter_mut()
            .map(|network| network.parameters_mut())
            .collect();
        self.optimiser.step(&mut parameters, log_z_gradient)
    }
}

impl Policy for Model {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        self.seen.clear();
        for state in states.chunks_exact(environment.spec().state_len()) {
            environment.observe(state, &mut self.seen);
        }
        let outputs = self.networks[0]
            .forward(&self.seen, false)
            .map_err(|error| PolicyError::Failed(error.to_string()))?;
        *logits = outputs.forward;
        Ok(())
    }
}
