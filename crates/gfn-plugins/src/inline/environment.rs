//! Environments in this process.
#![allow(unsafe_code, reason = "hands memory to libraries")]

use serde_json::Value;

use super::Inline;
use crate::arrays::Aligned;
use crate::environment::{Call, CallLayout, EnvironmentSpec, Place};
use crate::error::PluginError;
use crate::native::{Arguments, Environment};

impl Inline<Environment> {
    /// What is fixed about it.
    pub(crate) fn spec(&self) -> Result<Value, PluginError> {
        let (_turn, _calling) = (self.turn(), self.calling());
        self.instance.spec().map_err(|message| self.misbehaved(message))
    }

    /// A finished state in words.
    pub(crate) fn describe(&self, state: &[i32]) -> Result<String, PluginError> {
        let (_turn, _calling) = (self.turn(), self.calling());
        self.instance
            .describe(state)
            .map_err(|message| self.misbehaved(message))
    }

    /// Asks about many states.
    pub(crate) fn call(
        &self,
        spec: &EnvironmentSpec,
        call: &Call<'_>,
        place: &mut Place<'_>,
    ) -> Result<(), PluginError> {
        let (_turn, _calling) = (self.turn(), self.calling());
        let layout = CallLayout::of(spec, call);
        let mut output = Aligned::new(layout.output.len);
        layout.output.prepare(&mut output);
        let start = output.start();
        // A copy: what is written there by mistake changes no state of the run.
        let (states, actions) = (call.states.to_vec(), call.actions.to_vec());
        let asked = Arguments {
            question: call.question,
            states: states.as_ptr(),
            actions: actions.as_ptr(),
            count: layout.count as u64,
            mask_words: layout.mask_words as u64,
            answers: start.wrapping_add(layout.output.offset(0)),
            reverse: start.wrapping_add(layout.output.offset(1)).cast(),
        };
        // SAFETY: the pointers are to the arrays above, which live on; the output is in nobody else's hands.
        unsafe { self.instance.ask(asked) }.map_err(|message| self.misbehaved(message))?;
        if states != call.states || actions != call.actions {
            return Err(self.corrupted("wrote to its input"));
        }
        layout
            .collect(spec, &output, place)
            .map_err(|how| self.corrupted(&how))
    }
}
