//! How good the methods are. `scripts/compare-search` compares them with other libraries at length.

use std::f64::consts::PI;

use gfn_search::{Domain, Method, Observation, Outcome, Point, Space, TpeSettings};

use crate::{best, float, number, search, space, tpe};

/// Branin's function, whose least value is 0.397887, at (-π, 12.275), (π, 2.275) and (9.42478, 2.475).
fn branin(point: &Point) -> f64 {
    let (x, y) = (number(point[0]), number(point[1]));
    (y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0).powi(2)
        + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos()
        + 10.0
}

fn univariate() -> Method {
    Method::Tpe(TpeSettings {
        multivariate: false,
        ..TpeSettings::default()
    })
}

fn branin_space() -> Space {
    space(&[float(-5.0, 10.0), float(0.0, 15.0)])
}

/// How far above the least value searches of 60 trials end, on average over 20 seeds.
fn regret(method: &Method) -> f64 {
    let one = |seed| best(&search(method, &branin_space(), seed, 60, branin)) - 0.397_887;
    (0..20).map(one).sum::<f64>() / 20.0
}

#[test]
fn parzen_estimators_beat_chance() {
    let (together, alone, random) = (regret(&tpe()), regret(&univariate()), regret(&Method::Random));
    assert!(together < random / 4.0, "{together} against {random}");
    assert!(alone < random / 2.0, "{alone} against {random}");
}

/// Coordinates that only work together are found together.
#[test]
fn choices_that_go_together_are_found() {
    let space = space(&[Domain::Choice { options: 8 }; 3]);
    let objective = |point: &Point| {
        let values: Vec<f64> = point.iter().map(|&c| number(c)).collect();
        (values[0] - values[1]).abs() + (values[1] - values[2]).abs() + values[0] / 8.0
    };
    let mean = |method: &Method| {
        (0..20)
            .map(|seed| best(&search(method, &space, seed, 80, objective)))
            .sum::<f64>()
            / 20.0
    };
    let (learned, random) = (mean(&tpe()), mean(&Method::Random));
    assert!(learned < random / 2.0, "{learned} against {random}");
}

/// With as many trials as points there are, each is tried once it is proposed at all.
#[test]
fn tried_points_are_not_proposed_while_others_are() {
    let space = space(&[Domain::Choice { options: 30 }]);
    let seen = search(&tpe(), &space, 1, 40, |point| (number(point[0]) - 4.0).abs());
    let mut points: Vec<usize> = seen[10..]
        .iter()
        .map(|seen| number(seen.point[0]) as usize)
        .collect();
    points.sort_unstable();
    points.dedup();
    assert!(points.len() > 15, "{points:?}");
}

/// An option that always fails is left alone; were it not known to fail, it would be tried as what is little known.
#[test]
fn failures_are_avoided() {
    let options = space(&[float(0.0, 1.0), Domain::Choice { options: 2 }]);
    let fails = |point: &Point| number(point[1]) == 1.0;
    let mut seen = search(&Method::Random, &options, 3, 60, |point| number(point[0]));
    for seen in seen.iter_mut().filter(|seen| fails(&seen.point)) {
        seen.outcome = Outcome::Failed;
    }
    let failing = |seen: &[Observation]| {
        let next = (100..200).map(|trial| univariate().point(&options, 3, trial, seen).unwrap());
        next.filter(fails).count()
    };
    let known = failing(&seen);
    seen.retain(|seen| seen.outcome != Outcome::Failed);
    let unknown = failing(&seen);
    assert!(known < 5 && unknown > 20, "{known} and {unknown} of 100");
}

#[test]
fn workers_at_the_same_time_try_different_things() {
    let line = space(&[float(0.0, 1.0)]);
    let mut seen = search(&tpe(), &line, 5, 30, |point| (number(point[0]) - 0.3).abs());
    let begun = seen.len();
    for trial in 30..38 {
        let point = tpe().point(&line, 5, trial, &seen).unwrap();
        let outcome = Outcome::Running;
        seen.push(Observation {
            trial,
            point,
            outcome,
        });
    }
    let mut running: Vec<f64> = seen[begun..].iter().map(|seen| number(seen.point[0])).collect();
    running.sort_by(f64::total_cmp);
    let together = running.windows(2).filter(|pair| pair[1] - pair[0] < 1e-3).count();
    assert!(together <= 2, "{running:?}");
}

#[test]
fn a_search_in_which_all_fails_goes_on() {
    let line = space(&[float(0.0, 1.0)]);
    let mut seen = search(&Method::Random, &line, 3, 30, |_| f64::NAN);
    seen[0].outcome = Outcome::Objective(f64::NEG_INFINITY);
    let next: Vec<_> = (30..60)
        .map(|trial| tpe().point(&line, 3, trial, &seen).unwrap())
        .collect();
    assert!(next.windows(2).all(|pair| pair[0] != pair[1]));
}

/// Centerd L2 discrepancy (Hickernell 1998, formula 5.1b, squared as scipy gives it).
fn discrepancy(points: &[Vec<f64>]) -> f64 {
    let d = |x: &f64| (x - 0.5).abs();
    let (n, dimensions) = (points.len() as f64, points[0].len() as i32);
    let single = |x: &Vec<f64>| {
        x.iter()
            .map(|x| 1.0 + 0.5 * d(x) - 0.5 * d(x) * d(x))
            .product::<f64>()
    };
    let pair = |x: &Vec<f64>, y: &Vec<f64>| {
        let both = x
            .iter()
            .zip(y)
            .map(|(x, y)| 1.0 + 0.5 * (d(x) + d(y) - (x - y).abs()));
        both.product::<f64>()
    };
    let singles: f64 = points.iter().map(single).sum();
    let pairs: f64 = points
        .iter()
        .map(|x| points.iter().map(|y| pair(x, y)).sum::<f64>())
        .sum();
    (13.0_f64 / 12.0).powi(dimensions) - 2.0 / n * singles + pairs / (n * n)
}

/// The mean over 20 seeds.
fn mean_discrepancy(method: &Method, dimensions: usize, count: u64) -> f64 {
    let space = space(&vec![float(0.0, 1.0); dimensions]);
    let one = |seed| {
        let point = |trial| method.point(&space, seed, trial, &[]).unwrap();
        let points: Vec<Vec<f64>> = (0..count)
            .map(|trial| point(trial).into_iter().map(number).collect())
            .collect();
        discrepancy(&points)
    };
    (0..20).map(one).sum::<f64>() / 20.0
}

/// The references are scipy 1.17's: means of `qmc.discrepancy(qmc.Sobol(d, scramble=True, rng=seed).random(n))` over seeds 0 to 19.
#[test]
fn sobol_points_are_as_even_as_those_of_scipy() {
    for (dimensions, count, reference) in [(2, 64, 0.000_157), (2, 100, 0.000_129), (5, 256, 0.000_243)] {
        let ours = mean_discrepancy(&Method::Sobol, dimensions, count);
        assert!(
            (ours / reference - 1.0).abs() < 0.1,
            "{dimensions}, {count}: {ours}"
        );
        assert!(ours < mean_discrepancy(&Method::Random, dimensions, count) / 10.0);
    }
}

/// One sequence has 256 dimensions and 65,536 points; what comes after is drawn from others.
#[test]
fn sobol_goes_on_beyond_one_sequence() {
    let wide = space(&vec![float(0.0, 1.0); 258]);
    let point = |trial| Method::Sobol.point(&wide, 1, trial, &[]).unwrap();
    assert_ne!(point(3)[0], point(3)[256]);
    assert_ne!(point(3)[0], point(65_536 + 3)[0]);
}
