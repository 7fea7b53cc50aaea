//! What holds for every method, and how good the methods are.
#![allow(clippy::unwrap_used, reason = "tests")]

mod halving;
mod purity;
mod quality;
mod spaces;

use gfn_search::{Coordinate, Dimension, Domain, Method, Observation, Outcome, Point, Space, TpeSettings};

fn space(domains: &[Domain]) -> Space {
    let dimension = |(index, &domain): (usize, &Domain)| Dimension {
        name: format!("x{index}"),
        domain,
    };
    Space {
        dimensions: domains.iter().enumerate().map(dimension).collect(),
    }
}

fn float(low: f64, high: f64) -> Domain {
    Domain::Float {
        low,
        high,
        log: false,
    }
}

/// A dimension of every kind.
fn mixed() -> Space {
    let integer = |log, step| Domain::Integer {
        low: 1,
        high: 64,
        log,
        step,
    };
    space(&[
        float(-2.0, 3.0),
        Domain::Float {
            low: 1e-5,
            high: 1.0,
            log: true,
        },
        integer(false, 7),
        integer(true, 1),
        Domain::Choice { options: 3 },
    ])
}

fn tpe() -> Method {
    Method::Tpe(TpeSettings::default())
}

/// Runs a search of so many trials, one after another.
fn search(
    method: &Method,
    space: &Space,
    seed: u64,
    trials: u64,
    f: impl Fn(&Point) -> f64,
) -> Vec<Observation> {
    let mut seen = Vec::new();
    for trial in 0..trials {
        let point = method.point(space, seed, trial, &seen).unwrap();
        let outcome = Outcome::Objective(f(&point));
        seen.push(Observation {
            trial,
            point,
            outcome,
        });
    }
    seen
}

fn best(seen: &[Observation]) -> f64 {
    let objective = |seen: &Observation| match seen.outcome {
        Outcome::Objective(value) => value,
        Outcome::Failed | Outcome::Running => f64::INFINITY,
    };
    seen.iter().map(objective).fold(f64::INFINITY, f64::min)
}

fn number(coordinate: Coordinate) -> f64 {
    match coordinate {
        Coordinate::Choice(option) => option as f64,
        Coordinate::Float(value) => value,
        Coordinate::Integer(value) => value as f64,
    }
}
