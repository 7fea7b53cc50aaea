//! What a page tells, a file a section. A section without anything to tell is left out.

mod experiment;
pub(crate) mod learning;
pub(crate) mod objects;
mod overview;
mod papers;
mod rewards;
mod samples;
pub(crate) mod sweep;
pub(crate) mod target;
mod time;

use maud::{Markup, html};
pub(crate) use overview::state;

use crate::curves::Panel;
use crate::group::Group;
use crate::plot::Ink;
use crate::{Component, Run};

/// What sections tell about.
pub(crate) struct Context<'a> {
    /// Runs by experiment.
    pub(crate) groups: Vec<Group<'a>>,
    /// What the program knows of its components.
    pub(crate) known: &'a [Component],
}

impl<'a> Context<'a> {
    /// Every run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &'a Run> + '_ {
        self.groups.iter().flat_map(|group| group.runs.iter().copied())
    }

    /// The run, where there is but one.
    pub(crate) fn only(&self) -> Option<&'a Run> {
        let mut runs = self.runs();
        runs.next().filter(|_| runs.next().is_none())
    }
}

/// A section of a page.
pub(crate) struct Section {
    /// What its address on the page ends with.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) body: Markup,
}

/// All sections that have something to tell, in their order.
pub(crate) fn sections(context: &Context<'_>) -> Vec<Section> {
    let section = |id, title, body: Option<Markup>| body.map(|body| Section { id, title, body });
    let all = [
        section("overview", "Overview", Some(overview::body(context))),
        section("learning", "Learning", Some(learning::body(context))),
        section("target", "Learned and target distribution", target::body(context)),
        section("rewards", "Rewards of what is made", rewards::body(context)),
        section("objects", "What is made", objects::body(context)),
        section("time", "Where the time went", time::body(context)),
        section("experiment", "The experiment", Some(experiment::body(context))),
        section("papers", "Papers", papers::body(context)),
    ];
    all.into_iter().flatten().collect()
}

/// A picture with its title, its keys and its notes.
pub(crate) fn panel(panel: &Panel) -> Markup {
    html! {
        figure.panel {
            figcaption {
                h3 { (panel.title) }
                @if !panel.keys.is_empty() { (keys(&panel.keys)) }
            }
            @match &panel.chart {
                Some(chart) => (chart.draw()),
                None => p.missing { "Nothing has been recorded yet." },
            }
            @for note in &panel.notes { p.note { (note) } }
        }
    }
}

/// Names with the ink that each is drawn in.
pub(crate) fn keys(keys: &[(String, Ink)]) -> Markup {
    let class = |ink: &Ink| match ink {
        Ink::Series(index) => format!("key ink-{}", index % crate::plot::SERIES),
        Ink::Truth => "key truth".into(),
        _ => "key text".into(),
    };
    html! {
        ul.keys { @for (name, ink) in keys { li class=(class(ink)) { (name) } } }
    }
}

/// A figure with what it is and something to compare it with.
pub(crate) struct Tile {
    label: &'static str,
    value: String,
    beside: Option<String>,
}

impl Tile {
    pub(crate) fn new(label: &'static str, value: String, beside: Option<String>) -> Self {
        Self { label, value, beside }
    }
}

/// Figures side by side.
pub(crate) fn tiles(tiles: &[Tile]) -> Markup {
    html! {
        dl.tiles {
            @for tile in tiles {
                div {
                    dt { (tile.label) }
                    dd {
                        span.value { (tile.value) }
                        @if let Some(beside) = &tile.beside { span.beside { (beside) } }
                    }
                }
            }
        }
    }
}

/// A cell of a table: what is shown, and by what it is sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) shown: String,
    /// By this number, where there is one, or else by what is shown.
    pub(crate) order: Option<f64>,
}

impl Cell {
    /// A number, shown in some form; a dash where it is not known.
    pub(crate) fn of(value: Option<f64>, shown: impl Fn(f64) -> String) -> Self {
        let order = Some(value.unwrap_or(f64::NAN));
        Self {
            shown: value.map_or("–".into(), shown),
            order,
        }
    }

    pub(crate) fn text(shown: impl Into<String>) -> Self {
        Self {
            shown: shown.into(),
            order: None,
        }
    }
}

/// A table that is sorted by the column whose head is clicked.
pub(crate) struct Table<'a> {
    /// Heads; those of numbers are on the right.
    pub(crate) heads: Vec<(&'a str, bool)>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Rows that stay at the end.
    pub(crate) last: Vec<Vec<Cell>>,
}

impl Table<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let row = |cells: &Vec<Cell>| {
            html! {
                tr {
                    @for (cell, (_, is_number)) in cells.iter().zip(&self.heads) {
                        td.number[*is_number] data-order=[cell.order.map(order)] { (cell.shown) }
                    }
                }
            }
        };
        html! {
            div.scroll {
                table.sortable {
                    thead { tr { @for (head, is_number) in &self.heads {
                        th.number[*is_number] scope="col" { button type="button" { (head) } }
                    } } }
                    tbody { @for cells in &self.rows { (row(cells)) } }
                    @if !self.last.is_empty() { tfoot { @for cells in &self.last { (row(cells)) } } }
                }
            }
        }
    }
}

/// A number as a script reads it; nothing for one that is none, which sorts last.
fn order(value: f64) -> String {
    if value.is_nan() {
        String::new()
    } else {
        value.to_string()
    }
}
