//! Where the values of a searched setting lie along an axis, and what they are called there.

use gfn_record::sweep::{Domain, Parameter};
use serde_json::Value;

use crate::axis::{Axis, Scale};
use gfn_runs::setting::{setting, told_apart};

/// A searched setting as an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SearchAxis {
    /// Its path.
    pub(crate) name: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// Numbers.
    Numbers(Scale),
    /// Names, in their order.
    Names(Vec<Name>),
}

/// What a value is called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    /// By what tells it from the others.
    pub(crate) short: String,
    /// All of it.
    pub(crate) whole: String,
}

impl SearchAxis {
    /// Numbers lie along the axis as they were searched; a list of numbers too, whatever else is a list of names.
    pub(crate) fn of(parameter: &Parameter) -> Self {
        let scale = |log: bool| Values::Numbers(if log { Scale::Log } else { Scale::Linear });
        let values = match &parameter.domain {
            Domain::Float { log, .. } | Domain::Integer { log, .. } => scale(*log),
            Domain::Choice(choices) => {
                match choices.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>() {
                    Some(numbers) if numbers.len() > 2 => {
                        Values::Numbers(Scale::fitting(numbers.into_iter()))
                    }
                    _ => Values::Names(names(choices)),
                }
            }
        };
        Self {
            name: parameter.name.clone(),
            values,
        }
    }

    /// Where a value lies.
    pub(crate) fn place(&self, value: &Value) -> Option<f64> {
        match &self.values {
            Values::Numbers(scale) => scale.place(value.as_f64()?),
            Values::Names(names) => {
                let whole = setting(value);
                let index = names.iter().position(|name| name.whole == whole);
                index.map(|index| index as f64)
            }
        }
    }

    /// The axis of these places.
    pub(crate) fn axis(&self, places: impl Iterator<Item = f64>) -> Axis {
        match &self.values {
            Values::Numbers(scale) => Axis::around(&self.name, *scale, places),
            Values::Names(names) => Axis {
                label: self.name.clone(),
                scale: Scale::Linear,
                range: (-0.5, names.len() as f64 - 0.5),
                ticks: (0..)
                    .map(f64::from)
                    .zip(names.iter().map(|name| name.short.clone()))
                    .collect(),
                titles: names.iter().map(|name| name.whole.clone()).collect(),
            },
        }
    }

    /// What its values are called, where they are not numbers.
    pub(crate) fn names(&self) -> Option<&[Name]> {
        match &self.values {
            Values::Names(names) => Some(names),
            Values::Numbers(_) => None,
        }
    }

    /// What a value is called among the others.
    pub(crate) fn called(&self, value: &Value) -> Name {
        let whole = setting(value);
        let known = self.names().unwrap_or_default();
        let known = known.iter().find(|name| name.whole == whole);
        known.cloned().unwrap_or_else(|| Name {
            short: whole.clone(),
            whole,
        })
    }
}

/// Each value once: one that stands in the list again is the same setting.
fn names(choices: &[Value]) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for (short, value) in told_apart(choices).into_iter().zip(choices) {
        let whole = setting(value);
        if names.iter().all(|name| name.whole != whole) {
            names.push(Name { short, whole });
        }
    }
    names
}

/// The paths of settings by as many of their last parts as tell them apart; `kind` alone says nothing.
pub(crate) fn short_names(parameters: &[Parameter]) -> Vec<String> {
    let parts = |name: &str| name.split('.').map(str::to_string).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = parameters
        .iter()
        .map(|parameter| parts(&parameter.name))
        .collect();
    let short = |own: &Vec<String>| {
        let end = |of: &Vec<String>, count: usize| of[of.len().saturating_sub(count)..].to_vec();
        let is_enough = |count: &usize| {
            let mine = end(own, *count);
            mine != ["kind"] && all.iter().filter(|other| end(other, *count) == mine).count() == 1
        };
        let count = (1..own.len()).find(is_enough).unwrap_or(own.len());
        end(own, count).join(".")
    };
    all.iter().map(short).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choice(name: &str, values: &[Value]) -> Parameter {
        Parameter {
            name: name.into(),
            domain: Domain::Choice(values.to_vec()),
        }
    }

    #[test]
    fn tables_are_called_by_what_differs_and_equal_ones_are_one() {
        let values = [
            json!({"kind": "tb", "z": 1}),
            json!({"kind": "db", "z": 1}),
            json!({"z": 1, "kind": "tb"}),
        ];
        let searched = SearchAxis::of(&choice("loss", &values));
        let names: Vec<&str> = searched
            .names()
            .unwrap()
            .iter()
            .map(|name| &*name.short)
            .collect();
        assert_eq!(names, ["tb", "db"]);
        assert_eq!(searched.place(&values[1]), Some(1.0));
        assert_eq!(searched.place(&values[2]), Some(0.0));
        assert_eq!(searched.called(&values[0]).whole, "kind = tb, z = 1");
        assert_eq!(searched.axis([].into_iter()).titles[1], "kind = db, z = 1");
    }

    #[test]
    fn settings_are_called_by_the_end_of_their_paths() {
        let names = ["loss.kind", "a.rate", "b.rate", "network.hidden", "seedless"];
        let parameters = names.map(|name| choice(name, &[]));
        assert_eq!(
            short_names(&parameters),
            ["loss.kind", "a.rate", "b.rate", "hidden", "seedless"]
        );
    }
}
