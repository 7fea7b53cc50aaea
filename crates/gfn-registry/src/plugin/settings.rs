//! How a file names a plugin, and what it allows it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gfn_plugins::trust::{Identity, Pin};
use gfn_plugins::{
    Confinement, Description, Isolation as Host, Limits, Options, Program, Protocol as Spoken,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a library runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In a confined process of its own: whatever it does, the run goes on or ends with all that was trained.
    #[default]
    Process,
    /// In the process of the run, with all its rights: for small libraries that are called often and that you have read. A
    /// crash of the library is a crash of the run, which goes on from its last checkpoint.
    Inline,
}

/// How a command is spoken with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Packets over a socket, with arrays in shared memory: what the Python package `gfn_plugin` speaks.
    #[default]
    Frames,
    /// Lines of JSON over standard input and output, for any other language.
    Lines,
}

/// A plugin: a library or a command, what it may use up, and what it may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// The library, relative to this file. Either this or `command` must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"libreward_ising.so")]
    pub path: Option<String>,
    /// The program and its arguments, for a plugin in another language.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)), example = command())]
    pub command: Vec<String>,
    /// The folder in which a command is started, relative to this file; that of this file where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"rewards")]
    pub folder: Option<String>,
    /// Files and folders that hold the code of a command, relative to this file. All of it is hashed, so that none of it can
    /// change without a new approval. Where absent it is the folder of the script, and for other languages than Python also
    /// that in which the command is started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)), example = code())]
    pub code: Vec<String>,
    /// How a command is spoken with.
    pub protocol: Protocol,
    /// The SHA-256 that the library must have, or the command's words and code together: that of `gfn.lock` where this is
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 64, max = 64),
        example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: Option<String>,
    /// Where a library runs.
    pub isolation: Isolation,
    /// The longest that a batch may take. A process that takes longer is ended and started again.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e6, "x-unit" = "seconds"))]
    pub timeout_seconds: f64,
    /// The longest that a start may take: loading, reading a model.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e6, "x-unit" = "seconds"))]
    pub start_timeout_seconds: f64,
    /// How often its processes are started again in a run before the run ends with code 77.
    #[schemars(extend("x-unit" = "restarts"))]
    pub max_restarts: u32,
    /// The most memory of a process, address space included; as much as there is where absent. A plugin that needs a GPU
    /// reserves far more than it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16), extend("x-unit" = "MiB"), example = 4096)]
    pub memory_mib: Option<u64>,
    /// The most threads of a process, with those of all programs that it starts: starting one more fails. Where absent, 64
    /// and 8 for each processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "threads"), example = 512)]
    pub max_threads: Option<u32>,
    /// Files and folders that it may read besides the system's libraries, relative to this file. A command may read
    /// everything where none is given.
    #[schemars(inner(length(min = 1)))]
    pub read: Vec<String>,
    /// Files and folders that it may read and write, relative to this file.
    #[schemars(inner(length(min = 1)))]
    pub write: Vec<String>,
    /// Whether it may use the network.
    pub network: bool,
    /// Whether it may start other programs.
    pub programs: bool,
    /// Whether it may use the GPUs.
    pub gpu: bool,
    /// Environment variables that it sees besides the usual ones, by their names, as for a token. It sees where programs and
    /// modules lie, the language, the time zone, and how many threads libraries use; with `gpu` also variables of GPUs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1), regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$")), example = variables())]
    pub env: Vec<String>,
    /// Its own parameters, which `gfn plugin info` tells; checked against what the plugin says of them.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub parameters: toml::Table,
    /// What is known of it, once it was examined.
    #[serde(skip)]
    #[schemars(skip)]
    pub pinned: Option<Pinned>,
    /// What it is allowed, once its paths were followed.
    #[serde(skip)]
    #[schemars(skip)]
    pub allowed: Option<Confinement>,
}

/// What `gfn.lock` says of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Pinned {
    /// The file that says it.
    pub lock: PathBuf,
    /// What it says.
    pub pin: Pin,
    /// What the plugin is.
    pub identity: Identity,
}

/// Where a path leads, links followed; what is not there yet is where it would be.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if !path.is_symlink() => real(folder).join(name),
        _ => path.to_path_buf(),
    }
}

/// A command, as an example.
fn command() -> [&'static str; 2] {
    ["python3", "reward.py"]
}

/// Variables, as an example.
fn variables() -> [&'static str; 1] {
    ["HF_TOKEN"]
}

/// Where code is, as an example.
fn code() -> [&'static str; 2] {
    ["reward.py", "my_package"]
}

impl Default for Source {
    fn default() -> Self {
        Self {
            path: None,
            command: Vec::new(),
            folder: None,
            code: Vec::new(),
            protocol: Protocol::default(),
            sha256: None,
            isolation: Isolation::default(),
            timeout_seconds: 300.0,
            start_timeout_seconds: 60.0,
            max_restarts: 10,
            memory_mib: None,
            max_threads: None,
            read: Vec::new(),
            write: Vec::new(),
            network: false,
            programs: false,
            gpu: false,
            env: Vec::new(),
            parameters: toml::Table::new(),
            pinned: None,
            allowed: None,
        }
    }
}

impl Source {
    /// What it is called in messages: as it calls itself, or the library's or the last script's name.
    pub fn name(&self) -> String {
        if let Some(pinned) = &self.pinned {
            return pinned.pin.name.clone();
        }
        let word = self.path.as_ref().or_else(|| self.command.last());
        let stem = word.and_then(|word| Path::new(word).file_stem());
        stem.map_or_else(|| "plugin".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// What it says of itself.
    pub fn description(&self) -> Description {
        let pinned = self.pinned.as_ref();
        pinned
            .map(|pinned| pinned.pin.description.clone())
            .unwrap_or_default()
    }

    /// The library, or the command's words.
    pub fn shown(&self) -> String {
        self.path.clone().unwrap_or_else(|| self.command.join(" "))
    }

    /// What is loaded; paths must be absolute. `folder` is where a command is started.
    pub fn program(&self, folder: &Path) -> Program {
        match &self.path {
            Some(path) => Program::Library {
                path: path.into(),
                expected_hash: self.sha256.clone(),
            },
            None => Program::Command {
                words: self.command.clone(),
                folder: folder.to_path_buf(),
                protocol: match self.protocol {
                    Protocol::Frames => Spoken::Frames,
                    Protocol::Lines => Spoken::Lines,
                },
                code: self.code.iter().map(PathBuf::from).collect(),
                expected_hash: self.sha256.clone(),
            },
        }
    }

    /// Follows the paths of what it is allowed, once: a link that takes the place of a file or folder later leads nowhere.
    pub fn follow(&mut self) {
        self.allowed = Some(self.confinement());
    }

    /// What its process is allowed. Paths are those that the paths in the file led to when they were followed, or lead to now.
    pub fn confinement(&self) -> Confinement {
        if let Some(allowed) = &self.allowed {
            return allowed.clone();
        }
        let paths = |paths: &[String]| paths.iter().map(|path| real(Path::new(path))).collect();
        Confinement {
            read: paths(&self.read),
            write: paths(&self.write),
            network: self.network,
            programs: self.programs,
            gpu: self.gpu,
            env: self.env.clone(),
        }
    }

    /// How it is opened.
    pub fn options(&self, folder: &Path, host: PathBuf) -> Options {
        Options {
            isolation: match self.isolation {
                Isolation::Process => Host::Process,
                Isolation::Inline => Host::Inline,
            },
            limits: Limits {
                timeout: Duration::from_secs_f64(self.timeout_seconds),
                start_timeout: Duration::from_secs_f64(self.start_timeout_seconds),
                max_restarts: self.max_restarts,
                memory_bytes: self.memory_mib.map(|mebibytes| mebibytes << 20),
                max_threads: self.max_threads.unwrap_or_else(gfn_plugins::default_threads),
            },
            confinement: self.confinement(),
            expected: self.pinned.as_ref().map(|pinned| pinned.pin.description.clone()),
            parameters: serde_json::to_value(&self.parameters).unwrap_or_default(),
            ..Options::new(self.name(), self.program(folder), host)
        }
    }
}
