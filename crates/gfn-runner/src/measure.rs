//! What a policy is like: exact figures where the environment can be swept, and figures of objects drawn from it.

use std::collections::VecDeque;

use gfn_chem::{Fingerprint, Molecule, diversity, modes};
use gfn_core::exact::{
    StateGraph, jensen_shannon, kullback_leibler, l1, log_sum_exp, normalize, sampling_floor, total_variation,
};
use gfn_core::{
    Environment, Logits, Mask, ObjectKind, Objects, Policy, PolicyError, Purpose, Reward,
    RewardError, SampleRequest, Sampler, TrajectoryBatch,
};
use gfn_learn::model::Model;
use gfn_record::catalogue::names;
use gfn_record::distribution::Row;
use gfn_record::event::{Metrics, Regression};
use gfn_record::samples::Sample;
use gfn_registry::Assembled;
use gfn_registry::settings::Evaluation;
use gfn_samplers::on_policy::{OnPolicy, Params};
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::RunError;
use crate::found::{self, Found, reaches};
use crate::signals::Stop;
use crate::train::Trainer;
use crate::work::Work;

/// Trajectories that are drawn at a time.
const CHUNK: usize = 256;
/// States that the network sees at a time in a sweep.
const SWEEP: usize = 4096;

/// Measures policies of one experiment.
pub struct Measurer<'a> {
    parts: &'a Assembled,
    settings: &'a Evaluation,
    threshold: Option<f64>,
    swept: Option<Swept>,
    found: Found,
    /// Log-reward and log-inflow of the last finished objects of training.
    inflow: VecDeque<(f64, f64)>,
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

/// The exact target, and the objects visited of late.
struct Swept {
    graph: StateGraph,
    target: Vec<f64>,
    /// Log-rewards before shaping.
    raw: Vec<f64>,
    log_z: f64,
    modes: Option<u64>,
    object_of: HashMap<u32, u32, FxBuildHasher>,
    window: VecDeque<u32>,
}

/// What a measurer remembers of the objects visited in training.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Visited {
    /// The distinct ones.
    found: found::Saved,
    /// The last finished objects, by their number.
    window: Vec<u32>,
    /// Log-reward and log-inflow of the last ones.
    inflow: Vec<(f64, f64)>,
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

/// Objects drawn from a policy: what is told of them, and themselves.
pub struct Drawn {
    /// What is told of them.
    pub metrics: Metrics,
    /// Themselves, in the order drawn.
    pub samples: Vec<Sample>,
}

impl<'a> Measurer<'a> {
    /// Sweeps the environment where it is small enough.
    ///
    /// # Errors
    /// Where the sweep or its rewards fail.
    pub fn new(parts: &'a Assembled, settings: &'a Evaluation) -> Result<Self, RunError> {
        let threshold = settings.mode_threshold.or_else(|| parts.reward.mode_threshold());
        let states = parts
            .environment
            .as_enumerable()
            .map(gfn_core::Enumerable::state_count);
        let swept = match states {
            Some(states) if states <= settings.exact_states => {
                Some(Swept::new(parts, threshold, settings.exact_states)?)
            }
            _ => None,
        };
        Ok(Self {
            parts,
            settings,
            threshold,
            swept,
            found: Found::new(&*parts.environment, settings, threshold),
            inflow: VecDeque::new(),
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

    /// Remembers the objects of the trainer's last batch.
    pub fn visit(&mut self, trainer: &Trainer<'_>) {
        let (batch, environment) = (trainer.batch(), &*self.parts.environment);
        for (index, reward) in trainer.rewards().enumerate() {
            self.found.add(environment, batch.finished(index), reward);
        }
        if environment.may_fail() {
            self.found.settle(environment);
        }
        let leaves = batch.log_reward.iter().zip(trainer.log_inflow());
        let most = self.settings.flow_window;
        for (&log_reward, &log_inflow) in leaves.filter(|_| most > 0) {
            // More than one where the window was made shorter while the run stood still.
            while self.inflow.len() >= most {
                self.inflow.pop_front();
            }
            self.inflow.push_back((log_reward, log_inflow));
        }
        if let Some(swept) = self.swept.as_mut().filter(|_| self.settings.window > 0) {
            let standing = trainer.standing().unwrap_or_else(|| batch.all_finished());
            for state in standing.chunks_exact(batch.state_len()) {
                swept.visit(state, self.settings.window);
            }
        }
    }

    /// What is remembered of the objects visited.
    pub fn visited(&mut self) -> Visited {
        self.found.settle(&*self.parts.environment);
        let swept = self.swept.iter();
        Visited {
            found: self.found.save(),
            window: swept.flat_map(|swept| swept.window.iter().copied()).collect(),
            inflow: self.inflow.iter().copied().collect(),
        }
    }

    /// Remembers what another measurer of the experiment did.
    ///
    /// # Errors
    /// Where that one counted otherwise.
    pub fn revisit(&mut self, visited: Visited) -> Result<(), String> {
        self.found.restore(visited.found)?;
        self.inflow = visited.inflow.into();
        if let Some(swept) = &mut self.swept {
            let known = swept.target.len();
            swept.window = visited
                .window
                .into_iter()
                .filter(|&object| (object as usize) < known)
                .collect();
        }
        Ok(())
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
        self.found.settle(&*self.parts.environment);
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
        let mut measured = Metrics::at(at.0, at.1);
        let distribution = match &self.swept {
            Some(swept) => {
                let mut policy = Interruptible {
                    model,
                    stop: &self.stop,
                };
                Some(swept.measure(self.parts, &mut policy, log_z, &mut measured)?)
            }
            None => None,
        };
        self.found.measure(&mut measured);
        set_line(
            &mut measured,
            Regression::of(self.inflow.iter().copied()),
            [
                names::INFLOW_OBJECTS,
                names::INFLOW_SLOPE,
                names::INFLOW_CORRELATION,
            ],
        );
        let mut states = Vec::new();
        let count = self.settings.samples;
        let samples = self.draw_keeping(
            model,
            seed,
            purpose,
            count,
            distribution.as_deref(),
            Some(&mut states),
        )?;
        self.describe(&samples, &mut measured);
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
        self.swept.as_ref().map(|swept| swept.log_z)
    }

    /// How many objects there are, and the share of the target on the likeliest, where the environment was swept.
    pub fn target(&self) -> Option<(usize, f64)> {
        let target = &self.swept.as_ref()?.target;
        Some((target.len(), target.iter().copied().fold(0.0, f64::max)))
    }

    /// A policy's probability of each object beside the target; none where there are more than `most` objects.
    pub fn rows<'r>(
        &'r self,
        distribution: &'r [f64],
        most: usize,
    ) -> Option<impl Iterator<Item = Row> + 'r> {
        let swept = self.swept.as_ref()?;
        let row = |index: usize| Row {
            object: self.parts.environment.describe(swept.state(index)),
            reward: swept.raw[index].exp(),
            target: swept.target[index],
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
        let of = |swept: &Swept| swept.distribution(self.parts, &mut policy);
        self.swept.as_ref().map(of).transpose()
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
    ) -> Result<Drawn, RunError> {
        let samples = self.draw_keeping(model, seed, purpose, count, distribution, None)?;
        let mut metrics = Metrics::default();
        self.describe(&samples, &mut metrics);
        Ok(Drawn { metrics, samples })
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
        let swept = self.swept.as_ref()?;
        Some(distribution?[swept.object(state)? as usize])
    }

    fn describe(&self, samples: &[Sample], metrics: &mut Metrics) {
        let count = samples.len().max(1) as f64;
        let distinct: HashSet<&str> = samples.iter().map(|sample| sample.object.as_str()).collect();
        let mean = |value: fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / count;
        metrics.set(names::SAMPLES, samples.len() as f64);
        metrics.set(names::MEAN_REWARD, mean(|sample| sample.reward));
        metrics.set(
            names::BEST_REWARD,
            samples.iter().map(|sample| sample.reward).fold(0.0, f64::max),
        );
        metrics.set(names::UNIQUE, distinct.len() as f64 / count);
        metrics.set(names::MEAN_LENGTH, mean(|sample| sample.steps as f64));
        if self.parts.environment.spec().objects == ObjectKind::Molecule {
            self.describe_molecules(samples, metrics);
        }
    }

    fn describe_molecules(&self, samples: &[Sample], metrics: &mut Metrics) {
        let mut seen: HashMap<&str, Option<Fingerprint>> = HashMap::new();
        let mut valid = 0;
        let mut molecules: Vec<(f64, Fingerprint)> = Vec::new();
        for sample in samples {
            let known = seen.contains_key(sample.object.as_str());
            let fingerprint = *seen.entry(&sample.object).or_insert_with(|| {
                let molecule = Molecule::parse(&sample.object).ok()?;
                found::fingerprint(&molecule, self.settings.fingerprint)
            });
            if let Some(fingerprint) = fingerprint {
                valid += 1;
                if !known {
                    molecules.push((sample.reward, fingerprint));
                }
            }
        }
        molecules.sort_by(|a, b| b.0.total_cmp(&a.0));
        let top = |count: usize| {
            let best = molecules.get(..count)?;
            Some(best.iter().map(|(reward, _)| reward).sum::<f64>() / count as f64)
        };
        let fingerprints: Vec<Fingerprint> = molecules.iter().map(|(_, fingerprint)| *fingerprint).collect();
        metrics.set(names::VALID, f64::from(valid) / samples.len().max(1) as f64);
        metrics.set_known(names::TOP_10, top(10));
        metrics.set_known(names::TOP_100, top(100));
        metrics.set_known(names::TOP_1000, top(1000));
        metrics.set(names::MEAN_SIMILARITY, 1.0 - diversity(&fingerprints));
        let modes = |threshold| modes(&molecules, threshold, self.settings.mode_similarity) as f64;
        metrics.set_known(names::SAMPLE_MODES, self.threshold.map(modes));
    }
}

/// Sets the metrics of a line through points, if there is one: how many points, its slope, its correlation.
pub(crate) fn set_line(
    metrics: &mut Metrics,
    line: Option<Regression>,
    [objects, slope, correlation]: [&'static str; 3],
) {
    if let Some(line) = line {
        metrics.set(objects, line.objects as f64);
        metrics.set(slope, line.slope);
        metrics.set(correlation, line.correlation);
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

impl Swept {
    fn new(parts: &Assembled, threshold: Option<f64>, most: u64) -> Result<Self, RunError> {
        let environment = &*parts.environment;
        let graph = StateGraph::build(environment, usize::try_from(most).unwrap_or(usize::MAX))?;
        let states: Vec<i32> = graph
            .finished()
            .iter()
            .flat_map(|&state| graph.state(state as usize).iter().copied())
            .collect();
        let (mut raw, mut log_reward) = (
            vec![0.0; graph.finished().len()],
            vec![0.0; graph.finished().len()],
        );
        let scored = parts
            .reward
            .score(&Objects::new(environment, &states), &mut raw, &mut log_reward);
        // What has no reward is never to be drawn.
        for index in RewardError::left_out(scored)? {
            (raw[index], log_reward[index]) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        }
        let (target, log_z) = normalize(&log_reward);
        let modes =
            threshold.map(|threshold| raw.iter().filter(|raw| reaches(raw.exp(), threshold)).count() as u64);
        let object_of = graph
            .finished()
            .iter()
            .zip(0..)
            .map(|(&state, object)| (state, object))
            .collect();
        Ok(Self {
            graph,
            target,
            raw,
            log_z,
            modes,
            object_of,
            window: VecDeque::new(),
        })
    }

    fn state(&self, object: usize) -> &[i32] {
        self.graph.state(self.graph.finished()[object] as usize)
    }

    fn object(&self, state: &[i32]) -> Option<u32> {
        self.object_of.get(&(self.graph.find(state)? as u32)).copied()
    }

    fn visit(&mut self, state: &[i32], most: usize) {
        if let Some(object) = self.object(state) {
            // More than one where the window was made shorter while the run stood still.
            while self.window.len() >= most {
                self.window.pop_front();
            }
            self.window.push_back(object);
        }
    }

    fn measure(
        &self,
        parts: &Assembled,
        policy: &mut dyn Policy,
        log_z: Option<f64>,
        metrics: &mut Metrics,
    ) -> Result<Vec<f64>, RunError> {
        let p = self.distribution(parts, policy)?;
        let divergence = kullback_leibler(&self.target, &p);
        let window = self.window.len() as u64;
        metrics.set(names::L1, l1(&p, &self.target));
        metrics.set(names::TOTAL_VARIATION, total_variation(&p, &self.target));
        metrics.set(names::JENSEN_SHANNON, jensen_shannon(&p, &self.target));
        // It is infinite where the policy misses an object.
        metrics.set_known(
            names::KULLBACK_LEIBLER,
            divergence.is_finite().then_some(divergence),
        );
        metrics.set_known(names::LOG_Z_ERROR, log_z.map(|log_z| log_z - self.log_z));
        metrics.set_known(names::MODES, self.modes.map(|modes| modes as f64));
        if window > 0 {
            metrics.set(names::WINDOW_L1, self.window_l1());
            metrics.set(names::WINDOW_FLOOR, sampling_floor(&self.target, window));
        }
        Ok(p)
    }

    /// The probability with which a policy makes each object.
    fn distribution(&self, parts: &Assembled, policy: &mut dyn Policy) -> Result<Vec<f64>, RunError> {
        Ok(self
            .graph
            .policy_distribution(&*parts.environment, policy, SWEEP)?)
    }

    fn window_l1(&self) -> f64 {
        let mut frequency = vec![0.0; self.target.len()];
        let share = 1.0 / self.window.len() as f64;
        self.window
            .iter()
            .for_each(|&object| frequency[object as usize] += share);
        l1(&frequency, &self.target)
    }
}
