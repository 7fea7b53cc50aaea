//! The objective against each searched setting, and how much each matters.

use maud::{Markup, html};

use crate::axis::{Axis, Scale};
use crate::number::{count, per_cent};
use crate::plot::{Chart, Ink, Mark, Readout};
use crate::sections::target::level;
use crate::statistics::Point;
use crate::sweep::domain::Searched;
use crate::sweep::effect::{effect, groups};
use crate::sweep::{Sweep, Tried};

/// A searched setting with the places of its values and the objectives.
struct Told {
    searched: Searched,
    points: Vec<Point>,
    share: Option<f64>,
}

pub(super) fn body(sweep: &Sweep) -> Option<Markup> {
    let step = sweep.common_step();
    let known: Vec<(&Tried, f64)> = sweep
        .tried
        .iter()
        .filter_map(|tried| Some((tried, sweep.at(tried, step)?.mean)))
        .collect();
    let mut told: Vec<Told> = sweep
        .manifest
        .parameters
        .iter()
        .map(|parameter| of_parameter(sweep, Searched::of(parameter), &known))
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

fn of_parameter(sweep: &Sweep, searched: Searched, known: &[(&Tried, f64)]) -> Told {
    let point = |(tried, objective): &(&Tried, f64)| {
        let value = tried.setting.values.get(&searched.name)?;
        Some((searched.place(value)?, *objective))
    };
    let points: Vec<Point> = known.iter().filter_map(point).collect();
    let costs: Vec<Point> = points
        .iter()
        .map(|(place, objective)| (*place, sweep.manifest.direction.cost(*objective)))
        .collect();
    let share = effect(&costs, searched.has_names());
    Told {
        searched,
        points,
        share,
    }
}

/// The share of each as a bar.
fn shares(told: &[Told]) -> Markup {
    if told.iter().all(|told| told.share.is_none()) {
        return html! { p.note { "There are too few settings to tell how much each matters." } };
    }
    html! {
        div.scroll { table.bars {
            thead { tr { th { "setting" } th.number { "share" } th {} } }
            tbody { @for told in told { tr {
                td { (told.searched.name) }
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

fn panel(sweep: &Sweep, told: &Told) -> Markup {
    let objectives = || told.points.iter().map(|point| point.1);
    let scale = Scale::fitting(objectives());
    let dots: Vec<Point> = told
        .points
        .iter()
        .map(|(x, y)| (*x, scale.place(*y).unwrap_or(f64::NAN)))
        .collect();
    let x = told.searched.axis(dots.iter().map(|dot| dot.0));
    let y = Axis::around(&sweep.manifest.objective, scale, dots.iter().map(|dot| dot.1));
    let mut chart = Chart::new(
        format!("Objective against {}", told.searched.name),
        Chart::USUAL,
        x,
        y,
    );
    chart.marks.push(Mark::Dots {
        points: dots.clone(),
        ink: Ink::Series(0),
        radius: 3.2,
        opacity: 0.6,
    });
    let middles = groups(&told.points, told.searched.has_names())
        .into_iter()
        .map(|group| {
            let sum = group.iter().fold((0.0, 0.0), |sum, index| {
                (sum.0 + dots[*index].0, sum.1 + dots[*index].1)
            });
            (sum.0 / group.len() as f64, sum.1 / group.len() as f64)
        });
    let middles: Vec<Point> = middles.collect();
    let half = 0.04 * (chart.x.range.1 - chart.x.range.0);
    chart
        .marks
        .extend(middles.iter().map(|(x, y)| level(*x, half, *y)));
    chart.readouts.push(Readout {
        name: "mean".into(),
        series: 0,
        points: middles,
    });
    html! {
        figure.panel {
            figcaption { h3 { (told.searched.name) } }
            (chart.draw())
        }
    }
}
