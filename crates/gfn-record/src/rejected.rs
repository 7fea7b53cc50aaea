//! The list of rows that cannot be used, beside the output.

use std::path::Path;

use gfn_input::{Rejected, is_ours, rejected_csv};

use crate::durable;

/// The end of the list's name, in place of the output's.
pub const EXTENSION: &str = "rejected.csv";

/// Writes the list; where no row is bad, removes that of an earlier command. A file of somebody else stays.
///
/// # Errors
/// Why it cannot be written.
pub fn write(path: &Path, rows: &[Rejected]) -> Result<(), String> {
    let is_there = path.symlink_metadata().is_ok();
    let is_ours = is_there && path.is_file() && std::fs::read(path).is_ok_and(|bytes| is_ours(&bytes));
    match (rows.is_empty(), is_there, is_ours) {
        (true, _, true) => std::fs::remove_file(path).map_err(|error| {
            format!(
                "`{}` cannot be removed: {}",
                path.display(),
                gfn_text::io_words(&error)
            )
        }),
        (true, ..) => Ok(()),
        (false, true, false) => Err(format!(
            "`{}` is there and is no list of bad rows: move it, or name another output with `--out`",
            path.display()
        )),
        (false, ..) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let aside = path.with_file_name(format!(".{name}.part"));
            durable::write(&aside, path, &rejected_csv(rows)).map_err(|error| error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_replaces_a_list_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.rejected.csv");
        let rows = [Rejected {
            line: 3,
            column: None,
            value: "CCO,0,33".into(),
            reason: "3 cells".into(),
        }];
        write(&path, &[]).unwrap();
        assert!(!path.exists());
        write(&path, &rows).unwrap();
        write(&path, &rows).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "line,column,value,reason\n3,,\"CCO,0,33\",3 cells\n");
        write(&path, &[]).unwrap();
        assert!(!path.exists(), "the list of an earlier command is of no use");
        std::fs::write(&path, "my notes").unwrap();
        assert!(
            write(&path, &rows)
                .unwrap_err()
                .contains("is no list of bad rows")
        );
        write(&path, &[]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes");
    }
}
