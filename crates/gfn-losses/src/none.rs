//! No loss: nothing is learned.

use gfn_core::{Loss, Needs, Objective};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nothing is learned: objects are drawn and rewarded, and what was found is told as in any run.
///
/// For what others are compared with: `sampler.kind = "metropolis"`, or the random policy, `sampler.kind = "on-policy"` with
/// `random_action_probability = 1.0`. The policy that is measured beside what was found is the network as it began.
///
/// Formula: L = 0.
///
/// Reference: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation",
/// arXiv 2106.04399 (which compares with Markov chains and a random policy).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// No loss; see [`Params`].
#[derive(Clone, Debug)]
pub struct Nothing;

impl Loss for Nothing {
    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn estimates_log_z(&self) -> bool {
        false
    }

    fn objective(&self) -> Objective<'_> {
        Objective::Nothing
    }
}
