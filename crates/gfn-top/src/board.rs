//! What is shown: the runs, and which of them is chosen.

use std::path::{Path, PathBuf};

use gfn_runs::Sweep;
use gfn_runs::summary::{find, find_sweeps, plain, sweep_line};
use ratatui::crossterm::event::KeyCode;

use crate::TopError;
use crate::follow::FollowedRun;

/// The runs, and which of them is chosen.
#[derive(Debug, Default)]
pub(crate) struct Board {
    roots: Vec<PathBuf>,
    pub(crate) runs: Vec<FollowedRun>,
    /// A line for each sweep among the folders.
    pub(crate) sweeps: Vec<String>,
    pub(crate) chosen: usize,
}

impl Board {
    /// The runs in some folders.
    pub(crate) fn open(roots: &[PathBuf]) -> Result<Self, TopError> {
        if let Some(missing) = roots.iter().find(|root| !root.is_dir()) {
            return Err(TopError::NoFolder(missing.clone()));
        }
        let mut board = Self {
            roots: roots.to_vec(),
            ..Self::default()
        };
        board.refresh();
        // The one that somebody most likely wants to see: under way, or else the newest.
        let started =
            |followed: &FollowedRun| followed.run.manifest.as_ref().map(|manifest| manifest.started);
        let runs = board.runs.iter().enumerate();
        let wanted = runs.max_by_key(|(_, followed)| (followed.run.is_written, started(followed)));
        board.chosen = wanted.map_or(0, |(index, _)| index);
        if board.runs.is_empty() && board.sweeps.is_empty() {
            let roots: Vec<String> = roots.iter().map(|root| format!("`{}`", root.display())).collect();
            return Err(TopError::NoRun(roots.join(", ")));
        }
        Ok(board)
    }

    /// Looks at the files again; runs may have begun meanwhile, or been removed.
    pub(crate) fn refresh(&mut self) {
        let sweeps = self.roots.iter().flat_map(|root| find_sweeps(root));
        self.sweeps = sweeps.map(|folder| line(&folder)).collect();
        let chosen = self.chosen().map(|followed| followed.run.folder.clone());
        let mut known = std::mem::take(&mut self.runs);
        for folder in self.roots.iter().flat_map(|root| find(root)) {
            let followed = match known.iter().position(|followed| followed.run.folder == folder) {
                Some(index) => {
                    let mut followed = known.swap_remove(index);
                    followed.refresh();
                    followed
                }
                None => FollowedRun::open(&folder),
            };
            self.runs.push(followed);
        }
        let still = self
            .runs
            .iter()
            .position(|followed| Some(&followed.run.folder) == chosen.as_ref());
        self.chosen = still.unwrap_or(0);
    }

    /// The run that is shown.
    pub(crate) fn chosen(&self) -> Option<&FollowedRun> {
        self.runs.get(self.chosen)
    }

    /// Takes a key.
    pub(crate) fn press(&mut self, key: KeyCode) {
        let last = self.runs.len().saturating_sub(1);
        self.chosen = match key {
            KeyCode::Down | KeyCode::Char('j') => (self.chosen + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.chosen.saturating_sub(1),
            KeyCode::PageDown => (self.chosen + 10).min(last),
            KeyCode::PageUp => self.chosen.saturating_sub(10),
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => self.chosen,
        };
    }
}

/// A sweep in a line, or why it cannot be read.
fn line(folder: &Path) -> String {
    match Sweep::read(folder) {
        Ok(sweep) => format!("{}, a sweep: {}", plain(&sweep.manifest.name), sweep_line(&sweep)),
        Err(error) => format!("a sweep that cannot be read: {}", plain(&error.to_string())),
    }
}
