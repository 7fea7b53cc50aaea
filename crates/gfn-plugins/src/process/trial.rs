//! A process that answers one question about a library, and ends.

use std::os::fd::AsFd;

use super::child::{Ends, Process};
use super::seat::Blueprint;
use super::wait::{Deadline, Lost, readable, wait};
use crate::error::in_words;
use crate::memory::unnamed_file;
use crate::packets::{self, Packets};
use crate::protocol::Reply;

/// Starts a process with the library of `blueprint`, and returns its answer to `question`.
///
/// # Errors
/// Why there is no answer; completes "the plugin …".
pub(crate) fn ask(blueprint: &Blueprint, question: &[u8]) -> Result<Vec<u8>, String> {
    let (packets, stdin) = packets::pair().map_err(|error| no_connection(&error))?;
    let mut start = blueprint.start().map_err(|error| error.to_string())?;
    start.is_trial = true;
    let ends = Ends { stdin, stdout: None };
    let process = Process::start(&blueprint.options, &start, ends);
    let mut process = process.map_err(|error| {
        format!(
            "cannot be tried: {} could not be run: {}",
            blueprint.options.host.display(),
            gfn_text::io_words(&error)
        )
    })?;
    let answer = converse(packets, &process, blueprint, question);
    answer.map_err(|lost| match lost {
        Lost::Gone => {
            let (how, output) = process.lost();
            match output.0.last() {
                Some(line) => format!("{how}; its last line was `{line}`"),
                None => how,
            }
        }
        Lost::Late => {
            process.kill();
            format!(
                "did not come back within {} and was killed",
                in_words(blueprint.options.limits.timeout)
            )
        }
        Lost::Stopped => "was given up because a stop was asked for".to_string(),
        Lost::Wrong(how) | Lost::Refused(how) => how,
    })
}

fn converse(
    mut packets: Packets,
    process: &Process,
    blueprint: &Blueprint,
    question: &[u8],
) -> Result<Vec<u8>, Lost> {
    let library = blueprint
        .library
        .as_ref()
        .ok_or_else(|| Lost::Wrong("is no library".to_string()))?;
    let question = file(question).map_err(|error| Lost::Wrong(no_connection(&error)))?;
    let sent = packets.send(&"try", &[library.as_fd(), question.as_fd()]);
    sent.map_err(|_| Lost::Gone)?;
    let options = &blueprint.options;
    let deadline = Deadline::within(options.limits.timeout, &options.stop);
    let confined = receive(&mut packets, &deadline, process)?;
    match serde_json::from_slice(&confined) {
        Ok(Reply::Confined { .. }) => receive(&mut packets, &deadline, process),
        _ => Err(Lost::Wrong("is not confined".to_string())),
    }
}

fn receive(packets: &mut Packets, deadline: &Deadline, process: &Process) -> Result<Vec<u8>, Lost> {
    wait(&mut [readable(packets.socket())], deadline, &|| {
        process.has_ended()
    })?;
    match packets.receive() {
        Ok(Some(packet)) => Ok(packet.to_vec()),
        Ok(None) | Err(_) => Err(Lost::Gone),
    }
}

/// A file without a name, with these bytes.
fn file(bytes: &[u8]) -> std::io::Result<std::fs::File> {
    use std::io::{Seek, Write};

    let mut file = std::fs::File::from(unnamed_file(c"gfn-question")?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn no_connection(error: &std::io::Error) -> String {
    format!("cannot be asked: {}", gfn_text::io_words(error))
}
