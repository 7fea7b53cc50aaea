//! `log.jsonl`: what happened when, through `tracing`. Where there is no folder for it, what plugins print is said on standard
//! error.
//!
//! The log belongs to a run, not to the process: its subscriber is that of the thread that runs. What other threads have to
//! say, such as those that read what plugins print, they say through the subscriber that they were made under.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gfn_record::catalogue::names as metric;
use gfn_record::event::Event;
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_text::{Output, Syntax};
use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Subscriber, dispatcher};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::Observer;

/// The most bytes that are kept until there is a folder.
const MAX_WAITING: usize = 1 << 20;

/// A run's log: that of this thread, and of what is made on it, as long as this lives.
pub struct Logging {
    sink: Sink,
    _guard: DefaultGuard,
}

impl Logging {
    /// Begins to log; what is said before [`Self::open`] is kept for then. `GFN_LOG` sets the level (`info` by default).
    pub fn start() -> Self {
        let sink = Sink::default();
        let writer = sink.clone();
        let layer = fmt::layer()
            .json()
            .with_writer(move || Output::new(writer.clone(), Syntax::Json));
        let subscriber = tracing_subscriber::registry().with(level()).with(layer);
        Self {
            sink,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Has what plugins print go to standard error, unless there is a log already.
    pub fn aloud() -> Option<Self> {
        let is_logged = dispatcher::get_default(|current| !current.is::<NoSubscriber>());
        if is_logged {
            return None;
        }
        let subscriber = tracing_subscriber::registry().with(level()).with(Aloud);
        Some(Self {
            sink: Sink::default(),
            _guard: tracing::subscriber::set_default(subscriber),
        })
    }

    /// Has the log go to a file, made once there is something to say.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn open_at(&self, path: PathBuf) -> Result<(), FolderError> {
        let waiting = std::mem::replace(&mut *self.sink.place(), Place::Named(path.clone()));
        let written = match waiting {
            Place::Waiting(lines) if !lines.is_empty() => self.sink.clone().write_all(&lines),
            _ => Ok(()),
        };
        written.map_err(|error| FolderError::Io { path, error })
    }

    /// Has the log go to the run's folder, what was said until now first.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn open(&self, folder: &RunFolder) -> Result<(), FolderError> {
        let path = folder.file(names::LOG);
        let file = gfn_files::append(&path);
        let opened = file.and_then(|mut file| {
            let mut place = self.sink.place();
            if let Place::Waiting(lines) = &*place {
                file.write_all(lines)?;
            }
            *place = Place::File(file);
            Ok(())
        });
        opened.map_err(|error| FolderError::Io { path, error })
    }
}

/// The level that `GFN_LOG` sets, `info` by default.
fn level() -> LevelFilter {
    level_of(std::env::var_os("GFN_LOG").as_deref()).unwrap_or_else(|warning| {
        let _ = writeln!(gfn_text::stderr(), "{warning}");
        LevelFilter::INFO
    })
}

/// The level that `GFN_LOG` sets, or a warning where it names none.
fn level_of(value: Option<&OsStr>) -> Result<LevelFilter, String> {
    match value.map(OsStr::to_string_lossy).as_deref() {
        None | Some("" | "info") => Ok(LevelFilter::INFO),
        Some("off") => Ok(LevelFilter::OFF),
        Some("error") => Ok(LevelFilter::ERROR),
        Some("warn") => Ok(LevelFilter::WARN),
        Some("debug") => Ok(LevelFilter::DEBUG),
        Some("trace") => Ok(LevelFilter::TRACE),
        Some(other) => Err(format!(
            "warning: GFN_LOG: `{other}` is not a level, and `info` is used; expected `off`, `error`, `warn`, `info`, `debug` or `trace`"
        )),
    }
}

/// Where lines go.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Place>>);

enum Place {
    Waiting(Vec<u8>),
    /// Nothing was said yet.
    Named(PathBuf),
    File(File),
}

impl Default for Place {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

impl Sink {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Sink {
    /// Takes a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut place = self.place();
        match &mut *place {
            Place::Waiting(lines) => {
                if lines.len() + line.len() <= MAX_WAITING {
                    lines.extend_from_slice(line);
                }
            }
            Place::Named(path) => {
                let mut file = gfn_files::append(path)?;
                file.write_all(line)?;
                *place = Place::File(file);
            }
            Place::File(file) => file.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says on standard error what plugins print.
struct Aloud;

impl<S: Subscriber> Layer<S> for Aloud {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut Plugin);
    }
}

/// The field that has a line of a plugin.
struct Plugin;

impl Visit for Plugin {
    fn record_str(&mut self, field: &Field, line: &str) {
        if field.name() == "plugin" {
            let _ = writeln!(gfn_text::stderr(), "plugin {line}");
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Logs measurements.
pub struct Log;

impl Observer for Log {
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError> {
        match event {
            Event::Measured(metrics) => tracing::info!(
                step = metrics.step,
                mean_reward = metrics.get(metric::MEAN_REWARD),
                l1 = metrics.get(metric::L1),
                "measured"
            ),
            Event::Step(metrics) => tracing::debug!(
                step = metrics.step,
                loss = metrics.get(metric::LOSS),
                log_z = metrics.get(metric::LOG_Z),
                "step"
            ),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_and_others_are_named() {
        let level = |name: &str| level_of(Some(OsStr::new(name)));
        assert_eq!(level_of(None), Ok(LevelFilter::INFO));
        assert_eq!(level("trace"), Ok(LevelFilter::TRACE));
        assert!(level("loud").unwrap_err().contains("`loud` is not a level"));
    }
}
