//! The few things that need the C library itself.
#![allow(unsafe_code, reason = "closing descriptors that nobody owns has no safe form")]

/// Closes every descriptor but the standard three.
pub(super) fn close_all_but_standard() {
    // SAFETY: called first of all, when no object of this program owns a descriptor; it takes numbers, no pointers.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
    if closed == 0 {
        return;
    }
    // Kernels before 5.9.
    for descriptor in 3..1024 {
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
}
