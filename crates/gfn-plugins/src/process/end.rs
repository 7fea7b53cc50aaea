//! How a process ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Completes "the plugin …".
pub(super) fn in_words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was killed by {}", signal_in_words(signal)),
        (None, Some(code)) => format!("ended its process with code {code}"),
        (None, None) => "ended".to_string(),
    }
}

fn signal_in_words(signal: i32) -> String {
    let (name, meaning) = match signal {
        libc::SIGSEGV => ("SIGSEGV", "it touched memory that is not its own"),
        libc::SIGABRT => (
            "SIGABRT",
            "it gave up by abort, as after an assertion that failed",
        ),
        libc::SIGBUS => ("SIGBUS", "it touched memory beyond the end of a file"),
        libc::SIGILL => (
            "SIGILL",
            "it has an instruction that this processor does not know",
        ),
        libc::SIGFPE => ("SIGFPE", "it divided by zero, or the like"),
        libc::SIGKILL => ("SIGKILL", "somebody killed it, or memory ran out"),
        libc::SIGTERM => ("SIGTERM", "somebody ended it"),
        libc::SIGSYS => ("SIGSYS", "it made a system call that is refused"),
        libc::SIGXFSZ => ("SIGXFSZ", "it wrote a file that is too long"),
        libc::SIGXCPU => ("SIGXCPU", "it used too much time"),
        libc::SIGPIPE => ("SIGPIPE", "it wrote to a pipe that nobody reads"),
        libc::SIGTRAP => ("SIGTRAP", "it has a trap for a debugger"),
        other => return format!("signal {other}"),
    };
    format!("{name} ({meaning})")
}
