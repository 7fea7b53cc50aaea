//! Serves a library over packets.
#![allow(unsafe_code, reason = "hands shared memory to libraries")]

use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::system::{self, Stretches};
use crate::description::{Input, Kind};
use crate::environment::Question;
use crate::memory::{Access, Mapping};
use crate::native::{
    Arguments, CreateError, Creation, Environment, Library, Objects, Places, Reward, Vocabulary,
};
use crate::options::Log;
use crate::packets::Packets;
use crate::protocol::{CallRequest, FAILED, PARAMETERS, Reply, Request, ScoreRequest, VERSION};

/// The most bytes of blocks in one answer.
const MAX_BYTES: usize = 1 << 15;

/// What runs here.
#[derive(Default)]
struct Worker {
    library: Option<Library>,
    instance: Option<Instance>,
    memory: Option<Memory>,
}

enum Instance {
    Reward(Reward),
    Vocabulary(Vocabulary),
    Environment(Environment),
}

struct Memory {
    input: Mapping,
    output: Mapping,
}

/// Why a request was not answered: a kind and a message.
type Complaint = (&'static str, String);

/// Answers until it is told to end, or nobody asks any more.
pub(super) fn serve(packets: &mut Packets) -> Result<(), String> {
    let mut worker = Worker::default();
    loop {
        let received = packets
            .receive_with_files()
            .map_err(|error| format!("lost its connection: {error}"))?;
        let Some((packet, files)) = received else {
            return Ok(());
        };
        let request = serde_json::from_slice(packet);
        let answer = match request {
            Ok(Request::Close) => return Ok(()),
            Ok(request) => worker.answer(request, files),
            Err(error) => Err((FAILED, format!("the request is not understood: {error}"))),
        };
        let reply = match answer {
            Ok(Some(reply)) => reply,
            Ok(None) => continue,
            Err((kind, message)) => Reply::Error {
                kind: kind.to_string(),
                message,
            },
        };
        packets
            .send(&reply, &[])
            .map_err(|error| format!("cannot answer: {error}"))?;
    }
}

/// Lines of the library go where all that it prints goes.
fn log() -> Log {
    Arc::new(|line| {
        let _ = writeln!(gfn_text::stderr(), "{line}");
    })
}

fn failed(message: String) -> Complaint {
    (FAILED, message)
}

impl Worker {
    fn answer(&mut self, request: Request, files: Vec<OwnedFd>) -> Result<Option<Reply>, Complaint> {
        match request {
            Request::Library => self.load(files).map(|()| None),
            Request::Hello {
                protocol,
                kind,
                parameters,
                seed,
                objects,
            } => {
                if protocol != VERSION {
                    return Err(failed(format!(
                        "it speaks version {VERSION} of the protocol, not {protocol}"
                    )));
                }
                if let Some(parameters) = parameters {
                    self.create(kind, &parameters, seed, &objects)?;
                }
                let description = self.library()?.description();
                Ok(Some(Reply::Ready {
                    protocol: VERSION,
                    description,
                }))
            }
            Request::Memory { input, output } => self.map(input, output, files).map(|()| None),
            Request::Score(request) => self.score(&request).map(Some).map_err(failed),
            Request::Blocks { from } => self.blocks(from).map(Some).map_err(failed),
            Request::Spec => self.environment().and_then(spec).map(Some).map_err(failed),
            Request::Call(request) => self.call(&request).map(Some).map_err(failed),
            Request::Describe { state } => {
                let text = self
                    .environment()
                    .and_then(|environment| environment.describe(&state));
                Ok(Some(Reply::Text {
                    text: text.map_err(failed)?,
                }))
            }
            Request::Close => Ok(None),
        }
    }

    fn load(&mut self, files: Vec<OwnedFd>) -> Result<(), Complaint> {
        let file = files
            .into_iter()
            .next()
            .ok_or_else(|| failed("no library came along".to_string()))?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        self.library = Some(Library::load(&path, &log()).map_err(failed)?);
        // Stays open: the loader knows the library by this number.
        std::mem::forget(file);
        Ok(())
    }

    fn library(&self) -> Result<&Library, Complaint> {
        self.library
            .as_ref()
            .ok_or_else(|| failed("no library is loaded".to_string()))
    }

    fn create(
        &mut self,
        kind: Kind,
        parameters: &Value,
        seed: u64,
        objects: &Value,
    ) -> Result<(), Complaint> {
        self.instance = None;
        let library = self.library()?;
        let wanted = Creation {
            parameters,
            seed,
            objects,
            log: &log(),
        };
        let created = match kind {
            Kind::Reward => Reward::new(library, &wanted).map(Instance::Reward),
            Kind::Vocabulary => Vocabulary::new(library, &wanted).map(Instance::Vocabulary),
            Kind::Environment => Environment::new(library, &wanted).map(Instance::Environment),
        };
        self.instance = Some(created.map_err(|error| match error {
            CreateError::Parameters(message) => (PARAMETERS, message),
            CreateError::Failed(message) => (FAILED, message),
        })?);
        Ok(())
    }

    fn map(&mut self, input: u64, output: u64, files: Vec<OwnedFd>) -> Result<(), Complaint> {
        let [input_file, output_file] = <[OwnedFd; 2]>::try_from(files)
            .map_err(|files| failed(format!("{} descriptors came along, not 2", files.len())))?;
        let map = |file, len: u64, access| {
            Mapping::new(file, len as usize, access).map_err(|error| failed(format!("no memory: {error}")))
        };
        let input = map(input_file, input, Access::Read)?;
        let output = map(output_file, output, Access::Write)?;
        let start = input.start().addr();
        system::tell_faults(&Stretches {
            read_only: start..start + input.len(),
            input: input.surroundings(),
            output: output.surroundings(),
        });
        self.memory = Some(Memory { input, output });
        Ok(())
    }

    fn score(&self, request: &ScoreRequest) -> Result<Reply, String> {
        let Some(Instance::Reward(reward)) = &self.instance else {
            return Err("no reward has been made".to_string());
        };
        let memory = self.memory.as_ref().ok_or("no memory has been given")?;
        let (objects, places) = memory
            .places(request)
            .ok_or("the batch lies outside of the memory")?;
        // SAFETY: `places` has checked that all of it lies in memory, which stays mapped until the next request. The other
        // side does not touch it before it is answered.
        let failures = unsafe { reward.score(objects, places) }?;
        Ok(Reply::Scored {
            batch: request.batch,
            failures,
            log_reward: Vec::new(),
        })
    }

    fn environment(&self) -> Result<&Environment, String> {
        match &self.instance {
            Some(Instance::Environment(environment)) => Ok(environment),
            _ => Err("no environment has been made".to_string()),
        }
    }

    fn call(&self, request: &CallRequest) -> Result<Reply, String> {
        let environment = self.environment()?;
        let memory = self.memory.as_ref().ok_or("no memory has been given")?;
        let asked = memory
            .arguments(request)
            .ok_or("the states lie outside of the memory")?;
        // SAFETY: as in `score`.
        unsafe { environment.ask(asked) }?;
        Ok(Reply::Answered { batch: request.batch })
    }

    fn blocks(&self, from: u64) -> Result<Reply, String> {
        let Some(Instance::Vocabulary(vocabulary)) = &self.instance else {
            return Err("no vocabulary has been made".to_string());
        };
        let total = vocabulary.count()?;
        let (mut blocks, mut bytes) = (Vec::new(), 0);
        for index in from..total {
            let block = vocabulary.block(index)?;
            bytes += block.to_string().len();
            blocks.push(block);
            if bytes > MAX_BYTES {
                break;
            }
        }
        Ok(Reply::Blocks { blocks, total })
    }
}

fn spec(environment: &Environment) -> Result<Reply, String> {
    Ok(Reply::Spec {
        spec: environment.spec()?,
    })
}

impl Memory {
    /// Pointers for a call; `None` where not all of it lies in memory.
    fn arguments(&self, request: &CallRequest) -> Option<Arguments> {
        let count = usize::try_from(request.count).ok()?;
        let room = |each: u64| count.checked_mul(usize::try_from(each).ok()?);
        let (moves, answers) = match request.question {
            Question::ForwardMask | Question::BackwardMask => (0, room(8 * request.mask_words)?),
            Question::Step | Question::Undo => (room(4)?, room(4 * request.state_words)?),
            Question::Observe => (0, room(4 * request.features)?),
        };
        let states = self
            .input
            .at(request.states as usize, room(4 * request.state_words)?)?;
        let actions = self.input.at(request.actions as usize, moves)?;
        Some(Arguments {
            question: request.question,
            states: states.cast_const().cast(),
            actions: actions.cast_const().cast(),
            count: request.count,
            mask_words: request.mask_words,
            answers: self.output.at(request.answers as usize, answers)?,
            reverse: self.output.at(request.reverse as usize, moves)?.cast(),
        })
    }

    /// Pointers to a batch and to where its scores go; `None` where not all of it lies in memory.
    fn places(&self, request: &ScoreRequest) -> Option<(Objects, Places)> {
        let count = usize::try_from(request.count).ok()?;
        let input = |offset: u64, len: usize| self.input.at(offset as usize, len);
        let objects = match request.form {
            Input::States => {
                let len = count.checked_mul(request.stride as usize)?.checked_mul(4)?;
                let data = input(request.data, len)?.cast_const().cast();
                Objects::States {
                    data,
                    count: request.count,
                    stride: request.stride,
                }
            }
            Input::Texts => {
                let offsets = input(request.offsets, (count + 1).checked_mul(8)?)?;
                let data = input(request.data, 0)?;
                Objects::Texts {
                    data,
                    count: request.count,
                    offsets: offsets.cast_const().cast(),
                }
            }
        };
        let log_reward = self
            .output
            .at(request.log_reward as usize, count.checked_mul(8)?)?
            .cast();
        let status = self.output.at(request.status as usize, count)?;
        Some((objects, Places { log_reward, status }))
    }
}
