//! Takes rights away from this process, for good, before anything of a plugin runs in it.
//!
//! Landlock guards files, ports and signals; seccomp refuses system calls; namespaces hide other processes and the network,
//! where the kernel gives them. What a kernel cannot do is reported, not hidden: old kernels of clusters have none of them.
//! All are inherited by whatever the process becomes or starts.
//!
//! Which paths are granted, and that they are still those that were approved, is settled before: what comes here in
//! `confinement` is opened as it is.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use rustix::fs::{CWD, FileType, Mode, OFlags, openat};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::around::all_but;
use super::guard::Inside;
use super::namespaces::Namespaces;
use super::seccomp::FilterOptions;
use super::system::Ticket;
use super::threads;
use crate::granted::{Granted, descriptor};
use crate::options::{Confinement, Report};
use crate::protocol::Start;

/// The newest version of Landlock that is asked for.
const NEWEST: ABI = ABI::V6;

/// What every program reads: the system's libraries, what the dynamic loader reads, facts about the machine.
const SYSTEM: [&str; 17] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/nix/store",
    "/gnu/store",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/dev/random",
    "/dev/urandom",
];

/// Devices that hold nothing.
const HARMLESS: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/full"];

/// The devices of GPUs, besides those of NVIDIA, which are counted.
const GPU: [&str; 3] = ["/dev/dri", "/dev/kfd", "/dev/nvidia-caps"];

/// What drivers of GPUs read of the machine. Entries of the first two are links into the third.
const GPU_FACTS: [&str; 4] = ["/sys/bus/pci", "/sys/class", "/sys/devices", "/sys/module"];

/// All that is left of a superuser's powers: that over files, which Landlock guards.
const KEPT: CapabilitySet = CapabilitySet::DAC_OVERRIDE;

/// Folders that a command does not read though it reads every file: processes, and devices with all that is typed
/// at terminals. What of them it needs is granted one by one.
const NOT_FILES: [&str; 2] = ["/proc", "/dev"];

/// Takes away every right that `start` does not grant. With the ticket, if there is one, this process becomes a command.
///
/// # Errors
/// Where the guard is gone.
pub(super) fn confine(start: &Start, inside: Inside, ticket: Option<Ticket>) -> Result<Report, String> {
    let namespaces = &inside.namespaces;
    let mut report = Report {
        namespaces: namespaces.names(),
        private_proc: namespaces.mount_proc(),
        ..Report::default()
    };
    limit_resources(start, &mut report);
    if give_up_powers(namespaces).is_err() {
        report
            .missing
            .push("the powers of a superuser are not given up".to_string());
    }
    if rustix::thread::set_no_new_privs(true).is_err() {
        report
            .missing
            .push("programs that give rights away are not refused".to_string());
    }
    let gone =
        |error: std::io::Error| format!("lost the process that watches it: {}", gfn_text::io_words(&error));
    let own = open_own(start, namespaces, report.private_proc);
    let signals_are_guarded = guard_files(start, &own, &mut report);
    inside.send_to_hold(&own).map_err(gone)?;
    match threads::listen() {
        Ok(listener) => inside.send_listener(&listener).map_err(gone)?,
        Err(error) => report.missing.push(format!(
            "new threads are not refused, but counted every 50 ms, and the plugin ended if there are too many: {}",
            gfn_text::io_words(&error)
        )),
    }
    report.max_threads = Some(start.max_threads);
    let wanted = FilterOptions {
        allowed: &start.confinement,
        ticket,
        signals_are_guarded,
        is_alone: namespaces.has_processes(),
    };
    super::seccomp::filter(&wanted, &mut report);
    Ok(report)
}

/// What the plugin may read in `/proc`. The kernel may forget such a file while nobody has it open, and make another one
/// in its place, for which a rule of Landlock does not hold.
fn open_own(start: &Start, namespaces: &Namespaces, is_private: bool) -> Vec<OwnedFd> {
    let paths = super::proc::readable(&start.confinement, namespaces, is_private);
    let open = |path| openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    paths.into_iter().flat_map(open).collect()
}

/// With all of them a superuser could still read what Landlock forbids. In a user namespace nobody keeps any.
fn give_up_powers(namespaces: &Namespaces) -> rustix::io::Result<()> {
    let now = rustix::thread::capabilities(None)?;
    let kept = match namespaces.has_user() {
        true => CapabilitySet::empty(),
        false => KEPT,
    };
    let (effective, permitted) = (now.effective & kept, now.permitted & kept);
    let inheritable = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets {
            effective,
            permitted,
            inheritable,
        },
    )
}

fn limit_resources(start: &Start, report: &mut Report) {
    let mut limit = |resource: Resource, most: u64, what: &str| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        if setrlimit(resource, limit).is_err() {
            report.missing.push(format!("{what} could not be limited"));
        }
    };
    // Not 0: that limits files, and not what is sent to a program that collects dumps. 1 means no dump at all.
    limit(Resource::Core, 1, "the size of core dumps");
    limit(Resource::Nofile, 1024, "the number of open files");
    if let Some(most) = start.memory_bytes {
        limit(Resource::As, most, "memory");
    }
    // A GPU's driver keeps files in memory, which this would end.
    if start.confinement.write.is_empty() && !start.confinement.gpu {
        limit(Resource::Fsize, 0, "the size of files");
    }
}

/// Restricts this process by Landlock; whether signals to other processes are refused then.
fn guard_files(start: &Start, own: &[OwnedFd], report: &mut Report) -> bool {
    match restricted(start, own) {
        Ok(status) => {
            report.landlock = version(&status);
            let gaps = gaps(report, &start.confinement);
            report.missing.extend(gaps.into_iter().map(str::to_string));
            report.landlock >= 6
        }
        Err(error) => {
            report.missing.push(format!("files are not guarded: {error}"));
            false
        }
    }
}

fn version(status: &RestrictionStatus) -> u32 {
    match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        _ => 0,
    }
}

/// What a version of Landlock does not guard.
fn gaps(report: &Report, allowed: &Confinement) -> Vec<&'static str> {
    let version = report.landlock;
    let is_alone = report.namespaces.iter().any(|name| name == "pid");
    let gap = |exists: bool, what: &'static str| exists.then_some(what);
    [
        gap(version == 0, "files are not guarded: the kernel has no Landlock"),
        gap(
            (1..3).contains(&version),
            "files that can be read can be cut short: Landlock is older than version 3",
        ),
        gap(
            version < 6 && allowed.programs && !is_alone,
            "signals to other processes are not refused: Landlock is older than version 6, and the kernel gives no process \
             namespace",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn restricted(start: &Start, own: &[OwnedFd]) -> Result<RestrictionStatus, RulesetError> {
    let allowed = &start.confinement;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::Signal)?;
    if !allowed.network {
        ruleset = ruleset
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::AbstractUnixSocket)?;
    }
    let mut created = ruleset.create()?;
    for (paths, access) in grants(start) {
        created = grant(created, (&paths, &start.granted), access)?;
    }
    for file in own {
        let metadata = rustix::fs::fstat(file).map(|found| FileType::from_raw_mode(found.st_mode));
        let access = match metadata {
            Ok(FileType::Directory) => AccessFs::ReadFile | AccessFs::ReadDir,
            _ => AccessFs::ReadFile.into(),
        };
        created = created.add_rule(PathBeneath::new(file, access))?;
    }
    created.restrict_self()
}

/// Paths and what may be done to them.
fn grants(start: &Start) -> Vec<(Vec<PathBuf>, BitFlags<AccessFs>)> {
    let allowed = &start.confinement;
    let mut read = AccessFs::ReadFile | AccessFs::ReadDir;
    // A command has to be executed, and its interpreter may have to be found by another program.
    if start.command.is_some() || allowed.programs {
        read |= AccessFs::Execute;
    }
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    let mut readable: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    readable.extend(allowed.read.iter().chain(&start.own).cloned());
    match &start.command {
        Some(_) if allowed.read.is_empty() => readable.extend(all_files(&start.hidden)),
        Some(command) => readable.extend(files_of(&command.words)),
        None => {}
    }
    let mut grants = vec![
        (readable, read),
        (HARMLESS.iter().map(PathBuf::from).collect(), device),
        (
            allowed.write.clone(),
            AccessFs::from_all(NEWEST) & !AccessFs::MakeBlock & !AccessFs::MakeChar,
        ),
    ];
    if allowed.gpu {
        grants.push((gpu_devices(), device | AccessFs::ReadDir));
        let facts = GPU_FACTS.iter().map(PathBuf::from).collect();
        grants.push((facts, AccessFs::ReadFile | AccessFs::ReadDir));
    }
    grants
}

/// Every file, but what is hidden or none.
fn all_files(hidden: &[PathBuf]) -> Vec<PathBuf> {
    let hidden: Vec<PathBuf> = NOT_FILES
        .iter()
        .map(PathBuf::from)
        .chain(hidden.iter().cloned())
        .collect();
    all_but(&hidden)
}

/// A command's own folder, that in which its program really lies, and files among its words.
fn files_of(words: &[String]) -> Vec<PathBuf> {
    let here = std::env::current_dir().ok();
    let program = words.first().and_then(|word| Path::new(word).canonicalize().ok());
    let beside = program.and_then(|program| program.parent().map(Path::to_path_buf));
    let named = words.iter().map(PathBuf::from).filter(|word| word.is_file());
    here.into_iter().chain(beside).chain(named).collect()
}

fn gpu_devices() -> Vec<PathBuf> {
    let in_dev = std::fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let nvidia = in_dev.filter(|path| path.to_string_lossy().starts_with("/dev/nvidia"));
    GPU.iter().map(PathBuf::from).chain(nvidia).collect()
}

/// Grants `access` to those of the paths that exist.
fn grant(
    mut ruleset: RulesetCreated,
    (paths, granted): (&[PathBuf], &[Granted]),
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    for path in paths {
        let Some(file) = descriptor(path, granted) else {
            continue;
        };
        // A right to a folder's entries means nothing for a file, and Landlock says so.
        let access = if path.is_dir() {
            access
        } else {
            access & AccessFs::from_file(NEWEST)
        };
        ruleset = ruleset.add_rule(PathBeneath::new(file, access))?;
    }
    Ok(ruleset)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    /// What a library is granted with these exceptions.
    fn granted(confinement: serde_json::Value) -> Vec<(Vec<PathBuf>, BitFlags<AccessFs>)> {
        let start = serde_json::json!({"plugin": "a", "parent": 1, "confinement": confinement});
        grants(&serde_json::from_value(start).unwrap())
    }

    #[test]
    fn a_gpu_opens_its_devices_and_facts_and_nothing_else() {
        let without = granted(serde_json::json!({}));
        let with = granted(serde_json::json!({"gpu": true}));
        let (same, more) = with.split_at(without.len());
        assert_eq!(same, without);
        let [(devices, use_), (facts, look)] = more else {
            panic!("{more:?}")
        };
        let is_device = |path: &PathBuf| {
            GPU.iter().any(|known| Path::new(known) == path)
                || path.to_string_lossy().starts_with("/dev/nvidia")
        };
        assert!(devices.iter().all(is_device), "{devices:?}");
        assert!(use_.contains(AccessFs::IoctlDev | AccessFs::WriteFile));
        assert!(facts.iter().all(|path| path.starts_with("/sys")), "{facts:?}");
        assert_eq!(*look, AccessFs::ReadFile | AccessFs::ReadDir);
    }
}
