//! The folder of a sweep: where things are, and how they are read and published.

use std::io;
use std::path::{Path, PathBuf};

use gfn_files::seal::{self, Seal};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Extension, Limits, Promotion, Setting, SweepManifest, Trainer, names};
use crate::durable;
use crate::folder::{FolderError, SMALL, sha256};
use crate::lock::names_in;
use crate::manifest::DataFile;

/// The folder of a sweep.
#[derive(Clone, Debug)]
pub struct SweepFolder {
    path: PathBuf,
}

impl SweepFolder {
    /// The folder `path`, which need not be there yet.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
        }
    }

    /// The folder of a sweep that was made before.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = Self::at(path);
        match folder.exists() {
            true => Ok(folder),
            false => Err(FolderError::NotASweep(path.to_path_buf())),
        }
    }

    /// Whether a sweep lies here.
    pub fn exists(&self) -> bool {
        self.path.join(names::SWEEP).is_file()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder of a setting.
    pub fn setting_folder(&self, setting: u64) -> PathBuf {
        self.path.join(names::SETTINGS).join(format!("{setting:06}"))
    }

    /// The folder of a trial.
    pub fn trial_folder(&self, trial: u64) -> PathBuf {
        self.path.join(names::TRIALS).join(format!("{trial:06}"))
    }

    /// What is searched, and how.
    ///
    /// # Errors
    /// Where it is missing, damaged, or of a later version.
    pub fn manifest(&self) -> Result<SweepManifest, FolderError> {
        let path = self.file(names::SWEEP);
        let manifest: SweepManifest =
            read(&path)?.ok_or_else(|| FolderError::NotASweep(self.path.clone()))?;
        match manifest.format {
            1 => Ok(manifest),
            other => {
                let message = format!("it is of format {other}, this program reads 1");
                Err(FolderError::damaged(&path, message))
            }
        }
    }

    /// A setting, if it was chosen.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn setting(&self, setting: u64) -> Result<Option<Setting>, FolderError> {
        read(&self.setting_folder(setting).join(names::SETTING))
    }

    /// All settings that were chosen, in order.
    ///
    /// # Errors
    /// Where one is damaged.
    pub fn settings(&self) -> Result<Vec<Setting>, FolderError> {
        let numbers = numbers_in(&self.file(names::SETTINGS), "", "")?;
        let settings = numbers.into_iter().map(|number| self.setting(number));
        settings.filter_map(Result::transpose).collect()
    }

    /// The updates to which a setting was sent on, in order.
    ///
    /// # Errors
    /// Where one is damaged.
    pub fn promotions(&self, setting: u64) -> Result<Vec<Promotion>, FolderError> {
        let folder = self.setting_folder(setting);
        let numbers = numbers_in(&folder, "to-", ".json")?;
        let promotion = |step: u64| read(&folder.join(format!("to-{step:06}.json")));
        numbers
            .into_iter()
            .map(promotion)
            .filter_map(Result::transpose)
            .collect()
    }

    /// The furthest update to which the trials of a setting were sent on, by the names of the files alone.
    pub(super) fn sent_to(&self, setting: u64) -> Result<Option<u64>, FolderError> {
        Ok(numbers_in(&self.setting_folder(setting), "to-", ".json")?.pop())
    }

    /// Settings that were asked for later.
    ///
    /// # Errors
    /// Where a file is damaged.
    pub fn extended_by(&self) -> Result<u64, FolderError> {
        let folder = self.file(names::EXTENSIONS);
        let mut sum = 0;
        for number in numbers_in(&folder, "", ".json")? {
            let extension: Option<Extension> = read(&folder.join(format!("{number:06}.json")))?;
            sum += extension.map_or(0, |extension| extension.settings);
        }
        Ok(sum)
    }

    /// Asks for further settings.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn extend(&self, settings: u64) -> Result<(), FolderError> {
        self.publish_next(names::EXTENSIONS, &Extension { settings })
    }

    /// The limits that were set last, where any were set since the sweep began.
    ///
    /// # Errors
    /// Where a file is damaged.
    pub fn limits(&self) -> Result<Option<Limits>, FolderError> {
        let folder = self.file(names::LIMITS);
        match numbers_in(&folder, "", ".json")?.last() {
            None => Ok(None),
            Some(last) => read(&folder.join(format!("{last:06}.json"))),
        }
    }

    /// Sets other limits.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn limit(&self, limits: Limits) -> Result<(), FolderError> {
        self.publish_next(names::LIMITS, &limits)
    }

    /// Publishes a file under the first number that is free in a folder.
    fn publish_next(&self, folder: &str, value: &impl Serialize) -> Result<(), FolderError> {
        let folder = self.file(folder);
        for number in 0.. {
            if publish(&folder.join(format!("{number:06}.json")), value)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether a file that a trial reads is what it was when the first trial read it; from now on, where this is the first.
    ///
    /// # Errors
    /// [`FolderError::Changed`], or where a file cannot be read or written.
    pub fn pin(&self, data: &DataFile) -> Result<(), FolderError> {
        let name = sha256(data.path.as_os_str().as_encoded_bytes());
        let path = self.file(names::DATA).join(format!("{name}.json"));
        if publish(&path, data)? {
            return Ok(());
        }
        match read::<DataFile>(&path)? {
            Some(pinned) if pinned != *data => Err(FolderError::Changed(data.path.clone())),
            _ => Ok(()),
        }
    }

    /// The trial that trains the experiment with this text: that which asked first, and so this one unless another did. Where another
    /// did, `trial` is the same as that from now on.
    ///
    /// # Errors
    /// Where a file cannot be read or written.
    pub fn trainer(&self, trial: u64, experiment: &str) -> Result<u64, FolderError> {
        let name = sha256(experiment.as_bytes());
        let path = self.file(names::TRAINED).join(format!("{name}.json"));
        publish(&path, &Trainer { trial })?;
        let trainer = read::<Trainer>(&path)?.map_or(trial, |first| first.trial);
        if trainer != trial {
            let same = self.trial_folder(trial).join(names::SAME);
            publish(&same, &Trainer { trial: trainer })?;
        }
        Ok(trainer)
    }

    /// The trial whose experiment is that of a trial, where it was found to be another one.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn same(&self, trial: u64) -> Result<Option<u64>, FolderError> {
        let same: Option<Trainer> = read(&self.trial_folder(trial).join(names::SAME))?;
        Ok(same.map(|same| same.trial))
    }

    /// Whether the sweep was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.file(names::CANCELLED).exists()
    }
}

/// The numbers in the names of a folder's entries that begin and end so, in order; none where the folder is not there.
pub(super) fn numbers_in(folder: &Path, start: &str, end: &str) -> Result<Vec<u64>, FolderError> {
    let found = match names_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        found => found.map_err(FolderError::io(folder))?,
    };
    let middle = |name: &String| name.strip_prefix(start)?.strip_suffix(end)?.parse().ok();
    let mut numbers: Vec<u64> = found.iter().filter_map(middle).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// What a file of the sweep says; none where it is not there.
///
/// # Errors
/// Where it cannot be read, or does not say what it should.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FolderError> {
    let bytes = match gfn_files::read(path, SMALL) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(FolderError::io(path))?,
    };
    if seal::check(&bytes, &place_of(path)) == Seal::Broken {
        return Err(FolderError::altered(path, "itself", sweep_of(path)));
    }
    let value = serde_json::from_slice(&bytes);
    value
        .map(Some)
        .map_err(|error| FolderError::damaged(path, gfn_files::json_words(&error)))
}

/// Writes a file of the sweep once; whether it was this process that did.
///
/// # Errors
/// Where it cannot be written.
pub fn publish(path: &Path, value: &impl Serialize) -> Result<bool, FolderError> {
    durable::publish_new(path, &seal::json(value, &place_of(path)))
}

/// The place by which a seal tells a file from others of its kind: the folder that it is of and its name. A trial that was
/// given another chance has put its results a folder deeper.
pub(crate) fn place_of(path: &Path) -> String {
    let text = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    let name = text(path.file_name());
    let mut folder = path.parent();
    if text(folder.and_then(Path::file_name)).starts_with("failed-") {
        folder = folder.and_then(Path::parent);
    }
    match name == names::SWEEP {
        // The folder of a sweep may be moved.
        true => name,
        false => format!("{}/{name}", text(folder.and_then(Path::file_name))),
    }
}

/// The folder of the sweep that a file of it lies in.
fn sweep_of(path: &Path) -> &Path {
    let is_sweep = |folder: &&Path| folder.join(names::SWEEP).is_file();
    let folder = path.ancestors().skip(1).find(is_sweep);
    folder.or(path.parent()).unwrap_or(path)
}
