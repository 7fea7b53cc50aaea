//! One run: how far it is, its curves, its figures.

use gfn_record::catalogue::names;
use gfn_record::event::Metrics;
use gfn_record::number::shown;
use gfn_record::phases::Phases;
use gfn_runs::Run;
use gfn_runs::summary::{Summary, best, count, duration, figures, plain};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Gauge, Paragraph};

use crate::chart::{self, Curve};
use crate::follow::FollowedRun;

/// Draws a run.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, followed: &FollowedRun) {
    let below = (area.height / 3).clamp(5, 14);
    let [title, gauge, above, middle, rest] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Fill(1),
        Constraint::Length(below),
    ])
    .areas(area);
    frame.render_widget(head(&followed.run), title);
    frame.render_widget(progress(followed), gauge);
    let curves = curves(&followed.run);
    for (row, pair) in [above, middle].into_iter().zip(curves.chunks(2)) {
        let areas = Layout::horizontal([Constraint::Fill(1); 2]).split(row);
        for (area, curve) in areas.iter().zip(pair) {
            chart::draw(frame, *area, curve);
        }
    }
    let [left, right] = Layout::horizontal([Constraint::Length(44), Constraint::Fill(1)]).areas(rest);
    frame.render_widget(measured(&followed.run), left);
    frame.render_widget(objects(&followed.run), right);
}

fn head(run: &Run) -> Line<'static> {
    let chosen = ["environment", "reward", "loss", "network"];
    let mut words: Vec<String> = chosen
        .iter()
        .filter_map(|section| run.kind(section).map(plain))
        .collect();
    words.dedup();
    words.extend(run.seed().map(|seed| format!("seed {seed}")));
    let error = run.manifest.as_ref().and_then(|manifest| manifest.error.as_ref());
    Line::from(vec![
        plain(run.name()).bold(),
        "  ".into(),
        Summary::of(run).state.cyan(),
        format!("  {}", words.join(" · ")).into(),
        error
            .map_or(String::new(), |error| format!("  {}", plain(error)))
            .red(),
        run.warnings()
            .next()
            .map_or(String::new(), |warning| format!("  {}", plain(&warning)))
            .red(),
    ])
}

fn progress(followed: &FollowedRun) -> Gauge<'static> {
    let run = &followed.run;
    let mut words = vec![match run.updates_wanted() {
        Some(wanted) => format!("{} of {} updates", count(run.updates()), count(wanted)),
        None => format!("{} updates", count(run.updates())),
    }];
    words.extend(followed.rate().map(|rate| format!("{rate:.1} a second")));
    words.extend(followed.left().map(|left| format!("{} left", duration(left))));
    let seconds = run
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.training_seconds);
    words.extend(seconds.map(|seconds| format!("{} of training", duration(seconds))));
    Gauge::default()
        .ratio(followed.share())
        .label(words.join(", "))
        .gauge_style(Style::new().fg(Color::Blue).bg(Color::Black))
}

fn curves(run: &Run) -> [Curve; 4] {
    let points = |all: &[Metrics], name: &str| -> Vec<(f64, f64)> {
        let point = |metrics: &Metrics| Some((metrics.step as f64, metrics.get(name)?));
        all.iter().filter_map(point).collect()
    };
    let steps = |name: &str| points(&run.steps, name);
    let l1 = points(&run.measured, names::L1);
    // Where nothing is exact, what else tells how good the policy is.
    let (last, points) = match l1.is_empty() {
        false => ("L1 to the target", l1),
        true => ("best reward", steps(names::BATCH_BEST_REWARD)),
    };
    let curve = |title, points, truth, may_be_log| Curve {
        title,
        points,
        truth,
        may_be_log,
    };
    let log_z = match run.true_log_z() {
        Some(_) => "log Z, truth in grey",
        None => "log Z",
    };
    [
        curve("loss", steps(names::LOSS), None, true),
        curve("mean reward", steps(names::BATCH_MEAN_REWARD), None, false),
        curve(log_z, steps(names::LOG_Z), run.true_log_z(), false),
        curve(last, points, None, last != "best reward"),
    ]
}

/// The newest measurement, and where the time went.
fn measured(run: &Run) -> Paragraph<'static> {
    let line = |name: &str, value: String| Line::from(format!("{name:<24} {value:>15}"));
    let figures = run.last_measured().map(figures).unwrap_or_default();
    let mut lines: Vec<Line<'static>> = figures
        .into_iter()
        .map(|(name, value)| line(&name, value))
        .collect();
    let phases = run.manifest.as_ref().and_then(|manifest| manifest.phases);
    lines.extend(phases.map(|phases| line("most time", most_time(&phases))));
    Paragraph::new(Text::from(lines)).block(boxed(" measured last "))
}

/// The phase that took most.
fn most_time(phases: &Phases) -> String {
    let all = [
        ("sampling", phases.sampling + phases.sampling_network),
        ("reward", phases.reward),
        ("network", phases.plan + phases.forward + phases.backward),
        ("loss", phases.loss),
    ];
    let whole: f64 = all.iter().map(|phase| phase.1).sum();
    let most = all.iter().max_by(|one, two| one.1.total_cmp(&two.1));
    most.map_or(String::new(), |(name, seconds)| {
        format!("{name} {:.0} %", 100.0 * seconds / whole.max(1e-12))
    })
}

/// The best objects that were drawn.
fn objects(run: &Run) -> Paragraph<'static> {
    let lines = best(run, 12)
        .into_iter()
        .map(|(reward, object)| Line::from(format!("{:>9}  {}", shown(reward), plain(object))));
    let lines: Vec<Line<'static>> = lines.collect();
    let title = match lines.is_empty() {
        true => " best objects: at the end of the run ",
        false => " best objects ",
    };
    Paragraph::new(Text::from(lines)).block(boxed(title))
}

fn boxed(title: &'static str) -> Block<'static> {
    Block::bordered()
        .title(title)
        .border_style(Style::new().fg(Color::DarkGray))
}
