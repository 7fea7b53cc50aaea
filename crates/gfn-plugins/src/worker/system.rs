//! The few things that need the C library itself.
#![allow(
    unsafe_code,
    reason = "closing descriptors that nobody owns, and signals, have no safe form"
)]

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// The memory that the plugin may only read, and all that lies around what it was given.
static READ_ONLY: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
static INPUT: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
static OUTPUT: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// Stretches of addresses.
pub(crate) struct Stretches {
    /// Input, which can only be read.
    pub(crate) read_only: Range<usize>,
    /// Input with the pages around it.
    pub(crate) input: Range<usize>,
    /// Output with the pages around it.
    pub(crate) output: Range<usize>,
}

/// Has the process say what the plugin did, when it ends by touching memory around its input or output.
pub(crate) fn tell_faults(stretches: &Stretches) {
    let places = [
        (&READ_ONLY, &stretches.read_only),
        (&INPUT, &stretches.input),
        (&OUTPUT, &stretches.output),
    ];
    for (place, stretch) in places {
        place[0].store(stretch.start, Ordering::Relaxed);
        place[1].store(stretch.end, Ordering::Relaxed);
    }
    // SAFETY: a struct of integers, which may all be 0.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_fault as *const () as usize;
    // Once: the second time, the signal ends the process, as it should.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND | libc::SA_NODEFER;
    // SAFETY: the handler keeps to what a handler of signals may do; it reads numbers and writes a line.
    unsafe { libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut()) };
}

extern "C" fn on_fault(_: c_int, information: *const libc::siginfo_t, _: *const c_void) {
    // SAFETY: with SA_SIGINFO the kernel gives a valid pointer, and for this signal an address.
    let address = unsafe { (*information).si_addr() } as usize;
    let within = |place: &[AtomicUsize; 2]| {
        (place[0].load(Ordering::Relaxed)..place[1].load(Ordering::Relaxed)).contains(&address)
    };
    let line: &[u8] = if within(&READ_ONLY) {
        b"gfn-plugin-host: the plugin wrote to its input, which it may only read\n"
    } else if within(&INPUT) {
        b"gfn-plugin-host: the plugin went beyond its input\n"
    } else if within(&OUTPUT) {
        b"gfn-plugin-host: the plugin went beyond its output\n"
    } else {
        return;
    };
    // SAFETY: the line is as long as it says.
    unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
}
