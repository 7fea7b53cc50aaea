//! Figures of a policy as a small table.

use gfn_record::event::{Level, Measured, Regression};
use gfn_record::number;

/// The least width of the names, and of a column of figures.
const NAMES: usize = 28;
const COLUMN: usize = 12;
/// What is between two columns at least.
const GAP: usize = 2;

/// One row a figure, one column a policy. A column is as wide as its longest figure takes.
pub(crate) fn figures(columns: &[(&str, &Measured)]) -> String {
    let rows: Vec<Vec<Row>> = columns.iter().map(|(_, measured)| row(measured)).collect();
    let heads = columns.iter().map(|(name, _)| (*name).to_string()).collect();
    let mut lines = vec![(String::new(), heads)];
    // What was found in training, the untrained policy does not have: the last column has all rows.
    for Row { name, .. } in rows.last().into_iter().flatten() {
        let value = |row: &Vec<Row>| row.iter().find(|of| of.name == *name).and_then(|of| of.figure);
        let values: Vec<Option<Figure>> = rows.iter().map(value).collect();
        if values.iter().any(Option::is_some) {
            lines.push((name.clone(), values.into_iter().map(cell).collect()));
        }
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

fn cell(value: Option<Figure>) -> String {
    match value {
        None => "-".into(),
        Some(Figure::Count(count)) => count.to_string(),
        Some(Figure::Number(number)) => number::shown(number),
    }
}

/// A figure of a policy.
#[derive(Clone, Copy)]
enum Figure {
    Count(u64),
    Number(f64),
}

/// A figure with its name.
struct Row {
    name: String,
    figure: Option<Figure>,
}

fn row(measured: &Measured) -> Vec<Row> {
    let mut rows = named(policy(measured));
    rows.extend(named(found(measured)));
    let levels = measured.found.iter().flat_map(|found| &found.levels);
    rows.extend(levels.flat_map(level));
    rows.extend(named(lines(measured)));
    rows
}

fn named<const COUNT: usize>(figures: [(&str, Option<Figure>); COUNT]) -> Vec<Row> {
    let row = |(name, figure): (&str, _)| Row {
        name: name.into(),
        figure,
    };
    figures.into_iter().map(row).collect()
}

/// Of the distinct objects made in training.
fn found(measured: &Measured) -> [(&'static str, Option<Figure>); 5] {
    let found = measured.found.as_ref();
    let number = |value: Option<f64>| value.map(Figure::Number);
    [
        (
            "found: distinct objects",
            found.map(|found| Figure::Count(found.objects)),
        ),
        (
            "found: top 10 mean reward",
            number(found.and_then(|found| found.top_10)),
        ),
        (
            "found: top 100 mean reward",
            number(found.and_then(|found| found.top_100)),
        ),
        (
            "found: top 1000 mean reward",
            number(found.and_then(|found| found.top_1000)),
        ),
        (
            "found: top 1000 similarity",
            number(found.and_then(|found| found.top_similarity)),
        ),
    ]
}

/// Of those that reach a threshold.
fn level(level: &Level) -> Vec<Row> {
    let from = level.threshold;
    let row = |name: &str, value: Option<u64>| Row {
        name: format!("found: {name} from {from}"),
        figure: value.map(Figure::Count),
    };
    vec![
        row("objects", Some(level.objects)),
        row("modes", level.modes),
        row("scaffolds", level.scaffolds),
    ]
}

/// How well flow or probability goes with reward.
fn lines(measured: &Measured) -> [(&'static str, Option<Figure>); 4] {
    let slope = |line: &Option<Regression>| line.as_ref().map(|line| Figure::Number(line.slope));
    let correlation = |line: &Option<Regression>| line.as_ref().map(|line| Figure::Number(line.correlation));
    let (inflow, likelihood) = (&measured.inflow, &measured.likelihood);
    [
        ("log inflow on log R: slope", slope(inflow)),
        ("log inflow on log R: r", correlation(inflow)),
        ("log p on log R: slope", slope(likelihood)),
        ("log p on log R: r", correlation(likelihood)),
    ]
}

fn policy(measured: &Measured) -> [(&'static str, Option<Figure>); 20] {
    let samples = &measured.samples;
    let exact = measured.exact.as_ref();
    let molecules = samples.molecules.as_ref();
    let count = |value: Option<u64>| value.map(Figure::Count);
    let number = |value: Option<f64>| value.map(Figure::Number);
    [
        ("updates", count(Some(measured.step))),
        ("exact L1", number(exact.map(|exact| exact.l1))),
        (
            "exact total variation",
            number(exact.map(|exact| exact.total_variation)),
        ),
        (
            "exact Jensen-Shannon",
            // Of equal distributions it can come out below 0 by a rounding.
            number(exact.map(|exact| exact.jensen_shannon.max(0.0))),
        ),
        ("log Z error", number(exact.and_then(|exact| exact.log_z_error))),
        ("window L1", number(exact.and_then(|exact| exact.window_l1))),
        ("window floor", number(exact.and_then(|exact| exact.window_floor))),
        (
            "objects that are modes",
            count(exact.and_then(|exact| exact.modes)),
        ),
        ("mode objects visited", count(measured.modes_visited)),
        ("samples", count(Some(samples.count))),
        ("mean reward", number(Some(samples.mean_reward))),
        ("best reward", number(Some(samples.best_reward))),
        ("distinct", number(Some(samples.unique))),
        ("mean length", number(Some(samples.mean_length))),
        ("valid", number(molecules.map(|molecules| molecules.valid))),
        (
            "top 10 mean reward",
            number(molecules.and_then(|molecules| molecules.top_10)),
        ),
        (
            "top 100 mean reward",
            number(molecules.and_then(|molecules| molecules.top_100)),
        ),
        (
            "top 1000 mean reward",
            number(molecules.and_then(|molecules| molecules.top_1000)),
        ),
        (
            "mean Tanimoto similarity",
            number(molecules.map(|molecules| molecules.mean_similarity)),
        ),
        (
            "modes among samples",
            count(molecules.and_then(|molecules| molecules.modes)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use gfn_record::event::{Exact, Found};

    use super::*;

    fn measured() -> Measured {
        let level = Level {
            threshold: 0.000_000_123_456_789,
            objects: 123_456_789_012_345,
            ..Level::default()
        };
        let mut measured = Measured {
            step: 20_000_000_000_000,
            exact: Some(Exact {
                l1: 3.2e-5,
                jensen_shannon: -1e-17,
                ..Exact::default()
            }),
            found: Some(Found {
                levels: vec![level],
                ..Found::default()
            }),
            ..Measured::default()
        };
        measured.samples.mean_reward = -1_234_567.891;
        measured.samples.best_reward = 9_876_543_210.5;
        measured
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
            ("exact Jensen-Shannon", "0"),
            ("exact total variation", "0"),
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
