//! Findings that make a run's figures mean less than they seem to: a reward that does not repeat, within a process or from one to
//! the next, a policy that makes one object only, a log Z that is far from its estimate.
//!
//! Nothing here draws from a random stream or changes what is trained. What takes time is measured first, and done only where
//! it takes little.

use std::ops::Range;
use std::time::{Duration, Instant};

use gfn_core::reward::Repeats;
use gfn_core::{Objective, Objects, Reward, RewardError, Schedule};
use gfn_learn::optimizer::AdamParams;
use gfn_record::catalogue::names;
use gfn_record::event::Metrics;
use gfn_registry::Assembled;

use crate::measure::{Measurement, Measurer};
use crate::state::Witness;

/// The most objects that are scored again at a measurement, unless the experiment says how many, and the most that are kept
/// for a later process.
pub(crate) const MOST: usize = 8;
/// The longest that this may take.
const BUDGET: Duration = Duration::from_secs(1);
/// Log-rewards that differ by less, relative to 1 and to themselves, are equal: networks round otherwise in batches of another
/// size.
const ROUNDING: f64 = 1e-5;
/// From so many samples on, a policy is judged by how many of them are distinct.
const ENOUGH: u64 = 50;
/// Log Z may miss its estimate by so much, in nats, and by such a share of it.
const NEAR: (f64, f64) = (1.0, 0.05);

/// Scores objects again that were scored before.
#[derive(Debug, Default)]
pub(crate) struct Rescorer {
    /// How long an object took, where that is known.
    seconds: Option<f64>,
}

impl Rescorer {
    /// What is wrong with the reward, if anything is, by some of the finished `states`; `wanted` is how many of them, where the
    /// experiment says so.
    pub(crate) fn look(
        &mut self,
        parts: &Assembled,
        states: &[i32],
        wanted: Option<usize>,
    ) -> Result<Option<String>, RewardError> {
        let distinct = distinct(
            states,
            parts.environment.spec().state_len(),
            wanted.unwrap_or(MOST),
        );
        let compare = |range: Range<usize>| compare(parts, &distinct[range]);
        let (done, differing) = self.each(parts, distinct.len(), wanted, compare)?;
        Ok(in_words(done, &differing))
    }

    /// What is wrong with the reward, if anything is, by objects that another process scored.
    pub(crate) fn look_back(
        &mut self,
        parts: &Assembled,
        witnesses: &[Witness],
        wanted: Option<usize>,
    ) -> Result<Option<String>, RewardError> {
        let witnesses = &witnesses[..witnesses.len().min(wanted.unwrap_or(MOST))];
        let compare = |range: Range<usize>| {
            let some = &witnesses[range];
            let states: Vec<&[i32]> = some.iter().map(|witness| &*witness.state).collect();
            let before: Vec<f64> = some.iter().map(|witness| witness.log_reward).collect();
            again(parts, &states, &before)
        };
        let (done, differing) = self.each(parts, witnesses.len(), wanted, compare)?;
        Ok(of_processes(done, &differing))
    }

    /// Compares as many of so many objects as are wanted or can be afforded; how many, and those that differ.
    fn each(
        &mut self,
        parts: &Assembled,
        all: usize,
        wanted: Option<usize>,
        compare: impl Fn(Range<usize>) -> Result<Vec<ScoreDifference>, RewardError>,
    ) -> Result<(usize, Vec<ScoreDifference>), RewardError> {
        let (mut done, mut differing) = (0, Vec::new());
        while done < all {
            let count = match (wanted, parts.reward.inner().repeats()) {
                (Some(_), _) => all,
                (None, Repeats::Promised) => self.affordable().min(all - done),
                (None, Repeats::Costly | Repeats::Unsure) => 0,
            };
            if count == 0 {
                break;
            }
            let started = Instant::now();
            differing.extend(compare(done..done + count)?);
            self.seconds = Some(started.elapsed().as_secs_f64() / count as f64);
            done += count;
        }
        // What went wrong with these objects was told when they were scored first.
        drop(parts.reward.incidents());
        Ok((done, differing))
    }

    /// How many objects can be scored within the budget: one to begin with.
    fn affordable(&self) -> usize {
        let most = |seconds: f64| (BUDGET.as_secs_f64() / seconds.max(1e-9)) as usize;
        self.seconds.map_or(1, |seconds| most(seconds).min(MOST))
    }
}

/// The first distinct states.
fn distinct(states: &[i32], len: usize, most: usize) -> Vec<&[i32]> {
    let mut distinct: Vec<&[i32]> = Vec::new();
    for state in states.chunks_exact(len) {
        if distinct.len() == most {
            break;
        }
        if !distinct.contains(&state) {
            distinct.push(state);
        }
    }
    distinct
}

/// An object that has two log-rewards.
struct ScoreDifference {
    object: String,
    before: f64,
    now: f64,
}

fn compare(parts: &Assembled, states: &[&[i32]]) -> Result<Vec<ScoreDifference>, RewardError> {
    let flat = states.concat();
    let objects = Objects::new(&*parts.environment, &flat);
    let mut before = vec![0.0; states.len()];
    let left_out = RewardError::left_out(parts.reward.raw_log_reward(&objects, &mut before))?;
    let kept = (0..states.len()).filter(|index| !left_out.contains(index));
    let (states, before): (Vec<&[i32]>, Vec<f64>) = kept.map(|index| (states[index], before[index])).unzip();
    again(parts, &states, &before)
}

/// Scores objects again that had these log-rewards before.
fn again(parts: &Assembled, states: &[&[i32]], before: &[f64]) -> Result<Vec<ScoreDifference>, RewardError> {
    let flat = states.concat();
    let objects = Objects::new(&*parts.environment, &flat);
    let mut now = vec![0.0; states.len()];
    let left_out = RewardError::left_out(parts.reward.inner().score_again(&objects, &mut now))?;
    left_out.iter().for_each(|&index| now[index] = f64::NAN);
    let differing = (0..states.len()).filter(|&index| !is_same(before[index], now[index]));
    Ok(differing
        .map(|index| ScoreDifference {
            object: objects.describe(index),
            before: before[index],
            now: now[index],
        })
        .collect())
}

fn is_same(one: f64, two: f64) -> bool {
    // An infinite number is within any share of itself.
    let is_finite = one.is_finite() && two.is_finite();
    one == two || (is_finite && (one - two).abs() <= ROUNDING * (1.0 + one.abs().max(two.abs())))
}

fn in_words(scored: usize, differing: &[ScoreDifference]) -> Option<String> {
    let worst = worst(differing)?;
    Some(format!(
        "the reward is not deterministic: of {scored} objects scored again, {} have another log-reward; {worst}. \
         The run cannot be repeated, and noise is learned as if it were reward; have equal objects score alike (a seed from the object, \
         no dropout), or average in the reward",
        differing.len(),
    ))
}

/// What a reward is said to be that scores objects otherwise than in an earlier process of the run.
fn of_processes(scored: usize, differing: &[ScoreDifference]) -> Option<String> {
    let worst = worst(differing)?;
    Some(format!(
        "the reward differs between processes: of {scored} objects that were scored before the run was stopped, {} have another \
         log-reward; {worst}. The run cannot be repeated, and learned from two rewards; take no seed from the clock or the process, \
         in Python no `hash` of a text, and read no file that changes",
        differing.len(),
    ))
}

/// The greatest difference, in words.
fn worst(differing: &[ScoreDifference]) -> Option<String> {
    let gap = |differing: &ScoreDifference| (differing.before - differing.now).abs();
    let worst = differing
        .iter()
        .max_by(|one, two| gap(one).total_cmp(&gap(two)))?;
    let now = match worst.now.is_nan() {
        true => "none".to_string(),
        false => format!("{:.6}", worst.now),
    };
    Some(format!(
        "{} had {:.6} and has {now} now",
        worst.object, worst.before
    ))
}

/// What a reward is said to be that fails at objects which it scored before.
pub(crate) fn of_failure(error: &RewardError) -> String {
    format!("the reward is not deterministic: objects that had a reward could not be scored again: {error}")
}

/// A measurement, and what it is judged by.
pub(crate) struct LookedAt<'a> {
    pub(crate) parts: &'a Assembled,
    pub(crate) measurer: &'a Measurer<'a>,
    pub(crate) found: &'a Measurement,
    /// All updates of the run.
    pub(crate) steps: u64,
    /// The learned log Z, where there is one.
    pub(crate) log_z: f64,
    /// Whether it is that of the trained policy.
    pub(crate) last: bool,
}

impl LookedAt<'_> {
    /// What is doubtful about it, a sentence each that begins with its subject and a colon.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = String> {
        let (parts, measured) = (self.parts, &self.found.measured);
        let learns = !matches!(parts.loss.objective(), Objective::Nothing);
        let samples = (self.last && learns).then(|| of_samples(measured, self.measurer.target()));
        let doubts = [
            of_reward(parts.reward.inner()),
            samples.flatten(),
            self.of_log_z(),
        ];
        doubts.into_iter().flatten()
    }

    fn of_log_z(&self) -> Option<String> {
        let estimate = self.measurer.log_z().or(self.found.log_z_estimate)?;
        let settings = &self.parts.model.optimizer;
        match self.found.measured.step {
            _ if !self.parts.loss.needs().log_z => None,
            0 => of_reach(estimate, settings, self.steps),
            step if self.last => of_log_z(self.log_z, estimate, settings, step),
            _ => None,
        }
    }
}

/// What a reward says of itself.
fn of_reward(reward: &dyn Reward) -> Option<String> {
    (reward.repeats() == Repeats::Unsure).then(|| {
        "the reward is not deterministic: it says so itself. The run may not repeat, and noise is learned as if it were reward".into()
    })
}

/// What a policy that makes hardly any objects is said to be; `all` is how many objects there are, and the share of the target
/// on the likeliest of them, where that is known.
fn of_samples(measured: &Metrics, all: Option<(usize, f64)>) -> Option<String> {
    let count = measured.get(names::SAMPLES)? as u64;
    if measured.step == 0 || count < ENOUGH {
        return None;
    }
    let distinct = (measured.get(names::UNIQUE)? * count as f64).round() as u64;
    let most = (count / ENOUGH).max(1);
    // With few objects, few are to be expected; and one where it has nearly all of the reward.
    let is_expected =
        all.is_some_and(|(objects, share)| share > 0.9 || distinct.saturating_mul(4) >= objects as u64);
    (distinct <= most && !is_expected).then(|| {
        format!(
            "the policy has collapsed: of {} objects drawn, {distinct} {} distinct; lower `reward.exponent`, explore more \
             (`sampler.random_action_probability`), or train longer",
            count,
            if distinct == 1 { "is" } else { "are" }
        )
    })
}

/// How far log Z can get in so many updates: Adam moves it by about its learning rate in each.
fn reach(settings: &AdamParams, steps: u64) -> f64 {
    match settings.log_z_learning_rate {
        Schedule::Constant(rate) => rate * steps as f64,
        Schedule::Ramp(ramp) => ramp.from.max(ramp.to) * steps as f64,
    }
}

/// What a learned log Z is said to be that is far from its true or estimated value after so many updates.
fn of_log_z(learned: f64, estimate: f64, settings: &AdamParams, steps: u64) -> Option<String> {
    let missing = (estimate - learned).abs();
    if !missing.is_finite() || missing <= NEAR.0 + NEAR.1 * estimate.abs() {
        return None;
    }
    let moved = (learned - settings.log_z).abs();
    let way = (estimate - settings.log_z).abs();
    let advice = match moved >= 0.5 * reach(settings, steps) || reach(settings, steps) < way {
        true => too_slow(settings, steps, way, estimate),
        false => "train longer, or explore more".into(),
    };
    Some(format!(
        "log Z is far from its estimate: it is {learned:.2} after update {steps}, and should be about {estimate:.2}; {advice}"
    ))
}

/// What a log Z is said to be that cannot get where it must in all updates of a run; `way` is how far that is.
fn of_reach(estimate: f64, settings: &AdamParams, steps: u64) -> Option<String> {
    let way = (estimate - settings.log_z).abs();
    let is_far = way.is_finite() && way > NEAR.0 && reach(settings, steps) < way;
    is_far.then(|| {
        format!(
            "log Z cannot get to its value: it begins at {:.2} and should be about {estimate:.2}; {}",
            settings.log_z,
            too_slow(settings, steps, way, estimate)
        )
    })
}

fn too_slow(settings: &AdamParams, steps: u64, way: f64, estimate: f64) -> String {
    format!(
        "`optimizer.log_z_learning_rate` moves it by {:.3} at most in {steps} updates: raise it to {:.3} or more, or begin at \
         `optimizer.log_z = {estimate:.1}`",
        reach(settings, steps),
        2.0 * way / steps.max(1) as f64
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(count: u64, distinct: u64) -> Metrics {
        Metrics::at(10, 0)
            .with(names::SAMPLES, count as f64)
            .with(names::UNIQUE, distinct as f64 / count as f64)
    }

    #[test]
    fn one_object_of_a_hundred_is_a_collapse_unless_there_is_but_one() {
        let words = of_samples(&measured(100, 1), None).unwrap();
        assert!(words.contains("of 100 objects drawn, 1 is distinct"), "{words}");
        assert!(of_samples(&measured(1000, 15), None).is_some());
        for (drawn, distinct, all) in [
            (100, 60, None),
            (20, 1, None),
            (1000, 16, Some((16, 0.1))),
            (100, 1, Some((64, 0.99))),
        ] {
            assert_eq!(
                of_samples(&measured(drawn, distinct), all),
                None,
                "{distinct} of {drawn}"
            );
        }
        assert!(of_samples(&measured(100, 1), Some((64, 0.1))).is_some());
    }

    #[test]
    fn a_log_z_that_is_behind_is_told_from_one_that_is_near() {
        let settings = AdamParams {
            log_z_learning_rate: 1e-3.into(),
            ..AdamParams::default()
        };
        let words = of_log_z(0.99, 41.7, &settings, 1000).unwrap();
        assert!(
            words.contains("moves it by 1.000 at most in 1000 updates"),
            "{words}"
        );
        assert!(words.contains("`optimizer.log_z = 41.7`"), "{words}");
        assert!(of_reach(41.7, &settings, 1000).is_some());
        let fast = AdamParams::default();
        assert_eq!(of_reach(41.7, &fast, 1000), None);
        assert_eq!(of_log_z(41.0, 41.7, &fast, 1000), None);
        let words = of_log_z(30.0, 41.7, &fast, 10_000).unwrap();
        assert!(words.ends_with("train longer, or explore more"), "{words}");
        assert_eq!(of_log_z(1.0, f64::INFINITY, &fast, 10), None);
    }

    #[test]
    fn rounding_is_no_difference_and_noise_is() {
        assert!(is_same(-3.0, -3.0 + 1e-6) && is_same(f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert!(!is_same(0.0, 0.01) && !is_same(0.0, f64::NAN) && !is_same(0.0, f64::NEG_INFINITY));
        assert_eq!(distinct(&[1, 2, 1, 2, 3, 4, 5, 6], 2, 2), [[1, 2], [3, 4]]);
    }
}
