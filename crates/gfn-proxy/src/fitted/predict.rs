//! An ensemble, and what it says of molecules.

use super::features::{DESCRIPTORS, ELEMENTS, Features, FeaturesError};
use super::metadata::Metadata;
use super::network::{Member, NetworkInput};

/// Fewer molecules than this are computed on the caller's thread: starting threads would take longer.
const PARALLEL_FROM: usize = 8;

/// What an ensemble says of a molecule, in the target's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The mean of the members' values.
    pub mean: f64,
    /// The standard deviation that the error is expected to have.
    pub deviation: f64,
    /// Whether every element of the molecule is in some training molecule; otherwise the rest is guesswork.
    pub is_known: bool,
}

/// A fitted proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    metadata: Metadata,
    /// Means and standard deviations of the training molecules' descriptors.
    scales: [[f32; DESCRIPTORS]; 2],
    /// The weights of each member, as they are saved.
    weights: Vec<Vec<f32>>,
    members: Vec<Member>,
    elements: u16,
}

impl Proxy {
    /// A proxy of these weights, one row a member, and these means and deviations of the descriptors.
    ///
    /// # Panics
    /// Where there are not as many weights as [`super::Architecture::weights`] says, for as many members.
    pub fn new(metadata: Metadata, scales: [[f32; DESCRIPTORS]; 2], weights: Vec<Vec<f32>>) -> Self {
        let architecture = metadata.architecture;
        assert_eq!(weights.len(), architecture.members, "weights of every member");
        for weights in &weights {
            assert_eq!(weights.len(), architecture.weights(), "every weight of a member");
        }
        let known = ELEMENTS.iter().enumerate();
        let known =
            known.filter(|(_, (_, symbol))| metadata.elements.iter().any(|element| element == symbol));
        Self {
            elements: known.fold(0, |set, (place, _)| set | 1 << place),
            members: weights
                .iter()
                .map(|weights| Member::new(architecture, weights))
                .collect(),
            metadata,
            scales,
            weights,
        }
    }

    /// What the file says of itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The same weights with another account of them.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self::new(metadata, self.scales, self.weights)
    }

    /// Means and standard deviations of the training molecules' descriptors.
    pub fn scales(&self) -> &[[f32; DESCRIPTORS]; 2] {
        &self.scales
    }

    /// The weights of each member, in the order of [`super::Architecture::tensors`].
    pub fn weights(&self) -> &[Vec<f32>] {
        &self.weights
    }

    /// The standardised value that each member gives each molecule, `[members][molecules]`. None depends on what is computed
    /// with it.
    pub fn values(&self, molecules: &[Features]) -> Vec<Vec<f32>> {
        let [means, deviations] = &self.scales;
        let seen = |features| NetworkInput {
            features,
            descriptors: std::array::from_fn(|index| {
                (features.descriptors[index] - means[index]) / deviations[index]
            }),
        };
        let seen: Vec<NetworkInput<'_>> = molecules.iter().map(seen).collect();
        self.members.iter().map(|member| member.values(&seen)).collect()
    }

    /// What the ensemble says of molecules.
    pub fn predict(&self, molecules: &[Features]) -> Vec<Prediction> {
        let values = self.values(molecules);
        let molecules = molecules.iter().enumerate();
        molecules
            .map(|(index, features)| {
                let of_members = values.iter().map(|values| f64::from(values[index]));
                self.prediction(of_members, features.elements)
            })
            .collect()
    }

    fn prediction(&self, values: impl Iterator<Item = f64> + Clone, elements: u16) -> Prediction {
        let (target, uncertainty) = (&self.metadata.target, &self.metadata.uncertainty);
        let count = self.members.len() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        let spread = (squares / (count - 1.0).max(1.0)).sqrt() * target.deviation;
        Prediction {
            mean: target.mean + target.deviation * mean,
            deviation: (uncertainty.factor * spread).hypot(uncertainty.constant),
            is_known: elements & !self.elements == 0,
        }
    }

    /// What the ensemble says of each SMILES, or why it cannot be seen; computed on up to `threads` threads, on which nothing
    /// depends.
    pub fn predict_smiles<S: AsRef<str> + Sync>(
        &self,
        smiles: &[S],
        threads: usize,
    ) -> Vec<Result<Prediction, FeaturesError>> {
        if smiles.len() < PARALLEL_FROM || threads < 2 {
            return self.predict_here(smiles);
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = smiles
                .chunks(smiles.len().div_ceil(threads))
                .map(|part| scope.spawn(move || self.predict_here(part)))
                .collect();
            let parts = workers.into_iter().map(|worker| match worker.join() {
                Ok(predictions) => predictions,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            parts.flatten().collect()
        })
    }

    fn predict_here<S: AsRef<str>>(&self, smiles: &[S]) -> Vec<Result<Prediction, FeaturesError>> {
        let features = smiles.iter().map(|smiles| Features::parse(smiles.as_ref()));
        let features: Vec<Result<Features, FeaturesError>> = features.collect();
        let seen: Vec<Features> = features.iter().flatten().cloned().collect();
        let mut predictions = self.predict(&seen).into_iter();
        let next = |features: Result<Features, FeaturesError>| {
            features.map(|_| predictions.next().expect("a prediction for each that is seen"))
        };
        features.into_iter().map(next).collect()
    }
}
