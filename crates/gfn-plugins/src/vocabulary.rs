//! A plugin's blocks.

use serde_json::Value;

use crate::description::Kind;
use crate::error::{Output, PluginError};
use crate::inline::Inline;
use crate::native::Vocabulary;
use crate::opened::Opened;
use crate::options::{Isolation, Options};
use crate::protocol::{Reply, Request};

/// The most blocks that are believed: an answer that promises more is a mistake.
pub(crate) const MOST: u64 = 1_000_000;

/// A plugin's blocks, in the form of a file of fragments.
///
/// # Errors
/// Where the plugin cannot be read or started, refuses its parameters, or has no blocks.
pub fn blocks(options: Options) -> Result<Vec<Value>, PluginError> {
    match options.isolation {
        Isolation::Inline => Inline::open(options, Kind::Vocabulary, Vocabulary::new)?.blocks(),
        Isolation::Process => all_of(&Opened::new(options, Kind::Vocabulary)?),
    }
}

fn all_of(plugin: &Opened) -> Result<Vec<Value>, PluginError> {
    let mut all = Vec::new();
    loop {
        let from = all.len() as u64;
        let (blocks, total) = match plugin.ask(&Request::Blocks { from })? {
            Reply::Blocks { blocks, total } => (blocks, total),
            _ => {
                return Err(mistake(
                    plugin,
                    "it answered something else than blocks".to_string(),
                ));
            }
        };
        if total > MOST || (blocks.is_empty() && from < total) {
            return Err(mistake(plugin, too_many(total, from)));
        }
        all.extend(blocks);
        if all.len() as u64 >= total {
            return Ok(all);
        }
    }
}

/// What is said of a vocabulary that promises more than it gives, or than is believed.
pub(crate) fn too_many(total: u64, given: u64) -> String {
    format!("it says that it has {total} blocks, and gave {given}")
}

fn mistake(plugin: &Opened, message: String) -> PluginError {
    plugin.misbehaved(message, Output::default())
}
