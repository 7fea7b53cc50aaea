//! Settings and their trials, one by one.

use maud::{Markup, html};

use crate::axis::{Axis, Scale};
use crate::number::{count, figure, interval};
use crate::plot::{Chart, Ink, Mark};
use crate::sections::{Cell, Table};
use crate::sweep::domain::shown;
use crate::sweep::{Reached, Sweep, Tried};

/// So many of the best are drawn with their seeds.
const MOST: usize = 30;
/// So many have a row.
const MOST_ROWS: usize = 1000;

pub(super) fn body(sweep: &Sweep) -> Option<Markup> {
    let ranked = sweep.ranked();
    let others = sweep.tried.iter().filter(|tried| tried.outcome.is_none());
    let rows: Vec<(Option<usize>, &Tried)> = ranked
        .iter()
        .enumerate()
        .map(|(rank, (tried, _))| (Some(rank + 1), *tried))
        .chain(others.map(|tried| (None, tried)))
        .collect();
    let mut heads: Vec<(&str, bool)> = vec![("rank", true), ("setting", true), ("state", false)];
    let names: Vec<&str> = sweep
        .manifest
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    heads.extend(names.iter().map(|name| (*name, is_number(sweep, name))));
    heads.extend([
        ("objective", true),
        ("± 95 %", true),
        ("seeds", true),
        ("updates", true),
    ]);
    let table = Table {
        heads,
        rows: rows
            .iter()
            .take(MOST_ROWS)
            .map(|(rank, tried)| row(*rank, tried, &names))
            .collect(),
        last: Vec::new(),
    };
    (!rows.is_empty()).then(|| {
        html! {
            (table.draw())
            @if rows.len() > MOST_ROWS { p.note { "The first " (MOST_ROWS) " of " (count(rows.len() as u64)) "." } }
        }
    })
}

fn is_number(sweep: &Sweep, name: &str) -> bool {
    let mut values = sweep
        .tried
        .iter()
        .filter_map(|tried| tried.setting.values.get(name));
    values.all(serde_json::Value::is_number)
}

fn row(rank: Option<usize>, tried: &Tried, names: &[&str]) -> Vec<Cell> {
    let whole = |value: f64| count(value as u64);
    let mut cells = vec![
        Cell::of(rank.map(|rank| rank as f64), whole),
        Cell::of(Some(tried.setting.setting as f64), whole),
        Cell::text(tried.state()),
    ];
    for name in names {
        let value = tried.setting.values.get(*name);
        let number = value.and_then(serde_json::Value::as_f64);
        cells.push(match (number, value) {
            (Some(number), _) => Cell::of(Some(number), figure),
            (None, value) => Cell::text(value.map_or_else(|| "–".into(), shown)),
        });
    }
    let outcome = tried.outcome.as_ref();
    cells.push(Cell::of(outcome.map(|reached| reached.mean), figure));
    cells.push(Cell::of(outcome.and_then(|reached| reached.half), figure));
    // Those of the objective: single trials may be further.
    cells.push(Cell::of(
        outcome.map(|reached| reached.objectives.len() as f64),
        whole,
    ));
    cells.push(Cell::of(tried.updates().map(|step| step as f64), whole));
    cells
}

/// The best settings, each with its seeds and the interval of their mean; none where there is one seed.
pub(super) fn seeds(sweep: &Sweep) -> Option<Markup> {
    let mut ranked = sweep.ranked();
    ranked.truncate(MOST);
    if sweep.manifest.seeds.len() < 2 || ranked.is_empty() {
        return None;
    }
    let (best, reached) = ranked.first()?;
    let overlap = ranked
        .iter()
        .skip(1)
        .filter(|(_, other)| overlaps(reached, other))
        .count();
    Some(html! {
        figure.panel.wide {
            figcaption { h3 { "The best settings, by seed" } }
            (chart(sweep, &ranked).draw())
            p.note {
                "A dot is a trial, a bar the 95 % confidence interval of the mean (Student's t). Setting " (best.setting.setting) " is first"
                @match reached.half {
                    Some(half) => { " with " (interval(reached.mean, half)) "; the intervals of " (overlap) " of the others here overlap with its own." }
                    None => { "." }
                }
            }
        }
    })
}

fn overlaps(one: &Reached, other: &Reached) -> bool {
    let width = one.half.unwrap_or(0.0) + other.half.unwrap_or(0.0);
    (one.mean - other.mean).abs() <= width
}

fn chart(sweep: &Sweep, ranked: &[(&Tried, &Reached)]) -> Chart {
    let ends = |reached: &Reached| {
        let half = reached.half.unwrap_or(0.0);
        [reached.mean - half, reached.mean + half]
    };
    let all = || {
        ranked
            .iter()
            .flat_map(|(_, reached)| reached.objectives.iter().copied().chain(ends(reached)))
    };
    let scale = Scale::fitting(all());
    let place = |value: f64| scale.place(value).unwrap_or(f64::NAN);
    let x = Axis {
        label: "setting".into(),
        scale: Scale::Linear,
        range: (-0.6, ranked.len() as f64 - 0.4),
        ticks: (0..)
            .map(f64::from)
            .zip(ranked.iter().map(|(tried, _)| tried.setting.setting.to_string()))
            .collect(),
    };
    let y = Axis::around(&sweep.manifest.objective, scale, all().map(place));
    let mut chart = Chart::new("Objective of the best settings, by seed", (1080, 320), x, y);
    for (rank, (_, reached)) in (0..).map(f64::from).zip(ranked) {
        let [low, high] = ends(reached).map(place);
        let line = |points: Vec<(f64, f64)>, width: f64| Mark::Line {
            points,
            ink: Ink::Series(0),
            width,
            opacity: 1.0,
        };
        if reached.half.is_some() {
            chart.marks.push(line(vec![(rank, low), (rank, high)], 2.0));
        }
        let mean = place(reached.mean);
        chart
            .marks
            .push(line(vec![(rank - 0.22, mean), (rank + 0.22, mean)], 2.4));
        chart.marks.push(Mark::Dots {
            points: reached
                .objectives
                .iter()
                .map(|value| (rank, place(*value)))
                .collect(),
            ink: Ink::Series(1),
            radius: 2.6,
            opacity: 0.75,
        });
    }
    chart
}
