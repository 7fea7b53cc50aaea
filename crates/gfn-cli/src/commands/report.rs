//! `gfn report`, and the page that a run leaves at its end.

use std::io::Write;
use std::path::{Path, PathBuf};

use gfn_record::durable;
use gfn_record::folder::names;
use gfn_registry::catalogue::catalogue;
use gfn_report::{Component, HEAD, figures, is_figure, is_page, is_page_of, page, page_of_sweep};
use gfn_runner::work::Work;
use gfn_runs::{Run, Sweep};

use super::print;
use crate::exit::Failure;
use crate::output;

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
    for (run, warning) in read
        .iter()
        .flat_map(|run| run.warnings().map(move |warning| (run, warning)))
    {
        let folder = run.folder.display();
        let _ = writeln!(gfn_text::stderr(), "warning: {folder}: {warning}");
    }
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
        (None, _) => place(runs)?,
    };
    output::write(&path, text.as_bytes())?;
    print(&format!("{}\n", path.display()))
}

/// Where a page goes unless somebody says where: into the folder of what it shows, or here where that is several runs. A page of the
/// same runs is replaced, and in a run's own folder any page.
fn place(runs: &[PathBuf]) -> Result<PathBuf, Failure> {
    let or = "name the file to write with `-o`";
    if let [run] = runs {
        let path = run.join(names::REPORT);
        output::may_replace(&path, HEAD, is_page, ("a page that gfn made", or)).map_err(Failure::usage)?;
        return Ok(path);
    }
    let path = PathBuf::from(names::REPORT);
    let is_of_these = |begin: &[u8]| is_page_of(begin, runs);
    output::may_replace(&path, HEAD, is_of_these, ("a page of these runs", or)).map_err(Failure::usage)?;
    Ok(path)
}

/// Writes the pictures of the page as files.
fn leave_figures(runs: &[Run], folder: &Path) -> Result<(), Failure> {
    let wrong = |path: &Path, error| Failure::system(format!("write `{}`", path.display()))(error);
    std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
    let files = figures(runs).into_iter();
    let files = files.map(|figure| (folder.join(format!("{}.svg", figure.name)), figure.svg));
    let files: Vec<(PathBuf, String)> = files.collect();
    for (path, _) in &files {
        let or = "name another folder with `--figures`";
        output::may_replace(path, HEAD, is_figure, ("a picture that gfn made", or))
            .map_err(Failure::usage)?;
    }
    for (path, svg) in files {
        output::write(&path, svg.as_bytes())?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Leaves the page of a run in its folder, and returns where. A run is not worth less without its page, so that a failure is a
/// warning.
pub(crate) fn leave(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(names::REPORT);
    let aside = folder.join(format!(".{}.part", names::REPORT));
    let or = "move it away, and `gfn report` makes the page";
    let made = output::may_replace(&path, HEAD, is_page, ("a page that gfn made", or))
        .and_then(|()| Run::read(folder).map_err(|error| error.to_string()))
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
