//! A program that is run to its end, or to the end of our patience.

use std::cell::Cell;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::load::waited;

/// The longest pause between two looks at a program.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// On a loaded machine, the time limit is extended by what a program waited for a processor, to so many times itself.
const MAX_EXTENSION: u32 = 4;

/// How a program ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Status(ExitStatus),
    /// It was killed at the deadline, having had its time.
    Late,
    /// It was killed long after the deadline: most of that time it waited for a processor.
    Starved,
    /// It was killed because somebody asked for it.
    Stopped,
}

/// Runs a program in a process group of its own until it ends, the deadline, or until `stop` says so; whatever of its
/// group is left then is killed. The deadline moves by what the program waits for a processor.
pub(crate) fn run(
    mut command: Command,
    deadline: &Cell<Instant>,
    stop: &dyn Fn() -> bool,
) -> io::Result<End> {
    command.stdin(Stdio::null()).process_group(0);
    let mut group = Group(command.spawn()?);
    let (first, began) = (deadline.get(), Instant::now());
    let last = first + first.saturating_duration_since(began) * MAX_EXTENSION;
    let extend = |group: &Group| {
        let waited = waited(group.0.id()).unwrap_or_default();
        deadline.set((first + waited).min(last));
    };
    let mut pause = Duration::from_micros(500);
    loop {
        if group.has_ended() {
            extend(&group);
            group.kill();
            return group.0.wait().map(End::Status);
        }
        if stop() {
            return Ok(End::Stopped);
        }
        let now = Instant::now();
        if now >= deadline.get() {
            extend(&group);
            if now >= last && last > first {
                return Ok(End::Starved);
            }
            if now >= deadline.get() {
                return Ok(End::Late);
            }
        }
        std::thread::sleep(pause.min(deadline.get() - now));
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

    fn soon() -> Cell<Instant> {
        Cell::new(Instant::now() + Duration::from_millis(300))
    }

    #[test]
    fn a_program_ends_by_itself_or_is_ended() {
        let far = &Cell::new(Instant::now() + Duration::from_secs(600));
        let ended = run(shell("exit 3"), far, &|| false).unwrap();
        assert!(
            matches!(ended, End::Status(status) if status.code() == Some(3)),
            "{ended:?}"
        );
        assert!(matches!(
            run(shell("sleep 600"), &soon(), &|| false).unwrap(),
            End::Late
        ));
        assert!(matches!(
            run(shell("sleep 600"), far, &|| true).unwrap(),
            End::Stopped
        ));
        assert!(run(Command::new("/no/such/program"), far, &|| false).is_err());
    }

    /// A program that shares its processor with three others needs four times as long, and is not late.
    #[test]
    fn waiting_for_a_processor_is_not_held_against_a_program() {
        let pinned = |script: &str| {
            let mut command = Command::new("taskset");
            command.args(["-c", "0", "sh", "-c", script]);
            command
        };
        let mut others: Vec<Child> = (0..3)
            .map(|_| pinned("while :; do :; done").spawn().unwrap())
            .collect();
        // Whose own time is a good part of the limit.
        let script = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done";
        let alone = Instant::now();
        let ended = run(
            pinned(script),
            &Cell::new(alone + Duration::from_secs(60)),
            &|| false,
        )
        .unwrap();
        let took = alone.elapsed();
        assert!(matches!(ended, End::Status(_)), "{ended:?}");
        let limit = Cell::new(Instant::now() + took / 2);
        let ended = run(pinned(script), &limit, &|| false).unwrap();
        for other in &mut others {
            other.kill().unwrap();
            other.wait().unwrap();
        }
        assert!(
            matches!(ended, End::Status(status) if status.success()),
            "{ended:?}"
        );
    }

    #[test]
    fn what_it_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        let script = format!("sleep 600 & echo $! > '{}'; wait", path.display());
        assert!(matches!(
            run(shell(&script), &soon(), &|| false).unwrap(),
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
