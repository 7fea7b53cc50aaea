//! A request to stop, as it reaches whatever waits for an answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long answers to what was asked before the stop are still waited for.
pub const GRACE: Duration = Duration::from_secs(2);

/// Whether work is to end. Copies share one state: whoever waits holds one, and whoever hears of signals sets it.
///
/// Once a stop is asked for, nothing is started any more; what is under way may end within [`GRACE`], and is then given up.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    since: Arc<OnceLock<Instant>>,
}

impl Cancel {
    /// Asks for a stop.
    pub fn ask(&self) {
        self.since.get_or_init(Instant::now);
        self.asked.store(true, Ordering::Relaxed);
    }

    /// What a signal handler sets in place of [`Self::ask`]; the grace begins when somebody first looks.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// Whether a stop was asked for.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Until when answers are still waited for; none while no stop was asked for.
    pub fn deadline(&self) -> Option<Instant> {
        let since = || *self.since.get_or_init(Instant::now);
        self.is_asked().then(|| since() + GRACE)
    }

    /// Whether a stop was asked for and its grace has passed: what is under way is given up.
    pub fn is_over(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() >= deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_one_request_and_one_grace() {
        let (cancel, flagged) = (Cancel::default(), Cancel::default());
        let copy = cancel.clone();
        assert!(!copy.is_asked() && copy.deadline().is_none() && !copy.is_over());
        let before = Instant::now();
        cancel.ask();
        let deadline = copy.deadline();
        assert!(copy.is_asked() && !copy.is_over() && deadline >= Some(before + GRACE));
        cancel.ask();
        assert_eq!(
            copy.deadline(),
            deadline,
            "a second request gives no second grace"
        );
        flagged.flag().store(true, Ordering::Relaxed);
        assert!(flagged.clone().deadline() == flagged.deadline() && flagged.deadline().is_some());
    }
}
