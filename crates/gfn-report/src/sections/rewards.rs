//! How good what is made is.

use maud::{Markup, html};

use super::target::level;
use super::{Context, keys};
use crate::axis::{Axis, Scale};
use crate::group::Group;
use crate::number::short;
use crate::plot::{Chart, Ink, Mark, Readout};
use crate::statistics::Bins;

/// Up to so many different rewards have a bar each.
const FEW: usize = 12;
/// So many experiments are laid side by side.
const MAX_GROUPS: usize = 4;

pub(super) fn body(context: &Context<'_>) -> Option<Markup> {
    let groups: Vec<&Group<'_>> = context.groups.iter().take(MAX_GROUPS).collect();
    let rewards: Vec<Vec<f64>> = groups.iter().map(|group| drawn(group)).collect();
    let bars = Bars::of(&rewards.concat())?;
    let is_alone = groups.len() == 1;
    let target = if is_alone { target(groups[0], &bars) } else { None };
    let chart = chart(&groups, &rewards, &bars, target.as_deref());
    let name = |group: &Group<'_>| {
        if is_alone {
            "samples of the trained policy".into()
        } else {
            group.name.clone()
        }
    };
    let mut all: Vec<(String, Ink)> = groups
        .iter()
        .enumerate()
        .map(|(index, group)| (name(group), Ink::Series(index)))
        .collect();
    all.extend(target.is_some().then(|| ("target".into(), Ink::Text)));
    let count: usize = rewards.iter().map(Vec::len).sum();
    Some(html! {
        figure.panel.wide {
            figcaption { h3 { "Share of what is drawn, by reward" } (keys(&all)) }
            (chart.draw())
            p.note { (crate::number::count(count as u64)) " samples. The reward is the one before shaping." }
        }
    })
}

fn drawn(group: &Group<'_>) -> Vec<f64> {
    let samples = group.runs.iter().flat_map(|run| &run.samples);
    samples
        .map(|sample| sample.reward)
        .filter(|reward| reward.is_finite())
        .collect()
}

/// Where the bars are: each of few rewards has its own, many share.
enum Bars {
    Values(Vec<f64>),
    Bins(Bins),
}

impl Bars {
    fn of(rewards: &[f64]) -> Option<Self> {
        let mut values: Vec<f64> = rewards.iter().map(|reward| rounded(*reward)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        match values.len() {
            0 => None,
            1..=FEW => Some(Self::Values(values)),
            _ => Bins::of(rewards).map(Self::Bins),
        }
    }

    fn shares(&self, values: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
        match self {
            Self::Bins(bins) => bins.shares(values),
            Self::Values(known) => {
                let mut shares = vec![0.0; known.len()];
                let mut total = 0.0;
                for (value, weight) in values.filter(|(_, weight)| weight.is_finite()) {
                    total += weight;
                    let bar = known.iter().position(|known| *known == rounded(value));
                    shares[bar.unwrap_or(known.len() - 1)] += if bar.is_some() { weight } else { 0.0 };
                }
                shares
                    .iter()
                    .map(|share| if total > 0.0 { share / total } else { 0.0 })
                    .collect()
            }
        }
    }

    fn axis(&self) -> Axis {
        let label = "reward";
        match self {
            Self::Bins(bins) => {
                let high = bins.low + bins.width * bins.count as f64;
                Axis::exactly(
                    label,
                    Scale::Linear,
                    (bins.low - 0.5 * bins.width, high + 0.5 * bins.width),
                )
            }
            Self::Values(values) => {
                let ticks = values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| (index as f64, short(&format!("{value:.4}"))));
                Axis {
                    ticks: ticks.collect(),
                    ..Axis::of_cells(label, values.len())
                }
            }
        }
    }

    /// The middle and half the width of a bar.
    fn place(&self, bar: usize) -> (f64, f64) {
        match self {
            Self::Bins(bins) => (bins.low + (bar as f64 + 0.5) * bins.width, 0.5 * bins.width),
            Self::Values(_) => (bar as f64, 0.4),
        }
    }
}

/// Rewards that were computed in another order may differ by a rounding.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// The exact share of each bar, where the environment was swept.
fn target(group: &Group<'_>, bars: &Bars) -> Option<Vec<f64>> {
    let run = group.runs.iter().find(|run| !run.distribution.is_empty())?;
    Some(bars.shares(run.distribution.iter().map(|row| (row.reward, row.target))))
}

fn chart(groups: &[&Group<'_>], rewards: &[Vec<f64>], bars: &Bars, target: Option<&[f64]>) -> Chart {
    let shares: Vec<Vec<f64>> = rewards
        .iter()
        .map(|rewards| bars.shares(rewards.iter().map(|reward| (*reward, 1.0))))
        .collect();
    let heights: Vec<f64> = shares
        .iter()
        .flatten()
        .chain(target.unwrap_or_default())
        .copied()
        .collect();
    let y = Axis::from_zero("share", Scale::Linear, heights.iter().copied());
    let mut chart = Chart::new("Share of what is drawn, by reward", (1080, 300), bars.axis(), y);
    for (index, (group, shares)) in groups.iter().zip(&shares).enumerate() {
        let mut points = Vec::new();
        for (bar, height) in shares.iter().enumerate() {
            let (middle, half) = bars.place(bar);
            let half = 0.94 * half / groups.len() as f64;
            let shift = 2.0 * half * (index as f64 - 0.5 * (groups.len() - 1) as f64);
            chart
                .marks
                .push(Mark::bar(middle + shift, half, *height, Ink::Series(index)));
            points.push((middle, *height));
        }
        chart.readouts.push(Readout {
            name: group.name.clone(),
            series: index,
            points,
        });
    }
    if let Some(target) = target {
        let levels = target
            .iter()
            .enumerate()
            .map(|(bar, height)| (bars.place(bar), *height));
        chart
            .marks
            .extend(levels.map(|((middle, half), height)| level(middle, half, height)));
    }
    chart
}
