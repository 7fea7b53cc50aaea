//! Layers of TOML to one experiment, with the origin of every value.
//!
//! The text of each layer (files, with the profile that was chosen, environment variables, `--set` flags) is parsed once
//! into a [`Node`] tree whose values know where they stand; the layers merge into one [`Tree`]; [`read`] turns a part of
//! it into a typed parameter struct. Whatever is wrong becomes a [`Problem`] with its place, and all problems of a stage
//! are reported together, because a user who fixes one mistake per start loses an evening to five of them.

mod advice;
mod alternatives;
mod describe;
mod difference;
mod finding;
mod grammar;
mod layers;
mod merge;
mod nearest;
mod numeric;
mod origins;
mod overlay;
mod overrides;
mod parameters;
mod paths;
mod problem;
mod profiles;
mod read;
mod render;
mod schema;
mod shape;
mod source;
mod syntax;
mod tree;
mod variables;
mod version;

pub use describe::{literal, number};
pub use difference::{Difference, differences};
pub use finding::{Finding, Written};
pub use nearest::{choice_help, nearest};
pub use numeric::{NumberFault, float, whole};
pub use origins::with_origins;
pub use overlay::Laid;
pub use parameters::parameters;
pub use problem::{Problem, Problems, Quotes, Severity};
pub use profiles::{FILE_KEYS, Unchosen};
pub use read::{read, to_table, to_toml, unknown_keys};
pub use schema::check_against;
pub use source::{Origin, Source, SourceKind, Sources};
pub use tree::{Entry, Node, Table, Tree, Value};
pub use variables::{OWN_VARIABLES, Stray};
pub use version::VERSION;
