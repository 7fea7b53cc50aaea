//! Calls of a library that do not return must not keep the process: they are made on a thread that can be left behind.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Inline;
use crate::batch::{Batch, Scores};
use crate::error::PluginError;
use crate::native::Reward;
use crate::options::StopBy;

/// How long to wait at most before looking whether a stop was asked for.
const SLICE: Duration = Duration::from_millis(50);

/// A reward in this process, and the thread that calls it.
pub(crate) struct Apart {
    pub(crate) inline: Arc<Inline<Reward>>,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    stop: StopBy,
}

/// A batch of its own: whoever asked may be gone when it is scored.
struct Job {
    batch: Owned,
    answer: Sender<Result<Scores, PluginError>>,
}

enum Owned {
    States { words: Vec<i32>, stride: usize },
    Texts(Vec<String>),
}

impl Owned {
    fn of(batch: &Batch<'_>) -> Self {
        match *batch {
            Batch::States { words, stride } => Self::States {
                words: words.to_vec(),
                stride,
            },
            Batch::Texts(texts) => Self::Texts(texts.iter().map(ToString::to_string).collect()),
        }
    }

    fn scored_by(&self, inline: &Inline<Reward>) -> Result<Scores, PluginError> {
        match self {
            Self::States { words, stride } => inline.score(&Batch::States {
                words,
                stride: *stride,
            }),
            Self::Texts(texts) => {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                inline.score(&Batch::Texts(&texts))
            }
        }
    }
}

impl Apart {
    /// Has a thread of its own call `inline`.
    pub(crate) fn new(inline: Inline<Reward>, stop: StopBy) -> std::io::Result<Self> {
        let inline = Arc::new(inline);
        let (jobs, work) = channel::<Job>();
        let called = Arc::clone(&inline);
        let run = move || {
            for Job { batch, answer } in work {
                // Who asked may have given up.
                let _ = answer.send(batch.scored_by(&called));
            }
        };
        let thread = std::thread::Builder::new()
            .name("inline-plugin".to_string())
            .spawn(run)?;
        Ok(Self {
            inline,
            jobs: Some(jobs),
            thread: Some(thread),
            stop,
        })
    }

    /// Scores a batch.
    pub(crate) fn score(&self, batch: &Batch<'_>) -> Result<Scores, PluginError> {
        let (answer, scores) = channel();
        let job = Job {
            batch: Owned::of(batch),
            answer,
        };
        let sent = self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok());
        sent.and_then(|()| self.wait(&scores)).unwrap_or_else(|| {
            Err(self
                .inline
                .misbehaved("it ended the thread that called it".to_string()))
        })
    }

    /// The answer; none where the thread is gone.
    fn wait(&self, scores: &Receiver<Result<Scores, PluginError>>) -> Option<Result<Scores, PluginError>> {
        loop {
            match scores.recv_timeout(SLICE) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.is_over() => {
                    let plugin = self.inline.plugin.to_string();
                    return Some(Err(PluginError::Stopped { plugin }));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn is_over(&self) -> bool {
        (self.stop)().is_some_and(|until| Instant::now() >= until)
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // Where a stop was asked for it may be in a call that never returns: it ends with the process.
        if let Some(thread) = self.thread.take().filter(|_| (self.stop)().is_none()) {
            let _ = thread.join();
        }
    }
}
