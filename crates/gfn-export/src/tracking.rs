//! A folder with runs as `runs.json`, their files, and a script that hands both to a tracker's own package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gfn_record::folder::{names, sha256};
use gfn_runs::Run;
use gfn_runs::summary::Summary;
use serde_json::{Map, Value, json};

use crate::error::ExportError;
use crate::flat::flat;
use crate::folder::Folder;
use crate::tables::made_with;

/// A script by its name.
pub(crate) type Script = (&'static str, &'static str);

/// Brings runs into MLflow.
pub(crate) const MLFLOW: Script = ("import_mlflow.py", include_str!("scripts/import_mlflow.py"));
/// Brings runs into Weights & Biases.
pub(crate) const WANDB: Script = ("import_wandb.py", include_str!("scripts/import_wandb.py"));

/// The data's name.
const DATA: &str = "runs.json";
/// So many digits of a hash tell one run from another.
const DIGITS: usize = 16;
/// The files that go along, where a run has them.
const FILES: [&str; 6] = [
    names::RESOLVED,
    names::MANIFEST,
    names::SAMPLES,
    names::DISTRIBUTION,
    names::LIKELIHOODS,
    names::REPORT,
];

/// Writes the folder; the script is the last file, so that it is not there without its data.
pub(crate) fn write(
    runs: &[Run],
    folder: &mut Folder,
    (name, script): Script,
) -> Result<Vec<PathBuf>, ExportError> {
    let runs: Vec<(&Run, String)> = runs.iter().map(|run| (run, identity(run))).collect();
    let copies: Vec<(PathBuf, String)> = runs.iter().flat_map(|(run, id)| files_of(run, id)).collect();
    let names = copies.iter().map(|(_, name)| name.as_str());
    folder.may_replace(names.chain([DATA, name]))?;
    for (from, name) in &copies {
        let copy = |path: &Path| std::fs::copy(from, path).map(drop).map_err(ExportError::io(from));
        folder.write(name, copy)?;
    }
    let told: Vec<Value> = runs.iter().map(|(run, id)| of_run(run, id)).collect();
    let data = json!({ "format": 1, "runs": told });
    let text = serde_json::to_string(&data).expect("runs are plain data");
    let mut written = Vec::new();
    for (name, text) in [(DATA, text.as_str()), (name, script)] {
        let fill = |path: &Path| std::fs::write(path, text).map_err(ExportError::io(path));
        written.push(folder.write(name, fill)?);
    }
    Ok(written)
}

/// The same for the same run as far as it has come, so that nothing is brought in twice.
fn identity(run: &Run) -> String {
    let manifest = run.manifest.as_ref();
    let started = manifest.map(|manifest| manifest.started);
    let folder = run.folder.canonicalize().unwrap_or_else(|_| run.folder.clone());
    let summary = Summary::of(run);
    let whole = format!(
        "{}\n{}\n{started:?}\n{}\n{}",
        run.resolved,
        folder.display(),
        summary.state,
        summary.updates
    );
    sha256(whole.as_bytes())[..DIGITS].into()
}

/// The files of a run that go along, and their names in the folder.
fn files_of(run: &Run, id: &str) -> Vec<(PathBuf, String)> {
    let files = FILES
        .iter()
        .map(|name| (run.folder.join(name), format!("{id}/{name}")));
    files.filter(|(path, _)| path.is_file()).collect()
}

fn of_run(run: &Run, id: &str) -> Value {
    let manifest = run.manifest.as_ref();
    let settings: Map<String, Value> = flat(&run.settings)
        .into_iter()
        .map(|(path, value)| (path, of_setting(value)))
        .collect();
    json!({
        "id": id,
        "name": run.name(),
        "seed": run.seed(),
        "folder": run.folder.display().to_string(),
        "state": Summary::of(run).state,
        "updates": run.updates(),
        "error": manifest.and_then(|manifest| manifest.error.clone()),
        "started": manifest.map(|manifest| manifest.started),
        "seconds": manifest.and_then(|manifest| manifest.seconds),
        "tags": made_by(run),
        "settings": settings,
        "history": history(run),
        "files": files_of(run, id).into_iter().map(|(_, name)| name).collect::<Vec<_>>(),
    })
}

fn made_by(run: &Run) -> BTreeMap<&'static str, String> {
    let Some(manifest) = &run.manifest else {
        return BTreeMap::new();
    };
    let experiment = ("experiment", &manifest.experiment);
    let made = made_with(manifest).into_iter().chain([experiment]);
    made.map(|(name, value)| (name, value.clone())).collect()
}

fn of_setting(value: &toml::Value) -> Value {
    match value {
        toml::Value::Float(value) => of_number(*value),
        toml::Value::Integer(value) => json!(value),
        toml::Value::Boolean(value) => json!(value),
        toml::Value::String(value) => json!(value),
        other => json!(other.to_string()),
    }
}

/// JSON has no form for numbers that are none: they are text, which Python's `float` reads.
fn of_number(value: f64) -> Value {
    match value.is_finite() {
        true => json!(value),
        false => json!(value.to_string().to_lowercase()),
    }
}

/// All curves by update: trackers want steps to rise.
fn history(run: &Run) -> Vec<Value> {
    let mut rows: BTreeMap<u64, Vec<(String, f64)>> = BTreeMap::new();
    for metrics in run.steps.iter().chain(&run.measured) {
        rows.entry(metrics.step).or_default().extend(metrics.tagged());
    }
    let row = |(step, values): (u64, Vec<(String, f64)>)| {
        let values = values.into_iter().map(|(tag, value)| (tag, of_number(value)));
        let at = [("step".to_string(), json!(step))].into_iter();
        Value::Object(at.chain(values).collect())
    };
    rows.into_iter().map(row).collect()
}
