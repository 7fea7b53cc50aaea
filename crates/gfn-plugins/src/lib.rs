//! Plugins: third parties' rewards, vocabularies and environments, loaded so that nothing they do can lose a run.
//!
//! A plugin is a shared library or a command ([`Program`]). It runs in a confined process of its own, `gfn-plugin-host`,
//! unless it is trusted to run [`Isolation::Inline`]. Batches go there in shared memory. A process that dies, hangs or answers
//! nonsense is started again and asked again; a batch that it dies of twice is split until the objects to blame are alone
//! ([`Failure`]), and all others are scored.
//!
//! [`describe`] asks a plugin what it is; [`open_reward`], [`open_environment`] and [`blocks`] put it to work.

#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, unused_imports, reason = "for processes, which need Linux")
)]

mod arrays;
mod batch;
mod description;
mod environment;
mod error;
mod expected;
mod image;
mod inline;
mod interpreter;
mod native;
mod options;
mod oracle;
mod parameters;
mod policy;
mod protocol;
mod quarantine;
mod regions;
mod sharing;
mod vocabulary;

#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod opened;

#[cfg(target_os = "linux")]
mod granted;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod opened;
#[cfg(target_os = "linux")]
mod packets;
#[cfg(target_os = "linux")]
mod process;
mod worker;

pub mod checker;
pub mod new;
pub mod trust;

pub use batch::{Batch, Failure, Scores, Status};
pub use description::{Description, Input, Kind};
pub use environment::{Actions, EnvironmentSpec, RemoteEnvironment, open_environment};
pub use error::{Output, PluginError, cleaned};
pub use image::hash_of;
pub use new::{Language, new_project};
pub use options::{
    Confinement, Isolation, Limits, Log, Options, Program, Protocol, Report, StopBy, default_threads,
};
pub use oracle::{Oracle, describe, open_reward};
pub use parameters::fill_in;
pub use quarantine::quarantine;
pub use vocabulary::blocks;
pub use worker::serve;
