//! The other side: the process in which a plugin runs.

#[cfg(target_os = "linux")]
mod around;
#[cfg(target_os = "linux")]
mod census;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
mod library;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod proc;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
pub(crate) mod system;
#[cfg(target_os = "linux")]
mod threads;

use std::io::Write;
use std::process::ExitCode;

/// What `gfn-plugin-host` does: it starts a process that gives rights away, then becomes a plugin's command or loads a
/// plugin's library and answers until it is told to end; and it watches over that process.
pub fn serve() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(message) => {
            let _ = writeln!(gfn_text::stderr(), "gfn-plugin-host: {message}");
            ExitCode::from(2)
        }
    }
}

#[cfg(target_os = "linux")]
fn run() -> Result<ExitCode, String> {
    start::run()
}

#[cfg(not(target_os = "linux"))]
fn run() -> Result<ExitCode, String> {
    Err(
        "a process of its own needs Linux; use isolation = \"inline\" for a library that you trust"
            .to_string(),
    )
}
