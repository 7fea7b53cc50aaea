//! What was run: the file with every default, where each value comes from, on what machine, with what versions.

use gfn_record::manifest::Manifest;
use maud::{Markup, html};

use super::{Cell, Column, Context, Table};
use crate::Run;
use crate::number::{count, duration, moment};

/// Objects without a reward that are listed.
const MAX_QUARANTINED: usize = 50;

pub(super) fn body(context: &Context<'_>) -> Markup {
    let is_alone = context.only().is_some();
    html! {
        @for run in context.runs() {
            @if is_alone { (of_run(run)) }
            @else { details { summary { (run.name()) " " (run.folder.display()) } (of_run(run)) } }
        }
        @for group in &context.groups {
            details open[is_alone] {
                summary { @if context.groups.len() > 1 { (group.name) ": " } "settings" }
                (settings(group.first()))
            }
        }
    }
}

fn of_run(run: &Run) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in facts(run) { div { dt { (name) } dd { (value) } } }
        }
        @if !run.quarantined.is_empty() { (quarantined(run)) }
    }
}

fn facts(run: &Run) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| facts.push((name.into(), value));
    add("folder", run.folder.display().to_string());
    add("state", run.state().into());
    if let Some(seed) = run.seed() {
        add("seed", seed.to_string());
    }
    if let Some(manifest) = &run.manifest {
        let mut of_manifest = of_manifest(manifest);
        facts.append(&mut of_manifest);
    }
    facts
}

fn of_manifest(manifest: &Manifest) -> Vec<(String, String)> {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| facts.push((name.into(), value));
    add("file", manifest.experiment.clone());
    add("begun", moment(manifest.started));
    manifest
        .seconds
        .into_iter()
        .for_each(|seconds| add("took", duration(seconds)));
    add("gfn", manifest.gfn.clone());
    add("libtorch", manifest.libtorch.clone());
    add("device", manifest.device.clone());
    add("processor", manifest.processor.clone());
    add("threads", manifest.threads.to_string());
    add("precision", manifest.precision.clone());
    manifest
        .determinism
        .iter()
        .for_each(|level| add("determinism", level.clone()));
    add("parameters", count(manifest.parameters as u64));
    if manifest.generation > 1 {
        add("processes", format!("{} one after another", manifest.generation));
    }
    add(
        "settings",
        format!("SHA-256 {}", short(&manifest.resolved_sha256)),
    );
    for data in &manifest.data {
        add(
            "data",
            format!("{} (SHA-256 {})", data.path.display(), short(&data.sha256)),
        );
    }
    for (name, value) in &manifest.reward {
        add(&format!("reward: {name}"), value.clone());
    }
    manifest
        .changes
        .iter()
        .for_each(|change| add("changed", change.clone()));
    facts
}

fn quarantined(run: &Run) -> Markup {
    let row = |quarantined: &gfn_runs::Quarantined| {
        let step = Some(quarantined.step as f64);
        vec![
            Cell::text(&quarantined.object),
            Cell::text(&quarantined.reason),
            Cell::of(step, |step| count(step as u64)),
        ]
    };
    let heads = [
        ("object", Column::Objects),
        ("reason", Column::Words),
        ("after update", Column::Numbers),
    ];
    let table = Table::new(heads).with(run.quarantined.iter().take(MAX_QUARANTINED).map(row));
    html! {
        details {
            summary { (count(run.quarantined.len() as u64)) " objects that had no reward" }
            (table.draw())
            @if run.quarantined.len() > MAX_QUARANTINED {
                p.note { "The first " (MAX_QUARANTINED) "; quarantine.jsonl in the run's folder has all." }
            }
        }
    }
}

/// The file, with what is said of each value beside it.
fn settings(run: &Run) -> Markup {
    let text = run.origins.as_deref().unwrap_or(&run.resolved);
    html! {
        pre.settings {
            @for line in text.lines() {
                @let (value, origin) = split(line, run.origins.is_some());
                @match (value.starts_with('['), origin) {
                    (true, _) => { b { (value) } }
                    (false, None) => (value),
                    (false, Some(origin)) => { (value) span.origin.default[origin == "default"] { "# " (origin) } }
                }
                "\n"
            }
        }
    }
}

/// A line's value with the spaces after it, and the comment behind it: what follows the last number sign, for no origin has one.
fn split(line: &str, has_origins: bool) -> (&str, Option<&str>) {
    match line.rsplit_once("  # ").filter(|_| has_origins) {
        Some((value, origin)) => (&line[..value.len() + 2], Some(origin)),
        None => (line, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_told_from_values() {
        assert_eq!(
            split("a = 1   # file.toml:3", true),
            ("a = 1   ", Some("file.toml:3"))
        );
        assert_eq!(
            split("a = \"x  # y\"  # default", true),
            ("a = \"x  # y\"  ", Some("default"))
        );
        assert_eq!(split("a = \"x  # y\"", false), ("a = \"x  # y\"", None));
        assert_eq!(split("[loss]", true), ("[loss]", None));
    }
}
