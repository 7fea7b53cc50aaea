//! `quarantine.jsonl`: the objects that had no reward, and why.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};

use gfn_core::Incident;
use gfn_record::event::Event;
use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_record::growing::{Lines, Mark};
use serde::{Deserialize, Serialize};

use super::{Observer, Position};

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    object: String,
    reason: String,
    answer: String,
    /// Updates taken when it first happened.
    step: u64,
}

/// Writes each object once; there is no file before there is one.
pub struct Quarantine {
    folder: RunFolder,
    lines: Option<Lines>,
    known: HashSet<String>,
}

impl Quarantine {
    /// The name of what it writes, for checkpoints.
    pub const NAME: &'static str = "quarantine";

    /// Goes on with the file after the bytes that `from` marks.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn resume(folder: &RunFolder, from: impl Into<Mark>) -> Result<Self, FolderError> {
        let from = from.into();
        let mut quarantine = Self {
            folder: folder.clone(),
            lines: None,
            known: HashSet::new(),
        };
        if from.bytes > 0 {
            quarantine.lines = Some(Lines::resume(folder, names::QUARANTINE, from)?);
            quarantine.known = known(folder)?;
        }
        Ok(quarantine)
    }
}

/// The objects in the file.
fn known(folder: &RunFolder) -> Result<HashSet<String>, FolderError> {
    let path = folder.file(names::QUARANTINE);
    let damaged = |message: String| FolderError::Damaged {
        path: path.clone(),
        message,
    };
    let file = gfn_files::open(&path).map_err(|error| damaged(gfn_text::io_words(&error)))?;
    let lines = BufReader::new(file).lines().map(|line| {
        let line = line.map_err(|error| damaged(gfn_text::io_words(&error)))?;
        let line: Line =
            serde_json::from_str(&line).map_err(|error| damaged(gfn_files::json_words(&error)))?;
        Ok(line.object)
    });
    lines.collect()
}

impl Observer for Quarantine {
    fn on_event(&mut self, _: &Event) -> Result<(), FolderError> {
        Ok(())
    }

    fn on_incident(&mut self, step: u64, incident: &Incident) -> Result<(), FolderError> {
        if !self.known.insert(incident.object.clone()) {
            return Ok(());
        }
        tracing::warn!(
            object = incident.object,
            reason = incident.reason,
            answer = incident.answer,
            "no reward"
        );
        let lines = match &mut self.lines {
            Some(lines) => lines,
            none => none.insert(Lines::resume(&self.folder, names::QUARANTINE, 0)?),
        };
        lines.push(&Line {
            object: incident.object.clone(),
            reason: incident.reason.clone(),
            answer: incident.answer.into(),
            step,
        })
    }

    fn position(&mut self) -> Result<Option<Position>, FolderError> {
        let Some(lines) = &self.lines else {
            return Ok(None);
        };
        lines.sync()?;
        Ok(self.length())
    }

    fn length(&self) -> Option<Position> {
        self.lines.as_ref().map(|lines| Position {
            name: Self::NAME,
            file: names::QUARANTINE,
            reached: lines.reached(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(object: &str) -> Incident {
        Incident {
            object: object.into(),
            reason: "it crashed".into(),
            answer: "left out",
        }
    }

    #[test]
    fn each_object_is_written_once_also_after_going_on() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&root.path().join("run")).unwrap();
        let mut first = Quarantine::resume(&folder, 0).unwrap();
        assert!(first.position().unwrap().is_none());
        assert!(!folder.file(names::QUARANTINE).exists());
        first.on_incident(1, &incident("CCO")).unwrap();
        first.on_incident(2, &incident("CCO")).unwrap();
        let mark = first.position().unwrap().unwrap().reached.recorded();
        first.on_incident(3, &incident("lost with the process")).unwrap();
        let mut second = Quarantine::resume(&folder, mark).unwrap();
        second.on_incident(3, &incident("CCN")).unwrap();
        second.on_incident(4, &incident("CCO")).unwrap();
        let text = std::fs::read_to_string(folder.file(names::QUARANTINE)).unwrap();
        let objects: Vec<&str> = text.lines().map(|line| &line[11..14]).collect();
        assert_eq!(objects, ["CCO", "CCN"]);
    }
}
