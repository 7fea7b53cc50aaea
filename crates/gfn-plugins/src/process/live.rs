//! A plugin's process that runs, and how it is spoken with.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::child::{Ends, Process};
use super::frames::Frames;
use super::lines::{Lines, Theirs};
use super::seat::Blueprint;
use super::wait::{Deadline, Lost};
use crate::batch::{Batch, Scores};
use crate::description::Description;
use crate::environment::{Call, EnvironmentSpec, Place};
use crate::error::{Output, PluginError, cleaned, cut, in_words};
use crate::options::{Protocol, Report, StopBy};
use crate::protocol::{LONGEST_PACKET, PARAMETERS, Reply, Request, VERSION};

/// The longest message of a plugin that is shown, in bytes.
const LONGEST_MESSAGE: usize = 2_000;

/// A process and the connection to it.
pub(super) struct Live {
    // Dropped first: the process sees the end of its connection before it is killed.
    link: Link,
    pub(super) process: Process,
}

enum Link {
    Frames(Frames),
    Lines(Lines),
}

/// What a process says when it has started.
pub(crate) struct Hello {
    pub(crate) description: Description,
    pub(crate) report: Report,
}

/// Why there was no hello.
pub(super) enum HelloError {
    Parameters(String),
    Lost(Lost),
    /// It is not what was approved.
    Different(PluginError),
}

impl From<Lost> for HelloError {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl Live {
    /// Starts a process.
    pub(super) fn start(blueprint: &Blueprint) -> Result<Self, PluginError> {
        let options = &blueprint.options;
        let connect = || -> std::io::Result<(Link, Ends)> {
            Ok(match blueprint.protocol() {
                Protocol::Frames => {
                    let (frames, stdin) = Frames::new()?;
                    (Link::Frames(frames), Ends { stdin, stdout: None })
                }
                Protocol::Lines => {
                    let (lines, Theirs { stdin, stdout }) = Lines::new(&options.name, options.log.clone())?;
                    (
                        Link::Lines(lines),
                        Ends {
                            stdin,
                            stdout: Some(stdout),
                        },
                    )
                }
            })
        };
        let no_connection = |error| {
            blueprint.error(
                format!("no connection could be made: {}", gfn_text::io_words(&error)),
                Output::default(),
            )
        };
        let start = blueprint.start()?;
        let (link, ends) = connect().map_err(no_connection)?;
        let process = Process::start(options, &start, ends).map_err(|error| {
            let host = options.host.display();
            let message = format!(
                "{host} could not be run: {}; it is installed beside gfn: install gfn again",
                gfn_text::io_words(&error)
            );
            blueprint.error(message, Output::default())
        })?;
        Ok(Self { link, process })
    }

    /// Hands over the library, if there is one, and hears what the process says first.
    pub(super) fn hello(&mut self, blueprint: &Blueprint, deadline: &Deadline) -> Result<Hello, HelloError> {
        if let (Link::Frames(frames), Some(library)) = (&self.link, &blueprint.library) {
            frames.send(&Request::Library, &[library.as_fd()])?;
        }
        let report = match self.receive(deadline)? {
            Reply::Confined { report } => report,
            other => return Err(unexpected(other)),
        };
        let description = self.greet(blueprint, deadline)?;
        Ok(Hello { description, report })
    }

    /// Says hello; parameters make an instance.
    pub(super) fn greet(
        &mut self,
        blueprint: &Blueprint,
        deadline: &Deadline,
    ) -> Result<Description, HelloError> {
        self.send(&blueprint.hello(), deadline)?;
        match self.receive(deadline)? {
            Reply::Ready {
                protocol: VERSION,
                description,
            } => {
                let description = Description::read(description).map_err(Lost::Refused)?;
                let checked = blueprint.options.check(&description);
                checked.map_err(HelloError::Different).map(|()| description)
            }
            Reply::Ready { protocol, .. } => Err(HelloError::Lost(Lost::Refused(format!(
                "it speaks version {protocol} of the protocol, not {VERSION}; update the plugin or gfn"
            )))),
            other => Err(unexpected(other)),
        }
    }

    fn send(&mut self, request: &Request, deadline: &Deadline) -> Result<(), Lost> {
        let process = &self.process;
        match &mut self.link {
            Link::Frames(frames) => frames.send(request, &[]),
            Link::Lines(lines) => lines.send(request, deadline, &|| process.has_ended()),
        }
    }

    fn receive(&mut self, deadline: &Deadline) -> Result<Reply, Lost> {
        let process = &self.process;
        match &mut self.link {
            Link::Frames(frames) => frames.receive(deadline, &|| process.has_ended()),
            Link::Lines(lines) => lines.receive(LONGEST_PACKET, deadline, &|| process.has_ended()),
        }
    }

    /// The answer to a request.
    pub(super) fn ask(&mut self, request: &Request, deadline: &Deadline) -> Result<Reply, Lost> {
        self.send(request, deadline)?;
        match self.receive(deadline)? {
            Reply::Error { message, .. } => Err(Lost::Refused(message)),
            reply => Ok(reply),
        }
    }

    /// Scores a batch.
    pub(super) fn score(&mut self, batch: &Batch<'_>, deadline: &Deadline) -> Result<Scores, Lost> {
        let process = &self.process;
        match &mut self.link {
            Link::Frames(frames) => frames.score(batch, deadline, &|| process.has_ended()),
            Link::Lines(lines) => lines.score(batch, deadline, &|| process.has_ended()),
        }
    }

    /// Asks an environment about many states.
    pub(super) fn call(
        &mut self,
        spec: &EnvironmentSpec,
        call: (&Call<'_>, &mut Place<'_>),
        deadline: &Deadline,
    ) -> Result<(), Lost> {
        let process = &self.process;
        match &mut self.link {
            Link::Frames(frames) => frames.call(spec, call, deadline, &|| process.has_ended()),
            Link::Lines(_) => Err(Lost::Refused(
                "environments need the protocol of frames: leave `protocol` out".to_string(),
            )),
        }
    }

    /// Ends the process; completes "the plugin …".
    pub(super) fn lost(&mut self, lost: Lost, limit: Duration) -> (String, Output) {
        match lost {
            Lost::Gone => self.process.lost(),
            Lost::Late => {
                let (_, output) = self.process.kill();
                (
                    format!("did not answer within {} and was killed", in_words(limit)),
                    output,
                )
            }
            Lost::Stopped => self.process.kill(),
            Lost::Wrong(how) | Lost::Refused(how) => (how, self.process.kill().1),
        }
    }

    /// Tells the process to end.
    pub(super) fn say_close(&mut self, stop: &StopBy) {
        let soon = Deadline::within(Duration::from_millis(100), stop);
        if self.send(&Request::Close, &soon).is_err() {
            self.process.kill();
        }
    }

    /// Waits until it has ended, no longer than until then.
    pub(super) fn close(&mut self, until: Instant) {
        self.process
            .close(until.saturating_duration_since(Instant::now()));
    }
}

/// What an answer other than the one waited for means.
fn unexpected(reply: Reply) -> HelloError {
    let shown = |message: &str| cut(&cleaned(message), LONGEST_MESSAGE);
    match reply {
        Reply::Error { kind, message } if kind == PARAMETERS => HelloError::Parameters(shown(&message)),
        Reply::Error { message, .. } => HelloError::Lost(Lost::Refused(shown(&message))),
        _ => HelloError::Lost(Lost::Wrong(
            "answered something else than that it is ready".to_string(),
        )),
    }
}
