//! What a plugin of `gfn` is written with: the C header and its safe form in Rust.
//!
//! A reward, complete but for its `Cargo.toml`, which says `crate-type = ["cdylib"]`:
//!
//! ```
//! use gfn_plugin_sdk::{Context, Description, Error, Plugin, Reward, export_reward, parameters};
//!
//! parameters! {
//!     /// What the reward can be told.
//!     pub struct Parameters {
//!         /// How long a SMILES is best.
//!         pub length: f64 = 30.0, range(1.0..=200.0), unit("characters");
//!     }
//! }
//!
//! struct Short(Parameters);
//!
//! impl Plugin for Short {
//!     type Parameters = Parameters;
//!     const DESCRIPTION: Description = Description {
//!         objects: &["molecule"],
//!         ..Description::new("short", env!("CARGO_PKG_VERSION"), "Prefers molecules of some length on paper.")
//!     };
//!
//!     fn create(parameters: Parameters, _: &Context) -> Result<Self, Error> {
//!         Ok(Self(parameters))
//!     }
//! }
//!
//! impl Reward for Short {
//!     type Object = str;
//!
//!     fn log_reward(&self, smiles: &str) -> Result<f64, Error> {
//!         Ok(-(smiles.len() as f64 - self.0.length).abs())
//!     }
//! }
//!
//! export_reward!(Short);
//! ```
//!
//! `gfn plugin new` writes such a project; `gfn plugin check` checks what it builds to. What crosses the border to the
//! host is told in `include/gfn_plugin.h` ([`HEADER`]), and is in [`abi`] for hosts; an author in Rust need not look at either.
//! The crate depends on nothing.

pub mod abi;
mod check;
mod environment;
pub mod export;
pub mod json;
pub mod parameters;
mod plugin;
mod reward;
mod sources;
mod vocabulary;

pub use check::check_environment;
pub use environment::{Actions, Environment, EnvironmentSpec, Mask};
pub use plugin::{BadParameters, Context, Description, Log, Objects, Plugin};
pub use reward::{Batch, BatchReward, Object, Reward, Scores};
pub use sources::{HEADER, SOURCES};
pub use vocabulary::{Block, Vocabulary};

#[doc(hidden)]
pub use reward::RawBatch;

/// Whatever went wrong: every error type becomes one by `?`, and a text by `.into()`.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
