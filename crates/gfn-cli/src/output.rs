//! Files that commands write under names that nobody typed: one that is there is replaced only if it is ours.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use gfn_record::durable;

use crate::exit::Failure;

/// Refuses to replace a file unless it is one that `is_ours` knows by its first `length` bytes. `what` is what a file of ours would be;
/// `or` says what to do instead.
pub(crate) fn may_replace(
    path: &Path,
    length: usize,
    is_ours: impl FnOnce(&[u8]) -> bool,
    (what, or): (&str, &str),
) -> Result<(), String> {
    let shown = path.display();
    let refused = |why: &str| format!("`{shown}` is there already, and {why}: {or}");
    let begin = match begin_of(path, length) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(refused(&format!(
                "cannot be read ({})",
                gfn_text::io_words(&error)
            )));
        }
        Ok(begin) => begin,
    };
    match begin {
        Some(begin) if is_ours(&begin) => Ok(()),
        Some(_) => Err(refused(&format!("is not {what}"))),
        None => Err(refused("is no ordinary file")),
    }
}

/// The first bytes of a file; none where it is something else, such as a folder or a pipe, which is not opened.
fn begin_of(path: &Path, length: usize) -> std::io::Result<Option<Vec<u8>>> {
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut begin = Vec::new();
    File::open(path)?.take(length as u64).read_to_end(&mut begin)?;
    Ok(Some(begin))
}

/// Writes a whole file: where that fails, one that was there is what it was. What is no ordinary file, such as `/dev/stdout` or a link,
/// is written to and stays.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return gfn_files::write_over(path, bytes)
            .map_err(Failure::system(format!("write `{}`", path.display())));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside: PathBuf = path.with_file_name(format!(".{name}.part"));
    durable::write(&aside, path, bytes).map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_files_are_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x");
        let may = |path: &Path| may_replace(path, 4, |begin| begin == b"ours", ("ours", "go elsewhere"));
        assert!(may(&path).is_ok());
        for (text, is_replaced) in [("ours, and more", true), ("our", false), ("", false)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(may(&path).is_ok(), is_replaced, "{text}");
        }
        assert!(
            may(root.path())
                .unwrap_err()
                .contains("no ordinary file: go elsewhere")
        );
    }

    #[test]
    fn links_are_written_through() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for text in ["one", "2"] {
            assert!(write(&link, text.as_bytes()).is_ok());
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        assert!(link.is_symlink());
    }
}
