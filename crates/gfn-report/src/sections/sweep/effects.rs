//! The objective against each searched setting, and how much each matters.

use maud::{Markup, html};

use crate::axis::{Axis, Scale};
use crate::number::{count, per_cent};
use crate::plot::{Chart, Ink, Mark, Readout};
use crate::sections::target::level;
use crate::statistics::Point;
use crate::sweep::domain::SearchAxis;
use crate::sweep::effect::{effect, groups};
use crate::sweep::{Sweep, Tried};
use crate::text::breakable;

/// The height of a name's line, and the least of a picture.
const HEIGHT_OF_NAME: u32 = 30;
const MIN_HEIGHT: u32 = 140;

/// A searched setting with the places of its values and the objectives.
struct Effect {
    searched: SearchAxis,
    points: Vec<Point>,
    share: Option<f64>,
}

pub(super) fn body(sweep: &Sweep) -> Option<Markup> {
    let step = sweep.common_step();
    let known: Vec<(&Tried, f64)> = sweep
        .tried
        .iter()
        .filter(|tried| tried.same.is_none())
        .filter_map(|tried| Some((tried, sweep.at(tried, step)?.mean)))
        .collect();
    let mut told: Vec<Effect> = sweep
        .manifest
        .parameters
        .iter()
        .map(|parameter| of_parameter(sweep, SearchAxis::of(parameter), &known))
        .filter(|told| told.points.len() > 1)
        .collect();
    told.sort_by(|one, two| two.share.unwrap_or(-1.0).total_cmp(&one.share.unwrap_or(-1.0)));
    let when = step.map_or_else(
        || "at their end".into(),
        |step| format!("after {} updates", count(step)),
    );
    (!told.is_empty()).then(|| {
        html! {
            (shares(&told))
            div.panels { @for told in &told { (panel(sweep, told)) } }
            p.note {
                "A dot is a setting, as it stood " (when) ". Short lines are means: of each name, or of four groups of numbers of equal \
                 size."
            }
        }
    })
}

fn of_parameter(sweep: &Sweep, searched: SearchAxis, known: &[(&Tried, f64)]) -> Effect {
    let point = |(tried, objective): &(&Tried, f64)| {
        let value = tried.setting.values.get(&searched.name)?;
        Some((searched.place(value)?, *objective))
    };
    let points: Vec<Point> = known.iter().filter_map(point).collect();
    let costs: Vec<Point> = points
        .iter()
        .map(|(place, objective)| (*place, sweep.manifest.direction.cost(*objective)))
        .collect();
    let share = effect(&costs, searched.names().is_some());
    Effect {
        searched,
        points,
        share,
    }
}

/// The share of each as a bar.
fn shares(told: &[Effect]) -> Markup {
    if told.iter().all(|told| told.share.is_none()) {
        return html! { p.note { "There are too few settings to tell how much each matters." } };
    }
    html! {
        div.scroll { table.bars {
            thead { tr { th { "setting" } th.number { "share" } th {} } }
            tbody { @for told in told { tr {
                td { (breakable(&told.searched.name)) }
                td.number { (told.share.map_or("–".into(), per_cent)) }
                td.bar { svg.length viewBox="0 0 100 12" preserveAspectRatio="none" {
                    rect width=(format!("{:.1}", 100.0 * told.share.unwrap_or(0.0))) height="12" {}
                } }
            } } }
        } }
        p.note {
            "The share of the variance of the settings' ranks that goes with this one alone, chance taken off (ε² of Kruskal and Wallis; \
             numbers in four groups). What settings do together is not in it."
        }
    }
}

fn panel(sweep: &Sweep, told: &Effect) -> Markup {
    let objectives = || told.points.iter().map(|point| point.1);
    let scale = Scale::fitting(objectives());
    let place = |objective: f64| scale.place(objective).unwrap_or(f64::NAN);
    let dots: Vec<Point> = told.points.iter().map(|(x, y)| (*x, place(*y))).collect();
    let chart = match told.searched.names() {
        Some(_) => by_name(sweep, told, &dots, scale),
        None => by_number(sweep, told, &dots, scale),
    };
    html! {
        figure.panel {
            figcaption { h3 { (breakable(&told.searched.name)) } }
            (chart.draw())
        }
    }
}

/// The objective against numbers.
fn by_number(sweep: &Sweep, told: &Effect, dots: &[Point], scale: Scale) -> Chart {
    let x = told.searched.axis(dots.iter().map(|dot| dot.0));
    let y = Axis::around(&sweep.manifest.objective, scale, dots.iter().map(|dot| dot.1));
    let mut chart = Chart::new(title(told), Chart::USUAL, x, y);
    chart.marks.push(marks(dots.to_vec()));
    let middles = middles(told, dots);
    let half = 0.04 * (chart.x.range.1 - chart.x.range.0);
    chart
        .marks
        .extend(middles.iter().map(|(x, y)| level(*x, half, *y)));
    chart.readouts.push(Readout {
        name: "mean".into(),
        series: 0,
        points: middles,
    });
    chart
}

/// The objective of each name, a line each, the first on top: names have room on the left that they would not have below.
fn by_name(sweep: &Sweep, told: &Effect, dots: &[Point], scale: Scale) -> Chart {
    let mut y = told.searched.axis([].into_iter());
    let last = y.ticks.len() as f64 - 1.0;
    y.label = String::new();
    y.ticks.iter_mut().for_each(|(place, _)| *place = last - *place);
    let turned = |dot: &Point| (dot.1, last - dot.0);
    let x = Axis::around(&sweep.manifest.objective, scale, dots.iter().map(|dot| dot.1));
    let height = 52 + HEIGHT_OF_NAME * y.ticks.len() as u32;
    let size = (Chart::USUAL.0, height.max(MIN_HEIGHT));
    let mut chart = Chart::new(title(told), size, x, y);
    chart.marks.push(marks(dots.iter().map(turned).collect()));
    let upright = |(x, y): Point| Mark::Line {
        points: vec![(x, y - 0.3), (x, y + 0.3)],
        ink: Ink::Text,
        width: 2.0,
        opacity: 1.0,
    };
    let middles = middles(told, dots);
    chart.marks.extend(middles.iter().map(turned).map(upright));
    chart
}

fn title(told: &Effect) -> String {
    format!("Objective against {}", told.searched.name)
}

fn marks(points: Vec<Point>) -> Mark {
    Mark::Dots {
        points,
        ink: Ink::Series(0),
        radius: 3.2,
        opacity: 0.6,
    }
}

/// The mean place of each group of settings.
fn middles(told: &Effect, dots: &[Point]) -> Vec<Point> {
    let groups = groups(&told.points, told.searched.names().is_some());
    let middle = |group: Vec<usize>| {
        let sum = group.iter().fold((0.0, 0.0), |sum, index| {
            (sum.0 + dots[*index].0, sum.1 + dots[*index].1)
        });
        (sum.0 / group.len() as f64, sum.1 / group.len() as f64)
    };
    groups.into_iter().map(middle).collect()
}
