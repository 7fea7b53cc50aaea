//! Trajectory balance (Malkin et al. 2022, arXiv 2201.13259).

use gfn_core::loss::TrajectoryGradients;
use gfn_core::{Loss, Needs, Objective, TrajectoryLoss, TrajectoryTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Trajectory balance: along every whole trajectory the flow forward equals the flow back.
///
/// Formula: L = mean over trajectories of (log Z + Σ log P_F − Σ log P_B − log R)².
///
/// log Z is learned with a step size of its own, `optimizer.log_z_learning_rate`.
///
/// Reference: Malkin et al. 2022, "Trajectory balance: improved credit assignment in GFlowNets", arXiv 2201.13259.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Trajectory balance; see [`Params`].
#[derive(Clone, Debug)]
pub struct TrajectoryBalance;

impl Loss for TrajectoryBalance {
    fn needs(&self) -> Needs {
        Needs {
            backward_policy: true,
            log_z: true,
            ..Needs::default()
        }
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Trajectory(self)
    }
}

impl TrajectoryLoss for TrajectoryBalance {
    fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64 {
        let count = terms.log_reward.len() as f64;
        let mut total = 0.0;
        for (window, log_reward) in terms.offsets.windows(2).zip(terms.log_reward) {
            let steps = window[0]..window[1];
            let residual = terms.log_z + log_ratio(terms, steps.clone()) - log_reward;
            total += residual * residual;
            let slope = 2.0 * residual / count;
            gradients.log_z += slope;
            for step in steps {
                gradients.log_pf[step] += slope;
                gradients.log_pb[step] -= slope;
            }
        }
        total / count
    }
}

/// Σ log P_F − Σ log P_B over `steps`.
pub(crate) fn log_ratio(terms: &TrajectoryTerms<'_>, steps: std::ops::Range<usize>) -> f64 {
    let forward: f64 = terms.log_pf[steps.clone()].iter().sum();
    let backward: f64 = terms.log_pb[steps].iter().sum();
    forward - backward
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_loss;

    #[test]
    fn keeps_the_contract() {
        check_loss(&TrajectoryBalance).unwrap();
    }
}
