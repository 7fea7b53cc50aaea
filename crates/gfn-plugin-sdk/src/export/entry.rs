//! What the host calls first: a description and tables.
#![allow(unsafe_code, reason = "the host calls these")]

use std::ffi::CString;
use std::sync::OnceLock;

use super::memory::{ErrorRoom, Refusal, slice};
use super::tables::{Blocks, Scorer};
use super::world::World;
use crate::abi::{self, EnvironmentTable, Host, RewardTable, VocabularyTable};
use crate::json::quoted;
use crate::parameters::Parameters;
use crate::reward::{BatchReward, Object};
use crate::{Environment, Plugin, Vocabulary};

/// A description as the host wants it.
fn description<P: Plugin>(input: Option<&str>) -> Result<CString, Refusal> {
    let told = P::DESCRIPTION;
    let objects: Vec<String> = told.objects.iter().map(|name| quoted(name)).collect();
    let mut text = format!(
        "{{\"name\": {}, \"version\": {}, \"summary\": {}, \"objects\": [{}], \"parameters\": {}, \"deterministic\": {}, \
         \"thread_safe\": true, \"max_batch\": {}, \"can_be_zero\": {}, \"needs_gpu\": {}",
        quoted(told.name),
        quoted(told.version),
        quoted(told.summary),
        objects.join(", "),
        P::Parameters::schema(),
        told.deterministic,
        told.max_batch,
        told.can_be_zero,
        told.needs_gpu
    );
    let mut add = |name: &str, value: Option<String>| {
        text.extend(value.map(|value| format!(", \"{name}\": {value}")));
    };
    add(
        "licence",
        (!told.licence.is_empty()).then(|| quoted(told.licence)),
    );
    add("input", input.map(quoted));
    add("greatest", told.greatest.map(|reward| format!("{reward:?}")));
    add(
        "mode_threshold",
        told.mode_threshold.map(|reward| format!("{reward:?}")),
    );
    text.push('}');
    CString::new(text).map_err(|_| Refusal::failed("the description has a NUL in it"))
}

/// The tables that a plugin hands over, null for what it is not.
struct Tables {
    reward: *const RewardTable,
    vocabulary: *const VocabularyTable,
    environment: *const EnvironmentTable,
}

const NONE: Tables = Tables {
    reward: std::ptr::null(),
    vocabulary: std::ptr::null(),
    environment: std::ptr::null(),
};

/// # Safety
/// `plugin` is null, or as the header says.
// SAFETY: see above.
unsafe fn entry<P: Plugin>(
    plugin: *mut abi::Plugin,
    text: &'static OnceLock<CString>,
    input: Option<&str>,
    tables: &Tables,
) -> i32 {
    // SAFETY: there is no room for an error text, and none is written.
    let room = unsafe { ErrorRoom::new(std::ptr::null_mut(), 0) };
    room.guard(|| {
        // SAFETY: a struct that begins with its size.
        let size = unsafe { slice(plugin.cast::<u32>(), 1)? };
        if size
            .first()
            .is_none_or(|&size| (size as usize) < size_of::<abi::Plugin>())
        {
            return Err(Refusal {
                code: abi::UNSUPPORTED,
                text: "the host's struct is shorter than that of version 1.0".into(),
            });
        }
        let described = description::<P>(input)?;
        // SAFETY: the struct has room for all members of version 1.0, as was just seen.
        unsafe {
            plugin.write(abi::Plugin {
                struct_size: size_of::<abi::Plugin>() as u32,
                abi_minor: abi::MINOR,
                description: text.get_or_init(|| described).as_ptr(),
                reward: tables.reward,
                vocabulary: tables.vocabulary,
                environment: tables.environment,
            });
        }
        Ok(())
    })
}

/// What a host gets from a reward's library. For [`export_reward!`](crate::export_reward!).
///
/// # Safety
/// Both pointers are as the header says.
// SAFETY: see above.
pub unsafe fn reward_entry<R: BatchReward>(
    _: *const Host,
    plugin: *mut abi::Plugin,
    text: &'static OnceLock<CString>,
) -> i32 {
    let tables = Tables {
        reward: Scorer::<R>::TABLE,
        ..NONE
    };
    // SAFETY: says the caller.
    unsafe { entry::<R>(plugin, text, Some(R::Object::INPUT), &tables) }
}

/// What a host gets from a vocabulary's library. For [`export_vocabulary!`](crate::export_vocabulary!).
///
/// # Safety
/// Both pointers are as the header says.
// SAFETY: see above.
pub unsafe fn vocabulary_entry<V: Vocabulary>(
    _: *const Host,
    plugin: *mut abi::Plugin,
    text: &'static OnceLock<CString>,
) -> i32 {
    let tables = Tables {
        vocabulary: Blocks::<V>::TABLE,
        ..NONE
    };
    // SAFETY: says the caller.
    unsafe { entry::<V>(plugin, text, None, &tables) }
}

/// What a host gets from an environment's library. For [`export_environment!`](crate::export_environment!).
///
/// # Safety
/// Both pointers are as the header says.
// SAFETY: see above.
pub unsafe fn environment_entry<E: Environment>(
    _: *const Host,
    plugin: *mut abi::Plugin,
    text: &'static OnceLock<CString>,
) -> i32 {
    let tables = Tables {
        environment: World::<E>::TABLE,
        ..NONE
    };
    // SAFETY: says the caller.
    unsafe { entry::<E>(plugin, text, None, &tables) }
}
