//! How probable the trained policy makes single objects, where the environment is too large to be swept.

use gfn_core::ancestry::Ancestry;
use gfn_learn::model::Model;
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
/// An object with more ancestors is passed over.
const MOST_ANCESTORS: usize = 2_000;
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
) -> Result<Vec<Likelihood>, RunError> {
    let mut policy = Interruptible { model, stop };
    let (mut seen, mut rows) = (HashSet::new(), Vec::new());
    let mut best: Vec<usize> = (0..found.samples.len()).collect();
    best.sort_by(|&one, &two| {
        found.samples[two]
            .log_reward
            .total_cmp(&found.samples[one].log_reward)
    });
    best.truncate(BEST);
    for chosen in [(0..found.samples.len().min(FIRST)).collect(), best] {
        let mut evaluated = 0;
        for index in chosen {
            if evaluated >= ENOUGH_STATES {
                break;
            }
            evaluated += add(parts, &mut policy, found, index, &mut seen, &mut rows)?;
        }
    }
    Ok(rows)
}

/// Adds a sample unless its state was seen before; returns how many states were evaluated for it.
fn add<'a>(
    parts: &Assembled,
    policy: &mut Interruptible<'_>,
    found: &'a Measurement,
    index: usize,
    seen: &mut HashSet<&'a [i32]>,
    rows: &mut Vec<Likelihood>,
) -> Result<usize, RunError> {
    let environment = &*parts.environment;
    let length = environment.spec().state_len();
    let state = &found.states[index * length..(index + 1) * length];
    if !seen.insert(state) {
        return Ok(0);
    }
    let Some(ancestry) = Ancestry::of(environment, state, MOST_ANCESTORS) else {
        return Ok(MOST_ANCESTORS);
    };
    let sample = &found.samples[index];
    rows.push(Likelihood {
        object: sample.object.clone(),
        log_reward: sample.log_reward,
        log_probability: ancestry.log_probability(environment, policy)?,
    });
    Ok(ancestry.len())
}
