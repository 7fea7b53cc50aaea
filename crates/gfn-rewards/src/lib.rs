//! The built-in rewards, one file each, and what can be declared about any of them.

pub mod docking;
pub mod druglike;
pub mod failures;
pub mod hypergrid;
pub mod proxy;
pub mod seh_proxy;
pub mod shaped;
