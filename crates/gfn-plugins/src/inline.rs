//! Inline.
use crate::batch::{Batch, Scores};
use crate::description::Description;
use crate::error::PluginError;
use crate::options::{Options, Report};
pub(crate) struct Inline {
    description: Description,
    report: Report,
}
impl Inline {
    pub(crate) fn open(options: Options) -> Result<Self, PluginError> {
        Err(PluginError::Unsupported { plugin: options.name })
    }
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }
    pub(crate) fn report(&self) -> &Report {
        &self.report
    }
    pub(crate) fn hash(&self) -> &str {
        ""
    }
    pub(crate) fn score(&self, _: &Batch<'_>) -> Result<Scores, PluginError> {
        todo!()
    }
}
