//! What a page tells of a sweep, besides the runs of its best setting.

mod effects;
mod parallel;
mod stopped;
mod trials;

use gfn_record::sweep::State;
use maud::{Markup, html};

use super::{Section, Tile, tiles};
use crate::number::{count, interval, short_figure};
use crate::sweep::{Sweep, rungs};
use crate::text::breakable;
use gfn_runs::setting::setting;

/// All sections that have something to tell, in their order.
pub(crate) fn sections(sweep: &Sweep) -> Vec<Section> {
    let section = |id, title, body: Option<Markup>| body.map(|body| Section { id, title, body });
    let all = [
        section("sweep", "Sweep", Some(overview(sweep))),
        section("best-setting", "Best setting", best(sweep)),
        section("effects", "Effect of each setting", effects::body(sweep)),
        section("together", "Parallel coordinates", parallel::body(sweep)),
        section("seeds", "Settings and seeds", trials::seeds(sweep)),
        section("trials", "All settings", trials::body(sweep)),
        section("stopped", "Unfinished trials", stopped::body(sweep)),
    ];
    all.into_iter().flatten().collect()
}

fn overview(sweep: &Sweep) -> Markup {
    let manifest = &sweep.manifest;
    let several =
        |number: usize, word: &str| (number > 0).then(|| format!("{} {word}", count(number as u64)));
    let states = [
        (State::Running, "running"),
        (State::Paused, "paused"),
        (State::Interrupted, "interrupted"),
        (State::Failed, "failed"),
    ];
    let mut beside: Vec<String> = states
        .into_iter()
        .filter_map(|(state, word)| several(sweep.count(state), word))
        .collect();
    beside.extend(several(sweep.repeated(), "the same as others"));
    let mut found = vec![
        Tile::new(
            "Trials finished",
            count(sweep.count(State::Finished) as u64),
            Some(format!("of {}", count(sweep.trials_wanted()))),
        ),
        Tile::new(
            "Settings tried",
            count(sweep.tried.len() as u64),
            Some(format!("of {}, by {}", count(sweep.wanted), manifest.method)),
        ),
    ];
    if manifest.seeds.len() > 1 {
        found.push(Tile::new(
            "Seeds of each",
            count(manifest.seeds.len() as u64),
            None,
        ));
    }
    if let Some((_, reached)) = sweep.ranked().first() {
        let step = reached.step.map(|step| format!("after {} updates", count(step)));
        found.push(Tile::new("Best objective", short_figure(reached.mean), step));
    }
    if !beside.is_empty() {
        found.push(Tile::new("Other trials", beside.join(", "), None));
    }
    html! {
        @for fault in &sweep.faults { p.notice.bad { "Not all of the folder can be read: " (fault) } }
        @if sweep.is_cancelled { p.notice { "The sweep was cancelled." } }
        (tiles(&found))
        p.note {
            "The objective is " code { (manifest.objective) } ", to " (manifest.direction.name())
            @if manifest.seeds.len() > 1 { "; of several seeds, their mean" }
            ". " (early(sweep))
        }
    }
}

/// How poor trials are stopped.
fn early(sweep: &Sweep) -> String {
    let Some(stopping) = &sweep.manifest.early_stopping else {
        return "Every trial runs to its end.".into();
    };
    let end = stopping.rungs.last().copied().unwrap_or(0);
    let rungs: Vec<String> = rungs(&sweep.manifest).into_iter().map(count).collect();
    if rungs.is_empty() {
        return "Every trial runs to its end.".into();
    }
    format!(
        "Trials are compared after {} updates of {}, and one in {} goes on ({}).",
        rungs.join(", "),
        count(end),
        stopping.reduction,
        stopping.kind.to_uppercase()
    )
}

fn best(sweep: &Sweep) -> Option<Markup> {
    let ranked = sweep.ranked();
    let (tried, reached) = ranked.first()?;
    let value = match reached.half {
        Some(half) => interval(reached.mean, half),
        None => short_figure(reached.mean),
    };
    let first = tried.trials.first()?;
    Some(html! {
        dl.facts {
            div { dt { "setting" } dd { (tried.setting.setting) } }
            div { dt { "objective" } dd { (value) } }
            @for (name, value) in &tried.setting.values { div {
                dt { (breakable(name)) }
                dd { (breakable(&setting(value))) }
            } }
            div { dt { "run again" } dd { code { "gfn run " (sweep_file(sweep, first.trial.trial)) } } }
        }
        p.note { "Its curves, objects and settings are below." }
    })
}

/// The experiment file of a trial.
fn sweep_file(sweep: &Sweep, trial: u64) -> String {
    let folder = gfn_record::sweep::SweepFolder::at(&sweep.folder).trial_folder(trial);
    folder.join(gfn_record::sweep::names::SPEC).display().to_string()
}
