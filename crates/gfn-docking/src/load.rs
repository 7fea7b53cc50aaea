//! How long a program had to wait for a processor: on a machine with too much to do, a molecule takes longer through no fault of its
//! own.

use std::time::Duration;

/// How long the threads of a process that could run have waited for a processor; none where the system does not say.
pub(crate) fn waited(process: u32) -> Option<Duration> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let waits = tasks.flatten().filter_map(|task| {
        // Time on a processor, time waited for one, both in nanoseconds, and how many turns that were.
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    });
    // Threads wait at the same time; what delays the work is at least the longest of their waits.
    waits.max().map(Duration::from_nanos)
}
