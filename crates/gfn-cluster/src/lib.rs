//! Batch systems: the scripts they run, and the few questions that are put to them.
//!
//! It knows nothing of experiments or sweeps. A **submission** is a list of numbers, the trials, one for each element of a job
//! array, and the command that does one of them; [`script`] writes it as a batch script, [`slurm`] hands it to Slurm and asks what
//! became of it, [`template`] hands it to any other engine by a command that the user gives, [`kubernetes`] writes a manifest.
//!
//! What a batch system says is a hint and never the truth: it forgets jobs after some minutes, starts them twice when a node is
//! lost, and its programs try for many minutes to reach a controller that is down. So every program is given little time
//! ([`client`]), and nothing here remembers a job: jobs are found again by their name.

pub mod client;
pub mod kubernetes;
pub mod script;
pub mod settings;
pub mod slurm;
pub mod template;
pub mod words;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use settings::{Command, Kubernetes, Slurm, Wrong};

/// Why a batch system did not do what it was asked to.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// A program is not there, or cannot be started.
    #[error("`{program}` cannot be started: {}", gfn_text::io_words(error))]
    Start {
        /// Which.
        program: String,
        /// Why not.
        error: io::Error,
    },
    /// A program did not answer in time, and was ended.
    #[error(
        "`{program}` did not answer within {}: its controller may be down; raise `client_timeout` to wait longer",
        gfn_text::counted(*seconds, "second")
    )]
    Silent {
        /// Which.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A program refused.
    #[error("`{program}` says: {said}")]
    Refused {
        /// Which.
        program: String,
        /// What it said.
        said: String,
    },
    /// A program said something that is not understood.
    #[error("`{program}` answered `{said}`, which gfn cannot read")]
    Unclear {
        /// Which.
        program: String,
        /// What it said.
        said: String,
    },
    /// A setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// A file cannot be written.
    #[error("{path} cannot be written: {}", gfn_text::io_words(error))]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A path that batch scripts cannot hold.
    #[error(
        "the path {0} has a line break, a backslash or bytes that are not text, which batch scripts cannot hold"
    )]
    Path(PathBuf),
}
