//! A place that a plugin's process fills: started, spoken with, and filled again when the process is lost.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::advice::advice;
use super::live::{Hello, HelloError, Live};
use super::sealed::Sealed;
use super::wait::{Deadline, Lost};
use crate::batch::{Batch, Scores};
use crate::description::Kind;
use crate::environment::{Call, EnvironmentSpec, Place};
use crate::error::{Output, PluginError, cut, in_words};
use crate::granted::Granted;
use crate::options::{Options, Program, Protocol};
use crate::policy::{Attempts, Trouble};
use crate::protocol::{CommandLine, Reply, Request, Start, VERSION};

/// The most bytes of a line that become part of a reason.
const LONGEST_SHOWN: usize = 200;

/// How long a process that was told to end may take.
const TO_CLOSE: Duration = Duration::from_secs(2);
/// The same once a stop was asked for.
const TO_STOP: Duration = Duration::from_millis(300);

/// What every process of a plugin is started from.
pub(crate) struct Blueprint {
    pub(crate) options: Options,
    /// The library, sealed; absent for a command.
    pub(crate) library: Option<File>,
    /// The command as it is run; absent for a library.
    pub(crate) sealed: Option<Sealed>,
    /// What lies at the paths that it may read and write.
    pub(crate) granted: Vec<Granted>,
    /// What the instance is of.
    pub(crate) kind: Kind,
    /// Complete parameters; unknown while nothing but the description is wanted.
    pub(crate) parameters: OnceLock<Value>,
    /// How often processes were started again.
    pub(crate) restarts: AtomicU32,
}

/// A place for a process.
pub(crate) struct ProcessSlot {
    blueprint: Arc<Blueprint>,
    live: Option<Live>,
    has_been_filled: bool,
    /// Whether the process that was started last was lost before it was ready.
    died_starting: bool,
    /// Until when a process that was told to end may take.
    closing: Option<Instant>,
    last_death: (String, Output),
}

impl Blueprint {
    /// It did not start.
    pub(super) fn error(&self, message: String, output: Output) -> PluginError {
        PluginError::Start {
            plugin: self.options.name.clone(),
            message,
            output,
        }
    }

    /// What its process is started with.
    ///
    /// # Errors
    /// Where something else lies at a path that it may read or write than when the plugin was opened.
    pub(super) fn start(&self) -> Result<Start, PluginError> {
        let name = &self.options.name;
        for granted in &self.granted {
            granted.open().map_err(PluginError::file(name, granted.path()))?;
        }
        let command = match &self.options.program {
            Program::Library { .. } => None,
            Program::Command { words, protocol, .. } => Some(CommandLine {
                words: words.clone(),
                protocol: *protocol,
            }),
        };
        let sealed = self.sealed.as_ref();
        let of = |paths: fn(&Sealed) -> &Vec<PathBuf>| sealed.map(paths).cloned().unwrap_or_default();
        Ok(Start {
            plugin: name.clone(),
            parent: std::process::id(),
            command,
            memory_bytes: self.options.limits.memory_bytes,
            max_threads: self.options.limits.max_threads,
            confinement: self.options.confinement.clone(),
            granted: self.granted.clone(),
            own: of(|sealed| &sealed.own),
            hidden: of(|sealed| &sealed.hidden),
            is_trial: false,
        })
    }

    /// What its process is greeted with.
    pub(super) fn hello(&self) -> Request {
        Request::Hello {
            protocol: VERSION,
            kind: self.kind,
            parameters: self.parameters.get().cloned(),
            seed: self.options.seed,
            objects: self.options.objects.clone(),
        }
    }

    /// What went wrong, with the setting that would have allowed it if it was refused something; `output` are the last lines.
    fn advised(&self, message: String, output: &Output) -> String {
        let told = format!("{message}\n{}", output.0.join("\n"));
        match advice(&told, &self.options.confinement) {
            Some(advice) => format!("{message}; {advice}"),
            None => message,
        }
    }

    /// What is said of a process that does not start in time.
    fn too_late(&self, limit: Duration) -> String {
        let limit = in_words(limit);
        match self.protocol() {
            Protocol::Frames => {
                format!("it took longer than {limit}; raise `start_timeout_seconds` if it needs more")
            }
            Protocol::Lines => format!(
                "it wrote no line of an answer within {limit}: does it flush each line, as `print(…, flush=True)` in Python \
                 does? Where it only needs longer to start, raise `start_timeout_seconds`"
            ),
        }
    }

    /// How its process is spoken with.
    pub(super) fn protocol(&self) -> Protocol {
        match self.options.program {
            Program::Library { .. } => Protocol::Frames,
            Program::Command { protocol, .. } => protocol,
        }
    }
}

impl ProcessSlot {
    /// A place for a process of this plugin, empty.
    pub(crate) fn new(blueprint: Arc<Blueprint>) -> Self {
        Self {
            blueprint,
            live: None,
            has_been_filled: false,
            died_starting: false,
            closing: None,
            last_death: Default::default(),
        }
    }

    /// Starts a process, unless a stop was asked for.
    pub(crate) fn fill(&mut self) -> Result<Hello, PluginError> {
        if (self.blueprint.options.stop)().is_some() {
            return Err(self.stopped());
        }
        if self.has_been_filled {
            self.count_restart()?;
        }
        self.has_been_filled = true;
        let mut live = Live::start(&self.blueprint)?;
        let deadline = self.deadline(self.blueprint.options.limits.start_timeout);
        let hello = live.hello(&self.blueprint, &deadline);
        let hello = hello.map_err(|lost| self.start_error(&mut live, lost))?;
        self.live = Some(live);
        Ok(hello)
    }

    /// Starts a process in place of one that was lost. One that dies while it starts is a death like any other: it is
    /// counted, and another one is started.
    fn refill(&mut self) -> Result<(), PluginError> {
        loop {
            self.died_starting = false;
            match self.fill() {
                Err(_) if self.died_starting => {}
                filled => return filled.map(drop),
            }
        }
    }

    fn deadline(&self, limit: Duration) -> Deadline {
        Deadline::within(limit, &self.blueprint.options.stop)
    }

    fn stopped(&self) -> PluginError {
        PluginError::Stopped {
            plugin: self.blueprint.options.name.clone(),
        }
    }

    /// Makes an instance in a process that runs and was only asked for its description.
    pub(crate) fn create(&mut self) -> Result<(), PluginError> {
        let Some(mut live) = self.live.take() else {
            return self.fill().map(drop);
        };
        let deadline = self.deadline(self.blueprint.options.limits.start_timeout);
        let made = live.greet(&self.blueprint, &deadline).map(drop);
        made.map_err(|problem| self.start_error(&mut live, problem))?;
        self.live = Some(live);
        Ok(())
    }

    fn count_restart(&self) -> Result<(), PluginError> {
        let most = self.blueprint.options.limits.max_restarts;
        let before = self.blueprint.restarts.fetch_add(1, Ordering::Relaxed);
        if before < most {
            return Ok(());
        }
        self.blueprint.restarts.store(most, Ordering::Relaxed);
        let (message, output) = self.last_death.clone();
        let plugin = self.blueprint.options.name.clone();
        Err(PluginError::TooManyRestarts {
            plugin,
            restarts: most,
            message,
            output,
        })
    }

    fn start_error(&mut self, live: &mut Live, problem: HelloError) -> PluginError {
        let limit = self.blueprint.options.limits.start_timeout;
        let lost = match problem {
            HelloError::Parameters(message) => {
                let plugin = self.blueprint.options.name.clone();
                return PluginError::BadParameters { plugin, message };
            }
            HelloError::Different(error) => {
                live.process.kill();
                return error;
            }
            HelloError::Lost(lost) => lost,
        };
        let (message, output) = match lost {
            Lost::Stopped => {
                live.process.kill();
                return self.stopped();
            }
            Lost::Refused(message) => (message, live.process.kill().1),
            Lost::Late => {
                let (_, output) = live.process.kill();
                self.died_starting(format!("took longer than {} to start", in_words(limit)), &output);
                (self.blueprint.too_late(limit), output)
            }
            lost => {
                let (how, output) = live.lost(lost, limit);
                self.died_starting(format!("{how} while it started"), &output);
                (format!("it {how}"), output)
            }
        };
        let message = self.blueprint.advised(message, &output);
        self.blueprint.error(message, output)
    }

    /// Remembers how a process was lost before it was ready.
    fn died_starting(&mut self, how: String, output: &Output) {
        self.died_starting = true;
        self.last_death = (how, output.clone());
        let how = with_last_line(&self.last_death);
        (self.blueprint.options.log)(&format!("{}: it {how}", self.blueprint.options.name));
    }

    /// What a request is answered with, for requests other than batches.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Reply, Trouble> {
        self.with_live(|live, deadline| live.ask(request, deadline))
    }

    /// Asks an environment about many states.
    pub(crate) fn call(
        &mut self,
        spec: &EnvironmentSpec,
        call: &Call<'_>,
        place: &mut Place<'_>,
    ) -> Result<(), Trouble> {
        self.with_live(|live, deadline| live.call(spec, (call, place), deadline))
    }

    fn score(&mut self, batch: &Batch<'_>) -> Result<Scores, Trouble> {
        self.with_live(|live, deadline| live.score(batch, deadline))
    }

    /// Speaks with the process, which is started if there is none, and gone if it is lost.
    fn with_live<T>(
        &mut self,
        speak: impl FnOnce(&mut Live, &Deadline) -> Result<T, Lost>,
    ) -> Result<T, Trouble> {
        if self.live.is_none() {
            self.refill().map_err(Trouble::Fatal)?;
        }
        let limit = self.blueprint.options.limits.timeout;
        let deadline = self.deadline(limit);
        let Some(live) = &mut self.live else {
            return Err(Trouble::Died("is not there".to_string()));
        };
        match speak(live, &deadline) {
            Ok(answer) => Ok(answer),
            Err(Lost::Refused(message)) => {
                let message = self.blueprint.advised(message, &Output::default());
                Err(Trouble::Refused(message))
            }
            Err(Lost::Stopped) => {
                live.process.kill();
                self.live = None;
                Err(Trouble::Fatal(self.stopped()))
            }
            Err(lost) => {
                self.last_death = live.lost(lost, limit);
                self.live = None;
                let how = with_last_line(&self.last_death);
                let how = self.blueprint.advised(how, &self.last_death.1);
                (self.blueprint.options.log)(&format!("{}: it {how}", self.blueprint.options.name));
                Err(Trouble::Died(how))
            }
        }
    }

    /// The parts of a batch, to be scored by this seat.
    pub(crate) fn scoring<'a>(&'a mut self, batch: Batch<'a>) -> impl Attempts + 'a {
        Scoring { seat: self, batch }
    }

    /// Tells the process to end; dropping this place waits for it.
    pub(crate) fn say_close(&mut self) {
        let stop = &self.blueprint.options.stop;
        if let Some(live) = self.live.as_mut().filter(|_| self.closing.is_none()) {
            live.say_close(stop);
        }
        let patience = if stop().is_some() { TO_STOP } else { TO_CLOSE };
        self.closing.get_or_insert_with(|| Instant::now() + patience);
    }

    /// The last lines of the process that was lost last.
    pub(crate) fn last_output(&self) -> Output {
        self.last_death.1.clone()
    }
}

struct Scoring<'a> {
    seat: &'a mut ProcessSlot,
    batch: Batch<'a>,
}

impl Attempts for Scoring<'_> {
    fn attempt(&mut self, range: Range<usize>) -> Result<Scores, Trouble> {
        self.seat.score(&self.batch.part(range))
    }
}

impl Drop for ProcessSlot {
    fn drop(&mut self) {
        self.say_close();
        if let (Some(live), Some(until)) = (&mut self.live, self.closing) {
            live.close(until);
        }
    }
}

/// How a process was lost, with the last line that it wrote.
fn with_last_line((how, output): &(String, Output)) -> String {
    match output.0.iter().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{how}; its last line was `{}`", cut(line.trim(), LONGEST_SHOWN)),
        None => how.clone(),
    }
}
