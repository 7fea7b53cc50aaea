//! The other side: the process in which a plugin runs.

#[cfg(target_os = "linux")]
mod around;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod library;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
pub(crate) mod system;

use std::io::Write;
use std::process::ExitCode;

/// What `gfn-plugin-host` does: it gives rights away, then becomes a plugin's command or loads a plugin's library, and
/// answers until it is told to end.
pub fn serve() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(gfn_text::stderr(), "gfn-plugin-host: {message}");
            ExitCode::from(2)
        }
    }
}

#[cfg(target_os = "linux")]
fn run() -> Result<(), String> {
    start::run()
}

#[cfg(not(target_os = "linux"))]
fn run() -> Result<(), String> {
    Err(
        "a process of its own needs Linux; use isolation = \"inline\" for a library that you trust"
            .to_string(),
    )
}
