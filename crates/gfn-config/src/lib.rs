//! Layers of TOML to one experiment, with the origin of every value.
//!
//! The text of each layer (files, with the profile that was chosen, environment variables, flags) is parsed once into a
//! [`Node`] tree whose values know where they stand. [`Layers`] names the layers; `figment` merges their values, and a table of
//! places merges beside it; the result is one [`Tree`]. [`read`] turns a part of it into a typed parameter struct. Whatever is
//! wrong becomes a [`Problem`] with its place, and all problems of a stage are reported together, because a user who fixes one
//! mistake per start loses an evening to five of them.

mod advice;
mod alternatives;
mod describe;
mod difference;
mod finding;
mod grammar;
mod layers;
mod loader;
mod nearest;
mod node;
mod numeric;
mod origins;
mod overlay;
mod overrides;
mod parameters;
mod paths;
mod problem;
mod profiles;
mod provider;
mod read;
mod render;
mod schema;
mod setting;
mod shape;
mod source;
mod spans;
mod stack;
mod syntax;
mod tree;
mod unset;
mod variables;
mod version;

pub use describe::{literal, number};
pub use difference::{Difference, differences};
pub use figment;
pub use finding::{Finding, Written};
pub use layers::Layers;
pub use nearest::{choice_help, nearest};
pub use node::{Entry, Node, Table, Value};
pub use numeric::{NumberFault, float, whole};
pub use origins::with_origins;
pub use parameters::parameters;
pub use paths::unset_flag;
pub use problem::{Problem, Problems, Quotes, Severity};
pub use profiles::FILE_KEYS;
pub use read::{read, to_table, to_toml, unknown_keys};
pub use schema::check_against;
pub use setting::{Setting, Setting as Laid};
pub use source::{Origin, Source, SourceKind, Sources};
pub use tree::{Tree, Unchosen};
pub use unset::Unset;
pub use variables::{OWN_VARIABLES, Stray};
pub use version::VERSION;
