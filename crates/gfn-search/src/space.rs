//! What is searched: dimensions, their domains, and the points of a grid.

use thiserror::Error;

use crate::scale::Scale;
use crate::stream::Stream;

/// The settings that a search may choose, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    /// One for each setting.
    pub dimensions: Vec<Dimension>,
}

/// A setting and the values it may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// What it is called; methods do not look at it.
    pub name: String,
    /// Its values.
    pub domain: Domain,
}

/// The values that a setting may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// One of several things without an order.
    Choice {
        /// How many there are.
        options: usize,
    },
    /// A number between two others, both included.
    Float {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
        /// Whether its logarithm is searched evenly, and not the number itself.
        log: bool,
    },
    /// One of the whole numbers `low`, `low + step`, … up to `high`.
    Integer {
        /// The least.
        low: i64,
        /// None is greater.
        high: i64,
        /// Whether its logarithm is searched evenly, and not the number itself.
        log: bool,
        /// From one to the next.
        step: u64,
    },
}

/// What was chosen for one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coordinate {
    /// The number of an option.
    Choice(usize),
    /// A number.
    Float(f64),
    /// A whole number.
    Integer(i64),
}

/// What was chosen for every dimension, in the order of [`Space::dimensions`].
pub type Point = Vec<Coordinate>;

/// Why a domain cannot be searched.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum DomainError {
    /// A choice between nothing.
    #[error("there is nothing to choose from")]
    NoOption,
    /// A bound is infinite or not a number, or the bounds lie further apart than numbers reach.
    #[error("the bounds {0} and {1} are not both finite, or lie too far apart")]
    NotFinite(f64, f64),
    /// The bounds are in the wrong order.
    #[error("the lower bound {0} is greater than the upper bound {1}")]
    Reversed(f64, f64),
    /// A logarithm of what has none.
    #[error("a logarithmic scale needs a lower bound above 0; it is {0}")]
    Logarithm(f64),
    /// A step of 0.
    #[error("the step is 0")]
    NoStep,
    /// Steps on a logarithmic scale.
    #[error("a logarithmic scale takes every whole number: the step must be 1, and is {0}")]
    LogarithmicStep(u64),
}

impl Space {
    /// The first dimension that cannot be searched, by its number, and why. Methods expect that there is none.
    pub fn check(&self) -> Result<(), (usize, DomainError)> {
        for (index, dimension) in self.dimensions.iter().enumerate() {
            dimension.domain.check().map_err(|error| (index, error))?;
        }
        Ok(())
    }

    /// How many points a grid has: `None` where a dimension is not a list of values, or where there are too many to count.
    pub(crate) fn grid_points(&self) -> Option<u64> {
        let counts = self.dimensions.iter().map(|dimension| dimension.domain.values());
        counts
            .into_iter()
            .try_fold(1u64, |product, count| product.checked_mul(count?))
    }

    /// Point number `index` of the grid; the last dimension turns fastest.
    pub(crate) fn grid_point(&self, index: u64) -> Option<Point> {
        if index >= self.grid_points()? {
            return None;
        }
        let mut rest = index;
        let mut point = Vec::with_capacity(self.dimensions.len());
        for dimension in self.dimensions.iter().rev() {
            let count = dimension.domain.values()?;
            point.push(dimension.domain.value(rest % count)?);
            rest /= count;
        }
        point.reverse();
        Some(point)
    }

    /// The point whose coordinates lie at the given parts, each in [0, 1), of their domains.
    pub(crate) fn point_at(&self, mut part: impl FnMut(usize) -> f64) -> Point {
        let dimensions = self.dimensions.iter().enumerate();
        dimensions
            .map(|(index, dimension)| dimension.domain.at(part(index)))
            .collect()
    }

    /// A point drawn evenly.
    pub(crate) fn draw(&self, stream: &mut Stream) -> Point {
        self.point_at(|_| stream.uniform())
    }

    /// Whether a point has the dimensions of this space, and lies in it.
    pub(crate) fn contains(&self, point: &[Coordinate]) -> bool {
        let fits =
            |(dimension, &coordinate): (&Dimension, &Coordinate)| dimension.domain.contains(coordinate);
        point.len() == self.dimensions.len() && self.dimensions.iter().zip(point).all(fits)
    }
}

impl Domain {
    /// Why the domain cannot be searched, if it cannot.
    pub fn check(&self) -> Result<(), DomainError> {
        let (low, high, log) = match *self {
            Self::Choice { options: 0 } => return Err(DomainError::NoOption),
            Self::Choice { .. } => return Ok(()),
            Self::Integer { step: 0, .. } => return Err(DomainError::NoStep),
            Self::Integer { log: true, step, .. } if step != 1 => {
                return Err(DomainError::LogarithmicStep(step));
            }
            Self::Integer { low, high, log, .. } => (low as f64, high as f64, log),
            Self::Float { low, high, log } => (low, high, log),
        };
        if !(low.is_finite() && high.is_finite() && (high - low).is_finite()) {
            Err(DomainError::NotFinite(low, high))
        } else if low > high {
            Err(DomainError::Reversed(low, high))
        } else if log && low <= 0.0 {
            Err(DomainError::Logarithm(low))
        } else {
            Ok(())
        }
    }

    /// How many values there are, if they can be listed.
    fn values(&self) -> Option<u64> {
        match *self {
            Self::Choice { options } => Some(options as u64),
            Self::Integer { low, high, step, .. } => high.abs_diff(low).checked_div(step)?.checked_add(1),
            Self::Float { .. } => None,
        }
    }

    /// Value number `index`.
    fn value(&self, index: u64) -> Option<Coordinate> {
        match *self {
            Self::Choice { .. } => Some(Coordinate::Choice(usize::try_from(index).ok()?)),
            Self::Integer { low, step, .. } => {
                let value = i128::from(low) + i128::from(index) * i128::from(step);
                Some(Coordinate::Integer(i64::try_from(value).ok()?))
            }
            Self::Float { .. } => None,
        }
    }

    /// The value at a part, in [0, 1), of the domain.
    fn at(&self, part: f64) -> Coordinate {
        match Scale::of(self) {
            Ok(scale) => scale.coordinate(scale.low + part * (scale.high - scale.low)),
            Err(options) => {
                Coordinate::Choice(((part * options as f64) as usize).min(options.saturating_sub(1)))
            }
        }
    }

    fn contains(&self, coordinate: Coordinate) -> bool {
        match (*self, coordinate) {
            (Self::Choice { options }, Coordinate::Choice(option)) => option < options,
            (Self::Float { low, high, .. }, Coordinate::Float(value)) => (low..=high).contains(&value),
            (Self::Integer { low, high, step, .. }, Coordinate::Integer(value)) => {
                (low..=high).contains(&value) && value.abs_diff(low) % step.max(1) == 0
            }
            _ => false,
        }
    }
}
