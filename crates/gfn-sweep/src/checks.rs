//! Which points are looked at before anything runs.

use gfn_search::Point;

use crate::plan::Plan;

/// Most settings that are made into experiments only to find mistakes.
const MOST: u64 = 256;
/// Of those that a method with no end draws, so many.
const DRAWN: u64 = 32;

/// All points of a small grid. Else every value of every parameter once, the others at their first, and the first points or
/// some spread over all: two settings may exclude one another.
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
    let mut points: Vec<Point> = numbers
        .into_iter()
        .filter_map(|number| plan.point(number))
        .collect();
    if !is_grid || all > MOST {
        points.extend(one_at_a_time(plan));
    }
    points
}

/// Number `index` of `count` numbers spread over those below `all`.
fn spread(index: u64, all: u64, count: u64) -> u64 {
    (u128::from(index) * u128::from(all) / u128::from(count.max(1))) as u64
}

fn one_at_a_time(plan: &Plan) -> Vec<Point> {
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
