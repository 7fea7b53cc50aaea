//! The probability of one object, estimated, where not even its ancestors can be counted: trajectories to it are drawn backward,
//! and each weighs as much as the policy likes it more than the backward walk did.
//!
//! Formula: p(x) = E over τ ~ B(·|x) of P_F(τ) / B(τ|x), with B the uniform backward walk. The estimate is the mean over the
//! trajectories drawn; it is right on average, and low more often than high. How much it rests on a few of them is told by the
//! effective sample size (Σw)² / Σw² (Kong 1992), which is their number at best.

use crate::exact::{StateIndex, log_sum_exp};
use crate::{Environment, Logits, Mask, Policy, PolicyError, Stream};

/// An estimate of how likely a policy makes an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The log of the estimated probability.
    pub log_probability: f64,
    /// The effective sample size.
    pub effective: f64,
    /// States that the policy was asked about.
    pub states: usize,
}

/// Estimates the probability with which `policy` makes `object` from `count` trajectories.
///
/// # Errors
/// Where the policy fails.
pub fn estimate(
    environment: &dyn Environment,
    policy: &mut dyn Policy,
    object: &[i32],
    count: usize,
    stream: &mut Stream,
) -> Result<Estimate, PolicyError> {
    let mut met = StateIndex::new(object.len());
    let mut mask = Mask::default();
    let mut walks = Vec::with_capacity(count);
    for _ in 0..count {
        walks.push(walk(environment, object, &mut met, &mut mask, stream));
    }
    let (mut logits, mut totals) = (Logits::default(), Vec::new());
    if !met.is_empty() {
        policy.logits(environment, met.states(), &mut logits)?;
    }
    for row in 0..met.len() {
        environment.forward_mask(met.state(row), &mut mask);
        let legal: Vec<f64> = mask.iter().map(|action| logits.of(row)[action]).collect();
        totals.push(log_sum_exp(legal.iter().copied()));
    }
    let log_weights = walks.iter().map(|walk| {
        let steps = walk.steps.iter();
        let log_pf: f64 = steps
            .map(|&(row, action)| logits.of(row)[action] - totals[row])
            .sum();
        log_pf - walk.log_pb
    });
    let log_weights: Vec<f64> = log_weights.collect();
    let sum = log_sum_exp(log_weights.iter().copied());
    let squares = log_sum_exp(log_weights.iter().map(|weight| 2.0 * weight));
    Ok(Estimate {
        log_probability: sum - (count as f64).ln(),
        effective: (2.0 * sum - squares).exp(),
        states: met.len(),
    })
}

/// A trajectory to the object.
struct Walk {
    /// The row of each state that is left, and the action.
    steps: Vec<(usize, usize)>,
    log_pb: f64,
}

/// Draws one; the states that are left are added to `met`.
fn walk(
    environment: &dyn Environment,
    object: &[i32],
    met: &mut StateIndex,
    mask: &mut Mask,
    stream: &mut Stream,
) -> Walk {
    let mut drawn = Walk {
        steps: Vec::new(),
        log_pb: 0.0,
    };
    let (mut state, mut previous) = (object.to_vec(), object.to_vec());
    loop {
        environment.backward_mask(&state, mask);
        let count = mask.count();
        if count == 0 {
            return drawn;
        }
        let backward = mask
            .iter()
            .nth(stream.below(count))
            .expect("one of those counted");
        let action = environment.undo(&state, backward, &mut previous);
        drawn.steps.push((met.insert(&previous).0, action));
        drawn.log_pb -= (count as f64).ln();
        std::mem::swap(&mut state, &mut previous);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use crate::UniformPolicy;
    use crate::ancestry::Ancestry;
    use crate::exact::StateGraph;
    use crate::testkit::RandomDag;

    #[test]
    fn estimates_come_to_the_exact_probability() {
        for seed in 0..5 {
            let dag = RandomDag::new(seed, 5, 6);
            let graph = StateGraph::build(&dag, 1000).unwrap();
            for &object in graph.finished() {
                let object = graph.state(object as usize);
                let ancestry = Ancestry::of(&dag, object, 1000).unwrap();
                let exact = ancestry.log_probability(&dag, &mut UniformPolicy).unwrap();
                let mut stream = Stream::new(seed, Purpose::Test, 0);
                let found = estimate(&dag, &mut UniformPolicy, object, 20_000, &mut stream).unwrap();
                let error = (found.log_probability - exact).abs();
                // The deviation of a mean whose weights are worth so many equal ones.
                let deviation = (1.0 / found.effective - 1.0 / 20_000.0).max(0.0).sqrt();
                assert!(error < 5.0 * deviation + 1e-9, "{found:?} {exact}");
                assert!(found.effective <= 20_000.0 * (1.0 + 1e-9));
            }
        }
    }
}
