//! Fits a proxy to a table of measured molecules: a table in, an ensemble of networks and an account of its errors out.
//!
//! [`Source`] opens a file, [`Table`] reads and checks what was measured as [`Reading`] says, [`fit`] parts it, trains the members and measures them on molecules that none
//! has seen. What comes out is a [`gfn_proxy::fitted::Proxy`], which is computed without tensors. Everything depends on the table
//! and the seed alone: not on the order of the rows, and not on the number of threads.

mod assay;
mod batch;
mod cells;
mod columns;
mod error;
mod filters;
mod fit;
mod member;
mod network;
mod reading;
mod repeats;
mod source;
mod split;
mod statistics;
mod table;
mod uncertainty;

pub use columns::Columns;
pub use error::TableError;
pub use fit::{Evaluation, Fitted, Settings, Tested, fit, fit_until, must_be_learnable};
pub use gfn_input::{Decimal, Separator};
pub use member::{Epoch, Progress, Trained};
pub use reading::{Censored, Merge, Reading, Transform};
pub use repeats::Repeats;
pub use source::Source;
pub use table::{BadRow, Measured, Table};

use gfn_learn::LearnError;
use thiserror::Error;

/// Why nothing was fitted.
#[derive(Debug, Error)]
pub enum FitError {
    /// There is too little to learn from.
    #[error(
        "{0} different molecules are too few to fit a proxy to: at least {LEAST} are needed, and some hundreds to be of use"
    )]
    TooFew(usize),
    /// There is nothing to learn.
    #[error("all {0} molecules have the same value, {1}: there is nothing to learn")]
    AllEqual(usize, f64),
    /// A setting cannot be.
    #[error("{0}")]
    Setting(String),
    /// No finite error was reached.
    #[error(
        "network {} of the ensemble reached no finite error in any epoch: try a smaller learning rate, or values of ordinary size",
        .0 + 1
    )]
    Diverged(usize),
    /// Somebody asked for it.
    #[error("the fit was stopped")]
    Stopped,
    /// libtorch failed.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

impl From<tch::TchError> for FitError {
    fn from(error: tch::TchError) -> Self {
        Self::Learn(error.into())
    }
}

/// The fewest molecules that are fitted to.
const LEAST: usize = 20;
