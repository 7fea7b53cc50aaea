//! How the policy learned.

use gfn_record::catalogue::{find, label, member, names, number};
use gfn_record::event::Metrics;
use maud::{Markup, html};

use super::{Context, keys, panel};
use crate::Run;
use crate::curves::{Curve, Panel, Plan};
use crate::plot::Ink;
use crate::statistics::Point;

const UPDATES: &str = "updates";
/// Of more experiments than these the keys stand once, above all pictures.
const MAX_KEYED: usize = 3;

pub(super) fn body(context: &Context<'_>) -> Markup {
    let more: Vec<Panel> = more(context)
        .into_iter()
        .filter(|panel| panel.chart.is_some())
        .collect();
    let is_shared = context.groups.len() > MAX_KEYED;
    let drawn = |found: &Panel| match is_shared {
        true => panel(&without_experiments(found)),
        false => panel(found),
    };
    let mut shown = vec![log_z(context), distance(context), reward(context), modes(context)];
    shown.extend([found_best(context), found_variety(context)]);
    shown.extend(levels(context));
    shown.extend([best(context), variety(context), inflow(context)]);
    html! {
        @if context.groups.iter().any(|group| group.runs.len() > 1) {
            p.note {
                "Thin lines are runs. Thick lines are their mean, and around it, for three runs or more, its 95 % confidence \
                 band (Student's t; of logarithms where the axis is logarithmic)."
            }
        }
        @if is_shared { (keys(&experiments(context))) }
        div.panels {
            (drawn(&loss(context)))
            @for found in shown { @if found.chart.is_some() { (drawn(&found)) } }
        }
        @if !more.is_empty() {
            details {
                summary { "More curves" }
                div.panels { @for found in &more { (drawn(found)) } }
            }
        }
    }
}

/// The keys of experiments, in place of those of each picture.
fn experiments(context: &Context<'_>) -> Vec<(String, Ink)> {
    let groups = context.groups.iter().enumerate();
    groups
        .map(|(index, group)| (group.name.clone(), Ink::Series(index)))
        .collect()
}

fn without_experiments(panel: &Panel) -> Panel {
    let mut panel = panel.clone();
    panel.keys.retain(|(_, ink)| !matches!(ink, Ink::Series(_)));
    panel
}

/// The pictures of [`body`], by name.
pub(crate) fn named(context: &Context<'_>) -> Vec<(&'static str, Panel)> {
    vec![
        ("loss", loss(context)),
        ("log-z", log_z(context)),
        ("distance", distance(context)),
        ("reward", reward(context)),
        ("modes", modes(context)),
        ("best", best(context)),
        ("variety", variety(context)),
        ("found", found_best(context)),
    ]
}

/// A quantity of every run: one curve where there is one experiment, one for each where there are several.
fn curves(
    context: &Context<'_>,
    name: &str,
    series: usize,
    is_noisy: bool,
    points: impl Fn(&Run) -> Vec<Point>,
) -> Vec<Curve> {
    let is_alone = context.groups.len() == 1;
    let groups = context.groups.iter().enumerate();
    let curve = groups.map(|(index, group)| Curve {
        name: if is_alone { name.into() } else { group.name.clone() },
        series: if is_alone { series } else { index },
        runs: group.runs.iter().map(|run| points(run)).collect(),
        is_noisy,
    });
    curve.collect()
}

/// Several quantities; of several experiments, only the first quantity is shown.
fn first_of_each(context: &Context<'_>, all: Vec<Vec<Curve>>) -> Vec<Curve> {
    let shown = if context.groups.len() == 1 { all.len() } else { 1 };
    all.into_iter().take(shown).flatten().collect()
}

/// A metric of updates, over updates.
fn of_steps(name: &str) -> impl Fn(&Run) -> Vec<Point> {
    move |run| points(&run.steps, |metrics| metrics.step, |metrics| metrics.get(name))
}

/// A metric of measurements, over updates.
fn of_measured(name: &str) -> impl Fn(&Run) -> Vec<Point> {
    move |run| points(&run.measured, |metrics| metrics.step, |metrics| metrics.get(name))
}

/// A metric of measurements, over trajectories.
fn of_visited(name: &str) -> impl Fn(&Run) -> Vec<Point> {
    move |run| {
        points(
            &run.measured,
            |metrics| metrics.trajectories,
            |metrics| metrics.get(name),
        )
    }
}

fn points(
    all: &[Metrics],
    at: impl Fn(&Metrics) -> u64,
    value: impl Fn(&Metrics) -> Option<f64>,
) -> Vec<Point> {
    let point = |metrics: &Metrics| Some((at(metrics) as f64, value(metrics)?));
    all.iter().filter_map(point).collect()
}

fn loss(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Loss".into(),
        x_label: UPDATES,
        y_label: "loss of a batch",
        may_be_log: true,
        ..Plan::default()
    };
    plan.draw(&curves(context, "loss", 0, true, of_steps(names::LOSS)))
}

fn log_z(context: &Context<'_>) -> Panel {
    let mut truths: Vec<f64> = context.runs().filter_map(Run::true_log_z).collect();
    truths.sort_by(f64::total_cmp);
    truths.dedup();
    let plan = Plan {
        title: "Log-partition function".into(),
        x_label: UPDATES,
        y_label: "log Z (nats)",
        levels: truths
            .into_iter()
            .map(|truth| ("truth".into(), truth))
            .take(1)
            .collect(),
        ..Plan::default()
    };
    plan.draw(&curves(context, "model", 0, false, of_steps(names::LOG_Z)))
}

fn distance(context: &Context<'_>) -> Panel {
    let floor = context
        .only()
        .and_then(|run| run.last_measured()?.get(names::WINDOW_FLOOR));
    let plan = Plan {
        title: "Distance to the target".into(),
        x_label: UPDATES,
        y_label: "distance (JSD in nats)",
        may_be_log: true,
        levels: floor
            .map(|floor| ("window L1 of perfect samples".into(), floor))
            .into_iter()
            .collect(),
        ..Plan::default()
    };
    let all = vec![
        curves(context, "L1", 0, false, of_measured(names::L1)),
        curves(
            context,
            "total variation (TV)",
            1,
            false,
            of_measured(names::TOTAL_VARIATION),
        ),
        curves(
            context,
            "Jensen–Shannon (JSD)",
            2,
            false,
            of_measured(names::JENSEN_SHANNON),
        ),
        curves(context, "window L1", 3, false, of_measured(names::WINDOW_L1)),
    ];
    let y_label = if context.groups.len() == 1 {
        plan.y_label
    } else {
        "L1"
    };
    Plan { y_label, ..plan }.draw(&first_of_each(context, all))
}

fn reward(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Reward".into(),
        x_label: UPDATES,
        y_label: "reward, before shaping",
        from_zero: true,
        ..Plan::default()
    };
    let all = vec![
        curves(
            context,
            "mean of the batch",
            0,
            true,
            of_steps(names::BATCH_MEAN_REWARD),
        ),
        curves(
            context,
            "mean of samples",
            1,
            false,
            of_measured(names::MEAN_REWARD),
        ),
        curves(
            context,
            "best so far",
            2,
            false,
            of_steps(names::BATCH_BEST_REWARD),
        ),
    ];
    plan.draw(&first_of_each(context, all))
}

fn modes(context: &Context<'_>) -> Panel {
    let all = context
        .only()
        .or(context.runs().next())
        .and_then(|run| run.last_measured()?.get(names::MODES));
    let plan = Plan {
        title: "Modes against objects visited".into(),
        x_label: "objects visited (trajectories)",
        y_label: "distinct modes visited",
        from_zero: true,
        levels: all.map(|all| ("all there are".into(), all)).into_iter().collect(),
        ..Plan::default()
    };
    plan.draw(&curves(
        context,
        "modes",
        0,
        false,
        of_visited(names::MODES_VISITED),
    ))
}

fn best(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "The best among the samples".into(),
        x_label: UPDATES,
        y_label: "mean reward, before shaping",
        ..Plan::default()
    };
    let all = vec![
        curves(context, "top 100", 0, false, of_measured(names::TOP_100)),
        curves(context, "top 10", 1, false, of_measured(names::TOP_10)),
        curves(context, "top 1,000", 2, false, of_measured(names::TOP_1000)),
    ];
    plan.draw(&first_of_each(context, all))
}

fn variety(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Diversity".into(),
        x_label: UPDATES,
        y_label: "1 − mean Tanimoto similarity",
        ..Plan::default()
    };
    let all = vec![curves(context, "diversity of samples", 0, false, |run| {
        let similarity = of_measured(names::MEAN_SIMILARITY)(run).into_iter();
        similarity
            .map(|(step, similarity)| (step, 1.0 - similarity))
            .collect()
    })];
    plan.draw(&first_of_each(context, all))
}

const VISITED: &str = "objects visited (trajectories)";

/// Of all distinct objects of training; the figure that papers report.
fn found_best(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "The best found in training".into(),
        x_label: VISITED,
        y_label: match context.groups.len() {
            1 => "mean reward, before shaping",
            _ => "mean reward of the best 100",
        },
        ..Plan::default()
    };
    let of = |name, series, metric| curves(context, name, series, false, of_visited(metric));
    let all = vec![
        of("top 100", 0, names::FOUND_TOP_100),
        of("top 10", 1, names::FOUND_TOP_10),
        of("top 1,000", 2, names::FOUND_TOP_1000),
    ];
    plan.draw(&first_of_each(context, all))
}

fn found_variety(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Similarity of the best 1,000 found".into(),
        x_label: VISITED,
        y_label: "mean Tanimoto similarity",
        ..Plan::default()
    };
    let points = of_visited(names::FOUND_SIMILARITY);
    plan.draw(&curves(context, "similarity", 0, false, points))
}

/// A picture for each threshold of the first run: how many modes and scaffolds reach it.
fn levels(context: &Context<'_>) -> Vec<Panel> {
    let first = context.runs().find_map(Run::last_measured);
    let of_family = |(name, _): (&str, f64)| number(names::FOUND_OBJECTS_FROM, name);
    let thresholds = first
        .into_iter()
        .flat_map(|metrics| metrics.iter().filter_map(of_family));
    let panel = |threshold: f64| {
        let plan = Plan {
            title: format!("Found in training, reward from {threshold}"),
            x_label: VISITED,
            y_label: "how many",
            from_zero: true,
            ..Plan::default()
        };
        let of = |name, series, family| {
            curves(
                context,
                name,
                series,
                false,
                of_visited(&member(family, threshold)),
            )
        };
        let all = vec![
            of("modes", 0, names::FOUND_MODES_FROM),
            of("scaffolds", 1, names::FOUND_SCAFFOLDS_FROM),
            of("objects", 2, names::FOUND_OBJECTS_FROM),
        ];
        plan.draw(&first_of_each(context, all))
    };
    thresholds.map(panel).collect()
}

/// How flow goes with reward at finished objects, where the loss is over flows.
fn inflow(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Log-inflow on log-reward".into(),
        x_label: UPDATES,
        y_label: "over the last objects of training",
        levels: vec![("right flows".into(), 1.0)],
        ..Plan::default()
    };
    let slope = of_measured(names::INFLOW_SLOPE);
    let correlation = of_measured(names::INFLOW_CORRELATION);
    let all = vec![
        curves(context, "slope", 0, false, slope),
        curves(context, "correlation", 1, false, correlation),
    ];
    plan.draw(&first_of_each(context, all))
}

/// The metrics that other pictures show, of updates and of measurements.
const SHOWN: [&[&str]; 2] = [
    &[
        names::LOSS,
        names::LOG_Z,
        names::BATCH_MEAN_REWARD,
        names::BATCH_BEST_REWARD,
    ],
    &[
        names::L1,
        names::TOTAL_VARIATION,
        names::JENSEN_SHANNON,
        names::WINDOW_L1,
        names::WINDOW_FLOOR,
        names::MEAN_REWARD,
        names::MODES,
        names::MODES_VISITED,
        names::FOUND_TOP_10,
        names::FOUND_TOP_100,
        names::FOUND_TOP_1000,
        names::FOUND_SIMILARITY,
        names::INFLOW_SLOPE,
        names::INFLOW_CORRELATION,
        names::TOP_10,
        names::TOP_100,
        names::TOP_1000,
        names::MEAN_SIMILARITY,
    ],
];

/// A picture of every other metric that varies.
fn more(context: &Context<'_>) -> Vec<Panel> {
    let [of_updates, of_policies] = SHOWN;
    let steps = others(context, |run| &run.steps, of_updates).into_iter();
    let steps = steps.map(|name| (curves(context, &label(&name), 0, true, of_steps(&name)), name));
    let measured = others(context, |run| &run.measured, of_policies).into_iter();
    let measured = measured.map(|name| (curves(context, &label(&name), 0, false, of_measured(&name)), name));
    let panel = |(curves, name): (Vec<Curve>, String)| {
        let metric = find(&name).map(|(_, metric)| metric);
        let plan = Plan {
            title: capitalized(&label(&name)),
            x_label: UPDATES,
            y_label: metric.map_or("", |metric| {
                if metric.unit.is_empty() {
                    metric.label
                } else {
                    metric.unit
                }
            }),
            may_be_log: true,
            ..Plan::default()
        };
        plan.draw(&curves)
    };
    steps.chain(measured).map(panel).collect()
}

/// The metrics of all runs that are not shown elsewhere and do not stay the same, in the order of the catalogue.
fn others<'r>(context: &Context<'r>, of: fn(&Run) -> &Vec<Metrics>, shown: &[&str]) -> Vec<String> {
    // The first and the last value of each metric that was seen, and whether it varied.
    let mut seen: Vec<(&str, f64, bool)> = Vec::new();
    for metrics in context.runs().flat_map(of) {
        for (name, value) in metrics.iter().filter(|(name, _)| !shown.contains(name)) {
            match seen.iter_mut().find(|(known, ..)| *known == name) {
                Some((_, first, varies)) => *varies |= first.to_bits() != value.to_bits(),
                None => seen.push((name, value, false)),
            }
        }
    }
    let is_of_family = |name: &str| find(name).is_some_and(|(_, metric)| metric.name != name);
    seen.retain(|(name, _, varies)| *varies && !is_of_family(name));
    seen.sort_by_key(|(name, ..)| find(name).map_or(usize::MAX, |(place, _)| place));
    seen.into_iter().map(|(name, ..)| name.to_string()).collect()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
