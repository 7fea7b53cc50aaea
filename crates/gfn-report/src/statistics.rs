//! Curves made of numbers: thinned, smoothed, and averaged over runs.

pub(crate) use gfn_runs::statistics::mean_and_interval;

use crate::axis::span;

/// A point of a curve.
pub(crate) type Point = (f64, f64);

/// No curve is drawn with more points than about this: it is more than there are pixels.
pub(crate) const MAX_POINTS: usize = 400;

/// A curve with fewer points that looks the same: of each stretch, its lowest and its highest point stay, in their order. What
/// has no place stays as a gap.
pub(crate) fn thinned(points: &[Point]) -> Vec<Point> {
    if points.len() <= MAX_POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(MAX_POINTS / 2);
    points.chunks(stretch).flat_map(extremes).collect()
}

fn extremes(stretch: &[Point]) -> Vec<Point> {
    let index = |order: fn(f64, f64) -> bool| {
        let mut best: Option<usize> = None;
        for (index, point) in stretch
            .iter()
            .enumerate()
            .filter(|(_, point)| point.1.is_finite())
        {
            if best.is_none_or(|best| order(point.1, stretch[best].1)) {
                best = Some(index);
            }
        }
        best
    };
    match (index(|a, b| a < b), index(|a, b| a > b)) {
        (Some(low), Some(high)) if low != high => vec![stretch[low.min(high)], stretch[low.max(high)]],
        (Some(only), _) => vec![stretch[only]],
        _ => stretch[..1].to_vec(),
    }
}

/// The running mean over `window` points around each, fewer at the ends; what is no number is left out of it. Thinned to as
/// many points as can be seen.
pub(crate) fn smoothed(points: &[Point], window: usize) -> Vec<Point> {
    let (mut sums, mut counts) = (vec![0.0], vec![0u32]);
    for (_, y) in points {
        let is_number = y.is_finite();
        sums.push(sums[sums.len() - 1] + if is_number { *y } else { 0.0 });
        counts.push(counts[counts.len() - 1] + u32::from(is_number));
    }
    let every = points.len().div_ceil(MAX_POINTS).max(1);
    let half = window / 2;
    let last = points.len().saturating_sub(1);
    let chosen = (0..points.len()).filter(|index| index.is_multiple_of(every) || *index == last);
    let at = |index: usize| {
        let (from, to) = (index.saturating_sub(half), (index + half + 1).min(points.len()));
        (
            points[index].0,
            (sums[to] - sums[from]) / f64::from(counts[to] - counts[from]),
        )
    };
    chosen.map(at).collect()
}

/// A band takes so many curves: Student's interval of two is so wide that it hides the curves.
const MIN_IN_BAND: usize = 3;

/// The mean of several curves, with its 95 % confidence band where enough of them overlap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mean {
    /// The mean over the curves that are there.
    pub(crate) line: Vec<Point>,
    /// x, and the ends of the interval.
    pub(crate) band: Vec<(f64, f64, f64)>,
}

/// The mean of curves that may begin, end and have their points elsewhere; between its own points a curve is straight.
pub(crate) fn mean(curves: &[Vec<Point>]) -> Mean {
    let curves: Vec<Vec<Point>> = curves
        .iter()
        .map(|curve| {
            curve
                .iter()
                .copied()
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                .collect()
        })
        .collect();
    let mut all: Vec<f64> = curves.iter().flatten().map(|point| point.0).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let every = all.len().div_ceil(MAX_POINTS).max(1);
    let last = all.len().saturating_sub(1);
    let seen = (0..all.len()).filter(|index| index.is_multiple_of(every) || *index == last);
    let mut mean = Mean::default();
    for x in seen.map(|index| all[index]) {
        let values: Vec<f64> = curves.iter().filter_map(|curve| value_at(curve, x)).collect();
        if let Some((center, half)) = mean_and_interval(values.iter().copied()) {
            mean.line.push((x, center));
            let half = half.filter(|_| values.len() >= MIN_IN_BAND);
            mean.band
                .extend(half.map(|half| (x, center - half, center + half)));
        }
    }
    mean
}

/// A curve's value somewhere between its ends.
fn value_at(curve: &[Point], x: f64) -> Option<f64> {
    let after = curve.partition_point(|point| point.0 < x);
    let right = curve.get(after)?;
    if right.0 == x {
        return Some(right.1);
    }
    let left = curve.get(after.checked_sub(1)?)?;
    let share = (x - left.0) / (right.0 - left.0);
    Some(left.1 + share * (right.1 - left.1))
}

/// Pearson's correlation; none for fewer than three pairs, or where one side does not vary.
pub(crate) fn correlation(pairs: &[Point]) -> Option<f64> {
    let pairs: Vec<Point> = pairs
        .iter()
        .copied()
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let count = pairs.len() as f64;
    let mean = |pick: fn(&Point) -> f64| pairs.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |product: &dyn Fn(&Point) -> f64| pairs.iter().map(product).sum::<f64>();
    let both = sum(&|pair| (pair.0 - x) * (pair.1 - y));
    let each = sum(&|pair| (pair.0 - x).powi(2)) * sum(&|pair| (pair.1 - y).powi(2));
    (pairs.len() > 2 && each > 0.0).then(|| both / each.sqrt())
}

/// Spearman's: Pearson's of the ranks, equal values sharing theirs.
pub(crate) fn rank_correlation(pairs: &[Point]) -> Option<f64> {
    let ranks = |pick: fn(&Point) -> f64| ranks(&pairs.iter().map(pick).collect::<Vec<_>>());
    let (x, y) = (ranks(|pair| pair.0), ranks(|pair| pair.1));
    correlation(&x.into_iter().zip(y).collect::<Vec<_>>())
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |value: &f64| {
        let below = sorted.partition_point(|other| other.total_cmp(value).is_lt());
        let within = sorted.partition_point(|other| other.total_cmp(value).is_le());
        0.5 * (below + within) as f64
    };
    values.iter().map(rank).collect()
}

/// A histogram with bars of one width.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bins {
    /// Where the first bar begins.
    pub(crate) low: f64,
    /// How wide each is.
    pub(crate) width: f64,
    /// How many there are.
    pub(crate) count: usize,
}

impl Bins {
    /// As many bars as Freedman and Diaconis advise for these values, between 8 and 40; none where there is no value.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = span(sorted.iter().copied());
        if sorted.is_empty() {
            return None;
        }
        if high - low <= 1e-12 * high.abs() {
            let width = (0.1 * high.abs()).max(0.1);
            return Some(Self {
                low: low - 0.5 * width,
                width,
                count: 1,
            });
        }
        let quartile = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
        let advised = 2.0 * (quartile(0.75) - quartile(0.25)) / (sorted.len() as f64).cbrt();
        let count = ((high - low) / advised).ceil();
        // The quartiles may coincide.
        let count = if count.is_finite() {
            (count as usize).clamp(8, 40)
        } else {
            20
        };
        Some(Self {
            low,
            width: (high - low) / count as f64,
            count,
        })
    }

    /// The share of weight in each bar.
    pub(crate) fn shares(&self, values: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
        let mut shares = vec![0.0; self.count];
        let mut total = 0.0;
        for (value, weight) in values.filter(|(value, weight)| value.is_finite() && weight.is_finite()) {
            let bar = ((value - self.low) / self.width).max(0.0) as usize;
            shares[bar.min(self.count - 1)] += weight;
            total += weight;
        }
        if total > 0.0 {
            shares.iter_mut().for_each(|share| *share /= total);
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_peaks_and_order() {
        let mut points: Vec<Point> = (0..10_000).map(|x| (f64::from(x), 0.0)).collect();
        points[5_000].1 = 9.0;
        points[7_000].1 = f64::NAN;
        let thin = thinned(&points);
        assert!(thin.len() <= MAX_POINTS && thin.contains(&(5_000.0, 9.0)));
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(thinned(&points[..3]), &points[..3]);
        let none: Vec<Point> = (0..1_000).map(|x| (f64::from(x), f64::NAN)).collect();
        assert!(thinned(&none).len() <= MAX_POINTS);
    }

    #[test]
    fn smoothing_leaves_a_slope_and_passes_over_what_is_no_number() {
        let mut points: Vec<Point> = (0..100).map(|x| (f64::from(x), f64::from(x))).collect();
        assert!(
            smoothed(&points, 9)[4..96]
                .iter()
                .all(|(x, y)| (x - y).abs() < 1e-9)
        );
        points[50].1 = f64::NAN;
        assert!(smoothed(&points, 9).iter().all(|(x, y)| (x - y).abs() <= 2.0));
        assert_eq!(smoothed(&[(1.0, 2.0)], 9), [(1.0, 2.0)]);
        assert!(smoothed(&[(1.0, f64::NAN)], 9)[0].1.is_nan());
        assert_eq!(smoothed(&[], 9), []);
        let long: Vec<Point> = (0..100_000).map(|x| (f64::from(x), 1.0)).collect();
        assert!(smoothed(&long, 99).len() <= MAX_POINTS + 1);
    }

    #[test]
    fn the_mean_of_ragged_curves_is_over_those_that_are_there() {
        let curves = [
            vec![(0.0, 0.0), (10.0, 10.0), (20.0, 20.0)],
            vec![(0.0, 2.0), (10.0, f64::NAN), (12.0, 2.0)],
            vec![],
            vec![(0.0, 1.0)],
        ];
        let mean = mean(&curves);
        assert_eq!(mean.line, [(0.0, 1.0), (10.0, 6.0), (12.0, 7.0), (20.0, 20.0)]);
        assert_eq!(mean.band.iter().map(|edge| edge.0).collect::<Vec<_>>(), [0.0]);
        assert!(mean.band.iter().all(|(_, low, high)| low < high));
        assert_eq!(super::mean(&[]), Mean::default());
    }

    #[test]
    fn correlations_by_hand() {
        let pairs = [(1.0, 1.0), (2.0, 8.0), (3.0, 27.0)];
        assert!((correlation(&pairs).unwrap() - 26.0 / (2.0 * 362.0f64).sqrt()).abs() < 1e-12);
        assert_eq!(rank_correlation(&pairs), Some(1.0));
        assert!(
            (rank_correlation(&[(1.0, 3.0), (1.0, 2.0), (5.0, 1.0)]).unwrap() + 0.866_025_403_784_438_6)
                .abs()
                < 1e-12
        );
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(correlation(&[(1.0, 1.0), (2.0, 2.0)]), None);
    }

    #[test]
    fn every_value_is_in_a_bar() {
        let values = [0.1, 0.11, 0.11, 0.9, f64::NAN];
        let bins = Bins::of(&values).unwrap();
        let shares = bins.shares(values.iter().map(|&value| (value, 1.0)));
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!((shares[0], shares[bins.count - 1]), (0.75, 0.25));
        assert_eq!(Bins::of(&[f64::NAN]), None);
        assert_eq!(Bins::of(&[3.0, 3.0]).unwrap().count, 1);
    }
}
