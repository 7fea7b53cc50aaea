//! A model: the networks of a forward and, where it has its own, a backward policy, with their optimizer.

use std::sync::Arc;

use gfn_core::exact::StateIndex;
use gfn_core::{
    Environment, EnvironmentSpec, Logits, Needs, Observation, OutputGradients, Outputs, Policy, PolicyError,
};

use crate::LearnError;
use crate::networks::{Architecture, Draw, Heads, Network};
use crate::optimizer::{AdamParams, Optimizer};
use crate::parameters::Parameters;
use crate::precision::Compute;
use crate::rows;

/// Where log P_B comes from.
#[derive(Clone, Debug)]
pub enum BackwardPolicy {
    /// Every backward action is equally likely.
    Uniform,
    /// A further output of the forward policy's network.
    Tied,
    /// A network of its own.
    Learned(Arc<dyn Architecture>),
}

impl BackwardPolicy {
    /// Whether anything about it is learned.
    pub fn is_learned(&self) -> bool {
        !matches!(self, Self::Uniform)
    }

    /// What is asked of the forward policy's network and, where the backward policy has its own, of that, for a loss that has these
    /// needs.
    pub fn heads(&self, needs: Needs) -> (Heads, Option<Heads>) {
        let forward = Heads {
            forward: true,
            backward: matches!(self, Self::Tied),
            log_flow: needs.state_flow,
        };
        let backward = Heads {
            backward: true,
            ..Heads::default()
        };
        (forward, matches!(self, Self::Learned(_)).then_some(backward))
    }
}

/// What a model is made of.
#[derive(Clone, Debug)]
pub struct ModelParams {
    /// The forward policy's network.
    pub network: Arc<dyn Architecture>,
    /// The backward policy.
    pub backward: BackwardPolicy,
    /// What the loss needs of it.
    pub needs: Needs,
    /// The optimizer.
    pub optimizer: AdamParams,
}

/// Networks, their optimizer, and log Z.
///
/// What the forward policy's network is asked while a batch is drawn need not be asked again for the loss:
/// [`Model::record`] keeps it, [`Model::evaluate`] evaluates the states that were not asked about, and [`Model::step`]
/// sends the gradient through both.
pub struct Model {
    networks: Vec<Box<dyn Network>>,
    /// The learned log of the partition function, nats.
    pub log_z: f64,
    /// The optimizer with its state.
    pub optimizer: Optimizer,
    tied: bool,
    /// Whether answers are being kept for the next [`Model::evaluate`].
    recording: bool,
    kept: Answers,
    /// The rows among the kept answers of the states last evaluated.
    rows: Vec<usize>,
    /// For answers that are not kept.
    passing: Answers,
}

impl Model {
    /// A fresh model for an environment, in single precision where `compute` is a bare device.
    ///
    /// # Errors
    /// Where the network does not fit the environment, or libtorch has no memory.
    pub fn new(
        params: &ModelParams,
        spec: &EnvironmentSpec,
        seed: u64,
        compute: impl Into<Compute>,
    ) -> Result<Self, LearnError> {
        let compute = compute.into();
        let (heads, backward_heads) = params.backward.heads(params.needs);
        let draw = |number| Draw { seed, number };
        let mut networks = vec![params.network.build(spec, heads, draw(0), compute)?];
        if let (BackwardPolicy::Learned(network), Some(heads)) = (&params.backward, backward_heads) {
            networks.push(network.build(spec, heads, draw(1), compute)?);
        }
        let parameters: Vec<&Parameters> = networks.iter().map(|network| network.parameters()).collect();
        let optimizer = Optimizer::new(params.optimizer.clone(), &parameters)?;
        let answers = Answers::new(spec, networks[0].view());
        Ok(Self {
            networks,
            log_z: params.optimizer.log_z,
            optimizer,
            tied: heads.backward,
            recording: false,
            kept: answers.clone(),
            rows: Vec::new(),
            passing: answers,
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

    /// What the forward policy's network gives for some states (flat), apart from any batch.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn outputs_of(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
    ) -> Result<Outputs, LearnError> {
        let view = self.networks[0].view();
        let mut seen = Observation::new(environment.spec(), view);
        environment.observe_all(view, states, &mut seen);
        self.networks[0].forward(&seen, false)
    }

    /// How many numbers are learned, log Z aside.
    pub fn parameter_count(&self) -> usize {
        self.networks
            .iter()
            .map(|network| network.parameters().len())
            .sum()
    }

    /// Keeps what is asked from now on for the next [`Model::evaluate`]. The parameters must stay as they are until then.
    pub fn record(&mut self) {
        self.networks[0].forget();
        self.kept.clear();
        self.recording = self.networks[0].records_in_parts();
    }

    /// What the model says of the states (flat, each of them once), for [`Model::step`].
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn evaluate(&mut self, environment: &dyn Environment, states: &[i32]) -> Result<Outputs, LearnError> {
        if !self.recording {
            self.networks[0].forget();
            self.kept.clear();
        }
        // Also where this fails: what was kept is then not taken for an answer of other parameters.
        self.recording = false;
        self.kept
            .ask(&mut *self.networks[0], environment, states, true, &mut self.rows)?;
        let mut outputs = rows::pick(&self.kept.outputs, &self.rows);
        if let Some(network) = self.networks.get_mut(1) {
            let view = network.view();
            let mut seen = Observation::new(environment.spec(), view);
            environment.observe_all(view, states, &mut seen);
            network.forget();
            outputs.backward = network.forward(&seen, true)?.backward;
        }
        Ok(outputs)
    }

    /// Steps along the gradient of a loss of the outputs of the last [`Model::evaluate`]; returns the gradient's norm.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn step(&mut self, mut gradients: OutputGradients) -> Result<f64, LearnError> {
        let log_z_gradient = gradients.log_z;
        if let Some(backward) = self.networks.get_mut(1) {
            let of_backward = OutputGradients {
                backward: std::mem::take(&mut gradients.backward),
                ..OutputGradients::default()
            };
            backward.backward(&of_backward)?;
        }
        debug_assert!(
            self.tied || gradients.backward.is_empty(),
            "no network has a backward output"
        );
        self.networks[0].backward(&rows::put_back(gradients, &self.kept.outputs, &self.rows))?;
        let mut parameters: Vec<&mut Parameters> = self
            .networks
            .iter_mut()
            .map(|network| network.parameters_mut())
            .collect();
        self.optimizer
            .step(&mut parameters, &mut self.log_z, log_z_gradient)
    }
}

/// States that a network was asked about, each once, and what it said.
#[derive(Clone)]
struct Answers {
    states: StateIndex,
    outputs: Outputs,
    /// The states of one pass.
    seen: Observation,
}

impl Answers {
    /// No answers yet of a network that sees states through a view.
    fn new(spec: &EnvironmentSpec, view: usize) -> Self {
        Self {
            states: StateIndex::new(spec.state_len()),
            outputs: Outputs::default(),
            seen: Observation::new(spec, view),
        }
    }

    fn clear(&mut self) {
        self.states.clear();
        rows::clear(&mut self.outputs);
    }

    /// Asks about the states that were not asked about before; `rows` is where the answer to each state stands.
    fn ask(
        &mut self,
        network: &mut dyn Network,
        environment: &dyn Environment,
        states: &[i32],
        record: bool,
        rows: &mut Vec<usize>,
    ) -> Result<(), LearnError> {
        let state_len = environment.spec().state_len();
        let known = &mut self.states;
        self.seen.clear();
        let before = known.len();
        rows.clear();
        rows.extend(states.chunks_exact(state_len).map(|state| known.insert(state).0));
        environment.observe_all(
            network.view(),
            &known.states()[before * state_len..],
            &mut self.seen,
        );
        if self.seen.states > 0 {
            rows::append(&mut self.outputs, network.forward(&self.seen, record)?);
        }
        Ok(())
    }
}

impl Policy for Model {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        let answers = match self.recording {
            true => &mut self.kept,
            false => &mut self.passing,
        };
        if !self.recording {
            answers.clear();
        }
        answers
            .ask(
                &mut *self.networks[0],
                environment,
                states,
                self.recording,
                &mut self.rows,
            )
            .map_err(|error| PolicyError::Failed(error.to_string()))?;
        rows::pick_logits(&answers.outputs.forward, &self.rows, logits);
        Ok(())
    }
}
