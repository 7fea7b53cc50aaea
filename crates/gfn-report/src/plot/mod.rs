//! Pictures as SVG, drawn by `plotters` in inks that the page's style gives colors to.

mod hover;
mod ink;

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;

pub(crate) use ink::{Ink, SERIES, viridis};

use crate::axis::Axis;
use crate::statistics::Point;
use crate::text::elided;

/// `plotters` draws on whole numbers: ten to each unit of the picture, which is a pixel where nothing is scaled.
pub(crate) const FINE: u32 = 10;
/// The size of letters, in those.
const LETTERS: u32 = 12 * FINE;
/// A name beside an axis is shortened to so many letters.
const MAX_NAME: usize = 28;

/// Something drawn between two axes, by places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// A line, broken where a point is no number.
    Line {
        points: Vec<Point>,
        ink: Ink,
        width: f64,
        opacity: f64,
    },
    /// What lies between two lines.
    Band { edges: Vec<(f64, f64, f64)>, ink: Ink },
    /// Points that nothing connects.
    Dots {
        points: Vec<Point>,
        ink: Ink,
        radius: f64,
        opacity: f64,
    },
    /// A rectangle: left, bottom, right, top.
    Cell {
        corners: (f64, f64, f64, f64),
        ink: Ink,
        opacity: f64,
    },
}

/// A named row of values that is read off under the pointer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Readout {
    /// What they are.
    pub(crate) name: String,
    /// The ink that they are drawn with.
    pub(crate) series: usize,
    /// Places.
    pub(crate) points: Vec<Point>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chart {
    /// What it shows, for those who cannot see it.
    pub(crate) title: String,
    /// Its size, in pixels where nothing is scaled.
    pub(crate) size: (u32, u32),
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// From the back to the front.
    pub(crate) marks: Vec<Mark>,
    /// What can be read off under the pointer.
    pub(crate) readouts: Vec<Readout>,
    /// Values of cells, row by row from the bottom, with their number in a row, to be read off under the pointer.
    pub(crate) cells: Option<(usize, Vec<f64>)>,
}

type Grid<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
type DrawResult = Result<(), String>;

impl Chart {
    /// The size of most pictures.
    pub(crate) const USUAL: (u32, u32) = (520, 280);

    /// A picture without anything between its axes yet.
    pub(crate) fn new(title: impl Into<String>, size: (u32, u32), x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            size,
            x,
            y,
            marks: Vec::new(),
            readouts: Vec::new(),
            cells: None,
        }
    }

    /// As a piece of a page.
    pub(crate) fn draw(&self) -> Markup {
        match self.inside() {
            Ok((text, area)) => html! {
                svg.plot viewBox={ "0 0 " (self.size.0 * FINE) " " (self.size.1 * FINE) } role="img" aria-label=(self.title)
                    data-hover=(hover::data(self, area)) { (PreEscaped(text)) }
            },
            Err(message) => html! { p.missing { "This picture cannot be drawn: " (message) } },
        }
    }

    /// What is within the tags of the picture, ten units to a pixel, and the corners of what is between the axes.
    pub(crate) fn inside(&self) -> Result<(String, [i32; 4]), String> {
        let mut text = String::new();
        let (width, height) = (self.size.0 * FINE, self.size.1 * FINE);
        let area = self.draw_on(&SVGBackend::with_string(&mut text, (width, height)).into_drawing_area())?;
        Ok((inside(&text).to_string() + &self.names(area).into_string(), area))
    }

    /// The names on the left, each with the whole of it for the pointer.
    fn names(&self, [left, top, _, bottom]: [i32; 4]) -> Markup {
        let height = |place: &f64| self.y.map(place, (bottom, top)) + (LETTERS / 3) as i32;
        let color = Ink::Muted.color();
        html! {
            @for ((place, name), whole) in self.y.ticks.iter().zip(&self.y.titles) {
                text x=(left - 6 * FINE as i32) y=(height(place)) text-anchor="end" font-family="sans-serif" font-size=(LETTERS)
                    fill=(format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)) {
                    title { (whole) }
                    (elided(name, MAX_NAME))
                }
            }
        }
    }

    /// Returns the corners of what is between the axes: left, top, right, bottom.
    fn draw_on(&self, root: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<[i32; 4], String> {
        let mut grid = ChartBuilder::on(root)
            .margin_top(8 * FINE)
            // Half of `100,000`, where the last tick is at the end of the axis.
            .margin_right(24 * FINE)
            .x_label_area_size(44 * FINE)
            .y_label_area_size(self.left_room())
            .build_cartesian_2d(self.x.clone(), self.y.clone())
            .map_err(|error| error.to_string())?;
        self.draw_axes(&mut grid)?;
        for mark in &self.marks {
            mark.draw(&mut grid)?;
        }
        let (across, down) = grid.plotting_area().get_pixel_range();
        root.present().map_err(|error| error.to_string())?;
        Ok([across.start, down.start, across.end, down.end])
    }

    /// Room for the widest text at the left axis and its label.
    fn left_room(&self) -> u32 {
        let widest = self.y.ticks.iter().map(|(_, text)| text.chars().count()).max();
        let widest = widest.unwrap_or(0);
        match self.y.titles.is_empty() {
            true => (26 + 7 * widest as u32) * FINE,
            false => (12 + 7 * widest.min(MAX_NAME) as u32) * FINE,
        }
    }

    fn draw_axes(&self, grid: &mut Grid<'_, '_>) -> DrawResult {
        // `plotters` takes the size of a font's box, which is wider than its letters by this.
        let size = f64::from(LETTERS) * 1.24;
        let (ticks, words) = (Ink::Muted.color(), Ink::Text.color());
        let none = RGBAColor(0, 0, 0, 0.0);
        let mut mesh = grid.configure_mesh();
        if self.cells.is_some() {
            mesh.disable_y_mesh();
        }
        mesh.disable_x_mesh()
            .light_line_style(none)
            .bold_line_style(Ink::Grid.line(FINE))
            .axis_style(Ink::Grid.line(FINE))
            .set_all_tick_mark_size(4 * FINE)
            .x_labels(self.x.ticks.len())
            .y_labels(self.y.ticks.len())
            .label_style(("sans-serif", size).into_font().color(&ticks))
            .axis_desc_style(("sans-serif", size).into_font().color(&words))
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .draw()
            .map_err(|error| error.to_string())
    }
}

/// `plotters` asks an axis where places are, and where its ticks are.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, (from, to): (i32, i32)) -> i32 {
        // What lies far outside is cut off by the picture's edge, wherever it is drawn.
        let share = ((place - self.range.0) / (self.range.1 - self.range.0)).clamp(-10.0, 10.0);
        from + (share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(place, _)| *place).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.0..self.range.1
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(place: &f64) -> String {
        place.to_string()
    }

    fn format_ext(&self, place: &f64) -> String {
        // Names are written beside the picture.
        let tick = self.ticks.iter().find(|(tick, _)| tick == place);
        let tick = tick.filter(|_| self.titles.is_empty());
        tick.map_or(String::new(), |(_, text)| text.clone())
    }
}

/// What is between the outermost tags of an SVG.
fn inside(svg: &str) -> &str {
    let inside = svg.split_once('\n').map_or("", |(_, rest)| rest).trim_end();
    inside.strip_suffix("</svg>").unwrap_or(inside)
}

/// A length in units of `plotters`.
fn fine(length: f64) -> u32 {
    (length * f64::from(FINE)).round() as u32
}

impl Mark {
    /// A bar from 0 up to a height.
    pub(crate) fn bar(middle: f64, half: f64, height: f64, ink: Ink) -> Self {
        let corners = (middle - half, 0.0, middle + half, height);
        let opacity = 0.8;
        Self::Cell {
            corners,
            ink,
            opacity,
        }
    }

    fn draw(&self, grid: &mut Grid<'_, '_>) -> DrawResult {
        match self {
            Self::Line {
                points,
                ink,
                width,
                opacity,
            } => {
                for stretch in points.split(|(x, y)| !(x.is_finite() && y.is_finite())) {
                    line(grid, stretch, *ink, *width, *opacity)?;
                }
                Ok(())
            }
            Self::Band { edges, ink } => {
                let upper = edges.iter().map(|(x, _, high)| (*x, *high));
                let lower = edges.iter().rev().map(|(x, low, _)| (*x, *low));
                let outline: Vec<Point> = upper.chain(lower).collect();
                add(
                    grid,
                    (edges.len() > 1).then(|| Polygon::new(outline, ink.fill(0.2))),
                )
            }
            Self::Dots {
                points,
                ink,
                radius,
                opacity,
            } => {
                let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
                add(
                    grid,
                    finite.map(|point| Circle::new(*point, fine(*radius), ink.fill(*opacity))),
                )
            }
            Self::Cell {
                corners: (left, bottom, right, top),
                ink,
                opacity,
            } => add(
                grid,
                [Rectangle::new(
                    [(*left, *top), (*right, *bottom)],
                    ink.fill(*opacity),
                )],
            ),
        }
    }
}

/// A line through points, or a dot where there is one alone.
fn line(grid: &mut Grid<'_, '_>, points: &[Point], ink: Ink, width: f64, opacity: f64) -> DrawResult {
    match points {
        [] => Ok(()),
        [only] => add(grid, [Circle::new(*only, fine(width + 1.0), ink.fill(opacity))]),
        points => add(
            grid,
            [PathElement::new(
                points.to_vec(),
                ink.mixed(opacity).stroke_width(fine(width)),
            )],
        ),
    }
}

fn add<E>(grid: &mut Grid<'_, '_>, elements: impl IntoIterator<Item = E>) -> DrawResult
where
    for<'b> &'b E: plotters::element::PointCollection<'b, Point>,
    for<'s> E: plotters::element::Drawable<SVGBackend<'s>>,
{
    grid.draw_series(elements)
        .map(drop)
        .map_err(|error| error.to_string())
}
