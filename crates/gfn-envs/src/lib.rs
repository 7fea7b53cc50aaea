//! The built-in environments, one file or folder each.

pub mod hypergrid;
