//! Where the values of a searched setting lie along an axis.

use gfn_record::sweep::{Domain, Parameter};
use serde_json::Value;

use crate::axis::{Axis, Scale};
use crate::number::figure;

/// A searched setting as an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Searched {
    /// Its path.
    pub(crate) name: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// Numbers.
    Numbers(Scale),
    /// Names, in their order.
    Names(Vec<String>),
}

impl Searched {
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
                    _ => Values::Names(choices.iter().map(shown).collect()),
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
                let shown = shown(value);
                names
                    .iter()
                    .position(|name| *name == shown)
                    .map(|index| index as f64)
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
                ticks: (0..).map(f64::from).zip(names.iter().cloned()).collect(),
            },
        }
    }

    /// Whether its values are names.
    pub(crate) fn has_names(&self) -> bool {
        matches!(self.values, Values::Names(_))
    }

    /// The last part of its path.
    pub(crate) fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// A value as people read it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), figure),
        other => other.to_string(),
    }
}
