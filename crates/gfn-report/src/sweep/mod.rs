//! What a sweep searched, as axes, and what its settings do.

pub(crate) mod domain;
pub(crate) mod effect;

pub(crate) use gfn_runs::{Reached, Sweep, Tried, rungs};
