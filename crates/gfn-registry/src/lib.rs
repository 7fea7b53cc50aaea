//! Names and parameters to components. [`builtin`] is the one list of what is built in; [`experiment`] reads a whole
//! experiment file against it; [`mod@assemble`] makes the parts and checks that they go together; [`catalogue`] says what
//! there is, from the components' own doc comments, [`mod@explain`] finds it by name, [`json_schema`] makes of it a schema for
//! editors and [`template`] a new file.

pub mod acquisition;
pub mod assemble;
pub mod builtin;
pub mod catalogue;
mod checks;
pub mod component;
pub mod describe;
mod elsewhere;
pub mod experiment;
pub mod explain;
mod inline;
pub mod json_schema;
pub mod plugin;
pub mod sections;
pub mod settings;
pub mod sweep;
pub mod template;
mod unset;
mod variables;

pub use assemble::{Assembled, assemble, assemble_until};
pub use experiment::Experiment;
