//! `metrics.jsonl`.

use gfn_record::event::Event;
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_record::growing::Lines;

use super::{Observer, Position};

/// Appends events to `metrics.jsonl`: every measurement, and every n-th update.
pub struct Metrics {
    lines: Lines,
    every: u64,
}

impl Metrics {
    /// The name of what it writes, for checkpoints.
    pub const NAME: &'static str = "metrics";

    /// Goes on with the file after its first `offset` bytes.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn resume(folder: &RunFolder, every: u64, offset: u64) -> Result<Self, FolderError> {
        let lines = Lines::resume(folder, names::METRICS, offset)?;
        Ok(Self { lines, every })
    }
}

impl Observer for Metrics {
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError> {
        match event {
            Event::Step(step) if step.step % self.every != 0 => Ok(()),
            event => self.lines.push(event),
        }
    }

    fn position(&mut self) -> Result<Option<Position>, FolderError> {
        self.lines.sync()?;
        Ok(self.length())
    }

    fn length(&self) -> Option<Position> {
        Some((Self::NAME, self.lines.offset()))
    }
}
