//! The protocol of lines, for programs without sockets or shared memory.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use serde::Serialize;

use super::answers::{refused, reply, scores, sorted};
use super::capture::Printed;
use super::wait::{Deadline, Lost, readable, wait};
use crate::batch::{Batch, Scores};
use crate::options::Log;
use crate::protocol::{LONGEST_PACKET, Reply, Request};

/// The most bytes of an answer for each object, besides those of any answer.
const LONGEST_PER_OBJECT: usize = 1 << 10;

/// One plugin's process, as it is spoken with.
pub(super) struct Lines {
    input: File,
    output: File,
    read: Vec<u8>,
    /// How much of `read` holds no end of a line.
    searched: usize,
    batch: u64,
    /// Lines that are no answers.
    printed: Printed,
}

/// The other ends.
pub(super) struct Theirs {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
}

/// A batch in one line.
#[derive(Serialize)]
#[serde(tag = "type", rename = "score")]
struct ScoreLine<'a> {
    batch: u64,
    objects: Objects<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Objects<'a> {
    Texts(&'a [&'a str]),
    States(Vec<&'a [i32]>),
}

impl Lines {
    /// A connection, and its ends for the process.
    pub(super) fn new(plugin: &str, log: Log) -> io::Result<(Self, Theirs)> {
        let (stdin, input) = io::pipe()?;
        let (output, stdout) = io::pipe()?;
        let (input, output) = (OwnedFd::from(input), OwnedFd::from(output));
        for ours in [&input, &output] {
            rustix::io::ioctl_fionbio(ours, true)?;
        }
        let printed = Printed::new(plugin, log, Arc::default());
        let (input, output) = (File::from(input), File::from(output));
        let lines = Self {
            input,
            output,
            read: Vec::new(),
            searched: 0,
            batch: 0,
            printed,
        };
        Ok((
            lines,
            Theirs {
                stdin: stdin.into(),
                stdout: stdout.into(),
            },
        ))
    }

    /// Sends a request.
    pub(super) fn send(
        &mut self,
        request: &Request,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<(), Lost> {
        self.write(request, LONGEST_PACKET, deadline, has_ended)
    }

    /// Scores a batch.
    pub(super) fn score(
        &mut self,
        batch: &Batch<'_>,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<Scores, Lost> {
        self.batch += 1;
        let objects = match batch {
            Batch::Texts(texts) => Objects::Texts(texts),
            Batch::States { words, stride } => Objects::States(words.chunks(*stride).collect()),
        };
        let longest = LONGEST_PACKET + LONGEST_PER_OBJECT * batch.len();
        self.write(
            &ScoreLine {
                batch: self.batch,
                objects,
            },
            longest,
            deadline,
            has_ended,
        )?;
        match self.receive(longest, deadline, has_ended)? {
            Reply::Scored {
                batch: answered,
                failures,
                log_reward,
            } if answered == self.batch => scores(batch.len(), &log_reward, failures),
            Reply::Scored { batch, .. } => Err(Lost::Wrong(format!(
                "answered batch {batch} instead of batch {}",
                self.batch
            ))),
            Reply::Error { kind, message } => Err(refused(&kind, message)),
            _ => Err(Lost::Wrong("answered something else than scores".to_string())),
        }
    }

    /// The next answer, of at most `longest` bytes.
    pub(super) fn receive(
        &mut self,
        longest: usize,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<Reply, Lost> {
        loop {
            if let Some(reply) = self.next_reply()? {
                return Ok(reply);
            }
            wait(&mut [readable(self.output.as_fd())], deadline, has_ended)?;
            self.take(longest)?;
        }
    }

    /// Writes a line, and meanwhile reads what the process writes, for it may write before it reads.
    fn write(
        &mut self,
        message: &impl Serialize,
        longest: usize,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<(), Lost> {
        let mut line =
            serde_json::to_vec(message).map_err(|error| Lost::Wrong(format!("cannot be asked: {error}")))?;
        line.push(b'\n');
        let mut left = &line[..];
        while !left.is_empty() {
            match self.input.write(left) {
                Ok(written) => left = &left[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let room = PollFd::new(&self.input, PollFlags::OUT);
                    wait(&mut [readable(self.output.as_fd()), room], deadline, has_ended)?;
                    self.take(longest)?;
                }
                Err(_) => return Err(Lost::Gone),
            }
        }
        Ok(())
    }

    /// Reads what there is.
    fn take(&mut self, longest: usize) -> Result<(), Lost> {
        let mut buffer = [0; 1 << 16];
        match self.output.read(&mut buffer) {
            Ok(0) => Err(Lost::Gone),
            Ok(length) => {
                self.read.extend_from_slice(&buffer[..length]);
                match self.read.len() > longest {
                    true => Err(Lost::Wrong(format!("wrote a line of more than {longest} bytes"))),
                    false => Ok(()),
                }
            }
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => Ok(()),
                _ => Err(Lost::Gone),
            },
        }
    }

    /// The first answer of what has been read; lines that are none are passed on.
    fn next_reply(&mut self) -> Result<Option<Reply>, Lost> {
        while let Some(end) = self.read[self.searched..].iter().position(|byte| *byte == b'\n') {
            let rest = self.read.split_off(self.searched + end + 1);
            let line = std::mem::replace(&mut self.read, rest);
            self.searched = 0;
            let (printed, answer) = sorted(&line);
            if !printed.trim_ascii().is_empty() {
                self.printed.take(printed.trim_ascii_end());
                self.printed.take(b"\n");
            }
            if let Some(answer) = answer {
                return reply(answer).map(Some);
            }
        }
        self.searched = self.read.len();
        Ok(None)
    }
}
