//! Signals that ask a run to stop: the first is kept for the end of the step in hand; a second TERM or INT ends the process
//! at once. Other repetitions are let go by: clusters send a warning (USR1, say) and later a TERM, and a save in progress
//! is not to be lost to that.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

/// What a cluster sends before it takes a machine away, and Ctrl-C.
const URGENT: [i32; 2] = [SIGTERM, SIGINT];
/// What a cluster sends in good time where it was asked to.
const WARNINGS: [i32; 2] = [SIGUSR1, SIGUSR2];

/// Whether somebody asked the run to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for TERM, INT, USR1, USR2 and HUP from now on. After a TERM, another ends the process with 128 plus its
    /// number, and so it is with INT.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn listen() -> io::Result<Self> {
        let stop = Self::default();
        for signal in URGENT {
            let came = Arc::new(AtomicBool::new(false));
            // In this order: a signal first looks whether it is a second one.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            flag::register(signal, came)?;
            flag::register(signal, Arc::clone(&stop.0))?;
        }
        for signal in WARNINGS {
            flag::register(signal, Arc::clone(&stop.0))?;
        }
        // A lost terminal, unless the process was started by `nohup`.
        if !is_ignored(SIGHUP) {
            flag::register(SIGHUP, Arc::clone(&stop.0))?;
        }
        Ok(stop)
    }

    /// Asks for a stop.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether the process was started with the signal ignored.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
