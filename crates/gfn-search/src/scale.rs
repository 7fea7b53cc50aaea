//! Numbers as positions on an interval of the real line, on which the methods work.

use crate::space::{Coordinate, Domain};

/// A numeric domain laid on an interval: its logarithm where it is searched by that, and for whole numbers half a step more at
/// both ends, so that every number has a cell of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Where the interval begins.
    pub(crate) low: f64,
    /// Where it ends.
    pub(crate) high: f64,
    log: bool,
    numbers: Numbers,
}

#[derive(Clone, Copy, Debug)]
enum Numbers {
    Real { low: f64, high: f64 },
    Whole { low: i64, step: u64, last: u64 },
}

impl Scale {
    /// The scale of a numeric domain, or the number of options of one that is not.
    pub(crate) fn of(domain: &Domain) -> Result<Self, usize> {
        let (numbers, log, low, high) = match *domain {
            Domain::Choice { options } => return Err(options),
            Domain::Float { low, high, log } => (Numbers::Real { low, high }, log, low, high),
            Domain::Integer { low, high, log, step } => {
                let step = step.max(1);
                let last = high.abs_diff(low) / step;
                let end = low as f64 + last as f64 * step as f64;
                let half = step as f64 / 2.0;
                (
                    Numbers::Whole { low, step, last },
                    log,
                    low as f64 - half,
                    end + half,
                )
            }
        };
        let place = |value: f64| if log { libm::log(value) } else { value };
        Ok(Self {
            low: place(low),
            high: place(high),
            log,
            numbers,
        })
    }

    /// How long the interval is.
    pub(crate) fn length(&self) -> f64 {
        self.high - self.low
    }

    /// The value at a position, the nearest whole number where it is one.
    pub(crate) fn coordinate(&self, position: f64) -> Coordinate {
        let value = if self.log { libm::exp(position) } else { position };
        match self.numbers {
            Numbers::Real { low, high } => Coordinate::Float(value.max(low).min(high)),
            Numbers::Whole { low, step, last } => {
                // A float to integer conversion keeps to the bounds of the integer.
                let index = (libm::floor((value - low as f64) / step as f64 + 0.5) as u64).min(last);
                let value = i128::from(low) + i128::from(index) * i128::from(step);
                Coordinate::Integer(value.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
            }
        }
    }

    /// Where a value lies.
    pub(crate) fn position(&self, coordinate: Coordinate) -> f64 {
        let value = match coordinate {
            Coordinate::Choice(option) => option as f64,
            Coordinate::Float(value) => value,
            Coordinate::Integer(value) => value as f64,
        };
        if self.log { libm::log(value) } else { value }
    }

    /// The stretch of the interval that a whole number stands for.
    pub(crate) fn cell(&self, coordinate: Coordinate) -> Option<(f64, f64)> {
        let (Numbers::Whole { step, .. }, Coordinate::Integer(value)) = (self.numbers, coordinate) else {
            return None;
        };
        let (value, half) = (value as f64, step as f64 / 2.0);
        let place = |value: f64| if self.log { libm::log(value) } else { value };
        Some((place(value - half), place(value + half)))
    }
}
