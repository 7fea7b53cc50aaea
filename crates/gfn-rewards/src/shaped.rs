//! What can be declared about any reward: exponent, temperature, floor, clip, cache.

use std::sync::Mutex;

use gfn_core::{Cancel, Incident, Objects, Reward, RewardError};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be declared about any reward R: how it is clipped, tempered and remembered.
///
/// Formula: the flow is trained on max(min(R, clip), floor)^(exponent / temperature).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shape {
    /// β, the power to which the reward is raised: higher means greedier.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub exponent: f64,
    /// T, which divides the exponent.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub temperature: f64,
    /// The least reward, in reward units, put under every object before the power. Needed where a reward can be 0.
    #[schemars(extend("minimum" = 0, "x-unit" = "reward"))]
    pub floor: f64,
    /// The greatest reward, in reward units, put over every object before the power.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "x-unit" = "reward"), example = 1.0)]
    pub clip: Option<f64>,
    /// How many objects' rewards to remember, so that they are not computed again; 0 remembers none. When full, all are
    /// forgotten.
    #[schemars(extend("x-unit" = "objects"))]
    pub cache: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            exponent: 1.0,
            temperature: 1.0,
            floor: 0.0,
            clip: None,
            cache: 100_000,
        }
    }
}

/// Raw rewards by object; states are keys.
type Cache = HashMap<Box<[i32]>, f64, FxBuildHasher>;

/// A reward with its shape; see [`Shape`].
pub struct Shaped {
    inner: Box<dyn Reward>,
    shape: Shape,
    cache: Mutex<Cache>,
    /// Whether a stop was asked for, and how many objects are scored between two looks; none where the reward looks itself.
    parts: Option<(Cancel, usize)>,
}

impl Shaped {
    /// `inner`, shaped.
    pub fn new(inner: Box<dyn Reward>, shape: Shape) -> Self {
        Self {
            inner,
            shape,
            cache: Mutex::default(),
            parts: None,
        }
    }

    /// Scores no more than `part` objects at once, and none once a stop was asked for and its grace has passed.
    pub fn in_parts(mut self, cancel: &Cancel, part: usize) -> Self {
        self.parts = Some((cancel.clone(), part.max(1)));
        self
    }

    /// Asks the reward itself.
    fn ask(&self, objects: &Objects<'_>, raw: &mut [f64]) -> Result<(), RewardError> {
        let Some((cancel, part)) = self.parts.as_ref().filter(|(_, part)| raw.len() > *part) else {
            return self.inner.log_reward(objects, raw);
        };
        let words = objects.states().len() / objects.len();
        let mut left_out = Vec::new();
        let parts = objects.states().chunks(part * words).zip(raw.chunks_mut(*part));
        for (number, (states, raw)) in parts.enumerate() {
            if cancel.is_over() {
                return Err(RewardError::Stopped);
            }
            let some = Objects::new(objects.environment(), states);
            let out = RewardError::left_out(self.inner.log_reward(&some, raw))?;
            left_out.extend(out.into_iter().map(|index| number * part + index));
        }
        RewardError::leaving_out(left_out)
    }

    /// The reward before shaping.
    pub fn inner(&self) -> &dyn Reward {
        &*self.inner
    }

    /// Writes log R before shaping.
    ///
    /// # Errors
    /// Where an object cannot be scored, or its reward is NaN, infinite or negative.
    pub fn raw_log_reward(&self, objects: &Objects<'_>, raw: &mut [f64]) -> Result<(), RewardError> {
        let left_out = if self.shape.cache == 0 {
            RewardError::left_out(self.ask(objects, raw))?
        } else {
            self.fill_from_cache(objects, raw)?
        };
        let is_wrong = |value: &f64| value.is_nan() || *value == f64::INFINITY;
        match (0..raw.len()).find(|index| is_wrong(&raw[*index]) && !left_out.contains(index)) {
            None => RewardError::leaving_out(left_out),
            Some(index) => Err(RewardError::Object {
                object: objects.describe(index),
                message: format!(
                    "log-reward {}; a reward must be a number, finite and not negative",
                    raw[index]
                ),
            }),
        }
    }

    /// Scores those objects that are not in the cache; returns which are left out.
    fn fill_from_cache(&self, objects: &Objects<'_>, raw: &mut [f64]) -> Result<Vec<usize>, RewardError> {
        let mut cache = self
            .cache
            .lock()
            .expect("no reward panics while it holds the cache");
        // Each unknown object once, and which objects it stands for.
        let mut places: HashMap<&[i32], usize, FxBuildHasher> = HashMap::default();
        let (mut states, mut wanted) = (Vec::new(), Vec::new());
        for (index, value) in raw.iter_mut().enumerate() {
            let state = objects.state(index);
            if let Some(known) = cache.get(state) {
                *value = *known;
                continue;
            }
            let next = places.len();
            let place = *places.entry(state).or_insert(next);
            if place == next {
                states.extend_from_slice(state);
            }
            wanted.push((index, place));
        }
        let mut fresh = vec![0.0; places.len()];
        let mut left_out = Vec::new();
        if !fresh.is_empty() {
            let unknown = Objects::new(objects.environment(), &states);
            left_out = RewardError::left_out(self.ask(&unknown, &mut fresh))?;
            // What is left out is not remembered: only numbers are.
            left_out.iter().for_each(|&place| fresh[place] = f64::NAN);
        }
        wanted
            .iter()
            .for_each(|&(index, place)| raw[index] = fresh[place]);
        if cache.len() + fresh.len() > self.shape.cache {
            cache.clear();
        }
        let known = places
            .into_iter()
            .map(|(state, place)| (state.into(), fresh[place]));
        cache.extend(known.filter(|(_, value): &(Box<[i32]>, f64)| value.is_finite()));
        let is_out = |place: &usize| left_out.contains(place);
        let out = wanted.into_iter().filter(|(_, place)| is_out(place));
        Ok(out.map(|(index, _)| index).collect())
    }

    /// Writes log R before and after shaping.
    ///
    /// # Errors
    /// As [`Shaped::raw_log_reward`], and where a reward is 0 after shaping; with [`RewardError::LeftOut`] all others are
    /// scored.
    pub fn score(
        &self,
        objects: &Objects<'_>,
        raw: &mut [f64],
        log_reward: &mut [f64],
    ) -> Result<(), RewardError> {
        let left_out = RewardError::left_out(self.raw_log_reward(objects, raw))?;
        for (index, (shaped, &raw)) in log_reward.iter_mut().zip(&*raw).enumerate() {
            *shaped = self.shape(raw);
            if *shaped == f64::NEG_INFINITY && !left_out.contains(&index) {
                return Err(RewardError::Object {
                    object: objects.describe(index),
                    message: "the reward is 0, of which no flow can be made; set `reward.floor`".into(),
                });
            }
        }
        RewardError::leaving_out(left_out)
    }

    /// The shaped log-reward for a raw one.
    pub fn shape(&self, raw: f64) -> f64 {
        let clipped = self.shape.clip.map_or(raw, |clip| raw.min(clip.ln()));
        clipped.max(self.shape.floor.ln()) * self.shape.exponent / self.shape.temperature
    }
}

impl Reward for Shaped {
    fn accepts(&self, kind: &gfn_core::ObjectKind) -> Result<(), String> {
        self.inner.accepts(kind)
    }

    fn prepare(&self) -> Result<(), RewardError> {
        self.inner.prepare()
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        let mut raw = vec![0.0; log_reward.len()];
        self.score(objects, &mut raw, log_reward)
    }

    fn mode_threshold(&self) -> Option<f64> {
        self.inner.mode_threshold()
    }

    fn provenance(&self) -> Vec<(String, String)> {
        self.inner.provenance()
    }

    fn incidents(&self) -> Vec<Incident> {
        self.inner.incidents()
    }

    fn can_be_zero(&self) -> bool {
        self.shape.floor == 0.0 && self.inner.can_be_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use gfn_core::ObjectKind;
    use gfn_core::testkit::RandomDag;

    /// Scores node n with log-reward table[n].
    struct Table(Vec<f64>, &'static AtomicUsize);

    impl Reward for Table {
        fn accepts(&self, _: &ObjectKind) -> Result<(), String> {
            Ok(())
        }
        fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
            self.1.fetch_add(objects.len(), Ordering::Relaxed);
            for (index, value) in log_reward.iter_mut().enumerate() {
                *value = self.0[objects.state(index)[0] as usize];
            }
            Ok(())
        }
    }

    fn score(table: Vec<f64>, shape: Shape, states: &[i32]) -> (Result<Vec<f64>, String>, usize) {
        let calls: &'static AtomicUsize = Box::leak(Box::default());
        let reward = Shaped::new(Box::new(Table(table, calls)), shape);
        let dag = RandomDag::new(0, 2, 2);
        let mut values = vec![0.0; states.len()];
        let mut result = Ok(());
        for _ in 0..2 {
            result = reward.log_reward(&Objects::new(&dag, states), &mut values);
        }
        (
            result.map(|()| values).map_err(|error| error.to_string()),
            calls.load(Ordering::Relaxed),
        )
    }

    #[test]
    fn clip_floor_then_power() {
        let shape = Shape {
            exponent: 8.0,
            temperature: 2.0,
            floor: 0.5,
            clip: Some(2.0),
            cache: 0,
        };
        let (values, calls) = score(vec![0f64.ln(), 1f64.ln(), 3f64.ln()], shape, &[0, 1, 2]);
        let expected = [4.0 * 0.5f64.ln(), 0.0, 4.0 * 2f64.ln()];
        assert!(
            values
                .unwrap()
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert_eq!(calls, 6);
    }

    #[test]
    fn the_cache_spares_calls() {
        let (values, calls) = score(vec![0.0, 1.0], Shape::default(), &[0, 1, 1, 0]);
        assert_eq!((values.unwrap(), calls), (vec![0.0, 1.0, 1.0, 0.0], 2));
    }

    #[test]
    fn bad_rewards_name_the_object() {
        let (nan, _) = score(vec![0.0, f64::NAN], Shape::default(), &[0, 1]);
        assert_eq!(
            nan.unwrap_err(),
            "the reward of 1: log-reward NaN; a reward must be a number, finite and not negative"
        );
        let (zero, _) = score(vec![f64::NEG_INFINITY], Shape::default(), &[0]);
        assert_eq!(
            zero.unwrap_err(),
            "the reward of 0: the reward is 0, of which no flow can be made; set `reward.floor`"
        );
    }
    /// Cannot score node 1.
    struct Picky;

    impl Reward for Picky {
        fn accepts(&self, _: &ObjectKind) -> Result<(), String> {
            Ok(())
        }

        fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
            log_reward.fill(2.0);
            let all = 0..objects.len();
            RewardError::leaving_out(all.filter(|&index| objects.state(index)[0] == 1).collect())
        }
    }

    #[test]
    fn what_is_left_out_is_told_by_its_places_in_the_batch() {
        let dag = RandomDag::new(0, 2, 2);
        let states = [0, 1, 0, 1, 2];
        for cache in [0, 10] {
            let reward = Shaped::new(
                Box::new(Picky),
                Shape {
                    cache,
                    ..Shape::default()
                },
            );
            for _ in 0..2 {
                let mut values = [0.0; 5];
                let scored = reward.log_reward(&Objects::new(&dag, &states), &mut values);
                assert_eq!(RewardError::left_out(scored).unwrap(), [1, 3]);
                assert_eq!([values[0], values[2], values[4]], [2.0; 3]);
            }
        }
    }
}
