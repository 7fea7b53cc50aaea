//! A run opened again, to draw from its policy or to measure it: finished, or as its newest checkpoint left it.

use std::io::Write;
use std::path::Path;

use gfn_core::Purpose;
use gfn_files::seal::Seal;
use gfn_learn::model::Model;
use gfn_learn::{LearnError, weights};
use gfn_record::catalogue;
use gfn_record::checkpoint::latest;
use gfn_record::event::Metrics;
use gfn_record::folder::{FolderError, LARGE, RunFolder, names};
use gfn_record::integrity::Expected;
use gfn_record::manifest::{Manifest, Status};
use gfn_record::samples::Sample;
use gfn_registry::{Assembled, Experiment, assemble_until};

use crate::measure::Measurer;
use crate::observers::log::Logging;
use crate::run::model_of;
use crate::signals::Stop;
use crate::work::Work;
use crate::{RunError, state};

/// Loads the trained weights, or those of the newest checkpoint where the run is not finished; returns the updates they
/// have taken.
fn load(checked: &Checked, manifest: &Manifest, model: &mut Model) -> Result<u64, RunError> {
    if manifest.status != Status::Finished
        && let Some(checkpoint) = latest(checked.folder.path())?.newest
    {
        state::restore_weights(&checkpoint, model)?;
        return Ok(checkpoint.key.step);
    }
    let bytes = checked.read(names::WEIGHTS)?;
    weights::restore(model, &bytes).map_err(|message| LearnError::Weights {
        path: checked.folder.file(names::WEIGHTS).display().to_string(),
        message,
    })?;
    Ok(manifest.steps)
}

/// What is done with a file that was changed since it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is refused; the message says this of how it may be used all the same, continuing "put a copy of the file back".
    Refuse(&'static str),
    /// It is used, and the user is told.
    Accept,
}

impl Damage {
    /// What comes of a check.
    ///
    /// # Errors
    /// [`FolderError::Altered`] where it is refused.
    pub fn heed(self, checked: Result<(), FolderError>) -> Result<(), FolderError> {
        match (checked, self) {
            (Err(error @ FolderError::Altered { is_gone, .. }), Self::Accept) => {
                let used = if is_gone { "what there is" } else { "it" };
                let _ = writeln!(
                    gfn_text::stderr(),
                    "warning: {error}; {used} is used all the same"
                );
                Ok(())
            }
            (Err(error), Self::Refuse(remedy)) => Err(error.with_remedy(remedy)),
            (checked, _) => checked,
        }
    }
}

/// The files of a run, each of which is checked as it is read.
pub struct Checked {
    folder: RunFolder,
    expected: Expected,
    damage: Damage,
}

impl Checked {
    /// Opens a run's folder, and reads its manifest if it can be read. Without one, nothing is recorded of the other files.
    ///
    /// # Errors
    /// Where it is not a run's, or the manifest was changed.
    pub fn open(path: &Path, damage: Damage) -> Result<(Self, Result<Manifest, FolderError>), FolderError> {
        let folder = RunFolder::open(path)?;
        let mut expected = Expected::default();
        let manifest = match folder.read_manifest() {
            Ok((manifest, seal)) => {
                if seal == Seal::Broken {
                    damage.heed(Err(folder.manifest_altered()))?;
                }
                expected = Expected::of(&folder, &manifest);
                Ok(manifest)
            }
            Err(error) => Err(error),
        };
        let checked = Self {
            folder,
            expected,
            damage,
        };
        Ok((checked, manifest))
    }

    /// The folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, or was changed.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, FolderError> {
        let path = self.folder.file(name);
        let bytes = gfn_files::read(&path, LARGE).map_err(|error| FolderError::Io { path, error })?;
        self.damage
            .heed(self.expected.check(&self.folder, name, &bytes))?;
        Ok(bytes)
    }
}

/// A trained policy with everything it was trained with.
pub struct Loaded {
    /// The experiment, read from `resolved.toml`.
    pub experiment: Experiment,
    parts: Assembled,
    model: Model,
    at: (u64, u64),
    stop: Stop,
    /// What its plugins print is heard as long as they live.
    _logging: Option<Logging>,
}

impl Loaded {
    /// Opens a run's folder.
    ///
    /// # Errors
    /// Where it is not a run's, a file was changed since it was written, or the weights do not fit.
    pub fn open(path: &Path, sets: &[String], damage: Damage) -> Result<Self, RunError> {
        Self::open_until(path, sets, damage, &Stop::default())
    }

    /// The same; what is done with it fails, soon, once a stop is asked for.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_until(path: &Path, sets: &[String], damage: Damage, stop: &Stop) -> Result<Self, RunError> {
        let (checked, manifest) = Checked::open(path, damage)?;
        let manifest = manifest?;
        checked.read(names::RESOLVED)?;
        for data in &manifest.data {
            data.check()?;
        }
        let experiment = Experiment::load(&checked.folder.file(names::RESOLVED), sets)?;
        let logging = Logging::aloud();
        let parts = assemble_until(&experiment, stop.cancel())?;
        let mut model = model_of(&experiment, &parts)?.model;
        let steps = load(&checked, &manifest, &mut model)?;
        let trajectories = steps.saturating_mul(experiment.training.batch_size as u64);
        Ok(Self {
            experiment,
            parts,
            model,
            at: (steps, trajectories),
            stop: stop.clone(),
            _logging: logging,
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
        measurer.draw(&mut self.model, seed, Purpose::Samples, count, distribution)
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
        Ok((drawn, states))
    }

    /// Measures the policy as the experiment's `[evaluation]` says.
    ///
    /// # Errors
    /// Where the policy or the reward fails.
    pub fn measure(&mut self) -> Result<Metrics, RunError> {
        let sweeping = Work::endless("sweeping the environment");
        let mut measurer = Measurer::new(&self.parts, &self.experiment.evaluation)?.telling();
        drop(sweeping);
        let seed = self.experiment.top.seed;
        let found = measurer.measure(&mut self.model, seed, Purpose::Evaluation, self.at, None)?;
        // It saw no training.
        Ok(found.measured.without(catalogue::names::MODES_VISITED))
    }
}
