//! `log.jsonl`: what happened when, through `tracing`.

use std::fs::File;
use std::sync::Mutex;

use gfn_record::event::Event;
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_text::{Output, Syntax};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, fmt};

use super::Observer;

/// Sends this thread's log to the run's folder while the guard lives. `GFN_LOG` sets the level (`info` by default).
///
/// # Errors
/// Where the file cannot be written.
pub fn start(folder: &RunFolder) -> Result<DefaultGuard, FolderError> {
    let path = folder.file(names::LOG);
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| FolderError::Io { path, error })?;
    let filter = EnvFilter::try_from_env("GFN_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let layer = fmt::layer()
        .json()
        .with_writer(Mutex::new(Output::new(file, Syntax::Json)));
    Ok(tracing::subscriber::set_default(
        tracing_subscriber::registry().with(filter).with(layer),
    ))
}

/// Logs measurements.
pub struct Log;

impl Observer for Log {
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError> {
        match event {
            Event::Measured(measured) => tracing::info!(
                step = measured.step,
                mean_reward = measured.samples.mean_reward,
                l1 = measured.exact.as_ref().map(|exact| exact.l1),
                "measured"
            ),
            Event::Step(step) => {
                tracing::debug!(step = step.step, loss = step.loss, log_z = step.log_z, "step")
            }
        }
        Ok(())
    }
}
