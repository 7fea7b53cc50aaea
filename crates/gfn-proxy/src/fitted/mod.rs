//! Proxies that are fitted to a table of measured molecules: what such a network sees, what it computes, and the file that holds it.
//!
//! Training lives elsewhere (`gfn-fit`), as it needs tensors; what it makes is computed here without them, so that a reward or a
//! plugin can use it. A file holds everything that a prediction depends on, the version of [`Features`] included: with another
//! version the same weights would mean something else, and the file is refused.

mod features;
mod file;
mod metadata;
mod network;
mod predict;
mod rings;

pub use features::{ATOM_COLUMNS, DESCRIPTORS, ELEMENTS, FEATURES_VERSION, Features, FeaturesError};
pub use file::{ProxyError, from_bytes, seal_of, to_bytes};
pub use metadata::{
    Architecture, Data, Direction, Errors, Metadata, Split, SplitKind, Target, Tensor, Uncertainty,
};
pub use network::{BOND_KINDS, USUAL_ATOMS};
pub use predict::{Prediction, Proxy};
