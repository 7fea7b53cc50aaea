//! The system calls that a plugin may make.
//!
//! [`calls`] lists what is allowed; everything else fails with EPERM, so that a plugin can say what it missed, and what is
//! newer than the list fails with ENOSYS, so that libraries fall back to older calls. Calls with the numbers of another
//! processor (32 bit) end the process. A filter holds for all that the process starts or becomes.

mod calls;
mod conditions;

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{SeccompAction, SeccompFilter, SeccompRule, TargetArch, apply_filter};

use super::system::Ticket;
use crate::options::{Confinement, Report};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Failure = Box<dyn std::error::Error>;

/// What the filter depends on.
pub(super) struct FilterOptions<'a> {
    /// What is allowed.
    pub(super) allowed: &'a Confinement,
    /// What this process becomes a command with: it can do so once, because the command knows nothing of it.
    pub(super) ticket: Option<Ticket>,
    /// Whether the kernel refuses signals to other processes by itself.
    pub(super) signals_are_guarded: bool,
    /// Whether no other processes can be named, because this one has a namespace of its own.
    pub(super) is_alone: bool,
}

/// Refuses system calls from here on.
pub(super) fn filter(wanted: &FilterOptions<'_>, report: &mut Report) {
    match apply(wanted) {
        Ok(()) => report.seccomp = true,
        Err(error) => report
            .missing
            .push(format!("system calls are not filtered: {error}")),
    }
}

fn apply(wanted: &FilterOptions<'_>) -> Result<(), Failure> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let forbidden = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    install(SeccompFilter::new(
        allowed(wanted)?,
        forbidden,
        SeccompAction::Allow,
        arch,
    )?)?;
    // Of two filters that refuse a call, the later one tells how.
    let numbers = calls::ABSENT.iter().copied().chain(calls::UNKNOWN);
    let rules = numbers.map(|number| (number, Vec::new())).collect();
    install(SeccompFilter::new(rules, SeccompAction::Allow, absent, arch)?)
}

fn install(filter: SeccompFilter) -> Result<(), Failure> {
    let program: seccompiler::BpfProgram = filter.try_into()?;
    Ok(apply_filter(&program)?)
}

/// What may be called, and under which conditions.
fn allowed(wanted: &FilterOptions<'_>) -> Result<Rules, Failure> {
    let allowed = wanted.allowed;
    let mut rules = Rules::new();
    let mut allow = |calls: &[c_long]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    allow(calls::HARMLESS);
    allow(calls::OLD);
    if !allowed.write.is_empty() {
        allow(calls::WRITING);
        allow(calls::OLD_WRITING);
    }
    if allowed.network {
        allow(calls::NETWORK);
    }
    if allowed.programs {
        allow(calls::PROCESSES);
        allow(calls::PROGRAMS);
    }
    conditions::add(&mut rules, wanted)?;
    Ok(rules)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    /// Calls that change what Landlock does not guard, or reach other processes: never allowed, whatever is granted.
    const NEVER: [c_long; 48] = [
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        452,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_utimensat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
        463,
        466,
        469,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_process_mrelease,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_kcmp,
        libc::SYS_migrate_pages,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_setup,
        libc::SYS_mount,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        467,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_clone3,
        libc::SYS_open_by_handle_at,
        libc::SYS_name_to_handle_at,
        libc::SYS_fanotify_init,
        libc::SYS_quotactl,
        libc::SYS_quotactl_fd,
        libc::SYS_acct,
        libc::SYS_swapon,
        libc::SYS_shmget,
        libc::SYS_mq_open,
        libc::SYS_syncfs,
    ];

    #[test]
    fn no_grant_opens_a_call_that_landlock_does_not_guard() {
        let all = Confinement {
            write: vec!["/tmp".into()],
            network: true,
            programs: true,
            gpu: true,
            ..Confinement::default()
        };
        let wanted = FilterOptions {
            allowed: &all,
            ticket: Some(Ticket([1, 2, 3])),
            signals_are_guarded: true,
            is_alone: true,
        };
        let rules = allowed(&wanted).unwrap();
        let open: Vec<_> = NEVER.iter().filter(|call| rules.contains_key(call)).collect();
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn a_command_becomes_another_program_only_with_the_ticket() {
        let conditions = |programs: bool, ticket: Option<Ticket>| {
            let allowed = Confinement {
                programs,
                ..Confinement::default()
            };
            let wanted = FilterOptions {
                allowed: &allowed,
                ticket,
                signals_are_guarded: true,
                is_alone: true,
            };
            let rules = super::allowed(&wanted).unwrap();
            [libc::SYS_execve, libc::SYS_execveat].map(|call| rules.get(&call).map(Vec::len))
        };
        let ticket = || Some(Ticket([1, 2, 3]));
        assert_eq!(conditions(false, None), [None, None]);
        assert_eq!(conditions(false, ticket()), [Some(1), None]);
        // None: whatever the arguments are.
        assert_eq!(conditions(true, ticket()), [Some(0), Some(0)]);
    }
}
