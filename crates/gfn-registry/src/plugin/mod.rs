//! Components by plugins: what a file says of one, read and checked without running any of its code.
//!
//! [`settings`] is what a file can say, [`examine`] checks it against `gfn.lock`, where the plugin's own description is kept;
//! [`reward`] scores objects with a plugin, [`vocabulary`] builds
//! molecules from its blocks, [`environment`] walks its states.

mod approval;
pub mod environment;
pub mod examine;
pub mod reward;
pub mod settings;
pub mod vocabulary;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gfn_config::{Problems, Tree};
use gfn_core::Cancel;
use gfn_plugins::{Log, StopBy};

use settings::Source;

/// The plugins that an experiment file names, each with its section, with absolute paths; nothing is known of them yet.
///
/// # Errors
/// Every mistake in what the file says of plugins.
pub fn named(file: &Path, profile: Option<&str>) -> Result<Vec<(&'static str, Source)>, Problems> {
    let variables = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    let tree = Tree::load_with(file, profile, variables, &[])?;
    let base = file.parent().unwrap_or(Path::new(""));
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (section, read) in examine::NAMED {
        match read(&tree, base) {
            Ok(source) => found.extend(source.map(|source| (section, source))),
            Err(mistakes) => problems.extend(mistakes),
        }
    }
    match problems.is_empty() {
        true => Ok(found),
        false => Err(tree.problems(problems)),
    }
}

/// What a mutex holds, whatever happened to a thread that held it: what is in there is whole between any two steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a plugin writes goes to the log of the run that it is made for, from whatever thread it is heard.
fn log() -> Log {
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    std::sync::Arc::new(move |line| {
        tracing::dispatcher::with_default(&dispatch, || tracing::info!(plugin = line));
    })
}

/// Until when a plugin's answers are waited for.
fn stop_by(cancel: &Cancel) -> StopBy {
    let cancel = cancel.clone();
    std::sync::Arc::new(move || cancel.deadline())
}

/// The program in which plugins run: it lies beside this one.
pub fn host() -> PathBuf {
    let name = format!("gfn-plugin-host{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe()
        .ok()
        .map(|program| program.with_file_name(&name));
    // Tests and benches lie in a folder below.
    let near = beside
        .as_deref()
        .and_then(|path| Some(path.parent()?.parent()?.join(&name)));
    let found = beside.iter().chain(&near).find(|path| path.is_file());
    found.or(beside.as_ref()).cloned().unwrap_or_else(|| name.into())
}
