//! Memory that ends where a page begins that nobody can touch.
//!
//! It belongs to no file: a confined process can make none, not even in memory.
#![allow(unsafe_code, reason = "mapping memory has no safe form")]

use std::ffi::c_void;
use std::ops::Range;
use std::ptr;
use std::slice;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use crate::checker::report::Problem;
use crate::worker::system::{Stretches, tell_faults};

/// Bytes at the very end of some pages: what reads or writes behind them ends the process.
pub(super) struct AtTheEnd {
    base: *mut c_void,
    /// Of the pages that can be touched, which lie between two that cannot.
    inner: usize,
    len: usize,
}

impl AtTheEnd {
    /// Bytes that can only be read.
    pub(super) fn holding(bytes: &[u8]) -> Result<Self, Problem> {
        let memory = Self::zeros(bytes.len())?;
        // SAFETY: the memory has so many bytes, which are writable, and nobody else knows of them.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory.start(), bytes.len()) };
        // SAFETY: pages of this mapping, which no reference points into.
        unsafe { mprotect(memory.pages(), memory.inner, MprotectFlags::READ) }.map_err(no_memory)?;
        Ok(memory)
    }

    /// Zeros that can be written to.
    pub(super) fn zeros(len: usize) -> Result<Self, Problem> {
        let page = rustix::param::page_size();
        let inner = len.max(1).next_multiple_of(page);
        let (none, private) = (ProtFlags::empty(), MapFlags::PRIVATE);
        let whole = inner + 2 * page;
        // SAFETY: a new mapping where the kernel likes; nothing else is touched.
        let mapped = unsafe { mmap_anonymous(ptr::null_mut(), whole, none, private) };
        let base = mapped.map_err(no_memory)?;
        let memory = Self { base, inner, len };
        let both = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: pages of the mapping above, which nobody has a pointer into yet.
        unsafe { mprotect(memory.pages(), inner, both) }.map_err(no_memory)?;
        Ok(memory)
    }

    fn pages(&self) -> *mut c_void {
        self.base.wrapping_byte_add(rustix::param::page_size())
    }

    /// The first of the bytes.
    pub(super) fn start(&self) -> *mut u8 {
        self.pages().cast::<u8>().wrapping_add(self.inner - self.len)
    }

    /// The bytes as they are now. Nobody must be writing to them.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes, which can be read, for as long as the mapping is there.
        unsafe { slice::from_raw_parts(self.start(), self.len) }
    }

    fn surroundings(&self) -> Range<usize> {
        let start = self.base.addr();
        start..start + self.inner + 2 * rustix::param::page_size()
    }
}

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let len = self.surroundings().len();
        // SAFETY: the whole of what `zeros` mapped, once; pointers into it are used no more.
        let _ = unsafe { munmap(self.base, len) };
    }
}

/// Has this process say what the plugin did, where it touches what lies around its input or output.
pub(super) fn watch(input: &AtTheEnd, output: &AtTheEnd) {
    let start = input.pages().addr();
    tell_faults(&Stretches {
        read_only: start..start + input.inner,
        input: input.surroundings(),
        output: output.surroundings(),
    });
}

fn no_memory(error: rustix::io::Errno) -> Problem {
    Problem::Skip(format!(
        "there is no memory for this check: {}",
        gfn_text::io_words(&error.into())
    ))
}
