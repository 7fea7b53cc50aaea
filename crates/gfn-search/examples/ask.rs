//! Lets programs in other languages search: a JSON value a line in, a JSON value a line out.
//!
//! `{"method": "tpe", "seed": 1, "space": [{"float": [0, 1, false]}, {"integer": [1, 8, false]}, {"choice": 3}]}` begins a search;
//! `{"ask": 0}` gives the point of a trial, which then runs; `{"tell": [0, 1.5]}` says what it scored (`null`: it failed);
//! `{"asha": [4, 1, 64], "results": [[trial, rung, objective, promoted], …]}` gives `[trial, rung, updates]` of the first trial
//! that may go on, or null. `scripts/compare-search` uses it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of the tests")]

use gfn_search::asha::{self, RungResult, Verdict};
use gfn_search::{Coordinate, Dimension, Domain, Method, Observation, Outcome, Space, TpeSettings};
use serde_json::{Value, json};

struct Search {
    method: Method,
    seed: u64,
    space: Space,
    seen: Vec<Observation>,
}

fn main() {
    let mut search = None;
    for line in std::io::stdin().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if request.get("space").is_some() {
            search = Some(begin(&request));
        } else if let Some(trial) = request.get("ask") {
            println!("{}", search.as_mut().unwrap().ask(trial.as_u64().unwrap()));
        } else if let Some(told) = request.get("tell") {
            search.as_mut().unwrap().tell(told);
        } else {
            println!("{}", next_of_asha(&request));
        }
    }
}

fn begin(request: &Value) -> Search {
    let multivariate = request["method"] != "tpe-univariate";
    let method = match request["method"].as_str().unwrap() {
        "grid" => Method::Grid,
        "random" => Method::Random,
        "sobol" => Method::Sobol,
        _ => Method::Tpe(TpeSettings {
            multivariate,
            ..TpeSettings::default()
        }),
    };
    let dimension = |domain: &Value| Dimension {
        name: String::new(),
        domain: domain_of(domain),
    };
    let space = Space {
        dimensions: request["space"]
            .as_array()
            .unwrap()
            .iter()
            .map(dimension)
            .collect(),
    };
    space.check().unwrap();
    Search {
        method,
        seed: request["seed"].as_u64().unwrap(),
        space,
        seen: Vec::new(),
    }
}

fn domain_of(value: &Value) -> Domain {
    if let Some(options) = value.get("choice") {
        return Domain::Choice {
            options: options.as_u64().unwrap() as usize,
        };
    }
    if let Some(bounds) = value.get("integer") {
        return Domain::Integer {
            low: bounds[0].as_i64().unwrap(),
            high: bounds[1].as_i64().unwrap(),
            log: bounds[2].as_bool().unwrap(),
            step: 1,
        };
    }
    let bounds = &value["float"];
    Domain::Float {
        low: bounds[0].as_f64().unwrap(),
        high: bounds[1].as_f64().unwrap(),
        log: bounds[2].as_bool().unwrap(),
    }
}

impl Search {
    fn ask(&mut self, trial: u64) -> Value {
        let Some(point) = self.method.point(&self.space, self.seed, trial, &self.seen) else {
            return Value::Null;
        };
        let number = |coordinate: &Coordinate| match *coordinate {
            Coordinate::Choice(option) => json!(option),
            Coordinate::Float(value) => json!(value),
            Coordinate::Integer(value) => json!(value),
        };
        let answer = point.iter().map(number).collect();
        self.seen.push(Observation {
            trial,
            point,
            outcome: Outcome::Running,
        });
        answer
    }

    fn tell(&mut self, told: &Value) {
        let trial = told[0].as_u64().unwrap();
        let seen = self.seen.iter_mut().find(|seen| seen.trial == trial).unwrap();
        seen.outcome = told[1].as_f64().map_or(Outcome::Failed, Outcome::Objective);
    }
}

fn next_of_asha(request: &Value) -> Value {
    let number = |index: usize| request["asha"][index].as_u64().unwrap();
    let settings = asha::Settings {
        reduction: number(0),
        min_resource: number(1),
        max_resource: number(2),
    };
    let result = |result: &Value| RungResult {
        trial: result[0].as_u64().unwrap(),
        rung: result[1].as_u64().unwrap() as usize,
        objective: result[2].as_f64().unwrap(),
        promoted: result[3].as_bool().unwrap(),
    };
    let results: Vec<RungResult> = request["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(result)
        .collect();
    let decisions = asha::decide(settings, &results);
    let next = decisions.iter().find_map(|decision| match decision.verdict {
        Verdict::Promote { resource } => Some(json!([decision.trial, decision.rung, resource])),
        Verdict::Hold | Verdict::Complete => None,
    });
    next.unwrap_or(Value::Null)
}
