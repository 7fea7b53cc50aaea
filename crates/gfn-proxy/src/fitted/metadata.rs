//! What a proxy's file says of itself, beside the weights.

use gfn_text::with_decimals;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::features::{ATOM_COLUMNS, DESCRIPTORS};
use super::network::BOND_KINDS;

/// All that a prediction depends on beside the weights, and where they come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The version of gfn that wrote the file.
    pub gfn: String,
    /// The version of what the network sees.
    pub features: u32,
    /// The networks' sizes.
    pub architecture: Architecture,
    /// What is predicted.
    pub target: Target,
    /// How the members' disagreement becomes a standard deviation.
    pub uncertainty: Uncertainty,
    /// Symbols of the elements that the training molecules have.
    pub elements: Vec<String>,
    /// What it was fitted to.
    pub data: Data,
    /// How the data were parted.
    pub split: Split,
    /// How far it is from the test molecules, which it never saw.
    pub errors: Errors,
    /// What the user should know before relying on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Metadata {
    /// What the user should know before relying on the proxy; also of files whose writer did not yet say so.
    pub fn all_warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        warnings.extend(
            self.errors
                .warning()
                .filter(|warning| !self.warnings.contains(warning)),
        );
        warnings
    }
}

/// The sizes of an ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// How many networks there are.
    pub members: usize,
    /// Numbers in an atom's state.
    pub hidden: usize,
    /// Rounds of messages.
    pub rounds: usize,
}

/// A tensor of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name, as saved.
    pub name: &'static str,
    /// Its shape; a product's rows come first.
    pub shape: Vec<usize>,
    /// Inputs of the layer, 0 for a bias.
    pub inputs: usize,
}

impl Architecture {
    /// A member's tensors, in the order in which its weights are kept.
    pub fn tensors(&self) -> Vec<Tensor> {
        let hidden = self.hidden;
        let pooled = 2 * hidden + DESCRIPTORS;
        let tensor = |name, shape: &[usize], inputs| Tensor {
            name,
            shape: shape.to_vec(),
            inputs,
        };
        vec![
            tensor("embed.weight", &[ATOM_COLUMNS, hidden], 6),
            tensor("embed.bias", &[hidden], 0),
            tensor("round.own", &[hidden, hidden], hidden),
            tensor("round.kernels", &[BOND_KINDS, hidden, hidden], 2 * hidden),
            tensor("round.bias", &[hidden], 0),
            tensor("readout.weight", &[pooled, hidden], pooled),
            tensor("readout.bias", &[hidden], 0),
            tensor("value.weight", &[hidden], hidden),
            tensor("value.bias", &[1], 0),
        ]
    }

    /// How many weights a member has.
    pub fn weights(&self) -> usize {
        let sizes = self.tensors().into_iter();
        sizes.map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }
}

/// Which values are better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Greater ones.
    #[default]
    // Proxies of earlier versions have the other spelling.
    #[serde(alias = "maximise")]
    Maximize,
    /// Smaller ones, such as energies of docking.
    #[serde(alias = "minimise")]
    Minimize,
}

impl Direction {
    /// 1 where greater is better, −1 where smaller is.
    pub fn sign(self) -> f64 {
        match self {
            Self::Maximize => 1.0,
            Self::Minimize => -1.0,
        }
    }
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The name of the table's column.
    pub name: String,
    /// Its unit, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which values are better.
    pub direction: Direction,
    /// The mean of the training molecules' values: what the network adds to what it computes.
    pub mean: f64,
    /// Their standard deviation: what the network multiplies it with.
    pub deviation: f64,
    /// The best value of the whole table.
    pub best: f64,
}

/// How the members' disagreement becomes a standard deviation of the error: σ = √((factor · s)² + constant²), where s is the
/// standard deviation of the members' predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// What s is multiplied with.
    pub factor: f64,
    /// What remains where all agree, in the target's unit.
    pub constant: f64,
}

/// What a proxy was fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// The file's name.
    pub file: String,
    /// The sha256 of its content, where it was a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Its rows.
    pub rows: usize,
    /// Its rows that could not be used.
    pub skipped: usize,
    /// Its rows that hold other values than those that were asked for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: usize,
    /// Its rows that were left out because they hold a bound in place of a value.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub censored: usize,
    /// How it was read, where that was not the usual way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Its different molecules.
    pub molecules: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How molecules are parted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SplitKind {
    /// Each by lot.
    #[default]
    Random,
    /// Those with one Bemis-Murcko scaffold stay together, so that the test is of new kinds of molecules.
    Scaffold,
}

/// How the data were parted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// By what.
    pub kind: SplitKind,
    /// By which lot.
    pub seed: u64,
    /// Molecules that the weights were fitted to.
    pub training: usize,
    /// Molecules by which it was decided when to stop.
    pub validation: usize,
    /// Molecules that took no part.
    pub test: usize,
}

/// How far predictions are from the truth, in the target's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// The root of the mean squared error.
    pub rmse: f64,
    /// The mean absolute error.
    pub mae: f64,
    /// The share of the variance that is explained.
    pub r2: Option<f64>,
    /// Spearman's correlation of ranks.
    pub spearman: Option<f64>,
    /// The root of the mean squared error of always predicting the training molecules' mean.
    pub mean_rmse: f64,
    /// Its mean absolute error.
    pub mean_mae: f64,
}

impl Errors {
    /// Whether always predicting the mean would do as well.
    pub fn lose_to_mean(&self) -> bool {
        self.rmse >= self.mean_rmse || self.r2.is_some_and(|r2| r2 < 0.0)
    }

    /// That always predicting the mean would do as well, in a sentence; none where it would not.
    pub fn warning(&self) -> Option<String> {
        let r2 = self
            .r2
            .map_or(String::new(), |r2| format!(", R2 {}", with_decimals(r2, 4)));
        self.lose_to_mean().then(|| {
            format!(
                "the proxy is no better than always predicting the mean: its test error is {}, that of the mean {}{r2}; what is \
                 found by it means nothing",
                with_decimals(self.rmse, 4),
                with_decimals(self.mean_rmse, 4)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_loses_to_the_mean_says_so() {
        let errors = |rmse, mean_rmse, r2| Errors {
            rmse,
            mae: 0.0,
            r2,
            spearman: None,
            mean_rmse,
            mean_mae: 0.0,
        };
        for (found, warns) in [
            (errors(1.0, 2.0, Some(0.75)), false),
            (errors(2.0, 2.0, Some(0.0)), true),
            (errors(78.0, 2.0, Some(-1463.0)), true),
            // The test molecules vary little, and are far from the mean of the others.
            (errors(1.0, 2.0, Some(-0.1)), true),
            (errors(1.0, 2.0, None), false),
            (errors(3.0, 2.0, None), true),
        ] {
            assert_eq!(found.warning().is_some(), warns, "{found:?}");
        }
        assert!(
            errors(78.0, 2.0, Some(-1463.0))
                .warning()
                .unwrap()
                .contains("R2 -1463.0000")
        );
        let warning = errors(2e39, 1e39, Some(-3e20)).warning().unwrap();
        assert!(
            warning.contains("is 2.000e39, that of the mean 1.000e39, R2 -3.000e20;"),
            "{warning}"
        );
    }
}
