//! A reward in Rust that reads a network's weights: docking to soluble epoxide hydrolase, as the network of Bengio et al. 2021
//! (arXiv 2106.04399) predicts it.
//!
//! R = max(score, 0) / `divide_by`. It is the built-in reward `seh-proxy` as a plugin, with one difference: a plugin is told plain
//! SMILES, so no atom has an open attachment point unless the text marks some. The README has the parameters, and how to build and
//! check the plugin.

use std::num::NonZeroUsize;
use std::path::Path;

use gfn_plugin_sdk::{
    BadParameters, Batch, BatchReward, Context, Description, Error, Plugin, Scores, export_reward, parameters,
};
use gfn_proxy::{Precision, Scorer, Settings, Stems, Variant, Weights};

parameters! {
    /// What the reward can be told.
    pub struct Parameters {
        /// The network's weights, a safetensors file, by its whole path. The plugin must be allowed to read it.
        pub weights: String = "";
        /// The sha256 of that file in 64 hexadecimal digits; with another file, nothing is scored. Empty: any.
        pub sha256: String = "";
        /// The authors' function, or that of Recursion's library.
        pub variant: String = "original", one_of(&["original", "recursion"]);
        /// Whether atoms with a map number, as in `[CH3:1]O`, have an open attachment point.
        pub stems: String = "none", one_of(&["none", "open"]);
        /// What scores are divided by.
        pub divide_by: f64 = 8.0, range(1e-6..);
        /// In which precision the network is computed.
        pub precision: String = "f32", one_of(&["f32", "f64"]);
        /// On how many threads; no score depends on it.
        pub threads: usize = 1, range(1..=1024);
    }
}

/// The reward; see [`Parameters`].
pub struct SehProxy {
    scorer: Scorer,
    stems: Stems,
    divide_by: f64,
}

impl Plugin for SehProxy {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description {
        licence: "MIT OR Apache-2.0",
        objects: &["molecule"],
        can_be_zero: true,
        // A score of 7, at the usual `divide_by`.
        mode_threshold: Some(0.875),
        ..Description::new(
            "seh-proxy",
            env!("CARGO_PKG_VERSION"),
            "Rewards molecules that a network predicts to dock well to soluble epoxide hydrolase.",
        )
    };

    fn create(parameters: Parameters, _: &Context) -> Result<Self, Error> {
        if parameters.weights.is_empty() {
            let message = "`weights` is empty: set it to the path of the network's weights, and name the path under `read` too";
            return Err(BadParameters::new(message).into());
        }
        let sha256 = Some(parameters.sha256.as_str()).filter(|hash| !hash.is_empty());
        let weights = Weights::load(Path::new(&parameters.weights), sha256)?;
        Ok(Self {
            scorer: Scorer::new(&weights, settings(&parameters)),
            stems: match parameters.stems.as_str() {
                "open" => Stems::Open,
                _ => Stems::None,
            },
            divide_by: parameters.divide_by,
        })
    }
}

fn settings(parameters: &Parameters) -> Settings {
    Settings {
        variant: match parameters.variant.as_str() {
            "recursion" => Variant::Recursion,
            _ => Variant::Original,
        },
        precision: match parameters.precision.as_str() {
            "f64" => Precision::F64,
            _ => Precision::F32,
        },
        threads: NonZeroUsize::new(parameters.threads).unwrap_or(NonZeroUsize::MIN),
    }
}

impl SehProxy {
    /// The log-reward of each SMILES, or why it has none.
    pub fn log_rewards(&self, smiles: &[&str]) -> Vec<Result<f64, String>> {
        let scores = self.scorer.scores(smiles, self.stems).into_iter();
        let log_reward = |score: f64| (score.max(0.0) / self.divide_by).ln();
        scores
            .map(|score| score.map(log_reward).map_err(|error| error.to_string()))
            .collect()
    }
}

impl BatchReward for SehProxy {
    type Object = str;

    fn score(&self, batch: Batch<'_, str>, scores: &mut Scores<'_>) -> Result<(), Error> {
        let smiles: Vec<&str> = batch.iter().collect();
        for (index, log_reward) in self.log_rewards(&smiles).into_iter().enumerate() {
            match log_reward {
                Ok(log_reward) => scores.set(index, log_reward),
                Err(why) => scores.fail(index, &why),
            }
        }
        Ok(())
    }
}

export_reward!(SehProxy);
