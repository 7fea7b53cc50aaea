//! The metrics of a policy as people read them.

use gfn_record::catalogue::{self, Kind, Metric};
use gfn_record::event::Metrics;

use crate::number::{figure, per_cent, signed, whole};

/// A metric with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the catalogue.
    pub name: String,
    /// Its name in tables, with the unit.
    pub label: String,
    /// The value.
    pub value: f64,
    /// What it is.
    pub about: &'static str,
}

impl Figure {
    /// The value as a table shows it.
    pub fn shown(&self) -> String {
        shown(catalogue::find(&self.name).map(|(_, metric)| metric), self.value)
    }
}

/// A value of a metric as a table shows it.
pub fn shown(metric: Option<&Metric>, value: f64) -> String {
    let value = metric.map_or(value, |metric| metric.clamped(value));
    match metric.map(|metric| metric.kind) {
        Some(Kind::Count) => whole(value),
        Some(Kind::Share) => per_cent(value),
        Some(Kind::Difference) => signed(value),
        Some(Kind::Number | Kind::Distance) | None => figure(value),
    }
}

/// Every metric of a measurement but those of families, in the order of the catalogue.
pub fn figures(metrics: &Metrics) -> Vec<Figure> {
    let of = |(name, value): (&str, f64)| match catalogue::find(name) {
        Some((_, metric)) if metric.name != name => None,
        Some((_, metric)) => Some(Figure {
            name: name.into(),
            label: metric.label_with_unit(),
            value,
            about: metric.about,
        }),
        None => Some(Figure {
            name: name.into(),
            label: name.into(),
            value,
            about: "",
        }),
    };
    metrics.in_order().into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use gfn_record::catalogue::names;

    use super::*;

    #[test]
    fn metrics_come_in_the_order_of_the_catalogue_and_unknown_ones_last() {
        let metrics = Metrics::at(3, 4)
            .with("mine.own", 0.5)
            .with(names::UNIQUE, 0.25)
            .with("found.modes_from_2", 4.0)
            .with(names::JENSEN_SHANNON, -1e-17);
        let shown: Vec<(String, String)> = figures(&metrics)
            .iter()
            .map(|figure| (figure.label.clone(), figure.shown()))
            .collect();
        let expected = [
            ("Jensen–Shannon (nats)", "0"),
            ("distinct", "25.0 %"),
            ("mine.own", "0.5"),
        ];
        assert_eq!(
            shown,
            expected.map(|(label, value)| (label.to_string(), value.to_string()))
        );
    }
}
