//! How probable the trained policy makes single objects, where the environment is too large to be swept: exactly where their
//! ancestors can be counted, and estimated where they cannot.

use gfn_core::ancestry::Ancestry;
use gfn_core::backward_sampling::{Estimate, estimate};
use gfn_core::exact::{ExactError, log_sum_exp};
use gfn_core::{Purpose, Stream};
use gfn_learn::model::Model;
use gfn_record::event::Regression;
use gfn_record::likelihoods::Likelihood;
use gfn_registry::Assembled;
use hashbrown::HashSet;

use crate::RunError;
use crate::measure::{Interruptible, Measurement};
use crate::signals::Stop;

/// So many of the samples are looked at in the order drawn, which tells without a bias how probability goes with reward.
const FIRST: usize = 300;
/// And so many of the best.
const BEST: usize = 200;
/// Of an object with more ancestors, the probability is estimated.
const MAX_ANCESTORS: usize = 2_000;
/// By fewer objects log Z is not estimated.
const ENOUGH_OBJECTS: usize = 20;
/// Once so many states were evaluated for either, that is enough: a second or so.
const ENOUGH_STATES: usize = 10_000;

/// The log-probability of some samples.
///
/// # Errors
/// Where the policy fails.
pub(crate) fn of(
    parts: &Assembled,
    model: &mut Model,
    found: &Measurement,
    stop: &Stop,
    trajectories: usize,
    seed: u64,
) -> Result<Likelihoods, RunError> {
    let mut looked_at = LikelihoodEstimator {
        parts,
        policy: Interruptible { model, stop },
        trajectories,
        seed,
        seen: HashSet::new(),
        rows: Vec::new(),
    };
    let mut best: Vec<usize> = (0..found.samples.len()).collect();
    best.sort_by(|&one, &two| {
        found.samples[two]
            .log_reward
            .total_cmp(&found.samples[one].log_reward)
    });
    best.truncate(BEST);
    let first: Vec<usize> = (0..found.samples.len().min(FIRST)).collect();
    let mut unbiased = 0;
    for (chosen, is_first) in [(first, true), (best, false)] {
        let mut evaluated = 0;
        for index in chosen {
            if evaluated >= ENOUGH_STATES {
                break;
            }
            evaluated += looked_at.add(found, index)?;
        }
        if is_first {
            unbiased = looked_at.rows.len();
        }
    }
    Ok(Likelihoods {
        rows: looked_at.rows,
        unbiased,
    })
}

/// What was found of single objects.
pub(crate) struct Likelihoods {
    /// A row an object.
    pub(crate) rows: Vec<Likelihood>,
    /// So many of the first rows are of objects in the order drawn, not chosen by their reward.
    unbiased: usize,
}

impl Likelihoods {
    /// What log Z is by the mean of R(x) / P(x) over objects in the order drawn, an unbiased estimate of Z; none by few objects.
    pub(crate) fn log_z(&self) -> Option<f64> {
        let ratios: Vec<f64> = self.rows[..self.unbiased]
            .iter()
            .map(|row| row.log_reward - row.log_probability)
            .filter(|ratio| ratio.is_finite())
            .collect();
        (ratios.len() >= ENOUGH_OBJECTS)
            .then(|| log_sum_exp(ratios.iter().copied()) - (ratios.len() as f64).ln())
    }

    /// How log-probability goes with log-reward over objects in the order drawn.
    pub(crate) fn regression(&self) -> Option<Regression> {
        let finite = self.rows[..self.unbiased]
            .iter()
            .filter(|row| row.log_probability.is_finite());
        Regression::of(finite.map(|row| (row.log_reward, row.log_probability)))
    }
}

/// The objects looked at so far.
struct LikelihoodEstimator<'a> {
    parts: &'a Assembled,
    policy: Interruptible<'a>,
    trajectories: usize,
    seed: u64,
    seen: HashSet<Vec<i32>>,
    rows: Vec<Likelihood>,
}

impl LikelihoodEstimator<'_> {
    /// Adds a sample unless its state was seen before; returns how many states were evaluated for it.
    fn add(&mut self, found: &Measurement, index: usize) -> Result<usize, RunError> {
        let environment = &*self.parts.environment;
        let length = environment.spec().state_len();
        let state = &found.states[index * length..(index + 1) * length];
        if !self.seen.insert(state.to_vec()) {
            return Ok(0);
        }
        let (log_probability, effective, states) = match Ancestry::of(environment, state, MAX_ANCESTORS) {
            Some(ancestry) => {
                let exact = ancestry.log_probability(environment, &mut self.policy)?;
                (exact, None, ancestry.len())
            }
            None if self.trajectories == 0 => return Ok(MAX_ANCESTORS),
            None => {
                let mut stream = Stream::new(self.seed, Purpose::Backward, index as u64);
                let Estimate {
                    log_probability,
                    effective,
                    states,
                } = estimate(
                    environment,
                    &mut self.policy,
                    state,
                    self.trajectories,
                    &mut stream,
                )
                .map_err(ExactError::Policy)?;
                (log_probability, Some(effective), states)
            }
        };
        let sample = &found.samples[index];
        self.rows.push(Likelihood {
            object: sample.object.clone(),
            log_reward: sample.log_reward,
            log_probability,
            effective,
        });
        Ok(states)
    }
}
