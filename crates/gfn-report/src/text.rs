//! Names as text that fits where it stands: where it may break, and what is left out of it.

use maud::{Markup, PreEscaped, html};

/// After these a name may break.
const SEPARATORS: &str = "/_.=,:;)]}-";
/// A word longer than this breaks inside.
const LONGEST_WORD: usize = 24;

/// Text that breaks between its words, those of a path too, and inside a word only where that has more letters than a line has room
/// for.
pub(crate) fn breakable(text: &str) -> Markup {
    let mut pieces = Vec::new();
    let (mut begins, mut length) = (0, 0);
    let mut letters = text.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        length = if letter.is_whitespace() { 0 } else { length + 1 };
        let end = index + letter.len_utf8();
        // 1.5 and 10,000 are one word.
        let is_between = letters.peek().is_some_and(|(_, next)| {
            SEPARATORS.contains(letter) && next.is_alphabetic()
                || length == LONGEST_WORD && !next.is_whitespace()
        });
        if is_between {
            pieces.push(&text[begins..end]);
            (begins, length) = (end, 0);
        }
    }
    html! {
        @for piece in pieces { (piece) (PreEscaped("<wbr>")) }
        (text[begins..])
    }
}

/// At most so many letters of a text, from its beginning and its end.
pub(crate) fn elided(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.into();
    }
    let kept = most.saturating_sub(1);
    let (first, last) = (kept.div_ceil(2), kept / 2);
    let begin: String = letters[..first].iter().collect();
    let end: String = letters[letters.len() - last..].iter().collect();
    format!("{}…{}", begin.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_between_their_words() {
        let broken = |text: &str| breakable(text).into_string().replace("<wbr>", "|");
        assert_eq!(broken("loss.kind = \"a\""), "loss.|kind = &quot;a&quot;");
        assert_eq!(broken("runs/tb/seed-0"), "runs/|tb/|seed-0");
        assert_eq!(broken("10,000 and 1.5"), "10,000 and 1.5");
        assert_eq!(
            broken(&"x".repeat(30)),
            format!("{}|{}", "x".repeat(24), "x".repeat(6))
        );
        assert_eq!(
            broken(&format!("{} b", "x".repeat(24))),
            format!("{} b", "x".repeat(24))
        );
        assert_eq!(broken(""), "");
    }

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(elided("trajectory-balance", 18), "trajectory-balance");
        assert_eq!(elided("sub-trajectory-balance", 11), "sub-t…lance");
        assert_eq!(elided("äöü", 2), "ä…");
    }
}
