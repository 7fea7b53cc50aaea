//! Where a file that an experiment names for writing may lie.
//!
//! Whoever runs somebody else's experiment agrees to files beside it and in the cache, not to a line appended to
//! `~/.bashrc`. What the user types on the command line is the user's own word, and may lie anywhere.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A path with all links followed, as far as it exists.
///
/// # Errors
/// Where a link leads nowhere, a folder cannot be read, or `..` follows a folder that is not there.
pub fn followed(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut there = path.as_path();
    let mut rest: Vec<OsString> = Vec::new();
    // Also a link that leads nowhere is there: what is written through it would lie where it points.
    while there.symlink_metadata().is_err() {
        match there.components().next_back() {
            Some(Component::Normal(name)) => rest.push(name.to_os_string()),
            _ => return Err(io::Error::other("`..` follows a folder that is not there")),
        }
        there = there.parent().unwrap_or(Path::new("/"));
    }
    let mut whole = there.canonicalize()?;
    whole.extend(rest.iter().rev());
    Ok(whole)
}

/// Whether a path lies in one of some folders once all links are followed.
///
/// # Errors
/// Those of [`followed`] for the path; a folder that is not there holds nothing.
pub fn is_within<'a>(path: &Path, folders: impl IntoIterator<Item = &'a Path>) -> io::Result<bool> {
    let path = followed(path)?;
    let holds =
        |folder: &Path| followed(folder).is_ok_and(|folder| path != folder && path.starts_with(folder));
    Ok(folders.into_iter().any(holds))
}

/// The user's cache of gfn: `GFN_CACHE`, or else `gfn` in the cache of the desktop's standard.
pub fn cache() -> Option<PathBuf> {
    let set = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    set("GFN_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("gfn")))
        .or_else(|| Some(set("HOME")?.join(".cache/gfn")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn neither_dots_nor_links_lead_out() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("mine/deep")).unwrap();
        fs::create_dir_all(at("other")).unwrap();
        fs::write(at("other/file"), "").unwrap();
        symlink(at("other"), at("mine/link")).unwrap();
        symlink(at("other/file"), at("mine/link to a file")).unwrap();
        symlink(at("other/none"), at("mine/link to nothing")).unwrap();
        symlink(at("mine"), at("alias")).unwrap();
        let mine = at("mine");
        let is_in = |name: &str| is_within(&at(name), [mine.as_path()]);
        for inside in [
            "mine/x",
            "mine/new/er/x",
            "mine/deep/../x",
            "alias/x",
            "other/../mine/x",
        ] {
            assert!(is_in(inside).unwrap(), "{inside}");
        }
        for outside in [
            "x",
            "mine",
            "mine/../x",
            "mine/link/x",
            "mine/link to a file",
            "minerva/x",
        ] {
            assert!(!is_in(outside).unwrap(), "{outside}");
        }
        for nowhere in ["mine/link to nothing", "mine/none/../../x"] {
            assert!(is_in(nowhere).is_err(), "{nowhere}");
        }
        assert!(!is_within(&at("x"), [at("none").as_path()]).unwrap());
    }
}
