//! Many runs of one experiment, each with other settings.
//!
//! [`plan`] says what a sweep will do before anything runs; [`create`] makes its folder, which holds all that the sweep is from
//! then on; [`board`] works out from the folder what is to be done next; [`worker`] does it, a trial at a time, in a process of
//! its own; [`local`] keeps several workers busy on this machine. There is no process that has to stay, and no database: see
//! [`gfn_record::sweep`] for what lies in the folder. Everything may be killed at any instant, and the same command goes on.

mod audit;
pub mod best;
pub mod board;
mod checks;
mod child;
pub mod cluster;
mod create;
mod gpus;
pub mod local;
pub mod objective;
pub mod plan;
mod points;
mod progress;
pub mod results;
mod retry;
mod snapshot;
mod space;
pub mod worker;

use std::path::PathBuf;

use gfn_cluster::ClusterError;
use gfn_config::Problems;
use gfn_record::folder::FolderError;
use thiserror::Error;

pub use audit::{Finding, audit};
pub use child::Share;
pub use create::{cancel, create, extend, limit, open, open_until, uncancel};
pub use retry::retry_failed;

/// Why a sweep did not go on.
#[derive(Debug, Error)]
pub enum SweepError {
    /// The experiment file is wrong.
    #[error("{0}")]
    Experiment(Box<Problems>),
    /// A folder could not be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Another sweep lies in the folder.
    #[error(
        "{0} holds a different sweep: its experiment.toml is not that of this file and these flags; name another folder with --out"
    )]
    Another(PathBuf),
    /// Something other than a sweep lies in the folder.
    #[error("{0} holds files that are not of a sweep; name a new folder with --out")]
    Occupied(PathBuf),
    /// A grid has no further settings.
    #[error("a grid tries all of its settings already, so it cannot be extended; choose another `method`")]
    Grid,
    /// A batch system did not do what it was asked to.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// There is no such trial.
    #[error("there is no trial {0}")]
    NoTrial(u64),
    /// A setting could not be chosen.
    #[error("the search cannot propose setting {0}")]
    NoSetting(u64),
    /// A trial could not be started.
    #[error("{program} cannot be started: {}", gfn_text::io_words(error))]
    Start {
        /// What was to be run.
        program: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
}

impl From<Problems> for SweepError {
    fn from(problems: Problems) -> Self {
        Self::Experiment(Box::new(problems))
    }
}
