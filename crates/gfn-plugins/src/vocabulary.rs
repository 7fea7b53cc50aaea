//! A plugin's blocks.

use serde_json::Value;

use crate::description::Kind;
use crate::error::{Output, PluginError};
use crate::opened::Opened;
use crate::options::Options;
use crate::protocol::{Reply, Request};

/// The most blocks that are believed: an answer that promises more is a mistake.
const MOST: u64 = 1_000_000;

/// A plugin's blocks, in the form of a file of fragments. The plugin runs in a process whatever `options` say of its
/// isolation, because it is asked only once.
///
/// # Errors
/// Where the plugin cannot be read or started, refuses its parameters, or has no blocks.
pub fn blocks(options: Options) -> Result<Vec<Value>, PluginError> {
    let plugin = Opened::new(options, Kind::Vocabulary)?;
    let mut all = Vec::new();
    loop {
        let from = all.len() as u64;
        let (blocks, total) = match plugin.ask(&Request::Blocks { from })? {
            Reply::Blocks { blocks, total } => (blocks, total),
            _ => {
                return Err(mistake(
                    &plugin,
                    "it answered something else than blocks".to_string(),
                ));
            }
        };
        if total > MOST || (blocks.is_empty() && from < total) {
            return Err(mistake(
                &plugin,
                format!("it says that it has {total} blocks, and gave {from}"),
            ));
        }
        all.extend(blocks);
        if all.len() as u64 >= total {
            return Ok(all);
        }
    }
}

fn mistake(plugin: &Opened, message: String) -> PluginError {
    plugin.misbehaved(message, Output::default())
}
