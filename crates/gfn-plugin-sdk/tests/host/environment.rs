//! Environments through their table.
#![allow(unsafe_code, reason = "a host calls functions behind pointers")]

use gfn_plugin_sdk::abi::{EnvironmentTable, functions};
use gfn_plugin_sdk::json::Json;

use super::{Instance, Refused, text, with_error};

/// A live environment.
pub(crate) struct Environment {
    table: EnvironmentTable,
    instance: Instance,
    pub(crate) spec: Json,
    pub(crate) words: usize,
    pub(crate) features: usize,
}

impl Environment {
    pub(crate) fn make(table: EnvironmentTable, parameters: &str) -> Result<Self, Refused> {
        let instance = Instance::make((table.create, table.destroy), parameters, None, 256)?;
        let spec = table.spec.expect("a spec");
        let spec = text(|buffer, room, needed, error, capacity| {
            // SAFETY: as the header wants it.
            unsafe { spec(instance.pointer, buffer, room, needed, error, capacity) }
        })?;
        let spec = Json::read(&spec).unwrap();
        let words = spec.member("state_words").and_then(Json::as_number).unwrap();
        let features = spec
            .member("observation")
            .and_then(|observation| observation.member("width")?.as_number());
        Ok(Self {
            table,
            instance,
            words,
            features: features.unwrap(),
            spec,
        })
    }

    fn count(&self, states: &[i32]) -> u64 {
        (states.len() / self.words) as u64
    }

    /// The bits of legal actions, forward or back.
    pub(crate) fn masks(&self, forward: bool, states: &[i32], words: usize) -> Result<Vec<u64>, Refused> {
        let mask = if forward {
            self.table.forward_mask
        } else {
            self.table.backward_mask
        }
        .expect("a mask");
        let count = self.count(states);
        let mut bits = vec![0; count as usize * words + 1];
        bits[count as usize * words] = 0xAA;
        with_error(256, |error, capacity| {
            let (states, bits) = (states.as_ptr(), bits.as_mut_ptr());
            // SAFETY: as the header wants it.
            unsafe {
                mask(
                    self.instance.pointer,
                    states,
                    count,
                    bits,
                    words as u64,
                    error,
                    capacity,
                )
            }
        })?;
        assert_eq!(bits.pop(), Some(0xAA), "the plugin wrote beyond the bits");
        Ok(bits)
    }

    fn moved(
        &self,
        one: Option<functions::Move>,
        states: &[i32],
        actions: &[u32],
    ) -> Result<(Vec<i32>, Vec<u32>), Refused> {
        let (mut moved, mut reverse) = (vec![0x55; states.len() + 1], vec![0x55; actions.len() + 1]);
        let one = one.expect("a move");
        with_error(256, |error, capacity| {
            let (from, to) = (
                (states.as_ptr(), actions.as_ptr()),
                (moved.as_mut_ptr(), reverse.as_mut_ptr()),
            );
            let count = self.count(states);
            // SAFETY: as the header wants it.
            unsafe {
                one(
                    self.instance.pointer,
                    from.0,
                    from.1,
                    count,
                    to.0,
                    to.1,
                    error,
                    capacity,
                )
            }
        })?;
        assert_eq!(
            (moved.pop(), reverse.pop()),
            (Some(0x55), Some(0x55)),
            "the plugin wrote beyond the states"
        );
        Ok((moved, reverse))
    }

    pub(crate) fn step(&self, states: &[i32], actions: &[u32]) -> Result<(Vec<i32>, Vec<u32>), Refused> {
        self.moved(self.table.step, states, actions)
    }

    pub(crate) fn undo(&self, states: &[i32], actions: &[u32]) -> Result<(Vec<i32>, Vec<u32>), Refused> {
        self.moved(self.table.undo, states, actions)
    }

    pub(crate) fn observe(&self, states: &[i32]) -> Result<Vec<f32>, Refused> {
        let observe = self.table.observe.expect("an observe");
        let mut features = vec![0.5; self.count(states) as usize * self.features + 1];
        with_error(256, |error, capacity| {
            let count = self.count(states);
            // SAFETY: as the header wants it.
            unsafe {
                observe(
                    self.instance.pointer,
                    states.as_ptr(),
                    count,
                    features.as_mut_ptr(),
                    error,
                    capacity,
                )
            }
        })?;
        assert_eq!(features.pop(), Some(0.5), "the plugin wrote beyond the features");
        Ok(features)
    }

    pub(crate) fn describe(&self, state: &[i32]) -> Result<String, Refused> {
        let describe = self.table.describe.expect("a describe");
        text(|buffer, room, needed, error, capacity| {
            // SAFETY: as the header wants it.
            unsafe {
                describe(
                    self.instance.pointer,
                    state.as_ptr(),
                    buffer,
                    room,
                    needed,
                    error,
                    capacity,
                )
            }
        })
    }
}
