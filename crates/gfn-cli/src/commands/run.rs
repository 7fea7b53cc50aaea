//! `gfn run`.

use std::path::PathBuf;

use gfn_registry::Experiment;
use gfn_runner::run::{Options, run as run_experiment};

use super::print;
use crate::args::ExperimentArgs;
use crate::exit::Failure;
use crate::table::figures;

pub(crate) fn run(args: &ExperimentArgs, out: Option<PathBuf>, quiet: bool) -> Result<(), Failure> {
    let experiment = Experiment::load(&args.file, &args.all_sets())?;
    let options = Options {
        out,
        quiet,
        file: args.file.display().to_string(),
    };
    let finished = run_experiment(&experiment, &options)?;
    let mut text = figures(&[("untrained", &finished.before), ("trained", &finished.after)]);
    text += &format!(
        "\n{} (trained in {:.1} s)\n",
        finished.folder.display(),
        finished.training_seconds
    );
    print(&text)
}
