//! `metrics.jsonl`.

use gfn_record::event::Event;
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_record::growing::{Lines, Mark};

use super::{Observer, Position};

/// Appends events to `metrics.jsonl`: every measurement, and every n-th update.
pub struct MetricsFile {
    lines: Lines,
    every: u64,
}

impl MetricsFile {
    /// The name of what it writes, for checkpoints.
    pub const NAME: &'static str = "metrics";

    /// Goes on with the file after the bytes that `from` marks.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn resume(folder: &RunFolder, every: u64, from: Mark) -> Result<Self, FolderError> {
        let lines = Lines::resume(folder, names::METRICS, from)?;
        Ok(Self { lines, every })
    }
}

impl Observer for MetricsFile {
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
        Some(Position {
            name: Self::NAME,
            file: names::METRICS,
            reached: self.lines.reached(),
        })
    }
}
