//! What the host passes as pointers, as slices; refusals as codes and texts.
#![allow(unsafe_code, reason = "the host's memory")]

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::reward::{RawBatch, panic_text};
use crate::{BadParameters, Context, Error, Log, Objects, abi};

/// Why a call does not return [`abi::OK`].
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self {
            code: abi::FAILED,
            text: text.into(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match error.is::<BadParameters>() {
            true => abi::BAD_PARAMETERS,
            false => abi::FAILED,
        };
        Self {
            code,
            text: error.to_string(),
        }
    }
}

impl From<BadParameters> for Refusal {
    fn from(error: BadParameters) -> Self {
        Error::from(error).into()
    }
}

/// Room for an error text.
#[derive(Clone, Copy)]
pub(super) struct ErrorRoom {
    text: *mut c_char,
    capacity: u64,
}

impl ErrorRoom {
    /// # Safety
    /// `text` has room for `capacity` bytes for as long as this is used.
    // SAFETY: see above.
    pub(super) unsafe fn new(text: *mut c_char, capacity: u64) -> Self {
        Self { text, capacity }
    }

    /// Writes as much of the text as fits, whole characters and a NUL.
    fn write(self, text: &str) {
        let Some(room) = self.capacity.checked_sub(1).filter(|_| !self.text.is_null()) else {
            return;
        };
        let mut end = text.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let end = text.find('\0').unwrap_or(end).min(end);
        // SAFETY: `end` is less than the capacity, which whoever made this vouched for.
        unsafe {
            self.text.copy_from_nonoverlapping(text.as_ptr().cast(), end);
            self.text.add(end).write(0);
        }
    }

    /// Runs a call: its code, and its error as text. A panic is a failure.
    pub(super) fn guard(self, call: impl FnOnce() -> Result<(), Refusal>) -> i32 {
        let outcome = catch_unwind(AssertUnwindSafe(call));
        match outcome.unwrap_or_else(|panic| Err(Refusal::failed(panic_text(&*panic)))) {
            Ok(()) => abi::OK,
            Err(refusal) => {
                self.write(&refusal.text);
                refusal.code
            }
        }
    }
}

/// A count of the host's, where so many bytes can exist.
fn counted(count: u64) -> Result<usize, Refusal> {
    let fitting = usize::try_from(count)
        .ok()
        .filter(|&count| count <= isize::MAX as usize);
    fitting.ok_or_else(|| Refusal::failed("the host's counts are larger than memory"))
}

/// The length of a slice at `pointer`, where there can be one.
fn length<T>(pointer: *const T, count: u64) -> Result<usize, Refusal> {
    counted(count.saturating_mul(size_of::<T>() as u64))?;
    match count > 0 && (pointer.is_null() || !pointer.is_aligned()) {
        true => Err(Refusal::failed(
            "the host passed a pointer that is null or not aligned",
        )),
        false => counted(count),
    }
}

/// # Safety
/// `pointer` has `count` values for as long as the slice lives.
// SAFETY: see above.
pub(super) unsafe fn slice<'a, T>(pointer: *const T, count: u64) -> Result<&'a [T], Refusal> {
    match length(pointer, count)? {
        0 => Ok(&[]),
        // SAFETY: the pointer is not null, it is aligned, the length is below the limit, and the caller vouches for the rest.
        count => Ok(unsafe { std::slice::from_raw_parts(pointer, count) }),
    }
}

/// # Safety
/// `pointer` has `count` values for as long as the slice lives, and nobody else uses them.
// SAFETY: see above.
pub(super) unsafe fn slice_mut<'a, T>(pointer: *mut T, count: u64) -> Result<&'a mut [T], Refusal> {
    match length(pointer, count)? {
        0 => Ok(&mut []),
        // SAFETY: as for `slice`, and nobody else uses them.
        count => Ok(unsafe { std::slice::from_raw_parts_mut(pointer, count) }),
    }
}

/// # Safety
/// `pointer` is null or valid for as long as the reference lives.
// SAFETY: see above.
pub(super) unsafe fn reference<'a, T>(pointer: *const T) -> Result<&'a T, Refusal> {
    // SAFETY: one value is there if the pointer is not null, says the caller; `slice` looks at that.
    unsafe { slice(pointer, 1) }?
        .first()
        .ok_or_else(|| Refusal::failed("the host passed no value"))
}

/// Writes a text as vocabularies and environments do.
///
/// # Safety
/// `buffer` has room for `capacity` bytes, `needed` for a number.
// SAFETY: see above.
pub(super) unsafe fn give(
    text: &str,
    buffer: *mut c_char,
    capacity: u64,
    needed: *mut u64,
) -> Result<(), Refusal> {
    // SAFETY: says the caller.
    let (buffer, needed) = unsafe { (slice_mut(buffer.cast::<u8>(), capacity)?, slice_mut(needed, 1)?) };
    needed.fill(text.len() as u64);
    if let Some(room) = buffer.get_mut(..text.len()) {
        room.copy_from_slice(text.as_bytes());
    }
    Ok(())
}

/// The objects of a batch, looked through: texts are UTF-8, and cut where characters end.
///
/// # Safety
/// The batch is as the header says, for as long as the result lives.
// SAFETY: see above.
pub(super) unsafe fn raw_batch<'a>(batch: *const abi::Batch, form: u32) -> Result<RawBatch<'a>, Refusal> {
    // SAFETY: the caller vouches for the batch, and version 1.0 has all that is read here.
    let batch = unsafe { abi::read_table(batch) };
    let batch = batch.ok_or_else(|| Refusal::failed("the host passed no batch"))?;
    if batch.form != form {
        return Err(Refusal::failed(format!(
            "the host passed objects in form {}, not {form}",
            batch.form
        )));
    }
    let mut raw = RawBatch {
        count: counted(batch.count)?,
        ..RawBatch::default()
    };
    if form == abi::STATES {
        raw.stride = counted(batch.stride)?;
        // SAFETY: states are `count` times `stride` words.
        raw.words = unsafe { slice(batch.data.cast(), batch.count.saturating_mul(batch.stride))? };
        return Ok(raw);
    }
    // SAFETY: texts have one offset more than there are objects.
    let offsets = unsafe { slice(batch.offsets, batch.count.saturating_add(1))? };
    // SAFETY: the last offset is where the text ends.
    let bytes = unsafe { slice::<u8>(batch.data.cast(), offsets.last().copied().unwrap_or(0))? };
    raw.text =
        std::str::from_utf8(bytes).map_err(|_| Refusal::failed("the host passed text that is not UTF-8"))?;
    raw.offsets = offsets.iter().map(|&offset| offset as usize).collect();
    let cut_well = raw.offsets.is_sorted()
        && raw
            .offsets
            .iter()
            .all(|&offset| raw.text.is_char_boundary(offset));
    cut_well
        .then_some(raw)
        .ok_or_else(|| Refusal::failed("the host passed offsets that do not cut its text"))
}

/// A value of the host's that may be used from any thread, says the header.
struct Anywhere(abi::Host);

// SAFETY: `log` may be called at any time from any thread with `context`, says the header.
unsafe impl Send for Anywhere {}
// SAFETY: as above.
unsafe impl Sync for Anywhere {}

impl Anywhere {
    fn log(&self, level: i32, text: &str) {
        if let Some(log) = self.0.log {
            // SAFETY: the host's own context, and a text with its length.
            unsafe { log(self.0.context, level, text.as_ptr().cast(), text.len() as u64) }
        }
    }
}

/// What the host tells a plugin that is being made.
///
/// # Safety
/// `host` is null, or as the header says, and never freed.
// SAFETY: see above.
pub(super) unsafe fn context(host: *const abi::Host, seed: u64) -> Result<Context, Refusal> {
    // SAFETY: says the caller.
    let Some(host) = (unsafe { abi::read_table(host) }) else {
        return Ok(Context {
            seed,
            ..Context::default()
        });
    };
    let objects = match host.objects.is_null() {
        true => None,
        // SAFETY: the host's objects are a text that ends with a NUL.
        false => Some(unsafe { std::ffi::CStr::from_ptr(host.objects) }),
    };
    let objects = objects
        .map(|text| Objects::read(&text.to_string_lossy()))
        .transpose();
    let host = Anywhere(host);
    Ok(Context {
        seed,
        objects: objects.map_err(Refusal::failed)?,
        log: Log::new(move |level, text| host.log(level, text)),
    })
}

/// Hands an instance to the host, and gets it back from it.
pub(super) mod instance {
    use super::{Refusal, c_void, reference, slice_mut};

    /// # Safety
    /// `place` has room for a pointer.
    // SAFETY: see above.
    pub(crate) unsafe fn hand_out<T>(value: T, place: *mut *mut c_void) -> Result<(), Refusal> {
        // SAFETY: says the caller.
        let place = unsafe { slice_mut(place, 1)? };
        place.fill(Box::into_raw(Box::new(value)).cast());
        Ok(())
    }

    /// # Safety
    /// `pointer` was handed out for a `T`, and is not taken back as long as the reference lives.
    // SAFETY: see above.
    pub(crate) unsafe fn borrow<'a, T>(pointer: *mut c_void) -> Result<&'a T, Refusal> {
        // SAFETY: says the caller.
        unsafe { reference(pointer.cast::<T>()) }
    }

    /// # Safety
    /// `pointer` is null, or was handed out for a `T` and not taken back.
    // SAFETY: see above.
    pub(crate) unsafe fn take_back<T>(pointer: *mut c_void) {
        if !pointer.is_null() {
            // SAFETY: says the caller.
            drop(unsafe { Box::from_raw(pointer.cast::<T>()) });
        }
    }
}
