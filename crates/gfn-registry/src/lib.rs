//! Names and parameters to components. [`builtin`] is the one list of what is built in; [`experiment`] reads a whole
//! experiment file against it; [`mod@assemble`] makes the parts and checks that they go together; [`catalogue`] says what
//! there is, from the components' own doc comments.

pub mod assemble;
pub mod builtin;
pub mod catalogue;
pub mod component;
pub mod experiment;
pub mod settings;

pub use assemble::{Assembled, assemble};
pub use experiment::Experiment;
