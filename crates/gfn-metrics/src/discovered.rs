//! All distinct objects made in training: the best of them, and how many reach each threshold.
//!
//! States are gathered as they come, each once; putting them into words, which for molecules is most of the work, waits
//! until some thousands are there or somebody asks. Of an object only the hash of its words and its reward are kept, unless
//! it is among the best or reaches a threshold. The order of what is put into words is that in which states came, so that no
//! figure depends on when that is done.

use gfn_core::Environment;
use gfn_core::exact::StateIndex;
use gfn_record::catalogue::{self, member, names};
use gfn_record::event::Metrics;
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::distance::{self, Key, Traits, mean_similarity};
use crate::variety::{NO_MODES, not_comparable};
use crate::{Context, Declaration, Distance, Metric, Subject, Visit, mean_of_first, reaches};

/// How many distinct objects training made, how good the best are and how alike, and how many reach each threshold.
pub const DECLARATION: Declaration = Declaration {
    name: "discovered",
    rows: &[
        names::MODES_VISITED,
        names::FOUND,
        names::FOUND_TOP_10,
        names::FOUND_TOP_100,
        names::FOUND_TOP_1000,
        names::FOUND_SIMILARITY,
        names::FOUND_OBJECTS_FROM,
        names::FOUND_MODES_FROM,
        names::FOUND_SCAFFOLDS_FROM,
    ],
    absent,
    build: |context| Some(Box::new(Discovered::new(context))),
};

fn absent(name: &str, context: &Context<'_>) -> Option<&'static str> {
    let row = catalogue::find(name).map_or(name, |(_, metric)| metric.name);
    let needs_distance = [
        names::FOUND_SIMILARITY,
        names::FOUND_MODES_FROM,
        names::FOUND_SCAFFOLDS_FROM,
    ];
    if needs_distance.contains(&row)
        && let Some(reason) = not_comparable(context)
    {
        return Some(reason);
    }
    let families = [
        names::FOUND_OBJECTS_FROM,
        names::FOUND_MODES_FROM,
        names::FOUND_SCAFFOLDS_FROM,
    ];
    let threshold = catalogue::number(row, name);
    let is_counted = threshold.is_some_and(|threshold| context.evaluation.thresholds.contains(&threshold));
    if families.contains(&row) && !is_counted {
        return Some("its name ends in one of `evaluation.thresholds`, as in `found.objects_from_0.5`");
    }
    (row == names::MODES_VISITED && context.mode_threshold.is_none()).then_some(NO_MODES)
}

/// The best that are kept.
const TOP: usize = 1_000;
/// States are put into words once there are so many.
const GATHERED: usize = 4_096;

/// The distinct objects of a run.
struct Discovered {
    distance: Option<Box<dyn Distance>>,
    /// Objects that are as alike as this belong to one mode.
    limit: f64,
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
    modes: Vec<Key>,
    scaffolds: HashSet<String, FxBuildHasher>,
}

/// [`Discovered`] as it is saved: everything in an order of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
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

impl Discovered {
    /// Nothing yet.
    fn new(context: &Context<'_>) -> Self {
        let mut thresholds = context.evaluation.thresholds.clone();
        thresholds.sort_by(f64::total_cmp);
        let level = |threshold| Level {
            threshold,
            objects: 0,
            modes: Vec::new(),
            scaffolds: HashSet::default(),
        };
        Self {
            distance: distance::of(context.objects(), context.evaluation),
            limit: context.evaluation.mode_similarity,
            gathered: StateIndex::new(context.environment.spec().state_len()),
            rewards: Vec::new(),
            known: HashMap::default(),
            top: Vec::new(),
            levels: thresholds.into_iter().map(level).collect(),
            mode: context.mode_threshold.map(|threshold| (threshold, 0)),
        }
    }

    /// Takes a finished state and its reward before shaping.
    fn add(&mut self, environment: &dyn Environment, state: &[i32], reward: f64) {
        if self.gathered.insert(state).1 {
            self.rewards.push(reward);
        }
        if self.gathered.len() >= GATHERED {
            self.put_into_words(environment);
        }
    }

    /// Puts what was gathered into words.
    fn put_into_words(&mut self, environment: &dyn Environment) {
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
        let mut traits = None;
        for level in self.levels.iter_mut().filter(|level| is_first(level.threshold)) {
            level.objects += 1;
            if let Some(distance) = &self.distance {
                let traits = traits.get_or_insert_with(|| distance.traits(&words));
                level.add(traits, &**distance, self.limit);
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

    fn top_similarity(&self) -> Option<f64> {
        let distance = self.distance.as_ref()?;
        let keys: Vec<Key> = self
            .top
            .iter()
            .filter_map(|(_, words)| distance.key(words))
            .collect();
        (keys.len() > 1).then(|| mean_similarity(&**distance, &keys))
    }

    /// All that is remembered. Nothing must be left gathered.
    fn saved(&self) -> Saved {
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
    fn go_on_from(&mut self, saved: Saved) -> Result<(), String> {
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
        self.levels = saved.levels.into_iter().map(Level::restored).collect();
        (self.top, self.mode) = (saved.top, saved.mode);
        self.known = saved.known.into_iter().collect();
        Ok(())
    }
}

impl Metric for Discovered {
    fn visit(&mut self, visit: &Visit<'_>) {
        for (index, &reward) in visit.rewards.iter().enumerate() {
            self.add(visit.environment, visit.batch.finished(index), reward);
        }
        if visit.environment.may_fail() {
            self.put_into_words(visit.environment);
        }
    }

    fn settle(&mut self, environment: &dyn Environment) {
        self.put_into_words(environment);
    }

    fn measure(&self, _: &Subject<'_>, metrics: &mut Metrics) {
        debug_assert!(self.rewards.is_empty(), "settled before it is asked");
        metrics.set_known(names::MODES_VISITED, self.mode.map(|(_, objects)| objects as f64));
        if self.known.is_empty() {
            return;
        }
        let top = |count| mean_of_first(count, self.top.iter().map(|(reward, _)| *reward));
        metrics.set(names::FOUND, self.known.len() as f64);
        metrics.set_known(names::FOUND_TOP_10, top(10));
        metrics.set_known(names::FOUND_TOP_100, top(100));
        metrics.set_known(names::FOUND_TOP_1000, top(1_000));
        metrics.set_known(names::FOUND_SIMILARITY, self.top_similarity());
        let has_families = self.distance.as_ref().map(|distance| distance.has_families());
        self.levels
            .iter()
            .for_each(|level| level.measure(has_families, metrics));
    }

    fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.saved()).expect("plain data")
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let saved = postcard::from_bytes(saved).map_err(|error| error.to_string())?;
        self.go_on_from(saved)
    }
}

impl Level {
    fn add(&mut self, traits: &Traits, distance: &dyn Distance, limit: f64) {
        if let Some(key) = &traits.key
            && self
                .modes
                .iter()
                .all(|mode| distance.similarity(mode, key) < limit)
        {
            self.modes.push(key.clone());
        }
        if let Some(family) = &traits.family {
            self.scaffolds.get_or_insert_with(family, String::clone);
        }
    }

    /// Modes are counted where objects can be compared, scaffolds where the distance has families.
    fn measure(&self, has_families: Option<bool>, metrics: &mut Metrics) {
        let mut set = |family, count| metrics.set(member(family, self.threshold), count as f64);
        set(names::FOUND_OBJECTS_FROM, self.objects as usize);
        if let Some(has_families) = has_families {
            set(names::FOUND_MODES_FROM, self.modes.len());
            if has_families {
                set(names::FOUND_SCAFFOLDS_FROM, self.scaffolds.len());
            }
        }
    }

    fn save(&self) -> SavedLevel {
        let mut scaffolds: Vec<String> = self.scaffolds.iter().cloned().collect();
        scaffolds.sort_unstable();
        SavedLevel {
            threshold: self.threshold,
            objects: self.objects,
            modes: self.modes.iter().map(|key| key.to_vec()).collect(),
            scaffolds,
        }
    }

    fn restored(saved: SavedLevel) -> Self {
        Self {
            threshold: saved.threshold,
            objects: saved.objects,
            modes: saved.modes.into_iter().map(Vec::into_boxed_slice).collect(),
            scaffolds: saved.scaffolds.into_iter().collect(),
        }
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
    use gfn_chem::{Fingerprint as Print, Molecule, diversity};
    use gfn_core::ObjectKind;
    use gfn_core::testkit::RandomDag;
    use gfn_registry::settings::{Evaluation, Fingerprint};

    fn settings(thresholds: &[f64]) -> Evaluation {
        Evaluation {
            thresholds: thresholds.to_vec(),
            fingerprint: Fingerprint::Path,
            ..Evaluation::default()
        }
    }

    /// What is found of molecules, which are put into words here instead of by an environment.
    fn found(settings: &Evaluation) -> Discovered {
        Discovered {
            distance: distance::of(&ObjectKind::Molecule, settings),
            ..new(&RandomDag::new(0, 2, 2), settings, Some(2.0))
        }
    }

    fn new(dag: &RandomDag, settings: &Evaluation, mode_threshold: Option<f64>) -> Discovered {
        Discovered::new(&Context {
            environment: dag,
            evaluation: settings,
            mode_threshold,
            is_swept: false,
        })
    }

    fn figures(found: &Discovered) -> Metrics {
        let mut metrics = Metrics::default();
        let subject = Subject {
            samples: &[],
            solution: None,
            log_z: None,
        };
        found.measure(&subject, &mut metrics);
        metrics
    }

    fn count(found: &mut Discovered, molecules: &[(&str, f64)]) {
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
            let mut modes: Vec<Print> = Vec::new();
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
        let mut whole = new(&dag, &settings, None);
        let mut parts = new(&dag, &settings, None);
        for (index, &state) in states.iter().enumerate() {
            whole.add(&dag, &[state], reward(state));
            parts.add(&dag, &[state], reward(state));
            if index % 9 == 0 {
                parts.settle(&dag);
                let bytes = parts.save();
                parts = new(&dag, &settings, None);
                parts.restore(&bytes).unwrap();
            }
        }
        whole.settle(&dag);
        parts.settle(&dag);
        assert_eq!(figures(&whole), figures(&parts));
        assert!(whole.save() == parts.save());
        let mut other = found_by(&[1.0]);
        let refused = other.restore(&whole.save()).unwrap_err();
        assert!(refused.contains("the thresholds [1, 2], now [1]"), "{refused}");
    }

    fn found_by(thresholds: &[f64]) -> Discovered {
        new(&RandomDag::new(1, 5, 8), &settings(thresholds), None)
    }
}
