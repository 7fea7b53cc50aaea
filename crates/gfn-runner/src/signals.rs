//! Signals that ask a run to stop. The first asks for a save; a second TERM or INT ends the process at once. Other
//! repetitions change nothing: clusters send a warning (USR1, say) and later a TERM, and a save in progress must not be lost
//! to that.
//!
//! Handlers only set flags. A thread hears of every signal after them: it starts the grace in which answers are still waited
//! for ([`Cancel`]), tells the user what happens, and ends the process where nothing needs saving.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gfn_core::Cancel;
use gfn_core::cancel::GRACE;
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use signal_hook::consts::{
    SIGALRM, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::flag;
use signal_hook::iterator::Signals;

/// What a cluster sends before it takes a machine away, and Ctrl-C.
const URGENT: [i32; 2] = [SIGTERM, SIGINT];
/// What a cluster sends in good time where it was asked to.
const WARNINGS: [i32; 2] = [SIGUSR1, SIGUSR2];
/// What else ends a process unless it is caught: a lost terminal, Ctrl-\, timers, limits on time and on the length of files, an
/// event on a file. PIPE is ignored by every Rust program.
const OTHERS: [i32; 8] = [
    SIGHUP, SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGIO,
];
/// Those that have no portable names: a coprocessor's stack, failing power, and the real-time signals, of which containers are
/// sent one to stop. The numbers are Linux's on x86-64 and ARM.
const UNNAMED: &[std::ops::RangeInclusive<i32>] = match cfg!(target_os = "linux") {
    true => &[16..=16, 30..=30, 34..=64],
    false => &[],
};

/// The exit code of a run that can go on with the same command: the system's `EX_TEMPFAIL`.
const SAVED: u8 = 75;

/// The variable in which a process that starts runs says its number: its runs are saved and end when it does.
pub const PARENT: &str = "GFN_PARENT";

/// Whether somebody asked the run to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    cancel: Cancel,
    /// Whether one of the warnings came.
    warned: Arc<AtomicBool>,
    /// The update after which a stop was asked for from the start.
    at: Option<u64>,
    answer: Arc<Mutex<Answer>>,
}

/// What is done when a signal asks for a stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Work goes on to a point where it can be saved, and no signal is spoken of.
    #[default]
    Quiet,
    /// Work goes on to a point where it can be saved; what that means in words: "the run is saved …".
    Save(String),
    /// The process ends at once with code 75, because there is nothing to save; why, in words.
    Leave(String),
}

impl Stop {
    /// Listens from now on for every signal that ends a process and can be caught; those that the process was started to
    /// ignore (`nohup`) stay ignored. After a TERM, another ends the process with 128 plus its number, and so it is with INT.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn listen(answer: Answer) -> io::Result<Self> {
        let stop = Self {
            answer: Arc::new(Mutex::new(answer)),
            ..Self::default()
        };
        for signal in URGENT {
            let came = Arc::new(AtomicBool::new(false));
            // In this order: a signal first looks whether it is a second one.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            flag::register(signal, came)?;
        }
        for signal in WARNINGS {
            flag::register(signal, Arc::clone(&stop.warned))?;
        }
        let ignored = ignored();
        let others = OTHERS.into_iter().chain(UNNAMED.iter().cloned().flatten());
        let others = others.filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let all: Vec<i32> = URGENT.into_iter().chain(WARNINGS).chain(others).collect();
        for signal in &all {
            flag::register(*signal, stop.cancel.flag())?;
        }
        stop.watch(Signals::new(all)?)?;
        stop.end_with_parent();
        Ok(stop)
    }

    /// Has a thread answer each signal.
    fn watch(&self, mut signals: Signals) -> io::Result<()> {
        let stop = self.clone();
        let watch = move || {
            let mut is_told = false;
            for signal in signals.forever() {
                stop.cancel.ask();
                // Held while it is answered: work does not go on into what needs saving meanwhile.
                let answer = stop.answer();
                match &*answer {
                    Answer::Leave(why) => {
                        tell(&format!("stopped by {}: {why}", name_of(signal)));
                        crate::leave(SAVED);
                    }
                    Answer::Save(how) if !is_told => {
                        tell(&format!("stopping on {}: {how}", name_of(signal)));
                    }
                    _ => {}
                }
                is_told = true;
            }
        };
        let thread = std::thread::Builder::new().name("signals".into());
        thread.spawn(watch).map(drop)
    }

    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on there is something to save: a signal that would have ended the process is answered like this.
    pub fn begins(&self, answer: Answer) {
        let mut now = self.answer();
        if matches!(*now, Answer::Leave(_)) {
            *now = answer;
        }
    }

    /// From now on there is nothing to save: a signal ends the process, unless nobody listens for any.
    pub fn ends(&self, why: String) {
        let mut now = self.answer();
        if *now != Answer::Quiet {
            *now = Answer::Leave(why);
        }
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
        self.cancel.ask();
    }

    /// The request as work sees it that waits for answers.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Whether a cluster warned that time is nearly up, with USR1 or USR2.
    pub fn was_warned(&self) -> bool {
        self.warned.load(Ordering::Relaxed)
    }

    /// Whether a stop was asked for.
    pub fn is_asked(&self) -> bool {
        self.cancel.is_asked()
    }
}

impl Answer {
    /// Of work that is saved after `step` (an update, a molecule), or without the one in hand where that takes too long.
    pub fn save_after(what: &str, step: &str) -> Self {
        let grace = GRACE.as_secs();
        Self::Save(format!(
            "{what} is saved after the {step} in hand, or without it if it takes longer than {grace} s; another Ctrl-C or TERM ends the process at once"
        ))
    }
}

/// Tells the user something, on a line of its own also where a progress bar is drawn.
pub(crate) fn tell(text: &str) {
    let mut stderr = gfn_text::stderr();
    if gfn_text::stderr_is_terminal() {
        let _ = writeln!(stderr);
    }
    let _ = writeln!(stderr, "{text}");
}

/// The name of a signal, with what sends it where that is not clear.
fn name_of(signal: i32) -> String {
    match signal {
        SIGINT => "Ctrl-C (INT)".into(),
        30 => "PWR".into(),
        16 => "STKFLT".into(),
        SIGXCPU => "XCPU (the limit on processor time, `ulimit -t`)".into(),
        SIGXFSZ => "XFSZ (the limit on the length of files, `ulimit -f`)".into(),
        other => {
            let name = signal_hook::low_level::signal_name(other);
            name.map_or_else(
                || format!("signal {other}"),
                |name| name.trim_start_matches("SIG").into(),
            )
        }
    }
}

/// The signals that the process was started to ignore, a bit each.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0)
}
