//! Sub-trajectory balance with geometric weights (Madan et al. 2023, arXiv 2209.12782).
//!
//! With φ_k = log F(s_k) − Σ_{m<k} (log P_F − log P_B), the residual of the stretch from i to j is φ_i − φ_j, so the sum
//! over all pairs and its gradient follow from two recurrences along the trajectory: the cost is linear in its length.

use gfn_core::loss::TrajectoryGradients;
use gfn_core::{EnvironmentSpec, Loss, Needs, Objective, TrajectoryLoss, TrajectoryTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Weights of stretches stay below 10 to this power; a number holds 10^308.
const WEIGHT_DIGITS: f64 = 250.0;

/// Sub-trajectory balance: the balance of all stretches of a trajectory, weighted by their length.
///
/// Formula: L = mean over trajectories of Σ λ^(j−i) δ_ij² / Σ λ^(j−i) over all stretches i < j, where
/// δ_ij = log F(s_i) + Σ log P_F − Σ log P_B − log F(s_j), sums from step i to step j.
///
/// The network learns the flow F of states; that of a finished object is its reward.
///
/// Reference: Madan et al. 2023, "Learning GFlowNets from partial episodes for improved convergence and stability", arXiv
/// 2209.12782.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// λ, the weight of a stretch relative to one that is a step shorter: towards 0 the loss is detailed balance, and
    /// the higher it is the nearer to trajectory balance.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10))]
    pub lambda: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { lambda: 0.9 }
    }
}

/// Sub-trajectory balance; see [`Params`].
#[derive(Clone, Debug)]
pub struct SubTrajectoryBalance {
    lambda: f64,
}

impl SubTrajectoryBalance {
    /// The loss with these parameters.
    pub fn new(params: &Params) -> Self {
        Self {
            lambda: params.lambda,
        }
    }
}

impl Loss for SubTrajectoryBalance {
    fn needs(&self) -> Needs {
        Needs {
            backward_policy: true,
            state_flow: true,
            ..Needs::default()
        }
    }

    fn accepts(&self, environment: &EnvironmentSpec) -> Result<(), String> {
        let most = environment.most_steps;
        // Squares of log-flows, and sums over stretches, multiply the weights.
        if (most as f64) * self.lambda.log10() <= WEIGHT_DIGITS {
            return Ok(());
        }
        let lambda = self.lambda;
        Err(format!(
            "`loss.lambda` is {lambda}, and trajectories of environment `{}` take up to {most} steps, but {lambda}^{most} is \
             too large for a number; choose a smaller `loss.lambda`, 1 at most to be safe, or a smaller environment",
            environment.name
        ))
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Trajectory(self)
    }
}

impl TrajectoryLoss for SubTrajectoryBalance {
    fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64 {
        let count = terms.log_reward.len() as f64;
        let mut total = 0.0;
        for (window, &log_reward) in terms.offsets.windows(2).zip(terms.log_reward) {
            let steps = window[0]..window[1];
            let potentials = potentials(terms, steps.clone(), log_reward);
            let (value, slopes) = self.weighted_mean(&potentials);
            total += value;
            // φ_k holds −log P_F and +log P_B of every step before k: those get the sum of the slopes after them.
            let mut after = 0.0;
            for (k, step) in steps.enumerate().rev() {
                after += slopes[k + 1] / count;
                gradients.log_pf[step] -= after;
                gradients.log_pb[step] += after;
                gradients.log_flow[step] += slopes[k] / count;
            }
        }
        total / count
    }
}

/// φ of the n + 1 states of a trajectory.
fn potentials(terms: &TrajectoryTerms<'_>, steps: std::ops::Range<usize>, log_reward: f64) -> Vec<f64> {
    let mut potentials = Vec::with_capacity(steps.len() + 1);
    let mut ratio = 0.0;
    for step in steps {
        potentials.push(terms.log_flow[step] - ratio);
        ratio += terms.log_pf[step] - terms.log_pb[step];
    }
    potentials.push(log_reward - ratio);
    potentials
}

impl SubTrajectoryBalance {
    /// Σ λ^(j−i) (φ_i − φ_j)² / Σ λ^(j−i) over i < j, and its gradient.
    fn weighted_mean(&self, potentials: &[f64]) -> (f64, Vec<f64>) {
        // Differences alone matter: centered values keep the sums small.
        let mean = potentials.iter().sum::<f64>() / potentials.len() as f64;
        let mut slopes = vec![0.0; potentials.len()];
        let mut total_weight = 0.0;
        let mut sweep = |order: &mut dyn Iterator<Item = usize>, total: bool| {
            let (mut weight, mut weighted) = (0.0, 0.0);
            for k in order {
                let value = potentials[k] - mean;
                slopes[k] += 2.0 * (weight * value - weighted);
                if total {
                    total_weight += weight;
                }
                weight = self.lambda * (1.0 + weight);
                weighted = self.lambda * (value + weighted);
            }
        };
        sweep(&mut (0..potentials.len()), true);
        sweep(&mut (0..potentials.len()).rev(), false);
        // The sum is a quadratic form, so it is half the product of the point and the gradient there.
        let value: f64 = potentials
            .iter()
            .zip(&slopes)
            .map(|(value, slope)| (value - mean) * slope / 2.0)
            .sum();
        slopes.iter_mut().for_each(|slope| *slope /= total_weight);
        (value.max(0.0) / total_weight, slopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_loss;
    use gfn_core::{Purpose, Stream};

    #[test]
    fn keeps_the_contract() {
        for lambda in [0.1, 0.9, 1.0, 1.9] {
            check_loss(&SubTrajectoryBalance { lambda }).unwrap();
        }
    }

    /// The longest trajectories that are accepted have a loss that is a number.
    #[test]
    fn weights_beyond_numbers_are_refused() {
        let mut spec = gfn_core::Environment::spec(&gfn_core::testkit::RandomDag::new(0, 3, 2)).clone();
        let loss = SubTrajectoryBalance { lambda: 10.0 };
        spec.most_steps = 250;
        assert_eq!(loss.accepts(&spec), Ok(()));
        let potentials: Vec<f64> = (0..=250).map(|k| f64::from(k % 7) * 1e3).collect();
        let (value, slopes) = loss.weighted_mean(&potentials);
        assert!(value.is_finite() && slopes.iter().all(|slope| slope.is_finite()));
        spec.most_steps = 400;
        assert!(
            loss.accepts(&spec)
                .unwrap_err()
                .starts_with("`loss.lambda` is 10")
        );
        spec.most_steps = 1_000_000;
        assert_eq!(SubTrajectoryBalance { lambda: 1.0 }.accepts(&spec), Ok(()));
    }

    #[test]
    fn recurrences_equal_the_sum_over_pairs() {
        let mut stream = Stream::new(0, Purpose::Test, 0);
        for lambda in [0.1f64, 0.9, 1.0, 1.9] {
            for len in [2, 3, 10, 40] {
                let potentials: Vec<f64> = (0..len).map(|_| 20.0 + stream.normal()).collect();
                let (mut sum, mut weights) = (0.0, 0.0);
                for j in 0..len {
                    for i in 0..j {
                        let weight = lambda.powi((j - i) as i32);
                        sum += weight * (potentials[i] - potentials[j]).powi(2);
                        weights += weight;
                    }
                }
                let (value, _) = SubTrajectoryBalance { lambda }.weighted_mean(&potentials);
                assert!(
                    (value - sum / weights).abs() < 1e-10 * (1.0 + value),
                    "{value} {}",
                    sum / weights
                );
            }
        }
    }
}
