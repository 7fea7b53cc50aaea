//! Measures the policies of an experiment: draws objects, finds the exact distribution where the environment can be swept, and hands
//! both to the metrics.

use gfn_core::exact::log_sum_exp;
use gfn_core::{
    Environment, Logits, Mask, Objects, Policy, PolicyError, Purpose, RewardError, SampleRequest, Sampler,
    TrajectoryBatch,
};
use gfn_learn::model::Model;
use gfn_metrics::{Context, MetricSet, Saved, Solution, Solved, Subject, Visit};
use gfn_record::distribution::Row;
use gfn_record::event::Metrics;
use gfn_record::samples::Sample;
use gfn_registry::Assembled;
use gfn_registry::settings::Evaluation;
use gfn_samplers::on_policy::{OnPolicy, Params};

use crate::RunError;
use crate::signals::Stop;
use crate::train::Trainer;
use crate::work::Work;

/// Trajectories that are drawn at a time.
const CHUNK: usize = 256;

/// Measures policies of one experiment.
pub struct Measurer<'a> {
    parts: &'a Assembled,
    settings: &'a Evaluation,
    solved: Option<Solved>,
    metrics: MetricSet,
    stop: Stop,
    tells: bool,
}

/// A policy that gives up when the run is asked to stop: a measurement can take long, and is made again later.
pub(crate) struct Interruptible<'a> {
    pub(crate) model: &'a mut Model,
    pub(crate) stop: &'a Stop,
}

impl Policy for Interruptible<'_> {
    fn logits(
        &mut self,
        environment: &dyn Environment,
        states: &[i32],
        logits: &mut Logits,
    ) -> Result<(), PolicyError> {
        if self.stop.is_asked() {
            return Err(PolicyError::Stopped);
        }
        self.model.logits(environment, states, logits)
    }
}

/// A policy, measured.
pub struct Measurement {
    /// What is told of it.
    pub measured: Metrics,
    /// Objects drawn from it.
    pub samples: Vec<Sample>,
    /// The finished states that they are, one after another.
    pub states: Vec<i32>,
    /// The probability with which it makes each object, where the environment was swept.
    pub distribution: Option<Vec<f64>>,
    /// What log Z seems to be by how probable samples are, where that was computed.
    pub log_z_estimate: Option<f64>,
}

impl<'a> Measurer<'a> {
    /// Sweeps the environment where it is small enough.
    ///
    /// # Errors
    /// Where the sweep or its rewards fail.
    pub fn new(parts: &'a Assembled, settings: &'a Evaluation) -> Result<Self, RunError> {
        let context = Context::of(parts, settings);
        let solved = context
            .is_swept
            .then(|| Solved::new(context.environment, settings.exact_states, scores(parts)))
            .transpose()?;
        Ok(Self {
            parts,
            settings,
            solved,
            metrics: MetricSet::new(&context),
            stop: Stop::default(),
            tells: false,
        })
    }

    /// Shows how far it is when it draws objects.
    pub fn telling(mut self) -> Self {
        self.tells = true;
        self
    }

    /// Measurements fail, soon, once a stop is asked for.
    pub fn interrupted_by(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Shows the objects of the trainer's last batch to the metrics.
    pub fn visit(&mut self, trainer: &Trainer<'_>) {
        let rewards: Vec<f64> = trainer.rewards().collect();
        // Only an exact target has a use for it, and chains copy their states.
        let standing = self.solved.as_ref().and_then(|_| trainer.standing());
        self.metrics.visit(&Visit {
            environment: &*self.parts.environment,
            batch: trainer.batch(),
            rewards: &rewards,
            log_inflow: trainer.log_inflow(),
            standing: standing.as_deref(),
            solved: self.solved.as_ref(),
        });
    }

    /// What the metrics remember of the objects visited.
    pub fn visited(&mut self) -> Saved {
        self.metrics.settle(&*self.parts.environment);
        self.metrics.save()
    }

    /// Remembers what another measurer of the experiment did.
    ///
    /// # Errors
    /// Where that one counted otherwise.
    pub fn revisit(&mut self, visited: &Saved) -> Result<(), String> {
        self.metrics.restore(visited)
    }

    /// Measures a policy after so many updates and trajectories (`at`). `estimate` is an estimate of log Z, for losses that
    /// hold none themselves.
    ///
    /// # Errors
    /// Where the policy or the reward fails.
    pub fn measure(
        &mut self,
        model: &mut Model,
        seed: u64,
        purpose: Purpose,
        at: (u64, u64),
        estimate: Option<f64>,
    ) -> Result<Measurement, RunError> {
        self.metrics.settle(&*self.parts.environment);
        let measured = self.measured(model, seed, purpose, at, estimate);
        // Whatever else went wrong, it did because of this.
        match self.parts.environment.failure() {
            Some(why) => Err(RunError::Environment(why)),
            None => measured,
        }
    }

    fn measured(
        &self,
        model: &mut Model,
        seed: u64,
        purpose: Purpose,
        at: (u64, u64),
        estimate: Option<f64>,
    ) -> Result<Measurement, RunError> {
        let log_z = log_z(self.parts, model)?.or(estimate);
        let distribution = self.distribution(model)?;
        let mut states = Vec::new();
        let samples = self.draw_keeping(
            model,
            seed,
            purpose,
            self.settings.samples,
            distribution.as_deref(),
            Some(&mut states),
        )?;
        let solution = self.solved.as_ref().zip(distribution.as_deref());
        let subject = Subject {
            samples: &samples,
            solution: solution.map(|(solved, probabilities)| Solution {
                solved,
                probabilities,
            }),
            log_z,
        };
        let mut measured = Metrics::at(at.0, at.1);
        self.metrics.measure(&subject, &mut measured);
        Ok(Measurement {
            measured,
            samples,
            states,
            distribution,
            log_z_estimate: None,
        })
    }

    /// The true log Z, where the environment was swept.
    pub fn log_z(&self) -> Option<f64> {
        self.solved.as_ref().map(Solved::log_z)
    }

    /// How many objects there are, and the share of the target on the likeliest, where the environment was swept.
    pub fn target(&self) -> Option<(usize, f64)> {
        let target = self.solved.as_ref()?.target();
        Some((target.len(), target.iter().copied().fold(0.0, f64::max)))
    }

    /// A policy's probability of each object beside the target; none where there are more than `most` objects.
    pub fn rows<'r>(
        &'r self,
        distribution: &'r [f64],
        most: usize,
    ) -> Option<impl Iterator<Item = Row> + 'r> {
        let solved = self.solved.as_ref()?;
        let row = |index: usize| Row {
            object: self.parts.environment.describe(solved.state(index)),
            reward: solved.reward(index),
            target: solved.target()[index],
            probability: distribution[index],
        };
        (distribution.len() <= most).then(|| (0..distribution.len()).map(row))
    }

    /// The probability with which a policy makes each object, where the environment was swept.
    ///
    /// # Errors
    /// Where the policy fails.
    pub(crate) fn distribution(&self, model: &mut Model) -> Result<Option<Vec<f64>>, RunError> {
        let mut policy = Interruptible {
            model,
            stop: &self.stop,
        };
        let of = |solved: &Solved| solved.distribution(&*self.parts.environment, &mut policy);
        Ok(self.solved.as_ref().map(of).transpose()?)
    }

    /// Draws objects from a policy, without exploration.
    ///
    /// # Errors
    /// Where the policy or the reward fails.
    pub fn draw(
        &self,
        model: &mut Model,
        seed: u64,
        purpose: Purpose,
        count: usize,
        distribution: Option<&[f64]>,
    ) -> Result<Vec<Sample>, RunError> {
        self.draw_keeping(model, seed, purpose, count, distribution, None)
    }

    /// The same, and keeps the finished states where they are wanted.
    pub(crate) fn draw_keeping(
        &self,
        model: &mut Model,
        seed: u64,
        purpose: Purpose,
        count: usize,
        distribution: Option<&[f64]>,
        mut states: Option<&mut Vec<i32>>,
    ) -> Result<Vec<Sample>, RunError> {
        let environment = &*self.parts.environment;
        let mut sampler = OnPolicy::new(Params::default());
        let mut batch = TrajectoryBatch::new(environment.spec().state_len());
        let mut samples = Vec::new();
        let mut policy = Interruptible {
            model,
            stop: &self.stop,
        };
        let mut work = self.tells.then(|| Work::new("drawing objects", count as u64));
        for first in (0..count).step_by(CHUNK) {
            let count = CHUNK.min(count - first);
            let request = SampleRequest {
                seed,
                purpose,
                first_index: first as u64,
                count,
                step: 0,
            };
            sampler.sample(&request, environment, &mut policy, &mut batch)?;
            self.score(&batch, distribution, &mut samples, states.as_deref_mut())?;
            if let Some(work) = &mut work {
                work.did(count as u64);
            }
        }
        Ok(samples)
    }

    fn score(
        &self,
        batch: &TrajectoryBatch,
        distribution: Option<&[f64]>,
        samples: &mut Vec<Sample>,
        states: Option<&mut Vec<i32>>,
    ) -> Result<(), RunError> {
        let finished = batch.all_finished();
        let objects = Objects::new(&*self.parts.environment, &finished);
        let (mut raw, mut log_reward) = (vec![0.0; batch.len()], vec![0.0; batch.len()]);
        let scored = self.parts.reward.score(&objects, &mut raw, &mut log_reward);
        let left_out = RewardError::left_out(scored)?;
        let kept = (0..batch.len()).filter(|index| !left_out.contains(index));
        if let Some(states) = states {
            kept.clone()
                .for_each(|index| states.extend_from_slice(objects.state(index)));
        }
        samples.extend(kept.map(|index| Sample {
            object: objects.describe(index),
            reward: raw[index].exp(),
            log_reward: log_reward[index],
            log_probability: self.probability(objects.state(index), distribution).map(f64::ln),
            steps: batch.steps_of(index).len(),
        }));
        Ok(())
    }

    fn probability(&self, state: &[i32], distribution: Option<&[f64]>) -> Option<f64> {
        let solved = self.solved.as_ref()?;
        Some(distribution?[solved.object(state)? as usize])
    }
}

/// Scores all finished states of an experiment.
fn scores(parts: &Assembled) -> impl FnOnce(&[i32], &mut [f64], &mut [f64]) -> Result<(), RunError> + '_ {
    move |states, raw, log_reward| {
        let objects = Objects::new(&*parts.environment, states);
        let scored = parts.reward.score(&objects, raw, log_reward);
        // What has no reward is never to be drawn.
        for index in RewardError::left_out(scored)? {
            (raw[index], log_reward[index]) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        }
        Ok(())
    }
}

/// What the model takes log Z to be: the learned number, the flow of the source, or the flow out of it; nothing for a loss
/// that has none of them.
fn log_z(parts: &Assembled, model: &mut Model) -> Result<Option<f64>, RunError> {
    let needs = parts.loss.needs();
    if !parts.loss.estimates_log_z() {
        return Ok(None);
    }
    if needs.log_z {
        return Ok(Some(model.log_z));
    }
    let environment = &*parts.environment;
    let (source, mut mask) = (&environment.spec().initial, Mask::default());
    let outputs = model.outputs_of(environment, source)?;
    if needs.state_flow {
        return Ok(outputs.log_flow.map(|flow| flow[0]));
    }
    environment.forward_mask(source, &mut mask);
    let logits: Vec<f64> = mask.iter().map(|action| outputs.forward.of(0)[action]).collect();
    Ok((!needs.backward_policy).then(|| log_sum_exp(logits.iter().copied())))
}
