//! `gfn dock`.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use gfn_input::is_ours;
use gfn_record::docked::is_table;
use gfn_record::number::with_decimals;
use gfn_rewards::docking::check_cache;
use gfn_runner::dock::{self, BadLines, Candidate, DockError, DockingError, Options, Receptor, Table};
use gfn_runner::signals::{Answer, Stop};
use gfn_text::{quoted, shortened};

use super::print;
use crate::args::DockArgs;
use crate::exit::Failure;
use crate::output;

/// The head of a table has at most so many bytes.
const HEAD: usize = 4096;

/// Of the table, so many rows are shown.
const MOST: usize = 50;

pub(crate) fn dock(args: &DockArgs) -> Result<(), Failure> {
    let (is_run, damage) = (args.source.is_dir(), args.damage.damage());
    let of_run = is_run
        .then(|| dock::settings_of(&args.source, damage))
        .transpose()?;
    let params = args.params(of_run.flatten()).map_err(Failure::usage)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => place(args, is_run)?,
    };
    let named = params.cache_file.as_ref().map(PathBuf::from);
    let cache = named.unwrap_or_else(|| out.with_extension("energies.jsonl"));
    check_cache(&cache).map_err(|error| Failure::usage(format!("{error} with `--cache-file`")))?;
    let receptor = args.receptor(&params).map_err(Failure::usage)?;
    let candidates = match is_run {
        true => dock::best_of_run(
            &args.source,
            usize::try_from(args.top).unwrap_or(usize::MAX),
            damage,
        ),
        false => dock::of_file(&args.source),
    };
    let candidates = candidates.map_err(|error| match error {
        DockError::Lines(bad) => listed(bad, &out),
        other => other,
    })?;
    let notes = notes(&candidates, &receptor);
    let options = Options {
        receptor,
        out,
        poses: args.save_poses.clone(),
        quiet: args.quiet,
        stop: Stop::listen(Answer::Leave(
            "nothing was docked; the same command begins again".into(),
        ))
        .map_err(Failure::system("listen for signals"))?,
    };
    // Standard output is the table alone.
    let _ = gfn_text::stderr().write_all(notes.as_bytes());
    let table = dock::dock(candidates, &params, &options)?;
    let shown = options.out.display();
    if table.left > 0 {
        let (done, all) = (table.rows.len(), table.rows.len() + table.left);
        let text = format!("stopped: {done} of {all} are docked, {shown}; the same command goes on");
        return Err(Failure::saved(&text));
    }
    print(&format!("{}\n{shown}\n", text(&table)))
}

/// Bad lines, all of which are in a file beside the table, unless another file is there.
fn listed(bad: BadLines, out: &Path) -> DockError {
    let place = out.with_extension("rejected.csv");
    let words = ("a list of bad lines", "name the table to write with `--out`");
    let is_free = output::may_replace(&place, HEAD, is_ours, words).is_ok();
    DockError::Lines(if is_free { dock::list(bad, &place) } else { bad })
}

/// What the user should know before anything is docked.
fn notes(candidates: &[Candidate], receptor: &Receptor) -> String {
    let mut notes: Vec<String> = receptor.warnings();
    let distinct: HashSet<&str> = candidates
        .iter()
        .map(|candidate| candidate.smiles.as_str())
        .collect();
    let repeated = candidates.len() - distinct.len();
    if repeated > 0 {
        notes.push(format!(
            "{repeated} of the {} molecules are equal to earlier ones; each is docked once, and every row is in the table",
            candidates.len()
        ));
    }
    let radicals: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| candidate.is_radical)
        .collect();
    if let Some(first) = radicals.first() {
        notes.push(format!(
            "{} of the {} molecules have unpaired electrons, the first {}; in brackets an atom has only the hydrogens that are written",
            radicals.len(),
            candidates.len(),
            quoted(&first.smiles)
        ));
    }
    notes.iter().map(|note| format!("warning: {note}\n")).collect()
}

/// Where the table goes unless somebody says where; a table of energies that is there is gone on with.
fn place(args: &DockArgs, is_run: bool) -> Result<PathBuf, Failure> {
    let path = match is_run {
        true => args.source.join("docked.csv"),
        false => args.source.with_extension("docked.csv"),
    };
    let words = (
        "a table of docked molecules",
        "name the table to write with `--out`",
    );
    output::may_replace(&path, HEAD, is_table, words).map_err(Failure::usage)?;
    Ok(path)
}

/// The table for people: best energies first.
fn text(table: &Table) -> String {
    let mut rows: Vec<_> = table.rows.iter().collect();
    rows.sort_by(|one, two| {
        let energy = |row: &dock::Row| row.energy.unwrap_or(f64::INFINITY);
        energy(one).total_cmp(&energy(two))
    });
    let cell = |value: Option<f64>| value.map_or("-".into(), |value| with_decimals(value, 3));
    let mut text = format!("{:>10}  {:>10}  {:>10}  molecule\n", "energy", "score", "reward");
    for row in rows.iter().take(MOST) {
        let why = row
            .failure
            .as_ref()
            .map(|why| format!("  ({why})"))
            .unwrap_or_default();
        let [energy, score, reward] = [row.energy, row.score, row.reward].map(cell);
        let name = row
            .name
            .as_ref()
            .map(|name| format!("  {}", shortened(name)))
            .unwrap_or_default();
        text += &format!(
            "{energy:>10}  {score:>10}  {reward:>10}  {}{name}{why}\n",
            row.smiles
        );
    }
    if rows.len() > MOST {
        text += &format!("… and {} more\n", rows.len() - MOST);
    }
    text + &summary(table)
}

fn summary(table: &Table) -> String {
    let energies: Vec<f64> = table.rows.iter().filter_map(|row| row.energy).collect();
    let mut text = format!("\n{} of {} docked", energies.len(), table.rows.len());
    if !energies.is_empty() {
        let mean = energies.iter().sum::<f64>() / energies.len() as f64;
        text += &format!(", mean energy {} kcal/mol", with_decimals(mean, 3));
    }
    if let Some((plain, of_ranks)) = table.correlation() {
        text += &format!("; correlation of score and reward {plain:.3}, of their ranks {of_ranks:.3}");
    }
    text + "\n"
}

impl From<DockError> for Failure {
    fn from(error: DockError) -> Self {
        match error {
            DockError::Run(error) => (*error).into(),
            error if error.is_a_stop() => {
                Self::saved("stopped before the first molecule; the same command begins again")
            }
            DockError::Molecules(message) | DockError::Receptor(message) => Self::usage(message),
            DockError::Lines(bad) => Self::usage(bad.to_string()),
            DockError::Docking(error @ DockingError::Alike { .. }) => Self::usage(error.to_string()),
            DockError::Docking(error @ DockingError::Machine { .. }) => {
                Self::plugin(format!("{error}; the same command resumes"))
            }
            other => Self::failed(other),
        }
    }
}
