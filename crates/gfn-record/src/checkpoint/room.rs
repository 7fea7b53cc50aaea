//! Room on a full disk, at the price of old checkpoints.

use std::fs;
use std::io;
use std::path::Path;

use super::{folder_of, keys, store};

/// Whether an error says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Deletes the oldest checkpoint of a run; whether there was one. The newest that is whole always stays.
pub(crate) fn delete_oldest(run: &Path) -> bool {
    let keys = keys(run).unwrap_or_default();
    let Some(newest) = keys.iter().find(|key| store::load(run, **key).is_ok()) else {
        return false;
    };
    let mut others = keys.iter().rev().filter(|key| *key != newest);
    others.any(|key| fs::remove_file(folder_of(run).join(key.name())).is_ok())
}
