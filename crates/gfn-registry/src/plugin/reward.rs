//! A reward by a plugin.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use gfn_core::reward::Repeats;
use gfn_core::{Environment, Incident, ObjectKind, Objects, Remark, Reward, RewardError};
use gfn_plugins::{
    Batch, Description, Input, Isolation as Host, Options, Oracle, PluginError, Status, open_reward,
};
use gfn_rewards::failures::{Alike, Failures};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::settings::Source;
use super::{locked, log, stop_by};
use crate::builtin::RewardContext;

/// What is done about an object that the plugin cannot score, or that it does not survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The run ends with code 77 and a checkpoint, and names the object. It goes on with the same command once the plugin is
    /// mended.
    #[default]
    Stop,
    /// The object's reward is 0, so that it counts as `reward.floor`.
    Floor,
    /// The object's trajectory is left out of the batch, and the object of measurements.
    Drop,
}

/// Scores objects by a plugin: a library with the functions of `gfn_plugin.h`, or a program in any language.
///
/// A plugin runs in a confined process of its own unless `isolation` says otherwise, and only where `gfn plugin trust` approved it.
/// Its rewards are taken to depend on the object alone: they are remembered, and a batch that kills the plugin is asked for
/// again, piece by piece, to find the object that did it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Params {
    /// The plugin.
    #[serde(flatten)]
    pub source: Source,
    /// What is done about an object that the plugin cannot score or does not survive; `quarantine.jsonl` names them all. Where the
    /// first eight fail alike, or a batch does with an object that was scored before, the run stops: no object is to blame.
    pub on_failure: OnFailure,
    /// How many processes share a batch. No result depends on it.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "processes"))]
    pub workers: Workers,
}

/// One process, unless more are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Workers(pub usize);

impl Default for Workers {
    fn default() -> Self {
        Self(1)
    }
}

/// A reward by a plugin, opened when it is first needed: checking an experiment runs none of its code.
pub struct PluginReward {
    source: Source,
    options: Options,
    description: Description,
    on_failure: OnFailure,
    oracle: OnceLock<Oracle>,
    /// Objects that failed: asked for again they would fail again, and cost a process each.
    failed: Mutex<Failures>,
    incidents: Mutex<Vec<Incident>>,
}

impl PluginReward {
    /// A reward with these parameters, which were examined. `host` is the program in which plugins run.
    pub fn new(params: &Params, context: &RewardContext, host: PathBuf) -> Self {
        let folder = params.source.folder.clone().unwrap_or_default();
        let mut options = params.source.options(Path::new(&folder), host);
        options.workers = params.workers.0;
        options.objects = described(&context.objects);
        options.seed = context.seed;
        options.stop = stop_by(&context.cancel);
        options.log = log();
        Self {
            options,
            description: params.source.description(),
            source: params.source.clone(),
            on_failure: params.on_failure,
            oracle: OnceLock::new(),
            failed: Mutex::default(),
            incidents: Mutex::default(),
        }
    }

    fn oracle(&self) -> Result<&Oracle, RewardError> {
        if let Some(oracle) = self.oracle.get() {
            return Ok(oracle);
        }
        self.source.is_allowed().map_err(RewardError::NotAllowed)?;
        let oracle = open_reward(self.options.clone()).map_err(failed)?;
        Ok(self.oracle.get_or_init(|| oracle))
    }

    fn score(&self, objects: &Objects<'_>) -> Result<gfn_plugins::Scores, RewardError> {
        let stride = objects.environment().spec().state_len();
        let scored = match self.description.input {
            Input::States => self.oracle()?.score(&Batch::States {
                words: objects.states(),
                stride,
            }),
            Input::Texts => {
                let texts: Vec<String> = (0..objects.len()).map(|index| objects.describe(index)).collect();
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                self.oracle()?.score(&Batch::Texts(&texts))
            }
        };
        scored.map_err(failed)
    }

    /// Why an object that was scored before cannot be now, where that is so.
    fn fails_now(&self, environment: &dyn Environment, state: &[i32]) -> Result<Option<String>, RewardError> {
        let scores = self.score(&Objects::new(environment, state))?;
        Ok(scores.failures.into_iter().next().map(|failure| failure.reason))
    }

    /// What the plugin is said to be where no object is to blame.
    fn useless(&self, alike: &Alike) -> RewardError {
        let Alike {
            count,
            reason,
            is_new,
        } = alike;
        let name = &self.options.name;
        RewardError::Plugin(match is_new {
            true => format!(
                "plugin `{name}` scores nothing any more: {count} objects failed alike, and so does one that it scored before: \
                 {reason}; mend the plugin and run the same command again"
            ),
            false => format!(
                "plugin `{name}` scored nothing: the first {count} objects all failed alike, so the plugin is at fault, not they: \
                 {reason}; mend the plugin and run the same command again; where objects truly have no reward, let it say `zero`, \
                 and announce that"
            ),
        })
    }

    /// What becomes of objects that could not be scored: `failures` are places in the batch, with reasons.
    fn answer(
        &self,
        objects: &Objects<'_>,
        failures: Vec<(usize, String)>,
        log_reward: &mut [f64],
    ) -> Result<(), RewardError> {
        let answer = match self.on_failure {
            OnFailure::Stop => "the run ended",
            OnFailure::Floor => "reward 0",
            OnFailure::Drop => "left out",
        };
        let incident = |(index, reason): &(usize, String)| Incident {
            object: objects.describe(*index),
            reason: reason.clone(),
            answer,
        };
        locked(&self.incidents).extend(failures.iter().map(incident));
        match (self.on_failure, failures.first()) {
            (OnFailure::Stop, Some((index, reason))) => Err(RewardError::Plugin(format!(
                "plugin `{}` could not score {}: {reason}; mend the plugin and run the same command again, or set \
                 `reward.on_failure` to `floor` or `drop`",
                self.options.name,
                objects.describe(*index)
            ))),
            (OnFailure::Floor, _) => {
                let places = failures.iter().map(|(index, _)| *index);
                places.for_each(|index| log_reward[index] = f64::NEG_INFINITY);
                Ok(())
            }
            _ => RewardError::leaving_out(failures.into_iter().map(|(index, _)| index).collect()),
        }
    }
}

/// What went wrong with a plugin, as a reward says it.
fn failed(error: PluginError) -> RewardError {
    match error {
        PluginError::Stopped { .. } => RewardError::Stopped,
        error if error.is_refused() => RewardError::NotAllowed(error.to_string()),
        error => RewardError::Plugin(error.to_string()),
    }
}

/// Each object once.
fn distinct(failed: impl Iterator<Item = (Box<[i32]>, String)>) -> Vec<(Box<[i32]>, String)> {
    let mut failed: Vec<_> = failed.collect();
    failed.sort_unstable();
    failed.dedup_by(|(one, _), (other, _)| one == other);
    failed
}

/// What a plugin is told of its objects.
fn described(objects: &ObjectKind) -> serde_json::Value {
    match objects {
        ObjectKind::Grid { dimensions, height } => {
            json!({ "kind": "grid", "dimensions": dimensions, "height": height })
        }
        ObjectKind::Molecule => json!({ "kind": "molecule" }),
        other => json!({ "kind": other.to_string() }),
    }
}

impl Reward for PluginReward {
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String> {
        let kinds = &self.description.objects;
        let kind = described(kind);
        let name = kind["kind"].as_str().unwrap_or_default();
        if kinds.is_empty() || kinds.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(format!("objects of the kind `{}`", kinds.join("` or `")))
    }

    fn prepare(&self) -> Result<(), RewardError> {
        self.oracle().map(|_| ())
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        let mut known = locked(&self.failed);
        let (mut failures, mut asked) = (Vec::new(), Vec::new());
        for index in 0..objects.len() {
            match known.reason(objects.state(index)) {
                Some(reason) => failures.push((index, reason.to_string())),
                None => asked.push(index),
            }
        }
        let states: Vec<i32> = asked
            .iter()
            .flat_map(|&index| objects.state(index).iter().copied())
            .collect();
        let scores = self.score(&Objects::new(objects.environment(), &states))?;
        let mut good = None;
        for (place, &index) in asked.iter().enumerate() {
            log_reward[index] = match scores.status[place] {
                Status::Scored => scores.log_reward[place],
                Status::Zero | Status::Failed => f64::NEG_INFINITY,
            };
            if scores.status[place] != Status::Failed {
                good.get_or_insert(objects.state(index));
            }
        }
        let fresh = scores.failures.into_iter();
        let fresh: Vec<(usize, String)> = fresh
            .map(|failure| (asked[failure.index], failure.reason))
            .collect();
        if self.on_failure != OnFailure::Stop {
            let failed = fresh.iter();
            let failed = failed.map(|(index, reason)| (objects.state(*index).into(), reason.clone()));
            let again = |state: &[i32]| self.fails_now(objects.environment(), state);
            if let Some(alike) = known.take(good, distinct(failed), again)? {
                return Err(self.useless(&alike));
            }
        }
        failures.extend(fresh);
        failures.sort_unstable();
        self.answer(objects, failures, log_reward)
    }

    fn heeds_stops(&self) -> bool {
        true
    }

    fn repeats(&self) -> Repeats {
        match self.description.deterministic {
            true => Repeats::Promised,
            false => Repeats::Unsure,
        }
    }

    fn mode_threshold(&self) -> Option<f64> {
        self.description.mode_threshold
    }

    fn can_be_zero(&self) -> bool {
        self.description.can_be_zero || self.on_failure == OnFailure::Floor
    }

    fn greatest(&self) -> Option<f64> {
        self.description.greatest
    }

    fn provenance(&self) -> Vec<(String, String)> {
        let mut told = vec![
            ("plugin".to_string(), self.description.name.clone()),
            ("version".to_string(), self.description.version.clone()),
        ];
        if let Some(oracle) = self.oracle.get() {
            if let Some(hash) = oracle.hash() {
                told.push(("sha256".to_string(), hash.to_string()));
            }
            let enforced = oracle.enforced();
            let confinement = match (self.options.isolation, enforced.is_complete()) {
                (Host::Inline, _) => "none: it ran in the process of the run".to_string(),
                (_, true) => format!("complete: {}", enforced.in_force()),
                (_, false) => format!(
                    "{}; in force: {}",
                    enforced.missing.join("; "),
                    enforced.in_force()
                ),
            };
            told.push(("confinement".to_string(), confinement));
        }
        told
    }

    fn incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut *locked(&self.incidents))
    }

    fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if self.options.isolation == Host::Inline && self.options.confinement != Default::default() {
            remarks.push(Remark::new(
                "isolation",
                "`reward.isolation` is `inline`, so nothing confines the plugin: what it is allowed makes no difference",
            ));
        }
        if !self.description.deterministic {
            let message = format!(
                "`reward.path`: plugin `{}` does not say that equal objects have equal rewards: the run may not repeat",
                self.description.name
            );
            remarks.push(Remark::new("path", message));
        }
        remarks
    }
}
