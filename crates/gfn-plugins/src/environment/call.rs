//! What an environment is asked of many states at once, and how that lies in memory.

use serde::{Deserialize, Serialize};

use super::EnvironmentSpec;
use crate::arrays::{Arrays, Collected, Region};
use crate::protocol::ALIGNMENT;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Question {
    /// Which actions are legal.
    ForwardMask,
    /// Which backward actions are legal.
    BackwardMask,
    /// What actions lead to.
    Step,
    /// What backward actions lead to.
    Undo,
    /// What a network sees.
    Observe,
}

/// A question about some states.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) question: Question,
    /// One state after the other.
    pub(crate) states: &'a [i32],
    /// An action for each state, for [`Question::Step`] and [`Question::Undo`].
    pub(crate) actions: &'a [u32],
}

/// Where the answer belongs.
pub(crate) enum Place<'a> {
    /// Bits of legal actions.
    Bits(&'a mut [u64]),
    /// States, and the actions that lead back to those that were asked about.
    Moved {
        states: &'a mut [i32],
        reverse: &'a mut [u32],
    },
    /// What a network sees.
    Features(&'a mut [f32]),
}

/// Where the arrays of a call begin, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct CallLayout {
    pub(crate) count: usize,
    /// Of the actions; states come first.
    pub(crate) actions: usize,
    pub(crate) input_len: usize,
    /// Bits, states or features; then the actions that lead back.
    pub(crate) output: Arrays<2>,
    pub(crate) mask_words: usize,
    question: Question,
}

impl CallLayout {
    pub(crate) fn of(spec: &EnvironmentSpec, call: &Call<'_>) -> Self {
        let count = call.states.len() / spec.state_words();
        let actions = size_of_val(call.states).next_multiple_of(ALIGNMENT);
        let mask_words = match call.question {
            Question::BackwardMask => spec.backward_actions.mask_words(),
            _ => spec.actions.mask_words(),
        };
        // Bits are clear; of all else, what is never set is found out: no such action, no such number.
        let (answers, reverse) = match call.question {
            Question::ForwardMask | Question::BackwardMask => (("bits", 8 * count * mask_words, 0), 0),
            Question::Step | Question::Undo => (("states", size_of_val(call.states), 0xFF), 4 * count),
            Question::Observe => (("features", 4 * count * spec.features, 0xFF), 0),
        };
        Self {
            count,
            actions,
            input_len: actions + size_of_val(call.actions),
            output: Arrays::of([answers, ("actions", reverse, 0xFF)]),
            mask_words,
            question: call.question,
        }
    }

    /// Reads the answer into its place.
    ///
    /// # Errors
    /// What is wrong with it; completes "the plugin …".
    pub(crate) fn collect(
        &self,
        spec: &EnvironmentSpec,
        region: &impl Region,
        place: &mut Place<'_>,
    ) -> Result<(), String> {
        let answer = self.output.collect(region)?;
        match place {
            Place::Bits(bits) => self.collect_bits(spec, &answer, bits),
            Place::Moved { states, reverse } => {
                let read = answer.entries(0).map(i32::from_ne_bytes);
                states
                    .iter_mut()
                    .zip(read)
                    .for_each(|(place, word)| *place = word);
                self.collect_reverse(spec, &answer, reverse)
            }
            Place::Features(features) => {
                let read = answer.entries(0).map(f32::from_ne_bytes);
                features
                    .iter_mut()
                    .zip(read)
                    .for_each(|(place, feature)| *place = feature);
                match features.iter().position(|feature| !feature.is_finite()) {
                    Some(index) => {
                        let (state, feature) = (index / spec.features, index % spec.features);
                        Err(format!(
                            "set feature {feature} of state {state} to {}",
                            features[index]
                        ))
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn collect_bits(
        &self,
        spec: &EnvironmentSpec,
        answer: &Collected<2>,
        bits: &mut [u64],
    ) -> Result<(), String> {
        let read = answer.entries(0).map(u64::from_ne_bytes);
        bits.iter_mut().zip(read).for_each(|(place, word)| *place = word);
        let most = match self.question {
            Question::BackwardMask => spec.backward_actions.most(),
            _ => spec.actions.most(),
        };
        let beyond = match most % 64 {
            0 => 0,
            used => u64::MAX << used,
        };
        match bits
            .chunks(self.mask_words)
            .position(|mask| mask[self.mask_words - 1] & beyond != 0)
        {
            Some(state) => Err(format!(
                "allowed an action beyond the {most} that there are, in state {state}"
            )),
            None => Ok(()),
        }
    }

    fn collect_reverse(
        &self,
        spec: &EnvironmentSpec,
        answer: &Collected<2>,
        reverse: &mut [u32],
    ) -> Result<(), String> {
        let read = answer.entries(1).map(u32::from_ne_bytes);
        reverse
            .iter_mut()
            .zip(read)
            .for_each(|(place, action)| *place = action);
        let most = match self.question {
            Question::Undo => spec.actions.most(),
            _ => spec.backward_actions.most(),
        };
        match reverse.iter().position(|action| *action as usize >= most) {
            Some(state) => {
                let action = reverse[state];
                Err(format!(
                    "gave action {action} as the one that leads back to state {state}, of {most} that there are"
                ))
            }
            None => Ok(()),
        }
    }
}
