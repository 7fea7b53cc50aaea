//! Programs of batch systems, run with a limit in time.

use std::io::{ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::ClusterError;

/// Between two looks at a program.
const GLANCE: Duration = Duration::from_millis(5);
/// Its output is there when it has ended, but for what its own children hold open.
const REST: Duration = Duration::from_millis(500);

/// Runs a program to its end and gives what it wrote to its standard output; what it says on the other is the reason where it
/// fails. It is ended, with all that it started, when it takes longer than `limit`.
///
/// # Errors
/// Where it cannot be started, takes too long, or ends with another code than 0.
pub fn run(words: &[String], limit: Duration) -> Result<String, ClusterError> {
    let (program, arguments) = words
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let start = |error| ClusterError::Start {
        program: program.into(),
        error,
    };
    if program.is_empty() {
        return Err(start(ErrorKind::InvalidInput.into()));
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.process_group(0).spawn().map_err(start)?;
    let said = listen(child.stdout.take());
    let complained = listen(child.stderr.take());
    let deadline = Instant::now() + limit;
    let status = loop {
        match child.try_wait().map_err(start)? {
            Some(status) => break status,
            None if Instant::now() < deadline => std::thread::sleep(GLANCE),
            None => {
                end(&mut child);
                let (program, seconds) = (program.into(), limit.as_secs());
                return Err(ClusterError::Silent { program, seconds });
            }
        }
    };
    let said = said.recv_timeout(REST).unwrap_or_default();
    if status.success() {
        return Ok(said);
    }
    let complained = complained.recv_timeout(REST).unwrap_or_default();
    let words = [&complained, &said].map(|text| text.trim());
    let reason = words.into_iter().find(|text| !text.is_empty());
    Err(ClusterError::Refused {
        program: program.into(),
        said: reason.map_or_else(|| status.to_string(), str::to_string),
    })
}

fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may just have ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// Reads a pipe to its end in a thread of its own, so that a full one does not hold the program up.
fn listen(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read until then is all there is to tell.
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<String, ClusterError> {
        run(&["sh".into(), "-c".into(), script.into()], limit)
    }

    #[test]
    fn what_a_program_says_is_told() {
        let long = Duration::from_secs(60);
        assert_eq!(shell("echo said; echo not this >&2", long).unwrap(), "said\n");
        assert_eq!(shell("head -c 300000 /dev/zero", long).unwrap().len(), 300_000);
        let failed = |script| shell(script, long).unwrap_err().to_string();
        assert_eq!(failed("echo why not >&2; exit 3"), "`sh` says: why not");
        assert_eq!(failed("exit 3"), "`sh` says: exit status: 3");
        let missing = run(&["no-such-program-here".into()], long)
            .unwrap_err()
            .to_string();
        assert!(
            missing.starts_with("`no-such-program-here` cannot be started: "),
            "{missing}"
        );
        assert!(run(&[], long).is_err());
    }

    /// The program and what it started are gone, and do not hold up whoever asked.
    #[test]
    fn a_silent_program_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        let script = format!("(sleep 1; touch {}) & sleep 600", trace.display());
        let error = shell(&script, Duration::from_millis(100)).unwrap_err();
        assert!(
            error.to_string().contains("did not answer within 0 seconds"),
            "{error}"
        );
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!trace.exists(), "its child went on");
    }
}
