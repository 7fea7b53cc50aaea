//! Progress of work other than training: a bar where standard error is a terminal, else a line now and then.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bars::set_message;

/// Work that is done sooner is not told of.
const SOON: Duration = Duration::from_millis(400);
/// The least time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Work under way. What it shows is gone when it is dropped.
pub struct Work {
    what: String,
    /// What is under way, where each thing has a name.
    step: Option<String>,
    bar: ProgressBar,
    is_terminal: bool,
    started: Instant,
    told: Option<Instant>,
}

impl Work {
    /// Work on `total` things.
    pub fn new(what: impl Into<String>, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let style = "{msg}  {bar:30} {human_pos} of {human_len}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
        Self::of(what.into(), bar)
    }

    /// Work in steps that have names and take as long as they take: of each it is told that it is under way.
    pub fn in_steps(what: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let style = "{msg}  {bar:30} {human_pos} of {human_len}  {elapsed}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
        Self::of(what.into(), bar)
    }

    /// Work of which nobody knows how much there is.
    pub fn endless(what: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = "{msg}  {spinner} {elapsed}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
        let work = Self::of(what.into(), bar);
        if work.is_terminal {
            work.bar.set_draw_target(ProgressDrawTarget::stderr());
            work.bar.enable_steady_tick(Duration::from_millis(200));
        }
        work
    }

    fn of(what: String, bar: ProgressBar) -> Self {
        set_message(&bar, &what);
        Self {
            what,
            step: None,
            bar,
            is_terminal: gfn_text::stderr_is_terminal(),
            started: Instant::now(),
            told: None,
        }
    }

    /// So many more things are done.
    pub fn did(&mut self, count: u64) {
        self.bar.inc(count);
        self.tell();
    }

    /// The step of this name begins, after `done` others of `total`.
    pub fn begins(&mut self, step: impl Into<String>, done: u64, total: u64) {
        let step = step.into();
        set_message(&self.bar, &format!("{}: {step}", self.what));
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.step = Some(step);
        self.tell();
    }

    /// Shows how it stands if it is time to: for who waits for something that takes long.
    pub fn tell(&mut self) {
        self.bar.inc(0);
        let since = self.told.unwrap_or(self.started).elapsed();
        match self.is_terminal {
            true if self.told.is_none() && since > SOON => {
                self.told = Some(Instant::now());
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            false if since > LINE_EVERY => {
                self.told = Some(Instant::now());
                let _ = writeln!(gfn_text::stderr(), "{}", self.line());
            }
            _ => {}
        }
    }

    fn line(&self) -> String {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        if let Some(step) = &self.step {
            let so_far = self.started.elapsed().as_secs();
            return format!(
                "{}: {step}, {} of {total}, {so_far} s so far",
                self.what,
                done + 1
            );
        }
        format!(
            "{}: {done} of {total}, {} left",
            self.what,
            HumanDuration(self.bar.eta())
        )
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_much_is_done() {
        let mut work = Work::new("drawing objects", 100);
        work.did(40);
        assert!(
            work.line().starts_with("drawing objects: 40 of 100, "),
            "{}",
            work.line()
        );
    }

    #[test]
    fn steps_are_told_by_their_names() {
        let mut work = Work::in_steps("checking x.so");
        work.begins("entry", 0, 20);
        work.begins("ragged", 6, 19);
        let line = work.line();
        assert!(line.starts_with("checking x.so: ragged, 7 of 19, "), "{line}");
    }
}
