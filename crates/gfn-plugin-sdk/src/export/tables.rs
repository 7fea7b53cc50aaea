//! The functions behind the tables of rewards and vocabularies.
#![allow(unsafe_code, reason = "the host calls these")]

use std::ffi::{c_char, c_void};
use std::marker::PhantomData;

use super::memory::{ErrorRoom, Refusal, context, give, instance, raw_batch, slice, slice_mut};
use crate::abi::{self, Batch, Host, RewardTable, VocabularyTable};
use crate::json::Json;
use crate::parameters::Parameters;
use crate::reward::{BatchReward, Object, Scores};
use crate::{Error, Plugin, Vocabulary};

/// What stands behind an instance's pointer.
pub(super) trait Instance: Sized {
    type Plugin: Plugin;
    fn of(plugin: Self::Plugin) -> Result<Self, Error>;
}

// SAFETY: called by the host as `functions::Create` asks.
pub(super) unsafe extern "C" fn create<I: Instance>(
    host: *const Host,
    parameters: *const c_char,
    length: u64,
    seed: u64,
    place: *mut *mut c_void,
    error: *mut c_char,
    capacity: u64,
) -> i32 {
    // SAFETY: the host says how much room there is.
    let room = unsafe { ErrorRoom::new(error, capacity) };
    room.guard(|| {
        // SAFETY: the host passes itself, `length` bytes of parameters, and a place for a pointer.
        let (context, text) = unsafe { (context(host, seed)?, slice(parameters.cast::<u8>(), length)?) };
        let json = Json::read(&String::from_utf8_lossy(text)).map_err(Refusal::failed)?;
        let parameters = <I::Plugin as Plugin>::Parameters::read(&json)?;
        let made = I::of(I::Plugin::create(parameters, &context)?)?;
        // SAFETY: as above.
        unsafe { instance::hand_out(made, place) }
    })
}

// SAFETY: called by the host as `functions::Destroy` asks.
pub(super) unsafe extern "C" fn destroy<I: Instance>(pointer: *mut c_void) {
    // SAFETY: there is no room for an error text, and none is written.
    let room = unsafe { ErrorRoom::new(std::ptr::null_mut(), 0) };
    room.guard(|| {
        // SAFETY: the host hands back what `create` of the same table made.
        unsafe { instance::take_back::<I>(pointer) };
        Ok(())
    });
}

/// A reward behind a pointer.
pub(super) struct Scorer<R>(R);

impl<R: BatchReward> Instance for Scorer<R> {
    type Plugin = R;
    fn of(plugin: R) -> Result<Self, Error> {
        Ok(Self(plugin))
    }
}

impl<R: BatchReward> Scorer<R> {
    pub(super) const TABLE: &'static RewardTable = &RewardTable {
        struct_size: size_of::<RewardTable>() as u32,
        reserved: 0,
        create: Some(create::<Self>),
        score: Some(Self::score),
        destroy: Some(destroy::<Self>),
    };

    // SAFETY: called by the host as `functions::Score` asks.
    unsafe extern "C" fn score(
        pointer: *mut c_void,
        batch: *const Batch,
        scores: *const abi::Scores,
        error: *mut c_char,
        capacity: u64,
    ) -> i32 {
        // SAFETY: the host says how much room there is.
        let room = unsafe { ErrorRoom::new(error, capacity) };
        room.guard(|| {
            // SAFETY: the host passes an instance of this type, and a batch and scores as the header says.
            let (reward, raw, told) = unsafe {
                let raw = raw_batch(batch, R::Object::FORM)?;
                (instance::borrow::<Self>(pointer)?, raw, abi::read_table(scores))
            };
            let told = told.ok_or_else(|| Refusal::failed("the host passed no place for scores"))?;
            let mut explain = |index: usize, text: &str| {
                if let Some(explain) = told.explain {
                    // SAFETY: the host's own context, and a text with its length, during `score`.
                    unsafe {
                        explain(
                            told.context,
                            index as u64,
                            text.as_ptr().cast(),
                            text.len() as u64,
                        )
                    }
                }
            };
            // SAFETY: there is room for as many scores as there are objects, and nobody else uses it.
            let mut scores = unsafe {
                Scores {
                    log_reward: slice_mut(told.log_reward, raw.count as u64)?,
                    status: slice_mut(told.status, raw.count as u64)?,
                    explain: &mut explain,
                }
            };
            Ok(reward.0.score(crate::Batch::new(&raw), &mut scores)?)
        })
    }
}

/// A vocabulary behind a pointer: its blocks as JSON.
pub(super) struct Blocks<V>(Vec<String>, PhantomData<V>);

impl<V: Vocabulary> Instance for Blocks<V> {
    type Plugin = V;
    fn of(plugin: V) -> Result<Self, Error> {
        let blocks = plugin.blocks()?;
        Ok(Self(
            blocks.iter().map(crate::Block::to_json).collect(),
            PhantomData,
        ))
    }
}

impl<V: Vocabulary> Blocks<V> {
    pub(super) const TABLE: &'static VocabularyTable = &VocabularyTable {
        struct_size: size_of::<VocabularyTable>() as u32,
        reserved: 0,
        create: Some(create::<Self>),
        block_count: Some(Self::block_count),
        block: Some(Self::block),
        destroy: Some(destroy::<Self>),
    };

    // SAFETY: called by the host as `functions::BlockCount` asks.
    unsafe extern "C" fn block_count(
        pointer: *mut c_void,
        count: *mut u64,
        error: *mut c_char,
        capacity: u64,
    ) -> i32 {
        // SAFETY: the host says how much room there is.
        let room = unsafe { ErrorRoom::new(error, capacity) };
        room.guard(|| {
            // SAFETY: the host passes an instance of this type and a place for a number.
            let (blocks, count) = unsafe { (instance::borrow::<Self>(pointer)?, slice_mut(count, 1)?) };
            count.fill(blocks.0.len() as u64);
            Ok(())
        })
    }

    // SAFETY: called by the host as `functions::Block` asks.
    unsafe extern "C" fn block(
        pointer: *mut c_void,
        index: u64,
        buffer: *mut c_char,
        capacity: u64,
        needed: *mut u64,
        error: *mut c_char,
        error_capacity: u64,
    ) -> i32 {
        // SAFETY: the host says how much room there is.
        let room = unsafe { ErrorRoom::new(error, error_capacity) };
        room.guard(|| {
            // SAFETY: the host passes an instance of this type.
            let blocks = &unsafe { instance::borrow::<Self>(pointer) }?.0;
            let block = usize::try_from(index).ok().and_then(|index| blocks.get(index));
            let block = block.ok_or_else(|| Refusal::failed(format!("block {index} of {}", blocks.len())))?;
            // SAFETY: the host says how much room there is.
            unsafe { give(block, buffer, capacity, needed) }
        })
    }
}
