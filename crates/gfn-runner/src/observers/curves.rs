//! Curves for TensorBoard.

use gfn_record::event::{Event, Found, Measured, StepMetrics};
use gfn_record::folder::{FolderError, RunFolder};
use gfn_record::scalars::Scalars;

use super::{Observer, Position};

/// Adds points to the curves at every measurement and every n-th update.
pub struct Curves {
    scalars: Scalars,
    every: u64,
}

impl Curves {
    /// The name of what it writes, for checkpoints.
    pub const NAME: &'static str = "curves";

    /// Goes on with the file after its first `offset` bytes.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn resume(folder: &RunFolder, every: u64, offset: u64) -> Result<Self, FolderError> {
        let scalars = Scalars::resume(folder, offset)?;
        Ok(Self { scalars, every })
    }

    fn step(&mut self, step: &StepMetrics) -> Result<(), FolderError> {
        let values = [
            ("train/loss", step.loss),
            ("train/log_z", step.log_z),
            ("train/mean_reward", step.mean_reward),
            ("train/best_reward", step.best_reward),
            ("train/mean_length", step.mean_length),
            ("train/gradient_norm", step.gradient_norm),
        ];
        // What is not estimated is not a number: a loss without flows knows of no log Z.
        let known: Vec<_> = values.into_iter().filter(|(_, value)| !value.is_nan()).collect();
        self.scalars.push(step.step, &known)
    }

    fn measured(&mut self, measured: &Measured) -> Result<(), FolderError> {
        let samples = &measured.samples;
        let found: Vec<(String, f64)> = measured.found.iter().flat_map(found).collect();
        let mut values = vec![
            ("samples/mean_reward", samples.mean_reward),
            ("samples/best_reward", samples.best_reward),
            ("samples/unique", samples.unique),
        ];
        if let Some(exact) = &measured.exact {
            values.push(("exact/l1", exact.l1));
            values.push(("exact/jensen_shannon", exact.jensen_shannon));
            values.extend(exact.log_z_error.map(|error| ("exact/log_z_error", error)));
            values.extend(exact.window_l1.map(|l1| ("exact/window_l1", l1)));
        }
        if let Some(molecules) = &samples.molecules {
            values.push(("molecules/valid", molecules.valid));
            values.push(("molecules/mean_similarity", molecules.mean_similarity));
            values.extend(molecules.top_100.map(|top| ("molecules/top_100", top)));
        }
        values.extend(found.iter().map(|(name, value)| (name.as_str(), *value)));
        if let Some(line) = &measured.inflow {
            values.push(("train/inflow_slope", line.slope));
            values.push(("train/inflow_correlation", line.correlation));
        }
        let modes = measured.modes_visited;
        values.extend(modes.map(|modes| ("train/modes_visited", modes as f64)));
        self.scalars.push(measured.step, &values)
    }
}

/// Of all distinct objects made in training.
fn found(found: &Found) -> Vec<(String, f64)> {
    let mut figures = vec![
        ("found/objects".into(), Some(found.objects as f64)),
        ("found/top_10".into(), found.top_10),
        ("found/top_100".into(), found.top_100),
        ("found/top_1000".into(), found.top_1000),
        ("found/top_similarity".into(), found.top_similarity),
    ];
    for level in &found.levels {
        let counts = [
            ("objects", Some(level.objects)),
            ("modes", level.modes),
            ("scaffolds", level.scaffolds),
        ];
        let named = |(name, count): (&str, Option<u64>)| {
            let name = format!("found/{name}_from_{}", level.threshold);
            (name, count.map(|count| count as f64))
        };
        figures.extend(counts.into_iter().map(named));
    }
    let known = figures.into_iter();
    known.filter_map(|(name, value)| Some((name, value?))).collect()
}

impl Observer for Curves {
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError> {
        match event {
            Event::Step(step) if !step.step.is_multiple_of(self.every) => Ok(()),
            Event::Step(step) => self.step(step),
            Event::Measured(measured) => self.measured(measured),
        }
    }

    fn position(&mut self) -> Result<Option<Position>, FolderError> {
        self.scalars.sync()?;
        Ok(Some((Self::NAME, self.scalars.offset())))
    }
}
