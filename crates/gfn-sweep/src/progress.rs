//! What is shown while a sweep is worked at: a line for each trial that ends, and a bar where there is a terminal.

use std::io::Write;
use std::sync::Mutex;

use gfn_record::folder::FolderError;
use gfn_record::number::{shown, with_decimals};
use gfn_record::sweep::Trial;
use gfn_runner::bars::{print_line, set_message};
use indicatif::{ProgressBar, ProgressStyle};

use crate::board::{Board, Claim};
use crate::objective::Objective;
use crate::results::Standing;
use crate::worker::Ended;

/// Shows how far a sweep is, on standard error.
pub(crate) struct Progress {
    objective: Objective,
    quiet: bool,
    bar: Option<ProgressBar>,
    state: Mutex<ProgressState>,
}

/// What is shown.
struct ProgressState {
    best: Option<f64>,
    /// The trial of each worker.
    working: Vec<Option<u64>>,
}

impl Progress {
    pub(crate) fn new(board: &mut Board, quiet: bool) -> Result<Self, FolderError> {
        let standings = board.standings()?;
        let repeats = board.plan.seeds.len() as u64;
        let is_shown = !quiet && gfn_text::stderr_is_terminal();
        let bar = is_shown.then(|| {
            let bar = ProgressBar::new(0);
            let style = "{bar:30} {pos}/{len} trials  {msg}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
            bar
        });
        if let Some(bar) = &bar {
            bar.set_length(board.all_settings()? * repeats);
            bar.set_position(ended(&standings));
        }
        let objective = board.plan.objective.clone();
        let trials = standings
            .iter()
            .flat_map(|standing| standing.trials.iter().flatten());
        let objectives = trials.filter_map(|view| view.result.as_ref()?.objective);
        let cost = |value: &f64| objective.direction.cost(*value);
        let best = objectives.min_by(|a, b| cost(a).total_cmp(&cost(b)));
        Ok(Self {
            objective,
            quiet,
            bar,
            state: Mutex::new(ProgressState {
                best,
                working: Vec::new(),
            }),
        })
    }

    pub(crate) fn begins(&self, worker: usize, claim: &Claim) {
        self.change(|state| {
            if state.working.len() <= worker {
                state.working.resize(worker + 1, None);
            }
            state.working[worker] = Some(claim.trial.trial);
        });
    }

    pub(crate) fn ends(&self, worker: usize, trial: &Trial, ended: &Ended) {
        self.change(|state| {
            state.working[worker] = None;
            if let Ended::Finished { objective } = *ended {
                let cost = |value: f64| self.objective.direction.cost(value);
                let is_best = state.best.is_none_or(|best| cost(objective) < cost(best));
                state.best = if is_best { Some(objective) } else { state.best };
            }
        });
        if let (Some(bar), Ended::Finished { .. } | Ended::Failed { .. } | Ended::Same { .. }) =
            (&self.bar, ended)
        {
            bar.inc(1);
        }
        self.line(&format!(
            "trial {} ({}): {}",
            trial.trial,
            words(trial),
            self.ending(ended)
        ));
    }

    fn ending(&self, ended: &Ended) -> String {
        let name = &self.objective.name;
        match ended {
            Ended::Finished { objective } => format!("{name} {}", with_decimals(*objective, 6)),
            Ended::Paused { step, objective } => {
                format!("{name} {} after {step} updates", with_decimals(*objective, 6))
            }
            Ended::Again { error } => format!("failed, and is retried: {error}"),
            Ended::Failed { error } => format!("failed: {error}"),
            Ended::Interrupted => "saved".to_string(),
            Ended::Fenced => "taken by another process".to_string(),
            Ended::Same { trial } => format!("the same as trial {trial}, and not trained again"),
        }
    }

    fn change(&self, change: impl FnOnce(&mut ProgressState)) {
        let mut state = self.state.lock().expect("no thread panics");
        change(&mut state);
        if let Some(bar) = &self.bar {
            let working: Vec<String> = state.working.iter().flatten().map(ToString::to_string).collect();
            let best = state
                .best
                .map(|best| format!("best {} {}  ", self.objective.name, shown(best)));
            set_message(
                bar,
                &format!("{}at work: {}", best.unwrap_or_default(), working.join(", ")),
            );
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            _ if self.quiet => {}
            Some(bar) => print_line(bar, text),
            None => {
                let _ = writeln!(gfn_text::stderr(), "{text}");
            }
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn ended(standings: &[Standing]) -> u64 {
    let trials = standings
        .iter()
        .flat_map(|standing| standing.trials.iter().flatten());
    trials.filter(|view| view.result.is_some()).count() as u64
}

/// The values of a trial and its seed.
fn words(trial: &Trial) -> String {
    let values = trial.values.iter().map(|(name, value)| format!("{name}={value}"));
    let words: Vec<String> = values.chain([format!("seed={}", trial.seed)]).collect();
    words.join(", ")
}
