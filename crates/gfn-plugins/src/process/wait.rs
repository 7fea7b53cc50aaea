//! Waiting for a process, no longer than it may take.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::options::StopBy;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection is closed.
    Gone,
    /// Time is up.
    Late,
    /// A stop was asked for, and its grace has passed.
    Stopped,
    /// It answered nonsense; completes "the plugin …".
    Wrong(String),
    /// It lives, and says that it cannot.
    Refused(String),
}

/// How long to wait at most before looking whether the process still lives: something that it started may hold its
/// connection open.
const SLICE: Duration = Duration::from_millis(200);

/// Until when an answer is waited for: an instant, or sooner where a stop is asked for meanwhile.
#[derive(Clone)]
pub(crate) struct Deadline {
    at: Instant,
    stop: StopBy,
}

impl Deadline {
    /// So long from now.
    pub(crate) fn within(limit: Duration, stop: &StopBy) -> Self {
        Self {
            at: Instant::now() + limit,
            stop: StopBy::clone(stop),
        }
    }

    /// How long is left, and what it means when that is over.
    fn left(&self) -> (Duration, Lost) {
        let left = |at: Instant| at.saturating_duration_since(Instant::now());
        match (self.stop)().filter(|stop| *stop < self.at) {
            Some(stop) => (left(stop), Lost::Stopped),
            None => (left(self.at), Lost::Late),
        }
    }
}

/// Waits until one of `events` happens.
///
/// # Errors
/// [`Lost::Late`] or [`Lost::Stopped`] at the deadline, [`Lost::Gone`] where the process has ended and nothing is left to read.
pub(crate) fn wait(
    events: &mut [PollFd<'_>],
    deadline: &Deadline,
    has_ended: &dyn Fn() -> bool,
) -> Result<(), Lost> {
    loop {
        let ended = has_ended();
        let (left, why) = deadline.left();
        let slice = if ended { Duration::ZERO } else { left.min(SLICE) };
        let slice = Timespec {
            tv_sec: slice.as_secs().cast_signed(),
            tv_nsec: slice.subsec_nanos().into(),
        };
        match poll(events, Some(&slice)) {
            Ok(0) if ended => return Err(Lost::Gone),
            Ok(0) if left.is_zero() => return Err(why),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => {
                return Err(Lost::Wrong(format!(
                    "cannot be waited for: {}",
                    gfn_text::io_words(&error.into())
                )));
            }
        }
    }
}

/// An event: something to read, or the end.
pub(super) fn readable(file: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(file, PollFlags::IN)
}
