//! Figures of a policy as a small table.

use gfn_record::catalogue::{self, Kind, Metric};
use gfn_record::event::Metrics;
use gfn_record::number;

/// The least width of the names, and of a column of figures.
const NAMES: usize = 28;
const COLUMN: usize = 12;
/// What is between two columns at least.
const GAP: usize = 2;

/// One row a metric, one column a policy. A column is as wide as its longest figure takes.
pub(crate) fn figures(columns: &[(&str, &Metrics)]) -> String {
    let heads = columns.iter().map(|(name, _)| (*name).to_string()).collect();
    let updates = columns
        .iter()
        .map(|(_, metrics)| metrics.step.to_string())
        .collect();
    let mut lines = vec![(String::new(), heads), ("updates".into(), updates)];
    // What was found in training, the untrained policy does not have: the last column has all rows.
    let last = columns.last().map(|(_, metrics)| metrics.in_order());
    for (name, _) in last.into_iter().flatten() {
        let metric = catalogue::find(name).map(|(_, metric)| metric);
        let cells = columns.iter().map(|(_, metrics)| cell(metric, metrics.get(name)));
        lines.push((catalogue::label(name), cells.collect()));
    }
    in_columns(NAMES, &lines)
}

/// Names on the left, at least so wide, and cells on the right, with a gap between any two.
pub(crate) fn in_columns(least: usize, lines: &[(String, Vec<String>)]) -> String {
    let length = |text: &String| text.chars().count();
    let longest = |cells: &mut dyn Iterator<Item = &String>| cells.map(length).max().unwrap_or(0);
    let names = longest(&mut lines.iter().map(|(name, _)| name)).max(least);
    let count = lines.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = &mut lines.iter().filter_map(|(_, cells)| cells.get(column));
        (longest(cells) + GAP).max(COLUMN)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |(name, cells): &(String, Vec<String>)| {
        let cells = cells.iter().zip(&widths);
        let cells: String = cells.map(|(cell, width)| format!("{cell:>width$}")).collect();
        format!("{name:<names$}{cells}\n")
    };
    lines.iter().map(line).collect()
}

fn cell(metric: Option<&Metric>, value: Option<f64>) -> String {
    match (metric.map(|metric| metric.kind), value) {
        (_, None) => "-".into(),
        (Some(Kind::Count), Some(count)) => format!("{count:.0}"),
        (_, Some(value)) => number::shown(metric.map_or(value, |metric| metric.clamped(value))),
    }
}

#[cfg(test)]
mod tests {
    use gfn_record::catalogue::{member, names};

    use super::*;

    fn measured() -> Metrics {
        Metrics::at(20_000_000_000_000, 0)
            .with(names::L1, 3.2e-5)
            .with(names::TOTAL_VARIATION, 0.0)
            .with(names::JENSEN_SHANNON, -1e-17)
            .with(
                member(names::FOUND_OBJECTS_FROM, 0.000_000_123_456_789),
                123_456_789_012_345.0,
            )
            .with(names::MEAN_REWARD, -1_234_567.891)
            .with(names::BEST_REWARD, 9_876_543_210.5)
    }

    /// A line is a name and as many figures as there are columns, however long they are.
    #[test]
    fn figures_never_run_together_and_none_is_hidden() {
        let text = figures(&[("untrained", &measured()), ("trained", &measured())]);
        let cells = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            let line = line.unwrap_or_else(|| panic!("{name} in {text}"));
            line[name.len()..]
                .split_whitespace()
                .map(str::to_string)
                .collect::<Vec<_>>()
        };
        for (name, expected) in [
            ("updates", "20000000000000"),
            ("exact L1", "3.200e-5"),
            ("Jensen–Shannon", "0"),
            ("total variation", "0"),
            ("mean reward", "-1234567.9"),
            ("best reward", "9.877e9"),
            ("found: objects from 0.000000123456789", "123456789012345"),
        ] {
            assert_eq!(cells(name), [expected; 2], "{name}");
        }
        let width = |line: &str| line.chars().count();
        assert!(
            text.lines()
                .all(|line| width(line) == width(&text[..text.find('\n').unwrap()])),
            "{text}"
        );
    }
}
