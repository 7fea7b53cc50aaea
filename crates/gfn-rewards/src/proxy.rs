//! A property of a molecule, as a network that was fitted to a table predicts it.

use std::path::Path;

use gfn_core::{ObjectKind, Objects, Remark, Reward, RewardError};
use gfn_proxy::fitted::{FeaturesError, Prediction, Proxy, ProxyError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The proxy that is there without a file: `data/README.md` says how it was made.
const BUILT_IN: &[u8] = include_bytes!("../../../data/seh-vina.safetensors");

/// Rewards a molecule by what a network predicts that was fitted to a table of measured molecules: `gfn proxy fit DATA.csv` makes
/// its file, which says what is predicted and whether greater or smaller values are better. Without a file it is the built-in one:
/// the energy, in kcal/mol, with which AutoDock Vina docks a small molecule to soluble epoxide hydrolase (sEH). It was fitted to
/// molecules of two to four built-in blocks; `docs/molecules.md` says how far off it is.
///
/// What counts is the predicted value, or an acquisition function of it and its uncertainty, which is the standard deviation that
/// the ensemble expects its error to have. The reward is 0 where that is no better than `offset`, so it needs a floor.
///
/// A molecule with an element that no molecule the proxy learned from has is not predicted: its reward is 0. Stereochemistry is not
/// seen. Cost: about half a millisecond a molecule.
///
/// Formula: R(x) = max(0, s (a(x) − offset)) / scale, where s is 1, or −1 where smaller values are better, and a(x) = μ(x)
/// (`mean`) or μ(x) + s beta σ(x) (`ucb`); or R(x) = E[max(0, s (Y − best))] / scale with Y normal of mean μ(x) and standard
/// deviation σ(x) (`expected-improvement`).
///
/// References: Gilmer et al. 2017, "Neural message passing for quantum chemistry", arXiv 1704.01212 (networks);
/// Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation using deep ensembles", arXiv 1612.01474;
/// Jones et al. 1998, "Efficient global optimization of expensive black-box functions", Journal of Global Optimization 13,
/// 455-492, doi 10.1023/A:1008306431147 (expected improvement).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The proxy's file; a relative path starts from the file that names it; absent: the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "solubility.proxy.safetensors")]
    pub path: Option<String>,
    /// The sha256 of that file in 64 hexadecimal digits; with another file, nothing is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        extend("pattern" = "^[0-9a-fA-F]{64}$"),
        example = "819b317b6b3181a249d903744d0377ed129f52d11fd206ae2eaaabd3f3a1a6af"
    )]
    pub sha256: Option<String>,
    /// What of a prediction counts.
    #[serde(default)]
    pub acquisition: Acquisition,
    /// How many standard deviations are added for `ucb`; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0), example = 1.0)]
    pub beta: Option<f64>,
    /// The value that is to be improved on for `expected-improvement`, in the table's unit; absent: the best of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = -9.5)]
    pub best: Option<f64>,
    /// The value whose reward is 0, in the table's unit; absent: the mean of the molecules that the network was fitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = -4.0)]
    pub offset: Option<f64>,
    /// By how much a value must be better than `offset` for a reward of 1, in the table's unit; absent: the standard deviation of
    /// the molecules that the network was fitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0), example = 5.0)]
    pub scale: Option<f64>,
}

/// What of a prediction counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Acquisition {
    /// The predicted value.
    #[default]
    Mean,
    /// The predicted value and `beta` standard deviations more: the best that may be hoped for.
    Ucb,
    /// By how much a molecule is expected to be better than `best`.
    ExpectedImprovement,
}

impl Params {
    /// What a schema cannot state.
    ///
    /// # Errors
    /// A sentence that begins with the setting.
    pub fn check(&self) -> Result<(), String> {
        let only = |key: &str, is_given: bool, wanted: Acquisition, name: &str| match is_given
            && self.acquisition != wanted
        {
            true => Err(format!(
                "`reward.{key}` does nothing: it belongs to `acquisition = \"{name}\"`"
            )),
            false => Ok(()),
        };
        let improvement = Acquisition::ExpectedImprovement;
        only("beta", self.beta.is_some(), Acquisition::Ucb, "ucb")?;
        only("best", self.best.is_some(), improvement, "expected-improvement")?;
        if self.offset.is_some() && self.acquisition == improvement {
            let message = "`reward.offset` does nothing with `acquisition = \"expected-improvement\"`; `best` is what is improved on";
            return Err(message.into());
        }
        Ok(())
    }

    /// The proxy that these parameters name, and the hash of its file.
    ///
    /// # Errors
    /// [`ProxyError`] names the file, what is wrong with it and what to do.
    pub fn proxy(&self) -> Result<(Proxy, String), ProxyError> {
        let wanted = self.sha256.as_deref();
        match &self.path {
            Some(path) => Proxy::load(Path::new(path), wanted),
            None => Proxy::read(Path::new("the built-in proxy"), BUILT_IN, wanted),
        }
    }
}

/// Whether the reward understands objects of `kind`, before its network is read.
///
/// # Errors
/// What the reward needs instead.
pub fn accepts(kind: &ObjectKind) -> Result<(), String> {
    match kind {
        ObjectKind::Molecule => Ok(()),
        other => Err(format!("molecules, not {other}")),
    }
}

/// From a prediction to a reward.
#[derive(Clone, Copy, Debug)]
struct Judge {
    acquisition: Acquisition,
    /// 1 where greater values are better, −1 where smaller ones are.
    sign: f64,
    beta: f64,
    best: f64,
    offset: f64,
    scale: f64,
}

impl Judge {
    fn reward(&self, prediction: Prediction) -> f64 {
        let Prediction {
            mean,
            deviation,
            is_known,
        } = prediction;
        let better = match self.acquisition {
            _ if !is_known => return 0.0,
            Acquisition::Mean => self.sign * (mean - self.offset),
            Acquisition::Ucb => self.sign * (mean - self.offset) + self.beta * deviation,
            Acquisition::ExpectedImprovement => {
                expected_improvement(self.sign * (mean - self.best), deviation)
            }
        };
        better.max(0.0) / self.scale
    }
}

/// The mean of max(0, Y) for Y normal of this mean and standard deviation.
fn expected_improvement(mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return mean.max(0.0);
    }
    let z = mean / deviation;
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let share = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    mean * share + deviation * density
}

/// The reward; [`Params`] says what it is.
#[derive(Clone, Debug)]
pub struct ProxyReward {
    proxy: Proxy,
    sha256: String,
    judge: Judge,
    threads: usize,
}

impl ProxyReward {
    /// The reward, computed on `threads` threads where a batch is worth it.
    ///
    /// # Errors
    /// [`ProxyError`] where there is no proxy.
    pub fn new(params: &Params, threads: usize) -> Result<Self, ProxyError> {
        let (proxy, sha256) = params.proxy()?;
        let target = &proxy.metadata().target;
        let judge = Judge {
            acquisition: params.acquisition,
            sign: target.direction.sign(),
            beta: params.beta.unwrap_or(1.0),
            best: params.best.unwrap_or(target.best),
            offset: params.offset.unwrap_or(target.mean),
            scale: params.scale.unwrap_or(target.deviation),
        };
        Ok(Self {
            proxy,
            sha256,
            judge,
            threads,
        })
    }

    fn value(&self, prediction: Result<Prediction, FeaturesError>) -> Result<f64, String> {
        match prediction {
            Ok(prediction) => Ok(self.judge.reward(prediction).ln()),
            // As strange to the network as one that it never learned from.
            Err(FeaturesError::Element { .. }) => Ok(f64::NEG_INFINITY),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Reward for ProxyReward {
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String> {
        accepts(kind)
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        let smiles: Vec<String> = (0..objects.len()).map(|index| objects.describe(index)).collect();
        let predictions = self.proxy.predict_smiles(&smiles, self.threads);
        for ((prediction, smiles), value) in predictions.into_iter().zip(smiles).zip(log_reward) {
            *value = self.value(prediction).map_err(|message| RewardError::Object {
                object: smiles,
                message,
            })?;
        }
        Ok(())
    }

    fn can_be_zero(&self) -> bool {
        true
    }

    fn remarks(&self) -> Vec<Remark> {
        let warning = self.proxy.metadata().errors.warning();
        warning
            .map(|warning| Remark::new("path", format!("`reward.path`: {warning}")))
            .into_iter()
            .collect()
    }

    fn provenance(&self) -> Vec<(String, String)> {
        let metadata = self.proxy.metadata();
        let (target, errors) = (&metadata.target, &metadata.errors);
        let unit = target.unit.as_deref().unwrap_or_default();
        let predicted = format!("{} {unit}", target.name).trim_end().to_string();
        vec![
            ("sha256".into(), self.sha256.clone()),
            ("predicts".into(), predicted),
            (
                "test error".into(),
                format!(
                    "{} (always the mean: {})",
                    gfn_text::with_decimals(errors.rmse, 3),
                    gfn_text::with_decimals(errors.mean_rmse, 3)
                ),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(acquisition: Acquisition) -> Judge {
        Judge {
            acquisition,
            sign: -1.0,
            beta: 2.0,
            best: -9.0,
            offset: -6.0,
            scale: 4.0,
        }
    }

    fn prediction(mean: f64, deviation: f64) -> Prediction {
        Prediction {
            mean,
            deviation,
            is_known: true,
        }
    }

    #[test]
    fn smaller_is_better_where_the_file_says_so() {
        let reward = |acquisition, mean| judge(acquisition).reward(prediction(mean, 0.5));
        assert_eq!(reward(Acquisition::Mean, -8.0), 0.5);
        assert_eq!(reward(Acquisition::Mean, -5.0), 0.0);
        assert_eq!(reward(Acquisition::Ucb, -8.0), 0.75);
        assert_eq!(reward(Acquisition::Ucb, -5.5), 0.125);
        let unknown = Prediction {
            is_known: false,
            ..prediction(-8.0, 0.5)
        };
        assert_eq!(judge(Acquisition::Mean).reward(unknown), 0.0);
    }

    /// Against a sum over the normal distribution.
    #[test]
    fn improvement_is_a_mean() {
        for (mean, deviation) in [(0.5, 1.0), (-2.0, 0.7), (3.0, 0.2), (-1.0, 0.0), (1.0, 0.0)] {
            let step = 1e-3;
            let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            let points = (-9000..9000).map(|index| f64::from(index) * step + 0.5 * step);
            let sum: f64 = points
                .map(|z| (mean + deviation * z).max(0.0) * density(z) * step)
                .sum();
            let found = expected_improvement(mean, deviation);
            assert!((found - sum).abs() < 1e-6, "{mean} {deviation}: {found} {sum}");
        }
        let found = judge(Acquisition::ExpectedImprovement).reward(prediction(-10.0, 0.0));
        assert_eq!(found, 0.25);
    }

    #[test]
    fn the_built_in_proxy_knows_docking() {
        let (proxy, sha256) = serde_json::from_str::<Params>("{}").unwrap().proxy().unwrap();
        let metadata = proxy.metadata();
        assert_eq!(
            (metadata.target.name.as_str(), metadata.target.direction.sign()),
            ("energy", -1.0)
        );
        assert!(
            metadata.errors.rmse < 0.8 * metadata.errors.mean_rmse,
            "{:?}",
            metadata.errors
        );
        // The error that its file tells is the error that it has, on the table that is kept beside it.
        let table = include_str!("../../../data/seh-vina.csv");
        assert_eq!(metadata.data.rows, table.lines().count() - 1);
        let small = proxy.predict_smiles(&["CCO", "O=C(NCc1ccc(Cl)cc1)Nc1ccc2ccccc2c1"], 1);
        let [small, large] = [0, 1].map(|index| small[index].as_ref().unwrap().mean);
        assert!(
            large < small - 1.5 && (-12.0..-2.0).contains(&large),
            "{small} {large}"
        );
        let other = Params {
            sha256: Some("0".repeat(64)),
            ..serde_json::from_str("{}").unwrap()
        };
        assert!(other.proxy().unwrap_err().to_string().contains(&sha256));
    }

    #[test]
    fn settings_without_effect_are_refused() {
        let read = |text: &str| serde_json::from_str::<Params>(text).unwrap().check();
        assert_eq!(
            read(r#"{"path": "x", "acquisition": "ucb", "beta": 2.0, "offset": 1.0}"#),
            Ok(())
        );
        assert!(
            read(r#"{"path": "x", "beta": 2.0}"#)
                .unwrap_err()
                .starts_with("`reward.beta` does nothing")
        );
        assert!(read(r#"{"path": "x", "acquisition": "ucb", "best": 2.0}"#).is_err());
        assert!(read(r#"{"path": "x", "acquisition": "expected-improvement", "offset": 2.0}"#).is_err());
    }
}
