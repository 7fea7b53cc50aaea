//! What is different about an experiment that is to be gone on with: nothing, if its results are to be those of an
//! uninterrupted run.

use gfn_config::{Difference, differences};
use gfn_record::manifest::Manifest;
use toml::{Table, Value};

/// Settings that no result depends on, and no file of the run; and the version, which the manifests tell.
const FREE: [&str; 6] = [
    "gfn",
    "description",
    "checkpoint",
    "evaluation.rescored",
    "hardware.threads",
    "hardware.reward_threads",
];

/// Every difference between what made a run (`before`, and `old`, its resolved experiment) and what would go on with it, in
/// words; none where the results will be the same bytes.
///
/// # Errors
/// Where `old` is no TOML.
pub fn between(before: &Manifest, now: &Manifest, old: &str, resolved: &str) -> Result<Vec<String>, String> {
    let mut changes = of_experiment(old, resolved)?;
    let mut compare = |what: &str, before: &str, now: &str| {
        if before != now {
            changes.push(format!("{what}: {before}, now {now}"));
        }
    };
    compare("gfn", &before.gfn, &now.gfn);
    compare("libtorch", &before.libtorch, &now.libtorch);
    compare("device", &before.device, &now.device);
    let level = |manifest: &Manifest| manifest.determinism.clone().unwrap_or_default();
    compare("determinism in force", &level(before), &level(now));
    for data in &now.data {
        let pinned = before.data.iter().find(|other| other.path == data.path);
        if let Some(pinned) = pinned {
            let short = |hash: &str| hash.chars().take(12).collect::<String>();
            compare(
                &data.path.display().to_string(),
                &short(&pinned.sha256),
                &short(&data.sha256),
            );
        }
    }
    Ok(changes)
}

/// Every difference between two resolved experiments that results or files depend on, in words.
///
/// # Errors
/// Where the first is no TOML.
pub fn of_experiment(old: &str, resolved: &str) -> Result<Vec<String>, String> {
    Ok(that_matter(old, resolved)?.iter().map(in_words).collect())
}

/// Every difference between two resolved experiments that results or files depend on.
///
/// # Errors
/// Where the first is no TOML.
pub fn that_matter(old: &str, resolved: &str) -> Result<Vec<Difference>, String> {
    let old: Table = toml::from_str(old).map_err(|error| error.to_string())?;
    let new: Table = toml::from_str(resolved).expect("it was made from a table");
    let mut found = differences(&old, &new);
    found.retain(|found| !is_free(&found.key()));
    Ok(found)
}

/// A difference as a line says it.
pub fn in_words(found: &Difference) -> String {
    let words = |value: &Option<Value>| value.as_ref().map_or("absent".to_string(), ToString::to_string);
    let (before, after) = (words(&found.before), words(&found.after));
    format!("{}: {before}, now {after}", found.key())
}

/// Whether a setting, or the section that it is in, is free.
fn is_free(key: &str) -> bool {
    is_under(key, &FREE)
}

/// Whether a setting is one of these, or in a section that is.
pub fn is_under(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        key.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_no_result_is_free() {
        let old =
            "gfn = \"0.1.0\"\nseed = 0\n[checkpoint]\nkeep = 2\n[hardware]\nthreads = 1\ndevice = \"cpu\"\n";
        let free = "description = \"x\"\nseed = 0\n[checkpoint]\nkeep = 3\n[hardware]\nthreads = 2\ndevice = \"cpu\"\n";
        assert_eq!(of_experiment(old, free).unwrap(), [""; 0]);
        assert_eq!(
            of_experiment(old, "seed = 1\n[hardware]\nthreads = 1\n").unwrap(),
            ["seed: 0, now 1", "hardware.device: \"cpu\", now absent"]
        );
    }
}
