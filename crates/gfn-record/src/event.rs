//! The metrics of a run, as lines of `metrics.jsonl`. No times are among them, so that two runs of one file and seed
//! write the same bytes.
//!
//! A line is one JSON object without nesting: `event`, `step`, `trajectories`, then a key for each metric, named as in the
//! [`catalogue`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::catalogue::{self, Kind};
use crate::number;

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An update.
    Step(Metrics),
    /// A measurement of the policy.
    Measured(Metrics),
}

impl Event {
    /// Reads a line of `metrics.jsonl`. Numbers that are not finite are read in any of the forms that programs write: `"nan"`, as here,
    /// `null`, and the bare words `NaN` and `Infinity`.
    ///
    /// # Errors
    /// Where it is no such line.
    pub fn parse(line: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(line).or_else(|error| match crate::number::with_names_quoted(line) {
            Some(quoted) => serde_json::from_slice(&quoted),
            None => Err(error),
        })
    }

    fn parts(&self) -> (&'static str, &Metrics) {
        match self {
            Self::Step(metrics) => ("step", metrics),
            Self::Measured(metrics) => ("measured", metrics),
        }
    }
}

/// The metrics of an update or of a policy, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Updates taken, this one included.
    pub step: u64,
    /// Trajectories trained on so far.
    pub trajectories: u64,
    values: Vec<(Cow<'static, str>, f64)>,
}

impl Metrics {
    /// No metrics yet, after so many updates and trajectories.
    pub fn at(step: u64, trajectories: u64) -> Self {
        Self {
            step,
            trajectories,
            values: Vec::new(),
        }
    }

    /// Sets a metric, in place of the value that it had.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: f64) {
        let name = name.into();
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.values.push((name, value)),
        }
    }

    /// Sets a metric that may not have been measured.
    pub fn set_known(&mut self, name: impl Into<Cow<'static, str>>, value: Option<f64>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// The same metrics and one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: f64) -> Self {
        self.set(name, value);
        self
    }

    /// The same metrics but one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.values.retain(|(known, _)| *known != name);
        self
    }

    /// The value of a metric; none where it was not measured.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// All metrics.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// All metrics in the order of the catalogue, then the others.
    pub fn in_order(&self) -> Vec<(&str, f64)> {
        let mut values: Vec<(&str, f64)> = self.iter().collect();
        values.sort_by_key(|(name, _)| catalogue::find(name).map_or(usize::MAX, |(place, _)| place));
        values
    }

    /// All metrics under the names by which other programs group them: `group/metric`.
    pub fn tagged(&self) -> Vec<(String, f64)> {
        // What is not estimated is not a number: a loss without flows knows no log Z.
        let values = self
            .iter()
            .filter(|(name, value)| *name != catalogue::names::LOG_Z || !value.is_nan());
        values
            .map(|(name, value)| (catalogue::tag(name), value))
            .collect()
    }

    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("step", &self.step)?;
        map.serialize_entry("trajectories", &self.trajectories)?;
        for (name, value) in self.iter() {
            let is_count = || catalogue::find(name).is_some_and(|(_, metric)| metric.kind == Kind::Count);
            match (0.0..MAX_COUNT).contains(&value) && value.fract() == 0.0 && is_count() {
                true => map.serialize_entry(name, &(value as u64))?,
                false => map.serialize_entry(name, &number::Form::of(value))?,
            }
        }
        Ok(())
    }
}

/// Whole numbers below are numbers of double precision.
const MAX_COUNT: f64 = 9_007_199_254_740_992.0;

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write(&mut map)?;
        map.end()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (event, metrics) = self.parts();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", event)?;
        metrics.write(&mut map)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Line).map(|(_, metrics)| metrics)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (event, metrics) = deserializer.deserialize_map(Line)?;
        match event.as_deref() {
            Some("step") => Ok(Self::Step(metrics)),
            Some("measured") => Ok(Self::Measured(metrics)),
            Some(other) => Err(D::Error::custom(format!(
                "`{other}` is no event; it is `step` or `measured`"
            ))),
            None => Err(D::Error::missing_field("event")),
        }
    }
}

/// Reads the keys of a line: the event, if it has one, and the metrics.
struct Line;

impl<'de> Visitor<'de> for Line {
    type Value = (Option<String>, Metrics);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut event, mut step, mut trajectories, mut values) = (None, None, None, Vec::new());
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "event" => event = Some(map.next_value()?),
                "step" => step = Some(map.next_value()?),
                "trajectories" => trajectories = Some(map.next_value()?),
                name => values.push((shared(name), map.next_value::<number::Form>()?.value()?)),
            }
        }
        let metrics = Metrics {
            step: step.ok_or_else(|| A::Error::missing_field("step"))?,
            trajectories: trajectories.ok_or_else(|| A::Error::missing_field("trajectories"))?,
            values,
        };
        Ok((event, metrics))
    }
}

/// A name, without memory of its own where it is in the catalogue: a long run has it in every line.
fn shared(name: &str) -> Cow<'static, str> {
    match catalogue::find(name) {
        Some((_, metric)) if metric.name == name => Cow::Borrowed(metric.name),
        _ => Cow::Owned(name.into()),
    }
}

/// A straight line through points, by least squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// The number of points.
    pub objects: u64,
    /// Its slope; 1 where one is proportional to the other.
    pub slope: f64,
    /// Pearson's correlation.
    pub correlation: f64,
}

impl Regression {
    /// Of y on x; none for fewer than two points, or where all x or all y are the same.
    pub fn of(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        let mean = |value: fn((f64, f64)) -> f64| points.clone().map(value).sum::<f64>() / count;
        let (x_mean, y_mean) = (mean(|point| point.0), mean(|point| point.1));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in points {
            let (x, y) = (x - x_mean, y - y_mean);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        (xx > 0.0 && yy > 0.0).then(|| Self {
            objects: count as u64,
            slope: xy / xx,
            correlation: xy / (xx * yy).sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_numbers_that_are_none_are_read_in_every_form() {
        let line = |loss: &str| {
            format!(
                "{{\"event\":\"step\",\"step\":3,\"trajectories\":12,\"train.loss\":{loss},\"train.log_z\":0.5,\"train.states\":4}}"
            )
        };
        for (text, expected) in [
            ("\"nan\"", f64::NAN),
            ("NaN", f64::NAN),
            ("null", f64::NAN),
            ("\"inf\"", f64::INFINITY),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e-3", 1e-3),
        ] {
            let Event::Step(step) = Event::parse(line(text).as_bytes()).unwrap() else {
                panic!("{text}");
            };
            let loss = step.get(catalogue::names::LOSS).unwrap();
            assert!(loss == expected || loss.is_nan() && expected.is_nan(), "{text}");
        }
        for text in ["\"many\"", "", "[NaN]", "Nan"] {
            assert!(Event::parse(line(text).as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_are_flat_and_read_back() {
        let metrics = Metrics::at(3, 48)
            .with("train.loss", f64::INFINITY)
            .with("train.states", 4.0)
            .with("train.left_out", f64::NAN)
            .with("mine.own", 4.0);
        let line = serde_json::to_string(&Event::Step(metrics.clone())).unwrap();
        let expected = r#"{"event":"step","step":3,"trajectories":48,"train.loss":"inf","train.states":4,"train.left_out":"nan","mine.own":4.0}"#;
        assert_eq!(line, expected);
        let Event::Step(read) = Event::parse(line.as_bytes()).unwrap() else {
            panic!("{line}");
        };
        assert!(read.get("train.left_out").unwrap().is_nan());
        assert_eq!(
            read.with("train.left_out", 0.0),
            metrics.with("train.left_out", 0.0)
        );
        for (line, why) in [
            (r#"{"event":"step","step":3}"#, "missing field `trajectories`"),
            (r#"{"step":3,"trajectories":1}"#, "missing field `event`"),
            (
                r#"{"event":"stop","step":3,"trajectories":1}"#,
                "`stop` is no event",
            ),
            (
                r#"{"event":"step","step":3,"trajectories":1,"exact":{"l1":1}}"#,
                "did not match",
            ),
        ] {
            let error = Event::parse(line.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_line_through_points() {
        let of = |points: &[(f64, f64)]| Regression::of(points.iter().copied());
        let found = of(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        assert_eq!((found.objects, found.slope, found.correlation), (3, 2.0, 1.0));
        let found = of(&[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]).unwrap();
        assert_eq!((found.slope, found.correlation), (0.0, 0.0));
        for none in [
            &[][..],
            &[(1.0, 2.0)],
            &[(1.0, 2.0), (1.0, 3.0)],
            &[(1.0, 2.0), (2.0, 2.0)],
        ] {
            assert_eq!(of(none), None);
        }
    }
}
