//! The built-in rewards, one file each, and what can be declared about any of them.

pub mod druglike;
pub mod hypergrid;
pub mod shaped;
