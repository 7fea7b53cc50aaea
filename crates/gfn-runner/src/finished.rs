//! A run opened again, to draw from its policy or to measure it: finished, or as its newest checkpoint left it.

use std::path::Path;

use gfn_core::Purpose;
use gfn_learn::model::Model;
use gfn_learn::weights;
use gfn_record::checkpoint::latest;
use gfn_record::event::Measured;
use gfn_record::folder::{RunFolder, names};
use gfn_record::manifest::{Manifest, Status};
use gfn_record::samples::Sample;
use gfn_registry::{Assembled, Experiment, assemble_until};

use crate::measure::Measurer;
use crate::run::model_of;
use crate::signals::Stop;
use crate::work::Work;
use crate::{RunError, state};

/// Loads the trained weights, or those of the newest checkpoint where the run is not finished; returns the updates they
/// have taken.
fn load(folder: &RunFolder, manifest: &Manifest, model: &mut Model) -> Result<u64, RunError> {
    if manifest.status != Status::Finished
        && let Some(checkpoint) = latest(folder.path())?.newest
    {
        state::restore_weights(&checkpoint, model)?;
        return Ok(checkpoint.key.step);
    }
    weights::load(model, &folder.file(names::WEIGHTS))?;
    Ok(manifest.steps)
}

/// A trained policy with everything it was trained with.
pub struct Loaded {
    /// The experiment, read from `resolved.toml`.
    pub experiment: Experiment,
    parts: Assembled,
    model: Model,
    at: (u64, u64),
    stop: Stop,
}

impl Loaded {
    /// Opens a run's folder.
    ///
    /// # Errors
    /// Where it is not a run's, or the weights do not fit.
    pub fn open(path: &Path, sets: &[String]) -> Result<Self, RunError> {
        Self::open_until(path, sets, &Stop::default())
    }

    /// The same; what is done with it fails, soon, once a stop is asked for.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_until(path: &Path, sets: &[String], stop: &Stop) -> Result<Self, RunError> {
        let folder = RunFolder::open(path)?;
        let manifest = folder.manifest()?;
        for data in &manifest.data {
            data.check()?;
        }
        let experiment = Experiment::load(&folder.file(names::RESOLVED), sets)?;
        let parts = assemble_until(&experiment, stop.cancel())?;
        let mut model = model_of(&experiment, &parts)?.model;
        let steps = load(&folder, &manifest, &mut model)?;
        let trajectories = steps.saturating_mul(experiment.training.batch_size as u64);
        Ok(Self {
            experiment,
            parts,
            model,
            at: (steps, trajectories),
            stop: stop.clone(),
        })
    }

    /// Updates that the policy has taken.
    pub fn steps(&self) -> u64 {
        self.at.0
    }

    /// Updates that the experiment asks for.
    pub fn all_steps(&self) -> u64 {
        self.experiment.training.steps
    }

    /// Draws `count` objects; `seed` tells one draw from another. Where the environment is swept, each has its log-probability, as in
    /// the run's own samples.
    ///
    /// # Errors
    /// Where the policy or the reward fails.
    pub fn sample(&mut self, count: usize, seed: u64) -> Result<Vec<Sample>, RunError> {
        let sweeping = Work::endless("sweeping the environment");
        let measurer = Measurer::new(&self.parts, &self.experiment.evaluation)?.telling();
        let distribution = measurer.distribution(&mut self.model)?;
        drop(sweeping);
        let distribution = distribution.as_deref();
        let drawn = measurer.draw(&mut self.model, seed, Purpose::Samples, count, distribution)?;
        Ok(drawn.samples)
    }

    /// Draws `count` objects with the state of each, flat, and without probabilities; shows no progress with `quiet`.
    ///
    /// # Errors
    /// Where the policy or the reward fails.
    pub fn draw(
        &mut self,
        count: usize,
        seed: u64,
        quiet: bool,
    ) -> Result<(Vec<Sample>, Vec<i32>), RunError> {
        let settings = gfn_registry::settings::Evaluation {
            exact_states: 0,
            ..self.experiment.evaluation.clone()
        };
        let measurer = Measurer::new(&self.parts, &settings)?.interrupted_by(&self.stop);
        let measurer = if quiet { measurer } else { measurer.telling() };
        let mut states = Vec::new();
        let drawn = measurer.draw_keeping(
            &mut self.model,
            seed,
            Purpose::Samples,
            count,
            None,
            Some(&mut states),
        )?;
        Ok((drawn.samples, states))
    }

    /// Measures the policy as the experiment's `[evaluation]` says.
    ///
    /// # Errors
    /// Where the policy or the reward fails.
    pub fn measure(&mut self) -> Result<Measured, RunError> {
        let sweeping = Work::endless("sweeping the environment");
        let mut measurer = Measurer::new(&self.parts, &self.experiment.evaluation)?.telling();
        drop(sweeping);
        let seed = self.experiment.top.seed;
        let found = measurer.measure(&mut self.model, seed, Purpose::Evaluation, self.at, None)?;
        Ok(Measured {
            modes_visited: None,
            ..found.measured
        })
    }
}
