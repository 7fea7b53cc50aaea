//! Figures of a policy as a small table.

use gfn_record::event::{Level, Measured, Regression};

/// One row a figure, one column a policy.
pub(crate) fn figures(columns: &[(&str, &Measured)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![line(
        "",
        &names.iter().map(ToString::to_string).collect::<Vec<_>>(),
    )];
    let rows: Vec<Vec<Row>> = columns.iter().map(|(_, measured)| row(measured)).collect();
    // What was found in training, the untrained policy does not have: the last column has all rows.
    for Row { name, .. } in rows.last().into_iter().flatten() {
        let value = |row: &Vec<Row>| row.iter().find(|of| of.name == *name).and_then(|of| of.figure);
        let values: Vec<Option<Figure>> = rows.iter().map(value).collect();
        if values.iter().any(Option::is_some) {
            let cells: Vec<String> = values.into_iter().map(cell).collect();
            lines.push(line(name, &cells));
        }
    }
    lines.join("\n") + "\n"
}

fn line(name: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("{cell:>12}")).collect();
    format!("{name:<28}{cells}")
}

fn cell(value: Option<Figure>) -> String {
    match value {
        None => "-".into(),
        Some(Figure::Count(count)) => count.to_string(),
        Some(Figure::Number(number)) => format!("{number:.4}"),
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
            number(exact.map(|exact| exact.jensen_shannon)),
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
