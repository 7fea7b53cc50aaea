//! The kernels of one dimension: a normal distribution cut to the interval, or a preference for one option.

use crate::scale::Scale;
use crate::space::{Coordinate, Domain};
use crate::stream::Stream;

/// No kernel is narrower than this part of the interval: two trials that lie together would otherwise trap the search.
const NARROWEST: f64 = 100.0;

/// A kernel for each trial and a wide one at the end.
pub(super) enum Kernels {
    /// Options: which one each trial has.
    Choice { options: usize, chosen: Vec<usize> },
    /// Numbers: center and width of each kernel, and the logarithm of what of it lies inside.
    Numeric { scale: Scale, normals: Vec<Normal> },
}

/// A normal distribution cut to an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Normal {
    center: f64,
    width: f64,
    log_inside: f64,
}

impl Kernels {
    pub(super) fn new(domain: &Domain, values: &[Coordinate]) -> Self {
        match Scale::of(domain) {
            Ok(scale) => Self::Numeric {
                scale,
                normals: normals(&scale, values),
            },
            Err(options) => Self::Choice {
                options,
                chosen: values.iter().filter_map(option).collect(),
            },
        }
    }

    /// A value of kernel number `kernel`.
    pub(super) fn draw(&self, kernel: usize, stream: &mut Stream) -> Coordinate {
        match self {
            Self::Choice { options, chosen } => {
                let mut left = stream.uniform();
                let passed = (0..*options).find(|&option| {
                    left -= preference(*options, chosen, kernel, option);
                    left < 0.0
                });
                Coordinate::Choice(passed.unwrap_or(options.saturating_sub(1)))
            }
            Self::Numeric { scale, normals } => scale.coordinate(normals[kernel].draw(scale, stream)),
        }
    }

    /// Adds to each kernel's entry the logarithm of its density at a value.
    pub(super) fn add_log_densities(&self, value: Coordinate, logs: &mut [f64]) {
        match self {
            Self::Choice { options, chosen } => {
                let option = option(&value).unwrap_or_default();
                for (kernel, log) in logs.iter_mut().enumerate() {
                    *log += libm::log(preference(*options, chosen, kernel, option));
                }
            }
            Self::Numeric { scale, normals } => {
                for (normal, log) in normals.iter().zip(logs) {
                    *log += normal.log_density(scale, value);
                }
            }
        }
    }
}

fn option(value: &Coordinate) -> Option<usize> {
    match *value {
        Coordinate::Choice(option) => Some(option),
        Coordinate::Float(_) | Coordinate::Integer(_) => None,
    }
}

/// How likely a kernel is to give an option: its own has the weight 1, and all share the weight of one trial between the kernels,
/// so that trust in what was seen grows with how much that is.
fn preference(options: usize, chosen: &[usize], kernel: usize, option: usize) -> f64 {
    let even = 1.0 / (chosen.len() + 1) as f64;
    match chosen.get(kernel) {
        None => 1.0 / options as f64,
        Some(&own) => (even + f64::from(u8::from(own == option))) / (even * options as f64 + 1.0),
    }
}

/// A kernel at each value, as wide as the greater of the gaps to its neighbours, and the wide one.
fn normals(scale: &Scale, values: &[Coordinate]) -> Vec<Normal> {
    let centers: Vec<f64> = values.iter().map(|&value| scale.position(value)).collect();
    let mut order: Vec<usize> = (0..centers.len()).collect();
    order.sort_by(|&a, &b| centers[a].total_cmp(&centers[b]).then(a.cmp(&b)));
    let length = scale.length();
    let narrowest = length / NARROWEST.min(centers.len() as f64 + 2.0);
    let mut widths = vec![0.0; centers.len()];
    for (place, &index) in order.iter().enumerate() {
        let below = place
            .checked_sub(1)
            .map(|below| centers[index] - centers[order[below]]);
        let above = order.get(place + 1).map(|&above| centers[above] - centers[index]);
        let gap = match (below, above) {
            // A single trial: the ends of the interval are its neighbours.
            (None, None) => (centers[index] - scale.low).max(scale.high - centers[index]),
            (below, above) => below.unwrap_or(0.0).max(above.unwrap_or(0.0)),
        };
        widths[index] = gap.max(narrowest).min(length);
    }
    let own = centers
        .iter()
        .zip(&widths)
        .map(|(&center, &width)| (center, width));
    let wide = (0.5 * (scale.low + scale.high), length);
    own.chain([wide])
        .map(|(center, width)| Normal::new(scale, center, width))
        .collect()
}

impl Normal {
    fn new(scale: &Scale, center: f64, width: f64) -> Self {
        let mut normal = Self {
            center,
            // A domain of one value has no length.
            width: width.max(f64::MIN_POSITIVE),
            log_inside: 0.0,
        };
        normal.log_inside = libm::log(normal.mass(scale.low, scale.high).max(f64::MIN_POSITIVE));
        normal
    }

    /// A position inside. A center lies inside and no kernel is wider than the interval, so a third of the draws is inside at
    /// worst, and a hundred in vain do not happen.
    fn draw(&self, scale: &Scale, stream: &mut Stream) -> f64 {
        let mut draws = (0..100).map(|_| self.center + self.width * stream.normal());
        let inside = draws.find(|position| (scale.low..=scale.high).contains(position));
        inside.unwrap_or(self.center)
    }

    fn log_density(&self, scale: &Scale, value: Coordinate) -> f64 {
        match scale.cell(value) {
            Some((low, high)) => libm::log(self.mass(low, high)) - self.log_inside,
            None => {
                let z = (scale.position(value) - self.center) / self.width;
                -0.5 * z * z - libm::log(self.width) - self.log_inside
            }
        }
    }

    /// The probability of a stretch before cutting.
    fn mass(&self, low: f64, high: f64) -> f64 {
        let half = |position: f64| (position - self.center) / self.width * std::f64::consts::FRAC_1_SQRT_2;
        let (low, high) = (half(low), half(high));
        // Both ends on the side where the function is small, so that their difference keeps its digits.
        let (low, high) = if low > 0.0 { (-high, -low) } else { (low, high) };
        0.5 * (libm::erfc(-high) - libm::erfc(-low))
    }
}
