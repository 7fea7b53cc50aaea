//! What pictures of results are made of: molecules as lines and letters ([`sketch`]), objects as cells of a grid ([`grid`]), colors
//! of values, and whole pictures as PNG for programs that take nothing else ([`pictures`]).
//!
//! Pictures are the same bytes on every machine: lines are drawn here, letters are made of lines, and no font of the system is asked.

mod canvas;
pub mod color;
mod glyphs;
pub mod grid;
pub mod pictures;
pub mod sketch;
