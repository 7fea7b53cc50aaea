//! `gfn ls` and `gfn show`: runs as text.

use std::path::{Path, PathBuf};

use gfn_record::event::Measured;
use gfn_record::manifest::Manifest;
use gfn_report::Run;
use gfn_report::summary::{self, Summary, find, list, plain};
use serde_json::json;

use super::print;
use crate::exit::Failure;
use crate::table::figures;

/// Of each list, so many entries are shown.
const MOST: usize = 10;

pub(crate) fn ls(roots: &[PathBuf], json: bool) -> Result<(), Failure> {
    let default = [PathBuf::from("runs")];
    let roots = if roots.is_empty() { &default[..] } else { roots };
    if let Some(missing) = roots.iter().find(|root| !root.is_dir()) {
        let message = format!(
            "there is no folder `{}`; name the folders to look into",
            missing.display()
        );
        return Err(Failure::failed(message));
    }
    let folders = roots.iter().flat_map(|root| find(root));
    let runs = folders.map(|folder| Ok(Summary::of(&Run::glance(&folder).map_err(Failure::failed)?)));
    let runs: Vec<Summary> = runs.collect::<Result<_, Failure>>()?;
    if json {
        let text = serde_json::to_string_pretty(&runs).expect("summaries are plain data");
        return print(&(text + "\n"));
    }
    print(&list(&runs))
}

pub(crate) fn show(path: &Path, json: bool) -> Result<(), Failure> {
    let run = Run::read(path).map_err(Failure::failed)?;
    if !json {
        return print(&text(&run));
    }
    let whole = json!({
        "summary": Summary::of(&run),
        "settings": run.settings,
        "manifest": run.manifest,
        "measured": run.measured,
    });
    let text = serde_json::to_string_pretty(&whole).expect("a run is plain data");
    print(&(text + "\n"))
}

fn text(run: &Run) -> String {
    let mut text = list(&[Summary::of(run)]);
    let chosen = ["environment", "reward", "loss", "network", "sampler"].into_iter();
    let chosen = chosen.filter_map(|section| Some(format!("{section} {}", run.kind(section)?)));
    text += &format!("\n{}\n", plain(&chosen.collect::<Vec<_>>().join(", ")));
    if let Some(manifest) = &run.manifest {
        text += &facts(manifest);
    }
    for fault in &run.faults {
        text += &format!("cannot be read: {}\n", plain(fault));
    }
    text += &format!("\n{}", measured(run));
    text + &best(run)
}

fn facts(manifest: &Manifest) -> String {
    let Manifest {
        gfn,
        libtorch,
        device,
        precision,
        processor,
        threads,
        parameters,
        ..
    } = manifest;
    let determinism = manifest.determinism.as_deref().unwrap_or("unknown");
    let mut lines = vec![
        format!("gfn {gfn}, libtorch {libtorch}, {device}, {precision}, determinism {determinism}"),
        format!("{processor}, threads {threads}"),
        format!("{parameters} parameters, from {}", manifest.experiment),
    ];
    lines.extend(manifest.changes.iter().map(|change| format!("changed {change}")));
    lines.extend(manifest.error.iter().map(|error| format!("stopped: {error}")));
    lines.iter().map(|line| format!("{}\n", plain(line))).collect()
}

/// The policy before training, and as it was measured last.
fn measured(run: &Run) -> String {
    let before = run
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.before.as_ref());
    let before = before.or(run.measured.first());
    let after = run.last_measured();
    let mut columns: Vec<(&str, &Measured)> = Vec::new();
    columns.extend(before.map(|before| ("untrained", before)));
    let trained = after.filter(|after| before.is_none_or(|before| before.step != after.step));
    columns.extend(trained.map(|after| ("trained", after)));
    if columns.is_empty() {
        String::new()
    } else {
        figures(&columns)
    }
}

/// The best distinct objects among the samples.
fn best(run: &Run) -> String {
    let lines = summary::best(run, MOST)
        .into_iter()
        .map(|(reward, object)| format!("{reward:>12.4}  {}\n", plain(object)));
    let lines: String = lines.collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n{:>12}  best objects\n{lines}", "reward")
    }
}
