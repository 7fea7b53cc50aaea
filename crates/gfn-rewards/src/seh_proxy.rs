//! Docking to soluble epoxide hydrolase, as a published network predicts it.

use std::num::NonZeroUsize;
use std::path::Path;

use gfn_core::{ObjectKind, Objects, Reward, RewardError};
use gfn_proxy::{Precision, Scorer, Settings, Stems, Variant, Weights, WeightsError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The score from which the paper counts a molecule as a mode.
pub(crate) const MODE_SCORE: f64 = 7.0;

/// Rewards a molecule by how well it docks to soluble epoxide hydrolase (sEH), as the network of Bengio et al. 2021 predicts it.
///
/// The network's weights are read from a file, which you have to fetch: `docs/molecules.md` says where it is and how it is made.
/// Scores agree with the authors' own code to 1e-5 (`f32`) or to rounding (`f64`). Cost: about half a millisecond a molecule.
///
/// Scores below 0 count as 0, so the reward needs a floor. What was published, in the keys of `[reward]`: the paper has
/// `divide_by = 8.0`, `exponent = 10.0` and `floor = 0.00125` (a score of 0.01); its code `floor = 0.0125` (a score of 0.1); the
/// library of Recursion has `variant = "recursion"`, `divide_by = 8.0`, `floor = 1e-4`, `clip = 100.0` and exponents from 0 to 64.
///
/// The network sees which atoms have an open attachment point: the score belongs to the state in which assembly ended, and the
/// same molecule put together of other blocks can score differently. Where no point is open it takes the first atom for open, as the
/// authors' code does; which that is depends there on the order of assembly, here on the state alone, so those scores differ (by
/// 0.09 in the root mean square). `stems = "none"` scores the molecule alone.
///
/// Formula: R(x) = max(score(x), 0) / divide_by, where score(x) predicts 4 − (min(E(x), 0) + 8.6) / 1.1 and E is the docking energy
/// in kcal/mol.
///
/// References: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation", arXiv
/// 2106.04399 (network, weights, rewards); Gilmer et al. 2017, "Neural message passing for quantum chemistry", arXiv 1704.01212
/// (architecture).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The network's weights, a safetensors file; a relative path starts from the file that names it.
    #[schemars(example = "seh/proxy.safetensors")]
    pub path: String,
    /// The sha256 of that file in 64 hexadecimal digits; with another file, nothing is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        extend("pattern" = "^[0-9a-fA-F]{64}$"),
        example = "819b317b6b3181a249d903744d0377ed129f52d11fd206ae2eaaabd3f3a1a6af"
    )]
    pub sha256: Option<String>,
    /// Which function is computed with the weights.
    #[serde(default)]
    pub variant: Variant,
    /// Where the network learns of open attachment points; absent: `open` for the variant `original`, `none` for `recursion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = Stems::Open)]
    pub stems: Option<Stems>,
    /// What scores are divided by; the reward of a molecule that scores this is 1.
    #[serde(default = "eight")]
    #[schemars(extend("exclusiveMinimum" = 0, "x-unit" = "score"))]
    pub divide_by: f64,
    /// In which precision the network is computed.
    #[serde(default)]
    pub precision: Precision,
}

fn eight() -> f64 {
    8.0
}

impl Params {
    /// The weights that these parameters name.
    ///
    /// # Errors
    /// [`WeightsError`] names the file, what is wrong with it and what to do.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        Weights::load(Path::new(&self.path), self.sha256.as_deref())
    }

    fn stems(&self) -> Stems {
        self.stems.unwrap_or(match self.variant {
            Variant::Original => Stems::Open,
            Variant::Recursion => Stems::None,
        })
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

/// The reward; [`Params`] says what it is.
#[derive(Clone, Debug)]
pub struct SehReward {
    scorer: Scorer,
    stems: Stems,
    sha256: String,
    divide_by: f64,
}

impl SehReward {
    /// The reward, computed on `threads` threads (at least one) where a batch is worth it.
    ///
    /// # Errors
    /// [`WeightsError`] where there are no weights.
    pub fn new(params: &Params, threads: usize) -> Result<Self, WeightsError> {
        let weights = params.weights()?;
        let settings = Settings {
            variant: params.variant,
            precision: params.precision,
            threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN),
        };
        Ok(Self {
            scorer: Scorer::new(&weights, settings),
            stems: params.stems(),
            sha256: weights.sha256().into(),
            divide_by: params.divide_by,
        })
    }

    /// The objects as the network is to see them. Where an environment cannot tell of open points, none counts.
    fn texts(&self, objects: &Objects<'_>) -> (Vec<String>, Stems) {
        let all = 0..objects.len();
        let open: Option<Vec<String>> = match self.stems {
            Stems::Open => all.clone().map(|index| objects.describe_open(index)).collect(),
            Stems::None => None,
        };
        match open {
            Some(texts) => (texts, Stems::Open),
            None => (all.map(|index| objects.describe(index)).collect(), Stems::None),
        }
    }
}

impl Reward for SehReward {
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String> {
        accepts(kind)
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        let (texts, stems) = self.texts(objects);
        let scores = self.scorer.scores(&texts, stems);
        for (index, (score, value)) in scores.into_iter().zip(log_reward).enumerate() {
            let score = score.map_err(|error| RewardError::Object {
                object: objects.describe(index),
                message: error.to_string(),
            })?;
            *value = (score.max(0.0) / self.divide_by).ln();
        }
        Ok(())
    }

    fn mode_threshold(&self) -> Option<f64> {
        Some(MODE_SCORE / self.divide_by)
    }

    fn can_be_zero(&self) -> bool {
        true
    }

    fn provenance(&self) -> Vec<(String, String)> {
        vec![("sha256".into(), self.sha256.clone())]
    }
}
