//! A run under way: updates, measurements, checkpoints, and the question after each update whether to stop.

use std::io::Write;
use std::time::Instant;

use gfn_core::Purpose;
use gfn_draw::pictures;
use gfn_learn::model::Model;
use gfn_learn::weights;
use gfn_record::catalogue;
use gfn_record::checkpoint::{Loaded, Saver, Store};
use gfn_record::event::{Event, Metrics};
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_record::growing::Mark;
use gfn_record::integrity::{Recorded, Records};
use gfn_record::{distribution, likelihoods as record, samples, tensorboard};
use gfn_registry::settings::Checkpoint;
use gfn_registry::{Assembled, Experiment};

use crate::doubts::{self, LookedAt, Rescorer};
use crate::measure::{Measurement, Measurer};
use crate::observers::curves::Curves;
use crate::observers::log::Log;
use crate::observers::metrics::MetricsFile;
use crate::observers::progress::Progress;
use crate::observers::quarantine::Quarantine;
use crate::observers::{Observer, Position};
use crate::signals::{self, Stop};
use crate::state::{self, Counters, Record, Witness};
use crate::train::Trainer;
use crate::{RunError, likelihoods};

/// Environments with more objects than this leave no file of their distribution: some megabytes.
const MAX_ROWS: usize = 100_000;

/// How a session ended.
pub(crate) enum Ended {
    /// At the last step; the trained policy.
    Finished(Box<Metrics>),
    /// Before, because somebody asked for it; everything is in a checkpoint.
    Saved,
}

/// A run under way.
pub(crate) struct Session<'a> {
    experiment: &'a Experiment,
    parts: &'a Assembled,
    pub(crate) trainer: Trainer<'a>,
    measurer: Measurer<'a>,
    pub(crate) observers: Vec<Box<dyn Observer>>,
    folder: &'a RunFolder,
    saver: Option<Saver>,
    stop: Stop,
    record: Record,
    /// What the checkpoint that this session went on from says, and what the next will say.
    pub(crate) counters: Counters,
    started: Instant,
    saved_at: Instant,
    seconds_before: f64,
    rescorer: Rescorer,
    /// Where writing what happened last failed: how long the files were before.
    cut_back: Option<Vec<Position>>,
    /// Checkpoints deleted because the disk was full, as far as that was told.
    deleted: u64,
}

impl<'a> Session<'a> {
    /// A session in the state of `checkpoint`, or of a run that begins. Writes nothing.
    pub(crate) fn new(
        experiment: &'a Experiment,
        parts: &'a Assembled,
        model: Model,
        measurer: Measurer<'a>,
        folder: &'a RunFolder,
        stop: &Stop,
        record: Record,
        checkpoint: Option<&Loaded>,
    ) -> Result<Self, RunError> {
        let mut measurer = measurer.interrupted_by(stop);
        let trainer = Trainer::new(parts, model, experiment.top.seed, experiment.training.batch_size);
        let mut trainer = trainer.interrupted_by(stop.cancel());
        let counters = match checkpoint {
            Some(checkpoint) => state::restore(checkpoint, &mut trainer, &mut measurer)?,
            None => Counters {
                format: state::FORMAT,
                ..Counters::default()
            },
        };
        Ok(Self {
            experiment,
            parts,
            trainer,
            measurer,
            observers: Vec::new(),
            folder,
            saver: None,
            stop: stop.clone(),
            record,
            seconds_before: counters.seconds,
            counters,
            started: Instant::now(),
            saved_at: Instant::now(),
            rescorer: Rescorer::default(),
            cut_back: None,
            deleted: 0,
        })
    }

    /// Opens the files that the run grows, cut back to what the checkpoint knows of, and makes ready to save.
    pub(crate) fn open(&mut self, quiet: bool) -> Result<(), RunError> {
        self.observers = observers(
            self.experiment,
            &self.record.resolved,
            self.folder,
            quiet,
            &self.counters,
        )?;
        let store = Store::open(self.folder, self.experiment.checkpoint.keep)?;
        self.saver = Some(Saver::start(store));
        for event in std::mem::take(&mut self.counters.unwritten) {
            self.emit(&event)?;
        }
        Ok(())
    }

    /// Warns where the reward is not that of the process before, unless it was changed with consent.
    pub(crate) fn look_back(&mut self) {
        let here = format!("after update {}:", self.counters.step);
        let changes = &self.record.manifest.changes;
        if changes.iter().any(|change| change.starts_with(&here)) {
            self.counters.witnesses.clear();
        }
        let wanted = self.experiment.evaluation.rescored;
        let found = self
            .rescorer
            .look_back(self.parts, &self.counters.witnesses, wanted);
        // A reward that fails now fails in training too, which says so; mended, it may be what it was.
        let doubt = found.ok().flatten();
        doubt.into_iter().for_each(|doubt| self.warn(doubt));
    }

    /// Keeps some of the objects that were scored, for a later process to compare.
    fn keep_witnesses(&mut self) {
        let witnesses = &mut self.counters.witnesses;
        for (state, log_reward) in self.trainer.scored() {
            if witnesses.len() >= doubts::MOST {
                break;
            }
            if witnesses.iter().all(|known| known.state != state) {
                let state = state.to_vec();
                witnesses.push(Witness { state, log_reward });
            }
        }
    }

    /// Trains up to the last step, or until somebody asks to stop. Where an update or a measurement fails, what was trained
    /// before it is saved, so that the run can go on once the reason is mended.
    pub(crate) fn train(&mut self) -> Result<Ended, RunError> {
        self.go_on().inspect_err(|error| {
            if (error.leaves_the_run_whole() || self.cut_back.is_some())
                && let Err(other) = self.stop_here()
            {
                let _ = writeln!(
                    gfn_text::stderr(),
                    "warning: the trained weights could not be saved: {other}"
                );
            }
        })
    }

    fn go_on(&mut self) -> Result<Ended, RunError> {
        let steps = self.experiment.training.steps;
        loop {
            let step = self.trainer.steps();
            if step < steps && self.is_measurement_due(step) && !self.measure_on_the_way(step)? {
                return self.stop_here();
            }
            if self.stop.is_asked() || (step < steps && self.stop.is_due(step)) {
                return self.stop_here();
            }
            if step == steps {
                break;
            }
            if !self.update()? {
                return self.stop_here();
            }
            if self.trainer.steps() == steps || self.is_due() {
                self.save()?;
            }
            self.tell_of_deleted()?;
        }
        let Some(after) = self.measure(true)? else {
            return self.stop_here();
        };
        self.wait_for_saves()?;
        Ok(Ended::Finished(Box::new(after)))
    }

    /// Saves, and waits until that is on the disk.
    fn stop_here(&mut self) -> Result<Ended, RunError> {
        self.save()?;
        self.wait_for_saves()?;
        self.tell_of_deleted()?;
        Ok(Ended::Saved)
    }

    /// Says so where checkpoints had to be deleted.
    fn tell_of_deleted(&mut self) -> Result<(), RunError> {
        let deleted = self.folder.writer()?.deleted();
        if deleted > self.deleted {
            self.deleted = deleted;
            tracing::warn!(deleted, "the disk is full");
            signals::tell(&format!(
                "warning: the disk is full: {deleted} of the older checkpoints were deleted to make room, and the newest is kept; make more room, or set `checkpoint.keep` lower"
            ));
        }
        Ok(())
    }

    /// Whether the policy should be measured after `step` updates and was not yet: a run may have been stopped in between,
    /// or have been made longer.
    fn is_measurement_due(&self, step: u64) -> bool {
        let every = self.experiment.evaluation.every;
        let wanted = step == 0 || (every > 0 && step.is_multiple_of(every));
        wanted && self.counters.measured != Some(step)
    }

    /// Measures before the last step; whether it came to an end.
    fn measure_on_the_way(&mut self, step: u64) -> Result<bool, RunError> {
        let Some(measured) = self.measure(false)? else {
            return Ok(false);
        };
        if step == 0 {
            self.counters.before = measured;
        }
        self.counters.measured = Some(step);
        Ok(true)
    }

    /// Takes an update; whether it was taken, and not given up because a stop was asked for.
    fn update(&mut self) -> Result<bool, RunError> {
        let started = Instant::now();
        let step = self.trainer.steps() + 1;
        let metrics = match self.trainer.update() {
            // What went wrong in it goes wrong again when it is taken.
            Err(cause) if self.stop.is_asked() && cause.may_be_a_stop() => {
                signals::tell(&format!(
                    "update {step} is given up: it was not complete in time; what was trained before it is saved"
                ));
                return Ok(false);
            }
            updated => updated.map_err(|cause| RunError::Step { step, cause }),
        };
        self.tell_of_incidents()?;
        let metrics = metrics?;
        self.counters.training_seconds += started.elapsed().as_secs_f64();
        self.measurer.visit(&self.trainer);
        self.emit(&Event::Step(metrics)).map(|()| true)
    }

    /// Whether the experiment asks for a checkpoint now.
    fn is_due(&self) -> bool {
        let Checkpoint {
            every_minutes,
            every_steps,
            ..
        } = self.experiment.checkpoint;
        let minutes = self.saved_at.elapsed().as_secs_f64() / 60.0;
        (every_steps > 0 && self.trainer.steps().is_multiple_of(every_steps))
            || (every_minutes > 0.0 && minutes >= every_minutes)
    }

    /// Hands a checkpoint over to be written.
    fn save(&mut self) -> Result<(), RunError> {
        self.counters.step = self.trainer.steps();
        self.counters.best_reward = self.trainer.best_reward();
        self.counters.log_z = self.trainer.log_z();
        self.counters.seconds = self.seconds();
        self.counters.phases = self.trainer.phases;
        self.keep_witnesses();
        let mut positions = self.positions()?;
        // What is behind is written again when the run goes on.
        for before in self.cut_back.take().unwrap_or_default() {
            positions.retain(|position| position.name != before.name);
            positions.push(before);
        }
        let length = |position: &Position| (position.name.to_string(), position.reached.bytes());
        self.counters.positions = positions.iter().map(length).collect();
        self.counters.files = of_files(positions);
        let parts = state::save(&self.trainer, &mut self.measurer, &self.counters, &self.record)?;
        if let Some(saver) = &mut self.saver {
            saver.submit(self.trainer.steps(), parts)?;
        }
        self.saved_at = Instant::now();
        tracing::info!(step = self.trainer.steps(), "saving");
        Ok(())
    }

    /// How far the growing files have come; all of them are on the disk.
    fn positions(&mut self) -> Result<Vec<Position>, FolderError> {
        let positions = self.observers.iter_mut().map(|observer| observer.position());
        positions.filter_map(Result::transpose).collect()
    }

    /// What the run has written that nobody writes again once it is over.
    pub(crate) fn files(&mut self) -> Result<Records, FolderError> {
        let mut files = self.folder.written();
        files.extend(of_files(self.positions()?));
        files.remove(names::RESOLVED);
        if let Ok(log) = Recorded::of_file(&self.folder.file(names::LOG)) {
            files.insert(names::LOG.into(), log);
        }
        Ok(files)
    }

    /// Waits until every checkpoint handed over is on the disk; no more can be.
    pub(crate) fn wait_for_saves(&mut self) -> Result<(), RunError> {
        if let Some(saver) = self.saver.take() {
            saver.finish()?;
        }
        Ok(())
    }

    /// Seconds that the run has taken, those of earlier processes included as far as checkpoints know.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    pub(crate) fn keep_weights(&self) -> Result<(), RunError> {
        Ok(self
            .folder
            .write(names::WEIGHTS, &weights::to_bytes(&self.trainer.model)?)?)
    }

    /// Hands on what went wrong with single objects.
    fn tell_of_incidents(&mut self) -> Result<(), RunError> {
        let step = self.trainer.steps();
        for incident in self.trainer.incidents() {
            for observer in &mut self.observers {
                observer.on_incident(step, &incident)?;
            }
        }
        Ok(())
    }

    /// Tells all observers; where one cannot write, the files are taken to be as long as before.
    fn emit(&mut self, event: &Event) -> Result<(), RunError> {
        let before = self.lengths();
        for observer in &mut self.observers {
            if let Err(error) = observer.on_event(event) {
                self.cut_back = Some(before);
                // A measurement is made again.
                if matches!(event, Event::Step(_)) {
                    self.counters.unwritten = vec![event.clone()];
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// The lengths of the files that grow.
    fn lengths(&self) -> Vec<Position> {
        self.observers
            .iter()
            .filter_map(|observer| observer.length())
            .collect()
    }

    /// Measures the policy and tells of it; none where a stop was asked for meanwhile.
    fn measure(&mut self, last: bool) -> Result<Option<Metrics>, RunError> {
        let at = (self.trainer.steps(), self.trainer.trajectories());
        let log_z = self.trainer.log_z();
        let result = self.measurer.measure(
            &mut self.trainer.model,
            self.experiment.top.seed,
            Purpose::Evaluation,
            at,
            log_z,
        );
        if self.stop.is_asked() && result.is_err() {
            return Ok(None);
        }
        self.tell_of_incidents()?;
        let mut found = result?;
        if last
            && found.distribution.is_none()
            && let Err(error) = self.keep_likelihoods(&mut found)
        {
            return if self.stop.is_asked() {
                Ok(None)
            } else {
                Err(error)
            };
        }
        let before = self.lengths();
        self.emit(&Event::Measured(found.measured.clone()))?;
        self.show(&found).inspect_err(|_| self.cut_back = Some(before))?;
        self.look_for_doubts(&found, last);
        if last {
            let step = self.trainer.steps();
            self.observers
                .iter_mut()
                .try_for_each(|observer| observer.on_finished(step))?;
            self.keep_findings(&found)?;
        }
        Ok(Some(found.measured))
    }

    /// Warns of what makes the figures mean less than they seem to.
    fn look_for_doubts(&mut self, found: &Measurement, last: bool) {
        let rescored = self
            .rescorer
            .look(self.parts, &found.states, self.experiment.evaluation.rescored);
        let rescored = match rescored {
            Err(_) if self.stop.is_asked() => None,
            Err(error) => Some(doubts::of_failure(&error)),
            Ok(found) => found,
        };
        let looked_at = LookedAt {
            parts: self.parts,
            measurer: &self.measurer,
            found,
            steps: self.experiment.training.steps,
            log_z: self.trainer.model.log_z,
            last,
        };
        let doubts = rescored.into_iter().chain(looked_at.doubts());
        doubts
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|doubt| self.warn(doubt));
    }

    /// Says something that the record of the run keeps, and says it once: of what begins alike, only the first.
    fn warn(&mut self, warning: String) {
        let subject = |text: &str| text.split(':').next().map(str::to_string);
        let known = &mut self.record.manifest.warnings;
        if known.iter().all(|other| subject(other) != subject(&warning)) {
            signals::tell(&format!("warning: {warning}"));
            tracing::warn!(warning, "doubtful");
            known.push(warning);
        }
    }

    /// What was found to be doubtful.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.record.manifest.warnings
    }

    /// Hands on pictures of what the policy makes, where somebody wants them.
    fn show(&mut self, found: &Measurement) -> Result<(), RunError> {
        if !self.experiment.training.tensorboard {
            return Ok(());
        }
        let rows = found
            .distribution
            .as_deref()
            .and_then(|found| self.measurer.rows(found, MAX_ROWS));
        let maps = rows.and_then(|rows| pictures::maps(&rows.collect::<Vec<_>>()));
        let has_molecules = found.measured.get(catalogue::names::VALID).is_some();
        let molecules = has_molecules
            .then(|| pictures::molecules(&found.samples))
            .flatten();
        let shown = [("exact/target_and_learned", maps), ("samples/best", molecules)];
        for (tag, picture) in shown
            .iter()
            .filter_map(|(tag, picture)| Some((tag, picture.as_ref()?)))
        {
            for observer in &mut self.observers {
                observer.on_picture(found.measured.step, tag, picture)?;
            }
        }
        Ok(())
    }

    /// Writes how probable some of the samples are, and tells how that goes with their rewards.
    fn keep_likelihoods(&mut self, found: &mut Measurement) -> Result<(), RunError> {
        let (trajectories, seed) = (
            self.experiment.evaluation.backward_samples,
            self.experiment.top.seed,
        );
        let model = &mut self.trainer.model;
        let likelihoods = likelihoods::of(self.parts, model, found, &self.stop, trajectories, seed)?;
        if likelihoods.rows.is_empty() {
            return Ok(());
        }
        gfn_metrics::set_line(
            &mut found.measured,
            likelihoods.regression(),
            [
                catalogue::names::LIKELIHOOD_OBJECTS,
                catalogue::names::LIKELIHOOD_SLOPE,
                catalogue::names::LIKELIHOOD_CORRELATION,
            ],
        );
        found.log_z_estimate = likelihoods.log_z();
        let mut bytes = Vec::new();
        record::write(&mut bytes, &likelihoods.rows).expect("memory can be written");
        Ok(self.folder.write(names::LIKELIHOODS, &bytes)?)
    }

    /// Writes what the trained policy makes.
    fn keep_findings(&mut self, found: &Measurement) -> Result<(), RunError> {
        let mut bytes = Vec::new();
        samples::write(&mut bytes, &found.samples).expect("memory can be written");
        self.folder.write(names::SAMPLES, &bytes)?;
        let distribution = found.distribution.as_deref();
        if let Some(rows) = distribution.and_then(|found| self.measurer.rows(found, MAX_ROWS)) {
            let mut bytes = Vec::new();
            distribution::write(&mut bytes, rows).expect("memory can be written");
            self.folder.write(names::DISTRIBUTION, &bytes)?;
        }
        Ok(())
    }
}

/// Growing files by their paths.
fn of_files(positions: Vec<Position>) -> Records {
    let file = |position: Position| (position.file.to_string(), position.reached.recorded());
    positions.into_iter().map(file).collect()
}

/// What watches the run, going on where the checkpoint left their files.
fn observers(
    experiment: &Experiment,
    resolved: &str,
    folder: &RunFolder,
    quiet: bool,
    counters: &Counters,
) -> Result<Vec<Box<dyn Observer>>, RunError> {
    let training = &experiment.training;
    let at_metrics = counters.mark(MetricsFile::NAME, names::METRICS);
    let metrics = MetricsFile::resume(folder, training.log_every, at_metrics)?;
    let quarantine = Quarantine::resume(folder, counters.mark(Quarantine::NAME, names::QUARANTINE))?;
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(metrics), Box::new(quarantine), Box::new(Log)];
    if training.tensorboard {
        let at_curves = counters.mark(Curves::NAME, tensorboard::PATH);
        let curves = match Curves::resume(folder, training.log_every, at_curves, resolved) {
            // Removed, perhaps to make room, or damaged: no reason not to go on.
            Err(error @ FolderError::Damaged { .. }) => {
                let _ = writeln!(
                    gfn_text::stderr(),
                    "warning: {error}; the TensorBoard curves start again"
                );
                Curves::resume(folder, training.log_every, Mark::default(), resolved)?
            }
            curves => curves?,
        };
        observers.push(Box::new(curves));
    }
    if let Some(progress) = Progress::new(training.steps, counters.step, quiet) {
        observers.push(Box::new(progress));
    }
    Ok(observers)
}
