//! A tree of Parzen estimators: the trials so far are split into few good ones and the others, a density is laid over each, and
//! of some candidates drawn from the density of the good ones that is tried whose densities differ most in its favor.
//!
//! Formula: argmax over x of l(x) / g(x), with l and g mixtures of kernels at the good points and at the others.
//!
//! The choices in it (how many are good, how wide kernels are, what older trials weigh) are those that Watanabe found to work,
//! and what Optuna does by default, so that the two can be compared. One differs: where a candidate was tried before, the next
//! best is taken, since a run with the same settings and seed gives the same result.
//!
//! References: Bergstra et al. 2011, *Algorithms for hyper-parameter optimization*; Bergstra et al. 2013, *Making a science of
//! model search*; Falkner et al. 2018, *BOHB* (arXiv 1807.01774; all dimensions at once); Watanabe 2023, *Tree-structured Parzen
//! estimator* (arXiv 2304.11127).

mod kernels;
mod mixture;

use mixture::Mixture;

use crate::method::{Observation, Outcome, random};
use crate::space::{Coordinate, Dimension, Point, Space};
use crate::stream::{Purpose, Stream};

/// The share of the trials that counts as good, and the most there can be.
const GOOD: (f64, usize) = (0.1, 25);

/// How the tree of Parzen estimators searches.
#[derive(Clone, Debug, PartialEq)]
pub struct TpeSettings {
    /// How many trials must have ended before results are looked at; until then points are drawn evenly.
    pub startup: usize,
    /// How many candidates are weighed for each point.
    pub candidates: usize,
    /// Whether dimensions are looked at together, which finds what goes with what, or each by itself.
    pub multivariate: bool,
}

impl Default for TpeSettings {
    fn default() -> Self {
        Self {
            startup: 10,
            candidates: 24,
            multivariate: true,
        }
    }
}

/// The trials in two parts, each from old to new.
struct Split<'a> {
    good: Vec<&'a Observation>,
    others: Vec<&'a Observation>,
}

/// The point of a trial, from what was seen.
pub(crate) fn point(
    settings: &TpeSettings,
    space: &Space,
    seed: u64,
    trial: u64,
    seen: &[Observation],
) -> Point {
    // A trial is no news to itself: who was killed while asking may ask again.
    let known = |seen: &&Observation| seen.trial != trial && space.contains(&seen.point);
    let seen: Vec<&Observation> = seen.iter().filter(known).collect();
    let ended = seen
        .iter()
        .filter(|seen| seen.outcome != Outcome::Running)
        .count();
    if ended < settings.startup.max(1) {
        return random(space, seed, trial);
    }
    let split = split(seen, ended);
    let mut stream = Stream::new(seed, Purpose::Tpe, trial);
    let dimensions: Vec<usize> = (0..space.dimensions.len()).collect();
    let size = if settings.multivariate {
        dimensions.len()
    } else {
        1
    };
    let groups = dimensions.chunks(size.max(1));
    groups
        .flat_map(|group| best_candidate(settings.candidates, space, group, &split, &mut stream))
        .collect()
}

/// Good ones are the best of those measured; what failed or still runs is never among them.
fn split(mut seen: Vec<&Observation>, ended: usize) -> Split<'_> {
    seen.sort_by(|a, b| objective(a).total_cmp(&objective(b)).then(a.trial.cmp(&b.trial)));
    let measured = seen.partition_point(|seen| objective(seen) < f64::INFINITY);
    let good = (libm::ceil(GOOD.0 * ended as f64) as usize)
        .min(GOOD.1)
        .min(measured);
    let mut others = seen.split_off(good);
    seen.sort_by_key(|seen| seen.trial);
    others.sort_by_key(|seen| seen.trial);
    Split { good: seen, others }
}

/// What a trial scored; infinity where it has no score.
fn objective(seen: &Observation) -> f64 {
    match seen.outcome {
        Outcome::Objective(value) if value.is_finite() => value,
        _ => f64::INFINITY,
    }
}

/// The best of some candidates for a group of dimensions.
fn best_candidate(
    candidates: usize,
    space: &Space,
    group: &[usize],
    split: &Split<'_>,
    stream: &mut Stream,
) -> Vec<Coordinate> {
    let dimensions: Vec<&Dimension> = group.iter().map(|&index| &space.dimensions[index]).collect();
    let good = Mixture::new(&dimensions, &parts(&split.good, group));
    let others = Mixture::new(&dimensions, &parts(&split.others, group));
    // Whole points alone tell whether something was tried already.
    let whole = group.len() == space.dimensions.len();
    let tried = |candidate: &Vec<Coordinate>| {
        whole
            && split
                .good
                .iter()
                .chain(&split.others)
                .any(|seen| seen.point == *candidate)
    };
    let ranked = (0..candidates.max(1)).map(|_| {
        let candidate = good.draw(stream);
        let gain = good.log_density(&candidate) - others.log_density(&candidate);
        ((!tried(&candidate), gain), candidate)
    });
    let best = ranked.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.expect("at least one candidate was drawn").1
}

/// The coordinates of trials in a group of dimensions.
fn parts(trials: &[&Observation], group: &[usize]) -> Vec<Vec<Coordinate>> {
    let part = |seen: &&Observation| group.iter().map(|&index| seen.point[index]).collect();
    trials.iter().map(part).collect()
}
