//! Progress of a fit: a bar for each network on a terminal, a line now and then elsewhere.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gfn_fit::{Progress, Settings};
use gfn_record::number::shown;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::bars::{set_message, set_prefix};

/// Where there is no terminal, a network under way is told of this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how networks are fitted; heard from several threads.
pub struct FitProgress {
    shown: ProgressDisplay,
}

enum ProgressDisplay {
    Nothing,
    Bars(Vec<ProgressBar>),
    Lines(Mutex<Instant>, usize),
}

impl FitProgress {
    /// Shows a fit with these settings; nothing with `quiet`.
    pub fn new(settings: &Settings, quiet: bool) -> Self {
        let shown = match (quiet, gfn_text::stderr_is_terminal()) {
            (true, _) => ProgressDisplay::Nothing,
            (false, false) => ProgressDisplay::Lines(Mutex::new(Instant::now()), settings.members),
            (false, true) => {
                let bars = MultiProgress::new();
                let style = "{prefix} {bar:30} {pos}/{len} epochs  {msg}";
                let style = ProgressStyle::with_template(style).expect("the template is constant");
                let bar = |member: usize| {
                    let bar = bars.add(ProgressBar::new(settings.epochs as u64));
                    bar.set_style(style.clone());
                    set_prefix(&bar, &format!("network {}", member + 1));
                    bar
                };
                let each = (0..settings.members).map(bar).collect();
                ProgressDisplay::Bars(each)
            }
        };
        Self { shown }
    }

    /// An epoch of a network is over.
    pub fn on_epoch(&self, progress: Progress) {
        match &self.shown {
            ProgressDisplay::Nothing => {}
            ProgressDisplay::Bars(each) => {
                let Some(bar) = each.get(progress.member) else {
                    return;
                };
                bar.set_position(progress.epoch as u64);
                set_message(bar, &words(&progress));
                if progress.is_last {
                    bar.abandon();
                }
            }
            ProgressDisplay::Lines(last, members) => {
                let Ok(mut last) = last.lock() else { return };
                if progress.is_last || last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    let (member, epoch) = (progress.member + 1, progress.epoch);
                    let line = format!("network {member}/{members}, epoch {epoch}: {}", words(&progress));
                    let _ = writeln!(gfn_text::stderr(), "{line}");
                }
            }
        }
    }

    /// All is done, or has failed.
    pub fn finish(&self) {
        if let ProgressDisplay::Bars(each) = &self.shown {
            each.iter().for_each(ProgressBar::abandon);
        }
    }
}

fn words(progress: &Progress) -> String {
    format!(
        "error {} training, {} validation (best {})",
        shown(progress.now.training),
        shown(progress.now.validation),
        shown(progress.best)
    )
}
