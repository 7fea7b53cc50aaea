//! The screen as a whole.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Stylize;
use ratatui::text::{Line, Text};

use crate::board::Board;
use crate::{detail, list};

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, board: &Board) {
    let many = board.runs.len() > 1;
    let most = frame.area().height / 3;
    let rows = if many {
        (board.runs.len() as u16 + 1).min(most.max(3))
    } else {
        0
    };
    let sweeps = (board.sweeps.len() as u16).min(3);
    let [top, above, rest, below] = Layout::vertical([
        Constraint::Length(sweeps),
        Constraint::Length(rows),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let lines = board.sweeps.iter().map(|line| Line::from(line.as_str()).bold());
    frame.render_widget(Text::from_iter(lines), top);
    if many {
        list::draw(frame, above, board);
    }
    if let Some(followed) = board.chosen() {
        detail::draw(frame, rest, followed);
    }
    let keys = if many {
        "q ends   ↑ ↓ choose a run"
    } else {
        "q ends"
    };
    frame.render_widget(Line::from(keys).dim(), below);
    conceal(frame.buffer_mut());
}

/// Replaces what would steer the terminal or reorder its text, whatever part of the screen drew it.
fn conceal(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().chars().any(gfn_text::is_hidden) {
            cell.set_symbol("\u{fffd}");
        }
    }
}
