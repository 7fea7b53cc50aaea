//! The methods of search.

use crate::sobol;
use crate::space::{Point, Space};
use crate::stream::{Purpose, Stream};
use crate::tpe::{self, TpeSettings};

/// How the points of a search are chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// Every combination of values, in order.
    Grid,
    /// Points drawn evenly and independently.
    Random,
    /// Points that cover the space evenly, whenever the search ends: Sobol's sequence, scrambled.
    Sobol,
    /// A tree of Parzen estimators: points like the good ones so far, and unlike the others.
    Tpe(TpeSettings),
}

/// A trial whose point is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Its number, which tells older from newer.
    pub trial: u64,
    /// Its point.
    pub point: Point,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It was measured; smaller is better. A number that is not finite counts as a failure.
    Objective(f64),
    /// It failed, which is taken to be its point's fault: points like it are avoided.
    Failed,
    /// It is not done. It is taken to be bad meanwhile, so that workers at the same time try different things.
    Running,
}

impl Method {
    /// The point that trial number `trial` tries, or nothing where a grid has no more points.
    ///
    /// A function of its arguments alone; the order of `seen` does not count. Points in `seen` that do not lie in the space
    /// are left out.
    pub fn point(&self, space: &Space, seed: u64, trial: u64, seen: &[Observation]) -> Option<Point> {
        match self {
            Self::Grid => space.grid_point(trial),
            Self::Random => Some(random(space, seed, trial)),
            Self::Sobol => Some(sobol::point(space, seed, trial)),
            Self::Tpe(settings) => Some(tpe::point(settings, space, seed, trial, seen)),
        }
    }

    /// How many points a grid has. `None` for the other methods, which have no end, and for a grid over a dimension whose
    /// values cannot be listed or with more points than can be counted.
    pub fn count(&self, space: &Space) -> Option<u64> {
        match self {
            Self::Grid => space.grid_points(),
            Self::Random | Self::Sobol | Self::Tpe(_) => None,
        }
    }

    /// How many results there must be before points depend on them.
    pub fn startup(&self) -> usize {
        match self {
            Self::Tpe(settings) => settings.startup.max(1),
            Self::Grid | Self::Random | Self::Sobol => 0,
        }
    }

    /// Whether points depend on results, and so cannot be listed before anything has run.
    pub fn needs_results(&self) -> bool {
        matches!(self, Self::Tpe(_))
    }
}

/// Point number `trial` of those drawn evenly.
pub(crate) fn random(space: &Space, seed: u64, trial: u64) -> Point {
    space.draw(&mut Stream::new(seed, Purpose::Random, trial))
}
