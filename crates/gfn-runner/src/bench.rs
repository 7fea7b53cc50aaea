//! How fast training is, phase by phase, and how near to what its matrix products alone would take.
//!
//! The bound is measured in the same process, on the same batches: the network's own forward pass over the live states
//! of each sampling step, plus one recorded forward and backward pass over the distinct states of the loss. All else
//! (environment, choice, reward, loss, optimizer, bookkeeping) is what stands between a run and its bound.

use std::time::Instant;

use gfn_core::{Environment, Observation, OutputGradients, Outputs, TrajectoryBatch};
use gfn_record::catalogue::names;
use gfn_registry::{Experiment, assemble};
use serde::Serialize;

use crate::observers::log::Logging;
use crate::phases::Phases;
use crate::run::model_of;
use crate::train::Trainer;
use crate::{Cause, RunError};

/// The figures of one experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The experiment.
    pub name: String,
    /// Updates that were timed, after as many that were not.
    pub updates: u64,
    /// Milliseconds an update.
    pub update_ms: f64,
    /// Steps of trajectories a second.
    pub transitions_per_second: f64,
    /// Distinct states evaluated for the loss, an update.
    pub states: f64,
    /// Where the time goes, milliseconds an update.
    pub phases_ms: Phases,
    /// Milliseconds an update that the network alone would take.
    pub bound_ms: f64,
    /// `update_ms` over `bound_ms`, the reward left out of the former: no network can make up for a slow reward.
    pub over_bound: f64,
}

/// Times `updates` updates of an experiment, after as many that warm up, and what bounds them.
///
/// # Errors
/// As a run.
pub fn bench(experiment: &Experiment, updates: u64) -> Result<Figures, RunError> {
    let _logging = Logging::aloud();
    let parts = assemble(experiment)?;
    let model = model_of(experiment, &parts)?.model;
    let mut trainer = Trainer::new(&parts, model, experiment.top.seed, experiment.training.batch_size);
    let update = |trainer: &mut Trainer<'_>| {
        let step = trainer.steps() + 1;
        trainer.update().map_err(|cause| RunError::Step { step, cause })
    };
    for _ in 0..updates {
        update(&mut trainer)?;
    }
    trainer.phases = Phases::default();
    let (mut seconds, mut bound, mut states, mut steps) = (0.0, 0.0, 0, 0);
    for step in 0..updates {
        let started = Instant::now();
        let metrics = update(&mut trainer)?;
        seconds += started.elapsed().as_secs_f64();
        states += metrics.get(names::STATES).unwrap_or(0.0) as u64;
        steps += trainer.batch().steps();
        bound +=
            bound_of(&mut trainer, &*parts.environment).map_err(|cause| RunError::Step { step, cause })?;
    }
    let (count, milli) = (updates as f64, 1e3 / updates as f64);
    let phases_ms = trainer.phases.times(milli);
    let (update_ms, bound_ms) = (seconds * milli, bound * milli);
    Ok(Figures {
        name: experiment.top.name.clone(),
        updates,
        update_ms,
        transitions_per_second: steps as f64 / seconds,
        states: states as f64 / count,
        over_bound: (update_ms - phases_ms.reward) / bound_ms,
        phases_ms,
        bound_ms,
    })
}

/// Seconds that the networks alone take for the trainer's last batch.
fn bound_of(trainer: &mut Trainer<'_>, environment: &dyn Environment) -> Result<f64, Cause> {
    let view = trainer.model.networks()[0].view();
    let live = live_observations(environment, trainer.batch(), view);
    let (model, states) = trainer.model_and_states();
    let mut seconds = 0.0;
    for observation in &live {
        let started = Instant::now();
        model.networks_mut()[0].forward(observation, false)?;
        seconds += started.elapsed().as_secs_f64();
    }
    for network in model.networks_mut() {
        let mut seen = Observation::new(environment.spec(), network.view());
        environment.observe_all(network.view(), states, &mut seen);
        let started = Instant::now();
        network.forget();
        let outputs = network.forward(&seen, true)?;
        seconds += started.elapsed().as_secs_f64();
        let gradients = ones(&outputs);
        let started = Instant::now();
        network.backward(&gradients)?;
        seconds += started.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

/// What the network saw at each sampling step: the states of the trajectories that had not ended.
fn live_observations(
    environment: &dyn Environment,
    batch: &TrajectoryBatch,
    view: usize,
) -> Vec<Observation> {
    let longest = (0..batch.len())
        .map(|index| batch.steps_of(index).len())
        .max()
        .unwrap_or(0);
    let at = |position: usize| {
        let mut observation = Observation::new(environment.spec(), view);
        let live = (0..batch.len()).filter(|&index| position < batch.steps_of(index).len());
        live.for_each(|index| environment.observe(view, batch.state(index, position), &mut observation));
        observation
    };
    (0..longest).map(at).collect()
}

/// A gradient of the right shape.
fn ones(outputs: &Outputs) -> OutputGradients {
    OutputGradients {
        forward: vec![1.0; outputs.forward.values.len()],
        backward: outputs
            .backward
            .as_ref()
            .map_or_else(Vec::new, |logits| vec![1.0; logits.values.len()]),
        log_flow: outputs
            .log_flow
            .as_ref()
            .map_or_else(Vec::new, |flow| vec![1.0; flow.len()]),
        log_z: 0.0,
    }
}
