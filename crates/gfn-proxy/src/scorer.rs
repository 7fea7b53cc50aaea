//! SMILES to scores, on several threads.

use std::num::NonZeroUsize;

use gfn_chem::{ChemError, MoleculeGraph};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Input, SehProxy, Stems, Variant, Weights};

/// Fewer molecules than this are scored on the caller's thread: starting threads would take longer.
const PARALLEL_FROM: usize = 8;

/// The precision that scores are computed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision: right to about 1e-5.
    #[default]
    F32,
    /// Double precision, as the authors computed: right to about 1e-13, at a third of the speed.
    F64,
}

/// What a [`Scorer`] computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which function.
    pub variant: Variant,
    /// In which precision.
    pub precision: Precision,
    /// On how many threads; no score depends on it.
    pub threads: NonZeroUsize,
}

/// Scores SMILES. Atoms with an open attachment point carry a map number: `[CH3:1]O`. No score depends on the threads, or on what
/// else is scored.
#[derive(Clone, Debug)]
pub struct Scorer {
    network: Network,
    threads: usize,
}

#[derive(Clone, Debug)]
enum Network {
    Single(Box<SehProxy<f32>>),
    Double(Box<SehProxy<f64>>),
}

impl Scorer {
    /// A scorer with these weights.
    pub fn new(weights: &Weights, settings: Settings) -> Self {
        let network = match settings.precision {
            Precision::F32 => Network::Single(Box::new(SehProxy::new(weights, settings.variant))),
            Precision::F64 => Network::Double(Box::new(SehProxy::new(weights, settings.variant))),
        };
        Self {
            network,
            threads: settings.threads.get(),
        }
    }

    /// The score of each SMILES, or why it has none; `stems` says whether their map numbers are open attachment points.
    pub fn scores<S: AsRef<str> + Sync>(&self, smiles: &[S], stems: Stems) -> Vec<Result<f64, ChemError>> {
        if smiles.len() < PARALLEL_FROM || self.threads == 1 {
            return self.scores_here(smiles, stems);
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = smiles
                .chunks(smiles.len().div_ceil(self.threads))
                .map(|part| scope.spawn(move || self.scores_here(part, stems)))
                .collect();
            let parts = workers.into_iter().map(|worker| match worker.join() {
                Ok(scores) => scores,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            parts.flatten().collect()
        })
    }

    fn scores_here<S: AsRef<str>>(&self, smiles: &[S], stems: Stems) -> Vec<Result<f64, ChemError>> {
        let input = |smiles: &S| Ok(Input::new(&MoleculeGraph::parse(smiles.as_ref())?, stems));
        let inputs: Vec<Result<Input, ChemError>> = smiles.iter().map(input).collect();
        let known: Vec<Input> = inputs.iter().flatten().cloned().collect();
        let scores = match &self.network {
            Network::Single(network) => network.scores(&known),
            Network::Double(network) => network.scores(&known),
        };
        let mut scores = scores.into_iter();
        let next = |input: Result<Input, ChemError>| {
            input.map(|_| scores.next().expect("a score for each molecule"))
        };
        inputs.into_iter().map(next).collect()
    }
}
