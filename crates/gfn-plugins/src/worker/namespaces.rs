//! Namespaces of a plugin's own: no other processes, no network, no memory shared with others, a `/proc` of its own.
//!
//! Kernels give them to ordinary users together with a user namespace, and to a superuser without one, so that files keep
//! their owners. Where they are refused, seccomp and Landlock still confine the plugin.
#![allow(unsafe_code, reason = "leaving namespaces has no safe form")]

use std::io;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, UnshareFlags, capabilities, unshare_unsafe};

/// The names of namespaces in `/proc/self/ns`.
const NAMES: [(UnshareFlags, &str); 5] = [
    (UnshareFlags::NEWIPC, "ipc"),
    (UnshareFlags::NEWNS, "mnt"),
    (UnshareFlags::NEWNET, "net"),
    (UnshareFlags::NEWPID, "pid"),
    (UnshareFlags::NEWUSER, "user"),
];

/// The namespaces that this process has left its parent's for.
pub(super) struct Namespaces(UnshareFlags);

impl Namespaces {
    /// Makes as many as the kernel gives; a process namespace holds for children alone.
    ///
    /// # Errors
    /// Where there is a user namespace and this user cannot be known in it.
    pub(super) fn enter(network: bool) -> io::Result<Self> {
        let least = UnshareFlags::NEWPID | UnshareFlags::NEWNS;
        let ipc = least | UnshareFlags::NEWIPC;
        let all = match network {
            true => ipc,
            false => ipc | UnshareFlags::NEWNET,
        };
        let Some(user) = user_namespace() else {
            return Ok(Self(UnshareFlags::empty()));
        };
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        for set in [all, ipc, least] {
            // SAFETY: the set has no flag for descriptors, and this process has one thread.
            if unsafe { unshare_unsafe(set | user) }.is_ok() {
                if user == UnshareFlags::NEWUSER {
                    map_user(uid, gid)?;
                }
                return Ok(Self(set | user));
            }
        }
        Ok(Self(UnshareFlags::empty()))
    }

    /// Whether the children of this process are in a process namespace of their own.
    pub(super) fn has_processes(&self) -> bool {
        self.0.contains(UnshareFlags::NEWPID)
    }

    /// Whether there is no network but its own.
    pub(super) fn has_network(&self) -> bool {
        self.0.contains(UnshareFlags::NEWNET)
    }

    /// Whether it has a user namespace, in which all powers mean nothing outside.
    pub(super) fn has_user(&self) -> bool {
        self.0.contains(UnshareFlags::NEWUSER)
    }

    /// What they are called.
    pub(super) fn names(&self) -> Vec<String> {
        let has = |(flag, name): &(UnshareFlags, &str)| self.0.contains(*flag).then(|| (*name).to_string());
        NAMES.iter().filter_map(has).collect()
    }

    /// Puts a `/proc` in place that shows this process namespace alone. Whether it did: kernels refuse it to ordinary users
    /// where something of the present `/proc` is hidden from them, as in containers.
    pub(super) fn mount_proc(&self) -> bool {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let propagation = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
        self.has_processes()
            // Otherwise everybody would get it.
            && mount_change("/", propagation).is_ok()
            && mount("proc", "/proc", "proc", flags, None).is_ok()
    }
}

/// The flag of a user namespace if one is needed; `None` where no namespaces are to be had at all.
///
/// A superuser who may not make namespaces could have a user namespace, but would lose access to the files of all others
/// in it.
fn user_namespace() -> Option<UnshareFlags> {
    let may = capabilities(None).is_ok_and(|now| now.effective.contains(CapabilitySet::SYS_ADMIN));
    match (may, geteuid().is_root()) {
        (true, _) => Some(UnshareFlags::empty()),
        (false, false) => Some(UnshareFlags::NEWUSER),
        (false, true) => None,
    }
}

/// Keeps the numbers of this user and group. The kernel wants that the group's membership cannot be given up.
fn map_user(uid: u32, gid: u32) -> io::Result<()> {
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}
