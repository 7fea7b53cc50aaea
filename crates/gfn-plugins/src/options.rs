//! What is loaded, where it runs, and what it may do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::description::Description;
use crate::error::PluginError;

/// What a plugin is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A shared library with the entry point of `gfn_plugin.h`.
    Library {
        /// Where it lies.
        path: PathBuf,
        /// Its SHA-256 in hexadecimal digits: a library with another one is not loaded.
        expected_hash: Option<String>,
    },
    /// A program in any language, which speaks one of the protocols.
    Command {
        /// The program and its arguments; looked up in `PATH` where it holds no `/`.
        words: Vec<String>,
        /// The folder that it is started in.
        folder: PathBuf,
        /// How it is spoken with.
        protocol: Protocol,
        /// The files and folders that hold its code; empty for the usual ones, as [`crate::trust::identity`] finds them.
        code: Vec<PathBuf>,
        /// The hash of its identity: one with another is not started, nor started again.
        expected_hash: Option<String>,
    },
}

/// How a command is spoken with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Packets over a socket, arrays in shared memory.
    #[default]
    Frames,
    /// Lines of JSON over standard input and output.
    Lines,
}

/// Where a library runs. A command always has a process of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In a confined process of its own: whatever it does, this process goes on.
    #[default]
    Process,
    /// In this process, with all its rights. A crash of the plugin is a crash of this process.
    Inline,
}

/// What a plugin's process may use up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest that a batch may take.
    pub timeout: Duration,
    /// The longest that a start may take: loading, creating the instance, saying hello.
    pub start_timeout: Duration,
    /// How often processes are started again, all workers together, before the plugin is given up.
    pub max_restarts: u32,
    /// The most address space of a process in bytes; as much as there is where absent. Graphics drivers reserve far more
    /// than they use: leave it absent for a plugin that needs a GPU.
    pub memory_bytes: Option<u64>,
    /// The most threads of a process, with those of all programs that it starts.
    pub max_threads: u32,
}

/// How many threads a plugin may have where nothing else is said: several libraries, each with one for every processor, and
/// as many again as some runtimes start for themselves.
pub fn default_threads() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    u32::try_from(processors).map_or(u32::MAX, |count| count.saturating_mul(8).saturating_add(64))
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            start_timeout: Duration::from_secs(60),
            max_restarts: 100,
            memory_bytes: None,
            max_threads: default_threads(),
        }
    }
}

/// What a plugin's process is allowed. The default is as little as possible.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confinement {
    /// Files and folders that it may read besides the system's libraries. A command may read every file where this is
    /// empty, because interpreters live anywhere.
    pub read: Vec<PathBuf>,
    /// Files and folders that it may read, write, make and remove.
    pub write: Vec<PathBuf>,
    /// Whether it may open sockets.
    pub network: bool,
    /// Whether it may start processes and programs.
    pub programs: bool,
    /// Whether it may use the devices of GPUs, which cannot be confined tightly.
    pub gpu: bool,
    /// The names of environment variables that it sees besides the usual ones, which hold no secrets.
    pub env: Vec<String>,
}

/// What the kernel could do of a plugin's confinement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The version of Landlock, which guards files; 0 where the kernel has none.
    pub landlock: u32,
    /// Whether seccomp filters the system calls.
    pub seccomp: bool,
    /// The namespaces of its own that it has, as `/proc/self/ns` calls them.
    pub namespaces: Vec<String>,
    /// Whether it has a `/proc` of its own, which shows no other processes. Otherwise it reads its own entries alone.
    pub private_proc: bool,
    /// The most threads that it can have; as many as the kernel allows where absent.
    pub max_threads: Option<u32>,
    /// What was asked for and could not be done, a sentence each.
    pub missing: Vec<String>,
}

impl Report {
    /// Whether all that was asked for is in force.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// What is in force, in words.
    pub fn in_force(&self) -> String {
        let mut parts = Vec::new();
        if self.landlock > 0 {
            parts.push(format!("Landlock {}", self.landlock));
        }
        if self.seccomp {
            parts.push("seccomp".to_string());
        }
        parts.push(match self.namespaces.is_empty() {
            true => "no namespaces (the kernel gives none here)".to_string(),
            false => format!("namespaces {}", self.namespaces.join(" ")),
        });
        parts.push(match self.private_proc {
            true => "a private /proc".to_string(),
            false => "its own entries of /proc".to_string(),
        });
        if let Some(most) = self.max_threads {
            parts.push(format!("at most {most} threads"));
        }
        parts.push("a clean environment".to_string());
        parts.join(", ")
    }

    /// That of code which runs in this process.
    pub(crate) fn inline() -> Self {
        Self {
            missing: vec!["the plugin runs inline, with all rights of this process".to_string()],
            ..Self::default()
        }
    }
}

/// Where a plugin's lines go.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Whether a stop was asked for, and until when answers are still waited for. From then on no process is started.
pub type StopBy = Arc<dyn Fn() -> Option<Instant> + Send + Sync>;

/// How a plugin is opened.
#[derive(Clone)]
pub struct Options {
    /// What messages call it.
    pub name: String,
    /// What is run.
    pub program: Program,
    /// Where it runs.
    pub isolation: Isolation,
    /// How many processes share the work; the answer does not depend on it. Inline: how many threads, of which a plugin
    /// that is not `thread_safe` uses one.
    pub workers: usize,
    /// What it may use up.
    pub limits: Limits,
    /// What it may do.
    pub confinement: Confinement,
    /// The program `gfn-plugin-host`, in which libraries run and which confines commands.
    pub host: PathBuf,
    /// Its parameters, an object; defaults of its schema are filled in.
    pub parameters: Value,
    /// What its objects are, an object with a `kind`.
    pub objects: Value,
    /// What it said of itself when it was approved, which it must still say; anything where absent.
    pub expected: Option<Description>,
    /// For a plugin that draws random numbers.
    pub seed: u64,
    /// Where its lines go.
    pub log: Log,
    /// Asked while its answers are waited for.
    pub stop: StopBy,
}

impl Options {
    /// A plugin in one confined process, without parameters, whose lines are dropped and which nobody stops.
    pub fn new(name: impl Into<String>, program: Program, host: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program,
            isolation: Isolation::default(),
            workers: 1,
            limits: Limits::default(),
            confinement: Confinement::default(),
            host: host.into(),
            parameters: Value::Object(serde_json::Map::new()),
            objects: Value::Object(serde_json::Map::new()),
            expected: None,
            seed: 0,
            log: Arc::new(|_| ()),
            stop: Arc::new(|| None),
        }
    }
}

impl Options {
    /// Refuses a plugin that says something else of itself than when it was approved.
    pub(crate) fn check(&self, now: &Description) -> Result<(), PluginError> {
        let different = |approved| crate::expected::differences(approved, now);
        match self.expected.as_ref().and_then(different) {
            Some(differences) => Err(PluginError::Different {
                plugin: self.name.clone(),
                differences,
            }),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, program) = (&self.name, &self.program);
        f.debug_struct("Options")
            .field("name", name)
            .field("program", program)
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
}
