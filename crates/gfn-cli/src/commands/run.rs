//! `gfn run` and `gfn resume`.

use std::path::PathBuf;

use gfn_record::folder::{RunFolder, names};
use gfn_registry::Experiment;
use gfn_runner::RunError;
use gfn_runner::run::{Options, Outcome, run as run_experiment};
use gfn_runner::signals::{Answer, Stop};

use super::{print, report};
use crate::args::{ExperimentArgs, GoingArgs};
use crate::exit::Failure;
use crate::table::figures;

/// What a stop leaves before the first update.
const NOT_BEGUN: &str = "nothing was trained since the command was given; the same command goes on";

pub(crate) fn run(args: &ExperimentArgs, out: Option<PathBuf>, going: &GoingArgs) -> Result<(), Failure> {
    let experiment = args.load()?;
    go(&experiment, out, args.file.display().to_string(), going)
}

pub(crate) fn resume(run: PathBuf, sets: &[String], going: &GoingArgs) -> Result<(), Failure> {
    let folder = RunFolder::open(&run).map_err(RunError::from)?;
    let experiment = Experiment::load(&folder.file(names::RESOLVED), sets)?;
    let file = folder.manifest().map(|manifest| manifest.experiment);
    go(&experiment, Some(run), file.unwrap_or_default(), going)
}

fn go(experiment: &Experiment, out: Option<PathBuf>, file: String, going: &GoingArgs) -> Result<(), Failure> {
    // Before signals are listened to: what came until then would be forgotten by the program's second start.
    gfn_runner::rest_between_products(experiment.hardware.threads);
    let options = Options {
        out,
        file,
        quiet: going.quiet,
        accept_changes: going.accept_changes,
        begin_again: going.begin_again,
        takeover: going.takeover,
        stop: Stop::listen(Answer::Leave(NOT_BEGUN.into()))
            .map_err(Failure::system("listen for signals"))?
            .at(going.stop_at),
    };
    let outcome = match run_experiment(experiment, &options) {
        Err(error) if options.stop.is_asked() && error.may_be_a_stop() => {
            return Err(Failure::saved(&format!("stopped: {NOT_BEGUN}")));
        }
        outcome => outcome?,
    };
    match outcome {
        Outcome::Finished(finished) => {
            let mut text = figures(&[("untrained", &finished.before), ("trained", &finished.after)]);
            let (folder, seconds) = (finished.folder.display(), finished.training_seconds);
            text += &format!("\n{folder} (trained in {seconds:.1} s)\n");
            options.stop.ends(format!(
                "the run is finished; `gfn report {folder}` makes its page"
            ));
            // A stop that was asked for in the last moment has saved the run already.
            let wants_page = !going.no_report && !options.stop.is_asked();
            if let Some(page) = wants_page.then(|| report::leave(&finished.folder)).flatten() {
                text += &format!("report: {}\n", page.display());
            }
            print(&text)
        }
        Outcome::Saved { folder, step, steps } => Err(Failure::saved(&format!(
            "saved after update {step} of {steps}; resume with `gfn resume {}`",
            folder.display()
        ))),
    }
}
