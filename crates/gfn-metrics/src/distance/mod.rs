//! What objects are compared by: modes, diversity and similarity are counted with it, whatever the objects are.

mod tanimoto;

use gfn_core::ObjectKind;
use gfn_registry::settings::Evaluation;

/// How alike two objects are.
pub trait Distance: Send + Sync {
    /// What an object is compared by, of its words; none for words that are no such object.
    fn key(&self, words: &str) -> Option<Key>;

    /// The similarity of two keys: 1 for equal ones, 0 for those that have nothing in common.
    fn similarity(&self, one: &Key, two: &Key) -> f64;

    /// All that is known of an object.
    fn traits(&self, words: &str) -> Traits {
        Traits {
            key: self.key(words),
            family: None,
        }
    }

    /// Whether objects have families.
    fn has_families(&self) -> bool {
        false
    }
}

/// All that a distance knows of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traits {
    /// What it is compared by.
    pub key: Option<Key>,
    /// What objects of one family share, in words: of molecules the scaffold.
    pub family: Option<String>,
}

/// What an object is compared by: a few words, whose meaning the distance knows.
pub type Key = Box<[u64]>;

/// Makes a distance for the objects that it compares.
type Build = fn(&ObjectKind, &Evaluation) -> Option<Box<dyn Distance>>;

/// Every distance there is; the first that takes the objects compares them.
const ALL: &[Build] = &[tanimoto::of];

/// What these objects are compared by, if there is anything.
pub fn of(objects: &ObjectKind, evaluation: &Evaluation) -> Option<Box<dyn Distance>> {
    ALL.iter().find_map(|build| build(objects, evaluation))
}

/// The mean similarity over pairs of keys; 1 for fewer than two.
pub fn mean_similarity(distance: &dyn Distance, keys: &[Key]) -> f64 {
    let pairs = keys.len() * keys.len().saturating_sub(1) / 2;
    if pairs == 0 {
        return 1.0;
    }
    let mut similarity = 0.0;
    for (index, one) in keys.iter().enumerate() {
        let others = keys[index + 1..].iter();
        similarity += others.map(|other| distance.similarity(one, other)).sum::<f64>();
    }
    // As 1 less the diversity, which rounds otherwise in the last bit.
    1.0 - (1.0 - similarity / pairs as f64)
}

/// How many modes there are among scored objects, from the best reward down: an object whose reward is at least `threshold` counts
/// where its similarity to every one counted before is below `limit`. Equal rewards are taken in the order given.
pub fn count_modes(distance: &dyn Distance, objects: &[(f64, Key)], threshold: f64, limit: f64) -> usize {
    let mut good: Vec<&(f64, Key)> = objects
        .iter()
        .filter(|(reward, _)| *reward >= threshold)
        .collect();
    good.sort_by(|(one, _), (two, _)| two.total_cmp(one));
    let mut modes: Vec<&Key> = Vec::new();
    for (_, key) in good {
        if modes.iter().all(|mode| distance.similarity(mode, key) < limit) {
            modes.push(key);
        }
    }
    modes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(set: &[usize]) -> Key {
        let mut words = [0; 32];
        for bit in set {
            words[bit / 64] |= 1 << (bit % 64);
        }
        Box::new(words)
    }

    #[test]
    fn modes_are_apart_and_good() {
        let distance = of(&ObjectKind::Molecule, &Evaluation::default()).unwrap();
        let (one, near, far) = (bits(&[1, 2, 3]), bits(&[1, 2, 4]), bits(&[9]));
        let set = [
            (0.9, near),
            (1.0, one),
            (0.8, far),
            (0.1, bits(&[77])),
            (f64::NAN, bits(&[78])),
        ];
        assert_eq!(count_modes(&*distance, &set, 0.5, 0.4), 2);
        assert_eq!(count_modes(&*distance, &set, 0.5, 0.6), 3);
        assert_eq!(count_modes(&*distance, &set, 0.85, 0.4), 1);
        assert_eq!(count_modes(&*distance, &set, 2.0, 0.4), 0);
    }

    #[test]
    fn similarity_averages_over_pairs() {
        let distance = of(&ObjectKind::Molecule, &Evaluation::default()).unwrap();
        let (one, two) = (bits(&[1, 2]), bits(&[3, 4]));
        assert_eq!(mean_similarity(&*distance, std::slice::from_ref(&one)), 1.0);
        assert_eq!(mean_similarity(&*distance, &[one.clone(), one.clone()]), 1.0);
        let keys = [one.clone(), one, two];
        assert!((mean_similarity(&*distance, &keys) - 1.0 / 3.0).abs() < 1e-12);
    }
}
