//! What watches a run: each observer takes events and knows nothing of the loop that sends them.

pub mod curves;
mod fitting;
pub mod log;
pub mod metrics;
pub mod progress;
pub mod quarantine;

pub use fitting::FitProgress;

use gfn_core::Incident;
use gfn_draw::pictures::Picture;
use gfn_record::event::Event;
use gfn_record::folder::FolderError;
use gfn_record::growing::Reached;

/// How far a file that grows has come.
#[derive(Clone, Debug)]
pub struct Position {
    /// The name of what writes it, for checkpoints.
    pub name: &'static str,
    /// The file's path in the run's folder.
    pub file: &'static str,
    /// Its length and its hash.
    pub reached: Reached,
}

/// Watches a run.
pub trait Observer {
    /// Takes an event.
    ///
    /// # Errors
    /// Where what it writes cannot be written; the run stops then.
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError>;

    /// Takes what went wrong with an object, after `step` updates.
    ///
    /// # Errors
    /// Where what it writes cannot be written; the run stops then.
    fn on_incident(&mut self, step: u64, incident: &Incident) -> Result<(), FolderError> {
        let _ = (step, incident);
        Ok(())
    }

    /// Takes a picture of what the policy makes after `step` updates; its tag is that of TensorBoard.
    ///
    /// # Errors
    /// Where what it writes cannot be written; the run stops then.
    fn on_picture(&mut self, step: u64, tag: &str, picture: &Picture) -> Result<(), FolderError> {
        let _ = (step, tag, picture);
        Ok(())
    }

    /// The run has taken all of its updates and was measured.
    ///
    /// # Errors
    /// Where what it writes cannot be written.
    fn on_finished(&mut self, step: u64) -> Result<(), FolderError> {
        let _ = step;
        Ok(())
    }

    /// Where its file, if it writes one that grows, stands for a checkpoint: all of it is on the disk when this returns.
    ///
    /// # Errors
    /// Where the disk fails.
    fn position(&mut self) -> Result<Option<Position>, FolderError> {
        Ok(None)
    }

    /// How long its file is, if it writes one that grows; it may not be on the disk yet.
    fn length(&self) -> Option<Position> {
        None
    }

    /// The run is over, or stopped.
    fn on_end(&mut self) {}
}
