//! Where there are no processes for plugins: on systems other than Linux.

use std::convert::Infallible;

use crate::batch::{Batch, Scores};
use crate::description::{Description, Kind};
use crate::environment::{Call, EnvironmentSpec, Place};
use crate::error::{Output, PluginError};
use crate::options::{Isolation, Options, Report};
use crate::protocol::{Reply, Request};

/// A plugin's processes, which cannot be.
pub(crate) struct Opened {
    pub(crate) description: Description,
    pub(crate) report: Report,
    pub(crate) hash: Option<String>,
    never: Infallible,
}

/// What a plugin says of itself, if it is trusted to run in this process.
pub(crate) fn describe(options: Options) -> Result<Description, PluginError> {
    match options.isolation {
        Isolation::Inline => crate::inline::describe(&options),
        Isolation::Process => Err(PluginError::Unsupported { plugin: options.name }),
    }
}

impl Opened {
    pub(crate) fn new(options: Options, _: Kind) -> Result<Self, PluginError> {
        Err(PluginError::Unsupported { plugin: options.name })
    }

    pub(crate) fn restarts(&self) -> u32 {
        match self.never {}
    }

    pub(crate) fn score(&self, _: &Batch<'_>) -> Result<Scores, PluginError> {
        match self.never {}
    }

    pub(crate) fn ask(&self, _: &Request) -> Result<Reply, PluginError> {
        match self.never {}
    }

    pub(crate) fn call(
        &self,
        _: &EnvironmentSpec,
        _: &Call<'_>,
        _: &mut Place<'_>,
    ) -> Result<(), PluginError> {
        match self.never {}
    }

    pub(crate) fn misbehaved(&self, _: String, _: Output) -> PluginError {
        match self.never {}
    }
}
