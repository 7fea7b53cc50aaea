//! Log-partition variance (Zhang et al. 2023, arXiv 2302.05446; VarGrad, Richter et al. 2020).

use gfn_core::loss::TrajectoryGradients;
use gfn_core::{Loss, Needs, Objective, TrajectoryLoss, TrajectoryTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trajectory_balance::log_ratio;

/// Log-partition variance: trajectory balance without a learned log Z.
///
/// Formula: L = variance over the batch of log R + Σ log P_B − Σ log P_F.
///
/// Each of these estimates log Z, and at the solution they agree. Needs a batch of at least two.
///
/// References: Zhang et al. 2023, "Robust scheduling with GFlowNets", arXiv 2302.05446; Richter et al. 2020, "VarGrad: a
/// low-variance gradient estimator for variational inference", arXiv 2010.10436.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Log-partition variance; see [`Params`].
#[derive(Clone, Debug)]
pub struct LogPartitionVariance;

impl Loss for LogPartitionVariance {
    fn needs(&self) -> Needs {
        Needs {
            backward_policy: true,
            least_batch: 2,
            ..Needs::default()
        }
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Trajectory(self)
    }
}

impl TrajectoryLoss for LogPartitionVariance {
    fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64 {
        let count = terms.log_reward.len() as f64;
        let trajectories = terms.offsets.windows(2).zip(terms.log_reward);
        let estimates: Vec<f64> = trajectories
            .map(|(window, log_reward)| log_reward - log_ratio(terms, window[0]..window[1]))
            .collect();
        let mean = estimates.iter().sum::<f64>() / count;
        for (window, estimate) in terms.offsets.windows(2).zip(&estimates) {
            // The gradient through the mean vanishes, for the deviations sum to zero.
            let slope = 2.0 * (estimate - mean) / count;
            for step in window[0]..window[1] {
                gradients.log_pf[step] -= slope;
                gradients.log_pb[step] += slope;
            }
        }
        estimates
            .iter()
            .map(|estimate| (estimate - mean).powi(2))
            .sum::<f64>()
            / count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_loss;

    #[test]
    fn keeps_the_contract() {
        check_loss(&LogPartitionVariance).unwrap();
    }
}
