//! The bound on a plugin's threads and processes.
//!
//! The kernel's own limit counts all processes of a user and does not hold a superuser. So each call that makes a thread or
//! a process waits until the guard has counted what there is: the call goes on, or fails with EAGAIN, as it does at the
//! kernel's limit.
#![allow(unsafe_code, reason = "seccomp's notifications have no safe form")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use libc::{c_long, sock_filter, sock_fprog};

/// The calls that are counted.
#[cfg(target_arch = "x86_64")]
const COUNTED: &[c_long] = &[libc::SYS_clone, libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const COUNTED: &[c_long] = &[libc::SYS_clone];

/// Has every later call of this process that makes a thread or a process wait for an answer at the descriptor that is
/// returned.
pub(super) fn listen() -> io::Result<OwnedFd> {
    let mut program = program();
    let program = sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // With the first, a signal does not end the wait once the call is being looked at; kernels before 5.19 lack it.
    let patient = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let mut last = io::Error::from(io::ErrorKind::Unsupported);
    for flags in [patient, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER] {
        // SAFETY: the kernel copies the program, which lives until then.
        let listener = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                &raw const program,
            )
        };
        if listener >= 0 {
            // SAFETY: a new descriptor, which nobody else owns.
            return Ok(unsafe { OwnedFd::from_raw_fd(listener as i32) });
        }
        last = io::Error::last_os_error();
    }
    Err(last)
}

/// Loads the call's number, compares it with each that is counted, and returns one of two answers. Numbers of another
/// processor are left to the filter that ends the process.
fn program() -> Vec<sock_filter> {
    let statement = |code: u32, k: u32| sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    };
    // The number is the first word of what a filter sees.
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for (index, call) in COUNTED.iter().enumerate() {
        program.push(sock_filter {
            code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
            // Over the calls that follow and the first answer.
            jt: (COUNTED.len() - index) as u8,
            jf: 0,
            k: *call as u32,
        });
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    program.push(statement(
        libc::BPF_RET | libc::BPF_K,
        libc::SECCOMP_RET_USER_NOTIF,
    ));
    program
}

/// Answers the next call that waits at `listener`: it goes on if `may` says so, given the process or thread that makes it.
pub(super) fn answer(listener: &OwnedFd, may: impl FnOnce(u32) -> bool) -> io::Result<()> {
    // SAFETY: a struct of integers, which the kernel wants to be 0.
    let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills the struct in.
    let received = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_RECV,
            &raw mut call,
        )
    };
    if received != 0 {
        return Err(io::Error::last_os_error());
    }
    let may = may(call.pid);
    let answer = libc::seccomp_notif_resp {
        id: call.id,
        val: 0,
        error: if may { 0 } else { -libc::EAGAIN },
        flags: if may {
            libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32
        } else {
            0
        },
    };
    // SAFETY: the kernel reads the struct. A caller that has died meanwhile is no error.
    unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND,
            &raw const answer,
        )
    };
    Ok(())
}
