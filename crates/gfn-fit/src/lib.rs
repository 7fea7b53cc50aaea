//! Fits a proxy to a table of measured molecules: a table in, an ensemble of networks and an account of its errors out.
//!
//! [`Table`] reads and checks what was measured, [`fit`] parts it, trains the members and measures them on molecules that none
//! has seen. What comes out is a [`gfn_proxy::fitted::Proxy`], which is computed without tensors. Everything depends on the table
//! and the seed alone: not on the order of the rows, and not on the number of threads.

mod batch;
mod columns;
mod fit;
mod member;
mod network;
mod split;
mod statistics;
mod table;
mod uncertainty;

pub use columns::Columns;
pub use fit::{Evaluation, Fitted, Settings, Tested, fit, fit_until, must_be_learnable};
pub use member::{Epoch, Progress, Trained};
pub use table::{BadRow, Measured, Repeats, Table, TableError};

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
    #[error("member {0} came to no finite error in any epoch; try a smaller learning rate")]
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
