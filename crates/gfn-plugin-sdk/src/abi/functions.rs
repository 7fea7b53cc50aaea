//! The functions that cross the border, as types: what each does, and what its caller vouches for.

use std::ffi::{c_char, c_void};

use super::{Batch, Host, Plugin, Scores};

/// Takes a line for the run's log.
///
/// SAFETY: `context` is the host's own, `text` has `length` bytes.
pub type Log = unsafe extern "C" fn(context: *mut c_void, level: i32, text: *const c_char, length: u64);
/// Takes the reason why an object cannot be scored.
///
/// SAFETY: `context` is that of the scores, `text` has `length` bytes; only during `score`, from its own thread.
pub type Explain = unsafe extern "C" fn(context: *mut c_void, index: u64, text: *const c_char, length: u64);
/// What a plugin exports.
///
/// SAFETY: both point to structs as long as their `struct_size` says; the host is never freed, the plugin all zeros but that.
pub type Entry = unsafe extern "C" fn(host: *const Host, plugin: *mut Plugin) -> i32;
/// Makes an instance.
///
/// SAFETY: `host` is never freed, `parameters` has `length` bytes and a NUL, `error` has room for `capacity` bytes.
pub type Create = unsafe extern "C" fn(
    host: *const Host,
    parameters: *const c_char,
    length: u64,
    seed: u64,
    instance: *mut *mut c_void,
    error: *mut c_char,
    capacity: u64,
) -> i32;
/// Frees an instance.
///
/// SAFETY: `instance` comes from the `create` of the same table, and is not used again.
pub type Destroy = unsafe extern "C" fn(instance: *mut c_void);
/// Scores a batch.
///
/// SAFETY: `instance` is live; batch and scores have room for the count of objects; `error` has room for `capacity` bytes.
pub type Score = unsafe extern "C" fn(
    instance: *mut c_void,
    batch: *const Batch,
    scores: *const Scores,
    error: *mut c_char,
    capacity: u64,
) -> i32;
/// Counts the blocks of a vocabulary.
///
/// SAFETY: `instance` is live; `error` has room for `error_capacity` bytes.
pub type BlockCount = unsafe extern "C" fn(
    instance: *mut c_void,
    count: *mut u64,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
/// Writes one block of a vocabulary.
///
/// SAFETY: `instance` is live; `buffer` and `error` have room for their capacities.
pub type Block = unsafe extern "C" fn(
    instance: *mut c_void,
    index: u64,
    buffer: *mut c_char,
    capacity: u64,
    needed: *mut u64,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
/// Writes what is fixed about an environment.
///
/// SAFETY: `instance` is live; `buffer` and `error` have room for their capacities.
pub type Spec = unsafe extern "C" fn(
    instance: *mut c_void,
    buffer: *mut c_char,
    capacity: u64,
    needed: *mut u64,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
/// Sets the bits of legal actions.
///
/// SAFETY: `instance` is live; `states` has `count` states, `bits` has `count` times `words_per_state` words.
pub type Mask = unsafe extern "C" fn(
    instance: *mut c_void,
    states: *const i32,
    count: u64,
    bits: *mut u64,
    words_per_state: u64,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
/// Takes an action in each state, or takes one back, and writes the action that does the reverse.
///
/// SAFETY: `instance` is live; all four arrays are for `count` states.
pub type Move = unsafe extern "C" fn(
    instance: *mut c_void,
    states: *const i32,
    actions: *const u32,
    count: u64,
    moved_states: *mut i32,
    reverse_actions: *mut u32,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
/// Writes what a network sees of each state.
///
/// SAFETY: `instance` is live; `states` has `count` states, `features` has room for as many observations.
pub type Observe = unsafe extern "C" fn(
    instance: *mut c_void,
    states: *const i32,
    count: u64,
    features: *mut f32,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
/// Writes one finished state in words.
///
/// SAFETY: `instance` is live; `state` is one state; `buffer` and `error` have room for their capacities.
pub type Describe = unsafe extern "C" fn(
    instance: *mut c_void,
    state: *const i32,
    buffer: *mut c_char,
    capacity: u64,
    needed: *mut u64,
    error: *mut c_char,
    error_capacity: u64,
) -> i32;
