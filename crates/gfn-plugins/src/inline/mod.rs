//! Libraries that run in this process.
//!
//! The same bytes are hashed and loaded as for a process, and what comes back is checked in the same way. But nothing
//! stops such a library from doing what it likes, and when it crashes, this process does.

mod apart;
mod ended;
mod environment;
mod reward;
mod vocabulary;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

pub(crate) use self::apart::Apart;
use self::ended::CallGuard;
use crate::description::{Description, Kind};
use crate::error::{Output, PluginError};
use crate::image::Image;
use crate::native::{CreateError, Creation, Library};
use crate::options::{Options, Program, Report};
use crate::parameters::complete;

/// Libraries of this process by their hashes: one that is opened again is not loaded again.
static LOADED: Mutex<Option<HashMap<String, &'static Library>>> = Mutex::new(None);

/// An instance of a library in this process.
pub(crate) struct Inline<T> {
    /// Its name, which stays: a process may end by it.
    plugin: &'static str,
    pub(crate) description: Description,
    pub(crate) hash: String,
    pub(crate) report: Report,
    workers: usize,
    instance: T,
    /// Held while a library that is not `thread_safe` is called.
    turn: Mutex<()>,
}

/// What a library says of itself, asked in this process: for systems that have no other place.
#[cfg(not(target_os = "linux"))]
pub(crate) fn describe(options: &Options) -> Result<Description, PluginError> {
    let plugin = options.name.clone();
    let start_error = |message| PluginError::Start {
        plugin: plugin.clone(),
        message,
        output: Output::default(),
    };
    Description::read(load(options, &start_error)?.0.description()).map_err(start_error)
}

impl<T> Inline<T> {
    /// Loads a library and makes an instance.
    pub(crate) fn open(
        options: Options,
        kind: Kind,
        create: impl FnOnce(&Library, &Creation<'_>) -> Result<T, CreateError>,
    ) -> Result<Self, PluginError> {
        let plugin: &'static str = Box::leak(options.name.clone().into_boxed_str());
        let start_error = |message| PluginError::Start {
            plugin: plugin.to_string(),
            message,
            output: Output::default(),
        };
        let _calling = CallGuard::of(plugin);
        let (library, hash) = load(&options, &start_error)?;
        let description = Description::read(library.description()).map_err(start_error)?;
        options.check(&description)?;
        let parameters = complete(plugin, &description, kind, &options.parameters)?;
        let (parameters, objects, log) = (&parameters, &options.objects, &options.log);
        let wanted = Creation {
            parameters,
            seed: options.seed,
            objects,
            log,
        };
        let instance = create(library, &wanted).map_err(|error| match error {
            CreateError::Parameters(message) => PluginError::BadParameters {
                plugin: plugin.to_string(),
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
            plugin,
            description,
            hash,
            report,
            workers,
            instance,
            turn,
        })
    }

    /// Waits for its turn, if callers must take turns.
    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        let turn = || self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (!self.description.thread_safe).then(turn)
    }

    /// To be held while the library is called.
    fn calling(&self) -> CallGuard {
        CallGuard::of(self.plugin)
    }

    fn misbehaved(&self, message: String) -> PluginError {
        PluginError::Misbehaved {
            plugin: self.plugin.to_string(),
            message,
            output: Output::default(),
        }
    }

    /// The plugin wrote where it must not; completes "the plugin …".
    fn corrupted(&self, how: &str) -> PluginError {
        self.misbehaved(format!(
            "it {how}, in memory of this process: let it run in a process of its own"
        ))
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
