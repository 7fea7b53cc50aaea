//! The sEH docking proxy of Bengio et al. 2021 in plain Rust: a message-passing network that reads a molecule's atoms and predicts
//! how well it docks to soluble epoxide hydrolase.
//!
//! "Flow network based generative models for non-iterative diverse candidate generation", arXiv 2106.04399, whose authors trained
//! it and published its weights (github.com/GFNOrg/gflownet, MIT licence). [`Weights`] reads them from a file, [`SehProxy`] is the
//! network in `f32` or `f64`, [`Scorer`] scores SMILES by it on several threads.
//!
//! The network sees *states*, not only molecules: an atom with an open attachment point looks different from one without, and
//! scores differ by 0.6 on average where that is left out. [`Stems`] says where it learns of open points.
//!
//! [`fitted`] has the networks that anybody can fit to a table of their own.

mod features;
pub mod fitted;
mod matrix;
mod network;
mod pooling;
mod real;
mod scorer;
mod weights;

pub use features::{Input, Stems};
pub use network::{SehProxy, Variant};
pub use real::Real;
pub use scorer::{Precision, Scorer, Settings};
pub use weights::{Weights, WeightsError};
