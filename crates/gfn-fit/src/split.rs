//! Parting molecules into those that are learned from, those that say when to stop, and those that judge.

use std::collections::BTreeMap;

use gfn_chem::Molecule;
use gfn_core::{Purpose, Stream};
use gfn_proxy::fitted::SplitKind;

use crate::table::Measured;

/// One molecule in so many is for validation, and as many for the test.
const ONE_IN: usize = 10;

/// Places in the table of the molecules of each part, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) training: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    pub(crate) test: Vec<usize>,
}

/// Parts molecules, which are in an order of their own and not of the file.
pub(crate) fn part(molecules: &[Measured], kind: SplitKind, seed: u64) -> Parts {
    let mut groups = match kind {
        SplitKind::Random => (0..molecules.len()).map(|place| vec![place]).collect(),
        SplitKind::Scaffold => by_scaffold(molecules),
    };
    shuffle(&mut groups, &mut Stream::new(seed, Purpose::Fitting, 0));
    let share = (molecules.len() / ONE_IN).max(1);
    let mut parts = Parts::default();
    for group in groups {
        // A group that does not fit into a small part whole is learned from.
        let fits = |part: &[usize]| part.len() + group.len() <= share;
        let part = match (fits(&parts.test), fits(&parts.validation)) {
            (true, _) => &mut parts.test,
            (false, true) => &mut parts.validation,
            (false, false) => &mut parts.training,
        };
        part.extend(group);
    }
    for part in [&mut parts.training, &mut parts.validation, &mut parts.test] {
        part.sort_unstable();
    }
    parts
}

fn by_scaffold(molecules: &[Measured]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, molecule) in molecules.iter().enumerate() {
        // What the toolkit cannot find a scaffold of is a kind of its own.
        let scaffold = Molecule::parse(&molecule.smiles).and_then(|molecule| molecule.scaffold());
        groups
            .entry(scaffold.unwrap_or_else(|_| molecule.smiles.clone()))
            .or_default()
            .push(place);
    }
    groups.into_values().collect()
}

/// Puts items into an order by lot (Fisher and Yates).
pub(crate) fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use gfn_proxy::fitted::Features;

    use super::*;

    fn molecules() -> Vec<Measured> {
        let chains = (1..=20).map(|length| "C".repeat(length));
        let rings = (1..=20).map(|length| format!("{}c1ccccc1", "C".repeat(length)));
        let others = (1..=20).map(|length| format!("{}C1CCC1", "N".repeat(length % 2) + &"C".repeat(length)));
        let all = chains.chain(rings).chain(others);
        all.map(|smiles| Measured {
            features: Features::parse(&smiles).unwrap(),
            smiles,
            value: 0.0,
        })
        .collect()
    }

    #[test]
    fn every_molecule_is_in_one_part() {
        let molecules = molecules();
        for kind in [SplitKind::Random, SplitKind::Scaffold] {
            let parts = part(&molecules, kind, 3);
            let mut all = [&parts.training[..], &parts.validation, &parts.test].concat();
            all.sort_unstable();
            assert_eq!(all, (0..60).collect::<Vec<_>>());
            assert_eq!(parts, part(&molecules, kind, 3));
        }
        let parts = part(&molecules, SplitKind::Random, 3);
        assert_eq!((parts.validation.len(), parts.test.len()), (6, 6));
        assert_ne!(parts, part(&molecules, SplitKind::Random, 4));
    }

    #[test]
    fn scaffolds_stay_together() {
        // Ten of each scaffold but one: nothing of a scaffold may be on two sides.
        let rings = |name: &'static str| (1..=3).map(move |length| format!("{}{name}", "C".repeat(length)));
        let scaffolds = [
            "c1ccccc1", "C1CC1", "C1CCC1", "C1CCCC1", "c1ccncc1", "C1CCNCC1", "c1ccoc1", "c1ccsc1",
            "C1CCOC1", "C1CCOCC1", "c1cnoc1", "C1COCCN1",
        ];
        let molecules: Vec<Measured> = scaffolds
            .iter()
            .flat_map(|name| rings(name))
            .map(|smiles| Measured {
                features: Features::parse(&smiles).unwrap(),
                smiles,
                value: 0.0,
            })
            .collect();
        let parts = part(&molecules, SplitKind::Scaffold, 1);
        assert!(!parts.test.is_empty() && !parts.validation.is_empty());
        let scaffold = |place: &usize| {
            Molecule::parse(&molecules[*place].smiles)
                .unwrap()
                .scaffold()
                .unwrap()
        };
        for one in &parts.test {
            let others = parts.training.iter().chain(&parts.validation);
            assert!(others.into_iter().all(|other| scaffold(other) != scaffold(one)));
        }
    }
}
