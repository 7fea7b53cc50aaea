//! The built-in samplers, one file each.

pub mod metropolis;
pub mod on_policy;
pub mod replay;
mod saved;
