//! A folder with runs as `runs.json`, their files, and a script that hands both to a tracker's own package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gfn_record::folder::{names, sha256};
use gfn_record::tags::{self, Tagged};
use gfn_report::Run;
use gfn_report::summary::Summary;
use serde_json::{Map, Value, json};

use crate::error::ExportError;
use crate::flat::flat;
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
pub(crate) fn write(runs: &[Run], out: &Path, (name, script): Script) -> Result<Vec<PathBuf>, ExportError> {
    let mut told = Vec::new();
    for run in runs {
        let id = identity(run);
        let files = copy_files(run, out, &id)?;
        told.push(of_run(run, &id, &files));
    }
    let data = json!({ "format": 1, "runs": told });
    let text = serde_json::to_string(&data).expect("runs are plain data");
    let (data, script_path) = (out.join(DATA), out.join(name));
    std::fs::write(&data, text).map_err(ExportError::io(&data))?;
    std::fs::write(&script_path, script).map_err(ExportError::io(&script_path))?;
    Ok(vec![data, script_path])
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

/// Copies a run's files, and returns their names in the folder.
fn copy_files(run: &Run, out: &Path, id: &str) -> Result<Vec<String>, ExportError> {
    let folder = out.join(id);
    std::fs::create_dir_all(&folder).map_err(ExportError::io(&folder))?;
    let mut copied = Vec::new();
    for name in FILES {
        let path = run.folder.join(name);
        if path.is_file() {
            std::fs::copy(&path, folder.join(name)).map_err(ExportError::io(&path))?;
            copied.push(format!("{id}/{name}"));
        }
    }
    Ok(copied)
}

fn of_run(run: &Run, id: &str, files: &[String]) -> Value {
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
        "files": files,
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
    let mut rows: BTreeMap<u64, Vec<Tagged>> = BTreeMap::new();
    for step in &run.steps {
        rows.entry(step.step).or_default().extend(tags::of_step(step));
    }
    for measured in &run.measured {
        let row = rows.entry(measured.step).or_default();
        row.extend(tags::of_measured(measured));
    }
    let row = |(step, values): (u64, Vec<Tagged>)| {
        let values = values
            .into_iter()
            .map(|(tag, value)| (tag.to_string(), of_number(value)));
        let at = [("step".to_string(), json!(step))].into_iter();
        Value::Object(at.chain(values).collect())
    };
    rows.into_iter().map(row).collect()
}
