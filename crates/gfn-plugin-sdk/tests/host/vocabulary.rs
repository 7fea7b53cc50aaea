//! Vocabularies through their table.
#![allow(unsafe_code, reason = "a host calls functions behind pointers")]

use gfn_plugin_sdk::abi::VocabularyTable;
use gfn_plugin_sdk::json::Json;

use super::{Instance, Refused, text, with_error};

/// A live vocabulary.
pub(crate) struct Vocabulary {
    table: VocabularyTable,
    instance: Instance,
}

impl Vocabulary {
    pub(crate) fn make(table: VocabularyTable, parameters: &str) -> Result<Self, Refused> {
        let instance = Instance::make((table.create, table.destroy), parameters, None, 256)?;
        Ok(Self { table, instance })
    }

    pub(crate) fn count(&self) -> u64 {
        let mut count = 0;
        let block_count = self.table.block_count.expect("a block_count");
        // SAFETY: as the header wants it.
        with_error(256, |error, capacity| unsafe {
            block_count(self.instance.pointer, &mut count, error, capacity)
        })
        .unwrap();
        count
    }

    pub(crate) fn block(&self, index: u64) -> Result<Json, Refused> {
        let block = self.table.block.expect("a block");
        text(|buffer, room, needed, error, capacity| {
            // SAFETY: as the header wants it.
            unsafe {
                block(
                    self.instance.pointer,
                    index,
                    buffer,
                    room,
                    needed,
                    error,
                    capacity,
                )
            }
        })
        .map(|text| Json::read(&text).unwrap())
    }
}
