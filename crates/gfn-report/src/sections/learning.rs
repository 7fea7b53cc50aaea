//! How the policy learned.

use gfn_record::event::{Exact, Found, Level, Measured, MoleculeMetrics, StepMetrics};
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

fn of_steps(value: impl Fn(&StepMetrics) -> f64) -> impl Fn(&Run) -> Vec<Point> {
    move |run| {
        run.steps
            .iter()
            .map(|step| (step.step as f64, value(step)))
            .collect()
    }
}

fn of_measured(value: impl Fn(&Measured) -> Option<f64>) -> impl Fn(&Run) -> Vec<Point> {
    move |run| {
        let points = run
            .measured
            .iter()
            .map(|measured| Some((measured.step as f64, value(measured)?)));
        points.flatten().collect()
    }
}

fn of_exact(value: impl Fn(&Exact) -> Option<f64>) -> impl Fn(&Run) -> Vec<Point> {
    of_measured(move |measured| value(measured.exact.as_ref()?))
}

fn of_molecules(value: impl Fn(&MoleculeMetrics) -> Option<f64>) -> impl Fn(&Run) -> Vec<Point> {
    of_measured(move |measured| value(measured.samples.molecules.as_ref()?))
}

fn loss(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Loss",
        x_label: UPDATES,
        y_label: "loss of a batch",
        may_be_log: true,
        ..Plan::default()
    };
    plan.draw(&curves(context, "loss", 0, true, of_steps(|step| step.loss)))
}

fn log_z(context: &Context<'_>) -> Panel {
    let mut truths: Vec<f64> = context.runs().filter_map(Run::true_log_z).collect();
    truths.sort_by(f64::total_cmp);
    truths.dedup();
    let plan = Plan {
        title: "Log-partition function",
        x_label: UPDATES,
        y_label: "log Z (nats)",
        levels: truths
            .into_iter()
            .map(|truth| ("truth".into(), truth))
            .take(1)
            .collect(),
        ..Plan::default()
    };
    plan.draw(&curves(context, "model", 0, false, of_steps(|step| step.log_z)))
}

fn distance(context: &Context<'_>) -> Panel {
    let floor = context
        .only()
        .and_then(|run| run.last_measured()?.exact.as_ref()?.window_floor);
    let plan = Plan {
        title: "Distance to the target",
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
        curves(context, "L1", 0, false, of_exact(|exact| Some(exact.l1))),
        curves(
            context,
            "total variation (TV)",
            1,
            false,
            of_exact(|exact| Some(exact.total_variation)),
        ),
        curves(
            context,
            "Jensen–Shannon (JSD)",
            2,
            false,
            of_exact(|exact| Some(exact.jensen_shannon)),
        ),
        curves(context, "window L1", 3, false, of_exact(|exact| exact.window_l1)),
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
        title: "Reward",
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
            of_steps(|step| step.mean_reward),
        ),
        curves(
            context,
            "mean of samples",
            1,
            false,
            of_measured(|measured| Some(measured.samples.mean_reward)),
        ),
        curves(
            context,
            "best so far",
            2,
            false,
            of_steps(|step| step.best_reward),
        ),
    ];
    plan.draw(&first_of_each(context, all))
}

fn modes(context: &Context<'_>) -> Panel {
    let all = context
        .only()
        .or(context.runs().next())
        .and_then(|run| run.last_measured()?.exact.as_ref()?.modes);
    let plan = Plan {
        title: "Modes against objects visited",
        x_label: "objects visited (trajectories)",
        y_label: "distinct modes visited",
        from_zero: true,
        levels: all
            .map(|all| ("all there are".into(), all as f64))
            .into_iter()
            .collect(),
        ..Plan::default()
    };
    let points = |run: &Run| {
        let point =
            |measured: &Measured| Some((measured.trajectories as f64, measured.modes_visited? as f64));
        run.measured.iter().filter_map(point).collect()
    };
    plan.draw(&curves(context, "modes", 0, false, points))
}

fn best(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "The best among the samples",
        x_label: UPDATES,
        y_label: "mean reward, before shaping",
        ..Plan::default()
    };
    let all = vec![
        curves(
            context,
            "top 100",
            0,
            false,
            of_molecules(|molecules| molecules.top_100),
        ),
        curves(
            context,
            "top 10",
            1,
            false,
            of_molecules(|molecules| molecules.top_10),
        ),
        curves(
            context,
            "top 1,000",
            2,
            false,
            of_molecules(|molecules| molecules.top_1000),
        ),
    ];
    plan.draw(&first_of_each(context, all))
}

fn variety(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Diversity",
        x_label: UPDATES,
        y_label: "1 − mean Tanimoto similarity",
        ..Plan::default()
    };
    let all = vec![curves(
        context,
        "diversity of samples",
        0,
        false,
        of_molecules(|molecules| Some(1.0 - molecules.mean_similarity)),
    )];
    plan.draw(&first_of_each(context, all))
}

const VISITED: &str = "objects visited (trajectories)";

fn of_found(value: impl Fn(&Found) -> Option<f64>) -> impl Fn(&Run) -> Vec<Point> {
    move |run| {
        let point =
            |measured: &Measured| Some((measured.trajectories as f64, value(measured.found.as_ref()?)?));
        run.measured.iter().filter_map(point).collect()
    }
}

/// Of all distinct objects of training; the figure that papers report.
fn found_best(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "The best found in training",
        x_label: VISITED,
        y_label: match context.groups.len() {
            1 => "mean reward, before shaping",
            _ => "mean reward of the best 100",
        },
        ..Plan::default()
    };
    let of = |name, series, value: fn(&Found) -> Option<f64>| {
        curves(context, name, series, false, of_found(value))
    };
    let all = vec![
        of("top 100", 0, |found| found.top_100),
        of("top 10", 1, |found| found.top_10),
        of("top 1,000", 2, |found| found.top_1000),
    ];
    plan.draw(&first_of_each(context, all))
}

fn found_variety(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Similarity of the best 1,000 found",
        x_label: VISITED,
        y_label: "mean Tanimoto similarity",
        ..Plan::default()
    };
    let points = of_found(|found| found.top_similarity);
    plan.draw(&curves(context, "similarity", 0, false, points))
}

/// A picture for each threshold of the first run: how many modes and scaffolds reach it.
fn levels(context: &Context<'_>) -> Vec<Panel> {
    let first = context.runs().find_map(|run| run.last_measured()?.found.as_ref());
    let levels = first.map_or(&[][..], |found| &found.levels);
    levels
        .iter()
        .map(|level| {
            let threshold = level.threshold;
            let of = move |value: fn(&Level) -> Option<u64>| {
                of_found(move |found: &Found| {
                    let level = found.levels.iter().find(|level| level.threshold == threshold)?;
                    Some(value(level)? as f64)
                })
            };
            let plan = Plan {
                title: "Found in training",
                x_label: VISITED,
                y_label: "how many",
                from_zero: true,
                ..Plan::default()
            };
            let all = vec![
                curves(context, "modes", 0, false, of(|level| level.modes)),
                curves(context, "scaffolds", 1, false, of(|level| level.scaffolds)),
                curves(context, "objects", 2, false, of(|level| Some(level.objects))),
            ];
            let mut panel = plan.draw(&first_of_each(context, all));
            panel.title = format!("Found in training, reward from {threshold}");
            panel
        })
        .collect()
}

/// How flow goes with reward at finished objects, where the loss is over flows.
fn inflow(context: &Context<'_>) -> Panel {
    let plan = Plan {
        title: "Log-inflow on log-reward",
        x_label: UPDATES,
        y_label: "over the last objects of training",
        levels: vec![("right flows".into(), 1.0)],
        ..Plan::default()
    };
    let slope = of_measured(|measured| Some(measured.inflow.as_ref()?.slope));
    let correlation = of_measured(|measured| Some(measured.inflow.as_ref()?.correlation));
    let all = vec![
        curves(context, "slope", 0, false, slope),
        curves(context, "correlation", 1, false, correlation),
    ];
    plan.draw(&first_of_each(context, all))
}

/// What tells more of how training went than of what came of it.
fn more(context: &Context<'_>) -> Vec<Panel> {
    let plan = |title, y_label| Plan {
        title,
        x_label: UPDATES,
        y_label,
        may_be_log: true,
        ..Plan::default()
    };
    let of = |title, y_label, value: fn(&StepMetrics) -> f64| {
        plan(title, y_label).draw(&curves(context, title, 0, true, of_steps(value)))
    };
    let mut panels = vec![
        of("Gradient", "norm, before clipping", |step| step.gradient_norm),
        of("Length of trajectories", "mean steps", |step| step.mean_length),
        of("States evaluated", "distinct states an update", |step| {
            step.states as f64
        }),
        of("Log-reward", "mean log-reward, shaped (nats)", |step| {
            step.mean_log_reward
        }),
    ];
    if context
        .runs()
        .any(|run| run.steps.iter().any(|step| step.left_out > 0))
    {
        panels.push(of("Left out", "trajectories without a reward", |step| {
            step.left_out as f64
        }));
    }
    panels
}
