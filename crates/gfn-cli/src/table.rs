//! Figures of a policy as a small table.

use gfn_record::event::Measured;

/// One row a figure, one column a policy.
pub(crate) fn figures(columns: &[(&str, &Measured)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![line(
        "",
        &names.iter().map(ToString::to_string).collect::<Vec<_>>(),
    )];
    let rows: Vec<Vec<(&str, Option<Figure>)>> = columns.iter().map(|(_, measured)| row(measured)).collect();
    for index in 0..rows[0].len() {
        let values: Vec<Option<Figure>> = rows.iter().map(|row| row[index].1).collect();
        if values.iter().any(Option::is_some) {
            let cells: Vec<String> = values.into_iter().map(cell).collect();
            lines.push(line(rows[0][index].0, &cells));
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

fn row(measured: &Measured) -> Vec<(&'static str, Option<Figure>)> {
    let samples = &measured.samples;
    let exact = measured.exact.as_ref();
    let molecules = samples.molecules.as_ref();
    let count = |value: Option<u64>| value.map(Figure::Count);
    let number = |value: Option<f64>| value.map(Figure::Number);
    vec![
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
