//! `gfn sample` and `gfn eval`: what can be done with a run's policy.

use std::io::Write;
use std::path::Path;

use gfn_record::samples;
use gfn_runner::finished::{Damage, Loaded};
use gfn_text::Syntax;

use super::{print, print_in, print_json};
use crate::exit::Failure;
use crate::output;
use crate::table::figures;

/// Opens a run; says so where it is not finished.
fn open(run: &Path, sets: &[String], damage: Damage) -> Result<Loaded, Failure> {
    let loaded = Loaded::open(run, sets, damage)?;
    if loaded.steps() < loaded.all_steps() {
        let (steps, all) = (loaded.steps(), loaded.all_steps());
        let _ = writeln!(
            gfn_text::stderr(),
            "note: this run is not finished; this is the policy after update {steps} of {all}"
        );
    }
    Ok(loaded)
}

pub(crate) fn sample(
    run: &Path,
    count: usize,
    seed: u64,
    (out, json): (Option<&Path>, bool),
    sets: &[String],
    damage: Damage,
) -> Result<(), Failure> {
    let drawn = open(run, sets, damage)?.sample(count, seed)?;
    let mut bytes = Vec::new();
    let written = match json {
        true => samples::write_json(&mut bytes, &drawn),
        false => samples::write(&mut bytes, &drawn),
    };
    written.expect("memory can be written");
    match out {
        Some(path) => output::write(path, &bytes),
        None if json => print_in(Syntax::Json, &bytes),
        None => print_in(Syntax::Text, &bytes),
    }
}

pub(crate) fn eval(run: &Path, sets: &[String], json: bool, damage: Damage) -> Result<(), Failure> {
    let measured = open(run, sets, damage)?.measure()?;
    if json {
        let text = serde_json::to_string_pretty(&measured).expect("figures are plain data");
        return print_json(&(text + "\n"));
    }
    print(&figures(&[("trained", &measured)]))
}
