//! `gfn report`, and the page that a run leaves at its end.

use std::io::Write;
use std::path::{Path, PathBuf};

use gfn_record::durable;
use gfn_record::folder::names;
use gfn_registry::catalogue::catalogue;
use gfn_report::{Component, Run, Sweep, figures, page, page_of_sweep};
use gfn_runner::work::Work;

use super::print;
use crate::exit::Failure;

pub(crate) fn report(runs: &[PathBuf], out: Option<&Path>, pictures: Option<&Path>) -> Result<(), Failure> {
    if let [only] = runs
        && Sweep::is_at(only)
    {
        return sweep(only, out, pictures);
    }
    if let Some(folder) = runs.iter().find(|folder| Sweep::is_at(folder)) {
        let message = format!(
            "{} is a sweep, which gets a report of its own; give its folder alone",
            folder.display()
        );
        return Err(Failure::usage(message));
    }
    let mut work = Work::new("reading runs", runs.len() as u64);
    let read = runs.iter().map(|run| {
        work.did(1);
        Run::read(run).map_err(Failure::failed)
    });
    let read: Vec<Run> = read.collect::<Result<_, _>>()?;
    drop(work);
    if let Some(folder) = pictures {
        return leave_figures(&read, folder);
    }
    write(&page(&read, &known()), runs, out)
}

/// The page of a sweep.
fn sweep(folder: &Path, out: Option<&Path>, pictures: Option<&Path>) -> Result<(), Failure> {
    let sweep = Sweep::read(folder).map_err(Failure::failed)?;
    let best = sweep.best_runs();
    match pictures {
        Some(pictures) => leave_figures(&best, pictures),
        None => write(
            &page_of_sweep(&sweep, &best, &known()),
            &[folder.to_path_buf()],
            out,
        ),
    }
}

/// Writes a page where it is wanted, and says where that is.
fn write(text: &str, runs: &[PathBuf], out: Option<&Path>) -> Result<(), Failure> {
    let path = match (out, runs) {
        (Some(out), _) if out == Path::new("-") => return print(text),
        (Some(out), _) => out.to_path_buf(),
        (None, [run]) => run.join(names::REPORT),
        (None, _) => PathBuf::from(names::REPORT),
    };
    std::fs::write(&path, text).map_err(Failure::system(format!("write `{}`", path.display())))?;
    print(&format!("{}\n", path.display()))
}

/// Writes the pictures of the page as files.
fn leave_figures(runs: &[Run], folder: &Path) -> Result<(), Failure> {
    let wrong = |path: &Path, error| Failure::system(format!("write `{}`", path.display()))(error);
    std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
    for figure in figures(runs) {
        let path = folder.join(format!("{}.svg", figure.name));
        std::fs::write(&path, figure.svg).map_err(|error| wrong(&path, error))?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Leaves the page of a run in its folder, and returns where. A run is not worth less without its page, so that a failure is a
/// warning.
pub(crate) fn leave(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(names::REPORT);
    let aside = folder.join(format!(".{}.part", names::REPORT));
    let made = Run::read(folder)
        .map_err(|error| error.to_string())
        .and_then(|run| {
            let text = page(&[run], &known());
            durable::write(&aside, &path, text.as_bytes()).map_err(|error| error.to_string())
        });
    match made {
        Ok(()) => Some(path),
        Err(error) => {
            let _ = writeln!(gfn_text::stderr(), "warning: no {}: {error}", names::REPORT);
            None
        }
    }
}

/// What the program knows of its components.
fn known() -> Vec<Component> {
    let component = |described: gfn_registry::catalogue::Described| Component {
        section: described.section.into(),
        name: described.name.into(),
        purpose: described.text.purpose().into(),
        references: described.text.references,
    };
    catalogue().into_iter().map(component).collect()
}
