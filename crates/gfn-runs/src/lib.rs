//! The folders of runs and sweeps, read as far as they can be: a run that is under way, that failed, or whose files are damaged is
//! read too, and what could not be read is said. [`summary`] tells a run or a sweep in a few words.
//!
//! It reads what [`gfn_record`] describes and nothing else: no live object, no network, no configuration.

pub mod figures;
pub mod number;
mod run;
pub mod setting;
pub mod statistics;
pub mod summary;
mod sweep;

pub use run::{Quarantined, ReadError, Run};
pub use sweep::{Reached, Sweep, Tried, rungs};
