//! Libraries in this process, whichever process it is: `gfn-plugin-host` or, inline, that of a run.
//!
//! What lies here turns the pointers of `gfn_plugin.h` into slices and results. A library is never unloaded.

mod environment;
mod host;
mod library;
mod reward;
mod vocabulary;

pub(crate) use environment::{Arguments, Environment};
pub(crate) use host::lasting;
pub(crate) use library::{CreateError, Creation, Library};
pub(crate) use reward::{Objects, Places, Reward};
pub(crate) use vocabulary::Vocabulary;

/// Room for the text of an error.
const ERROR_ROOM: usize = 4096;

/// The longest reason of a failure that is kept, in bytes.
const LONGEST_REASON: usize = 300;
