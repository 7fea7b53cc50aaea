//! `gfn resolve`.

use gfn_registry::{Experiment, assemble};
use gfn_runner::run::resolved_text;

use super::print;
use crate::args::ExperimentArgs;
use crate::exit::Failure;

pub(crate) fn resolve(args: &ExperimentArgs) -> Result<(), Failure> {
    let experiment = Experiment::load(&args.file, &args.all_sets())?;
    let parts = assemble(&experiment)?;
    print(&resolved_text(&experiment, &parts))
}
