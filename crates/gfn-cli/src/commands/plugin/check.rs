//! `gfn plugin check`.

use std::path::Path;

use crate::args::PluginArgs;
use crate::exit::Failure;

pub(crate) fn check(_: &PluginArgs, _: Option<&Path>, _: bool) -> Result<(), Failure> {
    Err(Failure::failed("not yet"))
}
