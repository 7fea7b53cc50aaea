//! `gfn.lock`: the plugins that the experiments of a folder, and of those within, may load.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use super::pin::{Pin, PinDocument};
use super::{TrustError, is_name};

/// What the file is called.
const NAME: &str = "gfn.lock";

/// The version of its form.
const VERSION: u32 = 1;

const HEADER: &str = "# Which plugins the experiments in this folder may load. `gfn plugin trust` writes it; keep it with \
                      the experiments.\n\n";

/// The pinned plugins of a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct LockFile {
    /// The file, which need not exist yet.
    pub path: PathBuf,
    /// What is pinned, ordered by name and target.
    pub pins: Vec<Pin>,
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    version: u32,
    #[serde(default, rename = "plugin")]
    plugins: Vec<PinDocument>,
}

impl LockFile {
    /// The lock file of an experiment in `folder`: that in the folder itself or in the nearest one above; where there is
    /// none, an empty one in the folder.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn near(folder: &Path) -> Result<Self, TrustError> {
        let folder = std::path::absolute(folder).map_err(TrustError::file(folder))?;
        let nearest = folder
            .ancestors()
            .map(|above| above.join(NAME))
            .find(|path| path.is_file());
        Self::load(&nearest.unwrap_or_else(|| folder.join(NAME)))
    }

    /// Reads the file `path`; without it nothing is pinned.
    ///
    /// # Errors
    /// Where it cannot be read, or is not a lock file of this version.
    pub fn load(path: &Path) -> Result<Self, TrustError> {
        let pins = match files::read(path)? {
            Some(text) => parse(&text).map_err(|message| TrustError::damaged(path, message))?,
            None => Vec::new(),
        };
        Ok(Self {
            path: path.to_path_buf(),
            pins,
        })
    }

    /// Pins a plugin, in place of one of the same name for the same target. [`LockFile::save`] keeps it.
    ///
    /// # Errors
    /// [`TrustError::BadName`].
    pub fn pin(&mut self, pin: Pin) -> Result<(), TrustError> {
        if !is_name(&pin.name) {
            return Err(TrustError::BadName(pin.name));
        }
        self.pins
            .retain(|other| (&other.name, &other.target) != (&pin.name, &pin.target));
        self.pins.push(pin);
        self.pins
            .sort_by(|a, b| (&a.name, &a.target).cmp(&(&b.name, &b.target)));
        Ok(())
    }

    /// Forgets a plugin for every target, and says whether there was one.
    pub fn unpin(&mut self, name: &str) -> bool {
        let before = self.pins.len();
        self.pins.retain(|pin| pin.name != name);
        self.pins.len() < before
    }

    /// The pin of a plugin for this machine.
    pub fn find(&self, name: &str) -> Option<&Pin> {
        let is_for_us = |pin: &&Pin| pin.target.as_deref().is_none_or(|target| target == super::TARGET);
        self.pins.iter().filter(|pin| pin.name == name).find(is_for_us)
    }

    /// Writes the whole file, as it is here: it is either the old one or the new one, whatever happens. To add to what
    /// others may be writing, see [`LockFile::update`].
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self) -> Result<(), TrustError> {
        let text = self
            .text()
            .map_err(|message| TrustError::damaged(&self.path, message))?;
        files::replace(&self.path, &text, 0o666)
    }

    /// Reads the file `path` again, changes it and saves it, while no other process does the same.
    ///
    /// # Errors
    /// Where it cannot be read or written, or what `change` returns.
    pub fn update(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<(), TrustError>,
    ) -> Result<Self, TrustError> {
        files::alone(path, || {
            let mut lock = Self::load(path)?;
            change(&mut lock)?;
            lock.save()?;
            Ok(lock)
        })
    }

    fn text(&self) -> Result<String, String> {
        let plugins: Result<_, _> = self.pins.iter().map(PinDocument::of).collect();
        let whole = Whole {
            version: VERSION,
            plugins: plugins.map_err(|error| error.to_string())?,
        };
        let text = toml::to_string_pretty(&whole).map_err(|error| error.to_string())?;
        Ok(format!("{HEADER}{text}"))
    }
}

fn parse(text: &str) -> Result<Vec<Pin>, String> {
    check_version(text)?;
    let whole: Whole = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_string())?;
    let mut pins: Vec<Pin> = Vec::new();
    for written in whole.plugins {
        let pin = written.read()?;
        if pins
            .iter()
            .any(|other| (&other.name, &other.target) == (&pin.name, &pin.target))
        {
            return Err(format!(
                "plugin `{}` is pinned twice for the same target",
                pin.name
            ));
        }
        pins.push(pin);
    }
    Ok(pins)
}

/// A file of a later version is told as such, not by the first of its keys that this one does not know.
fn check_version(text: &str) -> Result<(), String> {
    let table: toml::Table =
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_string())?;
    match table.get("version").and_then(toml::Value::as_integer) {
        Some(version) if version == i64::from(VERSION) => Ok(()),
        Some(version) => Err(format!(
            "its version is {version}, and this gfn reads version {VERSION}"
        )),
        None => Err("it has no `version`".to_string()),
    }
}
