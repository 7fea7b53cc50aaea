//! A plugin's process: started, and ended whatever it does.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use super::{capture::Capture, end, environment, spawner};
use crate::error::Output;
use crate::options::{Options, Program};
use crate::protocol::Start;

/// How long a process that has closed its connection may take to end.
const TO_END: Duration = Duration::from_millis(200);

/// How long the guard of a process may take to end all that the plugin started.
const TO_CLEAN_UP: Duration = Duration::from_secs(1);

/// A process, which guards that of the plugin and ends as it ends, and what the plugin writes.
pub(super) struct Process {
    child: Child,
    capture: Capture,
    /// How it ended and its last lines, once it has.
    end: Option<(String, Output)>,
}

/// The ends of the process's standard input and output that it is given.
pub(super) struct Ends {
    pub(super) stdin: OwnedFd,
    /// Captured like its errors where absent.
    pub(super) stdout: Option<OwnedFd>,
}

impl Process {
    /// Starts `gfn-plugin-host` for a plugin.
    pub(super) fn start(options: &Options, start: &Start, ends: Ends) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(&options.host);
        command.arg(serde_json::to_string(start)?);
        command
            .env_clear()
            .envs(environment::of(&start.confinement, std::env::vars_os()));
        if let Program::Command { folder, .. } = &options.program {
            command.current_dir(folder);
        }
        let stdout = match ends.stdout {
            Some(stdout) => Stdio::from(stdout),
            None => Stdio::from(writer.try_clone()?),
        };
        command.stdin(ends.stdin).stdout(stdout).stderr(writer);
        let capture = Capture::start(reader, &options.name, options.log.clone())?;
        let child = spawner::spawn(command)?;
        Ok(Self {
            child,
            capture,
            end: None,
        })
    }

    /// Kills it if it still runs: how it ended, and its last lines.
    pub(super) fn kill(&mut self) -> (String, Output) {
        self.end_within(Duration::ZERO)
    }

    /// Waits a moment for a process that has closed its connection, which mostly means that it died.
    pub(super) fn lost(&mut self) -> (String, Output) {
        self.end_within(TO_END)
    }

    /// Waits for a process that was told to end, so long at most.
    pub(super) fn close(&mut self, patience: Duration) {
        self.end_within(patience);
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some() || has_ended(self.id())
    }

    fn id(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn end_within(&mut self, patience: Duration) -> (String, Output) {
        if let Some(end) = &self.end {
            return end.clone();
        }
        let ended = ended_within(self.id(), patience);
        // Before it is waited for, because its number is free for others afterwards.
        if let Some(id) = self.id().filter(|_| !ended) {
            // It ends all that the plugin started, and then itself.
            let _ = kill_process(id, Signal::TERM);
            ended_within(Some(id), TO_CLEAN_UP);
            let _ = kill_process_group(id, Signal::KILL);
        }
        // It may not have come to the point where it has a group.
        let _ = self.child.kill();
        let status = self.child.wait();
        let how = match status {
            Ok(status) if ended => end::in_words(status),
            _ => "closed its connection".to_string(),
        };
        let end = (how, Output(self.capture.finish()));
        self.end.insert(end).clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a process has ended; it stays to be waited for.
fn has_ended(id: Option<Pid>) -> bool {
    let Some(id) = id else { return true };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(id), options), Ok(None))
}

fn ended_within(id: Option<Pid>, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    let mut pause = Duration::from_micros(50);
    while !has_ended(id) {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
    true
}
