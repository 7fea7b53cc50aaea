//! Plugins that behave and plugins that do not, in processes of their own and inline.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod checker;
mod commands;
mod libraries;
mod lives;
mod python;
mod support;
mod vocabularies;
