//! The training loop: sample, score, evaluate once, differentiate, step.

use gfn_core::loss::{Before, Repeats};
use gfn_core::{
    Cancel, Environment, Incident, Objective, Objects, Purpose, Reward, RewardError, SampleRequest, Sampler,
    Schedule, Stream, TrajectoryBatch,
};
use gfn_learn::model::Model;
use gfn_learn::{moments, weights};
use gfn_losses::evaluation::{Evaluation, Task};
use gfn_record::catalogue::names;
use gfn_record::event::Metrics;
use gfn_registry::Assembled;

use crate::Cause;
use crate::phases::{Clock, Phases, Timed};

/// An experiment under way.
pub struct Trainer<'a> {
    parts: &'a Assembled,
    /// The model being trained.
    pub model: Model,
    /// Where its trajectories come from, with what it remembers of the run.
    pub sampler: Box<dyn Sampler>,
    seed: u64,
    batch_size: usize,
    step: u64,
    best_reward: f64,
    log_z: Option<f64>,
    batch: TrajectoryBatch,
    raw: Vec<f64>,
    /// How many trajectories of the batch were left out, because their objects have no reward.
    left_out: usize,
    /// What went wrong with objects of the batch, where that was asked for already.
    incidents: Vec<Incident>,
    evaluation: Evaluation,
    /// Of a loss over flows: the log-inflow of the batch's finished objects.
    log_inflow: Vec<f64>,
    /// Where the time of all updates went.
    pub phases: Phases,
    cancel: Cancel,
}

/// What came of learning from a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    loss: f64,
    log_z: f64,
    gradient_norm: f64,
    /// States that the network evaluated, in all steps.
    states: usize,
}

impl Learned {
    /// Of this and a further step.
    fn and(self, step: &Self) -> Self {
        Self {
            loss: self.loss + step.loss,
            log_z: step.log_z,
            gradient_norm: self.gradient_norm + step.gradient_norm,
            states: self.states + step.states,
        }
    }
}

impl<'a> Trainer<'a> {
    /// A trainer that has taken no step.
    pub fn new(parts: &'a Assembled, model: Model, seed: u64, batch_size: usize) -> Self {
        Self {
            batch: TrajectoryBatch::new(parts.environment.spec().state_len()),
            sampler: (parts.sampler)(),
            parts,
            model,
            seed,
            batch_size,
            step: 0,
            best_reward: 0.0,
            log_z: None,
            raw: Vec::new(),
            left_out: 0,
            incidents: Vec::new(),
            evaluation: Evaluation::default(),
            log_inflow: Vec::new(),
            phases: Phases::default(),
            cancel: Cancel::default(),
        }
    }

    /// Updates are given up once a stop is asked for and its grace has passed.
    pub fn interrupted_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// The last batch that was trained on.
    pub fn batch(&self) -> &TrajectoryBatch {
        &self.batch
    }

    /// The finished objects of the last batch and their log-rewards, before shaping.
    pub(crate) fn scored(&self) -> impl Iterator<Item = (&[i32], f64)> {
        let raw = self.raw.iter().take(self.batch.len()).enumerate();
        raw.map(|(index, raw)| (self.batch.finished(index), *raw))
    }

    /// The rewards of the last batch, before shaping.
    pub fn rewards(&self) -> impl Iterator<Item = f64> + '_ {
        self.raw.iter().map(|raw| raw.exp())
    }

    /// What flowed into each finished object of the last batch before its update, as a logarithm; empty where the loss is not
    /// over flows.
    pub fn log_inflow(&self) -> &[f64] {
        &self.log_inflow
    }

    /// What went wrong with single objects since this was last asked for.
    pub(crate) fn incidents(&mut self) -> Vec<Incident> {
        let mut incidents = std::mem::take(&mut self.incidents);
        incidents.extend(self.parts.reward.incidents());
        incidents
    }

    /// Where the sampler stands after the last batch, if that is not at the batch's own objects.
    pub fn standing(&self) -> Option<Vec<i32>> {
        self.sampler.standing()
    }

    /// The model, and the states that the last loss was of.
    pub fn model_and_states(&mut self) -> (&mut Model, &[i32]) {
        (&mut self.model, self.evaluation.states())
    }

    /// Updates taken.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Trajectories trained on.
    pub fn trajectories(&self) -> u64 {
        self.step.saturating_mul(self.batch_size as u64)
    }

    /// What the model took log Z to be at the last update.
    pub fn log_z(&self) -> Option<f64> {
        self.log_z
    }

    /// The best reward so far, before shaping.
    pub fn best_reward(&self) -> f64 {
        self.best_reward
    }

    /// Has the sampler remember what one of another process did.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn restore_sampler(&mut self, saved: &[u8]) -> Result<(), String> {
        self.sampler.restore(&*self.parts.environment, saved)
    }

    /// Goes on after `step` updates, which were taken in another process; the model is restored apart from this.
    pub fn go_on_from(&mut self, step: u64, best_reward: f64, log_z: Option<f64>) {
        (self.step, self.best_reward, self.log_z) = (step, best_reward, log_z);
    }

    /// Takes one update.
    ///
    /// # Errors
    /// Where anything fails or stops being a number, or a stop was asked for; model and sampler are then as they were after the
    /// update before.
    pub fn update(&mut self) -> Result<Metrics, Cause> {
        let mut clock = Clock::start();
        let network = self.sample();
        trust(&*self.parts.environment)?;
        let network = network?;
        clock.lap(&mut self.phases.sampling);
        self.phases.sampling -= network;
        self.phases.sampling_network += network;
        let kept = self.score()?;
        clock.lap(&mut self.phases.reward);
        let learned = self.learn(&mut clock)?;
        // Last: what fails before is no update, and the sampler must not remember it.
        self.sampler.observe(&self.batch, &kept);
        self.step += 1;
        Ok(self.metrics(learned))
    }

    /// Learns from the batch: by one step, by several where the loss repeats, by none where it learns nothing.
    fn learn(&mut self, clock: &mut Clock) -> Result<Learned, Cause> {
        let loss = &*self.parts.loss;
        let learned = match (loss.objective(), loss.repeats()) {
            (Objective::Nothing, _) => Learned {
                log_z: f64::NAN,
                ..Learned::default()
            },
            (_, None) => self.learn_once(None, clock)?,
            (_, Some(repeats)) => self.learn_in_parts(repeats, clock)?,
        };
        if loss.estimates_log_z() {
            self.log_z = Some(learned.log_z);
        }
        Ok(learned)
    }

    /// Takes one step on the batch.
    fn learn_once(&mut self, before: Option<&Before>, clock: &mut Clock) -> Result<Learned, Cause> {
        let (parts, model, phases) = (self.parts, &mut self.model, &mut self.phases);
        let task = Task {
            environment: &*parts.environment,
            batch: &self.batch,
            loss: &*parts.loss,
            learned_backward: parts.model.backward.is_learned(),
        };
        let log_z = model.log_z;
        let evaluated = self.evaluation.evaluate(task, log_z, before, |states| {
            trust(task.environment)?;
            clock.lap(&mut phases.plan);
            let outputs = model.evaluate(task.environment, states)?;
            trust(task.environment)?;
            clock.lap(&mut phases.forward);
            Ok::<_, Cause>(outputs)
        })?;
        if !evaluated.loss.is_finite() {
            return Err(self.blame(evaluated.loss)?);
        }
        clock.lap(&mut self.phases.loss);
        let gradient_norm = self.model.step(evaluated.gradients)?;
        clock.lap(&mut self.phases.backward);
        if !gradient_norm.is_finite() {
            return Err(self.blame_gradient(gradient_norm, evaluated.loss));
        }
        self.log_inflow = evaluated.log_inflow;
        Ok(Learned {
            loss: evaluated.loss,
            log_z: evaluated.log_z,
            gradient_norm,
            states: self.evaluation.len(),
        })
    }

    /// Goes through the batch several times, each time in parts chosen afresh. Where a step fails, those before it are undone.
    fn learn_in_parts(&mut self, repeats: Repeats, clock: &mut Clock) -> Result<Learned, Cause> {
        let before = self.before(clock)?;
        let weights = weights::to_bytes(&self.model)?;
        let moments = moments::to_bytes(&self.model.optimizer)?;
        let whole = self.batch.clone();
        let learned = self.learn_parts_of(&whole, &before, repeats, clock);
        self.batch = whole;
        if learned.is_err() {
            let own = "what was just saved fits";
            weights::restore(&mut self.model, &weights).expect(own);
            moments::restore(&mut self.model.optimizer, &moments).expect(own);
        }
        learned
    }

    /// What the terms of the batch are before any step on it.
    fn before(&mut self, clock: &mut Clock) -> Result<Before, Cause> {
        let (parts, model) = (self.parts, &mut self.model);
        let task = Task {
            environment: &*parts.environment,
            batch: &self.batch,
            loss: &*parts.loss,
            learned_backward: false,
        };
        let before = self.evaluation.terms(task, |states| {
            let outputs = model.evaluate(task.environment, states)?;
            trust(task.environment)?;
            Ok::<_, Cause>(outputs)
        })?;
        clock.lap(&mut self.phases.forward);
        Ok(before)
    }

    fn learn_parts_of(
        &mut self,
        whole: &TrajectoryBatch,
        before: &Before,
        repeats: Repeats,
        clock: &mut Clock,
    ) -> Result<Learned, Cause> {
        let mut stream = Stream::new(self.seed, Purpose::Parts, self.step);
        let mut order: Vec<usize> = (0..whole.len()).collect();
        let part = if repeats.part == 0 {
            whole.len()
        } else {
            repeats.part
        };
        let (mut sum, mut steps) = (Learned::default(), 0.0);
        for _ in 0..repeats.epochs {
            for last in (1..order.len()).rev() {
                order.swap(last, stream.below(last + 1));
            }
            for chosen in order.chunks(part) {
                if self.cancel.is_over() {
                    return Err(Cause::Stopped);
                }
                self.batch = whole.select(chosen);
                let step = self.learn_once(Some(&before.select(whole, chosen)), clock)?;
                sum = sum.and(&step);
                steps += 1.0;
            }
        }
        Ok(Learned {
            loss: sum.loss / steps,
            gradient_norm: sum.gradient_norm / steps,
            ..sum
        })
    }

    /// Draws the batch; returns the seconds that the network took of it.
    fn sample(&mut self) -> Result<f64, Cause> {
        let request = SampleRequest {
            seed: self.seed,
            purpose: Purpose::Training,
            first_index: self.trajectories(),
            count: self.batch_size,
            step: self.step,
        };
        self.model.record();
        let mut policy = Timed {
            policy: &mut self.model,
            seconds: 0.0,
            cancel: &self.cancel,
        };
        self.sampler
            .sample(&request, &*self.parts.environment, &mut policy, &mut self.batch)?;
        Ok(policy.seconds)
    }

    /// Scores the batch; which of the trajectories drawn are left in it.
    fn score(&mut self) -> Result<Vec<usize>, Cause> {
        let finished = self.batch.all_finished();
        let objects = Objects::new(&*self.parts.environment, &finished);
        self.raw.resize(self.batch.len(), 0.0);
        self.batch.log_reward.resize(self.raw.len(), 0.0);
        let scored = self
            .parts
            .reward
            .score(&objects, &mut self.raw, &mut self.batch.log_reward);
        let left_out = RewardError::left_out(scored)?;
        let kept: Vec<usize> = (0..self.batch.len())
            .filter(|index| !left_out.contains(index))
            .collect();
        if kept.is_empty() {
            self.incidents = self.parts.reward.incidents();
            let why = self.incidents.last().map(|incident| {
                let Incident { object, reason, .. } = incident;
                format!("; the last of them, {object}: {reason}")
            });
            return Err(RewardError::Plugin(format!(
                "none of the {} objects of this batch has a reward{}",
                left_out.len(),
                why.unwrap_or_default()
            ))
            .into());
        }
        if !left_out.is_empty() {
            self.batch = self.batch.select(&kept);
            self.raw = kept.iter().map(|&index| self.raw[index]).collect();
        }
        self.left_out = left_out.len();
        Ok(kept)
    }

    /// Finds the trajectory whose own loss is not a number.
    fn blame(&mut self, value: f64) -> Result<Cause, Cause> {
        let (environment, loss) = (&*self.parts.environment, &*self.parts.loss);
        let cause = |index: usize, batch: &TrajectoryBatch| Cause::Loss {
            value,
            object: environment.describe(batch.finished(index)),
            log_reward: batch.log_reward[index],
        };
        let log_z = self.model.log_z;
        let model = &mut self.model;
        for index in 0..self.batch.len() {
            let alone = self.batch.only(index);
            let task = Task {
                environment,
                batch: &alone,
                loss,
                learned_backward: self.parts.model.backward.is_learned(),
            };
            let ask = |states: &[i32]| model.evaluate(environment, states);
            if !self.evaluation.evaluate(task, log_z, None, ask)?.loss.is_finite() {
                return Ok(cause(index, &self.batch));
            }
        }
        // No trajectory is to blame alone (a variance needs two): the reward that is farthest from 1 is the likeliest.
        let far = |index: &usize| self.batch.log_reward[*index].abs();
        let farthest = (0..self.batch.len()).max_by(|a, b| far(a).total_cmp(&far(b)));
        Ok(cause(farthest.unwrap_or(0), &self.batch))
    }

    /// A gradient that is not a number, with the object whose reward is the likeliest reason.
    fn blame_gradient(&self, norm: f64, loss: f64) -> Cause {
        let log_reward = &self.batch.log_reward;
        let largest = (0..self.batch.len()).max_by(|a, b| log_reward[*a].total_cmp(&log_reward[*b]));
        let largest = largest.unwrap_or(0);
        Cause::Gradient {
            norm,
            loss,
            object: self.parts.environment.describe(self.batch.finished(largest)),
            log_reward: log_reward[largest],
        }
    }

    fn metrics(&mut self, learned: Learned) -> Metrics {
        let count = self.batch.len() as f64;
        self.best_reward = self.rewards().fold(self.best_reward, f64::max);
        let mut metrics = Metrics::at(self.step, self.trajectories());
        metrics.set(names::LOSS, learned.loss);
        metrics.set(names::LOG_Z, learned.log_z);
        metrics.set(names::BATCH_MEAN_REWARD, self.rewards().sum::<f64>() / count);
        metrics.set(names::BATCH_BEST_REWARD, self.best_reward);
        metrics.set(
            names::MEAN_LOG_REWARD,
            self.batch.log_reward.iter().sum::<f64>() / count,
        );
        metrics.set(names::BATCH_MEAN_LENGTH, self.batch.steps() as f64 / count);
        metrics.set(names::STATES, learned.states as f64);
        metrics.set(names::GRADIENT_NORM, learned.gradient_norm);
        // Most runs have no use for the curve.
        if self.left_out > 0 {
            metrics.set(names::LEFT_OUT, self.left_out as f64);
        }
        self.scheduled(&mut metrics);
        metrics
    }

    /// Sets what schedules gave for this update: their ends alone are in the experiment.
    fn scheduled(&self, metrics: &mut Metrics) {
        let optimizer = self.model.optimizer.schedules().into_iter();
        let sampler = self.sampler.schedules().into_iter();
        let sampler = sampler.map(|(name, schedule)| (name, schedule, self.step - 1));
        for (name, schedule, step) in optimizer.chain(sampler) {
            if let Schedule::Ramp(_) = schedule {
                metrics.set(name, schedule.at(step));
            }
        }
    }
}

/// Whether what the environment said so far is to be believed.
fn trust(environment: &dyn Environment) -> Result<(), Cause> {
    environment
        .failure()
        .map_or(Ok(()), |why| Err(Cause::Environment(why)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use gfn_config::Tree;
    use gfn_core::ObjectKind;
    use gfn_registry::{Experiment, assemble};
    use gfn_rewards::shaped::{Shape, Shaped};

    const FILE: &str = r#"
        [environment]
        kind = "hypergrid"
        height = 4
        [reward]
        kind = "hypergrid"
        [loss]
        kind = "trajectory-balance"
    "#;

    /// Scores every object 1, until `good` batches have been scored; then one object is NaN.
    struct Failing {
        good: usize,
        calls: AtomicUsize,
    }

    impl Reward for Failing {
        fn accepts(&self, _: &ObjectKind) -> Result<(), String> {
            Ok(())
        }

        fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
            log_reward.fill(0.0);
            if self.calls.fetch_add(1, Ordering::Relaxed) >= self.good {
                log_reward[objects.len() - 1] = f64::NAN;
            }
            Ok(())
        }
    }

    /// What was drawn is scored, then seen by the sampler, which draws it again.
    #[test]
    fn a_sampler_that_remembers_replays() {
        let file = format!("{FILE}\n[sampler]\nkind = \"replay\"\nfraction = 0.75\ndistinct = false");
        let tree = Tree::parse("test.toml", &file).unwrap();
        let parts = assemble(&Experiment::read(tree, std::path::PathBuf::new()).unwrap()).unwrap();
        let device = gfn_learn::device::find("cpu").unwrap();
        let model = Model::new(&parts.model, parts.environment.spec(), 0, device);
        let mut trainer = Trainer::new(&parts, model.unwrap(), 0, 16);
        trainer.update().unwrap();
        let first: Vec<TrajectoryBatch> = (0..16).map(|index| trainer.batch.only(index)).collect();
        let saved = trainer.sampler.save();
        trainer.update().unwrap();
        let replayed = (0..16).filter(|&index| first.contains(&trainer.batch.only(index)));
        assert!(replayed.count() >= 12);
        assert!(saved.len() < trainer.sampler.save().len());
    }

    /// Scores every object 1, and from a batch on so much that no loss is a number.
    struct Exploding(AtomicUsize);

    impl Reward for Exploding {
        fn accepts(&self, _: &ObjectKind) -> Result<(), String> {
            Ok(())
        }

        fn log_reward(&self, _: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
            let is_good = self.0.fetch_add(1, Ordering::Relaxed) == 0;
            log_reward.fill(if is_good { 0.0 } else { 1e200 });
            Ok(())
        }
    }

    /// An update that fails after its objects were scored is none: the sampler does not remember them.
    #[test]
    fn a_sampler_remembers_whole_updates_alone() {
        let file = format!("{FILE}\n[sampler]\nkind = \"replay\"\ndistinct = false");
        let tree = Tree::parse("test.toml", &file).unwrap();
        let mut parts = assemble(&Experiment::read(tree, std::path::PathBuf::new()).unwrap()).unwrap();
        let shape = Shape {
            cache: 0,
            ..Shape::default()
        };
        parts.reward = Shaped::new(Box::new(Exploding(AtomicUsize::new(0))), shape);
        let device = gfn_learn::device::find("cpu").unwrap();
        let model = Model::new(&parts.model, parts.environment.spec(), 0, device);
        let mut trainer = Trainer::new(&parts, model.unwrap(), 0, 8);
        trainer.update().unwrap();
        let before = trainer.sampler.save();
        let cause = trainer.update().unwrap_err();
        assert!(cause.to_string().contains("overflows"), "{cause}");
        assert!(trainer.sampler.save() == before);
        // Nor is one that is given up: its reward answered, and a stop was asked for long ago.
        let cancel = Cancel::default();
        cancel.ask();
        std::thread::sleep(gfn_core::cancel::GRACE);
        let mut trainer = trainer.interrupted_by(&cancel);
        assert!(trainer.update().unwrap_err().may_be_a_stop());
        assert!(trainer.sampler.save() == before && trainer.steps() == 1);
    }

    /// A reward that is not a number stops training at its step, names the object, and leaves the weights as they were.
    #[test]
    fn a_nan_reward_names_the_object() {
        let tree = Tree::parse("test.toml", FILE).unwrap();
        let experiment = Experiment::read(tree, std::path::PathBuf::new()).unwrap();
        let mut parts = assemble(&experiment).unwrap();
        let failing = Failing {
            good: 3,
            calls: AtomicUsize::new(0),
        };
        parts.reward = Shaped::new(
            Box::new(failing),
            Shape {
                cache: 0,
                ..Shape::default()
            },
        );
        let model = Model::new(
            &parts.model,
            parts.environment.spec(),
            0,
            gfn_learn::device::find("cpu").unwrap(),
        );
        let mut trainer = Trainer::new(&parts, model.unwrap(), 0, 8);
        for _ in 0..3 {
            trainer.update().unwrap();
        }
        let weights = |trainer: &Trainer<'_>| gfn_learn::weights::to_bytes(&trainer.model).unwrap();
        let before = weights(&trainer);
        let cause = trainer.update().unwrap_err();
        let guilty = parts.environment.describe(trainer.batch().finished(7));
        let expected = format!(
            "the reward of {guilty}: log-reward NaN; a reward must be a number, finite and not negative"
        );
        assert_eq!(cause.to_string(), expected);
        assert_eq!(trainer.steps(), 3);
        assert!(before == weights(&trainer));
    }
    /// Leaves out objects whose first coordinate is `out`, and says why where there is none else.
    struct Picky {
        out: Vec<i32>,
    }

    impl Reward for Picky {
        fn accepts(&self, _: &ObjectKind) -> Result<(), String> {
            Ok(())
        }

        fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
            log_reward.fill(0.0);
            let all = 0..objects.len();
            RewardError::leaving_out(
                all.filter(|&index| self.out.contains(&objects.state(index)[0]))
                    .collect(),
            )
        }

        fn incidents(&self) -> Vec<Incident> {
            let incident = Incident {
                object: "0 0".into(),
                reason: "no model".into(),
                answer: "left out",
            };
            vec![incident; usize::from(self.out.len() == 4)]
        }
    }

    /// Trains on nothing but the objects that have a reward, and says how many had none; where all have none, it stops.
    #[test]
    fn objects_without_a_reward_are_left_out_of_the_batch() {
        let tree = Tree::parse("test.toml", FILE).unwrap();
        let experiment = Experiment::read(tree, std::path::PathBuf::new()).unwrap();
        let mut parts = assemble(&experiment).unwrap();
        let picky = |out: &[i32]| Shaped::new(Box::new(Picky { out: out.to_vec() }), Shape::default());
        parts.reward = picky(&[0, 2]);
        let device = gfn_learn::device::find("cpu").unwrap();
        let model = Model::new(&parts.model, parts.environment.spec(), 0, device);
        let mut trainer = Trainer::new(&parts, model.unwrap(), 0, 32);
        let metrics = trainer.update().unwrap();
        let first: Vec<i32> = (0..trainer.batch.len())
            .map(|index| trainer.batch.finished(index)[0])
            .collect();
        assert!(first.iter().all(|first| [1, 3].contains(first)), "{first:?}");
        assert_eq!(
            first.len() as u64 + metrics.get(names::LEFT_OUT).unwrap_or(0.0) as u64,
            32
        );
        assert!(
            metrics.get(names::LEFT_OUT) > Some(0.0) && metrics.get(names::BATCH_MEAN_REWARD) == Some(1.0)
        );

        parts.reward = picky(&[0, 1, 2, 3]);
        let model = Model::new(&parts.model, parts.environment.spec(), 0, device);
        let mut trainer = Trainer::new(&parts, model.unwrap(), 0, 32);
        let cause = trainer.update().unwrap_err();
        assert_eq!(
            cause.to_string(),
            "none of the 32 objects of this batch has a reward; the last of them, 0 0: no model"
        );
        assert!(trainer.incidents().len() > 1, "what was asked for is still told");
    }
}
