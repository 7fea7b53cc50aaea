//! Layers of TOML to one experiment, with the origin of every value.
//!
//! The text of each layer (files, environment variables, `--set` flags) is parsed once into a [`Node`] tree whose
//! values know where they stand; the layers merge into one [`Tree`]; [`read`] turns a part of it into a typed
//! parameter struct. Whatever is wrong becomes a [`Problem`] with its place, and all problems of a stage are
//! reported together, because a user who fixes one mistake per start loses an evening to five of them.

mod alternatives;
mod describe;
mod layers;
mod merge;
mod nearest;
mod overrides;
mod paths;
mod problem;
mod read;
mod render;
mod schema;
mod shape;
mod source;
mod syntax;
mod tree;

pub use nearest::{choice_help, nearest};
pub use problem::{Problem, Problems};
pub use read::{read, to_table, to_toml, unknown_keys};
pub use source::{Origin, Source, SourceKind, Sources};
pub use tree::{Entry, Node, Table, Tree, Value};
