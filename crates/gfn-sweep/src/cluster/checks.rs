//! What is wrong with what a file says about clusters.

use gfn_cluster::Wrong;
use gfn_config::Problem;
use gfn_registry::Experiment;
use gfn_registry::sweep::{Launcher, Sweep};

use crate::plan::place;

/// All mistakes, each at its place in the file.
pub(crate) fn problems(base: &Experiment, sweep: &Sweep) -> Vec<Problem> {
    let engines = [
        ("slurm", sweep.slurm.as_ref().map(|slurm| slurm.wrong())),
        ("command", sweep.command.as_ref().map(|command| command.wrong())),
        (
            "kubernetes",
            sweep.kubernetes.as_ref().map(|kubernetes| kubernetes.wrong()),
        ),
    ];
    let mut found = Vec::new();
    for (engine, wrong) in engines {
        found.extend(
            wrong
                .into_iter()
                .flatten()
                .map(|wrong| problem(base, engine, &wrong)),
        );
    }
    if sweep.launcher == Launcher::Command && sweep.command.is_none() {
        let message =
            "`sweep.launcher` is \"command\", but the file does not say which: it has no `[sweep.command]`";
        found.push(
            Problem::new(message)
                .at(&place(base, &["launcher"]))
                .help("write `[sweep.command]`, and under it `submit` and `index`"),
        );
    }
    found
}

fn problem(base: &Experiment, engine: &str, wrong: &Wrong) -> Problem {
    Problem::new(format!("`sweep.{engine}.{}` {}", wrong.key, wrong.message))
        .at(&place(base, &[engine, wrong.key]))
        .help(&wrong.help)
}
