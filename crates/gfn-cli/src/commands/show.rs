//! `gfn ls` and `gfn show`: runs and sweeps as text.

use std::path::{Path, PathBuf};

use gfn_record::event::Metrics;
use gfn_record::manifest::Manifest;
use gfn_record::number::shown;
use gfn_record::sweep::State;
use gfn_runs::summary::{self, Summary, find, find_sweeps, list, plain, sweep_line, sweep_table};
use gfn_runs::{Run, Sweep};
use serde_json::{Value, json};

use super::{print, print_json};
use crate::exit::Failure;
use crate::table::figures;

/// Of each list, so many entries are shown.
const MOST: usize = 10;

/// What is said where there is nothing to list or to watch.
pub(super) const NOTHING: &str =
    "`gfn run FILE` writes a run to `runs`, `gfn sweep run FILE` a sweep to `sweeps`";

/// The folders to look into: those that were named, or else those that `gfn` makes by itself, as far as they are here.
pub(super) fn roots(named: &[PathBuf]) -> Vec<PathBuf> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let usual = ["runs", "sweeps"].into_iter().map(PathBuf::from);
    usual.filter(|root| root.is_dir()).collect()
}

/// A sweep, or its folder and why it cannot be read.
pub(super) type SweepOrFault = Result<Sweep, (PathBuf, String)>;

pub(crate) fn ls(named: &[PathBuf], json: bool) -> Result<(), Failure> {
    let roots = roots(named);
    if let Some(missing) = roots.iter().find(|root| !root.is_dir()) {
        let message = format!(
            "there is no folder `{}`; name folders that hold runs",
            missing.display()
        );
        return Err(Failure::failed(message));
    }
    let sweeps: Vec<PathBuf> = roots.iter().flat_map(|root| find_sweeps(root)).collect();
    let folders = roots.iter().flat_map(|root| find(root));
    // The trials of a sweep are told with it.
    let folders = folders.filter(|folder| !sweeps.iter().any(|sweep| folder.starts_with(sweep)));
    let runs: Vec<Summary> = folders.map(glance).collect();
    let sweeps: Vec<SweepOrFault> = sweeps.into_iter().map(found).collect();
    if json {
        let runs = runs.iter().map(of_run);
        let all: Vec<Value> = runs.chain(sweeps.iter().map(of_found)).collect();
        let text = serde_json::to_string_pretty(&all).expect("summaries are plain data");
        return print_json(&(text + "\n"));
    }
    let mut text = String::new();
    if !runs.is_empty() {
        text += &list(&runs);
        text.extend(runs.iter().filter(|run| run.is_damaged()).map(damage));
    }
    if !sweeps.is_empty() {
        text += if text.is_empty() { "SWEEP\n" } else { "\nSWEEP\n" };
        text.extend(sweeps.iter().map(line));
    }
    if text.is_empty() {
        text = format!("no runs and no sweeps here: {NOTHING}\n");
    }
    print(&text)
}

/// The warning about a run with files that are changed or missing.
fn damage(run: &Summary) -> String {
    let kinds = [
        (&run.changed, "changed after being written"),
        (&run.missing, "missing"),
    ];
    let kinds = kinds.into_iter().filter(|(names, _)| !names.is_empty());
    let words: Vec<String> = kinds
        .map(|(names, what)| format!("{} {what}", names.join(", ")))
        .collect();
    let (folder, words) = (run.folder.display(), words.join("; "));
    plain(&format!(
        "(!) {folder}: {words}; `gfn verify {folder}` checks every file"
    )) + "\n"
}

/// What matters most about a run; one that cannot be read has a line as well.
fn glance(folder: PathBuf) -> Summary {
    let run = Run::glance(&folder).unwrap_or_else(|error| Run {
        folder,
        faults: vec![error.to_string()],
        ..Run::default()
    });
    Summary::of(&run)
}

pub(super) fn found(folder: PathBuf) -> SweepOrFault {
    Sweep::read(&folder).map_err(|error| (folder, error.to_string()))
}

fn line(found: &SweepOrFault) -> String {
    match found {
        Ok(sweep) => {
            let (folder, name) = (sweep.folder.display().to_string(), &sweep.manifest.name);
            format!("{}  {}: {}\n", plain(&folder), plain(name), sweep_line(sweep))
        }
        Err((folder, fault)) => {
            let folder = folder.display().to_string();
            format!("{}  cannot be read: {}\n", plain(&folder), plain(fault))
        }
    }
}

pub(super) fn of_found(found: &SweepOrFault) -> Value {
    match found {
        Ok(sweep) => of_sweep(sweep),
        Err((folder, fault)) => json!({ "kind": "sweep", "folder": folder, "faults": [fault] }),
    }
}

/// A run for programs.
pub(super) fn of_run(run: &Summary) -> Value {
    let mut value = json!(run);
    value["kind"] = "run".into();
    value
}

/// A sweep for programs.
fn of_sweep(sweep: &Sweep) -> Value {
    let states = [
        State::Waiting,
        State::Running,
        State::Interrupted,
        State::Paused,
        State::Finished,
        State::Failed,
    ];
    let trials: serde_json::Map<String, Value> = states
        .into_iter()
        .map(|state| (state.name().to_string(), json!(sweep.count(state))))
        .collect();
    let best = sweep.ranked().into_iter().next().map(|(tried, reached)| {
        json!({
            "setting": tried.setting.setting, "values": tried.setting.values, "objective": reached.mean,
            "interval": reached.half, "step": reached.step,
        })
    });
    json!({
        "kind": "sweep", "folder": sweep.folder, "name": sweep.manifest.name, "method": sweep.manifest.method,
        "objective": sweep.manifest.objective, "settings": sweep.wanted, "seeds": sweep.manifest.seeds,
        "trials": trials, "best": best, "faults": sweep.faults,
    })
}

fn show_sweep(path: &Path, json: bool) -> Result<(), Failure> {
    let sweep = Sweep::read(path).map_err(Failure::failed)?;
    if json {
        let settings = sweep.tried.iter().map(|tried| {
            let outcome = tried.outcome.as_ref();
            json!({
                "setting": tried.setting.setting, "values": tried.setting.values, "state": tried.state(), "same": tried.same,
                "objective": outcome.map(|reached| reached.mean), "objectives": outcome.map(|reached| &reached.objectives),
                "step": outcome.and_then(|reached| reached.step),
            })
        });
        let settings: Vec<Value> = settings.collect();
        let whole = json!({ "summary": of_sweep(&sweep), "manifest": sweep.manifest, "settings": settings });
        let text = serde_json::to_string_pretty(&whole).expect("a sweep is plain data");
        return print_json(&(text + "\n"));
    }
    let manifest = &sweep.manifest;
    let mut text = format!("{}: {}\n", plain(&manifest.name), sweep_line(&sweep));
    for fault in &sweep.faults {
        text += &format!("cannot be read: {}\n", plain(fault));
    }
    text += &format!(
        "{} to {}, settings by {}\n\n{}",
        plain(&manifest.objective),
        manifest.direction.name(),
        plain(&manifest.method),
        sweep_table(&sweep, MOST)
    );
    print(&text)
}

pub(crate) fn show(path: &Path, json: bool) -> Result<(), Failure> {
    if Sweep::is_at(path) {
        return show_sweep(path, json);
    }
    let run = Run::read(path).map_err(Failure::failed)?;
    if !json {
        return print(&text(&run));
    }
    let whole = json!({
        "summary": of_run(&Summary::of(&run)),
        "settings": run.settings,
        "manifest": run.manifest,
        "measured": run.measured,
    });
    let text = serde_json::to_string_pretty(&whole).expect("a run is plain data");
    print_json(&(text + "\n"))
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
    text.extend(run.warnings().map(|warning| format!("(!) {}\n", plain(&warning))));
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
        format!(
            "{}, from {}",
            gfn_text::counted(*parameters, "parameter"),
            manifest.experiment
        ),
    ];
    lines.extend(manifest.changes.iter().map(|change| format!("changed {change}")));
    lines.extend(
        manifest
            .warnings
            .iter()
            .map(|warning| format!("warning: {warning}")),
    );
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
    let mut columns: Vec<(&str, &Metrics)> = Vec::new();
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
        .map(|(reward, object)| format!("{:>12}  {}\n", shown(reward), plain(object)));
    let lines: String = lines.collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n{:>12}  best objects\n{lines}", "reward")
    }
}
