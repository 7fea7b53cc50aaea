//! All distinct objects made in training: the best of them, and how many reach each threshold.
//!
//! States are gathered as they come, each once; putting them into words, which for molecules is most of the work, waits
//! until some thousands are there or somebody asks. Of an object only the hash of its words and its reward are kept, unless
//! it is among the best or reaches a threshold. The order of what is put into words is that in which states came, so that no
//! figure depends on when that is done.

use gfn_chem::{self as chem, Molecule, diversity};
use gfn_core::exact::StateIndex;
use gfn_core::{Environment, ObjectKind};
use gfn_record::catalogue::{member, names};
use gfn_record::event::Metrics;
use gfn_registry::settings::{Evaluation, Fingerprint};
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The best that are kept.
const TOP: usize = 1_000;
/// States are put into words once there are so many.
const GATHERED: usize = 4_096;

/// A reward computed in another order may fall a rounding short of the threshold that it equals.
pub(crate) fn reaches(reward: f64, threshold: f64) -> bool {
    reward >= threshold * (1.0 - 1e-9)
}

/// The fingerprint of a molecule that is asked for; none where it cannot be computed.
pub(crate) fn fingerprint(molecule: &Molecule, kind: Fingerprint) -> Option<chem::Fingerprint> {
    match kind {
        Fingerprint::Morgan => molecule.fingerprint().ok(),
        Fingerprint::Path => Some(molecule.path_fingerprint()),
    }
}

/// The distinct objects of a run.
pub(crate) struct Found {
    is_molecule: bool,
    kind: Fingerprint,
    similarity: f64,
    gathered: StateIndex,
    rewards: Vec<f64>,
    /// The best reward of each object, by the hash of its words.
    known: HashMap<u64, f64, FxBuildHasher>,
    /// From the best down, the earlier of equals first.
    top: Vec<(f64, String)>,
    levels: Vec<Level>,
    mode: Option<(f64, u64)>,
}

/// What is remembered of the objects that reach a threshold.
struct Level {
    threshold: f64,
    objects: u64,
    modes: Vec<chem::Fingerprint>,
    scaffolds: HashSet<String, FxBuildHasher>,
}

/// [`Found`] as it is saved: everything in an order of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    known: Vec<(u64, f64)>,
    top: Vec<(f64, String)>,
    levels: Vec<SavedLevel>,
    mode: Option<(f64, u64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedLevel {
    threshold: f64,
    objects: u64,
    modes: Vec<Vec<u64>>,
    scaffolds: Vec<String>,
}

impl Found {
    /// Nothing found yet. `mode` is the reward from which an object counts as a mode.
    pub(crate) fn new(environment: &dyn Environment, settings: &Evaluation, mode: Option<f64>) -> Self {
        let mut thresholds = settings.thresholds.clone();
        thresholds.sort_by(f64::total_cmp);
        let level = |threshold| Level {
            threshold,
            objects: 0,
            modes: Vec::new(),
            scaffolds: HashSet::default(),
        };
        Self {
            is_molecule: environment.spec().objects == ObjectKind::Molecule,
            kind: settings.fingerprint,
            similarity: settings.mode_similarity,
            gathered: StateIndex::new(environment.spec().state_len()),
            rewards: Vec::new(),
            known: HashMap::default(),
            top: Vec::new(),
            levels: thresholds.into_iter().map(level).collect(),
            mode: mode.map(|threshold| (threshold, 0)),
        }
    }

    /// Takes a finished state and its reward before shaping.
    pub(crate) fn add(&mut self, environment: &dyn Environment, state: &[i32], reward: f64) {
        if self.gathered.insert(state).1 {
            self.rewards.push(reward);
        }
        if self.gathered.len() >= GATHERED {
            self.settle(environment);
        }
    }

    /// Puts what was gathered into words.
    pub(crate) fn settle(&mut self, environment: &dyn Environment) {
        let gathered = std::mem::take(&mut self.rewards);
        for (index, reward) in gathered.into_iter().enumerate() {
            let words = environment.describe(self.gathered.state(index));
            self.count(words, reward);
        }
        self.gathered.clear();
    }

    fn count(&mut self, words: String, reward: f64) {
        let before = self.known.insert(hash(&words), reward);
        if let Some(before) = before.filter(|before| *before >= reward) {
            self.known.insert(hash(&words), before);
            return;
        }
        let is_first = |threshold: f64| {
            reaches(reward, threshold) && !before.is_some_and(|before| reaches(before, threshold))
        };
        if let Some((_, objects)) = self.mode.as_mut().filter(|(threshold, _)| is_first(*threshold)) {
            *objects += 1;
        }
        let mut molecule = None;
        for level in self.levels.iter_mut().filter(|level| is_first(level.threshold)) {
            level.objects += 1;
            if self.is_molecule {
                let traits = molecule.get_or_insert_with(|| Traits::of(&words, self.kind));
                level.add(traits, self.similarity);
            }
        }
        self.rank(words, reward, before.is_some());
    }

    fn rank(&mut self, words: String, reward: f64, is_known: bool) {
        if is_known {
            self.top.retain(|(_, other)| *other != words);
        }
        let place = self.top.partition_point(|(other, _)| *other >= reward);
        if place < TOP {
            self.top.insert(place, (reward, words));
            self.top.truncate(TOP);
        }
    }

    /// Sets the metrics of what is found; none before the first object. Nothing must be left gathered.
    pub(crate) fn measure(&self, metrics: &mut Metrics) {
        debug_assert!(self.rewards.is_empty(), "settled before it is asked");
        metrics.set_known(names::MODES_VISITED, self.mode.map(|(_, objects)| objects as f64));
        if self.known.is_empty() {
            return;
        }
        let top = |count: usize| {
            let best = self.top.get(..count)?;
            Some(best.iter().map(|(reward, _)| reward).sum::<f64>() / count as f64)
        };
        metrics.set(names::FOUND, self.known.len() as f64);
        metrics.set_known(names::FOUND_TOP_10, top(10));
        metrics.set_known(names::FOUND_TOP_100, top(100));
        metrics.set_known(names::FOUND_TOP_1000, top(1_000));
        metrics.set_known(names::FOUND_SIMILARITY, self.top_similarity());
        self.levels
            .iter()
            .for_each(|level| level.measure(self.is_molecule, metrics));
    }

    fn top_similarity(&self) -> Option<f64> {
        if !self.is_molecule {
            return None;
        }
        let prints = self
            .top
            .iter()
            .map(|(_, words)| Traits::print_of(words, self.kind));
        let prints: Vec<chem::Fingerprint> = prints.flatten().collect();
        (prints.len() > 1).then(|| 1.0 - diversity(&prints))
    }

    /// All that is remembered. Nothing must be left gathered.
    pub(crate) fn save(&self) -> Saved {
        let mut known: Vec<(u64, f64)> = self.known.iter().map(|(hash, reward)| (*hash, *reward)).collect();
        known.sort_unstable_by_key(|(hash, _)| *hash);
        Saved {
            known,
            top: self.top.clone(),
            levels: self.levels.iter().map(Level::save).collect(),
            mode: self.mode,
        }
    }

    /// Remembers what another one did.
    ///
    /// # Errors
    /// Where that one counted by other thresholds.
    pub(crate) fn restore(&mut self, saved: Saved) -> Result<(), String> {
        let thresholds: Vec<f64> = self.levels.iter().map(|level| level.threshold).collect();
        let list = |thresholds: &[f64]| {
            let words: Vec<String> = thresholds.iter().map(ToString::to_string).collect();
            format!("[{}]", words.join(", "))
        };
        let before: Vec<f64> = saved.levels.iter().map(|level| level.threshold).collect();
        if thresholds != before {
            return Err(format!(
                "objects were counted by the thresholds {}, now {}",
                list(&before),
                list(&thresholds)
            ));
        }
        let from = |threshold: Option<f64>| match threshold {
            Some(threshold) => format!("from the reward {threshold}"),
            None => "by no threshold".to_string(),
        };
        let mode = |mode: Option<(f64, u64)>| mode.map(|(threshold, _)| threshold);
        if mode(self.mode) != mode(saved.mode) {
            return Err(format!(
                "modes were counted {}, now {}",
                from(mode(saved.mode)),
                from(mode(self.mode))
            ));
        }
        self.levels = saved
            .levels
            .into_iter()
            .map(Level::restored)
            .collect::<Result<_, _>>()?;
        (self.top, self.mode) = (saved.top, saved.mode);
        self.known = saved.known.into_iter().collect();
        Ok(())
    }
}

/// What of a molecule counts.
struct Traits {
    print: Option<chem::Fingerprint>,
    scaffold: Option<String>,
}

impl Traits {
    /// Of a molecule in words. Environments of third parties can call something a molecule that is none: it has no traits.
    fn of(words: &str, kind: Fingerprint) -> Self {
        let molecule = Molecule::parse(words).ok();
        Self {
            print: molecule.as_ref().and_then(|molecule| fingerprint(molecule, kind)),
            scaffold: molecule.and_then(|molecule| molecule.scaffold().ok()),
        }
    }

    fn print_of(words: &str, kind: Fingerprint) -> Option<chem::Fingerprint> {
        Molecule::parse(words)
            .ok()
            .and_then(|molecule| fingerprint(&molecule, kind))
    }
}

impl Level {
    fn add(&mut self, traits: &Traits, similarity: f64) {
        if let Some(print) = traits.print
            && self.modes.iter().all(|mode| mode.tanimoto(&print) < similarity)
        {
            self.modes.push(print);
        }
        if let Some(scaffold) = &traits.scaffold {
            self.scaffolds.get_or_insert_with(scaffold, String::clone);
        }
    }

    fn measure(&self, is_molecule: bool, metrics: &mut Metrics) {
        let mut set = |family, count| metrics.set(member(family, self.threshold), count as f64);
        set(names::FOUND_OBJECTS_FROM, self.objects as usize);
        if is_molecule {
            set(names::FOUND_MODES_FROM, self.modes.len());
            set(names::FOUND_SCAFFOLDS_FROM, self.scaffolds.len());
        }
    }

    fn save(&self) -> SavedLevel {
        let mut scaffolds: Vec<String> = self.scaffolds.iter().cloned().collect();
        scaffolds.sort_unstable();
        SavedLevel {
            threshold: self.threshold,
            objects: self.objects,
            modes: self.modes.iter().map(|print| print.0.to_vec()).collect(),
            scaffolds,
        }
    }

    fn restored(saved: SavedLevel) -> Result<Self, String> {
        let print = |words: Vec<u64>| {
            let words: Result<[u64; 32], _> = words.try_into();
            words
                .map(chem::Fingerprint)
                .map_err(|_| "a fingerprint is damaged".to_string())
        };
        Ok(Self {
            threshold: saved.threshold,
            objects: saved.objects,
            modes: saved.modes.into_iter().map(print).collect::<Result<_, _>>()?,
            scaffolds: saved.scaffolds.into_iter().collect(),
        })
    }
}

/// The first 64 bits of a SHA-256: two of a million objects are taken for one with a chance of 3·10⁻⁸.
fn hash(words: &str) -> u64 {
    let digest = Sha256::digest(words.as_bytes());
    let first: [u8; 8] = digest[..8].try_into().expect("a digest has 32 bytes");
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_core::testkit::RandomDag;

    fn settings(thresholds: &[f64]) -> Evaluation {
        Evaluation {
            thresholds: thresholds.to_vec(),
            fingerprint: Fingerprint::Path,
            ..Evaluation::default()
        }
    }

    /// What is found of molecules, which are put into words here instead of by an environment.
    fn found(settings: &Evaluation) -> Found {
        Found {
            is_molecule: true,
            ..Found::new(&RandomDag::new(0, 2, 2), settings, Some(2.0))
        }
    }

    fn figures(found: &Found) -> Metrics {
        let mut metrics = Metrics::default();
        found.measure(&mut metrics);
        metrics
    }

    fn count(found: &mut Found, molecules: &[(&str, f64)]) {
        molecules
            .iter()
            .for_each(|(smiles, reward)| found.count((*smiles).into(), *reward));
    }

    const MOLECULES: [(&str, f64); 6] = [
        ("c1ccccc1", 1.0),
        ("Cc1ccccc1", 3.0),
        ("CCc1ccccc1", 2.0),
        ("CCO", 2.0),
        ("c1ccccc1", 2.5),
        ("Cc1ccccc1", 0.5),
    ];

    #[test]
    fn an_object_counts_once_with_its_best_reward() {
        let mut found = found(&settings(&[2.0, 0.75, 2.75]));
        count(&mut found, &MOLECULES);
        let figures = figures(&found);
        assert_eq!(
            (figures.get(names::FOUND), figures.get(names::MODES_VISITED)),
            (Some(4.0), Some(4.0))
        );
        let levels =
            [0.75, 2.0, 2.75].map(|threshold| figures.get(&member(names::FOUND_OBJECTS_FROM, threshold)));
        assert_eq!(levels, [Some(4.0), Some(4.0), Some(1.0)]);
        // Benzene, toluene and ethylbenzene have one scaffold, ethanol has none: the empty one.
        assert_eq!(figures.get("found.scaffolds_from_2"), Some(2.0));
        let top: Vec<&str> = found.top.iter().map(|(_, words)| words.as_str()).collect();
        assert_eq!(top, ["Cc1ccccc1", "c1ccccc1", "CCc1ccccc1", "CCO"]);
        assert_eq!(figures.get(names::FOUND_TOP_10), None);
    }

    /// Against all pairs, in the order in which the molecules reached the threshold.
    #[test]
    fn modes_are_unlike_those_before_them() {
        for similarity in [0.2, 0.5, 0.8, 1.0] {
            let settings = Evaluation {
                mode_similarity: similarity,
                ..settings(&[2.0])
            };
            let mut found = found(&settings);
            count(&mut found, &MOLECULES);
            let order = ["Cc1ccccc1", "CCc1ccccc1", "CCO", "c1ccccc1"];
            let prints = order.map(|smiles| Molecule::parse(smiles).unwrap().path_fingerprint());
            let mut modes: Vec<chem::Fingerprint> = Vec::new();
            for print in prints {
                if modes.iter().all(|mode| mode.tanimoto(&print) < similarity) {
                    modes.push(print);
                }
            }
            let expected = (modes.len() as f64, 1.0 - diversity(&prints));
            let figures = figures(&found);
            let found = (
                figures.get("found.modes_from_2").unwrap(),
                figures.get(names::FOUND_SIMILARITY).unwrap(),
            );
            assert!(
                found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-12,
                "{similarity}"
            );
        }
    }

    #[test]
    fn the_best_thousand_are_kept() {
        let mut found = found(&settings(&[]));
        for number in 0..2_500u32 {
            // Every number below 2,500, in a scattered order.
            let scattered = number * 1_003 % 2_500;
            found.count(format!("object {scattered}"), f64::from(scattered));
        }
        let figures = figures(&found);
        assert_eq!(figures.get(names::FOUND), Some(2_500.0));
        assert_eq!(figures.get(names::FOUND_TOP_10), Some(2_494.5));
        assert_eq!(figures.get(names::FOUND_TOP_1000), Some(1_999.5));
        assert_eq!(found.top.len(), TOP);
    }

    /// When states are put into words makes no difference, nor does saving in between.
    #[test]
    fn saved_and_restored_it_goes_on() {
        let settings = settings(&[1.0, 2.0]);
        let dag = RandomDag::new(1, 5, 8);
        let reward = |state: i32| f64::from(state % 5);
        let states: Vec<i32> = (0..200).map(|index| index * 7 % 31).collect();
        let mut whole = Found::new(&dag, &settings, None);
        let mut parts = Found::new(&dag, &settings, None);
        for (index, &state) in states.iter().enumerate() {
            whole.add(&dag, &[state], reward(state));
            parts.add(&dag, &[state], reward(state));
            if index % 9 == 0 {
                parts.settle(&dag);
                let bytes = postcard::to_stdvec(&parts.save()).unwrap();
                parts = Found::new(&dag, &settings, None);
                parts.restore(postcard::from_bytes(&bytes).unwrap()).unwrap();
            }
        }
        whole.settle(&dag);
        parts.settle(&dag);
        assert_eq!(figures(&whole), figures(&parts));
        let bytes = |found: &Found| postcard::to_stdvec(&found.save()).unwrap();
        assert!(bytes(&whole) == bytes(&parts));
        let mut other = found_by(&[1.0]);
        let refused = other.restore(whole.save()).unwrap_err();
        assert!(refused.contains("the thresholds [1, 2], now [1]"), "{refused}");
    }

    fn found_by(thresholds: &[f64]) -> Found {
        Found::new(&RandomDag::new(1, 5, 8), &settings(thresholds), None)
    }
}
