//! Whose fault it is that a program failed: the molecule's, which fails again wherever it is docked, or the machine's, which says
//! nothing of the molecule.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::Signal;

/// Of what a program printed, the longest piece that is repeated.
const LONGEST: usize = 200;

/// What programs, their libraries and the system say where memory, disk or files are wanting.
const OF_THE_MACHINE: [&str; 25] = [
    "bad_alloc",
    "out of memory",
    "insufficient memory",
    "not enough memory",
    "memory exhausted",
    "cannot allocate",
    "allocation failed",
    "no space left",
    "disk quota",
    "disk full",
    "file too large",
    "input/output error",
    "read-only file system",
    "stale file handle",
    "too many open files",
    "too many processes",
    "resource temporarily unavailable",
    "permission denied",
    "operation not permitted",
    "could not open",
    "cannot open",
    "no such file or directory",
    "error while loading shared libraries",
    "command not found",
    "failed to execute",
];

/// Signals that others send. A program that ends by another one, as by SIGSEGV, stumbled over its molecule.
const SENT: [Signal; 9] = [
    Signal::KILL,
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    Signal::ALARM,
    Signal::XCPU,
    Signal::XFSZ,
    Signal::BUS,
];

/// What follows from how a program ended that did not do its work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Completes a sentence about the molecule.
    Molecule(String),
    /// Completes a sentence about the machine.
    Machine(String),
}

/// Judges the end of a program, whose output is `said`.
pub(crate) fn of(program: &str, status: ExitStatus, said: &str) -> Fault {
    let signal = status.signal().or_else(|| {
        // A shell or a wrapper says so of what it started.
        status
            .code()
            .map(|code| code - 128)
            .filter(|signal| (1..65).contains(signal))
    });
    let words = words(program, said);
    let ended = match (status.signal(), status.code()) {
        (None, Some(0)) => format!("{program} wrote nothing"),
        _ => format!("{program} ended with {status}"),
    };
    if let Some(line) = machine_line(said) {
        return Fault::Machine(format!("{ended}: {line}"));
    }
    if matches!(status.code(), Some(126 | 127)) {
        return Fault::Machine(format!("{program} could not be started{words}"));
    }
    if signal.is_some_and(|signal| SENT.iter().any(|sent| sent.as_raw() == signal)) {
        return Fault::Machine(format!("{ended}, which something outside sent"));
    }
    Fault::Molecule(format!("{ended}{words}"))
}

/// The line, if any, by which a program blames the machine.
fn machine_line(said: &str) -> Option<String> {
    let lines = said.lines().map(str::trim);
    lines
        .filter(|line| {
            let line = line.to_lowercase();
            OF_THE_MACHINE.iter().any(|words| line.contains(words))
        })
        .map(plain)
        .next_back()
}

/// Whether a failure that an earlier version remembered was the machine's.
pub(crate) fn was_of_the_machine(reason: &str) -> bool {
    let is_sent = SENT
        .iter()
        .any(|sent| reason.contains(&format!("signal: {} ", sent.as_raw())));
    is_sent
        || machine_line(reason).is_some()
        || [
            "exit status: 126",
            "exit status: 127",
            "exit status: 137",
            "exit status: 143",
        ]
        .iter()
        .any(|status| reason.contains(status))
}

/// What a program said that tells something, as the end of a message.
fn words(program: &str, said: &str) -> String {
    let known = [
        ("internal error", "an internal error of the program"),
        (
            "not a valid AutoDock type",
            "it has an atom that AutoDock Vina has no type for",
        ),
        (
            "PDBQT parsing error",
            "AutoDock Vina cannot read the structure that Open Babel made",
        ),
        ("outside the grid box", "its structure lies outside the box"),
    ];
    let found = known.iter().find(|(theirs, _)| said.contains(theirs));
    if let Some((_, ours)) = found.filter(|_| program == "vina") {
        return format!(": {ours}");
    }
    let mut lines = said.lines().map(str::trim);
    let line = lines.rfind(|line| !is_chatter(line));
    line.map(|line| format!(": {}", plain(line))).unwrap_or_default()
}

/// What programs print whatever happens.
fn is_chatter(line: &str) -> bool {
    let starts = ["*", "#", "=", "Thank you", "AutoDock Vina v"];
    line.is_empty() || starts.iter().any(|start| line.starts_with(start)) || line.ends_with("converted")
}

/// A line without control characters, and not endless.
fn plain(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// Why the machine cannot be trusted with the folder in which a molecule failed; none where it can: a program on a full disk
/// mostly says nothing of it.
pub(crate) fn of_folder(folder: &Path) -> Option<String> {
    let write = || {
        let path = folder.join("probe");
        let mut file = std::fs::File::create(&path)?;
        file.write_all(&[b' '; 1 << 16])?;
        file.sync_data()?;
        std::fs::remove_file(&path)
    };
    let error = write().err()?;
    Some(format!("{} cannot be written: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    fn is_machine(status: ExitStatus, said: &str) -> bool {
        matches!(of("vina", status, said), Fault::Machine(_))
    }

    #[test]
    fn memory_disk_and_signals_are_the_machines() {
        for said in [
            "\n\nError: insufficient memory!\n",
            "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
            "obabel: No space left on device",
            "Error: could not open \"pose.pdbqt\" for writing.\n",
            "vina: error while loading shared libraries: libboost.so: cannot open shared object file",
        ] {
            assert!(is_machine(end(1), said), "{said}");
            assert!(is_machine(end(0), said), "{said}");
            assert!(
                was_of_the_machine(&format!("vina ended with exit status: 1: {said}")),
                "{said}"
            );
        }
        for signal in [9, 15, 1, 24, 25] {
            assert!(is_machine(ExitStatus::from_raw(signal), ""), "{signal}");
            assert!(is_machine(end(128 + signal), ""), "{signal}");
        }
        assert!(is_machine(end(127), "setpriv: failed to execute vina"));
        assert!(was_of_the_machine("obabel ended with signal: 9 (SIGKILL)"));
    }

    #[test]
    fn what_a_molecule_does_to_a_program_is_its_own() {
        for (status, said) in [
            (end(1), "atom type unknown"),
            (ExitStatus::from_raw(11), ""),
            (end(0), ""),
        ] {
            let Fault::Molecule(reason) = of("vina", status, said) else {
                panic!("{said}")
            };
            assert!(!was_of_the_machine(&reason), "{reason}");
        }
    }

    #[test]
    fn chatter_is_not_repeated() {
        let said = "AutoDock Vina v1.2.3\n * all command line options,\n\nThank you!\n";
        assert_eq!(
            of("vina", end(1), said),
            Fault::Molecule("vina ended with exit status: 1".into())
        );
        let said = "An internal error occurred in x.cpp(3)\n * options\nThank you!\n";
        let Fault::Molecule(reason) = of("vina", end(1), said) else {
            panic!("a molecule's")
        };
        assert!(reason.ends_with(": an internal error of the program"), "{reason}");
    }
}
