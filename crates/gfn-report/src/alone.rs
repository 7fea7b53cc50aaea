//! Pictures of a page as files of their own: SVG that needs no page, for a paper, a slide, a README.

use std::fmt::Write;

use gfn_draw::color::of_element;
use gfn_draw::sketch::{Anchor, HEIGHT, LETTERS, Sketch, WIDTH};
use maud::{Escaper, Markup, PreEscaped, html};

use crate::Run;
use crate::curves::Panel;
use crate::group::groups;
use crate::number::short_figure;
use crate::plot::{Chart, FINE, Ink, SERIES};
use crate::sections::{Context, learning, objects, target};

/// Above a picture there is a line for its title.
const HEAD: u32 = 34;
/// And lines for its keys.
const LINE: u32 = 18;
/// Around everything.
const EDGE: u32 = 10;
/// Molecules in a row, and in all.
const ACROSS: usize = 4;
const MOLECULES: usize = 8;
/// Below a molecule there is a line.
const CAPTION: u32 = 22;

/// What tells a picture of ours from others.
const MADE_BY: &str = "<metadata>gfn</metadata>";

/// Whether a file that begins with these bytes is a picture of this program.
pub fn is_figure(begin: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(begin);
    begin.starts_with("<svg ") && begin.contains(MADE_BY)
}

/// A picture that stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What its file is called, without an ending.
    pub name: &'static str,
    /// Itself.
    pub svg: String,
}

/// The pictures of runs: curves, and of the first run maps and molecules, where it has them.
pub fn figures(runs: &[Run]) -> Vec<Figure> {
    let context = Context {
        groups: groups(runs),
        known: &[],
    };
    let curves = learning::named(&context).into_iter();
    let mut found: Vec<Figure> = curves
        .filter_map(|(name, panel)| {
            Some(Figure {
                name,
                svg: of_panel(&panel)?,
            })
        })
        .collect();
    if let Some(first) = context.groups.first() {
        let maps = first.runs.iter().find_map(|run| target::charts(run));
        found.extend(maps.map(|maps| Figure {
            name: "target-and-learned",
            svg: side_by_side(&maps),
        }));
        let best = objects::best(first, MOLECULES);
        found.extend((!best.is_empty()).then(|| Figure {
            name: "molecules",
            svg: molecules(&best),
        }));
    }
    // XML has no control characters, and text that reorders itself misleads in a picture too.
    for figure in &mut found {
        figure.svg = gfn_text::visible_lines(&figure.svg).into_owned();
    }
    found
}

fn of_panel(panel: &Panel) -> Option<String> {
    let chart = panel.chart.as_ref()?;
    let (width, height) = (chart.size.0 + EDGE, chart.size.1);
    let keys = in_lines(&panel.keys, f64::from(width - 2 * EDGE));
    let head = HEAD + LINE * keys.len() as u32;
    let inside = html! {
        (words(&panel.title, f64::from(EDGE), 22.0, Ink::Text, true))
        @for (line, keys) in (1..).zip(&keys) { (key_line(keys, f64::from(22 + LINE * line))) }
        (placed(chart, EDGE, head))
    };
    Some(paper((width, height + head + EDGE), &panel.title, &inside))
}

/// A name, its ink, and where it begins.
type Key<'a> = (f64, &'a str, Ink);

/// Keys side by side, in as many lines as they take.
fn in_lines(keys: &[(String, Ink)], width: f64) -> Vec<Vec<Key<'_>>> {
    let (mut lines, mut x): (Vec<Vec<Key<'_>>>, f64) = (Vec::new(), f64::INFINITY);
    for (name, ink) in keys {
        // Letters of the usual font are about this wide.
        let length = 21.0 + 6.6 * name.chars().count() as f64;
        if x + length > width {
            lines.push(Vec::new());
            x = 0.0;
        }
        if let Some(line) = lines.last_mut() {
            line.push((f64::from(EDGE) + x, name, *ink));
        }
        x += length + 14.0;
    }
    lines
}

fn key_line(keys: &[Key<'_>], y: f64) -> Markup {
    html! {
        @for (left, name, ink) in keys {
            line x1=(left) x2=(left + 16.0) y1=(y - 4.0) y2=(y - 4.0) stroke=(ink.on_paper()) stroke-width="2.5"
                stroke-dasharray=[ink.dashes().map(|_| "4 3")] {}
            (words(name, left + 21.0, y, Ink::Muted, false))
        }
    }
}

fn words(text: &str, x: f64, y: f64, ink: Ink, is_bold: bool) -> Markup {
    html! {
        text x=(x) y=(y) fill=(ink.on_paper()) font-family="sans-serif" font-size="12.5" font-weight=[is_bold.then_some("600")] { (text) }
    }
}

/// Maps beside one another, each below what it shows.
fn side_by_side(maps: &[(&'static str, Chart)]) -> String {
    let (width, height) = maps.first().map_or((1, 1), |(_, chart)| chart.size);
    let width = width + EDGE;
    let inside = html! {
        @for (index, (name, chart)) in (0..).zip(maps) {
            (words(name, f64::from(width * index) + 50.0, 22.0, Ink::Text, true))
            (placed(chart, width * index + EDGE, HEAD - 4))
        }
    };
    let size = (width * maps.len() as u32, height + HEAD + EDGE);
    paper(size, "Target and learned distribution", &inside)
}

/// A picture at a place, in colors instead of inks.
fn placed(chart: &Chart, x: u32, y: u32) -> Markup {
    let inside = chart.inside().map(|found| found.0).unwrap_or_default();
    let scale = 1.0 / f64::from(FINE);
    // Cells touch: where their edges are smoothed, what is behind shines through.
    let rendering = chart.cells.is_some().then_some("crispEdges");
    html! {
        g transform={ "translate(" (x) " " (y) ") scale(" (scale) ")" } stroke-linejoin="round" shape-rendering=[rendering] {
            (PreEscaped(in_colors(inside)))
        }
    }
}

fn in_colors(mut svg: String) -> String {
    let code = |ink: Ink| {
        let color = ink.color();
        format!("\"#{:02X}{:02X}{:02X}\"", color.0, color.1, color.2)
    };
    let inks = [Ink::Text, Ink::Muted, Ink::Grid, Ink::Truth].into_iter();
    for ink in inks.chain((0..SERIES).map(Ink::Series)) {
        if let Some(dashes) = ink.dashes() {
            let dashed = format!("stroke=\"{}\" stroke-dasharray=\"{dashes}\"", ink.on_paper());
            svg = svg.replace(&format!("stroke={}", code(ink)), &dashed);
        }
        svg = svg.replace(&code(ink), &format!("\"{}\"", ink.on_paper()));
    }
    svg
}

/// Structures in rows, each above its reward.
fn molecules(best: &[(f64, String)]) -> String {
    let (width, height) = (WIDTH as u32, HEIGHT as u32 + CAPTION);
    let structures = best
        .iter()
        .filter_map(|(reward, smiles)| Some((Sketch::of(smiles)?, reward)));
    let structures: Vec<(Sketch, &f64)> = structures.collect();
    let inside = html! {
        @for (index, (sketch, reward)) in structures.iter().enumerate() {
            g transform={ "translate(" (index % ACROSS * width as usize) " " (index / ACROSS * height as usize) ")" } {
                (structure(sketch))
                text x=(WIDTH / 2.0) y=(HEIGHT + 8.0) text-anchor="middle" fill=(Ink::Muted.on_paper()) font-family="sans-serif"
                    font-size="12.5" { "reward " (short_figure(**reward)) }
            }
        }
    };
    let rows = structures.len().div_ceil(ACROSS).max(1) as u32;
    paper(
        (ACROSS as u32 * width, rows * height),
        "The best molecules",
        &inside,
    )
}

fn structure(sketch: &Sketch) -> Markup {
    let mut path = String::new();
    for (from, to) in &sketch.lines {
        // Writing into a string does not fail.
        let _ = write!(path, "M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
    }
    html! {
        path d=(path) fill="none" stroke=(Ink::Text.on_paper()) stroke-width="1.5" stroke-linecap="round" {}
        @for word in &sketch.words {
            @let [red, green, blue] = of_element(&word.symbol);
            text x={ (format!("{:.1}", word.at.0)) } y={ (format!("{:.1}", word.at.1)) } fill={ (format!("#{red:02X}{green:02X}{blue:02X}")) }
                font-family="sans-serif" font-size=(LETTERS) text-anchor=(if word.anchor == Anchor::Start { "start" } else { "end" }) {
                (word.text)
            }
        }
    }
}

/// A file, on a light ground that is there on a dark page too.
fn paper((width, height): (u32, u32), title: &str, inside: &Markup) -> String {
    let mut escaped = String::new();
    // Writing into a string does not fail.
    let _ = Escaper::new(&mut escaped).write_str(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         {MADE_BY}<title>{escaped}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#FFFFFF\"/>\n{}\n</svg>\n",
        inside.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_become_colors_and_the_truth_is_dashed() {
        let svg = in_colors("<a stroke=\"#000004\"/><b fill=\"#000010\"/><c fill=\"#FDE725\"/>".into());
        let expected =
            "<a stroke=\"#1B1F24\" stroke-dasharray=\"50 40\"/><b fill=\"#0072B2\"/><c fill=\"#FDE725\"/>";
        assert_eq!(svg, expected);
    }

    #[test]
    fn keys_take_another_line_where_there_is_no_room() {
        let key = |name: &str| (name.to_string(), Ink::Series(0));
        let lengths = |keys: &[(String, Ink)]| in_lines(keys, 300.0).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[key("loss"), key("truth")]), [2]);
        assert_eq!(lengths(&[key(&"long".repeat(9)), key("b"), key("c")]), [1, 2]);
        assert_eq!(lengths(&[key(&"long".repeat(40))]), [1]);
        assert!(in_lines(&[], 300.0).is_empty());
    }

    #[test]
    fn molecules_stand_in_rows() {
        let best = vec![(0.5, "CCO".to_string()); 5];
        let svg = molecules(&best);
        assert_eq!(
            (svg.matches("<path").count(), svg.matches("reward 0.5").count()),
            (5, 5)
        );
        assert!(
            svg.contains("viewBox=\"0 0 960 364\"") && svg.contains("translate(0 182)"),
            "{svg}"
        );
    }
}
