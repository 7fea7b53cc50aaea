//! `gfn resolve`.

use gfn_registry::assemble;
use gfn_runner::run::{origins_text, resolved_text};

use super::print_toml;
use crate::args::ExperimentArgs;
use crate::exit::Failure;

pub(crate) fn resolve(args: &ExperimentArgs, origin: bool) -> Result<(), Failure> {
    let experiment = args.load()?;
    let parts = assemble(&experiment)?;
    let text = if origin {
        origins_text(&experiment, &parts)
    } else {
        resolved_text(&experiment, &parts)
    };
    print_toml(&text)
}
