//! The process between gfn and a plugin: it keeps the plugin's processes together, counts them, and ends them all.
//!
//! ```text
//! gfn ── guard ── first process of the namespace ── plugin ── …
//! ```
//!
//! The guard runs no code of the plugin. Whatever a plugin starts ends with it, also after `setsid` and with all signals
//! ignored: the kernel ends a process namespace with its first process. Where there is no such namespace, orphans become
//! children of the guard, which ends them. The guard asks for SIGTERM when gfn dies, in whatever way.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, set_parent_process_death_signal,
    wait,
};

use serde::{Deserialize, Serialize};

use super::census::Census;
use super::namespaces::Namespaces;
use super::system::{self, Fork, Signals};
use super::threads;
use crate::packets::{self, Packets};
use crate::protocol::Start;

/// How often threads are counted where the kernel cannot have each new one wait.
const PERIOD: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// What the plugin's own process goes on with.
pub(super) struct Inside {
    pub(super) namespaces: Namespaces,
    guard: Packets,
}

/// What comes along with a packet to the guard.
#[derive(Serialize, Deserialize)]
enum Along {
    /// Nothing: the plugin's process is there.
    Nothing,
    /// The descriptor at which calls wait for an answer.
    Listener,
    /// A descriptor to keep open, so that the kernel does not forget what it stands for.
    Held,
}

impl Inside {
    /// Has the guard answer at `listener`.
    pub(super) fn send_listener(&self, listener: &OwnedFd) -> io::Result<()> {
        self.guard.send(&Along::Listener, &[listener.as_fd()])
    }

    /// Has the guard keep these open until the plugin has ended.
    pub(super) fn send_to_hold(&self, files: &[OwnedFd]) -> io::Result<()> {
        let send = |file: &OwnedFd| self.guard.send(&Along::Held, &[file.as_fd()]);
        files.iter().try_for_each(send)
    }
}

/// Runs `plugin` in a process of its own, and ends as it ended.
pub(super) fn watch(
    start: &Start,
    plugin: impl FnOnce(Inside) -> Result<(), String>,
) -> Result<ExitCode, String> {
    // Before there is another `/proc`, with other numbers.
    let census = Census::new(start).map_err(failed)?;
    let namespaces = Namespaces::enter(start.confinement.network).map_err(failed)?;
    super::start::end_with(start.parent)?;
    // An interrupt from the terminal is for gfn to handle.
    rustix::process::setsid().map_err(|error| failed(error.into()))?;
    // Kernels before 3.4 lack it.
    let _ = set_child_subreaper(Some(getpid()));
    let signals = Signals::block().map_err(failed)?;
    let (ours, theirs) = packets::pair().map_err(failed)?;
    let (told, tell) = io::pipe().map_err(failed)?;
    let has_first = namespaces.has_processes();
    match system::fork().map_err(failed)? {
        Fork::Child => {
            drop((ours, told, census, signals));
            match has_first {
                true => be_first(tell)?,
                false => drop(tell),
            }
            let guard = Packets::new(theirs);
            let inside = Inside { namespaces, guard };
            end_with_guard(&inside).map_err(failed)?;
            plugin(inside).map(|()| ExitCode::SUCCESS)
        }
        Fork::Parent(child) => {
            drop((theirs, tell));
            let mut guard = Guard {
                child: Some(child),
                census,
                signals,
                connection: Some(ours),
                listener: None,
                held: Vec::new(),
                told,
            };
            // The plugin's: whoever waits for their ends must see them.
            system::let_go_of_standard().map_err(failed)?;
            let status = guard.run();
            guard.end_all();
            Ok(system::end_as(status))
        }
    }
}

fn failed(error: io::Error) -> String {
    format!(
        "cannot keep watch over the plugin: {}",
        gfn_text::io_words(&error)
    )
}

/// Is the first process of a namespace: starts the plugin, in which alone this returns, buries orphans, and tells how the
/// plugin ended.
fn be_first(mut tell: io::PipeWriter) -> Result<(), String> {
    // The first process of a namespace cannot ignore it, because it comes from outside.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| failed(error.into()))?;
    let plugin = match system::fork().map_err(failed)? {
        Fork::Child => return Ok(()),
        Fork::Parent(plugin) => plugin,
    };
    // The rest is the plugin's, whose end of it must be seen.
    system::close_all_but(&tell);
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((id, status))) if id == plugin => {
                let _ = tell.write_all(&status.as_raw().to_ne_bytes());
                break;
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    system::end_copy()
}

/// Has this process die with its parent, and makes sure that the guard is still there.
fn end_with_guard(inside: &Inside) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The other end is closed if the guard died before that.
    inside.guard.send(&Along::Nothing, &[])?;
    rustix::process::setsid()?;
    system::unblock_signals()
}

struct Guard {
    /// The plugin, or the first process of its namespace, until it is buried.
    child: Option<Pid>,
    census: Census,
    signals: Signals,
    connection: Option<Packets>,
    listener: Option<OwnedFd>,
    /// Never read: the kernel would forget what they stand for.
    held: Vec<OwnedFd>,
    /// Where the first process tells how the plugin ended.
    told: io::PipeReader,
}

/// What happened.
struct Events {
    signal: bool,
    packet: bool,
    call: bool,
    /// No process is left that could call.
    nobody_calls: bool,
}

impl Guard {
    /// Waits until the plugin has ended, or until it is to be ended: how it ended, if it did.
    fn run(&mut self) -> Option<ExitStatus> {
        loop {
            let events = self.wait().ok()?;
            if events.packet {
                self.take_packet();
            }
            if events.call {
                self.answer();
            } else if events.nobody_calls {
                self.listener = None;
            }
            if events.signal {
                if self.signals.take().any(|signal| signal != libc::SIGCHLD) {
                    return None;
                }
                if let Some(status) = self.reap() {
                    return Some(status);
                }
            }
            if self.is_counting() && !self.child.is_none_or(|child| self.census.is_kept(child)) {
                let most = self.census.most();
                let _ = writeln!(
                    gfn_text::stderr(),
                    "gfn-plugin-host: the plugin has more than {most} threads and was ended; `max_threads` allows more"
                );
                return None;
            }
        }
    }

    /// Whether threads are counted from time to time, because the kernel does not have new ones wait.
    fn is_counting(&self) -> bool {
        self.listener.is_none() && self.connection.is_none()
    }

    fn wait(&self) -> io::Result<Events> {
        let packets = self.connection.as_ref().map(Packets::socket);
        let calls = self.listener.as_ref().map(AsFd::as_fd);
        let files = [Some(self.signals.as_fd()), packets, calls];
        let mut events: Vec<PollFd<'_>> = files
            .iter()
            .flatten()
            .map(|file| PollFd::from_borrowed_fd(*file, PollFlags::IN))
            .collect();
        match poll(&mut events, self.is_counting().then_some(&PERIOD)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut happened = events.iter().map(PollFd::revents);
        let [signal, packet, call] =
            files.map(|file| file.and_then(|_| happened.next()).unwrap_or(PollFlags::empty()));
        Ok(Events {
            signal: !signal.is_empty(),
            packet: !packet.is_empty(),
            call: call.contains(PollFlags::IN),
            nobody_calls: call.contains(PollFlags::HUP),
        })
    }

    fn take_packet(&mut self) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let Ok(Some((packet, files))) = connection.receive_with_files() else {
            self.connection = None;
            return;
        };
        match serde_json::from_slice(packet) {
            Ok(Along::Listener) => self.listener = files.into_iter().next(),
            _ => self.held.extend(files),
        }
    }

    fn answer(&mut self) {
        let (census, child) = (&mut self.census, self.child);
        let Some(listener) = &self.listener else { return };
        let has_room = |caller| child.is_some_and(|child| census.has_room(child, caller));
        match threads::answer(listener, has_room).map_err(|error| Errno::from_io_error(&error)) {
            // The caller was killed before its call was looked at.
            Ok(()) | Err(Some(Errno::NOENT | Errno::INTR)) => {}
            Err(_) => self.listener = None,
        }
    }

    /// How the plugin ended, if it has. Buries the orphans that have ended too.
    fn reap(&mut self) -> Option<ExitStatus> {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((id, status))) if Some(id) == self.child => {
                    self.child = None;
                    return Some(ExitStatus::from_raw(self.heard().unwrap_or(status.as_raw())));
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// What the first process told.
    fn heard(&mut self) -> Option<i32> {
        let mut status = [0; 4];
        self.told.read_exact(&mut status).ok()?;
        Some(i32::from_ne_bytes(status))
    }

    /// Ends whatever is left. Nothing new can be started meanwhile: that would wait for an answer.
    fn end_all(&mut self) {
        loop {
            for child in self.child.into_iter().chain(self.census.children()) {
                let _ = kill_process(child, Signal::KILL);
            }
            match wait(WaitOptions::empty()) {
                Ok(Some((id, _))) if Some(id) == self.child => self.child = None,
                Ok(_) | Err(Errno::INTR) => {}
                // Nobody is left.
                Err(_) => return,
            }
        }
    }
}
