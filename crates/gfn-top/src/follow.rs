//! A run's folder, read again and again: of the metrics only what has been added.

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gfn_record::event::Event;
use gfn_record::folder::names;
use gfn_record::manifest::Status;
use gfn_runs::Run;

/// The rate is that of so many seconds.
const SECONDS: f64 = 30.0;

/// A run and what is known of its pace.
#[derive(Debug, Default)]
pub(crate) struct FollowedRun {
    /// What it has left so far.
    pub(crate) run: Run,
    /// The file of metrics, by its number on the disk, and how much of it was read.
    read: (u64, u64),
    /// When which update was seen.
    seen: VecDeque<(f64, u64)>,
    has_samples: bool,
    /// Whether the metrics were compared with what is recorded, which is done when the run's state changes.
    is_checked: bool,
}

impl FollowedRun {
    /// Reads a folder for the first time.
    pub(crate) fn open(folder: &Path) -> Self {
        let mut followed = Self::default();
        followed.run.folder = folder.to_path_buf();
        followed.refresh();
        followed
    }

    /// Reads what is new. What cannot be read now may be there the next time.
    pub(crate) fn refresh(&mut self) {
        if let Ok(head) = Run::head(&self.run.folder) {
            let before = std::mem::replace(&mut self.run, head);
            (self.run.steps, self.run.measured) = (before.steps, before.measured);
            self.run.samples = before.samples;
            // What was read before is not read again.
            if self.run.status() == before.manifest.map(|manifest| manifest.status) {
                let read = [names::METRICS, names::SAMPLES].map(String::from);
                let still = before.changed.into_iter().filter(|name| read.contains(name));
                self.run.changed.extend(still);
            } else {
                self.is_checked = false;
            }
        }
        // A file that vanishes while it is read is there again the next time.
        let _ = self.read_metrics();
        if !self.is_checked {
            self.run.check(names::METRICS);
            self.is_checked = true;
        }
        let is_finished = self.run.status() == Some(Status::Finished);
        if is_finished && !self.has_samples {
            self.run.read_samples();
        }
        self.has_samples = is_finished;
        self.note(now());
    }

    fn read_metrics(&mut self) -> std::io::Result<()> {
        let mut file = gfn_files::open(&self.run.folder.join(names::METRICS))?;
        let found = file.metadata()?;
        // A run that is resumed goes on in a new file with the beginning of the old one.
        if found.ino() != self.read.0 || found.len() < self.read.1 {
            self.read = (found.ino(), 0);
            self.run.steps.clear();
            self.run.measured.clear();
        }
        file.seek(SeekFrom::Start(self.read.1))?;
        let mut new = Vec::new();
        file.read_to_end(&mut new)?;
        // The last line may not be whole yet.
        let whole = new
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        self.read.1 += whole as u64;
        for line in new[..whole].split(|byte| *byte == b'\n') {
            match Event::parse(line) {
                Ok(Event::Step(step)) => self.run.steps.push(step),
                Ok(Event::Measured(measured)) => self.run.measured.push(measured),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn note(&mut self, now: f64) {
        let updates = self.run.updates();
        // A run that begins again counts anew.
        if self.seen.back().is_some_and(|last| last.1 > updates) {
            self.seen.clear();
        }
        self.seen.push_back((now, updates));
        while self.seen.front().is_some_and(|first| now - first.0 > SECONDS) {
            self.seen.pop_front();
        }
    }

    /// Updates a second: of late where it is under way, in training where it is over.
    pub(crate) fn rate(&self) -> Option<f64> {
        let of_late = || {
            let (first, last) = (self.seen.front()?, self.seen.back()?);
            (last.1 > first.1).then(|| (last.1 - first.1) as f64 / (last.0 - first.0))
        };
        let whole = || {
            let seconds = self.run.manifest.as_ref()?.training_seconds?;
            (seconds > 0.0).then(|| self.run.updates() as f64 / seconds)
        };
        match self.run.is_written {
            true => of_late(),
            false => whole(),
        }
    }

    /// Seconds until it is over, if it goes on like this.
    pub(crate) fn left(&self) -> Option<f64> {
        let left = self.run.updates_wanted()?.checked_sub(self.run.updates())?;
        let rate = self.rate().filter(|_| self.run.is_written)?;
        Some(left as f64 / rate)
    }

    /// The share of its updates that was taken.
    pub(crate) fn share(&self) -> f64 {
        let wanted = self.run.updates_wanted().unwrap_or(0).max(1);
        (self.run.updates() as f64 / wanted as f64).clamp(0.0, 1.0)
    }
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn line(step: u64) -> String {
        format!(
            "{{\"event\":\"step\",\"step\":{step},\"trajectories\":0,\"loss\":1,\"log_z\":0,\"mean_reward\":0,\"best_reward\":0,\
             \"mean_log_reward\":0,\"mean_length\":1,\"states\":1,\"gradient_norm\":\"nan\"}}\n"
        )
    }

    #[test]
    fn what_is_added_is_read_once_and_a_new_file_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(names::RESOLVED), "[training]\nsteps = 10").unwrap();
        let path = folder.path().join(names::METRICS);
        let (first, second) = (line(1), line(2));
        fs::write(&path, format!("{first}{}", &second[..20])).unwrap();
        let mut followed = FollowedRun::open(folder.path());
        let steps = |followed: &FollowedRun| {
            followed
                .run
                .steps
                .iter()
                .map(|step| step.step)
                .collect::<Vec<_>>()
        };
        assert_eq!(steps(&followed), [1]);
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        file.write_all(&second.as_bytes()[20..]).unwrap();
        followed.refresh();
        assert_eq!((steps(&followed), followed.share()), (vec![1, 2], 0.2));
        fs::write(folder.path().join("new"), line(7)).unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        followed.refresh();
        assert_eq!(steps(&followed), [7]);
    }

    #[test]
    fn the_rate_is_that_of_late() {
        let mut followed = FollowedRun::default();
        followed.run.is_written = true;
        followed.run.settings = "[training]\nsteps = 1000".parse().unwrap();
        let mut at = |now: f64, step: u64| {
            followed.run.steps =
                vec![serde_json::from_str(line(step).replace("\"event\":\"step\",", "").trim()).unwrap()];
            followed.note(now);
            (followed.rate(), followed.left())
        };
        assert_eq!(at(0.0, 100), (None, None));
        assert_eq!(at(10.0, 200), (Some(10.0), Some(80.0)));
        at(40.0, 500);
        assert_eq!(at(41.0, 531), (Some(31.0), Some(469.0 / 31.0)));
        assert_eq!(at(42.0, 3), (None, None));
    }
}
