//! A single setting with its place.

use crate::node::Node;
use crate::source::Origin;

/// A setting to be laid over a tree. Its places are those where it was asked for, so that what is wrong with it is shown there.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// The place of the path.
    pub key_origin: Origin,
    /// The value.
    pub node: Node,
}
