//! What a page was made from, so that a program that makes it again knows which file it may replace.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The names of the head's entries.
pub(crate) const GENERATOR: &str = "generator";
pub(crate) const RUNS: &str = "gfn-runs";

/// A page has its head within so many bytes.
pub const HEAD: usize = 4096;

/// What tells the runs of a page from others: their folders, in any order.
pub(crate) fn identity<'a>(folders: impl Iterator<Item = &'a Path>) -> String {
    let whole = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let mut folders: Vec<PathBuf> = folders.map(whole).collect();
    folders.sort();
    let mut hash = Sha256::new();
    for folder in folders {
        hash.update(folder.as_os_str().as_encoded_bytes());
        hash.update([0]);
    }
    let digits = hash.finalize();
    digits[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a file that begins with these bytes is a page of this program.
pub fn is_page(begin: &[u8]) -> bool {
    entry(begin, GENERATOR).is_some_and(|content| content.starts_with("gfn "))
}

/// Whether it is one that was made from the runs, or the sweep, in these folders.
pub fn is_page_of(begin: &[u8], folders: &[PathBuf]) -> bool {
    let made_from = identity(folders.iter().map(PathBuf::as_path));
    is_page(begin) && entry(begin, RUNS).is_some_and(|content| content == made_from)
}

/// What an entry of a page's head says.
fn entry(begin: &[u8], name: &str) -> Option<String> {
    let begin = String::from_utf8_lossy(&begin[..begin.len().min(HEAD)]);
    let (_, rest) = begin.split_once(&format!("<meta name=\"{name}\" content=\""))?;
    let (content, _) = rest.split_once('"')?;
    Some(content.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Run, page};

    fn run(folder: &str) -> Run {
        Run {
            folder: folder.into(),
            ..Run::default()
        }
    }

    #[test]
    fn a_page_is_known_by_its_runs_in_any_order() {
        let text = page(&[run("a"), run("b")], &[]);
        let folders = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert!(is_page(text.as_bytes()));
        assert!(is_page_of(text.as_bytes(), &folders(&["b", "a"])));
        for others in [&["a"][..], &["a", "c"], &["ab"], &[]] {
            assert!(!is_page_of(text.as_bytes(), &folders(others)), "{others:?}");
        }
        for other in [
            "",
            "<html>gfn </html>",
            "<meta name=\"generator\" content=\"Hugo\">",
        ] {
            assert!(!is_page(other.as_bytes()), "{other}");
        }
    }
}
