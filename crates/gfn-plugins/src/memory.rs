//! Memory that two processes share.
//!
//! The other process may write while this one reads, so no reference into it is ever made: bytes are copied in and out.
#![allow(unsafe_code, reason = "mapping memory has no safe form")]

use std::ffi::{CStr, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::slice;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// A file without a name that can be sealed.
pub(crate) fn unnamed_file(name: &CStr) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Nothing is executed as a program from it; kernels before 6.3 do not know the flag.
    let file = memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL).or_else(|_| memfd_create(name, flags))?;
    Ok(file)
}

/// What a process may do to a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read alone: writing ends the process.
    Read,
    /// Read and write.
    Write,
}

/// A mapping of shared memory between two pages that nobody can touch, so that running over an end is found at once.
pub(crate) struct Mapping {
    /// Of everything, guards included.
    base: NonNull<c_void>,
    len: usize,
}

// SAFETY: a mapping is memory like any other; all access goes through copies and raw pointers.
unsafe impl Send for Mapping {}

// SAFETY: as above; `write` takes `&mut self`.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes of `file`; `len` is at least 1.
    pub(crate) fn new(file: impl AsFd, len: usize, access: Access) -> io::Result<Self> {
        let page = rustix::param::page_size();
        let inner = len.next_multiple_of(page);
        let (none, private) = (ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::NORESERVE);
        // SAFETY: a new mapping where the kernel likes; nothing else is touched.
        let base = unsafe { mmap_anonymous(ptr::null_mut(), inner + 2 * page, none, private) }?;
        let mapping = Self {
            base: NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?,
            len,
        };
        let allowed = match access {
            Access::Read => ProtFlags::READ,
            Access::Write => ProtFlags::READ | ProtFlags::WRITE,
        };
        let fixed = MapFlags::SHARED | MapFlags::FIXED;
        // SAFETY: it replaces pages of the mapping above, which is ours and which nobody has a pointer into yet.
        unsafe { mmap(mapping.start().cast(), inner, allowed, fixed, file, 0) }?;
        Ok(mapping)
    }

    /// Bytes in it.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All addresses, with those of the pages around it.
    pub(crate) fn surroundings(&self) -> std::ops::Range<usize> {
        let page = rustix::param::page_size();
        let start = self.base.as_ptr().addr();
        start..start + self.len.next_multiple_of(page) + 2 * page
    }

    /// The first byte.
    pub(crate) fn start(&self) -> *mut u8 {
        self.base
            .as_ptr()
            .cast::<u8>()
            .wrapping_add(rustix::param::page_size())
    }

    /// A pointer to `len` bytes from `offset`, if the mapping has them.
    pub(crate) fn at(&self, offset: usize, len: usize) -> Option<*mut u8> {
        let end = offset.checked_add(len)?;
        (end <= self.len).then(|| self.start().wrapping_add(offset))
    }

    /// Copies `bytes` in; nothing is done where they do not fit. Only for a mapping with [`Access::Write`].
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let Some(to) = self.at(offset, bytes.len()) else {
            debug_assert!(false, "outside of shared memory");
            return;
        };
        // SAFETY: `to` has that many bytes, which are writable; `bytes` lies elsewhere, for it is borrowed from Rust.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// Copies words in.
    pub(crate) fn write_words(&mut self, offset: usize, words: &[i32]) {
        // SAFETY: the bytes of a slice of integers, all of them set.
        let bytes = unsafe { slice::from_raw_parts(words.as_ptr().cast::<u8>(), size_of_val(words)) };
        self.write(offset, bytes);
    }

    /// Copies actions in.
    pub(crate) fn write_actions(&mut self, offset: usize, actions: &[u32]) {
        // SAFETY: the bytes of a slice of integers, all of them set.
        let bytes = unsafe { slice::from_raw_parts(actions.as_ptr().cast::<u8>(), size_of_val(actions)) };
        self.write(offset, bytes);
    }

    /// Copies offsets in.
    pub(crate) fn write_offsets(&mut self, offset: usize, offsets: &[u64]) {
        // SAFETY: the bytes of a slice of integers, all of them set.
        let bytes = unsafe { slice::from_raw_parts(offsets.as_ptr().cast::<u8>(), size_of_val(offsets)) };
        self.write(offset, bytes);
    }

    /// Sets `len` bytes to `byte`; nothing is done where the mapping ends before.
    pub(crate) fn fill(&mut self, offset: usize, len: usize, byte: u8) {
        let Some(to) = self.at(offset, len) else {
            debug_assert!(false, "outside of shared memory");
            return;
        };
        // SAFETY: `to` has that many bytes, which are writable.
        unsafe { ptr::write_bytes(to, byte, len) };
    }

    /// Copies bytes out; they are zeros where the mapping ends before.
    pub(crate) fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        if let Some(from) = self.at(offset, len) {
            // SAFETY: `from` has that many bytes and `bytes` is new. Should the other process write at the same time, the
            // copy holds some mixture, which is checked like any other answer.
            unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), len) };
        }
        bytes
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let page = rustix::param::page_size();
        // SAFETY: the whole of what `new` mapped, once; pointers into it do not outlive it by contract.
        let _ = unsafe { munmap(self.base.as_ptr(), self.len.next_multiple_of(page) + 2 * page) };
    }
}

/// A file in memory of a fixed size, mapped writable here, to be mapped by another process.
pub(crate) struct Shared {
    file: File,
    /// Its bytes here.
    pub(crate) mapping: Mapping,
}

impl Shared {
    /// Makes one of `len` bytes, zeros. Neither side can change its size, for a file cut short would end the other side by a
    /// signal; `theirs` is what the other side may do.
    pub(crate) fn new(name: &CStr, len: usize, theirs: Access) -> io::Result<Self> {
        let len = len.max(1).next_multiple_of(rustix::param::page_size());
        let file = File::from(unnamed_file(name)?);
        file.set_len(len as u64)?;
        let mapping = Mapping::new(&file, len, Access::Write)?;
        let fixed_size = SealFlags::SHRINK | SealFlags::GROW;
        if theirs == Access::Write {
            fcntl_add_seals(&file, fixed_size | SealFlags::SEAL)?;
            return Ok(Self { file, mapping });
        }
        // The mapping above stays writable; no other can become so. Kernels before 5.1 cannot do this: there the other
        // side gets a descriptor that was opened for reading.
        let sealed = fcntl_add_seals(&file, fixed_size | SealFlags::FUTURE_WRITE | SealFlags::SEAL);
        let file = match sealed {
            Ok(()) => file,
            Err(_) => {
                fcntl_add_seals(&file, fixed_size | SealFlags::SEAL)?;
                File::open(format!(
                    "/proc/self/fd/{}",
                    std::os::fd::AsRawFd::as_raw_fd(&file)
                ))?
            }
        };
        Ok(Self { file, mapping })
    }

    /// What the other side maps.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_on_one_side_is_read_on_the_other() {
        let mut ours = Shared::new(c"test", 10_000, Access::Write).unwrap();
        let theirs = Mapping::new(ours.file(), 10_000, Access::Write).unwrap();
        ours.mapping.write(9_990, b"0123456789");
        assert_eq!(theirs.read(9_995, 5), b"56789");
        assert_eq!(theirs.at(9_995, 6), None);
        assert_eq!(theirs.read(usize::MAX, 2), [0, 0]);
        ours.mapping.fill(9_995, 2, b'x');
        assert_eq!(theirs.read(9_990, 10), b"01234xx789");
    }

    #[test]
    fn input_cannot_be_mapped_for_writing() {
        let input = Shared::new(c"test", 100, Access::Read).unwrap();
        assert!(Mapping::new(input.file(), 100, Access::Write).is_err());
        assert!(Mapping::new(input.file(), 100, Access::Read).is_ok());
    }

    #[test]
    fn neither_side_can_change_the_size() {
        for access in [Access::Read, Access::Write] {
            let shared = Shared::new(c"test", 100, access).unwrap();
            assert!(shared.file().set_len(0).is_err());
            assert!(shared.file().set_len(1 << 20).is_err());
        }
    }
}
