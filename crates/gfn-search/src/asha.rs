//! Asynchronous successive halving: trials train for a few updates, the best part of them for some times more, and so on.
//!
//! A rung is a number of updates at which trials are compared. Whenever somebody is free to work, [`decide`] says from the
//! results so far which trials may go on; nobody waits for a rung to fill. A trial that may not go on now is held, not lost: it
//! has its checkpoint, and when more results arrive at its rung it may yet belong to the best.
//!
//! Formula: of n results at a rung, the best floor(n / reduction) go on to the next, `reduction` times as many updates away.
//!
//! Reference: Li et al. 2020, *A system for massively parallel hyperparameter tuning* (arXiv 1810.05934), algorithm 2.

/// How successive halving goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// One in so many goes on from a rung; at least 2.
    pub reduction: u64,
    /// The updates at the first rung; at least 1.
    pub min_resource: u64,
    /// The updates of a trial that goes all the way.
    pub max_resource: u64,
}

/// A result at a rung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RungResult {
    /// The trial.
    pub trial: u64,
    /// The rung, from 0.
    pub rung: usize,
    /// What was measured there; smaller is better. What is not finite goes no further.
    pub objective: f64,
    /// Whether it was already told to go on from here, though it may not have reached the next rung.
    pub promoted: bool,
}

/// What is to become of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The trial.
    pub trial: u64,
    /// The rung that it stands at.
    pub rung: usize,
    /// Where to from there.
    pub verdict: Verdict,
}

/// Where a trial goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// On, until it has done so many updates in all.
    Promote {
        /// Updates in all.
        resource: u64,
    },
    /// Nowhere for now. Where nothing runs and nothing new begins, it has been stopped.
    Hold,
    /// It has done all its updates.
    Complete,
}

/// The updates at each rung: `min_resource` times powers of `reduction` as long as they stay below `max_resource`, and that.
pub fn rungs(settings: Settings) -> Vec<u64> {
    let reduction = settings.reduction.max(2);
    let first = settings.min_resource.max(1);
    let powers = std::iter::successors(Some(first), |rung| rung.checked_mul(reduction));
    let below = powers.take_while(|&rung| rung < settings.max_resource);
    below.chain([settings.max_resource]).collect()
}

/// What is to become of every trial that stands at a rung, in the order in which to act on it: who is furthest goes first, then
/// who is better.
///
/// A function of its arguments alone; the order of results does not count. Results of rungs that a trial has left are needed as
/// well, for the trials that come after it are compared with them.
pub fn decide(settings: Settings, results_at_rungs: &[RungResult]) -> Vec<Decision> {
    let rungs = rungs(settings);
    let mut decisions = Vec::new();
    for rung in (0..rungs.len()).rev() {
        let mut here: Vec<&RungResult> = results_at_rungs
            .iter()
            .filter(|result| result.rung == rung)
            .collect();
        here.sort_by(|a, b| order(a).total_cmp(&order(b)).then(a.trial.cmp(&b.trial)));
        let best = here.len() / usize::try_from(settings.reduction.max(2)).unwrap_or(usize::MAX);
        for (place, result) in here.iter().enumerate().filter(|(_, result)| !result.promoted) {
            let verdict = match rungs.get(rung + 1) {
                None => Verdict::Complete,
                Some(&resource) if place < best && result.objective.is_finite() => {
                    Verdict::Promote { resource }
                }
                Some(_) => Verdict::Hold,
            };
            decisions.push(Decision {
                trial: result.trial,
                rung,
                verdict,
            });
        }
    }
    decisions
}

/// What is not finite comes last, whatever its sign.
fn order(result: &RungResult) -> f64 {
    if result.objective.is_finite() {
        result.objective
    } else {
        f64::INFINITY
    }
}
