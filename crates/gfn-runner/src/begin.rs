//! Before the first update: the folder, what lies in it already, and the manifest. Nothing that was there is touched
//! until it is certain that the run can go on from it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gfn_core::Reward;
use gfn_learn::device::Device;
use gfn_record::checkpoint::{Loaded, latest_that, newest_generation};
use gfn_record::durable;
use gfn_record::folder::{FolderError, RunFolder, SMALL, names, sha256};
use gfn_record::growing::changed;
use gfn_record::integrity::{Expected, Recorded, Records};
use gfn_record::manifest::{DataFile, Manifest, Status};
use gfn_record::tensorboard;
use gfn_registry::Experiment;

use crate::observers::metrics::MetricsFile;
use crate::run::{LIBTORCH, Options, PreparedModel};
use crate::state::{self, Counters};
use crate::{RunError, accepted, changes};

/// The folder and the manifest of a run that is finished, and the same as the one now asked for; it is then not run again,
/// whatever else may have changed since.
pub(crate) fn finished(options: &Options, resolved: &str) -> Option<(RunFolder, Manifest)> {
    let folder = RunFolder::open(options.out.as_ref()?).ok()?;
    let manifest = folder.manifest().ok()?;
    let text = gfn_files::read_text(&folder.file(names::RESOLVED), SMALL).ok()?;
    let same = changes::of_experiment(&text, resolved).is_ok_and(|changes| changes.is_empty());
    (manifest.status == Status::Finished && same).then_some((folder, manifest))
}

/// Makes sure that a finished run has what it was trained for.
///
/// # Errors
/// [`FolderError::Altered`] for the first file that was changed or is not there any more.
pub(crate) fn check_results(folder: &RunFolder, manifest: &Manifest) -> Result<(), FolderError> {
    let expected = Expected::of(folder, manifest);
    let results = [
        names::WEIGHTS,
        names::SAMPLES,
        names::DISTRIBUTION,
        names::LIKELIHOODS,
        names::METRICS,
    ];
    results
        .into_iter()
        .try_for_each(|name| expected.check_file(folder, name))
}

/// The folder of a run, and whether nothing is in it yet.
pub(crate) fn folder(experiment: &Experiment, options: &Options) -> Result<(RunFolder, bool), RunError> {
    Ok(match &options.out {
        Some(out) => RunFolder::open_or_create(out, options.takeover)?,
        None => {
            let id = format!("seed-{}", experiment.top.seed);
            let folder = RunFolder::create_under(Path::new("runs"), &experiment.top.name, &id)?;
            (folder, true)
        }
    })
}

/// The manifest of a run that begins, or goes on.
pub(crate) fn manifest(
    experiment: &Experiment,
    options: &Options,
    resolved: &str,
    made: &PreparedModel,
    reward: &dyn Reward,
    log_z: Option<f64>,
) -> Result<Manifest, RunError> {
    let data = experiment
        .data_files()
        .iter()
        .map(|path| DataFile::pin(path))
        .collect::<Result<_, _>>()?;
    Ok(Manifest {
        format: 1,
        gfn: env!("CARGO_PKG_VERSION").into(),
        libtorch: LIBTORCH.into(),
        name: experiment.top.name.clone(),
        seed: experiment.top.seed,
        status: Status::Running,
        error: None,
        generation: 0,
        experiment: options.file.clone(),
        data,
        resolved_sha256: sha256(resolved.as_bytes()),
        resolved_before: None,
        device: name_of(made.device),
        precision: experiment.hardware.precision.name().into(),
        determinism: Some(made.level.name().into()),
        threads: experiment.hardware.threads,
        processor: processor(),
        parameters: made.model.parameter_count(),
        reward: reward.provenance().into_iter().collect(),
        changes: Vec::new(),
        begun_again: None,
        warnings: Vec::new(),
        started: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        seconds: None,
        training_seconds: None,
        phases: None,
        steps: 0,
        log_z,
        before: None,
        after: None,
        files: Some(Records::new()),
    })
}

/// What the manifest of a folder records of files that the run may leave as they are.
pub(crate) fn earlier_files(folder: &RunFolder) -> Records {
    let manifest = folder.manifest().ok();
    let mut files = manifest.and_then(|manifest| manifest.files).unwrap_or_default();
    let grows = [names::METRICS, names::QUARANTINE, names::LOG, tensorboard::PATH];
    files.retain(|name, _| !grows.contains(&name.as_str()));
    files
}

/// Of these, what can be recorded while the run is under way.
pub(crate) fn never_written_again(files: &Records) -> Records {
    let origins = files.get_key_value(names::ORIGINS);
    let owned = |(name, recorded): (&String, &Recorded)| (name.clone(), recorded.clone());
    origins.map(owned).into_iter().collect()
}

/// What a run goes on from; the default is a run that begins.
#[derive(Default)]
pub(crate) struct Begun {
    /// The newest checkpoint that can be used; without one, the run begins again.
    pub(crate) checkpoint: Option<Loaded>,
    /// What the user is to be told at once.
    pub(crate) warnings: Vec<String>,
    /// From where the run goes on, to be told once that is certain.
    pub(crate) from: Option<String>,
    /// What is different now, with consent.
    pub(crate) changes: Vec<String>,
}

impl Begun {
    /// Looks into a folder, and makes sure that what goes on is what began. `now`, the manifest, takes over what it keeps
    /// of the one before.
    pub(crate) fn find(
        folder: &RunFolder,
        options: &Options,
        experiment: &Experiment,
        now: &mut Manifest,
        resolved: &str,
    ) -> Result<Self, RunError> {
        let found = latest_that(folder.path(), |checkpoint| usable(folder, checkpoint))?;
        let skipped = found.skipped.iter().map(|skipped| {
            let name = skipped.path.display();
            format!("warning: {name} cannot be used: {}", skipped.reason)
        });
        let mut notes: Vec<String> = skipped.collect();
        // What made the state that is gone on with is in the checkpoint, whatever has happened to the files beside it.
        let (before, old) = match &found.newest {
            Some(checkpoint) => record(folder, checkpoint)?,
            None => match left_behind(folder)? {
                Some(record) => record,
                None => return Ok(Self::default()),
            },
        };
        let has_lost = found.newest.is_none() && may_begin_again(folder, &before, options, &notes)?;
        let mut changes =
            changes::between(&before, now, &old, resolved).map_err(|message| FolderError::Damaged {
                path: folder.file(names::RESOLVED),
                message,
            })?;
        if before.processor != now.processor {
            let words = format!("processor: {}, now {}", before.processor, now.processor);
            match experiment.hardware.determinism {
                Some(_) => changes.push(words),
                None => notes.push(format!("warning: {words}; results may differ in their last bits")),
            }
        }
        if !changes.is_empty() && !options.accept_changes {
            let folder = folder.path().to_path_buf();
            return Err(RunError::Changed { folder, changes });
        }
        let counters = match &found.newest {
            Some(checkpoint) => state::counters(checkpoint).unwrap_or_default(),
            None => Counters::default(),
        };
        check_steps(folder, experiment, counters.step)?;
        take_over(now, before, &counters, &changes);
        if has_lost {
            begin_again(folder, now, resolved)?;
        }
        let from = match &found.newest {
            Some(_) => format!("going on after update {}", counters.step),
            None => "nothing was saved yet: beginning again".into(),
        };
        Ok(Self {
            checkpoint: found.newest,
            warnings: notes,
            from: Some(from),
            changes,
        })
    }
}

/// What a run was to go on with from a checkpoint: what made it, unless changes were consented to since.
fn record(folder: &RunFolder, checkpoint: &Loaded) -> Result<(Manifest, String), RunError> {
    if let Some(accepted) = accepted::read(folder, checkpoint) {
        return Ok(accepted);
    }
    state::record(checkpoint).map_err(|message| RunError::Checkpoint {
        path: checkpoint.path.clone(),
        message,
    })
}

/// What the new manifest keeps of the old one.
fn take_over(now: &mut Manifest, before: Manifest, counters: &Counters, changes: &[String]) {
    now.started = before.started;
    now.changes = before.changes;
    now.begun_again = before.begun_again;
    now.warnings = before.warnings;
    let step = counters.step;
    let changes = changes
        .iter()
        .map(|change| format!("after update {step}: {change}"));
    now.changes.extend(changes);
    now.steps = step;
    if counters.measured.is_some() {
        now.before = Some(counters.before.clone());
        now.training_seconds = Some(counters.training_seconds);
        now.phases = Some(counters.phases);
    }
}

fn check_steps(folder: &RunFolder, experiment: &Experiment, taken: u64) -> Result<(), RunError> {
    let steps = experiment.training.steps;
    if taken <= steps {
        return Ok(());
    }
    let folder = folder.path().to_path_buf();
    Err(RunError::TooFar { folder, taken, steps })
}

/// The manifest and the resolved experiment of a folder without a checkpoint; none where the run was stopped in its very
/// first moment.
fn left_behind(folder: &RunFolder) -> Result<Option<(Manifest, String)>, RunError> {
    let manifest = match folder.manifest() {
        Err(FolderError::Io { error, .. })
            if error.kind() == io::ErrorKind::NotFound && !has_metrics(folder) =>
        {
            return Ok(None);
        }
        manifest => manifest?,
    };
    let path = folder.file(names::RESOLVED);
    let text = gfn_files::read_text(&path, SMALL).map_err(|error| FolderError::Io { path, error })?;
    Ok(Some((manifest, text)))
}

fn has_metrics(folder: &RunFolder) -> bool {
    fs::metadata(folder.file(names::METRICS)).is_ok_and(|found| found.len() > 0)
}

/// Makes sure that no work is thrown away unasked: a run without a checkpoint may begin again where it never had one. Whether
/// it had.
fn may_begin_again(
    folder: &RunFolder,
    before: &Manifest,
    options: &Options,
    skipped: &[String],
) -> Result<bool, RunError> {
    let checkpoints = folder.file(names::CHECKPOINTS);
    let had_some = match before.status {
        Status::Finished | Status::Saved => true,
        Status::Running => before.steps > 0,
        Status::Failed => false,
    };
    let are_gone = !checkpoints.is_dir() && has_metrics(folder);
    if skipped.is_empty() && !had_some && !are_gone {
        return Ok(false);
    }
    // Asked for already, and the process was killed before it had a checkpoint of its own.
    let is_decided = before.begun_again == Some(before.generation)
        && newest_generation(folder.path())? < before.generation;
    if !options.begin_again && !is_decided {
        let mut reasons = skipped.to_vec();
        reasons.push(format!("{} has no usable checkpoint", checkpoints.display()));
        return Err(RunError::NoCheckpoint { reasons });
    }
    Ok(true)
}

/// Writes down that the run begins again, then puts aside what is left of its checkpoints.
fn begin_again(folder: &RunFolder, now: &mut Manifest, resolved: &str) -> Result<(), RunError> {
    now.begun_again = Some(now.generation);
    replace_experiment(folder, now, resolved)?;
    let checkpoints = folder.file(names::CHECKPOINTS);
    if checkpoints.is_dir() {
        let generation = folder.writer()?.generation();
        let aside = folder.file(&format!("{}-before-generation-{generation}", names::CHECKPOINTS));
        durable::rename(&checkpoints, &aside)?;
    }
    Ok(())
}

/// Writes the manifest and the experiment of a run that is there. The manifest comes first: it knows both experiments,
/// whichever is there when the process is killed.
pub(crate) fn replace_experiment(
    folder: &RunFolder,
    now: &mut Manifest,
    resolved: &str,
) -> Result<(), FolderError> {
    let before = Recorded::of_file(&folder.file(names::RESOLVED)).ok();
    now.resolved_before = before.map(|before| before.sha256);
    folder.write_manifest(now)?;
    folder.write(names::RESOLVED, resolved.as_bytes())
}

/// A checkpoint that this version reads, and whose growing files begin as they did when it was saved.
fn usable(folder: &RunFolder, checkpoint: &Loaded) -> Result<(), String> {
    let counters = state::counters(checkpoint)?;
    let known = counters.positions.get(MetricsFile::NAME);
    let length = fs::metadata(folder.file(names::METRICS)).map_or(0, |found| found.len());
    match known {
        Some(&known) if known > length => Err(format!(
            "it records {known} bytes of {}, which has {length}",
            names::METRICS
        )),
        _ => [names::METRICS, names::QUARANTINE]
            .into_iter()
            .try_for_each(|name| unchanged(folder, &counters, name)),
    }
}

/// Whether a file begins with what was in it when the checkpoint was saved.
fn unchanged(folder: &RunFolder, counters: &state::Counters, name: &str) -> Result<(), String> {
    let Some(recorded) = counters.files.get(name) else {
        return Ok(());
    };
    let begins = gfn_files::open(&folder.file(name)).and_then(|file| recorded.begins(file));
    match begins {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{name} was changed: {}", changed(recorded.bytes))),
        Err(error) => Err(format!("{name}: {}", gfn_text::io_words(&error))),
    }
}

/// A device as an experiment file names it.
fn name_of(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// The machine's processor, as far as the system tells.
fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |name: &str| {
        let mut pairs = information.lines().filter_map(|line| line.split_once(':'));
        let pair = pairs.find(|(key, _)| key.trim() == name);
        pair.map_or("unknown", |(_, value)| value.trim())
    };
    let (name, family, model) = (of("model name"), of("cpu family"), of("model"));
    format!("{name} (family {family}, model {model})")
}
