//! `gfn top`: runs under way, in the terminal.

use std::path::PathBuf;

use gfn_runs::summary::find_sweeps;
use gfn_top::{Snapshot, TopError};
use serde_json::{Value, json};

use super::show::{NOTHING, found, of_found, of_run, roots};
use super::{print, print_json};
use crate::exit::Failure;

pub(crate) fn top(named: &[PathBuf], json: bool) -> Result<(), Failure> {
    let roots = roots(named);
    if json {
        let all = values(&roots).map_err(Failure::failed)?;
        let text = serde_json::to_string_pretty(&all).expect("summaries are plain data");
        return print_json(&(text + "\n"));
    }
    if roots.is_empty() {
        return Err(Failure::failed(format!("no runs to watch here: {NOTHING}")));
    }
    if gfn_text::stdout_is_terminal() {
        return gfn_top::watch(&roots).map_err(Failure::failed);
    }
    print(&Snapshot::into(&roots).map_err(Failure::failed)?.text())
}

/// Runs, each with its newest update, and sweeps; where there are none, an empty list.
fn values(roots: &[PathBuf]) -> Result<Vec<Value>, TopError> {
    let look = match Snapshot::into(roots) {
        Err(TopError::NoRun(_)) => return Ok(Vec::new()),
        look => look?,
    };
    let runs = look.runs().map(|(run, last)| {
        let mut value = of_run(&run);
        value["last"] = json!(last);
        value
    });
    let sweeps = roots.iter().flat_map(|root| find_sweeps(root));
    let sweeps = sweeps.map(|folder| of_found(&found(folder)));
    Ok(runs.chain(sweeps).collect())
}
