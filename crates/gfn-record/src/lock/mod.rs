//! One writer for a run's folder.
//!
//! `<run>/.writer/` holds a file `lock` and the folder `generation-<n>` of the last process that wrote the run, in which
//! `holder.json` says who that is, and where every file of the run grows before it is renamed into its place.
//!
//! **Processes on one machine** are kept apart by the operating system's lock on the file `lock`, which ends with its
//! process. It is not relied on between machines: on shared file systems it may be missing, or hold for one machine alone.
//!
//! **Processes on different machines** are kept apart by generations. A writer claims the next one by making its folder,
//! which exactly one process can do on any file system, and then renames the folders of the earlier ones away. A writer
//! that is still alive there (its network was cut, its machine stood still) can then publish nothing: its files lie in a
//! folder that is gone, so that its next rename fails, at whatever point of a save it wakes up. [`Writer::check`] finds the
//! same thing out before any work is done. What such a writer may still do is append to the files that grow: the new
//! writer has cut those back into new files ([`crate::growing`]), and the old ones have no name any more.
//!
//! A folder that was removed and made again counts from one again; so a writer knows its claim by a random number as well, and
//! its files grow in a folder of that name.
//!
//! No clock is read for any of this: a decision rests on the lock, on names, and on who says that they stopped.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::checkpoint::room;
use crate::durable;
use crate::error::FolderError;

mod holder;
#[cfg(test)]
mod tests;

pub use holder::Holder;
use holder::{Lock, may_claim};

/// The folder of locks in a run's folder.
pub(crate) const PLACE: &str = ".writer";

/// The right to write a run's folder, until it is dropped or another process takes it over.
#[derive(Debug)]
pub struct Writer {
    run: PathBuf,
    generation: u64,
    holder: Holder,
    /// How many checkpoints were deleted because the disk was full.
    deleted: AtomicU64,
    // Held for its lock, where the file system has locks.
    _lock: Option<File>,
}

impl Writer {
    /// Becomes the writer of a run's folder. `takeover` says that a writer on another machine, which cannot be asked,
    /// is gone or shall be shut out; one that is alive on this machine is never taken over from.
    ///
    /// `least` is a generation that files of the run already bear, 0 if none: the new one is later.
    ///
    /// # Errors
    /// [`FolderError::Held`], [`FolderError::Elsewhere`], or where the folder cannot be written.
    pub fn acquire(run: &Path, least: u64, takeover: bool) -> Result<Self, FolderError> {
        let place = run.join(PLACE);
        durable::make_folder(&place)?;
        let path = place.join("lock");
        let lock = Lock::of(&path).map_err(FolderError::io(&path))?;
        let (newest, last) = newest_claim(&place)?;
        let this = Holder::this();
        may_claim(&lock, last.as_ref(), &this, takeover).map_err(|(holder, elsewhere)| {
            let path = run.to_path_buf();
            match elsewhere {
                true => FolderError::Elsewhere { path, holder },
                false => FolderError::Held { path, holder },
            }
        })?;
        let generation = newest.max(least) + 1;
        make_claim(run, generation, &this)?;
        // Only now, because dropping a writer records something in the folder of its generation.
        let writer = Self {
            run: run.to_path_buf(),
            generation,
            holder: this,
            deleted: AtomicU64::new(0),
            _lock: lock.file(),
        };
        shut_out(&place, generation)?;
        // Had this process slept since it looked, a later writer might have come, stopped, and been shut out itself.
        writer.check().map(|()| writer)
    }

    /// Which writer of this run it is, counted from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Checks that no other process has taken the folder over.
    ///
    /// # Errors
    /// [`FolderError::Fenced`] if one has.
    pub fn check(&self) -> Result<(), FolderError> {
        let place = self.run.join(PLACE);
        if !place.is_dir() {
            return Err(FolderError::Gone(self.run.clone()));
        }
        let (newest, holder) = newest_claim(&place)?;
        // A folder that was removed and made again counts its generations anew: the number alone says nothing.
        let is_ours = holder
            .as_ref()
            .is_some_and(|holder| holder.nonce == self.holder.nonce);
        if newest == self.generation && is_ours {
            return Ok(());
        }
        let (path, holder) = (self.run.clone(), holder.unwrap_or_default());
        Err(FolderError::Fenced { path, holder })
    }

    /// Writes a whole file of the run, as [`durable::write`] does, unless the folder was taken over.
    ///
    /// # Errors
    /// [`FolderError::Fenced`], or where the disk is full or the folder cannot be written.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        self.publish(path, |file| file.write_all(bytes)).map(drop)
    }

    /// How many checkpoints of the run were deleted until now because the disk was full, before their time.
    pub fn deleted(&self) -> u64 {
        self.deleted.load(Ordering::Relaxed)
    }

    /// Writes something, and again while the disk is full and an old checkpoint can be deleted.
    pub(crate) fn with_room<T>(&self, mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match write() {
                // Who took the folder over meanwhile needs the checkpoints.
                Err(error)
                    if room::is_full(&error) && self.check().is_ok() && room::delete_oldest(&self.run) =>
                {
                    self.deleted.fetch_add(1, Ordering::Relaxed);
                }
                written => return written,
            }
        }
    }

    pub(crate) fn publish(
        &self,
        path: &Path,
        mut fill: impl FnMut(&mut File) -> io::Result<()>,
    ) -> Result<File, FolderError> {
        self.check()?;
        let name = path.file_name().unwrap_or_default();
        let aside = nest(&claim(&self.run.join(PLACE), self.generation), &self.holder).join(name);
        let published = self.with_room(|| durable::publish(&aside, path, &mut fill));
        published.map_err(|error| {
            // Where the folder was taken over in the meantime, the file that was to be renamed is gone.
            self.check().err().unwrap_or_else(|| FolderError::io(path)(error))
        })
    }
}

/// Whether a process writes a run now; none where that cannot be known, such as from another machine.
pub fn is_written(run: &Path) -> Option<bool> {
    let (_, holder) = newest_claim(&run.join(PLACE)).ok()?;
    holder?.runs(&Holder::this())
}

/// Makes the folder of a generation, which only one process can, and says there who that is.
fn make_claim(run: &Path, generation: u64, holder: &Holder) -> Result<(), FolderError> {
    let claim = claim(&run.join(PLACE), generation);
    match fs::create_dir(&claim) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(FolderError::Held {
                path: run.to_path_buf(),
                holder: Holder::of(&claim).unwrap_or_default(),
            });
        }
        made => made
            .and_then(|()| durable::sync_parent(&claim))
            .map_err(FolderError::io(&claim))?,
    }
    let nest = nest(&claim, holder);
    fs::create_dir(&nest).map_err(FolderError::io(&nest))?;
    holder.record(&claim)
}

/// Where the files of a writer grow: a place that no other writer has, of whatever generation.
fn nest(claim: &Path, holder: &Holder) -> PathBuf {
    claim.join(format!("{:016x}", holder.nonce))
}

impl Drop for Writer {
    /// Says that this process writes no more, so that one on another machine may go on.
    fn drop(&mut self) {
        let released = Holder {
            released: true,
            ..self.holder.clone()
        };
        // Who took the folder over meanwhile is not to be declared gone; nobody is left to tell of a full disk.
        if self.check().is_ok() {
            let _ = released.record(&claim(&self.run.join(PLACE), self.generation));
        }
    }
}

fn claim(place: &Path, generation: u64) -> PathBuf {
    place.join(format!("generation-{generation}"))
}

/// The newest generation, 0 if there is none, and who holds it.
fn newest_claim(place: &Path) -> Result<(u64, Option<Holder>), FolderError> {
    let newest = claims(place)?.into_iter().max().unwrap_or(0);
    Ok((newest, Holder::of(&claim(place, newest))))
}

/// Who wrote a folder last, and whether that process may still do so; none where nobody did.
///
/// # Errors
/// Where the folder cannot be read.
pub fn last_holder(run: &Path) -> Result<Option<(Holder, bool)>, FolderError> {
    let place = run.join(PLACE);
    if !place.is_dir() {
        return Ok(None);
    }
    let (_, holder) = newest_claim(&place)?;
    let may_run = |holder: &Holder| holder.runs(&Holder::this()) != Some(false);
    Ok(holder.map(|holder| {
        let may_run = may_run(&holder);
        (holder, may_run)
    }))
}

/// The generations that were claimed and not shut out yet.
fn claims(place: &Path) -> Result<Vec<u64>, FolderError> {
    let names = names_in(place).map_err(FolderError::io(place))?;
    let claims = names.iter().filter_map(|name| name.strip_prefix("generation-"));
    Ok(claims.filter_map(|number| number.parse().ok()).collect())
}

/// Takes from all earlier writers the place where their files grow.
fn shut_out(place: &Path, generation: u64) -> Result<(), FolderError> {
    for earlier in claims(place)?.into_iter().filter(|earlier| *earlier < generation) {
        let claim = claim(place, earlier);
        fs::rename(&claim, place.join(format!("gone-{earlier}"))).map_err(FolderError::io(&claim))?;
    }
    let names = names_in(place).map_err(FolderError::io(place))?;
    for name in names.iter().filter(|name| name.starts_with("gone-")) {
        // What stays is in nobody's way, and the next writer tries again.
        let _ = fs::remove_dir_all(place.join(name));
    }
    Ok(())
}

pub(crate) fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string()));
    // What is not UTF-8 is none of ours.
    names
        .filter_map(|name: io::Result<_>| name.map(Result::ok).transpose())
        .collect()
}
