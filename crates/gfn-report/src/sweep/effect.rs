//! How much of what came of settings goes with one of their values.
//!
//! The measure is that of Kruskal and Wallis: settings are ranked by their objective and put into groups by the value, each name a group
//! of its own and numbers in up to four groups of equal size. The share of the ranks' variance that lies between groups, corrected for
//! what chance alone puts there (ε²), is 0 where the value tells nothing and 1 where it tells all. It looks at one value at a time: what
//! two do together it does not see.

use crate::statistics::Point;

/// Numbers are put into so many groups.
const GROUPS: usize = 4;
/// Of fewer settings nothing can be said.
const LEAST: usize = 5;

/// The share; none where there are too few settings, or all have one value. `points` are places of the value and costs.
pub(crate) fn effect(points: &[Point], has_names: bool) -> Option<f64> {
    let groups = groups(points, has_names);
    let (count, of) = (points.len() as f64, groups.len() as f64);
    if points.len() < LEAST || groups.len() < 2 || count <= of {
        return None;
    }
    let ranks = ranks(points);
    let mean = (count + 1.0) / 2.0;
    let whole: f64 = ranks.iter().map(|rank| (rank - mean).powi(2)).sum();
    let between: f64 = groups
        .iter()
        .map(|group| {
            let of_group = group.iter().map(|index| ranks[*index]).sum::<f64>() / group.len() as f64;
            group.len() as f64 * (of_group - mean).powi(2)
        })
        .sum();
    let within = (whole - between) / (count - of);
    (whole > 0.0).then(|| ((between - (of - 1.0) * within) / whole).clamp(0.0, 1.0))
}

/// The indices of points by group, from the lowest value.
pub(crate) fn groups(points: &[Point], has_names: bool) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|one, two| points[*one].0.total_cmp(&points[*two].0));
    let mut distinct: Vec<f64> = order.iter().map(|index| points[*index].0).collect();
    distinct.dedup();
    let is_each_its_own = has_names || distinct.len() <= GROUPS;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (number, index) in order.iter().enumerate() {
        let begins = match number.checked_sub(1) {
            None => true,
            // Equal values stay together.
            Some(before) if points[order[before]].0 == points[*index].0 => false,
            Some(_) if is_each_its_own => true,
            Some(before) => {
                number * GROUPS / points.len() > before * GROUPS / points.len()
                    || is_full(&groups, points.len())
            }
        };
        if begins {
            groups.push(Vec::new());
        }
        if let Some(last) = groups.last_mut() {
            last.push(*index);
        }
    }
    groups
}

/// Whether the last group has its share already, because equal values carried it past its end.
fn is_full(groups: &[Vec<usize>], count: usize) -> bool {
    groups
        .last()
        .is_some_and(|last| last.len() > count.div_ceil(GROUPS))
}

/// Ranks by cost, from 1; equal ones share the mean of theirs.
fn ranks(points: &[Point]) -> Vec<f64> {
    let rank = |point: &Point| {
        let below = points.iter().filter(|other| other.1 < point.1).count();
        let equal = points.iter().filter(|other| other.1 == point.1).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    points.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_has_all_and_what_does_nothing_has_none() {
        let decides: Vec<Point> = (0..40).map(|x| (f64::from(x % 2), f64::from(x % 2))).collect();
        assert_eq!(effect(&decides, true), Some(1.0));
        let nothing: Vec<Point> = (0..40).map(|x| (f64::from(x % 2), f64::from(x / 2))).collect();
        assert_eq!(effect(&nothing, true), Some(0.0));
        let steady: Vec<Point> = (0..40).map(|x| (f64::from(x), f64::from(x * x))).collect();
        assert!(effect(&steady, false).unwrap() > 0.9);
        assert_eq!(effect(&[(0.0, 1.0); 20], false), None);
        assert_eq!(effect(&decides[..4], true), None);
    }

    /// ε² = (H − k + 1) / (n − k), where H is the statistic of the test (`scipy.stats.kruskal`: 5.4364), n = 10 and k = 3.
    #[test]
    fn the_share_is_that_of_kruskal_and_wallis() {
        let groups = [
            vec![1.0, 2.0, 5.0],
            vec![3.0, 4.0, 8.0],
            vec![6.0, 7.0, 9.0, 10.0],
        ];
        let points: Vec<Point> = (0..)
            .zip(&groups)
            .flat_map(|(group, costs)| costs.iter().map(move |cost| (f64::from(group), *cost)))
            .collect();
        let found = effect(&points, true).unwrap();
        assert!((found - (5.4364 - 2.0) / 7.0).abs() < 1e-4, "{found}");
    }

    #[test]
    fn numbers_are_in_groups_of_equal_size_and_equal_ones_together() {
        let points: Vec<Point> = (0..8).map(|x| (f64::from(x), 0.0)).collect();
        let sizes = |points: &[Point]| groups(points, false).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(&points), [2, 2, 2, 2]);
        let same: Vec<Point> = [1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
            .map(|x| (x, 0.0))
            .to_vec();
        assert!(sizes(&same)[0] >= 3 && sizes(&same).iter().sum::<usize>() == 8);
    }
}
