//! Pages of runs that were made up: whole ones, ones under way, damaged ones, and ones whose every word is hostile.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod browser;
mod hostile;
mod layout;
mod made;
mod structure;
mod sweep;
mod unfinished;
