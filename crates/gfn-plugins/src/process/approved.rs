//! A command that was approved, held to what it was then.

use std::sync::OnceLock;

use crate::error::PluginError;
use crate::options::Program;
use crate::trust::{Identity, difference, identity};

/// A command and the hash that its identity must have.
pub(crate) struct Approved {
    program: Program,
    hash: String,
    /// What it was at its first start, to tell which file was changed since.
    first: OnceLock<Identity>,
}

impl Approved {
    /// The command of that hash, if there is one that must have one.
    pub(crate) fn of(program: &Program) -> Option<Self> {
        let Program::Command { expected_hash, .. } = program else {
            return None;
        };
        Some(Self {
            program: program.clone(),
            hash: expected_hash.clone()?,
            first: OnceLock::new(),
        })
    }

    /// Whether compiled modules lie among its files, if it still is what was approved.
    pub(crate) fn check(&self, plugin: &str) -> Result<bool, PluginError> {
        let plugin = plugin.to_string();
        let now = identity(&self.program).map_err(|error| PluginError::CodeChanged {
            plugin: plugin.clone(),
            difference: error.to_string(),
        })?;
        if now.sha256.eq_ignore_ascii_case(&self.hash) {
            let has_compiled = now.has_compiled;
            self.first.get_or_init(|| now);
            return Ok(has_compiled);
        }
        let difference = match self.first.get() {
            Some(first) => {
                let before = first.files.iter().map(|file| (&*file.name, &*file.sha256));
                difference(before, &now.files)
            }
            None => format!("it has the SHA-256 {}, not {}", now.sha256, self.hash),
        };
        Err(PluginError::CodeChanged { plugin, difference })
    }
}
