//! From the members' disagreement to a standard deviation that means what it says.

use gfn_proxy::fitted::Uncertainty;

use crate::statistics::root_mean_square;

/// Members of an ensemble usually agree too well; factors up to this are tried.
const MAX_FACTOR: f64 = 8.0;
const FACTORS: usize = 32;
const CONSTANTS: usize = 20;

/// The factor and the constant under which errors of validation molecules are most likely, were they normal: of a grid, as a few
/// hundred molecules tell no more. A pair is an error and the spread of the members, in the target's unit.
pub(crate) fn calibrated(pairs: &[(f64, f64)]) -> Uncertainty {
    let rmse = root_mean_square(pairs.iter().map(|pair| pair.0));
    let has_spread = pairs.iter().any(|(_, spread)| *spread > 0.0);
    if !has_spread || rmse == 0.0 {
        return Uncertainty {
            factor: 0.0,
            constant: rmse,
        };
    }
    let share = |step: usize, steps: usize| step as f64 / steps as f64;
    let constants = (1..=CONSTANTS).map(|step| rmse * share(step, CONSTANTS));
    let all = constants.flat_map(|constant| {
        (0..=FACTORS).map(move |step| Uncertainty {
            factor: MAX_FACTOR * share(step, FACTORS),
            constant,
        })
    });
    let surprise = |uncertainty: &Uncertainty| surprise(*uncertainty, pairs);
    all.min_by(|one, two| surprise(one).total_cmp(&surprise(two)))
        .expect("the grid is not empty")
}

/// Minus the log-likelihood of errors, less what is the same for all.
fn surprise(uncertainty: Uncertainty, pairs: &[(f64, f64)]) -> f64 {
    let of = |(error, spread): &(f64, f64)| {
        let deviation = (uncertainty.factor * spread).hypot(uncertainty.constant);
        deviation.ln() + 0.5 * (error / deviation).powi(2)
    };
    pairs.iter().map(of).sum()
}

/// For shares of a normal distribution, the share of errors that were within as many standard deviations. A pair is an error and
/// its expected standard deviation.
pub(crate) fn coverage(pairs: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let at = |step: i32| {
        let width = f64::from(step) / 20.0;
        let within = pairs
            .iter()
            .filter(|(error, deviation)| error.abs() <= width * deviation);
        let found = within.count() as f64 / pairs.len() as f64;
        (libm::erf(width / std::f64::consts::SQRT_2), found)
    };
    (0..=60).map(at).collect()
}

#[cfg(test)]
mod tests {
    use gfn_core::{Purpose, Stream};

    use super::*;

    #[test]
    fn what_made_the_errors_is_found() {
        let mut stream = Stream::new(0, Purpose::Test, 0);
        let pairs: Vec<(f64, f64)> = (0..4000)
            .map(|_| {
                let spread = 0.2 + stream.uniform();
                (stream.normal() * (2.0 * spread).hypot(0.5), spread)
            })
            .collect();
        let found = calibrated(&pairs);
        assert!((1.5..=2.5).contains(&found.factor), "{found:?}");
        assert!((0.1..=0.9).contains(&found.constant), "{found:?}");
        let expected: Vec<(f64, f64)> = pairs
            .iter()
            .map(|(error, spread)| (*error, (found.factor * spread).hypot(found.constant)))
            .collect();
        for (nominal, share) in coverage(&expected) {
            assert!((nominal - share).abs() < 0.04, "{nominal} {share}");
        }
    }

    #[test]
    fn a_single_network_has_the_same_everywhere() {
        let found = calibrated(&[(3.0, 0.0), (-4.0, 0.0)]);
        assert_eq!((found.factor, found.constant), (0.0, 12.5f64.sqrt()));
    }
}
