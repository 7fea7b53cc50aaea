//! Docks molecules: SMILES in, energies out, by programs that are started for each molecule and never linked against.
//!
//! Open Babel makes a structure, AutoDock Vina places it in the receptor's box; what they cannot have is told without them
//! (`molecule.rs`). [`Docker`] does both for many molecules at once, and remembers the energies in a file that runs can share
//! (`cache.rs`). An energy depends on the molecule and the settings alone, not on what else is docked beside it or before it:
//!
//! - Each molecule has a process of its own. Vina that is given several ligands now and then goes astray after the first;
//!   its maps written to files are rounded, and spare a tenth of the time.
//! - Vina's random numbers come from a seed. Those of Open Babel come from the clock, so its clock is stopped, by libfaketime.

pub mod alike;
mod cache;
mod child;
mod docker;
mod error;
mod load;
mod molecule;
mod pdbqt;
mod programs;
mod receptor;
mod rigid;
mod single;
mod trouble;

pub use cache::{begin_cache, check_cache, is_cache};
pub use docker::{Docker, Request, Settings};
pub use error::DockingError;
pub use receptor::Receptor;
pub use single::Outcome;
