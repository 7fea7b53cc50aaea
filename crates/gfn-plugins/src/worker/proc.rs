//! What a plugin may read in `/proc`: facts about the machine and its own entries, not those of others.

use std::path::{Path, PathBuf};

use super::namespaces::Namespaces;
use crate::options::Confinement;

/// Facts about the machine that libraries look up.
const FACTS: [&str; 13] = [
    "cpuinfo",
    "meminfo",
    "stat",
    "version",
    "filesystems",
    "loadavg",
    "uptime",
    "sys/vm/overcommit_memory",
    "sys/vm/max_map_count",
    "sys/kernel/osrelease",
    "sys/kernel/pid_max",
    "sys/kernel/cap_last_cap",
    "sys/kernel/random",
];

/// More of them for drivers of GPUs.
const GPU_FACTS: [&str; 4] = ["devices", "driver/nvidia", "modules", "sys/vm"];

/// Entries of a process that tell of nobody else. Left out are `net`, with the ports of all processes, and `task`, which
/// has it too.
const OWN: [&str; 18] = [
    "fd",
    "fdinfo",
    "maps",
    "smaps",
    "smaps_rollup",
    "numa_maps",
    "status",
    "stat",
    "statm",
    "cmdline",
    "environ",
    "auxv",
    "comm",
    "limits",
    "oom_score_adj",
    "cgroup",
    "mounts",
    "mountinfo",
];

/// What a plugin may read in `/proc`.
pub(super) fn readable(allowed: &Confinement, namespaces: &Namespaces, is_private: bool) -> Vec<PathBuf> {
    let root = Path::new("/proc");
    // With a private one there are no other processes, and no other ports but those of a network that was granted.
    let is_empty_otherwise = is_private && (allowed.network || namespaces.has_network());
    if is_empty_otherwise && allowed.programs {
        return vec![root.to_path_buf()];
    }
    let own = root.join(std::process::id().to_string());
    let mut paths: Vec<PathBuf> = FACTS.iter().map(|name| root.join(name)).collect();
    if allowed.gpu {
        paths.extend(GPU_FACTS.iter().map(|name| root.join(name)));
    }
    match is_empty_otherwise {
        true => paths.push(own),
        false => paths.extend(OWN.iter().map(|name| own.join(name))),
    }
    paths
}
