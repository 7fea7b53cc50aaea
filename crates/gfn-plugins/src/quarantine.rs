//! Objects that a plugin could not score, kept for its author.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    object: &'a str,
    reason: &'a str,
}

/// Appends an object in words, and why it is there, to `folder/PLUGIN.jsonl`; the folder is made where it is missing.
///
/// # Errors
/// Where the file cannot be written.
pub fn quarantine(folder: &Path, plugin: &str, object: &str, reason: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}.jsonl", file_name(plugin)));
    let mut line = serde_json::to_string(&Line { object, reason })?;
    line.push('\n');
    // One write, so that lines of several processes stay whole.
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(line.as_bytes())
}

/// A plugin's name with nothing in it that leads to another folder.
fn file_name(plugin: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let name: String = plugin.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    match name.trim_start_matches('.') {
        "" => "plugin".to_string(),
        rest => rest.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn objects_are_appended_a_line_each() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("quarantine");
        quarantine(&place, "dock", "CC\nO", "it \"hung\"").unwrap();
        quarantine(&place, "dock", "CCN", "killed by SIGSEGV").unwrap();
        let text = std::fs::read_to_string(place.join("dock.jsonl")).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["object"], &lines[0]["reason"]),
            (&"CC\nO".into(), &"it \"hung\"".into())
        );
        assert_eq!(lines[1]["object"], "CCN");
    }

    #[test]
    fn a_name_cannot_lead_to_another_folder() {
        assert_eq!(file_name("../../etc/x"), "_.._etc_x");
        assert_eq!(file_name("dock-2.so"), "dock-2.so");
        assert_eq!(file_name(".."), "plugin");
    }
}
