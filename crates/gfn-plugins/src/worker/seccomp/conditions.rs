//! Calls that are allowed with some arguments only.

use libc::c_long;
use seccompiler::{
    SeccompCmpArgLen as Length, SeccompCmpOp as Op, SeccompCondition as Condition, SeccompRule as Rule,
};

use super::{Failure, FilterOptions, Rules};

/// Commands of `fcntl`: about descriptors, flags, pipes and sealed memory, and all that only ask. Left out are those that
/// lock files, have signals sent, lease files, watch folders, or give hints about a file.
const FCNTL: &[u64] = &[
    0, 1, 2, 3, 4, // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL
    5, 9, 11, 16, 36, // F_GETLK, F_GETOWN, F_GETSIG, F_GETOWN_EX, F_OFD_GETLK
    1025, 1027, 1028, 1030, // F_GETLEASE, F_DUPFD_QUERY, F_CREATED_QUERY, F_DUPFD_CLOEXEC
    1031, 1032, 1033, 1034, // F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS
    1035, 1037, // F_GET_RW_HINT, F_GET_FILE_RW_HINT
];

/// Those that lock files: F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW.
const LOCKS: &[u64] = &[6, 7, 37, 38];

/// Requests of `ioctl` that only ask, or change the descriptor alone: TCGETS, TIOCGPGRP, TIOCOUTQ, TIOCGWINSZ, FIONREAD,
/// FIONBIO, TIOCGSID, FIONCLEX, FIOCLEX, FIOQSIZE, SIOCATMARK, FS_IOC_GETFLAGS, FS_IOC_GETVERSION, FS_IOC_FSGETXATTR.
const IOCTL: &[u64] = &[
    0x5401,
    0x540f,
    0x5411,
    0x5413,
    0x541b,
    0x5421,
    0x5429,
    0x5450,
    0x5451,
    0x5460,
    0x8905,
    0x8008_6601,
    0x8008_7601,
    0x801c_581f,
];

/// With the right to the network, what there is of it: SIOCGIFNAME, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR,
/// SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFINDEX.
const IOCTL_NETWORK: &[u64] = &[
    0x8910, 0x8912, 0x8913, 0x8915, 0x8919, 0x891b, 0x8921, 0x8927, 0x8933,
];

/// With the right to GPUs, the types of their drivers' requests: NVIDIA's, DRM, AMD's, and NVIDIA's for unified memory,
/// which have no type. Files and terminals have other types.
const IOCTL_GPU: &[u64] = &[0x4600, 0x6400, 0x4b00, 0];

/// NVIDIA's requests that start and end the use of unified memory.
const IOCTL_UNIFIED_MEMORY: &[u64] = &[0x3000_0001, 0x3000_0002];

/// What sockets may be of with the right to the network: AF_INET, AF_INET6. Others (of this machine, of its kernel, of
/// virtual machines) lead to programs that would act for the plugin.
const FAMILIES: &[u64] = &[2, 10];

/// Flags of `clone` for new namespaces: mounts, control groups, names, IPC, users, processes, network.
const NAMESPACES: u64 = 0x7e02_0000;

/// Adds the rules for calls that are allowed with some arguments only.
pub(super) fn add(rules: &mut Rules, wanted: &FilterOptions<'_>) -> Result<(), Failure> {
    let (allowed, own) = (wanted.allowed, u64::from(std::process::id()));
    rules.insert(libc::SYS_clone, vec![clone(allowed.programs)?]);
    rules.insert(libc::SYS_fcntl, is_one_of(1, FCNTL)?);
    rules.insert(libc::SYS_ioctl, ioctl(wanted)?);
    if !allowed.write.is_empty() {
        rules
            .entry(libc::SYS_fcntl)
            .or_default()
            .extend(is_one_of(1, LOCKS)?);
    }
    if allowed.network {
        let mut socket = is_one_of(0, FAMILIES)?;
        // Questions about addresses and routes: AF_NETLINK with NETLINK_ROUTE.
        socket.push(Rule::new(vec![equal(0, 16)?, equal(2, 0)?])?);
        rules.insert(libc::SYS_socket, socket);
    }
    // A pair of datagram sockets can still send to any other socket of the machine; pairs of streams and of packets cannot.
    let pair =
        |kind: u64| -> Result<Rule, Failure> { Ok(Rule::new(vec![equal(0, 1)?, masked(1, 0xf, kind)?])?) };
    rules.insert(libc::SYS_socketpair, vec![pair(1)?, pair(5)?]);
    // Not PR_SET_MM, nor PR_SCHED_CORE, which reaches other processes.
    rules.insert(
        libc::SYS_prctl,
        vec![Rule::new(vec![differs(0, 35)?, differs(0, 62)?])?],
    );
    rules.insert(libc::SYS_prlimit64, is_one_of(0, &[0, own])?);
    rules.insert(libc::SYS_move_pages, is_one_of(0, &[0])?);
    // PRIO_PROCESS and IOPRIO_WHO_PROCESS, of the caller.
    rules.insert(
        libc::SYS_setpriority,
        vec![Rule::new(vec![equal(0, 0)?, equal(1, 0)?])?],
    );
    rules.insert(
        libc::SYS_ioprio_set,
        vec![Rule::new(vec![equal(0, 1)?, equal(1, 0)?])?],
    );
    if let Some(ticket) = wanted.ticket.filter(|_| !allowed.programs) {
        let carried =
            |(argument, number): (u8, u64)| Ok(Condition::new(argument, Length::Qword, Op::Eq, number)?);
        // Arguments that the call does not have.
        let conditions: Result<Vec<Condition>, Failure> = (3..).zip(ticket.0).map(carried).collect();
        rules.insert(libc::SYS_execve, vec![Rule::new(conditions?)?]);
    }
    add_scheduling(rules, wanted, own)?;
    add_signals(rules, wanted, own)
}

/// Threads, and with `programs` processes, in the namespaces of the caller.
fn clone(programs: bool) -> Result<Rule, Failure> {
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let condition = match programs {
        true => masked(0, NAMESPACES, 0)?,
        false => masked(0, NAMESPACES | thread, thread)?,
    };
    Ok(Rule::new(vec![condition])?)
}

fn ioctl(wanted: &FilterOptions<'_>) -> Result<Vec<Rule>, Failure> {
    let mut rules = is_one_of(1, IOCTL)?;
    if wanted.allowed.network {
        rules.extend(is_one_of(1, IOCTL_NETWORK)?);
    }
    if wanted.allowed.gpu {
        for kind in IOCTL_GPU {
            // Those without a type have no size or direction either.
            let mask = if *kind == 0 { 0xffff_ff00 } else { 0xff00 };
            rules.push(Rule::new(vec![masked(1, mask, *kind)?])?);
        }
        rules.extend(is_one_of(1, IOCTL_UNIFIED_MEMORY)?);
    }
    Ok(rules)
}

/// Where and when threads run: libraries bind their threads to processors, by the threads' numbers. Where other processes
/// could be meant by a number, only the caller can be.
fn add_scheduling(rules: &mut Rules, wanted: &FilterOptions<'_>, own: u64) -> Result<(), Failure> {
    let calls: [c_long; 4] = [
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
    ];
    for call in calls {
        let rule = match wanted.is_alone {
            true => Vec::new(),
            false => is_one_of(0, &[0, own])?,
        };
        rules.insert(call, rule);
    }
    Ok(())
}

/// Signals to itself. Those to other processes are refused by the kernel, or here where it cannot.
fn add_signals(rules: &mut Rules, wanted: &FilterOptions<'_>, own: u64) -> Result<(), Failure> {
    let first: [c_long; 3] = [
        libc::SYS_tgkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
    ];
    let is_guarded = wanted.signals_are_guarded || wanted.is_alone;
    for call in first {
        let rule = match is_guarded || wanted.allowed.programs {
            true => Vec::new(),
            false => is_one_of(0, &[own])?,
        };
        rules.insert(call, rule);
    }
    // To everybody: the kernel would leave out the others and report success.
    let not_everybody = Rule::new(vec![differs(0, u64::from(u32::MAX))?])?;
    let kill = match is_guarded || wanted.allowed.programs {
        true => vec![not_everybody],
        false => is_one_of(0, &[own])?,
    };
    rules.insert(libc::SYS_kill, kill);
    if is_guarded {
        rules.insert(libc::SYS_tkill, Vec::new());
    }
    Ok(())
}

/// Rules for calls one of whose arguments is one of these.
fn is_one_of(argument: u8, values: &[u64]) -> Result<Vec<Rule>, Failure> {
    let rule = |value: &u64| Ok(Rule::new(vec![equal(argument, *value)?])?);
    values.iter().map(rule).collect()
}

fn equal(argument: u8, value: u64) -> Result<Condition, Failure> {
    Ok(Condition::new(argument, Length::Dword, Op::Eq, value)?)
}

fn differs(argument: u8, from: u64) -> Result<Condition, Failure> {
    Ok(Condition::new(argument, Length::Dword, Op::Ne, from)?)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<Condition, Failure> {
    Ok(Condition::new(
        argument,
        Length::Dword,
        Op::MaskedEq(mask),
        value,
    )?)
}
