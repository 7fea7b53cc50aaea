//! A trial's process: `gfn run` on the trial's experiment.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use gfn_record::folder::{FolderError, LARGE};
use gfn_record::sweep::names;
use gfn_runner::signals::{PARENT, Stop};
use rustix::process::{Pid, Signal, kill_process};

use crate::SweepError;
use crate::board::Claim;

/// Between two looks at a process.
const GLANCE: Duration = Duration::from_millis(20);

/// What a trial's process is given of this machine.
#[derive(Clone, Debug)]
pub struct Share {
    /// The program that runs trials.
    pub program: PathBuf,
    /// The GPUs that it sees, as `CUDA_VISIBLE_DEVICES` names them; all where none is said.
    pub gpus: Option<String>,
    /// Threads of matrix products, where they are not as the experiment says.
    pub threads: Option<usize>,
    /// Threads of rewards, where they are not as the experiment says.
    pub reward_threads: Option<usize>,
}

/// How long a signal that ended the process of a trial may take to be heard of here as well: Ctrl-C goes to both.
const ECHO: Duration = Duration::from_millis(200);

/// How a process ended.
pub(crate) enum Exit {
    Code(i32),
    Signal(String),
    /// It was told to stop before it listened, or twice; what it had saved is there.
    Stopped,
}

/// The process of a trial.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    /// Where in the log its own words begin, after those of the attempts before.
    begins: u64,
}

/// Starts the process of a claimed trial, which ends with this one.
pub(crate) fn start(claim: &Claim, share: &Share) -> Result<Process, SweepError> {
    let log = claim.folder.join(names::LOG);
    let open = || gfn_files::append(&log);
    let said = open().and_then(|file| Ok((file.try_clone()?, file)));
    let io = |error| FolderError::Io {
        path: log.clone(),
        error,
    };
    let (out, err) = said.map_err(io)?;
    let begins = out.metadata().map_err(io)?.len();
    let mut command = Command::new(&share.program);
    command.arg("run").arg(claim.folder.join(names::SPEC));
    command.arg("--out").arg(claim.folder.join(names::RUN));
    command.args(["--quiet", "--no-report"]);
    if let Some(until) = claim.until {
        command.args(["--stop-at", &until.to_string()]);
    }
    if claim.takeover {
        command.arg("--takeover");
    }
    for (key, threads) in [
        ("threads", share.threads),
        ("reward_threads", share.reward_threads),
    ] {
        if let Some(threads) = threads {
            command.arg("--set").arg(format!("hardware.{key}={threads}"));
        }
    }
    // What is set in this process would be laid over the trial's experiment.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_a_setting(name)) {
        command.env_remove(name);
    }
    if let Some(gpus) = &share.gpus {
        command.env("CUDA_VISIBLE_DEVICES", gpus);
    }
    command.env(PARENT, std::process::id().to_string());
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let program = share.program.clone();
    let child = command
        .spawn()
        .map_err(|error| SweepError::Start { program, error })?;
    Ok(Process { child, log, begins })
}

fn is_a_setting(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with("GFN__")
}

impl Process {
    /// Waits for its end. Once a stop is asked for, or `is_off` says so, it is asked to save.
    pub(crate) fn wait(&mut self, stop: &Stop, mut is_off: impl FnMut() -> bool) -> std::io::Result<Exit> {
        let mut is_asked = false;
        let mut glances = 0u32;
        loop {
            if let Some(status) = self.child.try_wait()? {
                if !is_asked && status.signal().is_some() {
                    std::thread::sleep(ECHO);
                }
                return Ok(ending(status, is_asked || stop.is_asked()));
            }
            glances = glances.wrapping_add(1);
            // The folder is looked at twice a second, the process more often.
            let is_off = glances.is_multiple_of(25) && is_off();
            if !is_asked && (stop.is_asked() || is_off) {
                is_asked = true;
                ask_to_save(&self.child);
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// The last error that it told of; where it told of none but ended by itself, the last line that it said.
    pub(crate) fn last_words(&self, exit: &Exit) -> Option<String> {
        let bytes = gfn_files::read(&self.log, LARGE).ok()?;
        let text = String::from_utf8_lossy(bytes.get(usize::try_from(self.begins).ok()?..)?);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let error = lines.iter().rev().find_map(|line| line.strip_prefix("error: "));
        let last = match exit {
            Exit::Code(_) => lines.last().copied(),
            // It was not done with what it was saying.
            Exit::Signal(_) | Exit::Stopped => None,
        };
        error.or(last).map(str::to_string)
    }
}

/// How a process ended that may have been told to stop. One that is told before it listens is ended by the signal, and one that is
/// told twice ends at once, with 128 plus the signal's number: its trial did not fail.
fn ending(status: ExitStatus, is_told: bool) -> Exit {
    match status.code() {
        Some(code) if is_told && code > 128 => Exit::Stopped,
        Some(code) => Exit::Code(code),
        None if is_told => Exit::Stopped,
        None => Exit::Signal(status.to_string()),
    }
}

/// USR1 asks a run to save, however often it comes, whereas a second TERM would end it at once.
fn ask_to_save(child: &Child) {
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(process) = process {
        // It may just have ended.
        let _ = kill_process(process, Signal::USR1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_to_stop_did_not_fail() {
        let status = ExitStatus::from_raw;
        assert!(matches!(ending(status(10), true), Exit::Stopped));
        assert!(matches!(ending(status(9), false), Exit::Signal(_)));
        assert!(matches!(ending(status(143 << 8), true), Exit::Stopped));
        assert!(matches!(ending(status(1 << 8), true), Exit::Code(1)));
        assert!(matches!(ending(status(143 << 8), false), Exit::Code(143)));
    }

    #[test]
    fn only_the_words_of_this_attempt_count() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.txt");
        std::fs::write(&log, "error: long ago\nwarning: slow\n  |  ^^^\n").unwrap();
        let child = Command::new("true").spawn().unwrap();
        let mut process = Process {
            child,
            log,
            begins: 16,
        };
        process.child.wait().unwrap();
        assert_eq!(process.last_words(&Exit::Signal("signal: 9".into())), None);
        assert_eq!(process.last_words(&Exit::Code(1)).unwrap(), "|  ^^^");
        process.begins = 0;
        assert_eq!(
            process.last_words(&Exit::Signal("signal: 9".into())).unwrap(),
            "long ago"
        );
    }
}
