//! What the policy makes of each object, against the target: where the environment was swept.

use gfn_draw::grid::{Grid, Plane};
use maud::{Markup, html};

use super::{Context, keys, samples};
use crate::Run;
use crate::axis::{Axis, Scale, span};
use crate::number::{count, short_figure};
use crate::plot::{Chart, Ink, Mark, Readout, viridis};
use crate::statistics::Point;

/// So many dots are drawn of the objects, evenly chosen.
const MAX_DOTS: usize = 1500;
/// So many marginals are drawn.
const MAX_MARGINALS: usize = 8;

pub(super) fn body(context: &Context<'_>) -> Option<Markup> {
    let groups = context.groups.iter();
    let shown = groups.filter_map(|group| {
        Some((
            group,
            *group
                .runs
                .iter()
                .find(|run| !run.distribution.is_empty() || !run.likelihoods.is_empty())?,
        ))
    });
    let shown: Vec<_> = shown.collect();
    (!shown.is_empty()).then(|| {
        html! {
            @for (group, run) in &shown {
                @if context.only().is_none() {
                    h3 { (group.name) @if let Some(seed) = run.seed() { ", seed " (seed) } }
                }
                @if run.distribution.is_empty() { (samples::of_run(run)) } @else { (of_run(run)) }
            }
        }
    })
}

fn of_run(run: &Run) -> Markup {
    let grid = Grid::of(&run.distribution);
    html! {
        @if let Some(grid) = &grid { (of_grid(grid)) }
        div.panels {
            figure.panel {
                figcaption { h3 { "Every object" } (keys(&[("learned as it should be".into(), Ink::Truth)])) }
                (scatter(run).draw())
                @for note in scatter_notes(run) { p.note { (note) } }
            }
            @if let Some(grid) = grid.as_ref().filter(|grid| grid.sides.len() != 2) {
                @for dimension in 0..grid.sides.len().min(MAX_MARGINALS) { (marginal(grid, dimension)) }
            }
        }
    }
}

/// Maps of the plane, or of the plane of the first two coordinates.
fn of_grid(grid: &Grid) -> Markup {
    let Some(plane) = grid.plane() else {
        return html! {};
    };
    let whose = if grid.sides.len() > 2 {
        " of x₁ and x₂, summed over the other coordinates"
    } else {
        ""
    };
    let (_, most) = span(plane.target.iter().chain(&plane.learned).copied());
    let difference: Vec<f64> = plane
        .learned
        .iter()
        .zip(&plane.target)
        .map(|(learned, target)| learned - target)
        .collect();
    let farthest = difference
        .iter()
        .filter(|value| value.is_finite())
        .fold(0.0, |most: f64, value| most.max(value.abs()));
    html! {
        div.panels.maps {
            (map("Target", &plane, &plane.target, most, whose))
            (map("Learned", &plane, &plane.learned, most, whose))
            (map_of_difference(&plane, &difference, farthest))
        }
    }
}

/// Target and learned distribution in the plane of the first two coordinates; none where there is no such plane.
pub(crate) fn charts(run: &Run) -> Option<Vec<(&'static str, Chart)>> {
    let plane = Grid::of(&run.distribution)?.plane()?;
    let (_, most) = span(plane.target.iter().chain(&plane.learned).copied());
    let chart = |title: &'static str, values: &[f64]| {
        let inks = values.iter().map(|value| (viridis(value / most), 1.0));
        (title, cells(title, &plane, values, inks))
    };
    Some(vec![
        chart("Target", &plane.target),
        chart("Learned", &plane.learned),
    ])
}

fn map(title: &str, plane: &Plane, values: &[f64], most: f64, whose: &str) -> Markup {
    let inks = values.iter().map(|value| (viridis(value / most), 1.0));
    let chart = cells(&format!("{title}: probability{whose}"), plane, values, inks);
    html! {
        figure.panel {
            figcaption { h3 { (title) } (scale_bar("viridis", "0", &short_figure(most))) }
            (chart.draw())
            @if !whose.is_empty() { p.note { "Probability" (whose) "." } }
            @if plane.block > 1 { p.note { "Blocks of " (plane.block) " × " (plane.block) " cells." } }
        }
    }
}

fn map_of_difference(plane: &Plane, difference: &[f64], farthest: f64) -> Markup {
    let ink = |value: &f64| {
        let share = if farthest > 0.0 {
            value.abs() / farthest
        } else {
            0.0
        };
        (Ink::Series(if *value < 0.0 { 0 } else { 1 }), share)
    };
    let chart = cells(
        "Learned less target: probability",
        plane,
        difference,
        difference.iter().map(ink),
    );
    let (low, high) = (
        format!("−{}", short_figure(farthest)),
        format!("+{}", short_figure(farthest)),
    );
    html! {
        figure.panel {
            figcaption { h3 { "Learned − target" } (scale_bar("both", &low, &high)) }
            (chart.draw())
        }
    }
}

fn scale_bar(class: &str, low: &str, high: &str) -> Markup {
    html! { div.scale { span { (low) } span.bar.(class) {} span { (high) } } }
}

fn cells(title: &str, plane: &Plane, values: &[f64], inks: impl Iterator<Item = (Ink, f64)>) -> Chart {
    let (x, y) = (Axis::of_cells("x₁", plane.across), Axis::of_cells("x₂", plane.up));
    let mut chart = Chart::new(title, (360, 340), x, y);
    for (index, (ink, opacity)) in inks.enumerate().filter(|(index, _)| values[*index].is_finite()) {
        let (column, row) = ((index % plane.across) as f64, (index / plane.across) as f64);
        let corners = (column - 0.5, row - 0.5, column + 0.5, row + 0.5);
        chart.marks.push(Mark::Cell {
            corners,
            ink,
            opacity,
        });
    }
    chart.cells = Some((plane.across, values.to_vec()));
    chart
}

fn marginal(grid: &Grid, dimension: usize) -> Markup {
    let (target, learned) = grid.marginal(dimension);
    let name = format!("x{}", subscript(dimension + 1));
    let all = target.iter().chain(&learned).copied().collect::<Vec<_>>();
    let (x, y) = (
        Axis::of_cells(&name, target.len()),
        Axis::from_zero("probability", Scale::Linear, all.iter().copied()),
    );
    let title = format!("Marginal of {name}");
    let mut chart = Chart::new(title.clone(), Chart::USUAL, x, y);
    let bars = learned.iter().enumerate();
    chart
        .marks
        .extend(bars.map(|(cell, height)| Mark::bar(cell as f64, 0.4, *height, Ink::Series(0))));
    chart.marks.extend(
        target
            .iter()
            .enumerate()
            .map(|(cell, height)| level(cell as f64, 0.46, *height)),
    );
    let points = |values: &[f64]| {
        values
            .iter()
            .enumerate()
            .map(|(cell, value)| (cell as f64, *value))
            .collect()
    };
    chart.readouts = vec![
        Readout {
            name: "learned".into(),
            series: 0,
            points: points(&learned),
        },
        Readout {
            name: "target".into(),
            series: 3,
            points: points(&target),
        },
    ];
    html! {
        figure.panel {
            figcaption { h3 { (title) } (keys(&[("learned".into(), Ink::Series(0)), ("target".into(), Ink::Text)])) }
            (chart.draw())
        }
    }
}

/// A short line across a bar: where it should end.
pub(super) fn level(middle: f64, half: f64, height: f64) -> Mark {
    let points = vec![(middle - half, height), (middle + half, height)];
    Mark::Line {
        points,
        ink: Ink::Text,
        width: 2.0,
        opacity: 1.0,
    }
}

fn subscript(number: usize) -> String {
    let lowered = |digit: char| {
        digit
            .to_digit(10)
            .and_then(|digit| char::from_u32(0x2080 + digit))
            .unwrap_or(digit)
    };
    number.to_string().chars().map(lowered).collect()
}

/// Learned against target probability, an object a dot.
fn scatter(run: &Run) -> Chart {
    let every = run.distribution.len().div_ceil(MAX_DOTS).max(1);
    let rows = run.distribution.iter().step_by(every);
    let place = |value: f64| Scale::Log.place(value).unwrap_or(f64::NAN);
    let dots: Vec<Point> = rows
        .map(|row| (place(row.target), place(row.probability)))
        .collect();
    let places = dots.iter().flat_map(|dot| [dot.0, dot.1]);
    let axis = |label: &str| Axis::around(label, Scale::Log, places.clone());
    let (x, y) = (axis("target probability"), axis("learned probability"));
    let mut chart = Chart::new(
        "Learned against target probability of every object",
        Chart::USUAL,
        x,
        y,
    );
    let (low, high) = chart.x.range;
    let points = vec![(low, low), (high, high)];
    chart.marks.push(Mark::Line {
        points,
        ink: Ink::Truth,
        width: 1.3,
        opacity: 1.0,
    });
    let opacity = if dots.len() > 300 { 0.35 } else { 0.6 };
    chart.marks.push(Mark::Dots {
        points: dots,
        ink: Ink::Series(0),
        radius: 2.4,
        opacity,
    });
    chart
}

fn scatter_notes(run: &Run) -> Vec<String> {
    let all = run.distribution.len();
    let every = all.div_ceil(MAX_DOTS).max(1);
    let never = run
        .distribution
        .iter()
        .filter(|row| !(row.target > 0.0 && row.probability > 0.0))
        .count();
    let mut notes = Vec::new();
    if every > 1 {
        notes.push(format!(
            "A dot for one in {every} of {} objects.",
            count(all as u64)
        ));
    }
    if never > 0 {
        notes.push(format!(
            "{} objects have a probability of 0 on one side, and no dot.",
            count(never as u64)
        ));
    }
    notes
}
