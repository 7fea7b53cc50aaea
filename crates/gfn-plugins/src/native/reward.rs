//! A library's reward.
#![allow(unsafe_code, reason = "calls libraries")]

use std::ffi::{c_char, c_void};
use std::slice;
use std::sync::Mutex;

use gfn_plugin_sdk::abi;

use super::LONGEST_REASON;
use super::library::{CreateError, Creation, Failed, Library, create, missing};
use crate::error::cut;
use crate::protocol::MAX_REASONS;

/// An instance of a library's reward.
pub(crate) struct Reward {
    pub(crate) table: abi::RewardTable,
    pub(crate) instance: *mut c_void,
}

// SAFETY: the agreement lets calls come from any thread, as long as they do not overlap.
unsafe impl Send for Reward {}

// SAFETY: who calls from several threads at once asks first whether the plugin is `thread_safe`: see `Inline`.
unsafe impl Sync for Reward {}

/// Objects in memory.
#[derive(Clone, Copy)]
pub(crate) enum Objects {
    /// Words, `count` times `stride`.
    States {
        data: *const i32,
        count: u64,
        stride: u64,
    },
    /// Bytes, and `count` + 1 offsets into them.
    Texts {
        data: *const u8,
        count: u64,
        offsets: *const u64,
    },
}

/// Where the scores go, an entry for each object.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    pub(crate) log_reward: *mut f64,
    pub(crate) status: *mut u8,
}

/// Why objects failed, each with its index.
pub(crate) type Reasons = Vec<(i64, String)>;

impl Reward {
    /// Makes an instance.
    pub(crate) fn new(library: &Library, wanted: &Creation<'_>) -> Result<Self, CreateError> {
        let table = library
            .reward
            .ok_or_else(|| CreateError::Failed("it is no reward".to_string()))?;
        // Asked now, so that every instance can be used and freed.
        for (is_there, function) in [
            (table.score.is_some(), "score"),
            (table.destroy.is_some(), "destroy"),
        ] {
            if !is_there {
                return Err(CreateError::Failed(missing(function)));
            }
        }
        let instance = create(table.create, wanted)?;
        Ok(Self { table, instance })
    }

    /// Scores objects; the reasons are those of objects that cannot be scored.
    ///
    /// # Safety
    /// The pointers are valid for as many objects as `objects` says; the places are written to by nobody else meanwhile.
    // SAFETY: see above.
    pub(crate) unsafe fn score(&self, objects: Objects, places: Places) -> Result<Reasons, String> {
        let score = self.table.score.ok_or_else(|| missing("score"))?;
        let batch = batch(objects);
        let explanations = Mutex::new(Reasons::new());
        let mut scores = <abi::Scores as abi::Table>::empty();
        scores.log_reward = places.log_reward;
        scores.status = places.status;
        scores.context = std::ptr::from_ref(&explanations).cast_mut().cast();
        scores.explain = Some(explain);
        let mut failed = Failed::new();
        let (error, capacity) = failed.room();
        // SAFETY: the instance is live, the arrays are as the caller vouches, the error has that room.
        let code = unsafe { score(self.instance, &batch, &scores, error, capacity) };
        failed.check(code, "score")?;
        Ok(explanations
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

fn batch(objects: Objects) -> abi::Batch {
    let mut batch = <abi::Batch as abi::Table>::empty();
    match objects {
        Objects::States { data, count, stride } => {
            (batch.form, batch.count, batch.data, batch.stride) = (abi::STATES, count, data.cast(), stride);
        }
        Objects::Texts { data, count, offsets } => {
            (batch.form, batch.count, batch.data, batch.offsets) = (abi::TEXTS, count, data.cast(), offsets);
        }
    }
    batch
}

// SAFETY: called as `abi::functions::Explain` says; what it says of its pointers is relied on below.
unsafe extern "C" fn explain(context: *mut c_void, index: u64, text: *const c_char, length: u64) {
    if context.is_null() || text.is_null() {
        return;
    }
    // SAFETY: the context of `score`, which waits for the plugin to return.
    let reasons = unsafe { &*context.cast_const().cast::<Mutex<Reasons>>() };
    let Ok(mut reasons) = reasons.lock() else { return };
    if reasons.len() >= MAX_REASONS {
        return;
    }
    let length = length.min(4 * LONGEST_REASON as u64) as usize;
    // SAFETY: the caller says that there are at least so many bytes.
    let text = unsafe { slice::from_raw_parts(text.cast::<u8>(), length) };
    reasons.push((
        index.cast_signed(),
        cut(&String::from_utf8_lossy(text), LONGEST_REASON),
    ));
}

impl Drop for Reward {
    fn drop(&mut self) {
        if let Some(destroy) = self.table.destroy {
            // SAFETY: the instance of `create`, used for the last time.
            unsafe { destroy(self.instance) };
        }
    }
}
