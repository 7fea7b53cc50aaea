//! Which point of a search space is tried next, and which trial goes on.
//!
//! Everything here is a pure function of a seed and of the results that were seen: nothing is remembered, nothing is read or
//! written. Whoever asks may therefore be any of many processes, may be killed and asked again, and a search can be replayed
//! from its results. The order in which results are listed does not count, and functions of mathematics come from a library in
//! plain Rust, so that every machine computes the same points.
//!
//! Grid, random and Sobol points depend on the trial's number alone; [`Method::Tpe`] learns from results; [`asha`] decides
//! which trials are worth more updates.

pub mod asha;
mod method;
mod scale;
mod sobol;
mod space;
mod stream;
mod tpe;

pub use method::{Method, Observation, Outcome};
pub use space::{Coordinate, Dimension, Domain, DomainError, Point, Space};
pub use tpe::TpeSettings;
