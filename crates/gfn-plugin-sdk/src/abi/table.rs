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
        // Whole members only: behind the first two, all have 8 bytes.
        let known = (size - size % 8).clamp(size_of::<u32>(), size_of::<T>());
        let bytes = original.cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes, std::ptr::from_mut(&mut copy).cast::<u8>(), known);
    }
    Some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::c_void;

    // SAFETY: does nothing.
    unsafe extern "C" fn destroy(_: *mut c_void) {}

    fn full() -> RewardTable {
        RewardTable {
            reserved: 7,
            destroy: Some(destroy),
            ..RewardTable::empty()
        }
    }

    /// What an older plugin, or host, has not heard of is absent.
    #[test]
    fn a_shorter_struct_lacks_its_last_members() {
        for (size, reserved) in [(32, 7), (31, 7), (24, 7), (8, 7), (7, 0), (4, 0), (0, 0)] {
            let shorter = RewardTable {
                struct_size: size,
                ..full()
            };
            // SAFETY: there is more than the size says.
            let copy = unsafe { read_table(&shorter) }.unwrap();
            let found = (copy.struct_size, copy.reserved, copy.destroy.is_some());
            assert_eq!(found, (size, reserved, size == 32), "{size} bytes");
        }
    }

    /// What a newer one has added is cut off.
    #[test]
    fn a_longer_struct_is_cut() {
        #[repr(C)]
        struct Longer {
            table: RewardTable,
            later: [u64; 3],
        }
        let longer = Longer {
            table: RewardTable {
                struct_size: size_of::<Longer>() as u32,
                ..full()
            },
            later: [u64::MAX; 3],
        };
        // SAFETY: there is as much as the size says.
        let copy = unsafe { read_table(std::ptr::from_ref(&longer).cast::<RewardTable>()) }.unwrap();
        assert!(
            (copy.struct_size, copy.reserved) == (56, 7) && copy.destroy.is_some() && copy.score.is_none()
        );
        assert_eq!(longer.later.len(), 3);
    }

    #[test]
    fn nothing_is_read_from_nowhere() {
        // SAFETY: null is allowed.
        assert!(unsafe { read_table(std::ptr::null::<Host>()) }.is_none());
    }
}
