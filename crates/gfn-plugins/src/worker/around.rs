//! Everything but some folders, as Landlock can say it: it grants, and takes nothing back.

use std::fs;
use std::path::{Path, PathBuf};

/// What holds processes and devices, not files; what a command needs of it is granted one by one.
const NOT_FILES: [&str; 2] = ["/proc", "/dev"];

/// The largest folders and files that hold nothing of `hidden`. Links are not among them: they may lead there.
pub(super) fn all_but(hidden: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let not_files = NOT_FILES.iter().map(PathBuf::from);
    let hidden: Vec<PathBuf> = hidden.iter().cloned().chain(not_files).collect();
    look_into(Path::new("/"), &hidden, &mut found);
    found
}

fn look_into(folder: &Path, hidden: &[PathBuf], found: &mut Vec<PathBuf>) {
    if hidden.iter().any(|hidden| hidden == folder) {
        return;
    }
    if !hidden.iter().any(|hidden| hidden.starts_with(folder)) {
        found.push(folder.to_path_buf());
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            look_into(&entry.path(), hidden, found);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_a_hidden_folder_is_not_granted() {
        let all = all_but(&[]);
        assert!(all.contains(&PathBuf::from("/usr")), "{all:?}");
        assert!(
            !all.iter()
                .any(|path| path == Path::new("/proc") || path == Path::new("/")),
            "{all:?}"
        );
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["hidden/inner", "other", "deep/hidden"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("file"), "").unwrap();
        std::os::unix::fs::symlink("hidden", root.join("link")).unwrap();
        let found = all_but(&[root.join("hidden"), root.join("deep/hidden")]);
        let inside: Vec<&PathBuf> = found.iter().filter(|path| path.starts_with(&root)).collect();
        assert!(
            inside.contains(&&root.join("other")) && inside.contains(&&root.join("file")),
            "{inside:?}"
        );
        assert_eq!(inside.len(), 2, "{inside:?}");
        assert!(found.iter().all(|path| !root.starts_with(path)), "{found:?}");
    }
}
