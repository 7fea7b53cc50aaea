//! The agreement between `gfn` and its plugins: `include/gfn_plugin.h`, as Rust sees it.
//!
//! Rules and meanings are told in the header, which is what an author in C reads. Here are the same structs, member by
//! member; a test holds both to the committed table `layout.txt`.
//!
//! To extend: append members to the end of a struct, here and in the header, raise [`MINOR`], and append the new lines to
//! `layout.txt` (the test's message has them). Never change or move what is there: that takes a new entry symbol.

pub mod functions;
mod table;

use std::ffi::{c_char, c_void};

pub use table::{Table, read_table};

/// The major version, part of the entry's name.
pub const MAJOR: u32 = 1;
/// The minor version of these structs.
pub const MINOR: u32 = 0;
/// The symbol that a plugin exports, a [`functions::Entry`], with the NUL that `dlsym` wants.
pub const ENTRY_SYMBOL: &[u8] = b"gfn_plugin_entry_v1\0";

/// It is done.
pub const OK: i32 = 0;
/// It could not be done; the error text says why.
pub const FAILED: i32 = 1;
/// From `create`: these parameters do not go together; the error text says which and why.
pub const BAD_PARAMETERS: i32 = 2;
/// This plugin, or this version of it, cannot do that.
pub const UNSUPPORTED: i32 = 3;

/// The form of a batch of states.
pub const STATES: u32 = 0;
/// The form of a batch of texts.
pub const TEXTS: u32 = 1;

/// An object's status before it is scored, preset by the host.
pub const NOT_SCORED: u8 = 0;
/// The object's log-reward is written, and finite.
pub const SCORED: u8 = 1;
/// The object's reward is 0.
pub const ZERO: u8 = 2;
/// The object cannot be scored.
pub const NO_SCORE: u8 = 3;

/// The level of a message about what went wrong.
pub const LOG_ERROR: i32 = 1;
/// The level of a message about what may be wrong.
pub const LOG_WARNING: i32 = 2;
/// The level of a message for everybody.
pub const LOG_INFO: i32 = 3;
/// The level of a message for whoever looks for a fault.
pub const LOG_DEBUG: i32 = 4;

/// What the host offers: `gfn_host`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Bytes of this struct.
    pub struct_size: u32,
    /// The minor version that the host knows.
    pub abi_minor: u32,
    /// To be passed to `log`.
    pub context: *mut c_void,
    /// Takes a line for the run's log.
    pub log: Option<functions::Log>,
    /// What the finished objects are: JSON with a NUL, or null.
    pub objects: *const c_char,
}

/// Objects to be scored: `gfn_batch`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Bytes of this struct.
    pub struct_size: u32,
    /// [`STATES`] or [`TEXTS`].
    pub form: u32,
    /// How many objects there are.
    pub count: u64,
    /// States or text.
    pub data: *const c_void,
    /// Words in a state.
    pub stride: u64,
    /// Where texts begin and end, `count` + 1; null for states.
    pub offsets: *const u64,
}

/// Where the scores go: `gfn_scores`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Scores {
    /// Bytes of this struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// `[count]`: natural logarithms.
    pub log_reward: *mut f64,
    /// `[count]`: how each object fared.
    pub status: *mut u8,
    /// To be passed to `explain`.
    pub context: *mut c_void,
    /// Takes the reason why an object cannot be scored.
    pub explain: Option<functions::Explain>,
}

/// A reward: `gfn_reward`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RewardTable {
    /// Bytes of this struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Makes an instance.
    pub create: Option<functions::Create>,
    /// Scores a batch.
    pub score: Option<functions::Score>,
    /// Frees an instance.
    pub destroy: Option<functions::Destroy>,
}

/// A block vocabulary: `gfn_vocabulary`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct VocabularyTable {
    /// Bytes of this struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Makes an instance.
    pub create: Option<functions::Create>,
    /// Counts the blocks.
    pub block_count: Option<functions::BlockCount>,
    /// Writes one block.
    pub block: Option<functions::Block>,
    /// Frees an instance.
    pub destroy: Option<functions::Destroy>,
}

/// An environment: `gfn_environment`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EnvironmentTable {
    /// Bytes of this struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Makes an instance.
    pub create: Option<functions::Create>,
    /// Writes what is fixed.
    pub spec: Option<functions::Spec>,
    /// Sets the bits of legal actions.
    pub forward_mask: Option<functions::Mask>,
    /// Sets the bits of legal backward actions.
    pub backward_mask: Option<functions::Mask>,
    /// Takes actions.
    pub step: Option<functions::Move>,
    /// Takes backward actions.
    pub undo: Option<functions::Move>,
    /// Writes what a network sees.
    pub observe: Option<functions::Observe>,
    /// Writes one finished state in words.
    pub describe: Option<functions::Describe>,
    /// Frees an instance.
    pub destroy: Option<functions::Destroy>,
}

/// What a plugin is: `gfn_plugin`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// In: the room that the host has. Out: the size as the plugin knows it.
    pub struct_size: u32,
    /// The minor version that the plugin knows.
    pub abi_minor: u32,
    /// JSON with a NUL.
    pub description: *const c_char,
    /// The reward, or null.
    pub reward: *const RewardTable,
    /// The vocabulary, or null.
    pub vocabulary: *const VocabularyTable,
    /// The environment, or null.
    pub environment: *const EnvironmentTable,
}

/// The text that a call wrote into an error buffer: up to the NUL, damaged UTF-8 replaced, and "no reason given" where there
/// is none.
pub fn error_text(buffer: &[u8]) -> String {
    let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(buffer.len());
    let text = String::from_utf8_lossy(&buffer[..end]);
    match text.trim() {
        "" => "no reason given".into(),
        text => text.into(),
    }
}

/// What a return code means, in words that complete "the plugin says that".
pub fn code_meaning(code: i32) -> &'static str {
    match code {
        OK => "it is done",
        FAILED => "it failed",
        BAD_PARAMETERS => "the parameters do not go together",
        UNSUPPORTED => "it cannot do that",
        _ => "nothing that a host understands (an unknown return code)",
    }
}
