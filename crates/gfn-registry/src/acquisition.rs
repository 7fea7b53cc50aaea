//! `[acquisition]`: rounds in which a proxy of the reward learns from the reward itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rounds of active learning: `gfn acquire`. A plain `gfn run` takes no notice of it.
///
/// The reward of the file is the oracle, which is too expensive to train on. In each round, networks are fitted to all molecules
/// that it has labeled, a policy is trained on what they predict, and the best of what that policy draws is labeled. With `mean`
/// and `ucb` the policy's reward has the oracle's unit, and the exponent, floor and clip of `[reward]`. An expected improvement is
/// told in standard deviations of what is labeled, and has an exponent and a floor of its own.
///
/// References: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation", arXiv
/// 2106.04399, section 4.3; Jain et al. 2022, "Biological sequence design with GFlowNets", arXiv 2203.04115.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Acquisition {
    /// How many rounds there are. More can be asked for later.
    #[schemars(range(min = 1, max = 10_000), extend("x-unit" = "rounds"))]
    pub rounds: u64,
    /// How many molecules the oracle labels in a round.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "molecules"))]
    pub proposals: usize,
    /// How many molecules are drawn from a round's policy, to choose them from.
    #[schemars(range(min = 1, max = 10_000_000), extend("x-unit" = "molecules"))]
    pub candidates: usize,
    /// A table of molecules that are labeled already, with the columns `smiles` and `value`, the oracle's reward before shaping,
    /// which is never negative: of an energy E of docking, max(score, 0) / `divide_by` as `reward.docking` has it. Relative to this
    /// file. Absent: the oracle labels molecules drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "labeled.csv")]
    pub initial: Option<String>,
    /// How many random molecules are labeled first where no table is given.
    #[schemars(range(min = 20, max = 10_000_000), extend("x-unit" = "molecules"))]
    pub initial_size: usize,
    /// What of a prediction the policy is trained on.
    pub function: Function,
    /// How many standard deviations are added for `ucb`.
    #[schemars(range(min = 0.0))]
    pub beta: f64,
    /// The power to which the policy's reward is raised; absent: that of `[reward]`, and 2 for `expected-improvement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0), example = 4.0)]
    pub exponent: Option<f64>,
    /// The least reward of the policy, before the power; absent: that of `[reward]`, and 0.001 for `expected-improvement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0), example = 0.01)]
    pub floor: Option<f64>,
    /// How proposals are chosen from the candidates.
    pub selection: Selection,
    /// For `diverse`: the Tanimoto similarity from which a candidate is passed over for one that is chosen already.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub similarity: f64,
    /// How the networks are fitted.
    pub fit: Fit,
}

impl Default for Acquisition {
    fn default() -> Self {
        Self {
            rounds: 5,
            proposals: 200,
            candidates: 2000,
            initial: None,
            initial_size: 2000,
            function: Function::Ucb,
            beta: 0.1,
            exponent: None,
            floor: None,
            selection: Selection::Top,
            similarity: 0.7,
            fit: Fit::default(),
        }
    }
}

/// What of a prediction counts; `reward.proxy` has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// The predicted value.
    Mean,
    /// The predicted value and `beta` standard deviations more.
    Ucb,
    /// By how much a molecule is expected to be better than the best that is labeled, in standard deviations of what is labeled.
    ExpectedImprovement,
}

impl Function {
    /// Its name in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Ucb => "ucb",
            Self::ExpectedImprovement => "expected-improvement",
        }
    }
}

/// How proposals are chosen from the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// The best.
    Top,
    /// The best that are not too similar to a better one of the same round; where those are too few, the best of the others.
    Diverse,
}

/// How the networks of a round are fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fit {
    /// How many networks there are; their disagreement tells how sure they are.
    #[schemars(range(min = 1, max = 100), extend("x-unit" = "networks"))]
    pub ensemble: usize,
    /// The most epochs of each network.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "epochs"))]
    pub epochs: usize,
    /// A network stops after so many epochs without a better validation error.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "epochs"))]
    pub patience: usize,
    /// Numbers in the state of an atom.
    #[schemars(range(min = 1, max = 1024))]
    pub hidden: usize,
    /// Rounds of messages between atoms.
    #[schemars(range(min = 1, max = 100))]
    pub rounds: usize,
    /// Molecules in a step.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "molecules"))]
    pub batch_size: usize,
    /// The first step size; it falls to 0 over all epochs.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub learning_rate: f64,
}

impl Default for Fit {
    fn default() -> Self {
        Self {
            ensemble: 5,
            epochs: 100,
            patience: 25,
            hidden: 64,
            rounds: 4,
            batch_size: 32,
            learning_rate: 2e-3,
        }
    }
}
