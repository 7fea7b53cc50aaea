//! Detailed balance (Bengio et al. 2023, arXiv 2111.09266).

use gfn_core::loss::TrajectoryGradients;
use gfn_core::{Loss, Needs, Objective, TrajectoryLoss, TrajectoryTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Detailed balance: along every edge the flow forward equals the flow back.
///
/// Formula: L = mean over edges s → s′ of (log F(s) + log P_F(s′|s) − log F(s′) − log P_B(s|s′))².
///
/// The network learns the flow F of states; that of a finished object is its reward.
///
/// Reference: Bengio et al. 2023, "GFlowNet foundations", arXiv 2111.09266.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Detailed balance; see [`Params`].
#[derive(Clone, Debug)]
pub struct DetailedBalance;

impl Loss for DetailedBalance {
    fn needs(&self) -> Needs {
        Needs {
            backward_policy: true,
            state_flow: true,
            ..Needs::default()
        }
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Trajectory(self)
    }
}

impl TrajectoryLoss for DetailedBalance {
    fn evaluate(&self, terms: &TrajectoryTerms<'_>, gradients: &mut TrajectoryGradients) -> f64 {
        let count = terms.log_pf.len() as f64;
        let mut total = 0.0;
        for (window, &log_reward) in terms.offsets.windows(2).zip(terms.log_reward) {
            for step in window[0]..window[1] {
                let last = step + 1 == window[1];
                let next_flow = if last {
                    log_reward
                } else {
                    terms.log_flow[step + 1]
                };
                let residual = terms.log_flow[step] + terms.log_pf[step] - next_flow - terms.log_pb[step];
                total += residual * residual;
                let slope = 2.0 * residual / count;
                gradients.log_flow[step] += slope;
                gradients.log_pf[step] += slope;
                gradients.log_pb[step] -= slope;
                if !last {
                    gradients.log_flow[step + 1] -= slope;
                }
            }
        }
        total / count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_loss;

    #[test]
    fn keeps_the_contract() {
        check_loss(&DetailedBalance).unwrap();
    }
}
