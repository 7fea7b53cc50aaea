//! `gfn resolve`.

use gfn_config::with_origins;
use gfn_registry::assemble;
use gfn_runner::run::resolved_text;

use super::print;
use crate::args::ExperimentArgs;
use crate::exit::Failure;

pub(crate) fn resolve(args: &ExperimentArgs, origin: bool) -> Result<(), Failure> {
    let experiment = args.load()?;
    let parts = assemble(&experiment)?;
    let text = if origin {
        let table = experiment.to_table(parts.loss.needs());
        with_origins(&table, &experiment.tree, &[("gfn", "this program")])
    } else {
        resolved_text(&experiment, &parts)
    };
    print(&text)
}
