//! A library, loaded for good.
#![allow(unsafe_code, reason = "loads libraries and calls them")]

use std::ffi::{CStr, CString, c_void};
use std::path::Path;
use std::ptr;

use gfn_plugin_sdk::abi::{self, functions};
use serde_json::{Map, Value};

use super::{ERROR_ROOM, host};
use crate::description::Kind;
use crate::options::Log;

/// A library that has said what it is.
pub(crate) struct Library {
    description: Map<String, Value>,
    pub(crate) reward: Option<abi::RewardTable>,
    pub(super) vocabulary: Option<abi::VocabularyTable>,
    pub(super) environment: Option<abi::EnvironmentTable>,
}

// SAFETY: what the tables point to is code, and constant.
unsafe impl Send for Library {}

// SAFETY: as above.
unsafe impl Sync for Library {}

/// What an instance is made from.
pub(crate) struct Creation<'a> {
    /// Complete, a JSON object.
    pub(crate) parameters: &'a Value,
    pub(crate) seed: u64,
    /// What the objects are, JSON.
    pub(crate) objects: &'a Value,
    pub(crate) log: &'a Log,
}

/// Why there is no instance.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// The parameters are to blame.
    Parameters(String),
    /// Something else is.
    Failed(String),
}

impl Library {
    /// Loads the library at `path` and asks what it is.
    ///
    /// # Errors
    /// Why it is no plugin that can be used here.
    pub(crate) fn load(path: &Path, log: &Log) -> Result<Self, String> {
        let library = open(path).map_err(|error| not_loaded(&error))?;
        // SAFETY: the type is that of the agreement, which the name stands for.
        let entry = unsafe { library.get::<functions::Entry>(abi::ENTRY_SYMBOL) };
        let entry = *entry.map_err(|_| {
            "it is no plugin: it has no function `gfn_plugin_entry_v1`; see gfn_plugin.h for what it must have".to_string()
        })?;
        // Threads and exit handlers of a library may outlive any use of it.
        std::mem::forget(library);
        let mut plugin = <abi::Plugin as abi::Table>::empty();
        // SAFETY: both are as long as they say; the first is never freed.
        let code = unsafe { entry(host::lasting(log, None), &mut plugin) };
        if code != abi::OK {
            return Err(format!("it says of itself that {}", abi::code_meaning(code)));
        }
        Self::of(&plugin)
    }

    fn of(plugin: &abi::Plugin) -> Result<Self, String> {
        // What a plugin did not know of is still empty; what it says that it knows, it has filled in.
        // SAFETY: a table that is not null is as long as its own size says, and stays.
        let (reward, vocabulary, environment) = unsafe {
            (
                abi::read_table(plugin.reward),
                abi::read_table(plugin.vocabulary),
                abi::read_table(plugin.environment),
            )
        };
        let description = described(plugin)?;
        let mut library = Self {
            description,
            reward,
            vocabulary,
            environment,
        };
        let kinds = library.kinds();
        library.description.insert("kinds".to_string(), kinds.into());
        Ok(library)
    }

    fn kinds(&self) -> Vec<Value> {
        let kinds = [
            (Kind::Reward, self.reward.is_some()),
            (Kind::Vocabulary, self.vocabulary.is_some()),
            (Kind::Environment, self.environment.is_some()),
        ];
        kinds
            .into_iter()
            .filter(|(_, is)| *is)
            .map(|(kind, _)| kind.to_string().into())
            .collect()
    }

    /// What it says of itself, with the kinds that it has tables of.
    pub(crate) fn description(&self) -> Value {
        Value::Object(self.description.clone())
    }
}

fn open(path: &Path) -> Result<libloading::Library, libloading::Error> {
    #[cfg(unix)]
    {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        // All symbols now: one that is missing is told here, not in the middle of a run.
        // SAFETY: a library may do anything while it is loaded. Here it is confined, or trusted.
        unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
    }
    #[cfg(not(unix))]
    {
        // SAFETY: a library may do anything while it is loaded. Here it is trusted.
        unsafe { libloading::Library::new(path) }
    }
}

fn not_loaded(error: &libloading::Error) -> String {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| cause.to_string());
    format!(
        "it cannot be loaded: {cause}; libraries that it needs must be installed where the system looks for them, or lie in \
         folders that it is allowed to `read` and be named by absolute paths"
    )
}

fn described(plugin: &abi::Plugin) -> Result<Map<String, Value>, String> {
    if plugin.description.is_null() {
        return Err("it does not describe itself: `description` is null".to_string());
    }
    // SAFETY: not null, ends with a NUL, and stays, says the agreement.
    let text = unsafe { CStr::from_ptr(plugin.description) };
    serde_json::from_slice(text.to_bytes())
        .map_err(|error| format!("its description is no JSON object: {error}"))
}

/// Makes an instance.
pub(super) fn create(
    create: Option<functions::Create>,
    wanted: &Creation<'_>,
) -> Result<*mut c_void, CreateError> {
    let create = create.ok_or_else(|| CreateError::Failed(missing("create")))?;
    let text = |value: &Value| {
        CString::new(value.to_string()).map_err(|error| CreateError::Failed(error.to_string()))
    };
    let parameters = text(wanted.parameters)?;
    // Where no kind is known there are none in mind, of which a plugin is told nothing at all.
    let objects = wanted
        .objects
        .get("kind")
        .map(|_| text(wanted.objects))
        .transpose()?;
    let host = host::lasting(wanted.log, objects);
    let length = parameters.as_bytes().len() as u64;
    let mut instance = ptr::null_mut();
    let mut failed = Failed::new();
    let (error, capacity) = failed.room();
    // SAFETY: the host is never freed, the parameters have that length and a NUL, the error has that room.
    let code = unsafe {
        create(
            host,
            parameters.as_ptr(),
            length,
            wanted.seed,
            &mut instance,
            error,
            capacity,
        )
    };
    match code {
        abi::OK => Ok(instance),
        abi::BAD_PARAMETERS => Err(CreateError::Parameters(failed.text())),
        code => Err(CreateError::Failed(failed.of(code, "create"))),
    }
}

/// Says which function a table lacks.
pub(super) fn missing(function: &str) -> String {
    format!("its table has no `{function}`, or is too short for it")
}

/// Room for the text of an error.
pub(super) struct Failed([u8; ERROR_ROOM]);

impl Failed {
    pub(super) fn new() -> Self {
        Self([0; ERROR_ROOM])
    }

    /// The room, as functions want it.
    pub(super) fn room(&mut self) -> (*mut std::ffi::c_char, u64) {
        (self.0.as_mut_ptr().cast(), ERROR_ROOM as u64)
    }

    /// The text in it.
    pub(super) fn text(&self) -> String {
        abi::error_text(&self.0)
    }

    /// Nothing, or what a call that returned `code` says.
    pub(super) fn check(&self, code: i32, function: &str) -> Result<(), String> {
        match code {
            abi::OK => Ok(()),
            code => Err(self.of(code, function)),
        }
    }

    fn of(&self, code: i32, function: &str) -> String {
        match code {
            abi::FAILED => self.text(),
            code => format!("{} ({}, from `{function}`)", self.text(), abi::code_meaning(code)),
        }
    }
}
