//! Which points are looked at before anything runs.

use gfn_search::Point;

use crate::plan::Plan;
use crate::space::SearchedSetting;

/// Most settings that are made into experiments only to find mistakes.
const MOST: u64 = 256;
/// Of those that a method with no end draws, so many.
const DRAWN: u64 = 32;

/// Every value of every parameter once, and both ends of every range, with the others at their first; then all points of a small
/// grid, or the first points, or some spread over all: two settings may exclude one another. The ends come first, so that a
/// range that is too wide is reported by its end.
pub(crate) fn points(plan: &Plan) -> Vec<Point> {
    let is_grid = plan.method.count(&plan.space).is_some();
    let all = plan.settings;
    let mut numbers: Vec<u64> = match is_grid {
        true => (0..all.min(MOST))
            .map(|index| spread(index, all, all.min(MOST)))
            .collect(),
        false => (0..all.min(DRAWN)).collect(),
    };
    numbers.dedup();
    let mut points = Vec::new();
    if !is_grid || all > MOST || plan.parameters.iter().any(SearchedSetting::is_range) {
        points.extend(one_at_a_time(plan));
    }
    points.extend(numbers.into_iter().filter_map(|number| plan.point(number)));
    points
}

/// Number `index` of `count` numbers spread over those below `all`.
fn spread(index: u64, all: u64, count: u64) -> u64 {
    (u128::from(index) * u128::from(all) / u128::from(count.max(1))) as u64
}

/// Every value of every parameter once, and both ends of every range, with the others at their first.
pub(crate) fn one_at_a_time(plan: &Plan) -> Vec<Point> {
    let corners: Vec<Point> = plan
        .parameters
        .iter()
        .map(|searched| searched.corners())
        .collect();
    let first: Point = corners
        .iter()
        .filter_map(|corners| corners.first().copied())
        .collect();
    let mut points = vec![first.clone()];
    for (dimension, corners) in corners.iter().enumerate() {
        for corner in corners.iter().skip(1) {
            let mut point = first.clone();
            point[dimension] = *corner;
            points.push(point);
        }
    }
    points
}
