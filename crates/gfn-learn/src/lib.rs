//! Everything that is a tensor: devices, precision, parameters, networks, the optimizer, saved weights.
//!
//! The seam is plain arrays on both sides. A network takes an [`gfn_core::Observation`] and gives logits as arrays;
//! a loss gives back their gradient as arrays; the network turns that into the gradient of its parameters.

pub mod determinism;
pub mod device;
pub mod host;
pub mod kernels;
pub mod model;
pub mod moments;
pub mod networks;
pub mod optimizer;
pub mod parameters;
pub mod precision;
mod rows;
pub mod shim;
pub mod weights;

use thiserror::Error;

/// Why the learning side failed.
#[derive(Debug, Error)]
pub enum LearnError {
    /// libtorch refused an operation.
    #[error("libtorch: {}", first_line(.0))]
    Torch(#[from] tch::TchError),
    /// A device was asked for that is not there.
    #[error("{0}")]
    Device(String),
    /// A combination that cannot work.
    #[error("{0}")]
    Incompatible(String),
    /// Saved weights could not be read or do not fit.
    #[error("{path}: {message}")]
    Weights {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

/// libtorch's messages carry a stack trace after their first line.
fn first_line(error: &tch::TchError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_string()
}
