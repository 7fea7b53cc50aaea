//! Domains, grids, and that every method keeps to the space.

use gfn_search::{Coordinate, Domain, DomainError, Method, TpeSettings};

use crate::{float, mixed, number, search, space, tpe};

#[test]
fn a_grid_has_every_combination_once() {
    let integer = Domain::Integer {
        low: -3,
        high: 4,
        log: false,
        step: 3,
    };
    let grid = space(&[Domain::Choice { options: 2 }, integer]);
    assert_eq!(Method::Grid.count(&grid), Some(6));
    let points: Vec<Vec<f64>> = (0..6)
        .map(|trial| {
            let point = Method::Grid.point(&grid, 9, trial, &[]).unwrap();
            point.into_iter().map(number).collect()
        })
        .collect();
    let expected = [
        [0.0, -3.0],
        [0.0, 0.0],
        [0.0, 3.0],
        [1.0, -3.0],
        [1.0, 0.0],
        [1.0, 3.0],
    ];
    assert_eq!(points, expected);
    assert_eq!(Method::Grid.point(&grid, 9, 6, &[]), None);
}

#[test]
fn what_cannot_be_listed_has_no_grid() {
    let grid = space(&[float(0.0, 1.0)]);
    assert_eq!(Method::Grid.count(&grid), None);
    assert_eq!(Method::Grid.point(&grid, 0, 0, &[]), None);
    let huge = space(&[Domain::Choice { options: usize::MAX }; 2]);
    assert_eq!(Method::Grid.count(&huge), None);
    assert_eq!(
        Method::Grid.count(&space(&[])),
        Some(1),
        "nothing to choose: one point"
    );
}

#[test]
fn every_method_keeps_to_the_space_and_reaches_its_ends() {
    let space = mixed();
    let univariate = Method::Tpe(TpeSettings {
        multivariate: false,
        ..TpeSettings::default()
    });
    for method in [Method::Random, Method::Sobol, tpe(), univariate] {
        let seen = search(&method, &space, 3, 300, |point| number(point[0]));
        for seen in &seen {
            let Coordinate::Integer(stepped) = seen.point[2] else {
                panic!("{:?}", seen.point)
            };
            assert!((1..=64).contains(&stepped) && stepped % 7 == 1, "{stepped}");
            assert!((-2.0..=3.0).contains(&number(seen.point[0])));
            assert!((1e-5..=1.0).contains(&number(seen.point[1])));
            assert!((1.0..=64.0).contains(&number(seen.point[3])));
            assert!(number(seen.point[4]) < 3.0);
        }
        let reached = |axis: usize, value: f64| seen.iter().any(|seen| number(seen.point[axis]) == value);
        if !method.needs_results() {
            // The greatest of the logarithmic whole numbers is rare, and left out.
            assert!(
                reached(2, 1.0) && reached(2, 64.0) && reached(3, 1.0),
                "{method:?}"
            );
        }
        assert!((0..3).all(|option| reached(4, f64::from(option))), "{method:?}");
    }
}

#[test]
fn domains_of_one_value_are_searched() {
    let one = Domain::Integer {
        low: 5,
        high: 5,
        log: false,
        step: 1,
    };
    let space = space(&[float(2.0, 2.0), one, Domain::Choice { options: 1 }]);
    let expected = vec![
        Coordinate::Float(2.0),
        Coordinate::Integer(5),
        Coordinate::Choice(0),
    ];
    for method in [Method::Random, Method::Sobol, tpe()] {
        let seen = search(&method, &space, 0, 20, |_| 1.0);
        assert!(seen.iter().all(|seen| seen.point == expected), "{method:?}");
    }
}

#[test]
fn the_widest_integers_do_not_overflow() {
    let widest = Domain::Integer {
        low: i64::MIN,
        high: i64::MAX,
        log: false,
        step: 1,
    };
    let steps = Domain::Integer {
        low: i64::MIN,
        high: i64::MAX,
        log: false,
        step: u64::MAX,
    };
    let space = space(&[widest, steps]);
    assert_eq!(space.check(), Ok(()));
    assert_eq!(Method::Grid.count(&space), None);
    search(&tpe(), &space, 0, 40, |point| number(point[0]).abs());
}

#[test]
fn domains_that_cannot_be_searched_are_found() {
    let log = |low, high| Domain::Float { low, high, log: true };
    let integer = |log, step| Domain::Integer {
        low: 1,
        high: 9,
        log,
        step,
    };
    for (domain, expected) in [
        (Domain::Choice { options: 0 }, DomainError::NoOption),
        (float(2.0, 1.0), DomainError::Reversed(2.0, 1.0)),
        (
            float(0.0, f64::INFINITY),
            DomainError::NotFinite(0.0, f64::INFINITY),
        ),
        (
            float(-f64::MAX, f64::MAX),
            DomainError::NotFinite(-f64::MAX, f64::MAX),
        ),
        (log(0.0, 1.0), DomainError::Logarithm(0.0)),
        (integer(false, 0), DomainError::NoStep),
        (integer(true, 2), DomainError::LogarithmicStep(2)),
    ] {
        assert_eq!(space(&[float(0.0, 1.0), domain]).check(), Err((1, expected)));
    }
    assert_eq!(mixed().check(), Ok(()));
}
