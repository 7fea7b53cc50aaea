//! Texts on progress bars, with control characters shown as text. The lints forbid the bars' own methods elsewhere.

use gfn_text::{visible, visible_lines};
use indicatif::ProgressBar;

/// Sets the text beside a bar.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the function that the lint points to"
)]
pub fn set_message(bar: &ProgressBar, text: &str) {
    bar.set_message(visible(text).into_owned());
}

/// Sets the text before a bar.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the function that the lint points to"
)]
pub fn set_prefix(bar: &ProgressBar, text: &str) {
    bar.set_prefix(visible(text).into_owned());
}

/// Prints a line above a bar.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the function that the lint points to"
)]
pub fn print_line(bar: &ProgressBar, text: &str) {
    bar.println(visible_lines(text));
}
