//! A program that is run to its end, or to the end of our patience.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// The longest pause between two looks at a program.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// How a program ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Status(ExitStatus),
    /// It was killed at the deadline.
    Late,
    /// It was killed because somebody asked for it.
    Stopped,
}

/// Runs a program in a process group of its own until it ends, the deadline, or until `stop` says so; whatever of its
/// group is left then is killed.
pub(crate) fn run(mut command: Command, deadline: Instant, stop: &dyn Fn() -> bool) -> io::Result<End> {
    command.stdin(Stdio::null()).process_group(0);
    let mut group = Group(command.spawn()?);
    let mut pause = Duration::from_micros(500);
    loop {
        if group.has_ended() {
            group.kill();
            return group.0.wait().map(End::Status);
        }
        if stop() {
            return Ok(End::Stopped);
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(End::Late);
        }
        std::thread::sleep(pause.min(deadline - now));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A process and its group, which end with this.
struct Group(Child);

impl Group {
    fn id(&self) -> Option<Pid> {
        Pid::from_raw(self.0.id().cast_signed())
    }

    /// Whether the process has ended; it stays to be waited for.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let state = self.id().map(|id| waitid(WaitId::Pid(id), options));
        !matches!(state, Some(Ok(None)))
    }

    /// Before the process is waited for, because its number is free for others afterwards.
    fn kill(&self) {
        if let Some(id) = self.id() {
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Once it was waited for, there is nothing left to end.
        if matches!(self.0.try_wait(), Ok(None)) {
            self.kill();
            let _ = self.0.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(300)
    }

    #[test]
    fn a_program_ends_by_itself_or_is_ended() {
        let far = Instant::now() + Duration::from_secs(600);
        let ended = run(shell("exit 3"), far, &|| false).unwrap();
        assert!(
            matches!(ended, End::Status(status) if status.code() == Some(3)),
            "{ended:?}"
        );
        assert!(matches!(
            run(shell("sleep 600"), soon(), &|| false).unwrap(),
            End::Late
        ));
        assert!(matches!(
            run(shell("sleep 600"), far, &|| true).unwrap(),
            End::Stopped
        ));
        assert!(run(Command::new("/no/such/program"), far, &|| false).is_err());
    }

    #[test]
    fn what_it_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        let script = format!("sleep 600 & echo $! > '{}'; wait", path.display());
        assert!(matches!(
            run(shell(&script), soon(), &|| false).unwrap(),
            End::Late
        ));
        let id: i32 = std::fs::read_to_string(path).unwrap().trim().parse().unwrap();
        // It may be a zombie for a moment, until the system's first process has taken notice.
        let state = || std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let is_gone = (0..1000).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            let state = state();
            state.is_empty() || state.contains(") Z ")
        });
        assert!(is_gone, "{}", state());
    }
}
