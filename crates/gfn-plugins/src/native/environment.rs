//! A library's environment.
#![allow(unsafe_code, reason = "calls libraries")]

use std::ffi::c_void;

use gfn_plugin_sdk::abi;
use serde_json::Value;

use super::library::{CreateError, Creation, Failed, Library, create, missing};
use super::vocabulary::text;
use crate::environment::Question;

/// An instance of a library's environment.
pub(crate) struct Environment {
    table: abi::EnvironmentTable,
    instance: *mut c_void,
}

// SAFETY: the agreement lets calls come from any thread, as long as they do not overlap.
unsafe impl Send for Environment {}

// SAFETY: who calls from several threads at once asks first whether the plugin is `thread_safe`.
unsafe impl Sync for Environment {}

/// The arrays of a call.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    pub(crate) question: Question,
    pub(crate) states: *const i32,
    pub(crate) actions: *const u32,
    pub(crate) count: u64,
    pub(crate) mask_words: u64,
    /// Bits, states or features, as is asked.
    pub(crate) answers: *mut u8,
    pub(crate) reverse: *mut u32,
}

impl Environment {
    /// Makes an instance.
    pub(crate) fn new(library: &Library, wanted: &Creation<'_>) -> Result<Self, CreateError> {
        let table = library
            .environment
            .ok_or_else(|| CreateError::Failed("it is no environment".to_string()))?;
        let functions = [
            (table.spec.is_some(), "spec"),
            (table.forward_mask.is_some(), "forward_mask"),
            (table.backward_mask.is_some(), "backward_mask"),
            (table.step.is_some(), "step"),
            (table.undo.is_some(), "undo"),
            (table.observe.is_some(), "observe"),
            (table.describe.is_some(), "describe"),
            (table.destroy.is_some(), "destroy"),
        ];
        // Asked now, so that every instance can be used and freed.
        if let Some((_, function)) = functions.iter().find(|(is_there, _)| !is_there) {
            return Err(CreateError::Failed(missing(function)));
        }
        let instance = create(table.create, wanted)?;
        Ok(Self { table, instance })
    }

    /// What is fixed about it.
    pub(crate) fn spec(&self) -> Result<Value, String> {
        let spec = self.table.spec.ok_or_else(|| missing("spec"))?;
        let text = text("spec", |buffer, capacity, needed, failed| {
            let (error, room) = failed.room();
            // SAFETY: the instance is live, both buffers have the room that is said.
            unsafe { spec(self.instance, buffer.cast(), capacity, needed, error, room) }
        })?;
        serde_json::from_slice(&text).map_err(|error| format!("its `spec` is no JSON: {error}"))
    }

    /// A finished state in words.
    pub(crate) fn describe(&self, state: &[i32]) -> Result<String, String> {
        let describe = self.table.describe.ok_or_else(|| missing("describe"))?;
        let text = text("describe", |buffer, capacity, needed, failed| {
            let (error, room) = failed.room();
            // SAFETY: the instance is live, the state is one, both buffers have the room that is said.
            unsafe {
                describe(
                    self.instance,
                    state.as_ptr(),
                    buffer.cast(),
                    capacity,
                    needed,
                    error,
                    room,
                )
            }
        })?;
        String::from_utf8(text).map_err(|_| "`describe` wrote what is not UTF-8".to_string())
    }

    /// Asks about many states.
    ///
    /// # Safety
    /// The arrays have the lengths that the question, the count and the environment's spec ask for; nobody else writes to
    /// the answers meanwhile.
    // SAFETY: see above.
    pub(crate) unsafe fn ask(&self, asked: Arguments) -> Result<(), String> {
        let mut failed = Failed::new();
        let (error, room) = failed.room();
        let (name, masks, moves) = match asked.question {
            Question::ForwardMask => ("forward_mask", self.table.forward_mask, None),
            Question::BackwardMask => ("backward_mask", self.table.backward_mask, None),
            Question::Step => ("step", None, self.table.step),
            Question::Undo => ("undo", None, self.table.undo),
            Question::Observe => ("observe", None, None),
        };
        let Arguments {
            states,
            actions,
            count,
            mask_words,
            answers,
            reverse,
            ..
        } = asked;
        // SAFETY: the instance is live, the arrays are as the caller vouches, the error has that room.
        let code = unsafe {
            if let Some(mask) = masks {
                mask(
                    self.instance,
                    states,
                    count,
                    answers.cast(),
                    mask_words,
                    error,
                    room,
                )
            } else if let Some(act) = moves {
                act(
                    self.instance,
                    states,
                    actions,
                    count,
                    answers.cast(),
                    reverse,
                    error,
                    room,
                )
            } else {
                let observe = self.table.observe.ok_or_else(|| missing(name))?;
                observe(self.instance, states, count, answers.cast(), error, room)
            }
        };
        failed.check(code, name)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Some(destroy) = self.table.destroy {
            // SAFETY: the instance of `create`, used for the last time.
            unsafe { destroy(self.instance) };
        }
    }
}
