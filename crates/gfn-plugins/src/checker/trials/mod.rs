//! What is done to a library in a process of its own, through its tables: what no batch of a run would do.

mod creation;
mod entry;
mod instances;
mod memory;
mod raw;
mod scoring;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::{Finding, Problem, fail};
use super::samples::Objects;
use crate::native::Library;
use crate::packets::Packets;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Trial {
    /// What the entry point fills in.
    Entry,
    /// Texts that are no parameters.
    Malformed,
    /// Rooms for errors of all sizes.
    ErrorRoom,
    /// Objects at odd addresses, which end where memory ends.
    Alignment,
    /// Calls from many threads.
    Threads,
    /// Instances made and freed, over and over.
    Instances,
}

/// A trial and what it needs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) trial: Trial,
    /// Complete ones.
    pub(super) parameters: Value,
    /// What the objects are, as plugins are told.
    pub(super) told: Value,
    pub(super) seed: u64,
    pub(super) objects: Objects,
    pub(super) deterministic: bool,
}

impl Order {
    /// Of [`Trial::Entry`], which needs nothing.
    pub(super) fn of_entry() -> Self {
        Self {
            trial: Trial::Entry,
            parameters: Value::Null,
            told: Value::Null,
            seed: 0,
            objects: Objects::Texts(Vec::new()),
            deterministic: true,
        }
    }
}

/// Serves one trial: a library and an order come in, what was found goes out.
///
/// # Errors
/// Where nothing can be received or sent.
pub(crate) fn serve(packets: &mut Packets) -> Result<(), String> {
    let received = packets
        .receive_with_files()
        .map_err(|error| gfn_text::io_words(&error))?;
    let Some((_, files)) = received else { return Ok(()) };
    let [library, order] = <[OwnedFd; 2]>::try_from(files).map_err(|_| "two files were expected")?;
    let order = read(order)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", library.as_raw_fd()));
    // Stays open: the loader knows the library by this number.
    std::mem::forget(library);
    let finding = conduct(&path, &order);
    packets
        .send(&finding, &[])
        .map_err(|error| gfn_text::io_words(&error))
}

fn read(order: OwnedFd) -> Result<Order, String> {
    let mut text = String::new();
    File::from(order)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn conduct(path: &std::path::Path, order: &Order) -> Finding {
    if order.trial == Trial::Entry {
        return entry::entry(path);
    }
    let log = super::quiet();
    let library = Library::load(path, &log).map_err(Problem::Fail)?;
    let Some(table) = library.reward else {
        return fail("it is no reward");
    };
    let maker = raw::Maker::new(table, order);
    match order.trial {
        Trial::Entry => entry::entry(path),
        Trial::Malformed => creation::malformed(&maker, order),
        Trial::ErrorRoom => creation::error_room(&maker, order),
        Trial::Alignment => scoring::alignment(&maker, order),
        Trial::Threads => scoring::threads(&maker, order),
        Trial::Instances => instances::instances(&maker, order),
    }
}
