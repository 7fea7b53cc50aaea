//! Curves, settings and pictures for TensorBoard.

use gfn_draw::pictures::Picture;
use gfn_record::event::Event;
use gfn_record::folder::{FolderError, RunFolder};
use gfn_record::growing::Mark;
use gfn_record::tensorboard::{self, EventFile, Setting};
use toml::{Table, Value};

use super::{Observer, Position};

/// Settings that change no result, or are told elsewhere: the file's bytes do not depend on them.
const FREE: [&str; 8] = [
    "gfn",
    "name",
    "description",
    "checkpoint",
    "evaluation.rescored",
    "hardware.threads",
    "hardware.reward_threads",
    // A run that is made longer has the bytes of one that was long from the start.
    "training.steps",
];

/// Adds points to the curves at every measurement and every n-th update, and pictures at measurements.
pub struct Curves {
    file: EventFile,
    every: u64,
}

impl Curves {
    /// The name of what it writes, for checkpoints.
    pub const NAME: &'static str = "curves";

    /// Goes on with the file after the bytes that `from` marks; a new one begins with the settings of the resolved experiment.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn resume(folder: &RunFolder, every: u64, from: Mark, resolved: &str) -> Result<Self, FolderError> {
        let is_new = from.bytes == 0;
        let mut file = EventFile::resume(folder, from)?;
        if is_new {
            file.begin(&settings(resolved))?;
        }
        Ok(Self { file, every })
    }
}

impl Observer for Curves {
    fn on_event(&mut self, event: &Event) -> Result<(), FolderError> {
        match event {
            Event::Step(step) if !step.step.is_multiple_of(self.every) => Ok(()),
            Event::Step(metrics) | Event::Measured(metrics) => {
                let tagged = metrics.tagged();
                let values: Vec<(&str, f64)> =
                    tagged.iter().map(|(tag, value)| (tag.as_str(), *value)).collect();
                self.file.push(metrics.step, &values)
            }
        }
    }

    fn on_picture(&mut self, step: u64, tag: &str, picture: &Picture) -> Result<(), FolderError> {
        let size = (picture.width, picture.height);
        self.file.picture(step, tag, size, &picture.png)
    }

    fn on_finished(&mut self, step: u64) -> Result<(), FolderError> {
        self.file.end(step)
    }

    fn position(&mut self) -> Result<Option<Position>, FolderError> {
        self.file.sync()?;
        Ok(self.length())
    }

    fn length(&self) -> Option<Position> {
        Some(Position {
            name: Self::NAME,
            file: tensorboard::PATH,
            reached: self.file.reached(),
        })
    }
}

/// What an experiment's results depend on, by path.
fn settings(resolved: &str) -> Vec<(String, Setting)> {
    let mut settings = Vec::new();
    gather("", &resolved.parse().unwrap_or_default(), &mut settings);
    settings
}

fn gather(prefix: &str, table: &Table, settings: &mut Vec<(String, Setting)>) {
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        let setting = match value {
            _ if FREE.contains(&path.as_str()) => continue,
            Value::Table(inner) => {
                gather(&format!("{path}."), inner, settings);
                continue;
            }
            Value::Integer(value) => Setting::Number(*value as f64),
            Value::Float(value) => Setting::Number(*value),
            Value::Boolean(value) => Setting::Truth(*value),
            Value::String(value) => Setting::Text(value.clone()),
            other => Setting::Text(other.to_string()),
        };
        settings.push((path, setting));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_by_path_and_those_without_effect_are_not() {
        let found = settings(
            "name = 'a'\nseed = 3\n[loss]\nkind = 'db'\n[hardware]\nthreads = 2\ntf32 = true\n[checkpoint]\nkeep = 2\n[training]\nsteps = 9",
        );
        let expected = [
            ("seed", Setting::Number(3.0)),
            ("loss.kind", Setting::Text("db".into())),
            ("hardware.tf32", Setting::Truth(true)),
        ];
        assert_eq!(found, expected.map(|(path, setting)| (path.to_string(), setting)));
    }
}
