//! Files that users, experiments and other programs name: how they are opened ([`regular`]), where an experiment may write
//! them ([`place`]), how their bytes prove that they are as written ([`seal`]), and text that spreadsheets do not execute
//! ([`cell`]).
//!
//! Every crate that reads a named file reads it through [`regular`], so that a device, a pipe, a folder or a file of the
//! system is refused in the same way everywhere.

pub mod cell;
mod json;
pub mod place;
pub mod regular;
pub mod seal;

pub use json::json_words;
pub use regular::{append, must_be_regular, open, read, read_text, write_over};
