//! A library's blocks.
#![allow(unsafe_code, reason = "calls libraries")]

use std::ffi::c_void;

use gfn_plugin_sdk::abi;
use serde_json::Value;

use super::library::{CreateError, Creation, Failed, Library, create, missing};

/// Room for a block at first; there is more where one needs it.
const ROOM: usize = 1 << 12;

/// The most room that is made for one text.
const MAX_ROOM: u64 = 1 << 20;

/// An instance of a library's vocabulary.
pub(crate) struct Vocabulary {
    table: abi::VocabularyTable,
    instance: *mut c_void,
}

impl Vocabulary {
    /// Makes an instance.
    pub(crate) fn new(library: &Library, wanted: &Creation<'_>) -> Result<Self, CreateError> {
        let table = library
            .vocabulary
            .ok_or_else(|| CreateError::Failed("it is no vocabulary".to_string()))?;
        let instance = create(table.create, wanted)?;
        Ok(Self { table, instance })
    }

    /// How many blocks there are.
    pub(crate) fn count(&self) -> Result<u64, String> {
        let block_count = self.table.block_count.ok_or_else(|| missing("block_count"))?;
        let (mut count, mut failed) = (0, Failed::new());
        let (error, capacity) = failed.room();
        // SAFETY: the instance is live, the error has that room.
        let code = unsafe { block_count(self.instance, &mut count, error, capacity) };
        failed.check(code, "block_count").map(|()| count)
    }

    /// A block.
    pub(crate) fn block(&self, index: u64) -> Result<Value, String> {
        let block = self.table.block.ok_or_else(|| missing("block"))?;
        let text = text("block", |buffer, capacity, needed, failed| {
            let (error, room) = failed.room();
            // SAFETY: the instance is live, both buffers have the room that is said.
            unsafe { block(self.instance, index, buffer.cast(), capacity, needed, error, room) }
        })?;
        serde_json::from_slice(&text).map_err(|error| format!("its block {index} is no JSON: {error}"))
    }
}

/// A text that a function writes, called again where it needs more room.
pub(super) fn text(
    function: &str,
    mut write: impl FnMut(*mut u8, u64, &mut u64, &mut Failed) -> i32,
) -> Result<Vec<u8>, String> {
    let mut buffer = vec![0; ROOM];
    for _ in 0..2 {
        let (mut needed, mut failed) = (0, Failed::new());
        let code = write(buffer.as_mut_ptr(), buffer.len() as u64, &mut needed, &mut failed);
        failed.check(code, function)?;
        if needed > MAX_ROOM {
            return Err(format!(
                "`{function}` wants to write {needed} bytes, more than {MAX_ROOM}"
            ));
        }
        let needed = needed as usize;
        if needed <= buffer.len() {
            buffer.truncate(needed);
            return Ok(buffer);
        }
        buffer = vec![0; needed];
    }
    Err(format!(
        "`{function}` asks for more room each time that it is called"
    ))
}

impl Drop for Vocabulary {
    fn drop(&mut self) {
        if let Some(destroy) = self.table.destroy {
            // SAFETY: the instance of `create`, used for the last time.
            unsafe { destroy(self.instance) };
        }
    }
}
