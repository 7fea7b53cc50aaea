//! What a plugin's own words mean where its confinement made it fail: which setting would allow it.
//!
//! A library reports what the system refused, not who told the system to: `PermissionError` in `synchronize.py` says nothing to
//! somebody who never heard of shared memory.

use crate::options::Confinement;

/// A symptom: all of some words in the output, and the setting that is missing.
struct Symptom {
    /// Each of these groups must be there by one of its words.
    words: &'static [&'static [&'static str]],
    /// Whether the setting is given already.
    is_allowed: fn(&Confinement) -> bool,
    /// What to do.
    advice: &'static str,
}

const REFUSED: &[&str] = &[
    "PermissionError",
    "Permission denied",
    "Operation not permitted",
    "EPERM",
    "EACCES",
    "Errno 13",
    "Errno 1]",
];

const SYMPTOMS: [Symptom; 7] = [
    Symptom {
        words: &[&[
            "can't start new thread",
            "Resource temporarily unavailable",
            "Errno 11]",
            "EAGAIN",
            "pthread_create failed",
            "Thread creation failed",
        ]],
        is_allowed: |_| false,
        advice: "it may have no more threads and processes: raise `max_threads` if it needs more",
    },
    Symptom {
        words: &[
            &[
                "synchronize.py",
                "SemLock",
                "sem_open",
                "shm_open",
                "shared_memory.py",
                "/dev/shm",
                "semaphore",
            ],
            &[
                "PermissionError",
                "Permission denied",
                "Operation not permitted",
                "Errno 13",
                "Errno 38",
                "Errno 2]",
            ],
        ],
        is_allowed: |allowed| allowed.write.iter().any(|path| path.starts_with("/dev")),
        advice: "it needs shared memory, as `multiprocessing` does: allow it by `write = [\"/dev/shm\"]`",
    },
    Symptom {
        words: &[&[
            "Temporary failure in name resolution",
            "Name or service not known",
            "getaddrinfo failed",
            "Could not resolve host",
            "Failed to resolve",
            "NameResolutionError",
            "urlopen error",
            "Network is unreachable",
            "ConnectionError",
            "socket.py",
            "socket:",
            "socket()",
            "LocalEntryNotFoundError",
        ]],
        is_allowed: |allowed| allowed.network,
        advice: "it needs the network: allow it by `network = true`, or name the files that it would fetch in `read`",
    },
    Symptom {
        words: &[
            &[
                "subprocess.py",
                "_fork_exec",
                "popen_fork",
                "popen_spawn",
                "posix_spawn",
                "os.fork",
                "fork:",
                "execve",
                "os.exec",
                "exec:",
                "execution error",
                "os.system",
            ],
            &[
                "PermissionError",
                "Permission denied",
                "Operation not permitted",
                "Errno 13",
                "Errno 1]",
                "Errno 38",
            ],
        ],
        is_allowed: |allowed| allowed.programs,
        advice: "it needs to start other programs: allow it by `programs = true`",
    },
    Symptom {
        words: &[&["File too large", "Errno 27", "EFBIG", "SIGXFSZ"]],
        is_allowed: |allowed| !allowed.write.is_empty(),
        advice: "it needs to write files: name the folder in `write`",
    },
    Symptom {
        words: &[&[
            "No CUDA GPUs are available",
            "no CUDA-capable device",
            "/dev/nvidia",
            "NVIDIA driver on your system",
            "/dev/kfd",
            "/dev/dri",
        ]],
        is_allowed: |allowed| allowed.gpu,
        advice: "it needs a GPU: allow it by `gpu = true`",
    },
    Symptom {
        words: &[&["Read-only file system", "Errno 30"]],
        is_allowed: |_| false,
        advice: "it needs to write there: name the folder in `write`",
    },
];

/// The setting that would allow what was refused to a plugin which says `text`; nothing where it was not its confinement.
pub(super) fn advice(text: &str, allowed: &Confinement) -> Option<String> {
    let fits = |symptom: &&Symptom| {
        let is_there = |words: &&[&str]| words.iter().any(|word| text.contains(word));
        symptom.words.iter().all(is_there) && !(symptom.is_allowed)(allowed)
    };
    if let Some(symptom) = SYMPTOMS.iter().find(fits) {
        return Some(symptom.advice.to_string());
    }
    let is_refused = REFUSED.iter().any(|word| text.contains(word));
    let is_missing = text.contains("No such file or directory") || text.contains("FileNotFoundError");
    match (path_in(text), is_refused, is_missing) {
        (Some(path), true, _) => Some(format!(
            "its confinement refuses it `{path}`: name that in `read`, or in `write` if it writes there"
        )),
        (Some(path), _, true) => Some(format!(
            "it finds only code beside it: if `{path}` is a file of yours, name it in `read`, or in `code` to have it hashed"
        )),
        (None, true, _) if !allowed.programs => Some(
            "its confinement refused it something: `read`, `write`, `network = true` and `programs = true` allow more".to_string(),
        ),
        _ => None,
    }
}

/// The path in quotes behind an error of the system, as Python, R and others write it.
fn path_in(text: &str) -> Option<&str> {
    let starts = [
        "Errno 13",
        "Errno 2]",
        "Errno 1]",
        "Permission denied",
        "No such file or directory",
        "cannot open file",
    ];
    let rest = starts
        .iter()
        .find_map(|start| Some(&text[text.find(start)? + start.len()..]))?;
    let line = rest.lines().next()?;
    let (start, quote) = line
        .char_indices()
        .find(|(_, character)| matches!(character, '\'' | '"' | '`'))?;
    let path = &line[start + 1..];
    let path = &path[..path.find(quote)?];
    (!path.is_empty() && path.len() < 500).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_names_the_setting_that_allows_it() {
        let none = Confinement::default();
        for (text, part) in [
            (
                "PermissionError: [Errno 13] Permission denied (synchronize.py:57 in __init__)",
                "write = [\"/dev/shm\"]",
            ),
            (
                "  File \"/usr/lib/python3.11/socket.py\", line 233\nPermissionError: [Errno 1] Operation not permitted",
                "network = true",
            ),
            (
                "<urlopen error [Errno -3] Temporary failure in name resolution>",
                "network = true",
            ),
            (
                "BlockingIOError in subprocess.py\nPermissionError: [Errno 1] Operation not permitted",
                "programs = true",
            ),
            ("OSError: [Errno 27] File too large", "`write`"),
            ("RuntimeError: can't start new thread", "`max_threads`"),
            ("RuntimeError: No CUDA GPUs are available", "gpu = true"),
            (
                "PermissionError: [Errno 13] Permission denied: '/data/a.bin'",
                "`/data/a.bin`",
            ),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: 'w.json'",
                "name it in `read`, or in `code`",
            ),
            ("score: Operation not permitted", "programs = true"),
        ] {
            let said = advice(text, &none).unwrap_or_default();
            assert!(said.contains(part), "{text}: {said}");
        }
        assert_eq!(advice("ZeroDivisionError: division by zero", &none), None);
        let allowed = Confinement {
            network: true,
            ..none
        };
        assert_eq!(advice("urlopen error: timed out", &allowed), None);
    }
}
