//! A number that may change over training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number, or a table `{ from, to, steps, shape }` that leads from one number to another over training steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Schedule {
    /// The same number at every step.
    Constant(f64),
    /// A number that changes.
    Ramp(Ramp),
}

/// A number that goes from `from` to `to` during the first `steps` steps and then stays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// The value at step 0.
    pub from: f64,
    /// The value from step `steps` on.
    pub to: f64,
    /// Training steps that the way takes.
    #[schemars(range(min = 1), extend("x-unit" = "updates"))]
    pub steps: u64,
    /// How it gets there.
    #[serde(default)]
    pub shape: Shape,
}

/// The way from one number to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// In equal differences.
    #[default]
    Linear,
    /// Along half a cosine: slow at both ends.
    Cosine,
    /// In equal ratios; both ends must be positive.
    Exponential,
}

impl Schedule {
    /// The value at training step `step`.
    pub fn at(&self, step: u64) -> f64 {
        let ramp = match self {
            Self::Constant(value) => return *value,
            Self::Ramp(ramp) => ramp,
        };
        let way = (step as f64 / ramp.steps.max(1) as f64).min(1.0);
        match ramp.shape {
            Shape::Linear => ramp.from + way * (ramp.to - ramp.from),
            Shape::Cosine => {
                ramp.to + (ramp.from - ramp.to) * (1.0 + (std::f64::consts::PI * way).cos()) / 2.0
            }
            Shape::Exponential => ramp.from * (ramp.to / ramp.from).powf(way),
        }
    }

    /// The first value and the last.
    pub fn ends(&self) -> [f64; 2] {
        match self {
            Self::Constant(value) => [*value, *value],
            Self::Ramp(ramp) => [ramp.from, ramp.to],
        }
    }

    /// Checks that every value lies in `low..=high`; `what` names the setting.
    ///
    /// # Errors
    /// A sentence that names the setting, its value and the range.
    pub fn check(&self, what: &str, low: f64, high: f64) -> Result<(), String> {
        let ends = self.ends();
        if let Some(end) = ends.iter().find(|end| !(low..=high).contains(*end)) {
            let range = if high == f64::INFINITY {
                format!("at least {low}")
            } else {
                format!("from {low} to {high}")
            };
            return Err(format!("`{what}` is {end}; expected {range}"));
        }
        match self {
            Self::Ramp(ramp) if ramp.shape == Shape::Exponential && ends.iter().any(|&end| end <= 0.0) => {
                Err(format!(
                    "`{what}` has an exponential shape, which needs positive `from` and `to`"
                ))
            }
            _ => Ok(()),
        }
    }
}

impl From<f64> for Schedule {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(shape: Shape) -> Schedule {
        Schedule::Ramp(Ramp {
            from: 1.0,
            to: 0.01,
            steps: 100,
            shape,
        })
    }

    #[test]
    fn ends_and_middles() {
        for shape in [Shape::Linear, Shape::Cosine, Shape::Exponential] {
            assert!((ramp(shape).at(0) - 1.0).abs() < 1e-12);
            assert!((ramp(shape).at(100) - 0.01).abs() < 1e-12);
            assert!((ramp(shape).at(1000) - 0.01).abs() < 1e-12);
        }
        assert!((ramp(Shape::Linear).at(50) - 0.505).abs() < 1e-12);
        assert!((ramp(Shape::Exponential).at(50) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn ranges_are_checked() {
        assert!(ramp(Shape::Linear).check("x", 0.0, 1.0).is_ok());
        assert_eq!(
            Schedule::from(1.5)
                .check("sampler.random_action_probability", 0.0, 1.0)
                .unwrap_err(),
            "`sampler.random_action_probability` is 1.5; expected from 0 to 1"
        );
    }
}
