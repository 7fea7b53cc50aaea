//! A density over points: a kernel at each trial, and a wide one over the whole space.

use crate::space::{Coordinate, Dimension};
use crate::stream::Stream;
use crate::tpe::kernels::Kernels;

/// How many of the newest trials have full weight; what is older weighs less, since a search moves on.
const NEW: usize = 25;

/// Products of kernels over dimensions, added up over trials. The last kernel is the wide one.
pub(super) struct Mixture {
    weights: Vec<f64>,
    axes: Vec<Kernels>,
}

impl Mixture {
    /// The mixture over trials, from old to new.
    pub(super) fn new(dimensions: &[&Dimension], trials: &[Vec<Coordinate>]) -> Self {
        let mut weights = weights(trials.len());
        weights.push(1.0);
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        let axes = dimensions.iter().enumerate().map(|(axis, dimension)| {
            let values: Vec<Coordinate> = trials.iter().map(|trial| trial[axis]).collect();
            Kernels::new(&dimension.domain, &values)
        });
        Self {
            weights,
            axes: axes.collect(),
        }
    }

    /// A point of this density.
    pub(super) fn draw(&self, stream: &mut Stream) -> Vec<Coordinate> {
        let mut left = stream.uniform();
        let passed = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        // Rounding may leave a rest: the wide kernel's.
        let kernel = passed.unwrap_or(self.weights.len() - 1);
        self.axes.iter().map(|axis| axis.draw(kernel, stream)).collect()
    }

    /// The logarithm of the density at a point, up to a constant that depends on the dimensions alone.
    pub(super) fn log_density(&self, point: &[Coordinate]) -> f64 {
        let mut logs: Vec<f64> = self.weights.iter().map(|&weight| libm::log(weight)).collect();
        for (axis, &coordinate) in self.axes.iter().zip(point) {
            axis.add_log_densities(coordinate, &mut logs);
        }
        let greatest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        greatest + libm::log(logs.iter().map(|log| libm::exp(log - greatest)).sum())
    }
}

/// Full weight for the newest trials, and a ramp up to it over the others.
fn weights(trials: usize) -> Vec<f64> {
    let older = trials.saturating_sub(NEW);
    let least = 1.0 / trials.max(1) as f64;
    let weight = |trial: usize| {
        if trial >= older {
            1.0
        } else {
            least + (1.0 - least) * trial as f64 / older.saturating_sub(1).max(1) as f64
        }
    };
    (0..trials).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_trials_weigh_less() {
        assert_eq!(weights(0), []);
        assert_eq!(weights(3), [1.0; 3]);
        assert_eq!(weights(26)[0], 1.0 / 26.0);
        let many = weights(100);
        assert_eq!((many[0], many[74], many[99]), (0.01, 1.0, 1.0));
        assert!(many.is_sorted());
    }
}
