//! What a run is between two updates, as the parts of a checkpoint, and a run made from them again. Everything that a
//! later update, measurement or line of a file depends on is here; random streams need no state of their own, because
//! they are found by the number of the trajectory.

use std::collections::BTreeMap;

use gfn_learn::model::Model;
use gfn_learn::{moments, weights};
use gfn_metrics::Saved;
use gfn_record::checkpoint::{HASHES, Loaded, Part};
use gfn_record::event::{Event, Metrics};
use gfn_record::growing::Mark;
use gfn_record::integrity::Records;
use gfn_record::manifest::Manifest;
use gfn_record::number;
use gfn_record::phases::Phases;
use serde::{Deserialize, Serialize};

use crate::RunError;
use crate::measure::Measurer;
use crate::train::Trainer;

const COUNTERS: &str = "counters.json";
const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const SAMPLER: &str = "sampler";
const VISITED: &str = "visited";
const MANIFEST: &str = "manifest.json";
const RESOLVED: &str = "resolved.toml";

/// The small numbers of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// The version of this format.
    pub format: u32,
    /// Updates taken.
    pub step: u64,
    /// The updates after which the policy was last measured; absent before the first measurement.
    pub measured: Option<u64>,
    /// The best reward so far, before shaping.
    #[serde(with = "number")]
    pub best_reward: f64,
    /// What the model took log Z to be at the last update.
    #[serde(with = "number::option")]
    pub log_z: Option<f64>,
    /// Seconds spent training.
    pub training_seconds: f64,
    /// Where those seconds went; nothing is known of what older versions took.
    #[serde(default)]
    pub phases: Phases,
    /// Seconds spent on all of it.
    pub seconds: f64,
    /// The untrained policy.
    pub before: Metrics,
    /// The length of each file that grows, by the name of what writes it.
    pub positions: BTreeMap<String, u64>,
    /// Some of the objects that were scored, to see in a later process whether the reward is still the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<Witness>,
    /// What happened before, and could not be written to those files any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unwritten: Vec<Event>,
    /// The same with their hashes, by their paths; empty where an earlier version saved the checkpoint. It is a part of its own,
    /// so that who knows nothing of this program's state can check the files.
    #[serde(skip)]
    pub files: Records,
}

impl Counters {
    /// How far the file at `path`, which `name` writes, had come.
    pub fn mark(&self, name: &str, path: &str) -> Mark {
        match (self.files.get(path), self.positions.get(name)) {
            (Some(recorded), _) => recorded.clone().into(),
            (None, bytes) => bytes.copied().unwrap_or(0).into(),
        }
    }
}

/// An object and the log-reward that it had, before shaping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    /// Its state.
    pub state: Vec<i32>,
    /// Its log-reward.
    #[serde(with = "number")]
    pub log_reward: f64,
}

/// What made a state: it is saved with it, so that nothing else is ever taken for its origin.
#[derive(Clone, Debug)]
pub struct Record {
    /// The run's manifest.
    pub manifest: Manifest,
    /// The experiment, every default filled in.
    pub resolved: String,
}

/// The version of [`Counters`].
pub const FORMAT: u32 = 3;

/// The parts of a checkpoint.
///
/// # Errors
/// Where the weights cannot be copied to the host.
pub fn save(
    trainer: &Trainer<'_>,
    measurer: &mut Measurer<'_>,
    counters: &Counters,
    record: &Record,
) -> Result<Vec<Part>, RunError> {
    let json = "plain data";
    Ok(vec![
        Part::new(MANIFEST, serde_json::to_vec(&record.manifest).expect(json)),
        Part::new(RESOLVED, record.resolved.clone().into_bytes()),
        Part::new(COUNTERS, serde_json::to_vec(counters).expect(json)),
        Part::new(HASHES, serde_json::to_vec(&counters.files).expect(json)),
        Part::new(WEIGHTS, weights::to_bytes(&trainer.model)?),
        Part::new(OPTIMIZER, moments::to_bytes(&trainer.model.optimizer)?),
        Part::new(SAMPLER, trainer.sampler.save()),
        Part::new(
            VISITED,
            postcard::to_stdvec(&measurer.visited()).expect("plain data"),
        ),
    ])
}

/// The counters of a checkpoint.
///
/// # Errors
/// Why it cannot be used, for [`gfn_record::checkpoint::latest_that`].
pub fn counters(checkpoint: &Loaded) -> Result<Counters, String> {
    let bytes = checkpoint.part(COUNTERS).map_err(|error| error.to_string())?;
    let mut counters: Counters =
        serde_json::from_slice(bytes).map_err(|error| gfn_files::json_words(&error))?;
    if let Ok(hashes) = checkpoint.part(HASHES) {
        counters.files = serde_json::from_slice(hashes)
            .map_err(|error| format!("{HASHES}: {}", gfn_files::json_words(&error)))?;
    }
    match counters.format {
        FORMAT => Ok(counters),
        other => Err(format!(
            "it is of format {other}, this program reads {FORMAT}; resume with the version of gfn that saved it"
        )),
    }
}

/// What made the state of a checkpoint: the run's manifest and its resolved experiment.
///
/// # Errors
/// Why it cannot be read.
pub fn record(checkpoint: &Loaded) -> Result<(Manifest, String), String> {
    let part = |name: &str| checkpoint.part(name).map_err(|error| error.to_string());
    let manifest = serde_json::from_slice(part(MANIFEST)?)
        .map_err(|error| format!("{MANIFEST}: {}", gfn_files::json_words(&error)))?;
    let resolved =
        String::from_utf8(part(RESOLVED)?.to_vec()).map_err(|error| format!("{RESOLVED}: {error}"))?;
    Ok((manifest, resolved))
}

/// Puts a trainer and a measurer into the state of a checkpoint.
///
/// # Errors
/// The part that does not fit, and why.
pub fn restore(
    checkpoint: &Loaded,
    trainer: &mut Trainer<'_>,
    measurer: &mut Measurer<'_>,
) -> Result<Counters, RunError> {
    let refuse = |part: &str, message: String| RunError::Checkpoint {
        path: checkpoint.path.clone(),
        message: format!("{part}: {message}"),
    };
    let counters = counters(checkpoint).map_err(|error| refuse(COUNTERS, error))?;
    restore_weights(checkpoint, &mut trainer.model)?;
    moments::restore(&mut trainer.model.optimizer, checkpoint.part(OPTIMIZER)?)
        .map_err(|error| refuse(OPTIMIZER, error))?;
    trainer
        .restore_sampler(checkpoint.part(SAMPLER)?)
        .map_err(|error| refuse(SAMPLER, error))?;
    let visited: Saved = postcard::from_bytes(checkpoint.part(VISITED)?)
        .map_err(|error| refuse(VISITED, error.to_string()))?;
    measurer
        .revisit(&visited)
        .map_err(|error| refuse(VISITED, error))?;
    trainer.phases = counters.phases;
    trainer.go_on_from(counters.step, counters.best_reward, counters.log_z);
    Ok(counters)
}

/// Puts the weights of a checkpoint into a model.
///
/// # Errors
/// What does not fit.
pub fn restore_weights(checkpoint: &Loaded, model: &mut Model) -> Result<(), RunError> {
    weights::restore(model, checkpoint.part(WEIGHTS)?).map_err(|message| RunError::Checkpoint {
        path: checkpoint.path.clone(),
        message: format!("{WEIGHTS} {message}"),
    })
}
