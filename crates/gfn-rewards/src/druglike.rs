//! Drug-likeness: R = QED, the geometric mean of eight desirabilities of a molecule.

use std::num::NonZeroUsize;

use gfn_chem::Molecule;
use gfn_core::{ObjectKind, Objects, Reward, RewardError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Batches below this are scored on the caller's thread: starting threads would take longer.
const PARALLEL_FROM: usize = 8;

/// Rewards a molecule by its drug-likeness QED, in (0, 1].
///
/// Formula: R(x) = exp(Σ w_i ln d_i(x) / Σ w_i).
///
/// It is the weighted geometric mean of eight desirabilities d_i, of the molecular weight,
/// the octanol-water partition coefficient (Crippen's), the numbers of hydrogen-bond acceptors and donors, the polar
/// surface area, the numbers of rotatable bonds and of aromatic rings, and the number of structural alerts. Weights are
/// the published means, and values agree with RDKit's `QED.qed`. Cost: about a millisecond a molecule of 45 atoms.
///
/// Reference: Bickerton et al. 2012, "Quantifying the chemical beauty of drugs", Nature Chemistry 4, 90-98, doi
/// 10.1038/nchem.1243.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// The reward; [`Params`] says what it is.
#[derive(Clone, Copy, Debug)]
pub struct Druglike {
    threads: NonZeroUsize,
}

impl Druglike {
    /// The reward, computed on `threads` threads (at least one) where a batch is worth it.
    pub fn new(_params: &Params, threads: usize) -> Self {
        Self {
            threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl Reward for Druglike {
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String> {
        match kind {
            ObjectKind::Molecule => Ok(()),
            other => Err(format!("molecules, not {other}")),
        }
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        assert_eq!(objects.len(), log_reward.len(), "a place for each object");
        if objects.len() < PARALLEL_FROM || self.threads.get() == 1 {
            return score(objects, 0, log_reward);
        }
        let share = objects.len().div_ceil(self.threads.get());
        std::thread::scope(|scope| {
            let workers: Vec<_> = log_reward
                .chunks_mut(share)
                .enumerate()
                .map(|(part, chunk)| scope.spawn(move || score(objects, part * share, chunk)))
                .collect();
            // The first failure by index is reported, however the threads are timed.
            workers.into_iter().try_for_each(|worker| match worker.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    }

    fn greatest(&self) -> Option<f64> {
        Some(1.0)
    }
}

/// Scores the objects from number `first` on.
fn score(objects: &Objects<'_>, first: usize, log_reward: &mut [f64]) -> Result<(), RewardError> {
    for (offset, value) in log_reward.iter_mut().enumerate() {
        let smiles = objects.describe(first + offset);
        let molecule = Molecule::parse(&smiles).map_err(|error| RewardError::Object {
            object: smiles,
            message: error.to_string(),
        })?;
        *value = molecule.qed().ln();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gfn_core::{Actions, Environment, EnvironmentSpec, Mask, Observation, View};

    use super::*;

    /// Finished molecules and nothing else.
    struct Shelf(EnvironmentSpec, Vec<&'static str>);

    fn shelf(objects: ObjectKind, smiles: &[&'static str]) -> Shelf {
        let spec = EnvironmentSpec {
            name: "shelf",
            initial: vec![0],
            actions: Actions::fixed(1),
            backward_actions: Actions::fixed(1),
            most_steps: 1,
            stop: None,
            views: vec![View::Indices {
                features: 1,
                active: 1,
            }],
            objects,
        };
        Shelf(spec, smiles.to_vec())
    }

    impl Environment for Shelf {
        fn spec(&self) -> &EnvironmentSpec {
            &self.0
        }
        fn forward_mask(&self, _: &[i32], _: &mut Mask) {}
        fn backward_mask(&self, _: &[i32], _: &mut Mask) {}
        fn step(&self, _: &[i32], _: usize, _: &mut [i32]) -> usize {
            0
        }
        fn undo(&self, _: &[i32], _: usize, _: &mut [i32]) -> usize {
            0
        }
        fn observe(&self, _: usize, _: &[i32], _: &mut Observation) {}
        fn describe(&self, state: &[i32]) -> String {
            self.1[state[0] as usize].into()
        }
    }

    fn rewards(threads: usize, shelf: &Shelf, states: &[i32]) -> Result<Vec<f64>, RewardError> {
        let mut log_reward = vec![0.0; states.len()];
        Druglike::new(&Params {}, threads).log_reward(&Objects::new(shelf, states), &mut log_reward)?;
        Ok(log_reward)
    }

    /// From RDKit 2026.09.1, `QED.qed`.
    #[test]
    fn known_molecules_have_known_rewards() {
        let shelf = shelf(
            ObjectKind::Molecule,
            &["c1ccccc1", "C=O", "O", "CC(=O)Oc1ccccc1C(=O)O"],
        );
        let found = rewards(1, &shelf, &[0, 1, 2, 3]).unwrap();
        for (log_reward, qed) in found.iter().zip([0.442628, 0.360624, 0.327748, 0.550122]) {
            assert!(
                (log_reward.exp() - qed).abs() < 1e-6,
                "{} {qed}",
                log_reward.exp()
            );
        }
    }

    #[test]
    fn threads_change_nothing() {
        let shelf = shelf(
            ObjectKind::Molecule,
            &["c1ccccc1", "CCO", "CCN", "c1ccncc1", "CC(C)=O"],
        );
        let states: Vec<i32> = (0..23).map(|index| index * 7 % 5).collect();
        let one = rewards(1, &shelf, &states).unwrap();
        for threads in [0, 2, 3, 40] {
            assert_eq!(rewards(threads, &shelf, &states).unwrap(), one);
        }
    }

    #[test]
    fn the_first_unreadable_object_is_named() {
        let shelf = shelf(ObjectKind::Molecule, &["C", "C(C)(C)(C)(C)C", "C("]);
        let error = rewards(3, &shelf, &[0, 0, 0, 0, 1, 0, 0, 2, 0, 0])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("the reward of C(C)(C)(C)(C)C: `C(C)(C)(C)(C)C` is not a possible"),
            "{error}"
        );
        assert!(rewards(1, &shelf, &[2]).is_err());
    }

    #[test]
    fn only_molecules_are_accepted() {
        let reward = Druglike::new(&Params {}, 1);
        assert!(reward.accepts(&ObjectKind::Molecule).is_ok());
        assert_eq!(
            reward.accepts(&ObjectKind::Other("strings".into())),
            Err("molecules, not strings".into())
        );
    }
}
