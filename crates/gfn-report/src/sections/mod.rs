//! What a page tells, a file a section. A section without anything to tell is left out.

mod experiment;
pub(crate) mod learning;
pub(crate) mod objects;
mod overview;
mod papers;
mod rewards;
mod runs;
mod samples;
pub(crate) mod sweep;
mod table;
pub(crate) mod target;
mod time;

use maud::{Markup, html};
pub(crate) use table::{Cell, Column, Head, Table};

use crate::curves::Panel;
use crate::group::Group;
use crate::plot::Ink;
use crate::text::{breakable, elided};
use crate::{Component, Run};

/// The name of a key is shortened to so many letters.
const MAX_KEY: usize = 60;

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
        section("rewards", "Reward distribution", rewards::body(context)),
        section("objects", "Generated objects", objects::body(context)),
        section("time", "Profile", time::body(context)),
        section("experiment", "Experiment", Some(experiment::body(context))),
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
        ul.keys { @for (name, ink) in keys { li class=(class(ink)) title=[(name.chars().count() > MAX_KEY).then_some(name)] {
            (breakable(&elided(name, MAX_KEY)))
        } } }
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
