//! Text of files, plugins and users within a message.

use crate::{counted, visible};

/// A message shows so many characters of a text, and says how many follow.
const MAX_SHOWN: usize = 80;

/// Texts that are longer by no more than this are shown whole.
const MARGIN: usize = 20;

/// A line, a cell, a name or a SMILES of somebody else, in backticks: on one line, with hidden characters as escapes, and
/// shortened: `` `CCC…` (2999920 more characters) ``.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN + MARGIN) {
        None => format!("`{}`", visible(text)),
        Some(_) => {
            let (shown, rest) = split(text);
            let more = counted(rest.chars().count(), "more character");
            format!("`{}…` ({more})", visible(shown))
        }
    }
}

fn split(text: &str) -> (&str, &str) {
    let end = text.char_indices().nth(MAX_SHOWN);
    text.split_at(end.map_or(text.len(), |(end, _)| end))
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
    }

    #[test]
    fn no_text_forges_a_line() {
        assert_eq!(quoted("a\nb\u{1b}"), "`a\\nb\\u{1b}`");
    }
}
