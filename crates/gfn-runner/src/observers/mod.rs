//! What watches a run: each observer takes events and knows nothing of the loop that sends them.

pub mod log;
pub mod metrics;
pub mod progress;

use gfn_record::event::Event;
use gfn_record::folder::FolderError;

/// Watches a run.
pub trait Observer {
    /// Takes an event.
    ///
    /// # Errors
    /// Where what it writes cannot be written; the run stops then.
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError>;

    /// The run is over.
    fn on_end(&mut self) {}
}
