//! A run from experiment to folder, from its first update or from where it was stopped.

use std::io::Write;
use std::path::PathBuf;

use gfn_config::with_origins;
use gfn_core::Reward;
use gfn_learn::determinism::Determinism;
use gfn_learn::model::Model;
use gfn_learn::precision::Compute;
use gfn_learn::{determinism, device};
use gfn_record::event::Metrics;
use gfn_record::folder::{RunFolder, names};
use gfn_record::integrity::Records;
use gfn_record::manifest::{Manifest, Status};
use gfn_registry::{Assembled, Experiment, assemble_until};

use crate::RunError;
use crate::accepted;
use crate::begin::{self, Begun};
use crate::measure::Measurer;
use crate::observers::log::Logging;
use crate::session::{Ended, Session};
use crate::signals::{Answer, Stop};
use crate::state::Record;
use crate::work::Work;

/// The version of libtorch that this program is built against.
pub const LIBTORCH: &str = "2.11.0";

/// How to run, besides what the experiment says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder: a new one, or that of a run to go on with; otherwise a new one under `runs/`.
    pub out: Option<PathBuf>,
    /// Show no progress.
    pub quiet: bool,
    /// The experiment file, for the record.
    pub file: String,
    /// Go on with a run although something about it is different now.
    pub accept_changes: bool,
    /// Begin again where a run had checkpoints and none can be used; what is left of them is kept aside.
    pub begin_again: bool,
    /// Write a folder although a process on another machine may still be writing it.
    pub takeover: bool,
    /// Asked after each update.
    pub stop: Stop,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It took all of its updates, now or in an earlier process.
    Finished(Box<Finished>),
    /// It was asked to stop, and can go on.
    Saved {
        /// Its folder.
        folder: PathBuf,
        /// Updates taken.
        step: u64,
        /// Updates asked for.
        steps: u64,
    },
}

/// A run that is over.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its folder.
    pub folder: PathBuf,
    /// The untrained policy.
    pub before: Metrics,
    /// The trained policy.
    pub after: Metrics,
    /// Seconds spent training, measuring left out.
    pub training_seconds: f64,
}

/// Trains an experiment and leaves its folder. A folder that holds a part of the same run already is gone on with, and the
/// results are those of an uninterrupted run, byte for byte.
///
/// # Errors
/// [`RunError`]; where training had begun, the weights of the last good update are in the folder, and the manifest says
/// what went wrong.
pub fn run(experiment: &Experiment, options: &Options) -> Result<Outcome, RunError> {
    // First: plugins log through what is in place when they are made.
    let logging = Logging::start();
    let parts = assemble_until(experiment, options.stop.cancel())?;
    let resolved = resolved_text(experiment, &parts);
    if let Some((folder, manifest)) = begin::finished(options, &resolved) {
        begin::check_results(&folder, &manifest)?;
        return Ok(finished(folder.path().to_path_buf(), manifest));
    }
    let _ = write!(gfn_text::stderr(), "{}", parts.warnings);
    parts.reward.prepare()?;
    let made = model_of(experiment, &parts)?;
    let sweeping = (!options.quiet).then(|| Work::endless("sweeping the environment"));
    let measurer = Measurer::new(&parts, &experiment.evaluation)?;
    drop(sweeping);
    let log_z = measurer.log_z();
    let mut manifest = begin::manifest(experiment, options, &resolved, &made, &parts.reward, log_z)?;

    // From here on there is something to save, and a folder to give back.
    let stop = &options.stop;
    stop.begins(Answer::save_after("the run", "update"));
    let (folder, fresh) = begin::folder(experiment, options)?;
    manifest.generation = folder.writer()?.generation();
    let earlier = begin::earlier_files(&folder);
    manifest.files = Some(begin::never_written_again(&earlier));
    let begun = match fresh {
        true => Begun::default(),
        false => Begun::find(&folder, options, experiment, &mut manifest, &resolved)?,
    };
    tell(&begun.warnings);
    let record = Record {
        manifest: manifest.clone(),
        resolved: resolved.clone(),
    };
    let checkpoint = begun.checkpoint.as_ref();
    let model = made.model;
    let mut session = Session::new(
        experiment, &parts, model, measurer, &folder, stop, record, checkpoint,
    )
    .map_err(|error| error.after(&begun.changes))?;
    if let Some(checkpoint) = checkpoint.filter(|_| !begun.changes.is_empty()) {
        accepted::write(&folder, checkpoint, &manifest, &resolved)?;
    }
    if fresh {
        folder.write(names::RESOLVED, resolved.as_bytes())?;
        folder.write(names::ORIGINS, origins_text(experiment, &parts).as_bytes())?;
        manifest.files = Some(begin::never_written_again(&folder.written()));
        folder.write_manifest(&manifest)?;
    } else {
        begin::replace_experiment(&folder, &mut manifest, &resolved)?;
    }
    // Only now is what was consented to on the disk.
    tell(begun.from.iter().filter(|_| !options.quiet));
    logging.open(&folder)?;
    session.open(options.quiet)?;
    session.look_back();
    let (step, seed) = (session.trainer.steps(), experiment.top.seed);
    tracing::info!(
        name = experiment.top.name,
        seed,
        device = manifest.device,
        step,
        precision = manifest.precision,
        determinism = manifest.determinism,
        "started"
    );
    train(session, &folder, manifest, earlier, experiment.training.steps)
}

/// Trains, and writes down how it ended.
fn train(
    mut session: Session<'_>,
    folder: &RunFolder,
    mut manifest: Manifest,
    earlier: Records,
    steps: u64,
) -> Result<Outcome, RunError> {
    let result = session.train();
    session
        .observers
        .iter_mut()
        .for_each(|observer| observer.on_end());
    // Whatever happened, the weights of the last good update are kept; the first error is the one to tell.
    let kept = session.keep_weights().and(session.wait_for_saves());
    let result = result.and_then(|ended| kept.map(|()| ended));
    manifest.steps = session.trainer.steps();
    manifest.warnings = session.warnings().to_vec();
    manifest.seconds = Some(session.seconds());
    manifest.training_seconds = Some(session.counters.training_seconds);
    manifest.phases = Some(session.trainer.phases);
    if session.counters.measured.is_some() {
        manifest.before = Some(session.counters.before.clone());
    }
    let path = folder.path().to_path_buf();
    // The last lines of the log come before the manifest, which has its hash.
    match &result {
        Ok(Ended::Finished(_)) => tracing::info!(seconds = manifest.seconds, "finished"),
        Ok(Ended::Saved) => tracing::info!(step = manifest.steps, "saved"),
        Err(error) => tracing::error!(error = %error, "failed"),
    }
    manifest.resolved_before = None;
    if let Ok(files) = session.files() {
        manifest.files = Some(earlier.into_iter().chain(files).collect());
    }
    match result {
        Ok(Ended::Finished(after)) => {
            manifest.status = Status::Finished;
            manifest.after = Some(*after);
            folder.write_manifest(&manifest)?;
            Ok(finished(path, manifest))
        }
        Ok(Ended::Saved) => {
            manifest.status = Status::Saved;
            folder.write_manifest(&manifest)?;
            Ok(Outcome::Saved {
                folder: path,
                step: manifest.steps,
                steps,
            })
        }
        Err(error) => {
            manifest.status = Status::Failed;
            manifest.error = Some(error.to_string());
            // The run's own error is worth more than a second one about the manifest.
            let _ = folder.write_manifest(&manifest);
            Err(error)
        }
    }
}

fn finished(folder: PathBuf, manifest: Manifest) -> Outcome {
    Outcome::Finished(Box::new(Finished {
        folder,
        before: manifest.before.unwrap_or_default(),
        after: manifest.after.unwrap_or_default(),
        training_seconds: manifest.training_seconds.unwrap_or_default(),
    }))
}

fn tell<'a>(notes: impl IntoIterator<Item = &'a String>) {
    let mut stderr = gfn_text::stderr();
    for note in notes {
        let _ = writeln!(stderr, "{note}");
    }
}

/// A fresh model, and how its process was set up.
pub(crate) struct PreparedModel {
    pub(crate) model: Model,
    pub(crate) device: device::Device,
    pub(crate) level: Determinism,
}

/// A fresh model where and as the experiment says; sets up the process for it: device, precision, determinism, threads.
pub(crate) fn model_of(experiment: &Experiment, parts: &Assembled) -> Result<PreparedModel, RunError> {
    let hardware = &experiment.hardware;
    let device = device::find(&hardware.device)?;
    let level = determinism::set_up(&hardware.device, device, hardware.precision, hardware.determinism)?;
    device::rest_between_products(hardware.threads);
    device::set_threads(hardware.threads);
    let compute = Compute {
        device,
        precision: hardware.precision,
    };
    let model = Model::new(
        &parts.model,
        parts.environment.spec(),
        experiment.top.seed,
        compute,
    )?;
    Ok(PreparedModel { model, device, level })
}

/// The experiment as a file that runs again, every default filled in.
pub fn resolved_text(experiment: &Experiment, parts: &Assembled) -> String {
    let table = experiment.to_table(parts.loss.needs());
    toml::to_string(&table).expect("an experiment is a table of plain values")
}

/// The same with a comment behind each value that says where it comes from.
pub fn origins_text(experiment: &Experiment, parts: &Assembled) -> String {
    let table = experiment.to_table(parts.loss.needs());
    with_origins(&table, &experiment.tree, &[("gfn", "this program")])
}
