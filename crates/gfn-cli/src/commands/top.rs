//! `gfn top`: runs under way, in the terminal.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::print;
use super::show::{NOTHING, roots};
use crate::exit::Failure;

/// Columns and lines where there is no terminal whose size could be asked.
const PLAIN: (u16, u16) = (110, 44);

pub(crate) fn top(named: &[PathBuf]) -> Result<(), Failure> {
    let roots = roots(named);
    if roots.is_empty() {
        return Err(Failure::failed(format!(
            "there is nothing to watch here: {NOTHING}"
        )));
    }
    if std::io::stdout().is_terminal() {
        return gfn_top::watch(&roots).map_err(Failure::failed);
    }
    print(&gfn_top::snapshot(&roots, PLAIN).map_err(Failure::failed)?)
}
