//! The functions behind the table of environments: batches in, one state at a time to the author.
#![allow(unsafe_code, reason = "the host calls these")]

use std::ffi::{c_char, c_void};

use super::memory::{ErrorRoom, Refusal, give, instance, slice, slice_mut};
use super::tables::{Instance, create, destroy};
use crate::abi::EnvironmentTable;
use crate::{Actions, Environment, EnvironmentSpec, Error, Mask};

/// An environment behind a pointer, with what is fixed about it.
pub(super) struct World<E> {
    environment: E,
    spec: EnvironmentSpec,
    json: String,
}

impl<E: Environment> Instance for World<E> {
    type Plugin = E;
    fn of(environment: E) -> Result<Self, Error> {
        let spec = environment.spec();
        if spec.initial.is_empty() {
            return Err("the environment's states have no words".into());
        }
        let json = spec.to_json();
        Ok(Self {
            environment,
            spec,
            json,
        })
    }
}

/// The masks of a batch of states, as the host passes them.
struct Masks {
    pointer: *mut c_void,
    states: *const i32,
    count: u64,
    bits: *mut u64,
    words_per_state: u64,
}

/// Actions to be taken in a batch of states, as the host passes them.
struct Moves {
    pointer: *mut c_void,
    states: *const i32,
    actions: *const u32,
    count: u64,
    moved: *mut i32,
    reverse: *mut u32,
}

/// One state's mask, either way.
type MaskOne<E> = fn(&E, &[i32], &mut Mask<'_>);
/// One state's move, either way.
type MoveOne<E> = fn(&E, &[i32], usize, &mut [i32]) -> usize;

impl<E: Environment> World<E> {
    pub(super) const TABLE: &'static EnvironmentTable = &EnvironmentTable {
        struct_size: size_of::<EnvironmentTable>() as u32,
        reserved: 0,
        create: Some(create::<Self>),
        spec: Some(Self::spec),
        forward_mask: Some(Self::forward_mask),
        backward_mask: Some(Self::backward_mask),
        step: Some(Self::step),
        undo: Some(Self::undo),
        observe: Some(Self::observe),
        describe: Some(Self::describe),
        destroy: Some(destroy::<Self>),
    };

    /// # Safety
    /// `states` has `count` states for as long as the slice lives.
    // SAFETY: see above.
    unsafe fn states<'a>(&self, states: *const i32, count: u64) -> Result<&'a [i32], Refusal> {
        // SAFETY: says the caller.
        unsafe { slice(states, count.saturating_mul(self.spec.initial.len() as u64)) }
    }

    /// # Safety
    /// Everything in `masks` is as the header says.
    // SAFETY: see above.
    unsafe fn mask(
        masks: &Masks,
        actions: fn(&EnvironmentSpec) -> Actions,
        one: MaskOne<E>,
    ) -> Result<(), Refusal> {
        // SAFETY: says the caller.
        let (world, states, bits) = unsafe {
            let world = instance::borrow::<Self>(masks.pointer)?;
            let words = masks.count.saturating_mul(masks.words_per_state);
            (
                world,
                world.states(masks.states, masks.count)?,
                slice_mut(masks.bits, words)?,
            )
        };
        let most = actions(&world.spec).most();
        if (masks.words_per_state as usize) < most.div_ceil(64) {
            return Err(Refusal::failed(format!(
                "the host has no room for {most} actions"
            )));
        }
        let states = states.chunks_exact(world.spec.initial.len());
        for (state, bits) in states.zip(bits.chunks_exact_mut((masks.words_per_state as usize).max(1))) {
            one(&world.environment, state, &mut Mask::new(bits, most));
        }
        Ok(())
    }

    // SAFETY: called by the host as `functions::Mask` asks.
    unsafe extern "C" fn forward_mask(
        pointer: *mut c_void,
        states: *const i32,
        count: u64,
        bits: *mut u64,
        words_per_state: u64,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        let masks = Masks {
            pointer,
            states,
            count,
            bits,
            words_per_state,
        };
        // SAFETY: the host passes everything as the header says.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        // SAFETY: as above.
        room.guard(|| unsafe { Self::mask(&masks, |spec| spec.actions, E::forward_mask) })
    }

    // SAFETY: called by the host as `functions::Mask` asks.
    unsafe extern "C" fn backward_mask(
        pointer: *mut c_void,
        states: *const i32,
        count: u64,
        bits: *mut u64,
        words_per_state: u64,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        let masks = Masks {
            pointer,
            states,
            count,
            bits,
            words_per_state,
        };
        // SAFETY: the host passes everything as the header says.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        // SAFETY: as above.
        room.guard(|| unsafe { Self::mask(&masks, |spec| spec.backward_actions, E::backward_mask) })
    }

    /// # Safety
    /// Everything in `moves` is as the header says.
    // SAFETY: see above.
    unsafe fn take(moves: &Moves, one: MoveOne<E>) -> Result<(), Refusal> {
        // SAFETY: says the caller.
        let (world, states, actions) = unsafe {
            let world = instance::borrow::<Self>(moves.pointer)?;
            (
                world,
                world.states(moves.states, moves.count)?,
                slice(moves.actions, moves.count)?,
            )
        };
        // SAFETY: says the caller; nobody else uses what is to be written.
        let (moved, reverse) = unsafe {
            (
                slice_mut(moves.moved, states.len() as u64)?,
                slice_mut(moves.reverse, moves.count)?,
            )
        };
        let words = world.spec.initial.len();
        let pairs = states.chunks_exact(words).zip(moved.chunks_exact_mut(words));
        for (((state, moved), &action), reverse) in pairs.zip(actions).zip(reverse) {
            let way_back = one(&world.environment, state, action as usize, moved);
            // One that no number of the agreement can be is one that does not exist, which the host finds out.
            *reverse = u32::try_from(way_back).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    // SAFETY: called by the host as `functions::Move` asks.
    unsafe extern "C" fn step(
        pointer: *mut c_void,
        states: *const i32,
        actions: *const u32,
        count: u64,
        moved: *mut i32,
        reverse: *mut u32,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        let moves = Moves {
            pointer,
            states,
            actions,
            count,
            moved,
            reverse,
        };
        // SAFETY: the host passes everything as the header says.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        // SAFETY: as above.
        room.guard(|| unsafe { Self::take(&moves, E::step) })
    }

    // SAFETY: called by the host as `functions::Move` asks.
    unsafe extern "C" fn undo(
        pointer: *mut c_void,
        states: *const i32,
        actions: *const u32,
        count: u64,
        moved: *mut i32,
        reverse: *mut u32,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        let moves = Moves {
            pointer,
            states,
            actions,
            count,
            moved,
            reverse,
        };
        // SAFETY: the host passes everything as the header says.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        // SAFETY: as above.
        room.guard(|| unsafe { Self::take(&moves, E::undo) })
    }

    // SAFETY: called by the host as `functions::Spec` asks.
    unsafe extern "C" fn spec(
        pointer: *mut c_void,
        buffer: *mut c_char,
        capacity: u64,
        needed: *mut u64,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        // SAFETY: the host says how much room there is.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        room.guard(|| {
            // SAFETY: the host passes an instance of this type.
            let world = unsafe { instance::borrow::<Self>(pointer)? };
            // SAFETY: the host says how much room there is.
            unsafe { give(&world.json, buffer, capacity, needed) }
        })
    }

    // SAFETY: called by the host as `functions::Observe` asks.
    unsafe extern "C" fn observe(
        pointer: *mut c_void,
        states: *const i32,
        count: u64,
        features: *mut f32,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        // SAFETY: the host says how much room there is.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        room.guard(|| {
            // SAFETY: the host passes an instance of this type, states, and room for their observations.
            let (world, states, features) = unsafe {
                let world = instance::borrow::<Self>(pointer)?;
                let numbers = count.saturating_mul(world.spec.features as u64);
                (world, world.states(states, count)?, slice_mut(features, numbers)?)
            };
            features.fill(0.0);
            let states = states.chunks_exact(world.spec.initial.len());
            for (state, features) in states.zip(features.chunks_exact_mut(world.spec.features.max(1))) {
                world.environment.observe(state, features);
            }
            Ok(())
        })
    }

    // SAFETY: called by the host as `functions::Describe` asks.
    unsafe extern "C" fn describe(
        pointer: *mut c_void,
        state: *const i32,
        buffer: *mut c_char,
        capacity: u64,
        needed: *mut u64,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        // SAFETY: the host says how much room there is.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        room.guard(|| {
            // SAFETY: the host passes an instance of this type and one state.
            let words = unsafe {
                let world = instance::borrow::<Self>(pointer)?;
                world.environment.describe(world.states(state, 1)?)
            };
            // SAFETY: the host says how much room there is.
            unsafe { give(&words, buffer, capacity, needed) }
        })
    }
}
