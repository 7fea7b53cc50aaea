//! Blocks in this process.

use serde_json::Value;

use super::Inline;
use crate::error::PluginError;
use crate::native::Vocabulary;
use crate::vocabulary::{MOST, too_many};

impl Inline<Vocabulary> {
    /// All blocks.
    pub(crate) fn blocks(&self) -> Result<Vec<Value>, PluginError> {
        let (_turn, _calling) = (self.turn(), self.calling());
        let misbehaved = |message| self.misbehaved(message);
        let total = self.instance.count().map_err(misbehaved)?;
        if total > MOST {
            return Err(self.misbehaved(too_many(total, 0)));
        }
        (0..total)
            .map(|index| self.instance.block(index).map_err(misbehaved))
            .collect()
    }
}
