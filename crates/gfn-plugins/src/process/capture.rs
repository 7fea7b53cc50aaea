//! What a plugin's process writes to its standard outputs: passed on line by line, the last lines kept for messages.
//!
//! The pipe is read as fast as it fills, whatever is written, so that nobody waits for a reader; what is kept and passed on
//! is bounded.

use std::collections::VecDeque;
use std::io::{self, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use crate::error::cleaned;
use crate::options::Log;

/// The most bytes of a line that are kept.
const LONGEST_LINE: usize = 2_000;

/// The most lines that are kept.
const MAX_LINES: usize = 12;

/// The most lines that are passed on in [`PERIOD`].
const MAX_IN_PERIOD: u64 = 100;

const PERIOD: Duration = Duration::from_secs(1);

/// The most that is still read after the process has ended, from others that hold its pipe.
const LONGEST_REST: usize = 1 << 20;

/// A thread that reads what a process writes.
pub(super) struct Capture {
    last: Arc<Mutex<VecDeque<String>>>,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl Capture {
    /// Reads `pipe` until its end or until it is stopped.
    pub(super) fn start(pipe: PipeReader, plugin: &str, log: Log) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let stopped = stop.try_clone()?;
        let mut lines = Printed::new(plugin, log, Arc::clone(&last));
        let read = move || {
            read_until_stopped(pipe, &stopped, &mut lines);
            lines.finish();
        };
        let thread = std::thread::Builder::new()
            .name("plugin-output".to_string())
            .spawn(read)?;
        Ok(Self {
            last,
            stop,
            thread: Some(thread),
        })
    }

    /// The last lines, once everything that was written has been read. The process must have ended.
    pub(super) fn finish(&mut self) -> Vec<String> {
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        lock(&self.last).iter().cloned().collect()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.finish();
    }
}

fn lock(last: &Mutex<VecDeque<String>>) -> MutexGuard<'_, VecDeque<String>> {
    last.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn read_until_stopped(mut pipe: PipeReader, stop: &OwnedFd, lines: &mut Printed) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let stopped = wait(&pipe, stop);
        let mut left = if stopped { LONGEST_REST } else { buffer.len() };
        while left > 0 {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => {
                    lines.take(&buffer[..length]);
                    left = left.saturating_sub(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return,
            }
        }
        if stopped {
            return;
        }
    }
}

/// Waits until there is something to read; whether it is time to stop.
fn wait(pipe: &PipeReader, stop: &OwnedFd) -> bool {
    let mut events = [PollFd::new(pipe, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
    match poll(&mut events, None) {
        Ok(_) => !events[1].revents().is_empty(),
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

/// What was printed, cut into lines.
pub(super) struct Printed {
    plugin: String,
    log: Log,
    last: Arc<Mutex<VecDeque<String>>>,
    current: Vec<u8>,
    is_cut: bool,
    period: Instant,
    in_period: u64,
}

impl Printed {
    /// Nothing so far; the last lines go to `last`.
    pub(super) fn new(plugin: &str, log: Log, last: Arc<Mutex<VecDeque<String>>>) -> Self {
        Self {
            plugin: plugin.to_string(),
            log,
            last,
            current: Vec::new(),
            is_cut: false,
            period: Instant::now(),
            in_period: 0,
        }
    }

    /// Takes some bytes.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE - self.current.len();
        self.is_cut |= bytes.len() > room;
        self.current.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        let mut line = cleaned(&String::from_utf8_lossy(&self.current));
        if self.is_cut {
            line.push('…');
        }
        self.current.clear();
        self.is_cut = false;
        if self.may_pass() {
            (self.log)(&format!("{}: {line}", self.plugin));
        }
        let mut last = lock(&self.last);
        if last.len() == MAX_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }

    /// Whether one more line may be passed on now. Tells of those that were not.
    fn may_pass(&mut self) -> bool {
        if self.period.elapsed() >= PERIOD {
            self.tell_left_out();
            (self.period, self.in_period) = (Instant::now(), 0);
        }
        self.in_period += 1;
        self.in_period <= MAX_IN_PERIOD
    }

    fn tell_left_out(&self) {
        if self.in_period > MAX_IN_PERIOD {
            (self.log)(&format!(
                "{}: … and {} lines more",
                self.plugin,
                self.in_period - MAX_IN_PERIOD
            ));
        }
    }

    fn finish(&mut self) {
        if !self.current.is_empty() {
            self.end_line();
        }
        self.tell_left_out();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use std::io::Write;

    /// The last lines and those passed on, of what `write` writes.
    fn captured(write: impl FnOnce(io::PipeWriter)) -> (Vec<String>, Vec<String>) {
        let (reader, writer) = io::pipe().unwrap();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&passed);
        let log: Log = Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_string()));
        let mut capture = Capture::start(reader, "toy", log).unwrap();
        write(writer);
        let last = capture.finish();
        drop(capture);
        (last, Arc::try_unwrap(passed).unwrap().into_inner().unwrap())
    }

    #[test]
    fn lines_are_kept_and_passed_on() {
        let (last, passed) = captured(|mut pipe| pipe.write_all(b"one\r\ntwo\n\xffthree").unwrap());
        assert_eq!(last, ["one", "two", "\u{fffd}three"]);
        assert_eq!(passed, ["toy: one", "toy: two", "toy: \u{fffd}three"]);
    }

    #[test]
    fn a_flood_is_read_but_not_kept() {
        let (last, passed) = captured(|mut pipe| {
            for _ in 0..200 {
                pipe.write_all("x\n".repeat(1_000).as_bytes()).unwrap();
            }
            pipe.write_all(&[b'y'; 1 << 20]).unwrap();
        });
        assert_eq!(last.len(), MAX_LINES);
        assert_eq!(last[MAX_LINES - 1], "y".repeat(LONGEST_LINE) + "…");
        assert!(passed.len() < 10_000, "{}", passed.len());
        assert!(
            passed.last().unwrap().ends_with("lines more"),
            "{:?}",
            passed.last()
        );
    }

    #[test]
    fn a_pipe_that_somebody_holds_open_does_not_keep_the_thread() {
        let (reader, writer) = io::pipe().unwrap();
        let mut capture = Capture::start(reader, "toy", Arc::new(|_| ())).unwrap();
        (&writer).write_all(b"here").unwrap();
        assert_eq!(capture.finish(), ["here"]);
    }
}
