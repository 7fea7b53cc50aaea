//! Sobol's sequence, scrambled.
//!
//! The first 2^k points lie one in each of many boxes of equal volume, so a search that is cut off anywhere has covered its
//! space more evenly than chance does; scrambling by Owen's method keeps that and takes the regular pattern away. The
//! implementation is the package `sobol_burley`'s.
//!
//! References: Sobol 1967 (doi 10.1016/0041-5553(67)90144-9); Owen 1995 (doi 10.1007/978-1-4612-2552-2_19); Burley 2020,
//! *Practical hash-based Owen scrambling* (Journal of Computer Graphics Techniques 9(4)).

use crate::space::{Point, Space};
use crate::stream::{Purpose, Stream};

/// How many points of one sequence there are; the next one, scrambled differently, follows.
const POINTS: u64 = 1 << 16;

/// Point number `trial` of the sequence under `seed`.
pub(crate) fn point(space: &Space, seed: u64, trial: u64) -> Point {
    let (sequence, index) = (trial / POINTS, (trial % POINTS) as u32);
    space.point_at(|dimension| {
        // Beyond the dimensions of one sequence, another one takes over.
        let (group, dimension) = (
            dimension as u64 / u64::from(sobol_burley::NUM_DIMENSIONS),
            dimension as u64 % u64::from(sobol_burley::NUM_DIMENSIONS),
        );
        let scramble = Stream::new(seed, Purpose::Sobol, sequence ^ (group << 48)).bits();
        f64::from(sobol_burley::sample(index, dimension as u32, scramble))
    })
}
