//! Random streams: ChaCha, named by purpose and index, never shared.
//!
//! Every trajectory draws from a stream of its own, found from the seed, what the numbers are for, and the
//! trajectory's index in the run. Results therefore do not depend on how a batch is split or on the number of threads,
//! and the whole state of a run's randomness is the count of trajectories drawn.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What random numbers are for. Streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Initial network weights.
    Weights = 1,
    /// Trajectories that are trained on.
    Training = 2,
    /// Trajectories drawn to measure a policy.
    Evaluation = 3,
    /// Trajectories drawn for the user after training.
    Samples = 4,
    /// Anything a test draws.
    Test = 5,
    /// Which remembered trajectories are trained on again.
    Replay = 6,
    /// How a table of measured objects is parted, and in which order a network is fitted to it.
    Fitting = 7,
    /// In which order the trajectories of a batch are learned from, where that is done in parts.
    Parts = 8,
    /// Trajectories drawn backward from an object to estimate how probable it is.
    Backward = 9,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream number `index` of `purpose` under `seed`.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(index);
        Self(generator)
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "an empty range has no number");
        // The bias of the multiplication is below bound / 2^64.
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A standard normal number (Box and Muller's transform, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, purpose, index| Stream::new(seed, purpose, index).uniform();
        assert_eq!(draw(7, Purpose::Training, 3), draw(7, Purpose::Training, 3));
        let others = [
            draw(8, Purpose::Training, 3),
            draw(7, Purpose::Evaluation, 3),
            draw(7, Purpose::Training, 4),
        ];
        assert!(others.iter().all(|&other| other != draw(7, Purpose::Training, 3)));
    }

    /// The numbers of a run must not change when a dependency does.
    #[test]
    fn numbers_are_pinned() {
        let mut stream = Stream::new(42, Purpose::Training, 1);
        let drawn: Vec<u64> = (0..3).map(|_| (stream.uniform() * 1e9) as u64).collect();
        assert_eq!(drawn, PINNED);
    }
    const PINNED: [u64; 3] = [105_105_928, 860_798_851, 51_581_695];

    #[test]
    fn moments_are_right() {
        let mut stream = Stream::new(0, Purpose::Test, 0);
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = stream.normal();
            sum += x;
            squares += x * x;
        }
        assert!((sum / f64::from(n)).abs() < 0.02);
        assert!((squares / f64::from(n) - 1.0).abs() < 0.02);
        assert!((0..1000).all(|_| stream.below(7) < 7));
    }
}
