//! Trials that an element left when it was killed.
//!
//! A process that is killed cannot say that it stopped, and another one, on another node, cannot see whether it did. Slurm knows: an
//! element of one of the sweep's arrays that is not in the queue any more runs nowhere. Should it be wrong, the element is shut out.

use gfn_cluster::slurm::Queued;
use gfn_record::folder::FolderError;
use gfn_record::lock::{Holder, Writer, last_holder};
use gfn_record::sweep::names;

use crate::board::Board;

/// Makes trials free that elements of the sweep's `arrays` hold and that are not in the queue any more.
pub(super) fn free(board: &Board, arrays: &[String], queued: &[Queued]) -> Result<(), FolderError> {
    let is_gone = |holder: &Holder| {
        let job = holder.job.as_deref().and_then(|job| job.strip_prefix("slurm "));
        let element = job.and_then(|job| job.split(' ').nth(1)?.split_once('_'));
        let is_queued = |(array, element): (&str, &str)| {
            queued
                .iter()
                .any(|queued| queued.array == array && queued.element.to_string() == element)
        };
        let is_ours = |(array, _): &(&str, &str)| arrays.iter().any(|ours| ours == array);
        !holder.released && element.filter(is_ours).is_some_and(|element| !is_queued(element))
    };
    let open = board
        .folder
        .trials()?
        .into_iter()
        .filter(|view| view.result.is_none());
    for view in open {
        let trial = board.folder.trial_folder(view.trial.trial);
        for folder in [trial.join(names::RUN), trial] {
            if !last_holder(&folder)?.is_some_and(|(holder, _)| is_gone(&holder)) {
                continue;
            }
            match Writer::acquire(&folder, 0, true) {
                // It says that it writes no more when it is dropped.
                Ok(writer) => drop(writer),
                Err(FolderError::Held { .. } | FolderError::Fenced { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
