//! What a component says of its own settings, before anything is trained.

/// A sentence about one setting of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The setting's key in the component's section.
    pub key: &'static str,
    /// The sentence; it names the setting in full, such as `sampler.chains`.
    pub message: String,
    /// What to do about it, where that does not follow.
    pub help: Option<String>,
}

impl Remark {
    /// A sentence about the setting `key`.
    pub fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self {
            key,
            message: message.into(),
            help: None,
        }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

/// The training that a component's settings are judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingPlan {
    /// Updates.
    pub steps: u64,
    /// Trajectories in an update.
    pub batch_size: usize,
}
