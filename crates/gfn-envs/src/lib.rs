//! The built-in environments, one file or folder each.

pub mod fragments;
pub mod hypergrid;
