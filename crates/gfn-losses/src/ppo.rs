//! Proximal policy optimization (Schulman et al. 2017, arXiv 1707.06347), the baseline that maximizes reward.

use std::ops::Range;

use gfn_core::loss::{Repeats, TrajectoryGradients};
use gfn_core::{Loss, Needs, Objective, TrajectoryLoss, TrajectoryTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Proximal policy optimization: makes rewards high, not objects likely in proportion to them. It is what flows are compared
/// with.
///
/// Formula: L = mean over steps of −min(ρA, clip(ρ, 1 − `clip`, 1 + `clip`)·A) + `value_weight`·(V − G)² − `entropy`·H, where ρ is
/// P_F over what P_F was when the batch was drawn, H the entropy of P_F, V the network's value of the state, A the advantage by
/// generalized estimation (discount 1, `lambda`) from the values as they were, and G = A + V as it was.
///
/// The one reward is the shaped R of the object, at its end. The value is the output that other losses take for the log-flow of
/// states. Trajectories must be the policy's own: the sampler is `on-policy` without exploration.
///
/// References: Schulman et al. 2017, "Proximal policy optimization algorithms", arXiv 1707.06347; Schulman et al. 2015,
/// "High-dimensional continuous control using generalized advantage estimation", arXiv 1506.02438.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Times that each batch is gone through.
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "times"))]
    pub epochs: usize,
    /// Trajectories a step of the network, chosen afresh each time through; 0: all of the batch.
    #[schemars(range(max = 1_048_576), extend("x-unit" = "trajectories"))]
    pub minibatch: usize,
    /// How far from 1 the ratio of probabilities is of use.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub clip: f64,
    /// The weight of the entropy, in reward units per nat (where advantages are normalized, per their deviation).
    #[schemars(extend("minimum" = 0))]
    pub entropy: f64,
    /// The weight of the squared error of values.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub value_weight: f64,
    /// λ of the advantage: 1 takes the reward itself, 0 the value after the next step; between, a mixture.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub lambda: f64,
    /// Whether the advantages of each step of the network are shifted and scaled to mean 0 and deviation 1.
    pub normalize_advantages: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            epochs: 4,
            minibatch: 0,
            clip: 0.2,
            entropy: 0.01,
            value_weight: 0.5,
            lambda: 1.0,
            normalize_advantages: true,
        }
    }
}

/// Proximal policy optimization; see [`Params`].
#[derive(Clone, Debug)]
pub struct Ppo {
    params: Params,
}

impl Ppo {
    /// The loss with these parameters.
    pub fn new(params: &Params) -> Self {
        Self {
            params: params.clone(),
        }
    }

    /// The advantage of each step of a trajectory, given the value of each state that it leaves.
    fn advantages(&self, values: &[f64], reward: f64, advantages: &mut [f64]) {
        let (mut next_value, mut following) = (reward, 0.0);
        for step in (0..values.len()).rev() {
            following = next_value - values[step] + self.params.lambda * following;
            advantages[step] = following;
            next_value = values[step];
        }
    }
}

impl Loss for Ppo {
    fn needs(&self) -> Needs {
        Needs {
            state_flow: true,
            entropy: true,
            on_policy: true,
            ..Needs::default()
        }
    }

    fn estimates_log_z(&self) -> bool {
        false
    }

    fn repeats(&self) -> Option<Repeats> {
        Some(Repeats {
            epochs: self.params.epochs,
            part: self.params.minibatch,
        })
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Trajectory(self)
    }
}

impl TrajectoryLoss for Ppo {
    fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64 {
        let (log_pf, values) = match terms.before {
            Some(before) => (&before.log_pf[..], &before.log_flow[..]),
            None => (terms.log_pf, terms.log_flow),
        };
        let mut advantages = vec![0.0; log_pf.len()];
        for (window, log_reward) in terms.offsets.windows(2).zip(terms.log_reward) {
            let steps: Range<usize> = window[0]..window[1];
            self.advantages(&values[steps.clone()], log_reward.exp(), &mut advantages[steps]);
        }
        let (shift, scale) = match self.params.normalize_advantages {
            true => normalization(&advantages),
            false => (0.0, 1.0),
        };
        let share = 1.0 / log_pf.len() as f64;
        let mut total = 0.0;
        for step in 0..log_pf.len() {
            let advantage = (advantages[step] - shift) * scale;
            let ratio = (terms.log_pf[step] - log_pf[step]).exp();
            let clipped = ratio.clamp(1.0 - self.params.clip, 1.0 + self.params.clip);
            let error = terms.log_flow[step] - (advantages[step] + values[step]);
            total -= share * (ratio * advantage).min(clipped * advantage);
            total += share * (self.params.value_weight * error * error);
            total -= share * self.params.entropy * terms.entropy[step];
            if ratio * advantage <= clipped * advantage {
                gradients.log_pf[step] -= share * ratio * advantage;
            }
            gradients.log_flow[step] += share * 2.0 * self.params.value_weight * error;
            gradients.entropy[step] -= share * self.params.entropy;
        }
        total
    }
}

/// What to take away and what to multiply by, so that the mean is 0 and the deviation 1; of equal numbers only the mean.
fn normalization(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, 1.0 / (variance.sqrt() + 1e-8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_core::loss::Before;

    const OFFSETS: [usize; 3] = [0, 2, 5];
    const LOG_REWARD: [f64; 2] = [0.3, -0.7];

    /// The terms of two trajectories: log P_F, values and entropies, one after another.
    fn terms<'a>(numbers: &'a [Vec<f64>; 3], before: Option<&'a Before>) -> TrajectoryTerms<'a> {
        TrajectoryTerms {
            offsets: &OFFSETS,
            log_pf: &numbers[0],
            log_pb: &[0.0; 5],
            log_flow: &numbers[1],
            log_reward: &LOG_REWARD,
            entropy: &numbers[2],
            log_z: 0.0,
            before,
        }
    }

    fn numbers() -> [Vec<f64>; 3] {
        [
            vec![-0.5, -1.0, -0.2, -2.0, -0.7],
            vec![0.4, 0.6, 0.1, -0.3, 0.2],
            vec![0.9, 0.3, 1.1, 0.5, 0.7],
        ]
    }

    /// Some ratios are within the clip, some beyond it on either side.
    fn before() -> Before {
        Before {
            log_pf: vec![-0.55, -0.6, -0.3, -1.5, -1.6],
            log_flow: vec![0.2, 0.5, 0.0, 0.3, -0.1],
        }
    }

    #[test]
    fn the_gradient_is_that_of_differences() {
        let before = before();
        for (lambda, normalize_advantages) in [(1.0, false), (0.5, true), (0.0, false)] {
            let loss = Ppo::new(&Params {
                lambda,
                normalize_advantages,
                entropy: 0.3,
                ..Params::default()
            });
            let value = |numbers: &[Vec<f64>; 3]| {
                let terms = terms(numbers, Some(&before));
                loss.evaluate(&terms, &mut TrajectoryGradients::zeros(&terms))
            };
            let numbers = numbers();
            let of = terms(&numbers, Some(&before));
            let mut gradients = TrajectoryGradients::zeros(&of);
            loss.evaluate(&of, &mut gradients);
            let slopes = [&gradients.log_pf, &gradients.log_flow, &gradients.entropy];
            for (part, slopes) in slopes.into_iter().enumerate() {
                for (at, slope) in slopes.iter().enumerate() {
                    let moved = |by: f64| {
                        let mut numbers = numbers.clone();
                        numbers[part][at] += by;
                        value(&numbers)
                    };
                    let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                    assert!((slope - expected).abs() < 1e-8, "{part} {at}: {slope} {expected}");
                }
            }
            assert!(gradients.log_pf.contains(&0.0), "some ratio is clipped");
        }
    }

    /// By hand: with λ = 1 the advantage is the reward less the value; the first pass has ratio 1.
    #[test]
    fn values_by_hand() {
        let loss = Ppo::new(&Params {
            normalize_advantages: false,
            entropy: 0.1,
            ..Params::default()
        });
        let numbers = numbers();
        let of = terms(&numbers, None);
        let mut gradients = TrajectoryGradients::zeros(&of);
        let found = loss.evaluate(&of, &mut gradients);
        let rewards = [0.3f64, 0.3, -0.7, -0.7, -0.7].map(f64::exp);
        let advantages: Vec<f64> = rewards.iter().zip(&numbers[1]).map(|(r, v)| r - v).collect();
        // Where nothing was before, G = A + V is the reward, and the error is −A.
        let of_step =
            |(advantage, entropy): (&f64, &f64)| -advantage + 0.5 * advantage * advantage - 0.1 * entropy;
        let expected = advantages.iter().zip(&numbers[2]).map(of_step).sum::<f64>() / 5.0;
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        for (slope, advantage) in gradients.log_pf.iter().zip(&advantages) {
            assert!((slope + advantage / 5.0).abs() < 1e-12);
        }
    }

    #[test]
    fn with_lambda_0_the_advantage_is_of_one_step() {
        let loss = Ppo::new(&Params {
            lambda: 0.0,
            ..Params::default()
        });
        let mut advantages = [0.0; 3];
        loss.advantages(&[1.0, 3.0, 2.0], 10.0, &mut advantages);
        assert_eq!(advantages, [2.0, -1.0, 8.0]);
    }

    /// The entropy's gradient, through the policy, on random graphs.
    #[test]
    fn entropy_is_pulled_back() {
        struct Entropy;
        impl Loss for Entropy {
            fn needs(&self) -> Needs {
                Needs {
                    entropy: true,
                    ..Needs::default()
                }
            }
            fn objective(&self) -> Objective<'_> {
                Objective::Trajectory(self)
            }
        }
        impl TrajectoryLoss for Entropy {
            fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64 {
                let weight = |step: usize| 1.0 + step as f64;
                let weighted = terms.entropy.iter().enumerate();
                (0..terms.entropy.len()).for_each(|step| gradients.entropy[step] += weight(step));
                weighted.map(|(step, entropy)| weight(step) * entropy).sum()
            }
        }
        crate::check::check_gradient(&Entropy).unwrap();
    }
}
