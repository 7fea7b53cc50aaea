//! What a reward is: a batch of finished objects in, log-rewards out.

use thiserror::Error;

use crate::{Environment, ObjectKind, Remark};

/// Why a batch could not be rewarded.
#[derive(Debug, Error)]
pub enum RewardError {
    /// One object is to blame.
    #[error("the reward of {object}: {message}")]
    Object {
        /// The object in words.
        object: String,
        /// What went wrong.
        message: String,
    },
    /// The reward as a whole failed.
    #[error("the reward failed: {0}")]
    Failed(String),
    /// These objects, by their index, have no reward and are to be left out; the log-rewards of all others are written.
    #[error("{} of the objects have no reward", .0.len())]
    LeftOut(Vec<usize>),
    /// Code of a third party may not be run.
    #[error("{0}")]
    NotAllowed(String),
    /// What the reward was set up with cannot be used, whatever the object.
    #[error("{0}")]
    SetUp(String),
    /// Code of a third party that scores the objects does not work; what is trained so far is as good as it was.
    #[error("{0}")]
    Plugin(String),
    /// A stop was asked for before all objects were scored; nothing is wrong with them.
    #[error("scoring was given up because a stop was asked for")]
    Stopped,
}

impl RewardError {
    /// Which objects a scoring left out, none where it scored all.
    ///
    /// # Errors
    /// Those that are about more than objects left out.
    pub fn left_out(scored: Result<(), Self>) -> Result<Vec<usize>, Self> {
        match scored {
            Ok(()) => Ok(Vec::new()),
            Err(Self::LeftOut(indices)) => Ok(indices),
            Err(error) => Err(error),
        }
    }

    /// The outcome of a scoring that left these objects out.
    ///
    /// # Errors
    /// [`RewardError::LeftOut`], where there is one.
    pub fn leaving_out(indices: Vec<usize>) -> Result<(), Self> {
        match indices.is_empty() {
            true => Ok(()),
            false => Err(Self::LeftOut(indices)),
        }
    }
}

/// An object that could not be scored, and was left out or given the least reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The object in words.
    pub object: String,
    /// What went wrong.
    pub reason: String,
    /// What was done about it.
    pub answer: &'static str,
}

/// Whether equal objects have equal rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeats {
    /// They should have: some are scored a second time now and then, to find out.
    #[default]
    Promised,
    /// They should have, and scoring is too expensive to find out unasked.
    Costly,
    /// The reward says itself that they may not have.
    Unsure,
}

/// A batch of finished objects.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    environment: &'a dyn Environment,
    states: &'a [i32],
}

impl<'a> Objects<'a> {
    /// The objects in `states`, flat, `[n, state_len]`.
    pub fn new(environment: &'a dyn Environment, states: &'a [i32]) -> Self {
        assert_eq!(states.len() % environment.spec().state_len(), 0, "whole states");
        Self { environment, states }
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.states.len() / self.environment.spec().state_len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The environment they come from.
    pub fn environment(&self) -> &'a dyn Environment {
        self.environment
    }

    /// What they are.
    pub fn kind(&self) -> &'a ObjectKind {
        &self.environment.spec().objects
    }

    /// All of them, flat, `[n, state_len]`.
    pub fn states(&self) -> &'a [i32] {
        self.states
    }

    /// Object `index` as a state.
    pub fn state(&self, index: usize) -> &'a [i32] {
        let len = self.environment.spec().state_len();
        &self.states[index * len..(index + 1) * len]
    }

    /// Object `index` in words: a SMILES, coordinates.
    pub fn describe(&self, index: usize) -> String {
        self.environment.describe(self.state(index))
    }

    /// Object `index` with where it could have gone on, as [`Environment::describe_open`] says.
    pub fn describe_open(&self, index: usize) -> Option<String> {
        self.environment.describe_open(self.state(index))
    }
}

/// Scores finished objects. Tempering, clipping and caching are wrappers around one.
pub trait Reward: Send + Sync {
    /// Whether this reward understands objects of `kind`; if not, what it needs, completing "the reward needs …".
    ///
    /// # Errors
    /// What the reward needs instead.
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String>;

    /// Does what must be done before the first object: starts processes, loads models. Checking an experiment does not.
    ///
    /// # Errors
    /// [`RewardError`] where nothing can be scored.
    fn prepare(&self) -> Result<(), RewardError> {
        Ok(())
    }

    /// Writes to `log_reward` (`[n]`, natural logarithms) the log-reward of each object.
    ///
    /// # Errors
    /// [`RewardError`] where an object cannot be scored; with [`RewardError::LeftOut`] all others are.
    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError>;

    /// Whether scoring heeds a stop by itself, and returns soon after one; otherwise batches are scored in parts.
    fn heeds_stops(&self) -> bool {
        false
    }

    /// Whether equal objects have equal rewards, as far as the reward knows.
    fn repeats(&self) -> Repeats {
        Repeats::Promised
    }

    /// As [`Reward::log_reward`], without the help of anything that is remembered of these objects, and without remembering
    /// them.
    ///
    /// # Errors
    /// Those of [`Reward::log_reward`].
    fn score_again(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        self.log_reward(objects, log_reward)
    }

    /// The reward from which an object counts as a mode, where the reward itself knows.
    fn mode_threshold(&self) -> Option<f64> {
        None
    }

    /// Whether some object's reward is 0, of which no flow can be made without a floor. A reward that does not know says no:
    /// training then stops at the first such object.
    fn can_be_zero(&self) -> bool {
        false
    }

    /// A reward that no object's exceeds, where the reward itself knows.
    fn greatest(&self) -> Option<f64> {
        None
    }

    /// Where the rewards come from, for the run's record: names and values. After [`Reward::prepare`] it is complete.
    fn provenance(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What has gone wrong with single objects since this was last asked.
    fn incidents(&self) -> Vec<Incident> {
        Vec::new()
    }

    /// Whether an object takes seconds, so that scoring every object of an environment needs a warning.
    fn is_slow(&self) -> bool {
        false
    }

    /// Settings that do nothing for these objects, or make the reward worthless.
    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }
}
