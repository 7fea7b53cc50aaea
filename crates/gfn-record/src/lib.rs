//! What a run writes: its events, its manifest, the layout of its folder. Plain serde types and files, so that a report
//! reads a run without knowing how it was made.

pub mod catalogue;
pub mod checkpoint;
pub mod distribution;
pub mod docked;
pub mod durable;
mod error;
pub mod event;
pub mod folder;
pub mod growing;
pub mod hashed;
pub mod integrity;
pub mod ledger;
pub mod likelihoods;
pub mod lock;
pub mod manifest;
pub mod number;
pub mod phases;
mod protobuf;
pub mod rejected;
pub mod samples;
pub mod sweep;
pub mod tensorboard;
pub mod verify;
