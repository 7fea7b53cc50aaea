//! Figures of a policy as a small table.

use gfn_record::event::Measured;

/// One row a figure, one column a policy.
pub(crate) fn figures(columns: &[(&str, &Measured)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![line(
        "",
        &names.iter().map(ToString::to_string).collect::<Vec<_>>(),
    )];
    let rows: Vec<Vec<(&str, Option<f64>)>> = columns.iter().map(|(_, measured)| row(measured)).collect();
    for index in 0..rows[0].len() {
        let values: Vec<Option<f64>> = rows.iter().map(|row| row[index].1).collect();
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

fn cell(value: Option<f64>) -> String {
    match value {
        None => "-".into(),
        Some(value) if value == value.trunc() && value.abs() >= 2.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.4}"),
    }
}

fn row(measured: &Measured) -> Vec<(&'static str, Option<f64>)> {
    let samples = &measured.samples;
    let exact = measured.exact.as_ref();
    let molecules = samples.molecules.as_ref();
    let count = |value: Option<u64>| value.map(|value| value as f64);
    vec![
        ("updates", Some(measured.step as f64)),
        ("exact L1", exact.map(|exact| exact.l1)),
        ("exact total variation", exact.map(|exact| exact.total_variation)),
        ("exact Jensen-Shannon", exact.map(|exact| exact.jensen_shannon)),
        ("log Z error", exact.and_then(|exact| exact.log_z_error)),
        ("window L1", exact.and_then(|exact| exact.window_l1)),
        ("window floor", exact.and_then(|exact| exact.window_floor)),
        ("modes there are", count(exact.and_then(|exact| exact.modes))),
        ("modes visited in training", count(measured.modes_visited)),
        ("samples", Some(samples.count as f64)),
        ("mean reward", Some(samples.mean_reward)),
        ("best reward", Some(samples.best_reward)),
        ("distinct", Some(samples.unique)),
        ("mean length", Some(samples.mean_length)),
        ("valid", molecules.map(|molecules| molecules.valid)),
        (
            "top 10 mean reward",
            molecules.and_then(|molecules| molecules.top_10),
        ),
        (
            "top 100 mean reward",
            molecules.and_then(|molecules| molecules.top_100),
        ),
        (
            "top 1000 mean reward",
            molecules.and_then(|molecules| molecules.top_1000),
        ),
        (
            "mean Tanimoto similarity",
            molecules.map(|molecules| molecules.mean_similarity),
        ),
        (
            "modes among samples",
            count(molecules.and_then(|molecules| molecules.modes)),
        ),
    ]
}
