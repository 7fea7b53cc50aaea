//! Starts processes from one thread that lives as long as this process.
//!
//! A plugin's process asks to be killed when its parent dies, and by that the kernel means the thread that started it. A
//! thread which starts a worker and ends would take the worker along.

use std::io;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

type Job = Box<dyn FnOnce() + Send>;

static JOBS: Mutex<Option<Sender<Job>>> = Mutex::new(None);

/// Starts `command`.
pub(super) fn spawn(mut command: Command) -> io::Result<Child> {
    let (answer, child) = channel();
    let job = Box::new(move || {
        let _ = answer.send(command.spawn());
    });
    jobs()?.send(job).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}

fn jobs() -> io::Result<Sender<Job>> {
    let mut jobs = JOBS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(jobs) = &*jobs {
        return Ok(jobs.clone());
    }
    let (sender, receiver) = channel::<Job>();
    let run = move || receiver.into_iter().for_each(|job| job());
    std::thread::Builder::new()
        .name("plugin-starter".to_string())
        .spawn(run)?;
    Ok(jobs.insert(sender).clone())
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes is gone")
}
