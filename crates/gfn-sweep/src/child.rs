//! A trial's process: `gfn run` on the trial's experiment.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gfn_record::folder::FolderError;
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

/// How a process ended.
pub(crate) enum Exit {
    Code(i32),
    Signal(String),
}

/// Starts the process of a claimed trial, which ends with this one.
pub(crate) fn start(claim: &Claim, share: &Share) -> Result<Child, SweepError> {
    let log = claim.folder.join(names::LOG);
    let open = || OpenOptions::new().create(true).append(true).open(&log);
    let said = open().and_then(|file| Ok((file.try_clone()?, file)));
    let (out, err) = said.map_err(|error| FolderError::Io {
        path: log.clone(),
        error,
    })?;
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
    command
        .spawn()
        .map_err(|error| SweepError::Start { program, error })
}

fn is_a_setting(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with("GFN__")
}

/// Waits for a process. Once a stop is asked for, or `is_off` says so, it is asked to save.
pub(crate) fn wait(
    child: &mut Child,
    stop: &Stop,
    mut is_off: impl FnMut() -> bool,
) -> std::io::Result<Exit> {
    let mut is_asked = false;
    let mut glances = 0u32;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(match status.code() {
                Some(code) => Exit::Code(code),
                None => Exit::Signal(status.to_string()),
            });
        }
        glances = glances.wrapping_add(1);
        // The folder is looked at twice a second, the process more often.
        let is_off = glances.is_multiple_of(25) && is_off();
        if !is_asked && (stop.is_asked() || is_off) {
            is_asked = true;
            ask_to_save(child);
        }
        std::thread::sleep(GLANCE);
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

/// The last line that a trial's processes said.
pub(crate) fn last_words(folder: &Path) -> Option<String> {
    let bytes = std::fs::read(folder.join(names::LOG)).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let error = lines.iter().rev().find_map(|line| line.strip_prefix("error: "));
    error.or(lines.last().copied()).map(str::to_string)
}
