//! Before the first step: what the file asks for, and what of it may be another than when the folder was begun.

use std::io::ErrorKind;
use std::path::Path;

use gfn_config::{Difference, Problem, Problems};
use gfn_core::{Cancel, Environment, ObjectKind};
use gfn_fit::{Columns, Reading, Source, Table, TableError, must_be_learnable};
use gfn_record::folder::FolderError;
use gfn_registry::acquisition::{Acquisition, Function};
use gfn_registry::{Assembled, Experiment, assemble_until};
use gfn_runner::changes::{in_words, is_under, that_matter};

use crate::AcquireError;
use crate::folder::{EXPERIMENT, Folder, Label};

/// Where energies are kept where the oracle docks and its file names no place.
const ENERGIES: &str = "energies.jsonl";

/// What labels depend on: it stays as it was once there are some.
const FIXED: [&str; 3] = ["seed", "environment", "reward"];

/// Of those, what no label depends on: labels are rewards before shaping.
const FREE: [&str; 7] = [
    "reward.cache_file",
    "reward.jobs",
    "reward.exponent",
    "reward.temperature",
    "reward.floor",
    "reward.clip",
    "reward.cache",
];

/// The least expected improvement that a policy is rewarded by, in standard deviations of what is labeled.
const MIN_IMPROVEMENT: f64 = 1e-3;

/// The power of an expected improvement, which falls off so steeply itself that that of a reward would leave little but its floor.
const POWER_OF_IMPROVEMENT: f64 = 2.0;

/// The oracle: the reward of the file, with all that it is asked through.
pub(crate) struct Oracle {
    pub(crate) experiment: Experiment,
    pub(crate) parts: Assembled,
}

/// What the file says of rounds.
pub(crate) fn plan_of(experiment: &Experiment) -> Result<Acquisition, AcquireError> {
    let Some(plan) = &experiment.acquisition else {
        let message = "the file has no table `[acquisition]`, which says how many rounds there are, of how many molecules";
        return Err(AcquireError::Plan(message.into()));
    };
    if floor_of(plan, experiment) == 0.0 {
        let tree = &experiment.tree;
        let place = tree.section("reward").unwrap_or(tree.root());
        let problem = Problem::new("the reward has no floor, and what a proxy predicts can be 0")
            .at(&place.origin)
            .help("set `reward.floor` to the least reward that counts, such as 1e-3");
        return Err(tree.problems(vec![problem]).into());
    }
    Ok(plan.clone())
}

/// A proxy sees molecules alone.
pub(crate) fn must_be_of_molecules(environment: &dyn Environment) -> Result<(), AcquireError> {
    match environment.spec().objects {
        ObjectKind::Molecule => Ok(()),
        _ => {
            let message = "`gfn acquire` needs an environment of molecules: a proxy sees nothing else";
            Err(AcquireError::Plan(message.into()))
        }
    }
}

/// The least reward of a round's policy.
pub(crate) fn floor_of(plan: &Acquisition, experiment: &Experiment) -> f64 {
    plan.floor.unwrap_or(match plan.function {
        Function::ExpectedImprovement => MIN_IMPROVEMENT,
        Function::Mean | Function::Ucb => experiment.shape.floor,
    })
}

/// The power to which it is raised.
pub(crate) fn exponent_of(plan: &Acquisition, experiment: &Experiment) -> f64 {
    plan.exponent.unwrap_or(match plan.function {
        Function::ExpectedImprovement => POWER_OF_IMPROVEMENT,
        Function::Mean | Function::Ucb => experiment.shape.exponent,
    })
}

/// What is wrong with a file's rounds, besides what is wrong with its settings alone; nothing where it has none.
///
/// # Errors
/// One problem with its place, such as the setting that names the first table.
pub fn check(experiment: &Experiment, environment: &dyn Environment) -> Result<(), Problems> {
    if experiment.acquisition.is_none() {
        return Ok(());
    }
    let tree = &experiment.tree;
    let at_rounds = |error: AcquireError| {
        let place = tree.section("acquisition").unwrap_or(tree.root());
        tree.problems(vec![Problem::new(error.to_string()).at(&place.origin)])
    };
    match plan_of(experiment).and_then(|_| must_be_of_molecules(environment)) {
        Err(AcquireError::Experiment(problems)) => return Err(*problems),
        Err(error) => return Err(at_rounds(error)),
        Ok(()) => {}
    }
    let initial = experiment
        .acquisition
        .as_ref()
        .and_then(|plan| plan.initial.as_ref());
    let Some(Err(error)) = initial.map(|path| given(Path::new(path))) else {
        return Ok(());
    };
    let section = tree.section("acquisition").unwrap_or(tree.root());
    let place = section.get("initial").unwrap_or(section);
    Err(tree.problems(vec![Problem::new(error.to_string()).at(&place.origin)]))
}

/// Writes down what begins. Where it had begun, tells what is different from now on.
///
/// # Errors
/// [`AcquireError::Changed`] where labels that are there would be of something else.
pub(crate) fn begin(folder: &Folder, plan: &Acquisition, text: &str) -> Result<Vec<String>, AcquireError> {
    let path = folder.file(EXPERIMENT);
    let before = match folder.read(&path) {
        Err(FolderError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => {
            folder.write(&path, text.as_bytes())?;
            return Ok(Vec::new());
        }
        before => String::from_utf8_lossy(&before?).into_owned(),
    };
    let changes = that_matter(&before, text).map_err(|message| FolderError::Damaged {
        path: path.clone(),
        message,
    })?;
    let is_fixed = |change: &Difference| match change.key().as_str() {
        // Where the table lies now is no difference once it was read; whether there is one is.
        "acquisition.initial" => change.before.is_none() || change.after.is_none(),
        "acquisition.initial_size" => plan.initial.is_none(),
        key => is_under(key, &FIXED) && !is_under(key, &FREE),
    };
    let fixed: Vec<String> = changes
        .iter()
        .filter(|change| is_fixed(change))
        .map(in_words)
        .collect();
    if !fixed.is_empty() {
        if folder.round(1).data().is_file() {
            return Err(AcquireError::Changed {
                folder: folder.path().to_path_buf(),
                changes: fixed,
            });
        }
        // Labels of random molecules that never came to a table: they may be of another oracle.
        folder.remove(&folder.round(0).labeled_until_now())?;
        folder.remove(&folder.round(0).labeled())?;
    }
    if before != text {
        folder.write(&path, text.as_bytes())?;
    }
    Ok(changes.iter().map(in_words).collect())
}

/// The experiment as it stands in the folder; a reward that keeps what it computes keeps it there where it is not told otherwise.
pub(crate) fn oracle_of(folder: &Folder, cancel: &Cancel) -> Result<Oracle, AcquireError> {
    let path = folder.file(EXPERIMENT);
    let mut experiment = Experiment::load(&path, &[])?;
    let memory = experiment.reward.files.memory.as_ref();
    if let Some(memory) = memory.filter(|memory| memory.path.is_none()) {
        let setting = format!("reward.{}={}", memory.key, quoted(&folder.file(ENERGIES)));
        experiment = Experiment::load(&path, &[setting])?;
    }
    let parts = assemble_until(&experiment, cancel)?;
    Ok(Oracle { experiment, parts })
}

/// A path as a TOML value.
fn quoted(path: &Path) -> String {
    toml::Value::String(path.to_string_lossy().into_owned()).to_string()
}

/// A table that the user has.
pub(crate) struct InitialTable {
    /// Its labels.
    pub(crate) labels: Vec<Label>,
    /// What the user should know of how it was read.
    pub(crate) notes: Vec<String>,
}

/// The labels of a table that the user has.
pub(crate) fn given(path: &Path) -> Result<InitialTable, AcquireError> {
    let reading = Reading {
        columns: Columns {
            smiles: Some("smiles".into()),
            value: Some("value".into()),
        },
        ..Reading::default()
    };
    let wrong = |error: TableError| AcquireError::Initial(error.without_options());
    let source = Source::open(path, None).map_err(wrong)?;
    let table = Table::of(&source, &reading).map_err(wrong)?;
    let negative = table.molecules.iter().find(|measured| measured.value < 0.0);
    if let Some(measured) = negative {
        return Err(AcquireError::Negative {
            file: path.to_path_buf(),
            smiles: measured.smiles.clone(),
            value: measured.value,
        });
    }
    must_be_learnable(&table).map_err(|error| {
        AcquireError::Plan(format!("`acquisition.initial`: `{}`: {error}", path.display()))
    })?;
    let labels = table.molecules.into_iter().map(|measured| Label {
        smiles: measured.smiles,
        value: measured.value,
    });
    Ok(InitialTable {
        labels: labels.collect(),
        notes: source.note().into_iter().chain(table.warnings).collect(),
    })
}
