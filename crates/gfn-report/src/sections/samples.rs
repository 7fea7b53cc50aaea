//! How probability goes with reward, where the environment was not swept and only that of some objects is known.

use std::collections::HashMap;

use gfn_record::catalogue::names;
use gfn_record::likelihoods::Likelihood;
use maud::{Markup, html};

use super::keys;
use crate::Run;
use crate::axis::{Axis, Scale};
use crate::number::{count, short_figure};
use crate::plot::{Chart, Ink, Mark};
use crate::statistics::{Point, correlation, rank_correlation};

/// Probability against reward of some objects.
pub(super) fn of_run(run: &Run) -> Markup {
    let log_z = run
        .steps
        .last()
        .and_then(|step| step.get(names::LOG_Z))
        .filter(|log_z| log_z.is_finite());
    let line = log_z.map(|log_z| {
        (
            format!("R/Z, with the model's log Z of {}", short_figure(log_z)),
            Ink::Truth,
        )
    });
    html! {
        figure.panel.wide {
            figcaption { h3 { "Probability and reward of samples" } (keys(&line.into_iter().collect::<Vec<_>>())) }
            (chart(run, log_z).draw())
            p.note {
                (count(run.likelihoods.len() as u64)) " objects, the first that were drawn and the best. "
                @match run.likelihoods.iter().filter(|row| row.effective.is_some()).count() {
                    0 => "Their probabilities are exact, over all paths.",
                    some => {
                        "The probabilities of " (count(some as u64)) " of them are estimated from trajectories drawn backward, and low \
                         more often than high; the others are exact."
                    }
                }
                @if let Some(note) = correlation_note(run) { " " (note) }
            }
        }
    }
}

fn chart(run: &Run, log_z: Option<f64>) -> Chart {
    let rows = run.likelihoods.iter();
    let dots: Vec<Point> = rows.map(|row| (row.log_reward, row.log_probability)).collect();
    let axis =
        |label: &str, pick: fn(&Point) -> f64| Axis::around(label, Scale::Linear, dots.iter().map(pick));
    let (x, y) = (
        axis("log R, shaped (nats)", |dot| dot.0),
        axis("log p (nats)", |dot| dot.1),
    );
    let mut chart = Chart::new("Log-probability against log-reward of samples", (1080, 320), x, y);
    if let Some(log_z) = log_z {
        // Ends within the picture.
        let low = chart.x.range.0.max(chart.y.range.0 + log_z);
        let high = chart.x.range.1.min(chart.y.range.1 + log_z);
        let points = vec![(low, low - log_z), (high, high - log_z)];
        let line = Mark::Line {
            points,
            ink: Ink::Truth,
            width: 1.3,
            opacity: 1.0,
        };
        chart.marks.extend((low < high).then_some(line));
    }
    let ink = Ink::Series(0);
    chart.marks.push(Mark::Dots {
        points: dots,
        ink,
        radius: 2.6,
        opacity: 0.5,
    });
    chart
}

/// How well probability goes with reward among the first samples: those are drawn without a choice.
fn correlation_note(run: &Run) -> Option<String> {
    let known: HashMap<&str, &Likelihood> = run
        .likelihoods
        .iter()
        .map(|row| (row.object.as_str(), row))
        .collect();
    let first = run
        .samples
        .iter()
        .map_while(|sample| known.get(sample.object.as_str()));
    let pairs: Vec<Point> = first.map(|row| (row.log_reward, row.log_probability)).collect();
    let (pearson, spearman) = (correlation(&pairs)?, rank_correlation(&pairs)?);
    Some(format!(
        "Among the first {} drawn, the correlation of log p and log R is {pearson:.3} (Pearson), {spearman:.3} (Spearman).",
        count(pairs.len() as u64)
    ))
}
