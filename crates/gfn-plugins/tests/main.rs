//! Plugins that behave and plugins that do not, in processes of their own and inline.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may")]

mod agreement;
mod attacks;
mod checker;
mod commands;
mod environments;
mod libraries;
mod lives;
mod python;
mod rogue;
mod sealed;
mod stops;
mod support;
mod vocabularies;
