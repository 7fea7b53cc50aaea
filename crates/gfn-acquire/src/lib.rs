//! Active learning: a reward that is too expensive to train on labels, round by round, what a policy proposes that was trained
//! on a proxy of it.
//!
//! The folder is the state. Each step of a round reads files that are there and writes one that is whole or not there
//! (the module `folder`); a step whose file is there is not done again. Since each step depends on those files and the seed alone, a process
//! that is killed at any moment and started again ends with the same bytes.

mod begin;
mod folder;
mod oracle;
mod proposals;
mod results;
mod rounds;

pub use begin::check;
pub use results::{Results, Standing};
pub use rounds::{Options, Outcome, acquire};

use std::path::PathBuf;

use gfn_config::Problems;
use gfn_core::{PolicyError, RewardError, SampleError};
use gfn_fit::{FitError, TableError};
use gfn_proxy::fitted::ProxyError;
use gfn_record::folder::FolderError;
use gfn_runner::RunError;
use thiserror::Error;

/// Why the rounds did not come to their end. What is done is kept, and the same command goes on.
#[derive(Debug, Error)]
pub enum AcquireError {
    /// The file has no rounds, or they cannot be.
    #[error("{0}")]
    Plan(String),
    /// The experiment, with the proxy as its reward, is wrong.
    #[error("{0}")]
    Experiment(#[from] Box<Problems>),
    /// What would go on is not what began.
    #[error("{} was started with different settings:\n  {}\nIts labels do not belong to the new settings; name another folder with --out", .folder.display(), .changes.join("\n  "))]
    Changed {
        /// The folder.
        folder: PathBuf,
        /// What is different.
        changes: Vec<String>,
    },
    /// A file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A round's run failed.
    #[error("round {round}: {error}")]
    Run {
        /// The round.
        round: u64,
        /// Why.
        error: Box<RunError>,
    },
    /// The oracle failed.
    #[error("the oracle: {0}")]
    Oracle(#[from] RewardError),
    /// No random molecules could be drawn.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The proxy of a round cannot be fitted.
    #[error("round {round}: {error}")]
    Fit {
        /// The round.
        round: u64,
        /// Why.
        error: Box<FitError>,
    },
    /// The first table cannot be used.
    #[error("`acquisition.initial`: {0}")]
    Initial(TableError),
    /// The first table has rows that cannot be used.
    #[error("`acquisition.initial`: {table}; `{}` lists all of them", .list.display())]
    BadRows {
        /// What is wrong with it.
        table: TableError,
        /// The file that lists the rows.
        list: PathBuf,
    },
    /// The first table is in another unit.
    #[error(
        "`acquisition.initial`: `{file}` has the value {value} for {}; values are rewards before shaping, which are never \
         negative: of an energy of docking, max(score, 0) / divide_by",
        gfn_text::quoted(.smiles)
    )]
    Negative {
        /// The table.
        file: PathBuf,
        /// The molecule.
        smiles: String,
        /// Its value.
        value: f64,
    },
    /// A proxy in the folder cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// There is nothing left to propose.
    #[error(
        "round {0}: every molecule that the policy draws is labeled already; repeat the command with more \
         `acquisition.candidates`, or a lower `acquisition.exponent`"
    )]
    Exhausted(u64),
}

impl AcquireError {
    /// Whether a stop that was asked for can be the reason.
    fn may_be_a_stop(&self) -> bool {
        match self {
            Self::Oracle(error) => matches!(error, RewardError::Stopped),
            Self::Sample(error) => matches!(error, SampleError::Policy(PolicyError::Stopped)),
            Self::Run { error, .. } => error.may_be_a_stop(),
            Self::Experiment(_) => true,
            _ => false,
        }
    }
}

impl From<Problems> for AcquireError {
    fn from(problems: Problems) -> Self {
        Self::Experiment(Box::new(problems))
    }
}
