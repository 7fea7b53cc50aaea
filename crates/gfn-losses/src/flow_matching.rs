//! Flow matching with ε (Bengio et al. 2021, arXiv 2106.04399).

use gfn_core::loss::FlowGradients;
use gfn_core::{FlowLoss, FlowTerms, Loss, Needs, Objective};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Flow matching: what flows into a state flows out of it, or is its reward.
///
/// Formula: L = mean δ(s′)² over visits of unfinished states + `terminal_weight` · mean δ(s′)² over visits of finished ones, where
/// δ(s′) = log(ε + Σ exp F(s, a) over edges into s′) − log(ε + R(s′) + Σ exp F(s′, a′)).
///
/// Every visited state but the source counts. A finished object has a reward and no flow out; any other state has flow out and no
/// reward. The network's logits are log-flows F of edges; there is no backward policy.
///
/// Reference: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation",
/// arXiv 2106.04399.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// ε, in reward units (of the shaped reward): flows far below it do not matter. 0 switches it off.
    #[schemars(extend("minimum" = 0, "x-unit" = "shaped reward"))]
    pub epsilon: f64,
    /// The weight of finished objects; the 2021 molecule code has 10.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub terminal_weight: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            epsilon: 0.0,
            terminal_weight: 1.0,
        }
    }
}

/// Flow matching; see [`Params`].
#[derive(Clone, Debug)]
pub struct FlowMatching {
    log_epsilon: f64,
    terminal_weight: f64,
}

impl FlowMatching {
    /// The loss with these parameters.
    pub fn new(params: &Params) -> Self {
        Self {
            log_epsilon: params.epsilon.ln(),
            terminal_weight: params.terminal_weight,
        }
    }
}

impl Loss for FlowMatching {
    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Flow(self)
    }
}

/// log(exp a + exp b), and the share of a in it.
fn log_add_exp(a: f64, b: f64) -> (f64, f64) {
    let most = a.max(b);
    if most == f64::NEG_INFINITY {
        return (most, 0.0);
    }
    let (a, b) = ((a - most).exp(), (b - most).exp());
    (most + (a + b).ln(), a / (a + b))
}

impl FlowLoss for FlowMatching {
    fn evaluate(&self, terms: &FlowTerms<'_>, gradients: &mut FlowGradients) -> f64 {
        let finished = |k: usize| terms.log_outflow[k] == f64::NEG_INFINITY;
        let visits = |of_finished: bool| -> f64 {
            (0..terms.visits.len())
                .filter(|&k| finished(k) == of_finished)
                .map(|k| terms.visits[k])
                .sum()
        };
        let (inner, outer) = (
            1.0 / visits(false).max(1.0),
            self.terminal_weight / visits(true).max(1.0),
        );
        let mut total = 0.0;
        for k in 0..terms.visits.len() {
            let weight = terms.visits[k] * if finished(k) { outer } else { inner };
            let (inflow, inflow_share) = log_add_exp(terms.log_inflow[k], self.log_epsilon);
            let (out, out_share) = log_add_exp(terms.log_outflow[k], terms.log_reward[k]);
            let (outflow, outflow_share) = log_add_exp(out, self.log_epsilon);
            let residual = inflow - outflow;
            total += weight * residual * residual;
            gradients.log_inflow[k] = 2.0 * weight * residual * inflow_share;
            gradients.log_outflow[k] = -2.0 * weight * residual * outflow_share * out_share;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_loss;

    #[test]
    fn keeps_the_contract() {
        for (epsilon, terminal_weight) in [(0.0, 1.0), (2.5e-5, 10.0), (0.5, 1.0)] {
            check_loss(&FlowMatching::new(&Params {
                epsilon,
                terminal_weight,
            }))
            .unwrap();
        }
    }

    /// One unfinished state visited three times and one finished one, by the formula.
    #[test]
    fn values_by_hand() {
        let loss = FlowMatching::new(&Params {
            epsilon: 0.25,
            terminal_weight: 10.0,
        });
        let terms = FlowTerms {
            log_inflow: &[2f64.ln(), 1f64.ln()],
            log_outflow: &[3f64.ln(), f64::NEG_INFINITY],
            log_reward: &[f64::NEG_INFINITY, 4f64.ln()],
            visits: &[3.0, 1.0],
        };
        let mut gradients = FlowGradients {
            log_inflow: vec![0.0; 2],
            log_outflow: vec![0.0; 2],
        };
        let expected = (2.25f64 / 3.25).ln().powi(2) + 10.0 * (1.25f64 / 4.25).ln().powi(2);
        assert!((loss.evaluate(&terms, &mut gradients) - expected).abs() < 1e-12);
        assert_eq!(gradients.log_outflow[1], 0.0);
    }
}
