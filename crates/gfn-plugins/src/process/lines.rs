//! The protocol of lines, for programs without sockets or shared memory.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use serde::Serialize;
use serde_json::Value;

use super::capture::Printed;
use super::frames::nonsense;
use super::wait::{Deadline, Lost, readable, wait};
use crate::batch::{Batch, Scores};
use crate::options::Log;
use crate::protocol::{LONGEST_PACKET, Reply, Request};
use crate::regions::{NO_NUMBER, Reasons, not_finite};

/// The most bytes of an answer for each object, besides those of any answer.
const LONGEST_PER_OBJECT: usize = 1 << 10;

/// The word for a reward of 0.
const ZERO: &str = "zero";

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
            Reply::Error { message, .. } => Err(Lost::Refused(message)),
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
                return parsed(answer).map(Some);
            }
        }
        self.searched = self.read.len();
        Ok(None)
    }
}

/// What was printed in a line, and the answer in it, if there is one: somebody may have printed without ending the line.
fn sorted(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mark = b"{\"type\":";
    match line.windows(mark.len()).position(|window| window == mark) {
        Some(start) => (&line[..start], Some(&line[start..])),
        None => (line, None),
    }
}

/// Reads an answer, with the words for what is no number that some writers of JSON put in place of numbers.
fn parsed(answer: &[u8]) -> Result<Reply, Lost> {
    serde_json::from_slice(answer)
        .or_else(|error| serde_json::from_slice(&with_quoted_words(answer)).map_err(|_| error))
        .map_err(|error| nonsense(answer, &error))
}

/// The text with `NaN` and `Infinity` in quotes, where they are not within a string.
fn with_quoted_words(text: &[u8]) -> Vec<u8> {
    let (mut quoted, mut rest) = (Vec::with_capacity(text.len() + 64), text);
    let mut in_string = false;
    while let Some(first) = rest.first() {
        let word = [&b"-Infinity"[..], b"Infinity", b"NaN"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        let length = match word {
            Some(word) if !in_string => {
                quoted.push(b'"');
                quoted.extend_from_slice(word);
                quoted.push(b'"');
                rest = &rest[word.len()..];
                continue;
            }
            _ if in_string && *first == b'\\' => rest.len().min(2),
            _ => 1,
        };
        in_string ^= *first == b'"';
        quoted.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
    quoted
}

/// What an answer's log-rewards and failures come to.
fn scores(count: usize, log_reward: &[Value], failures: Vec<(u64, String)>) -> Result<Scores, Lost> {
    if log_reward.len() != count {
        let said = log_reward.len();
        return Err(Lost::Wrong(format!(
            "answered {said} log-rewards for {count} objects"
        )));
    }
    let mut reasons = Reasons::new(failures);
    let mut scores = Scores::default();
    for (index, value) in log_reward.iter().enumerate() {
        scores.push(match value {
            Value::Null => Err(reasons.of(index)),
            Value::String(word) if word == ZERO => Ok(f64::NEG_INFINITY),
            value => value
                .as_f64()
                .filter(|value| value.is_finite())
                .ok_or_else(|| value.as_f64().map_or_else(|| no_number(value), not_finite)),
        });
    }
    Ok(scores)
}

fn no_number(value: &Value) -> String {
    format!("{NO_NUMBER} {value}: neither a number, nor null, nor \"{ZERO}\"")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_told_from_what_is_printed() {
        assert_eq!(sorted(b"loading ..."), (&b"loading ..."[..], None));
        assert_eq!(sorted(b"{\"type\": 1}"), (&b""[..], Some(&b"{\"type\": 1}"[..])));
        assert_eq!(
            sorted(b"50 %{\"type\": 1}"),
            (&b"50 %"[..], Some(&b"{\"type\": 1}"[..]))
        );
    }

    #[test]
    fn what_is_no_number_is_the_failure_of_one_object() {
        let answer =
            br#"{"type": "scored", "batch": 1, "log_reward": [NaN, -Infinity, 1.5, null, "zero", true],
            "failures": [[3, "NaN \"Infinity"]]}"#;
        let Reply::Scored {
            failures, log_reward, ..
        } = parsed(answer).unwrap()
        else {
            panic!("not scores")
        };
        let scores = scores(6, &log_reward, failures).unwrap();
        let reasons: Vec<&str> = scores
            .failures
            .iter()
            .map(|failure| failure.reason.as_str())
            .collect();
        let indices: Vec<usize> = scores.failures.iter().map(|failure| failure.index).collect();
        assert_eq!(indices, [0, 1, 3, 5]);
        assert!(
            reasons[0].contains("NaN") && reasons[1].contains("-Infinity"),
            "{reasons:?}"
        );
        assert_eq!(reasons[2], "NaN \"Infinity");
        assert_eq!(scores.log_reward[2], 1.5);
        assert_eq!(scores.log_reward[4], f64::NEG_INFINITY);
    }

    #[test]
    fn as_many_answers_as_objects_are_wanted() {
        assert!(matches!(
            scores(2, &[json!(1.0)], Vec::new()),
            Err(Lost::Wrong(_))
        ));
    }
}
