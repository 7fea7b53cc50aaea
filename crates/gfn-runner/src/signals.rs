//! Signals that ask a run to stop: the first is kept for the end of the step in hand; a second TERM or INT ends the process
//! at once. Other repetitions are let go by: clusters send a warning (USR1, say) and later a TERM, and a save in progress
//! is not to be lost to that.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

/// What a cluster sends before it takes a machine away, and Ctrl-C.
const URGENT: [i32; 2] = [SIGTERM, SIGINT];
/// What a cluster sends in good time where it was asked to.
const WARNINGS: [i32; 2] = [SIGUSR1, SIGUSR2];

/// The variable in which a process that starts runs says its number: its runs are saved and end when it does.
pub const PARENT: &str = "GFN_PARENT";

/// Whether somebody asked the run to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    /// Whether one of the warnings came.
    warned: Arc<AtomicBool>,
    /// The update after which a stop was asked for from the start.
    at: Option<u64>,
}

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
            flag::register(signal, Arc::clone(&stop.asked))?;
        }
        for signal in WARNINGS {
            flag::register(signal, Arc::clone(&stop.warned))?;
            flag::register(signal, Arc::clone(&stop.asked))?;
        }
        // A lost terminal, unless the process was started by `nohup`.
        if !is_ignored(SIGHUP) {
            flag::register(SIGHUP, Arc::clone(&stop.asked))?;
        }
        stop.end_with_parent();
        Ok(stop)
    }

    /// Stops the run after this update, too.
    pub fn at(self, step: Option<u64>) -> Self {
        Self { at: step, ..self }
    }

    /// Whether the run is to stop after `step` updates whatever comes.
    pub fn is_due(&self, step: u64) -> bool {
        self.at.is_some_and(|at| step >= at)
    }

    /// Where the process was started by one that says so: a stop is asked for as soon as that one is gone.
    fn end_with_parent(&self) {
        let parent = std::env::var(PARENT).ok().and_then(|number| number.parse().ok());
        let Some(parent) = parent.and_then(Pid::from_raw) else {
            return;
        };
        // A system without it leaves the run to go on by itself.
        let _ = set_parent_process_death_signal(Some(Signal::USR1));
        // It may have gone before the signal was asked for.
        if getppid() != Some(parent) {
            self.ask();
        }
    }

    /// Asks for a stop.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether a cluster warned that time is nearly up, with USR1 or USR2.
    pub fn was_warned(&self) -> bool {
        self.warned.load(Ordering::Relaxed)
    }

    /// Whether a stop was asked for.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Whether the process was started with the signal ignored.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
