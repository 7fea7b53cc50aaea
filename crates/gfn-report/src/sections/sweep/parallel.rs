//! Parallel coordinates: every setting a line across all that was searched, colored by its rank.

use std::fmt::Write;

use maud::{Markup, html};

use crate::axis::Axis;
use crate::number::figure;
use crate::plot::{Ink, viridis};
use crate::sweep::domain::{SearchAxis, short_names};
use crate::sweep::{Reached, Sweep, Tried};
use crate::text::elided;

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 340.0;
/// Room for names above, and for the words of the outermost axes.
const TOP: f64 = 44.0;
const SIDE: f64 = 70.0;
/// The most room for names on the left.
const MAX_SIDE: f64 = 200.0;
/// The width of a letter beside an axis and above it, and what is left free between two words.
const LETTER: f64 = 6.6;
const LETTER_ABOVE: f64 = 7.8;
const GAP: f64 = 12.0;
/// So many words have room beside an axis.
const MAX_WORDS: usize = 18;
/// So many settings are drawn, the best of them.
const MOST: usize = 400;
/// So many axes have room.
const MAX_AXES: usize = 12;

pub(super) fn body(sweep: &Sweep) -> Option<Markup> {
    let mut ranked = sweep.ranked();
    ranked.truncate(MOST);
    if ranked.len() < 2 || sweep.manifest.parameters.is_empty() {
        return None;
    }
    let axes = axes(sweep, &ranked);
    let left_out = sweep.manifest.parameters.len().saturating_sub(MAX_AXES);
    let worst_first = ranked.iter().enumerate().rev();
    Some(html! {
        figure.panel.wide {
            figcaption { h3 { "One line a setting; the brighter, the better" } }
            svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label="Parallel coordinates of all settings" {
                @for (rank, (tried, reached)) in worst_first { (line(&axes, tried, reached, rank, ranked.len())) }
                @for axis in &axes { (upright(axis)) }
            }
            p.note {
                "The best setting is drawn last and thickest. Only settings of which something is known are here."
                @if left_out > 0 { " The first " (MAX_AXES) " of what is searched have an axis; " (left_out) " have none." }
            }
        }
    })
}

/// An axis that stands upright.
struct Upright {
    x: f64,
    /// From the axis before, or from the picture's edge.
    room: f64,
    /// What a name above has.
    room_above: f64,
    name: String,
    title: String,
    axis: Axis,
    searched: Option<SearchAxis>,
}

impl Upright {
    fn height_of(&self, place: f64) -> f64 {
        let (low, high) = self.axis.range;
        let room = HEIGHT - TOP - 16.0;
        TOP + room * (1.0 - (place - low) / (high - low))
    }

    /// How high a setting goes through it; the last one is of objectives.
    fn of(&self, tried: &Tried, reached: &Reached) -> Option<f64> {
        let place = match &self.searched {
            Some(searched) => searched.place(tried.setting.values.get(&searched.name)?)?,
            None => self.axis.scale.place(reached.mean)?,
        };
        Some(self.height_of(place))
    }
}

fn axes(sweep: &Sweep, ranked: &[(&Tried, &Reached)]) -> Vec<Upright> {
    let parameters = &sweep.manifest.parameters;
    let names = short_names(parameters);
    let drawn = parameters.iter().zip(names).take(MAX_AXES);
    let mut axes: Vec<Upright> = drawn
        .map(|(parameter, name)| {
            let searched = SearchAxis::of(parameter);
            let values = ranked
                .iter()
                .filter_map(|(tried, _)| tried.setting.values.get(&searched.name));
            let places: Vec<f64> = values.filter_map(|value| searched.place(value)).collect();
            Upright {
                x: 0.0,
                room: 0.0,
                room_above: 0.0,
                name,
                title: searched.name.clone(),
                axis: searched.axis(places.into_iter()),
                searched: Some(searched),
            }
        })
        .collect();
    let means = || ranked.iter().map(|(_, reached)| reached.mean);
    let scale = crate::axis::Scale::fitting(means());
    axes.push(Upright {
        x: 0.0,
        room: 0.0,
        room_above: 0.0,
        name: "objective".into(),
        title: sweep.manifest.objective.clone(),
        axis: Axis::around("", scale, means().filter_map(|mean| scale.place(mean))),
        searched: None,
    });
    place(&mut axes);
    axes
}

/// Gives each axis its place; the first is as far from the edge as its words take.
fn place(axes: &mut [Upright]) {
    let words = axes.first().map_or(&[][..], |axis| &axis.axis.ticks);
    let longest = words
        .iter()
        .map(|(_, text)| text.chars().count())
        .max()
        .unwrap_or(0);
    let left = (LETTER * longest as f64 + GAP).clamp(SIDE, MAX_SIDE);
    let step = (WIDTH - left - SIDE) / (axes.len() - 1).max(1) as f64;
    for (index, axis) in axes.iter_mut().enumerate() {
        axis.x = left + step * index as f64;
        axis.room = if index == 0 { left } else { step };
        axis.room_above = step.min(2.0 * SIDE);
    }
}

fn line(axes: &[Upright], tried: &Tried, reached: &Reached, rank: usize, count: usize) -> Markup {
    let mut path = String::new();
    for axis in axes {
        if let Some(y) = axis.of(tried, reached) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            // Writing into a string does not fail.
            let _ = write!(path, "{command}{:.1} {y:.1}", axis.x);
        }
    }
    let ink = viridis(0.25 + 0.67 * (1.0 - rank as f64 / (count - 1).max(1) as f64));
    let is_best = rank == 0;
    html! {
        path d=(path) fill="none" stroke=(ink.on_paper()) stroke-width=(if is_best { "3" } else { "1.2" })
            stroke-opacity=(if is_best { "1" } else { "0.7" }) stroke-linejoin="round" {
            title { "setting " (tried.setting.setting) ": " (figure(reached.mean)) }
        }
    }
}

fn upright(axis: &Upright) -> Markup {
    let words = |ink: Ink| {
        let color = ink.color();
        format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2).to_lowercase()
    };
    let letters = |room: f64, width: f64| ((room - GAP) / width).max(2.0) as usize;
    let every = axis.axis.ticks.len().div_ceil(MAX_WORDS).max(1);
    let ticks = axis.axis.ticks.iter().enumerate().step_by(every);
    let whole = |index: usize| axis.axis.titles.get(index);
    html! {
        line x1=(axis.x) x2=(axis.x) y1=(TOP) y2=(HEIGHT - 16.0) stroke=(words(Ink::Muted)) {}
        text x=(axis.x) y="18" text-anchor="middle" font-size="13" font-weight="600" fill=(words(Ink::Text)) {
            title { (axis.title) }
            (elided(&axis.name, letters(axis.room_above, LETTER_ABOVE)))
        }
        @for (index, (place, text)) in ticks {
            text.halo x=(axis.x - 6.0) y=(format!("{:.1}", axis.height_of(*place) + 4.0)) text-anchor="end" font-size="11.5"
                fill=(words(Ink::Muted)) {
                @if let Some(whole) = whole(index) { title { (whole) } }
                (elided(text, letters(axis.room, LETTER)))
            }
        }
    }
}
