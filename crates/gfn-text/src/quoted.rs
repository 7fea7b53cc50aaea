//! Text of files, plugins and users within a message.

use std::borrow::Cow;

use crate::{counted, visible};

/// A message shows so many characters of a text, and says how many follow.
const MAX_SHOWN: usize = 80;

/// Texts that are longer by no more than this are shown whole.
const MARGIN: usize = 20;

/// A line, a cell, a name or a SMILES of somebody else, in backticks: on one line, with hidden characters as escapes, and
/// shortened: `` `CCC…` (2999920 more characters) ``.
pub fn quoted(text: &str) -> String {
    match cut(text) {
        None => format!("`{}`", visible(text)),
        Some((shown, more)) => format!("`{}…` ({more})", visible(shown)),
    }
}

/// The same without backticks, for the columns of a table.
pub fn shortened(text: &str) -> Cow<'_, str> {
    match cut(text) {
        None => visible(text),
        Some((shown, more)) => Cow::Owned(format!("{}… ({more})", visible(shown))),
    }
}

/// What is shown of a long text, and how much follows in words.
fn cut(text: &str) -> Option<(&str, String)> {
    text.char_indices().nth(MAX_SHOWN + MARGIN)?;
    let (end, _) = text.char_indices().nth(MAX_SHOWN)?;
    let (shown, rest) = text.split_at(end);
    Some((shown, counted(rest.chars().count(), "more character")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_shortened_between_characters() {
        let whole = "é".repeat(MAX_SHOWN + MARGIN);
        assert_eq!(quoted(&whole), format!("`{whole}`"));
        assert_eq!(
            quoted(&(whole + "é")),
            format!("`{}…` (21 more characters)", "é".repeat(MAX_SHOWN))
        );
        assert!(quoted(&"C".repeat(3_000_000)).len() < 200);
        assert_eq!(
            shortened(&"C".repeat(200)),
            format!("{}… (120 more characters)", "C".repeat(80))
        );
    }

    #[test]
    fn no_text_forges_a_line() {
        assert_eq!(quoted("a\nb\u{1b}"), "`a\\nb\\u{1b}`");
    }
}
