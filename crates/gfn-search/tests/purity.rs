//! Points depend on the seed, the trial's number and the results, and on nothing else.

use gfn_search::{Method, Observation, Outcome};

use crate::{float, mixed, number, search, space, tpe};

#[test]
fn points_without_results_are_told_by_number() {
    let space = mixed();
    for method in [Method::Random, Method::Sobol] {
        assert!(!method.needs_results());
        let of = |seed, trial| method.point(&space, seed, trial, &[]);
        assert_eq!(of(1, 5), of(1, 5));
        assert_ne!(of(1, 5), of(1, 6));
        assert_ne!(of(1, 5), of(2, 5));
        let seen = search(&Method::Random, &space, 7, 30, |_| 0.0);
        assert_eq!(
            method.point(&space, 1, 5, &seen),
            of(1, 5),
            "results do not count"
        );
    }
}

#[test]
fn the_order_of_results_does_not_count() {
    let space = mixed();
    // Ties, so that order could be felt.
    let mut seen = search(&tpe(), &space, 1, 60, |point| number(point[4]));
    seen[20].outcome = Outcome::Failed;
    seen[40].outcome = Outcome::Running;
    let next = tpe().point(&space, 1, 60, &seen);
    assert_eq!(tpe().point(&space, 1, 60, &seen), next);
    let mut turned = seen.clone();
    turned.reverse();
    assert_eq!(tpe().point(&space, 1, 60, &turned), next);
    turned.rotate_left(17);
    assert_eq!(tpe().point(&space, 1, 60, &turned), next);
    assert_ne!(tpe().point(&space, 2, 60, &seen), next);
    assert_ne!(tpe().point(&space, 1, 60, &seen[..50]), next, "results count");
}

#[test]
fn a_trial_is_no_news_to_itself() {
    let space = mixed();
    let mut seen = search(&tpe(), &space, 1, 30, |point| number(point[0]));
    let point = tpe().point(&space, 1, 30, &seen).unwrap();
    seen.push(Observation {
        trial: 30,
        point: point.clone(),
        outcome: Outcome::Running,
    });
    assert_eq!(tpe().point(&space, 1, 30, &seen), Some(point));
}

#[test]
fn points_of_another_space_are_left_out() {
    let line = space(&[float(0.0, 1.0)]);
    let seen = search(&tpe(), &line, 1, 30, |point| number(point[0]));
    let mut more = seen.clone();
    more.extend(search(&Method::Random, &mixed(), 1, 5, |_| -1.0));
    let wide = search(&Method::Random, &space(&[float(5.0, 6.0)]), 1, 5, |_| -1.0);
    more.extend(wide);
    assert_eq!(tpe().point(&line, 1, 40, &more), tpe().point(&line, 1, 40, &seen));
}

/// Points must not change when a dependency does: running searches are gone on with.
#[test]
fn points_are_pinned() {
    let space = mixed();
    let seen = search(&tpe(), &space, 42, 20, |point| number(point[0]).abs());
    let shown = |method: Method| {
        let point = method.point(&space, 42, 1000, &seen).unwrap();
        point
            .iter()
            .map(|&c| (number(c) * 1e6) as i64)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(Method::Random), PINNED[0]);
    assert_eq!(shown(Method::Sobol), PINNED[1]);
    assert_eq!(shown(tpe()), PINNED[2]);
}
const PINNED: [[i64; 5]; 3] = [
    [210901, 59, 1000000, 2000000, 2000000],
    [502376, 4501, 22000000, 11000000, 1000000],
    [-197008, 74583, 57000000, 20000000, 2000000],
];
