//! The protocol of packets and shared memory.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::answers::{refused, reply};
use super::wait::{Deadline, Lost, readable, wait};
use crate::arrays::Region;
use crate::batch::{Batch, Scores};
use crate::environment::{Call, CallLayout, EnvironmentSpec, Place};
use crate::memory::{Access, Mapping, Shared};
use crate::packets::{self, Packets};
use crate::protocol::{CallRequest, Reply, Request, ScoreRequest};
use crate::regions::{InputLayout, MissingScores, OutputLayout, offsets};

/// Memory is made in steps, so that it is rarely made anew.
const SMALLEST: usize = 1 << 16;

/// One plugin's process, as it is spoken with.
pub(super) struct Frames {
    packets: Packets,
    memory: Option<Memory>,
    batch: u64,
}

struct Memory {
    input: Shared,
    output: Shared,
}

impl Region for Mapping {
    fn fill(&mut self, offset: usize, len: usize, byte: u8) {
        Mapping::fill(self, offset, len, byte);
    }

    fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        Mapping::read(self, offset, len)
    }
}

impl Frames {
    /// A connection, and its end for the process.
    pub(super) fn new() -> io::Result<(Self, OwnedFd)> {
        let (packets, theirs) = packets::pair()?;
        Ok((
            Self {
                packets,
                memory: None,
                batch: 0,
            },
            theirs,
        ))
    }

    pub(super) fn send(&self, request: &Request, files: &[BorrowedFd<'_>]) -> Result<(), Lost> {
        self.packets
            .send(request, files)
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Lost::Gone,
                _ => Lost::Wrong(format!("cannot be sent anything: {}", gfn_text::io_words(&error))),
            })
    }

    pub(super) fn receive(
        &mut self,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<Reply, Lost> {
        wait(&mut [readable(self.packets.socket())], deadline, has_ended)?;
        match self.packets.receive() {
            Ok(Some(packet)) => reply(packet),
            Ok(None) => Err(Lost::Gone),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(Lost::Gone),
            Err(error) => Err(Lost::Wrong(format!(
                "sent what cannot be read: {}",
                gfn_text::io_words(&error)
            ))),
        }
    }

    /// The answer to a request.
    pub(super) fn answer(
        &mut self,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<Reply, Lost> {
        match self.receive(deadline, has_ended)? {
            Reply::Error { kind, message } => Err(refused(&kind, message)),
            reply => Ok(reply),
        }
    }

    /// Scores a batch.
    pub(super) fn score(
        &mut self,
        batch: &Batch<'_>,
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<Scores, Lost> {
        let (input, output) = (InputLayout::of(batch), OutputLayout::of(batch.len()));
        let memory = self.make_room(input.len, output.len())?;
        let stride = match batch {
            Batch::States { words, stride } => {
                memory.input.mapping.write_words(input.data, words);
                *stride
            }
            Batch::Texts(texts) => {
                write_texts(&mut memory.input.mapping, &input, texts);
                0
            }
        };
        output.prepare(&mut memory.output.mapping);
        let request = Request::Score(ScoreRequest {
            batch: self.next_batch(),
            form: batch.form(),
            count: batch.len() as u64,
            stride: stride as u64,
            data: input.data as u64,
            offsets: input.offsets as u64,
            log_reward: output.log_reward() as u64,
            status: output.status() as u64,
        });
        self.send(&request, &[])?;
        match self.answer(deadline, has_ended)? {
            Reply::Scored { batch, failures, .. } => {
                let memory = self.answered(batch)?;
                output.collect(&memory.output.mapping, failures).map_err(
                    |(MissingScores::Corrupted(how) | MissingScores::Contradictory(how))| Lost::Wrong(how),
                )
            }
            _ => Err(Lost::Wrong("answered something else than scores".to_string())),
        }
    }

    /// Asks an environment about many states.
    pub(super) fn call(
        &mut self,
        spec: &EnvironmentSpec,
        (call, place): (&Call<'_>, &mut Place<'_>),
        deadline: &Deadline,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<(), Lost> {
        let layout = CallLayout::of(spec, call);
        let memory = self.make_room(layout.input_len, layout.output.len)?;
        memory.input.mapping.write_words(0, call.states);
        memory.input.mapping.write_actions(layout.actions, call.actions);
        layout.output.prepare(&mut memory.output.mapping);
        let request = Request::Call(CallRequest {
            batch: self.next_batch(),
            question: call.question,
            count: layout.count as u64,
            state_words: spec.state_words() as u64,
            mask_words: layout.mask_words as u64,
            features: spec.features as u64,
            states: 0,
            actions: layout.actions as u64,
            answers: layout.output.offset(0) as u64,
            reverse: layout.output.offset(1) as u64,
        });
        self.send(&request, &[])?;
        match self.answer(deadline, has_ended)? {
            Reply::Answered { batch } => {
                let memory = self.answered(batch)?;
                layout
                    .collect(spec, &memory.output.mapping, place)
                    .map_err(Lost::Wrong)
            }
            _ => Err(Lost::Wrong("answered something else than was asked".to_string())),
        }
    }

    fn next_batch(&mut self) -> u64 {
        self.batch += 1;
        self.batch
    }

    /// The memory with the answer, if it is that to the last batch.
    fn answered(&self, batch: u64) -> Result<&Memory, Lost> {
        match &self.memory {
            Some(memory) if batch == self.batch => Ok(memory),
            _ => Err(Lost::Wrong(format!(
                "answered batch {batch} instead of batch {}",
                self.batch
            ))),
        }
    }

    /// Memory for that many bytes, made and sent unless there is enough.
    fn make_room(&mut self, input: usize, output: usize) -> Result<&mut Memory, Lost> {
        let has = |shared: &Shared, len: usize| shared.mapping.len() >= len;
        let enough = |memory: &Memory| has(&memory.input, input) && has(&memory.output, output);
        if !self.memory.as_ref().is_some_and(enough) {
            self.memory = Some(self.larger(input, output)?);
        }
        self.memory
            .as_mut()
            .ok_or_else(|| no_memory(&io::ErrorKind::OutOfMemory.into()))
    }

    fn larger(&self, input: usize, output: usize) -> Result<Memory, Lost> {
        let now = |shared: Option<&Shared>| shared.map_or(0, |shared| shared.mapping.len());
        let size = |wanted: usize, shared| wanted.next_power_of_two().max(SMALLEST).max(now(shared));
        let old = self.memory.as_ref();
        let input = size(input, old.map(|memory| &memory.input));
        let output = size(output, old.map(|memory| &memory.output));
        let memory = Memory {
            input: Shared::new(c"gfn-input", input, Access::Read).map_err(|error| no_memory(&error))?,
            output: Shared::new(c"gfn-output", output, Access::Write).map_err(|error| no_memory(&error))?,
        };
        let files = [memory.input.file().as_fd(), memory.output.file().as_fd()];
        let message = Request::Memory {
            input: memory.input.mapping.len() as u64,
            output: memory.output.mapping.len() as u64,
        };
        self.send(&message, &files)?;
        Ok(memory)
    }
}

fn write_texts(input: &mut Mapping, layout: &InputLayout, texts: &[&str]) {
    input.write_offsets(layout.offsets, &offsets(texts));
    let mut place = layout.data;
    for text in texts {
        input.write(place, text.as_bytes());
        place += text.len();
    }
}

fn no_memory(error: &io::Error) -> Lost {
    Lost::Wrong(format!(
        "cannot be given its objects: there is no shared memory for them: {}",
        gfn_text::io_words(error)
    ))
}
