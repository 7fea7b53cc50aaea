//! Runs under way, in the terminal: a list, and of one run its curves, rate, figures and best objects.
//!
//! Files are read and nothing else: no run knows that it is watched, and a run on another machine is watched where its folder can be
//! seen.

mod board;
mod chart;
mod detail;
mod follow;
mod list;
mod look;
mod screen;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use thiserror::Error;

use crate::board::Board;
pub use crate::look::Snapshot;

/// Files are looked at this often.
const EVERY: Duration = Duration::from_secs(1);

/// Why nothing is shown.
#[derive(Debug, Error)]
pub enum TopError {
    /// There is no folder of that name.
    #[error("there is no folder `{0}`; name the folder of a run, or one that holds runs")]
    NoFolder(PathBuf),
    /// There is no run in any of the folders.
    #[error("there is no run in {0}; `gfn ls DIR` lists runs")]
    NoRun(String),
    /// The terminal could not be read or written.
    #[error("the terminal cannot be used: {}", gfn_text::io_words(.0))]
    Terminal(#[from] io::Error),
}

/// Shows the runs in `roots` until `q` is pressed.
///
/// # Errors
/// Where there is no run, or no terminal.
pub fn watch(roots: &[PathBuf]) -> Result<(), TopError> {
    let mut board = Board::open(roots)?;
    // Also puts the terminal back where the program panics.
    let mut terminal = ratatui::try_init()?;
    let result = turn(&mut terminal, &mut board);
    ratatui::try_restore()?;
    Ok(result?)
}

fn turn(terminal: &mut DefaultTerminal, board: &mut Board) -> io::Result<()> {
    loop {
        let shown = Instant::now();
        terminal.draw(|frame| screen::draw(frame, board))?;
        while let Some(left) = EVERY.checked_sub(shown.elapsed()) {
            if !event::poll(left)? {
                break;
            }
            match event::read()? {
                Event::Key(key) if is_end(key) => return Ok(()),
                Event::Key(key) if key.kind != KeyEventKind::Release => board.press(key.code),
                _ => {}
            }
            terminal.draw(|frame| screen::draw(frame, board))?;
        }
        board.refresh();
    }
}

fn is_end(key: KeyEvent) -> bool {
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    is_interrupt || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}
