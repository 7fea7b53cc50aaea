//! The system calls that a plugin is refused.
//!
//! A list of what is refused, not of what is allowed: drivers, interpreters and libraries of mathematics use far too many
//! calls for the latter. Refused calls fail with EPERM, so that a plugin can say what it missed.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Op, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use crate::options::{Confinement, Report};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Failure = Box<dyn std::error::Error>;

/// Never allowed: other processes' memory and descriptors, the kernel's settings, and ways around a filter.
const ALWAYS: &[c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_open_by_handle_at,
    libc::SYS_vhangup,
    // Memory and queues of the user's other processes, which no path leads to and Landlock does not guard.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
];

/// Commands of `fcntl` that have the kernel send a signal of choice to a process of choice when a file is ready:
/// F_SETOWN, F_SETSIG, F_SETOWN_EX.
const OWNERS: [u64; 3] = [8, 10, 15];

/// The same as requests to devices and sockets: FIOSETOWN, SIOCSPGRP.
const OWNERS_OF_DEVICES: [u64; 2] = [0x8901, 0x8902];

/// Without the right to the network.
const NETWORK: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
];

/// Without the right to start processes. `clone` makes threads too, and is looked at more closely.
#[cfg(target_arch = "x86_64")]
const PROCESSES: &[c_long] = &[libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const PROCESSES: &[c_long] = &[];

/// Without the right to become another program.
const PROGRAMS: &[c_long] = &[libc::SYS_execve, libc::SYS_execveat];

/// Signals that name no process which could be compared with this one.
const SIGNALS: &[c_long] = &[libc::SYS_tkill, libc::SYS_pidfd_send_signal];

/// Signals whose first argument is the process that they are for.
const SIGNALS_TO: &[c_long] = &[
    libc::SYS_kill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
];

/// What the filter depends on.
pub(super) struct Wanted<'a> {
    /// What is allowed.
    pub(super) allowed: &'a Confinement,
    /// Whether this process must still become another program once.
    pub(super) becomes_a_command: bool,
    /// Whether Landlock refuses signals to other processes.
    pub(super) signals_are_guarded: bool,
}

/// Refuses system calls from here on.
pub(super) fn filter(wanted: &Wanted<'_>, report: &mut Report) {
    match apply(wanted) {
        Ok(()) => report.seccomp = true,
        Err(error) => report
            .missing
            .push(format!("system calls are not filtered: {error}")),
    }
}

fn apply(wanted: &Wanted<'_>) -> Result<(), Failure> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let install = |rules: Rules, errno: i32| -> Result<(), Failure> {
        let refuse = SeccompAction::Errno(errno.unsigned_abs());
        let program = SeccompFilter::new(with_old_numbers(rules), SeccompAction::Allow, refuse, arch)?;
        let program: seccompiler::BpfProgram = program.try_into()?;
        Ok(apply_filter(&program)?)
    };
    if !wanted.allowed.programs {
        // Its flags lie in memory, where a filter cannot see them. Told that it does not exist, callers use `clone`.
        install(refused(&[libc::SYS_clone3]), libc::ENOSYS)?;
    }
    install(rules(wanted)?, libc::EPERM)
}

fn rules(wanted: &Wanted<'_>) -> Result<Rules, Failure> {
    let allowed = wanted.allowed;
    let mut rules = refused(ALWAYS);
    let own = u64::from(std::process::id());
    if !allowed.network {
        rules.extend(refused(NETWORK));
        rules.insert(libc::SYS_socketpair, datagram_sockets()?);
    }
    if !allowed.programs {
        rules.extend(refused(PROCESSES));
        rules.insert(libc::SYS_clone, vec![without_flag(libc::CLONE_THREAD)?]);
        if !wanted.becomes_a_command {
            rules.extend(refused(PROGRAMS));
        }
    }
    if !wanted.signals_are_guarded && !allowed.programs {
        rules.extend(refused(SIGNALS));
        for call in SIGNALS_TO {
            rules.insert(*call, vec![SeccompRule::new(vec![differs(0, own)?])?]);
        }
    }
    rules.insert(libc::SYS_fcntl, second_is(&OWNERS)?);
    rules.insert(libc::SYS_ioctl, second_is(&OWNERS_OF_DEVICES)?);
    // The limits of another process are a way to end it.
    rules.insert(
        libc::SYS_prlimit64,
        vec![SeccompRule::new(vec![differs(0, 0)?, differs(0, own)?])?],
    );
    Ok(rules)
}

fn refused(calls: &[c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn differs(argument: u8, from: u64) -> Result<SeccompCondition, Failure> {
    Ok(SeccompCondition::new(argument, Length::Dword, Op::Ne, from)?)
}

/// Rules for calls whose second argument is one of these.
fn second_is(values: &[u64]) -> Result<Vec<SeccompRule>, Failure> {
    let rule = |value: &u64| {
        let is = SeccompCondition::new(1, Length::Dword, Op::Eq, *value)?;
        Ok(SeccompRule::new(vec![is])?)
    };
    values.iter().map(rule).collect()
}

fn without_flag(flag: i32) -> Result<SeccompRule, Failure> {
    let flag = u64::from(flag.unsigned_abs());
    Ok(SeccompRule::new(vec![SeccompCondition::new(
        0,
        Length::Dword,
        Op::MaskedEq(flag),
        0,
    )?])?)
}

/// A pair of sockets that can still send to any other socket of the machine; pairs of streams cannot, and event loops
/// need them.
fn datagram_sockets() -> Result<Vec<SeccompRule>, Failure> {
    let kinds = [libc::SOCK_DGRAM, libc::SOCK_RAW].map(|kind| {
        let kind = u64::from(kind.unsigned_abs());
        Ok(SeccompRule::new(vec![SeccompCondition::new(
            1,
            Length::Dword,
            Op::MaskedEq(0xf),
            kind,
        )?])?)
    });
    kinds.into_iter().collect()
}

/// The rules for the second set of numbers that some kernels know the same calls by (x32).
#[cfg(target_arch = "x86_64")]
fn with_old_numbers(mut rules: Rules) -> Rules {
    /// What such a number is marked with.
    const MARK: i64 = 0x4000_0000;
    /// Calls that have another number there: `execve`, `ptrace`, `rt_sigqueueinfo`, `process_vm_readv` and `_writev`,
    /// `execveat`, `rt_tgsigqueueinfo`, `ioctl`.
    const MOVED: [i64; 8] = [520, 521, 524, 539, 540, 545, 536, 514];
    let marked: Rules = rules
        .iter()
        .map(|(call, rule)| (call | MARK, rule.clone()))
        .collect();
    rules.extend(marked);
    rules.extend(MOVED.map(|call| (call | MARK, Vec::new())));
    rules
}

#[cfg(not(target_arch = "x86_64"))]
fn with_old_numbers(rules: Rules) -> Rules {
    rules
}
