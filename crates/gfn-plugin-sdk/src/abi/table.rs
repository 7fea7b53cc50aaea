//! Reading structs that may be shorter or longer than the ones known here.
#![allow(unsafe_code, reason = "reads through pointers from the other side")]

use super::{Batch, EnvironmentTable, Host, Plugin, RewardTable, Scores, VocabularyTable};

/// A struct that crosses the border, and may be shorter or longer on the other side.
///
/// # Safety
/// Implement it only for structs that are `repr(C)`, begin with their size as a `u32`, and are valid where all bytes are 0.
// SAFETY: see above.
pub unsafe trait Table: Copy {
    /// One in which everything is 0, or absent, but the size.
    fn empty() -> Self {
        // SAFETY: that all bytes may be 0 is what the trait asks.
        let mut table: Self = unsafe { std::mem::zeroed() };
        let size = size_of::<Self>() as u32;
        // SAFETY: the struct is `repr(C)` and begins with a `u32`, says the trait.
        unsafe { std::ptr::from_mut(&mut table).cast::<u32>().write(size) };
        table
    }
}

macro_rules! tables {
    ($($name:ty)*) => {$(
        // SAFETY: a `repr(C)` struct of the agreement: its size first, then integers, pointers, optional functions.
        unsafe impl Table for $name {}
    )*};
}

tables! { Host Batch Scores RewardTable VocabularyTable EnvironmentTable Plugin }

/// A copy of a struct from the other side: what it has of the members known here; members that it is too short for are 0, or
/// absent. In the copy, `struct_size` is still that of the original. None where the pointer is null.
///
/// # Safety
/// `original` is null, or points to a struct that is as long as its `struct_size` says.
// SAFETY: see above.
pub unsafe fn read_table<T: Table>(original: *const T) -> Option<T> {
    if original.is_null() {
        return None;
    }
    let mut copy = T::empty();
    // SAFETY: the struct begins with its size; the caller vouches for so many bytes, and the copy has room for its own.
    unsafe {
        let size = original.cast::<u32>().read_unaligned() as usize;
        let known = size.clamp(size_of::<u32>(), size_of::<T>());
        let bytes = original.cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes, std::ptr::from_mut(&mut copy).cast::<u8>(), known);
    }
    Some(copy)
}
