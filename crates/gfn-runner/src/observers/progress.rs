//! Progress for people: a bar where there is a terminal, plain lines where there is none.

use std::io::Write;
use std::time::{Duration, Instant};

use gfn_record::catalogue::names;
use gfn_record::event::{Event, Metrics};
use gfn_record::folder::FolderError;
use gfn_record::number::{shown, signed, with_decimals};
use indicatif::{ProgressBar, ProgressStyle};

use super::Observer;
use crate::bars::{print_line, set_message};

/// The least time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far a run is, on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    done: u64,
    training: Duration,
    last_event: Instant,
    last_line: Option<Instant>,
    smooth: Option<Smooth>,
}

/// Running means, so that the numbers can be read.
#[derive(Clone, Copy)]
struct Smooth {
    loss: f64,
    reward: f64,
    log_z: f64,
}

impl Smooth {
    fn next(before: Option<Self>, step: &Metrics) -> Self {
        let now = Self {
            loss: step.get(names::LOSS).unwrap_or(f64::NAN),
            reward: step.get(names::BATCH_MEAN_REWARD).unwrap_or(f64::NAN),
            log_z: step.get(names::LOG_Z).unwrap_or(f64::NAN),
        };
        let mix = |before: f64, now: f64| 0.95 * before + 0.05 * now;
        before.map_or(now, |before| Self {
            loss: mix(before.loss, now.loss),
            reward: mix(before.reward, now.reward),
            log_z: mix(before.log_z, now.log_z),
        })
    }

    fn words(self) -> String {
        let words = format!("loss {}  reward {}", shown(self.loss), shown(self.reward));
        match self.log_z.is_nan() {
            // The loss has no flows, so it knows of none.
            true => words,
            false => format!("{words}  log Z {}", with_decimals(self.log_z, 3)),
        }
    }
}

impl Progress {
    /// Shows a run of `total` updates, `done` of which were taken before; nothing with `quiet`.
    pub fn new(total: u64, done: u64, quiet: bool) -> Option<Self> {
        if quiet {
            return None;
        }
        let bar = gfn_text::stderr_is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let style = "{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
            bar.set_position(done);
            bar.reset_eta();
            bar
        });
        Some(Self {
            bar,
            total,
            done,
            training: Duration::ZERO,
            last_event: Instant::now(),
            last_line: None,
            smooth: None,
        })
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => print_line(bar, text),
            None => {
                let _ = writeln!(gfn_text::stderr(), "{text}");
            }
        }
    }

    fn on_step(&mut self, step: &Metrics) {
        let smooth = Smooth::next(self.smooth, step);
        self.smooth = Some(smooth);
        if let Some(bar) = &self.bar {
            bar.set_position(step.step);
            if step.step.is_multiple_of(8) {
                set_message(bar, &smooth.words());
            }
            return;
        }
        let due = self.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY) || step.step == self.total;
        if due && step.step > self.done + 1 {
            self.last_line = Some(Instant::now());
            let rate = (step.step - self.done) as f64 / self.training.as_secs_f64();
            let left = (self.total - step.step) as f64 / rate;
            let (now, total) = (step.step, self.total);
            self.line(&format!(
                "step {now}/{total}  {rate:.1}/s  {left:.0} s left  {}",
                smooth.words()
            ));
        }
    }

    fn on_measured(&self, measured: &Metrics) {
        self.line(&one_line(measured));
    }
}

/// A measurement in one line.
fn one_line(measured: &Metrics) -> String {
    let of = |name: &str| measured.get(name);
    let mut words = vec![format!(
        "step {}: reward of samples {}",
        measured.step,
        of(names::MEAN_REWARD).map_or("-".into(), shown)
    )];
    words.extend(of(names::L1).map(|l1| format!("L1 {}", shown(l1))));
    words.extend(of(names::LOG_Z_ERROR).map(|error| format!("log Z error {}", signed(error))));
    if let (Some(similarity), Some(unique)) = (of(names::MEAN_SIMILARITY), of(names::UNIQUE)) {
        words.push(format!("distinct {:.1} %", 100.0 * unique));
        words.push(format!("similarity {}", with_decimals(similarity, 3)));
    }
    words.extend(of(names::MODES_VISITED).map(|modes| format!("mode objects visited {modes}")));
    words.join(", ")
}

impl Observer for Progress {
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError> {
        match event {
            Event::Step(step) => {
                self.training += self.last_event.elapsed();
                self.on_step(step);
            }
            Event::Measured(measured) => self.on_measured(measured),
        }
        // Measuring is no training: the clock starts again after it.
        self.last_event = Instant::now();
        Ok(())
    }

    fn on_end(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
