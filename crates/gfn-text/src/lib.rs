//! Text for people: the one way to the terminal, and words that every crate needs.
//!
//! Names, paths and messages come from files, plugins and users, so they may hold escape sequences that recolor, hide or
//! reorder what a person reads. [`stdout`] and [`stderr`] show such characters as text (`\u{1b}`), whatever was written. The
//! lints forbid `std::io::stdout` and `std::io::stderr` elsewhere, so no command can forget it. [`visible`] does the same for
//! one value within a line, where a line break would forge another line, and [`quoted`] for a text that may be long as well.

mod number;
mod output;
mod quoted;
mod visible;
mod words;

pub use number::with_decimals;
pub use output::{Output, Syntax, stderr, stderr_is_terminal, stdout, stdout_in, stdout_is_terminal};
pub use quoted::{quoted, shortened};
pub use visible::{escaped_json, escaped_toml, is_hidden, visible, visible_lines};
pub use words::{counted, io_words, plural};
/// Digits raised: `-12` gives `⁻¹²`.
pub fn superscript(text: &str) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit
            .to_digit(10)
            .and_then(|digit| char::from_u32(0x2070 + digit))
            .unwrap_or(digit),
    };
    text.chars().map(raised).collect()
}
