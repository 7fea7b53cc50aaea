//! Calls of a library's functions with whatever memory a trial likes.
#![allow(unsafe_code, reason = "calls libraries")]

use std::ffi::{CString, c_void};
use std::path::Path;
use std::ptr;

use gfn_plugin_sdk::abi::{self, Table, functions};

use super::{Order, Problem};
use crate::checker::report::fail;
use crate::checker::samples::Objects;
use crate::native::{Objects as Pointers, Places, Reward, lasting};

/// What lies around memory that a library may write to, and in it before.
pub(super) const CANARY: u8 = 0xC5;

/// Bytes of canaries at either end.
const FENCE: usize = 64;

/// Makes instances of a library's reward.
pub(super) struct Maker {
    table: abi::RewardTable,
    host: &'static abi::Host,
    parameters: String,
    seed: u64,
}

/// What came of making an instance.
pub(super) struct Creation {
    /// The return code.
    pub(super) code: i32,
    /// The room for the error's text, without what lies around it.
    pub(super) error: Vec<u8>,
    /// Whether nothing was written outside of that room.
    pub(super) is_intact: bool,
    /// The instance, where the code is OK.
    pub(super) reward: Option<Reward>,
}

impl Maker {
    pub(super) fn new(table: abi::RewardTable, order: &Order) -> Self {
        // Of texts that JSON writes, none has a NUL.
        let objects = CString::new(order.told.to_string()).ok();
        let host = lasting(&crate::checker::quiet(), objects);
        Self {
            table,
            host,
            parameters: order.parameters.to_string(),
            seed: order.seed,
        }
    }

    /// Makes an instance as a run would.
    pub(super) fn make(&self) -> Result<Reward, Problem> {
        let made = self.make_with(&self.parameters, 4096);
        match made.reward {
            Some(reward) => Ok(reward),
            None => fail(format!(
                "an instance cannot be made: {}",
                abi::error_text(&made.error)
            )),
        }
    }

    /// Makes an instance from any text, with room for an error of `capacity` bytes; without room, at no address at all.
    pub(super) fn make_with(&self, parameters: &str, capacity: usize) -> Creation {
        let none = Creation {
            code: abi::FAILED,
            error: Vec::new(),
            is_intact: true,
            reward: None,
        };
        let (Some(create), Ok(text)) = (self.table.create, CString::new(parameters)) else {
            return none;
        };
        let mut fenced = vec![CANARY; capacity + 2 * FENCE];
        let error = match capacity {
            0 => ptr::null_mut(),
            _ => fenced[FENCE..].as_mut_ptr().cast(),
        };
        let (length, mut instance) = (text.as_bytes().len() as u64, ptr::null_mut::<c_void>());
        // SAFETY: the host is never freed, the text has that length and a NUL, the error has that room.
        let code = unsafe {
            create(
                self.host,
                text.as_ptr(),
                length,
                self.seed,
                &mut instance,
                error,
                capacity as u64,
            )
        };
        let (before, rest) = fenced.split_at(FENCE);
        let (error, after) = rest.split_at(capacity);
        let is_intact = before.iter().chain(after).all(|byte| *byte == CANARY);
        let reward = (code == abi::OK).then_some(Reward {
            table: self.table,
            instance,
        });
        Creation {
            code,
            error: error.to_vec(),
            is_intact,
            reward,
        }
    }
}

/// What a library wrote of some objects: bits of log-rewards, and status codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawScores {
    pub(super) log_reward: Vec<u64>,
    pub(super) status: Vec<u8>,
}

/// Scores objects from ordinary memory.
pub(super) fn score(reward: &Reward, objects: &Objects) -> Result<RawScores, Problem> {
    let count = objects.len();
    let mut written = RawScores {
        log_reward: vec![0; count],
        status: vec![0; count],
    };
    let places = Places {
        log_reward: written.log_reward.as_mut_ptr().cast(),
        status: written.status.as_mut_ptr(),
    };
    let (text, offsets) = flat(objects);
    let pointers = match objects {
        Objects::States { words, stride } => states(words.as_ptr(), count, *stride),
        Objects::Texts(_) => texts(text.as_ptr(), count, offsets.as_ptr()),
    };
    score_at(reward, pointers, places)?;
    Ok(written)
}

/// Scores objects that lie anywhere: the pointers come from memory that the caller holds.
pub(super) fn score_at(reward: &Reward, objects: Pointers, places: Places) -> Result<(), Problem> {
    if reward.table.score.is_none() || reward.table.destroy.is_none() {
        return fail("its table lacks `score` or `destroy`");
    }
    // SAFETY: the pointers are valid for as many objects as they say, which callers in this module's parent see to.
    let scored = unsafe { reward.score(objects, places) };
    scored
        .map(drop)
        .map_err(|error| Problem::Fail(format!("the whole batch was refused: {error}")))
}

/// All texts in one, and where each begins.
pub(super) fn flat(objects: &Objects) -> (Vec<u8>, Vec<u64>) {
    let texts = objects.texts();
    (texts.concat().into_bytes(), crate::regions::offsets(&texts))
}

/// Words at an address.
pub(super) fn states(data: *const i32, count: usize, stride: usize) -> Pointers {
    Pointers::States {
        data,
        count: count as u64,
        stride: stride as u64,
    }
}

/// Texts at an address.
pub(super) fn texts(data: *const u8, count: usize, offsets: *const u64) -> Pointers {
    Pointers::Texts {
        data,
        count: count as u64,
        offsets,
    }
}

/// What the entry point fills in, and whether it wrote nothing behind what it says that it knows.
pub(super) struct EntryReport {
    pub(super) code: i32,
    pub(super) plugin: abi::Plugin,
    pub(super) is_intact: bool,
}

/// A host of a later version: its struct goes on behind what is known today.
#[repr(C)]
struct Later<T> {
    known: T,
    more: [u64; 8],
}

/// Loads a library and calls its entry point as a host of a later version would.
pub(super) fn enter(path: &Path) -> Result<EntryReport, Problem> {
    // SAFETY: a library may do anything while it is loaded. Here it is confined.
    let library = unsafe { libloading::Library::new(path) };
    let library = library.map_err(|error| Problem::Fail(format!("it cannot be loaded: {error}")))?;
    // SAFETY: the type is that of the agreement, which the name stands for.
    let Ok(entry) = (unsafe { library.get::<functions::Entry>(abi::ENTRY_SYMBOL) }) else {
        return fail("it has no function `gfn_plugin_entry_v1`");
    };
    let mut host = *lasting(&crate::checker::quiet(), None);
    host.struct_size = size_of::<Later<abi::Host>>() as u32;
    host.abi_minor = abi::MINOR + 1;
    let host: &'static Later<abi::Host> = Box::leak(Box::new(Later {
        known: host,
        more: [0; 8],
    }));
    let mut plugin = Later {
        known: abi::Plugin::empty(),
        more: [0; 8],
    };
    plugin.known.struct_size = size_of::<Later<abi::Plugin>>() as u32;
    // SAFETY: both are as long as they say; the first is never freed. A plugin fills in what it knows of the second.
    let code = unsafe { entry(ptr::from_ref(host).cast(), ptr::from_mut(&mut plugin).cast()) };
    // Threads and exit handlers of a library may outlive any use of it.
    std::mem::forget(library);
    Ok(EntryReport {
        code,
        plugin: plugin.known,
        is_intact: plugin.more == [0; 8],
    })
}

/// A table's size, and which of its functions are missing; none where there is no such table.
pub(super) fn reward_table(plugin: &abi::Plugin) -> Option<(u32, Vec<&'static str>)> {
    // SAFETY: a table that is not null is as long as its own size says, and stays.
    let table = unsafe { abi::read_table(plugin.reward) }?;
    let functions = [
        ("create", table.create.is_some()),
        ("score", table.score.is_some()),
        ("destroy", table.destroy.is_some()),
    ];
    Some((table.struct_size, missing(&functions)))
}

/// As [`reward_table`].
pub(super) fn vocabulary_table(plugin: &abi::Plugin) -> Option<(u32, Vec<&'static str>)> {
    // SAFETY: as above.
    let table = unsafe { abi::read_table(plugin.vocabulary) }?;
    let functions = [
        ("create", table.create.is_some()),
        ("block_count", table.block_count.is_some()),
        ("block", table.block.is_some()),
        ("destroy", table.destroy.is_some()),
    ];
    Some((table.struct_size, missing(&functions)))
}

/// As [`reward_table`].
pub(super) fn environment_table(plugin: &abi::Plugin) -> Option<(u32, Vec<&'static str>)> {
    // SAFETY: as above.
    let table = unsafe { abi::read_table(plugin.environment) }?;
    let functions = [
        ("create", table.create.is_some()),
        ("spec", table.spec.is_some()),
        ("forward_mask", table.forward_mask.is_some()),
        ("backward_mask", table.backward_mask.is_some()),
        ("step", table.step.is_some()),
        ("undo", table.undo.is_some()),
        ("observe", table.observe.is_some()),
        ("describe", table.describe.is_some()),
        ("destroy", table.destroy.is_some()),
    ];
    Some((table.struct_size, missing(&functions)))
}

fn missing(functions: &[(&'static str, bool)]) -> Vec<&'static str> {
    functions
        .iter()
        .filter(|(_, is_there)| !is_there)
        .map(|(name, _)| *name)
        .collect()
}
