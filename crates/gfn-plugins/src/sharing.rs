//! Batches that several workers share.

use crate::batch::{Batch, Scores};
use crate::description::Description;
use crate::error::PluginError;

/// The most objects in a call.
pub(crate) fn most_in_a_call(description: &Description) -> usize {
    match usize::try_from(description.max_batch) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(most) => most,
    }
}

/// What a thread returned; a panic goes on here.
pub(crate) fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Shares a batch among workers, a stretch each; what is answered does not depend on how many there are.
pub(crate) fn shared<W: Send>(
    batch: &Batch<'_>,
    workers: &mut [W],
    score: impl Fn(&mut W, Batch<'_>) -> Result<Scores, PluginError> + Sync,
) -> Result<Scores, PluginError> {
    let stretch = batch.len().div_ceil(workers.len().max(1)).max(1);
    let starts = (0..batch.len()).step_by(stretch);
    let parts: Vec<_> = starts
        .map(|start| batch.part(start..(start + stretch).min(batch.len())))
        .collect();
    let score = &score;
    let mut answers = Vec::with_capacity(parts.len());
    match (&parts[..], workers.first_mut()) {
        ([part], Some(worker)) => answers.push(score(worker, *part)),
        _ => std::thread::scope(|scope| {
            let pairs = workers.iter_mut().zip(parts);
            let threads: Vec<_> = pairs
                .map(|(worker, part)| scope.spawn(move || score(worker, part)))
                .collect();
            answers.extend(threads.into_iter().map(joined));
        }),
    }
    let mut scores = Scores::default();
    for answer in answers {
        scores.append(answer?);
    }
    Ok(scores)
}
