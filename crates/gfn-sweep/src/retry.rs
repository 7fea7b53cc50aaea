//! Another chance for trials that failed for good: what they failed at may have been a node, a disk or a file.

use std::path::Path;

use gfn_record::durable;
use gfn_record::folder::FolderError;
use gfn_record::lock::Writer;
use gfn_record::sweep::{SweepFolder, TrialView, names};

/// Opens the trials that failed for good again, their attempts counted anew; how many there were. Their failures are kept, in the
/// folder `failed-N` of the trial.
///
/// # Errors
/// Where a trial is at work, or its folder cannot be written.
pub fn retry_failed(sweep: &SweepFolder) -> Result<u64, FolderError> {
    let mut count = 0;
    for view in sweep.trials()? {
        if view.same.is_none() && view.result.as_ref().is_some_and(|result| result.error.is_some()) {
            reopen(&sweep.trial_folder(view.trial.trial), &view)?;
            count += 1;
        }
    }
    Ok(count)
}

fn reopen(folder: &Path, view: &TrialView) -> Result<(), FolderError> {
    let writer = Writer::acquire(folder, 0, false)?;
    let kept = folder.join(format!("failed-{}", view.chances + 1));
    durable::make_folder(&kept)?;
    // The result last: until it is gone the trial is one that failed, and all this can be done again.
    let attempts = view
        .failures
        .iter()
        .map(|failure| format!("failure-{}.json", failure.attempt));
    for name in attempts.chain([names::RESULT.to_string()]) {
        let path = folder.join(&name);
        if path.exists() {
            durable::rename(&path, &kept.join(&name))?;
        }
    }
    drop(writer);
    Ok(())
}
