//! Settings and their trials, one by one.

use maud::{Markup, html};

use crate::axis::{Axis, Scale};
use crate::number::{count, figure, interval};
use crate::plot::{Chart, Ink, Mark};
use crate::sections::{Cell, Head, Table};
use crate::sweep::domain::{SearchAxis, short_names};
use crate::sweep::{Reached, Sweep, Tried};
use crate::text::elided;

/// So many of the best are drawn with their seeds.
const MOST: usize = 30;
/// So many have a row.
const MAX_ROWS: usize = 1000;
/// So many searched settings have a column each on any page, and so many on a wide one; of more, and elsewhere, one column has all.
const MAX_COLUMNS: [usize; 2] = [3, 8];
/// The name of a value is shortened to so many letters.
const MAX_NAME: usize = 40;

pub(super) fn body(sweep: &Sweep) -> Option<Markup> {
    let ranked = sweep.ranked();
    let others = sweep
        .tried
        .iter()
        .filter(|tried| tried.outcome.is_none() || tried.same.is_some());
    let rows: Vec<(Option<usize>, &Tried)> = ranked
        .iter()
        .enumerate()
        .map(|(rank, (tried, _))| (Some(rank + 1), *tried))
        .chain(others.map(|tried| (None, tried)))
        .collect();
    let columns = Columns::of(sweep);
    let rows_drawn = rows.iter().take(MAX_ROWS);
    let table =
        Table::new(columns.heads(sweep)).with(rows_drawn.map(|(rank, tried)| columns.row(*rank, tried)));
    (!rows.is_empty()).then(|| {
        html! {
            (table.draw())
            @if rows.len() > MAX_ROWS { p.note { "The first " (MAX_ROWS) " of " (count(rows.len() as u64)) "." } }
        }
    })
}

/// The columns of the table: each searched setting in one of its own, all in one, or both, of which the page shows what it has room
/// for.
struct Columns {
    searched: Vec<SearchAxis>,
    short: Vec<String>,
}

impl Columns {
    fn of(sweep: &Sweep) -> Self {
        let parameters = &sweep.manifest.parameters;
        Self {
            searched: parameters.iter().map(SearchAxis::of).collect(),
            short: short_names(parameters),
        }
    }

    fn are_single(&self) -> bool {
        self.searched.len() <= MAX_COLUMNS[1]
    }

    fn are_together(&self) -> bool {
        self.searched.len() > MAX_COLUMNS[0]
    }

    fn heads(&self, sweep: &Sweep) -> Vec<Head> {
        let mut heads: Vec<Head> = Vec::new();
        heads.extend([("rank", true), ("setting", true), ("state", false)].map(Head::from));
        if self.are_single() {
            let each = self.searched.iter().zip(&self.short);
            let each = each.map(|(searched, short)| {
                let head = Head::shortened(short, &searched.name, is_number(sweep, &searched.name));
                if self.are_together() {
                    head.on_wide_pages()
                } else {
                    head
                }
            });
            heads.extend(each);
        }
        if self.are_together() {
            let head = Head::new("values", false);
            heads.push(if self.are_single() {
                head.on_narrow_pages()
            } else {
                head
            });
        }
        let rest = [
            ("objective", true),
            ("± 95 %", true),
            ("seeds", true),
            ("updates", true),
        ];
        heads.extend(rest.map(Head::from));
        heads
    }

    fn row(&self, rank: Option<usize>, tried: &Tried) -> Vec<Cell> {
        let whole = |value: f64| count(value as u64);
        let mut cells = vec![
            Cell::of(rank.map(|rank| rank as f64), whole),
            Cell::of(Some(tried.setting.setting as f64), whole),
            Cell::text(
                tried
                    .same
                    .map_or(tried.state().into(), |same| format!("same as {same}")),
            ),
        ];
        if self.are_single() {
            cells.extend(self.searched.iter().map(|searched| value(searched, tried)));
        }
        if self.are_together() {
            cells.push(self.together(tried));
        }
        let outcome = tried.outcome.as_ref();
        cells.push(Cell::of(outcome.map(|reached| reached.mean), figure));
        cells.push(Cell::of(outcome.and_then(|reached| reached.half), figure));
        // Those of the objective: single trials may be further.
        let seeds = outcome.map(|reached| reached.objectives.len() as f64);
        cells.push(Cell::of(seeds, whole));
        cells.push(Cell::of(tried.updates().map(|step| step as f64), whole));
        cells
    }

    /// All values in one cell: `rate = 0.001, hidden = 64`.
    fn together(&self, tried: &Tried) -> Cell {
        let pairs = self
            .searched
            .iter()
            .zip(&self.short)
            .filter_map(|(searched, short)| {
                let name = searched.called(tried.setting.values.get(&searched.name)?);
                let pair = |key: &str, value: &str| format!("{key} = {value}");
                Some((
                    pair(short, &elided(&name.short, MAX_NAME)),
                    pair(&searched.name, &name.whole),
                ))
            });
        let (short, whole): (Vec<String>, Vec<String>) = pairs.unzip();
        Cell::shortened(short.join(", "), whole.join(", "))
    }
}

fn value(searched: &SearchAxis, tried: &Tried) -> Cell {
    let value = tried.setting.values.get(&searched.name);
    match (value.and_then(serde_json::Value::as_f64), value) {
        (Some(number), _) => Cell::of(Some(number), figure),
        (None, None) => Cell::text("–"),
        (None, Some(value)) => {
            let name = searched.called(value);
            Cell::shortened(elided(&name.short, MAX_NAME), name.whole)
        }
    }
}

fn is_number(sweep: &Sweep, name: &str) -> bool {
    let mut values = sweep
        .tried
        .iter()
        .filter_map(|tried| tried.setting.values.get(name));
    values.all(serde_json::Value::is_number)
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
        titles: Vec::new(),
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
