//! Libraries that run in this process.
//!
//! The same bytes are hashed and loaded as for a process, and what comes back is checked in the same way. But nothing
//! stops such a library from doing what it likes, and when it crashes, this process does.
#![allow(unsafe_code, reason = "hands memory to libraries")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::arrays::Region;
use crate::batch::{Batch, Scores};
use crate::description::{Description, Kind};
use crate::error::{Output, PluginError};
use crate::image::Image;
use crate::native::{CreateError, Creation, Library, Objects, Places, Reward};
use crate::opened::{complete, most_in_a_call, shared};
use crate::options::{Options, Program, Report};
use crate::policy::{self, Attempts, Trouble};
use crate::protocol::ALIGNMENT;
use crate::regions::{OutputLayout, offsets};

/// Libraries of this process by their hashes: one that is opened again is not loaded again.
static LOADED: Mutex<Option<HashMap<String, &'static Library>>> = Mutex::new(None);

/// A library's reward in this process.
pub(crate) struct Inline {
    plugin: String,
    description: Description,
    hash: String,
    report: Report,
    workers: usize,
    reward: Reward,
    /// Held while a library that is not `thread_safe` is called.
    turn: Mutex<()>,
}

impl Inline {
    /// Loads a library and makes an instance of its reward.
    pub(crate) fn open(options: Options) -> Result<Self, PluginError> {
        let start_error = |message: String| PluginError::Start {
            plugin: options.name.clone(),
            message,
            output: Output::default(),
        };
        let (library, hash) = load(&options, &start_error)?;
        let description = Description::read(library.description()).map_err(start_error)?;
        let parameters = complete(&options.name, &description, Kind::Reward, &options.parameters)?;
        let (seed, objects, log) = (options.seed, &options.objects, &options.log);
        let wanted = Creation {
            parameters: &parameters,
            seed,
            objects,
            log,
        };
        let reward = Reward::new(library, &wanted).map_err(|error| match error {
            CreateError::Parameters(message) => PluginError::BadParameters {
                plugin: options.name.clone(),
                message,
            },
            CreateError::Failed(message) => start_error(message),
        })?;
        let workers = if description.thread_safe {
            options.workers.max(1)
        } else {
            1
        };
        let (report, turn) = (Report::inline(), Mutex::new(()));
        Ok(Self {
            plugin: options.name,
            description,
            hash,
            report,
            workers,
            reward,
            turn,
        })
    }

    /// What the library says of itself.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }

    /// Nothing is in force.
    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// The library's hash.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// Scores a batch.
    pub(crate) fn score(&self, batch: &Batch<'_>) -> Result<Scores, PluginError> {
        let turn = || self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let _turn = (!self.description.thread_safe).then(turn);
        let most = most_in_a_call(&self.description);
        let mut callers: Vec<&Self> = vec![self; self.workers];
        shared(batch, &mut callers, |caller, part| {
            let mut scores = Scores::default();
            let mut start = 0;
            while start < part.len() {
                let end = part.len().min(start.saturating_add(most));
                scores.append(policy::score(
                    &mut Calls {
                        inline: caller,
                        batch: part,
                    },
                    start..end,
                )?);
                start = end;
            }
            Ok(scores)
        })
    }

    fn call(&self, batch: &Batch<'_>) -> Result<Scores, Trouble> {
        let layout = OutputLayout::of(batch.len());
        let mut output = Aligned::new(layout.len());
        layout.prepare(&mut output);
        let start = output.bytes[output.start..].as_mut_ptr();
        let log_reward = start.wrapping_add(layout.log_reward()).cast();
        let places = Places {
            log_reward,
            status: start.wrapping_add(layout.status()),
        };
        let count = batch.len() as u64;
        let (joined, ends);
        let objects = match batch {
            Batch::States { words, stride } => Objects::States {
                data: words.as_ptr(),
                count,
                stride: *stride as u64,
            },
            Batch::Texts(texts) => {
                (joined, ends) = (texts.concat(), offsets(texts));
                Objects::Texts {
                    data: joined.as_ptr(),
                    count,
                    offsets: ends.as_ptr(),
                }
            }
        };
        // SAFETY: the pointers are to the arrays above, which live on; the output is in nobody else's hands.
        let reasons = unsafe { self.reward.score(objects, places) }.map_err(Trouble::Refused)?;
        layout.collect(&output, reasons).map_err(|how| {
            let message =
                format!("it {how}, into memory of this process: let it run in a process of its own");
            let plugin = self.plugin.clone();
            Trouble::Fatal(PluginError::Misbehaved {
                plugin,
                message,
                output: Output::default(),
            })
        })
    }
}

struct Calls<'a> {
    inline: &'a Inline,
    batch: Batch<'a>,
}

impl Attempts for Calls<'_> {
    fn attempt(&mut self, range: std::ops::Range<usize>) -> Result<Scores, Trouble> {
        self.inline.call(&self.batch.part(range))
    }
}

/// Memory that is aligned as shared memory is.
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
}

impl Aligned {
    fn new(len: usize) -> Self {
        let bytes = vec![0; len + ALIGNMENT];
        let start = bytes.as_ptr().align_offset(ALIGNMENT);
        Self { bytes, start }
    }
}

impl Region for Aligned {
    fn fill(&mut self, offset: usize, len: usize, byte: u8) {
        self.bytes[self.start + offset..][..len].fill(byte);
    }

    fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        self.bytes[self.start + offset..][..len].to_vec()
    }
}

/// The library, loaded once for all, and its hash.
fn load(
    options: &Options,
    start_error: &impl Fn(String) -> PluginError,
) -> Result<(&'static Library, String), PluginError> {
    let Program::Library { path, expected_hash } = &options.program else {
        let message = "is a command, which cannot run inline; leave `isolation` out".to_string();
        return Err(PluginError::Unsuitable {
            plugin: options.name.clone(),
            message,
        });
    };
    let image = Image::read(&options.name, path, expected_hash.as_deref())?;
    let mut loaded = LOADED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let loaded = loaded.get_or_insert_default();
    if let Some(library) = loaded.get(image.hash()) {
        return Ok((library, image.hash().to_string()));
    }
    let place = place_of(&image, path).map_err(PluginError::file(&options.name, path))?;
    let library: &'static Library = Box::leak(Box::new(
        Library::load(&place, &options.log).map_err(start_error)?,
    ));
    loaded.insert(image.hash().to_string(), library);
    Ok((library, image.hash().to_string()))
}

/// A path under which exactly these bytes are found.
#[cfg(target_os = "linux")]
fn place_of(image: &Image, _: &std::path::Path) -> std::io::Result<PathBuf> {
    use std::os::fd::IntoRawFd;
    // Stays open: the loader knows the library by this number.
    Ok(PathBuf::from(format!(
        "/proc/self/fd/{}",
        image.sealed()?.into_raw_fd()
    )))
}

/// The library's own path: without files that can be sealed, it must not be changed between the two readings.
#[cfg(not(target_os = "linux"))]
fn place_of(_: &Image, path: &std::path::Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}
