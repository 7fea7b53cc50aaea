//! What is said between a plugin's process and this one: `PROTOCOL.md` tells it to authors in other languages.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::description::{Input, Kind};
use crate::environment::Question;
#[cfg(target_os = "linux")]
use crate::granted::Granted;
use crate::options::{Confinement, Protocol, Report};

/// The protocol's version.
pub(crate) const VERSION: u32 = 1;

/// The longest packet that is ever sent or taken.
pub(crate) const LONGEST_PACKET: usize = 1 << 20;

/// Where arrays begin in shared memory.
pub(crate) const ALIGNMENT: usize = 64;

/// What `gfn-plugin-host` is started with, as its one argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    /// The plugin's name, for messages.
    pub plugin: String,
    /// The process that started it, with which it ends.
    pub parent: u32,
    /// The command to become; absent for a library.
    pub command: Option<CommandLine>,
    /// The most address space.
    pub memory_bytes: Option<u64>,
    /// The most threads, with those of all that it starts.
    #[serde(default = "crate::options::default_threads")]
    pub max_threads: u32,
    /// What it may do; the paths are absolute.
    pub confinement: Confinement,
    /// What lay at its paths when the plugin was opened: anything else there is not granted.
    #[serde(default)]
    pub granted: Vec<Granted>,
    /// What a command reads whatever else it may: the copy of its code, and its interpreter.
    #[serde(default)]
    pub own: Vec<PathBuf>,
    /// Folders that a command cannot read: those of its code, which it finds in the copy.
    #[serde(default)]
    pub hidden: Vec<PathBuf>,
    /// Whether the library is only to be tried out, as the checker says.
    #[serde(default)]
    pub is_trial: bool,
}

/// A command and how it is spoken with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CommandLine {
    pub words: Vec<String>,
    pub protocol: Protocol,
}

/// What a plugin's process is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Request {
    /// A library to load, in the descriptor that comes along. For `gfn-plugin-host` alone.
    Library,
    /// Make an instance of this kind; without parameters only describe.
    Hello {
        protocol: u32,
        kind: Kind,
        parameters: Option<Value>,
        seed: u64,
        objects: Value,
    },
    /// Memory, in the two descriptors that come along: input to read, output to read and write.
    Memory { input: u64, output: u64 },
    /// Score objects that lie in memory.
    Score(ScoreRequest),
    /// A vocabulary's blocks from this one on.
    Blocks { from: u64 },
    /// What is fixed about an environment.
    Spec,
    /// Ask an environment about states that lie in memory.
    Call(CallRequest),
    /// A finished state of an environment in words.
    Describe { state: Vec<i32> },
    /// End.
    Close,
}

/// A batch in memory; offsets in bytes, the first two in input, the last two in output.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ScoreRequest {
    pub batch: u64,
    pub form: Input,
    pub count: u64,
    pub stride: u64,
    pub data: u64,
    pub offsets: u64,
    pub log_reward: u64,
    pub status: u64,
}

/// States in memory; offsets in bytes, the first two in input, the last two in output.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct CallRequest {
    pub batch: u64,
    pub question: Question,
    pub count: u64,
    pub state_words: u64,
    /// Words of a state's mask.
    pub mask_words: u64,
    /// Numbers that a network sees of a state.
    pub features: u64,
    pub states: u64,
    pub actions: u64,
    pub answers: u64,
    pub reverse: u64,
}

/// What a plugin's process answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// What is in force of the confinement. From `gfn-plugin-host`, before anything of the plugin runs.
    Confined { report: Report },
    /// The instance is there.
    Ready { protocol: u32, description: Value },
    /// A batch is scored.
    Scored {
        batch: u64,
        /// Which objects failed, and why.
        #[serde(default)]
        failures: Vec<(i64, String)>,
        /// In the protocol of lines alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        log_reward: Vec<Value>,
    },
    /// Some blocks of `total`.
    Blocks { blocks: Vec<Value>, total: u64 },
    /// What is fixed about the environment.
    Spec { spec: Value },
    /// The answers are in memory.
    Answered { batch: u64 },
    /// A state in words.
    Text { text: String },
    /// It could not be done; `kind` is [`PARAMETERS`], [`COUNT`], [`FAILED`] or another word.
    Error { kind: String, message: String },
}

/// The kind of an error that the parameters are to blame for.
pub(crate) const PARAMETERS: &str = "parameters";

/// The kind of an error that says how many log-rewards there were for how many objects.
pub(crate) const COUNT: &str = "count";

/// The kind of any other error.
pub(crate) const FAILED: &str = "failed";

/// The most failures that are told with a reason.
pub(crate) const MAX_REASONS: usize = 100;
