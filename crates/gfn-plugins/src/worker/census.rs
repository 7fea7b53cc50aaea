//! Counts the threads of a plugin's processes.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use rustix::process::{Pid, getpid};

use crate::protocol::Start;

/// The most bytes of a file in `/proc` that are read.
const LONGEST: u64 = 1 << 16;

/// How long a call waits for others that were let through before, where they may take the last room.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_micros(100);

/// Counts by the `/proc` that was there first, which knows the guard's own children.
pub(super) struct Census {
    proc: OwnedFd,
    most: u32,
    counts_processes: bool,
    /// Calls that were let through, and whose threads may not be there yet.
    granted: Vec<AllowedCall>,
}

/// A call that was let through.
struct AllowedCall {
    /// The thread that made it.
    caller: Pid,
    /// How long that had run outside of the kernel by then.
    user_time: u64,
}

/// What `/proc` says of a process, or of a thread.
struct Entry {
    state: u8,
    parent: Option<Pid>,
    user_time: u64,
    threads: u32,
}

impl Census {
    /// For the plugin that `start` describes.
    pub(super) fn new(start: &Start) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::PATH | OFlags::CLOEXEC;
        Ok(Self {
            proc: openat(CWD, "/proc", flags, Mode::empty())?,
            most: start.max_threads,
            counts_processes: start.confinement.programs,
            granted: Vec::new(),
        })
    }

    /// The most threads that there may be.
    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// Whether there may be one thread more, which the thread `caller` wants to start. What cannot be counted has no room.
    pub(super) fn has_room(&mut self, child: Pid, caller: u32) -> bool {
        let Some(caller) = Pid::from_raw(caller.cast_signed()) else {
            return false;
        };
        // Its last call is over, since it makes another one.
        self.granted.retain(|granted| granted.caller != caller);
        let until = Instant::now() + PATIENCE;
        loop {
            // Before they are counted: what is over by now is among them.
            let open = self.granted.len() as u32;
            let Some(threads) = self.threads(child, caller) else {
                return false;
            };
            if threads.saturating_add(open) < self.most {
                return self.grant(caller);
            }
            if threads >= self.most {
                return false;
            }
            let granted = std::mem::take(&mut self.granted);
            self.granted = granted
                .into_iter()
                .filter(|granted| self.is_open(granted))
                .collect();
            if self.granted.len() as u32 == open {
                if Instant::now() >= until {
                    return false;
                }
                std::thread::sleep(PAUSE);
            }
        }
    }

    fn grant(&mut self, caller: Pid) -> bool {
        let Some(Entry { user_time, .. }) = self.thread(caller) else {
            return false;
        };
        self.granted.push(AllowedCall { caller, user_time });
        true
    }

    /// Whether a call that was let through may not be over yet. While it is not, its thread neither sleeps in a way that a
    /// signal ends, nor runs outside of the kernel.
    fn is_open(&self, granted: &AllowedCall) -> bool {
        self.thread(granted.caller)
            .is_some_and(|now| matches!(now.state, b'R' | b'D') && now.user_time == granted.user_time)
    }

    fn threads(&self, child: Pid, caller: Pid) -> Option<u32> {
        match self.counts_processes {
            true => self.total(child),
            // Of a thread this tells about its process, which is the only one.
            false => self.entry(caller).map(|entry| entry.threads),
        }
    }

    /// Whether there are no more threads than there may be.
    pub(super) fn is_kept(&self, child: Pid) -> bool {
        self.total(child).is_none_or(|threads| threads <= self.most)
    }

    /// The children of this process.
    pub(super) fn children(&self) -> Vec<Pid> {
        self.children_of(getpid())
    }

    /// Threads of a process and of all that it started.
    fn total(&self, root: Pid) -> Option<u32> {
        let mut total = self.entry(root)?.threads;
        let mut left = self.children_of(root);
        while let Some(next) = left.pop() {
            // One that has ended meanwhile has none.
            total = total.saturating_add(self.entry(next).map_or(0, |entry| entry.threads));
            left.extend(self.children_of(next));
            if total > self.most.saturating_mul(2) {
                break;
            }
        }
        Some(total)
    }

    fn children_of(&self, parent: Pid) -> Vec<Pid> {
        let threads = self.numbers(&format!("{parent}/task"));
        let lists = threads
            .iter()
            .map(|thread| self.read(&format!("{parent}/task/{thread}/children")));
        let lists: io::Result<Vec<String>> = lists.collect();
        match lists {
            Ok(lists) => lists.iter().flat_map(|list| numbers(list)).collect(),
            // The kernel has no such lists, or a thread has ended meanwhile.
            Err(_) => {
                let all = self.numbers(".").into_iter();
                let is_child = |process: &Pid| {
                    self.entry(*process)
                        .is_some_and(|entry| entry.parent == Some(parent))
                };
                all.filter(is_child).collect()
            }
        }
    }

    fn entry(&self, process: Pid) -> Option<Entry> {
        entry(&self.read(&format!("{process}/stat")).ok()?)
    }

    /// What there is of a thread alone.
    fn thread(&self, thread: Pid) -> Option<Entry> {
        entry(&self.read(&format!("{thread}/task/{thread}/stat")).ok()?)
    }

    fn read(&self, name: &str) -> io::Result<String> {
        let file = openat(&self.proc, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut bytes = Vec::new();
        File::from(file).take(LONGEST).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The numbers among the names in a folder.
    fn numbers(&self, folder: &str) -> Vec<Pid> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let entries = openat(&self.proc, folder, flags, Mode::empty()).and_then(Dir::read_from);
        let names = entries.into_iter().flatten().flatten();
        names
            .filter_map(|entry| {
                entry
                    .file_name()
                    .to_str()
                    .ok()?
                    .parse()
                    .ok()
                    .and_then(Pid::from_raw)
            })
            .collect()
    }
}

fn entry(text: &str) -> Option<Entry> {
    // The program's name, in brackets, may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    Some(Entry {
        state: *fields.first()?.as_bytes().first()?,
        parent: fields.get(1)?.parse().ok().and_then(Pid::from_raw),
        user_time: fields.get(11)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
    })
}

fn numbers(list: &str) -> impl Iterator<Item = Pid> {
    list.split_ascii_whitespace()
        .filter_map(|word| word.parse().ok().and_then(Pid::from_raw))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn threads_and_children_are_counted() {
        let start = serde_json::json!({"plugin": "a", "parent": 1, "max_threads": 3, "confinement": {"programs": true}});
        let mut census = Census::new(&serde_json::from_value(start).unwrap()).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let id = Pid::from_raw(child.id().cast_signed()).unwrap();
        assert!(census.children().contains(&id));
        assert_eq!(census.total(id), Some(1));
        let mine = census.entry(getpid()).unwrap().threads;
        assert!(mine >= 2, "{mine}");
        assert!(census.has_room(id, 1) && census.is_kept(id));
        // A thread that calls again has its former calls behind it, and one that waits for nothing in particular, too.
        let this = rustix::thread::gettid();
        assert!((0..9).all(|_| census.grant(this)) && census.has_room(id, this.as_raw_pid().cast_unsigned()));
        assert!(
            census.grant(id) && census.grant(id) && census.has_room(id, this.as_raw_pid().cast_unsigned())
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!census.has_room(id, 1));
    }
}
