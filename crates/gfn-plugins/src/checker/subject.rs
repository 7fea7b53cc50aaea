//! A plugin under check, in a process of its own, asked without mercy or second chances.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::report::Problem;
use super::samples::Objects;
use crate::batch::Scores;
use crate::description::{Description, Kind};
use crate::error::PluginError;
use crate::opened;
use crate::options::Options;
use crate::policy::{Attempts, Trouble};
use crate::process::ProcessSlot;

/// An instance of a reward.
pub(super) struct Subject {
    seat: ProcessSlot,
    most_in_a_call: usize,
}

/// Why a batch has no scores.
pub(super) enum Anomaly {
    /// The plugin died, hung, or answered nonsense; completes "the plugin …".
    Died(String),
    /// It lives, and refuses the whole batch, in its words.
    Refused(String),
}

impl From<Anomaly> for Problem {
    fn from(anomaly: Anomaly) -> Self {
        Self::Fail(match anomaly {
            Anomaly::Died(how) => format!("the plugin {how}"),
            Anomaly::Refused(why) => format!("the whole batch was refused: {why}"),
        })
    }
}

impl Subject {
    /// Starts a process with an instance, given complete parameters.
    pub(super) fn start(
        options: &Options,
        description: &Description,
        parameters: Value,
    ) -> Result<Self, PluginError> {
        let mut options = options.clone();
        // Every check starts what it needs anew.
        options.limits.max_restarts = u32::MAX;
        let (blueprint, _) = opened::blueprint(options, Kind::Reward)?;
        let _ = blueprint.parameters.set(parameters);
        let mut seat = ProcessSlot::new(Arc::new(blueprint));
        seat.fill()?;
        let most_in_a_call = crate::sharing::most_in_a_call(description);
        Ok(Self { seat, most_in_a_call })
    }

    /// Scores objects in as many calls as the plugin wants, one at least.
    pub(super) fn score(&mut self, objects: &Objects) -> Result<Scores, Anomaly> {
        let len = objects.len();
        let mut scores = Scores::default();
        let mut start = 0_usize;
        loop {
            let end = len.min(start.saturating_add(self.most_in_a_call));
            scores.append(self.score_at_once(&objects.pick(start..end))?);
            if end == len {
                return Ok(scores);
            }
            start = end;
        }
    }

    fn score_at_once(&mut self, objects: &Objects) -> Result<Scores, Anomaly> {
        let texts = objects.texts();
        let batch = objects.batch(&texts);
        self.seat
            .scoring(batch)
            .attempt(0..objects.len())
            .map_err(|trouble| match trouble {
                Trouble::Died(how) => Anomaly::Died(how),
                Trouble::Refused(why) => Anomaly::Refused(why),
                Trouble::Fatal(error) => Anomaly::Died(format!("did not start again: {error}")),
            })
    }

    /// Scores objects, and tells how long it took.
    pub(super) fn timed(&mut self, objects: &Objects) -> Result<(Scores, Duration), Anomaly> {
        let start = Instant::now();
        let scores = self.score(objects)?;
        Ok((scores, start.elapsed()))
    }
}
