//! What `gfn-plugin-host` does first.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::ExitCode;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use super::guard::{self, Inside};
use super::system::Ticket;
use super::{confine, library, system};
use crate::options::Protocol;
use crate::packets::Packets;
use crate::protocol::{CommandLine, FAILED, Reply, Start, VERSION};

/// The descriptor at which commands find their socket.
const SOCKET: i32 = 3;

/// Starts the plugin that the one argument describes in a process of its own, and watches it.
pub(super) fn run() -> Result<ExitCode, String> {
    let mut arguments = std::env::args().skip(1);
    let (Some(argument), None) = (arguments.next(), arguments.next()) else {
        return Err("this program is started by gfn, not by hand".to_string());
    };
    let start: Start = serde_json::from_str(&argument).map_err(|error| {
        format!("this program is started by gfn, and both must be of one version: {error}")
    })?;
    // Before anything is opened: whatever is open came along by mistake.
    system::close_all_but_standard();
    guard::watch(&start, |inside| become_plugin(&start, inside))
}

/// Goes on as the plugin.
fn become_plugin(start: &Start, inside: Inside) -> Result<(), String> {
    first_to_go();
    match &start.command {
        None => serve_library(start, inside),
        Some(command) => Err(match command.protocol {
            Protocol::Frames => become_with_socket(start, inside, command)?,
            Protocol::Lines => become_with_lines(start, inside, command),
        }),
    }
}

/// Where memory runs out, the kernel is to end this process rather than the run. Some containers do not let it be said.
fn first_to_go() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Sends this process SIGTERM when its parent ends.
pub(super) fn end_with(parent: u32) -> Result<(), String> {
    let failed = |error: rustix::io::Errno| {
        format!(
            "cannot ask to end with its parent: {}",
            gfn_text::io_words(&error.into())
        )
    };
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(failed)?;
    // It may have died before it could be asked for.
    match getppid().map(|now| now.as_raw_pid().cast_unsigned()) == Some(parent) {
        true => Ok(()),
        false => Err("the process that started this one is gone".to_string()),
    }
}

fn serve_library(start: &Start, inside: Inside) -> Result<(), String> {
    let mut packets = Packets::new(take_socket().map_err(no_socket)?);
    confirm(&packets, start, inside, None)?;
    match start.is_trial {
        true => crate::checker::try_out(&mut packets),
        false => library::serve(&mut packets),
    }
}

/// Standard input is the socket: moves it out of the way of code that reads standard input.
fn take_socket() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

fn no_socket(error: io::Error) -> String {
    format!("has no connection: {}", gfn_text::io_words(&error))
}

/// Gives rights away and says so.
fn confirm(packets: &Packets, start: &Start, inside: Inside, ticket: Option<Ticket>) -> Result<(), String> {
    let report = confine::confine(start, inside, ticket)?;
    packets.send(&Reply::Confined { report }, &[]).map_err(no_socket)
}

/// Becomes the command; returns why that is impossible.
fn become_with_socket(start: &Start, inside: Inside, command: &CommandLine) -> Result<String, String> {
    let socket = take_socket().map_err(no_socket)?;
    if socket.as_raw_fd() != SOCKET {
        return Err(format!(
            "the socket is descriptor {}, not {SOCKET}",
            socket.as_raw_fd()
        ));
    }
    let mut packets = Packets::new(socket);
    let ticket = ticket()?;
    confirm(&packets, start, inside, Some(ticket))?;
    // From here on it is passed on to the program that this process becomes.
    fcntl_setfd(packets.socket(), FdFlags::empty()).map_err(|error| no_socket(error.into()))?;
    let message = becoming(command, ticket, &[("GFN_PLUGIN_SOCKET", &SOCKET.to_string())]);
    let reply = Reply::Error {
        kind: FAILED.to_string(),
        message: message.clone(),
    };
    let _ = packets.send(&reply, &[]);
    // Whoever finds the connection closed does not look for a reason: it is there until the other side has closed it.
    while let Ok(Some(_)) = packets.receive() {}
    Ok(message)
}

fn become_with_lines(start: &Start, inside: Inside, command: &CommandLine) -> String {
    let confined = ticket().and_then(|ticket| Ok((ticket, confine::confine(start, inside, Some(ticket))?)));
    let (ticket, report) = match confined {
        Ok(confined) => confined,
        Err(message) => return message,
    };
    say(&Reply::Confined { report });
    let message = becoming(command, ticket, &[]);
    say(&Reply::Error {
        kind: FAILED.to_string(),
        message: message.clone(),
    });
    // As above.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    message
}

/// Writes a line to standard output.
fn say(reply: &Reply) {
    if let Ok(line) = serde_json::to_string(reply) {
        let _ = writeln!(gfn_text::stdout_in(gfn_text::Syntax::Json), "{line}");
    }
}

fn ticket() -> Result<Ticket, String> {
    Ticket::new().map_err(|error| format!("has no random numbers: {}", gfn_text::io_words(&error)))
}

/// Becomes the command, with these variables too; returns why that is impossible.
fn becoming(command: &CommandLine, ticket: Ticket, variables: &[(&str, &str)]) -> String {
    let Some(program) = command.words.first() else {
        return "its command has no words".to_string();
    };
    let version = VERSION.to_string();
    // There is no place for what Python compiles.
    let usual = [
        ("GFN_PLUGIN_PROTOCOL", version.as_str()),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
    let error = ticket.become_program(&command.words, &[&usual, variables].concat());
    format!(
        "its command `{program}` cannot be run: {}",
        gfn_text::io_words(&error)
    )
}
