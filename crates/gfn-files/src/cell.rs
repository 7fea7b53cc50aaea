//! Text in tables that spreadsheets open.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula, which can start
//! programs. Such text is written with an apostrophe before it, as spreadsheets mark text themselves, and read without it.
//! Numbers stay as they are, negative ones too. SMILES begin with none of these characters.
//!
//! Text that already begins with apostrophes before such a character gets one more, so that every text comes back as it was.

use std::borrow::Cow;

/// What begins a formula, in its wide forms too (Unicode's half and full width forms, U+FF0B and others).
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '＠'];
const MARK: char = '\'';

/// The text as a table holds it.
pub fn guarded(text: &str) -> Cow<'_, str> {
    match is_formula(text) {
        true => Cow::Owned(format!("{MARK}{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text that [`guarded`] was given.
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix(MARK) {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

/// Whether a spreadsheet would compute the text; apostrophes before it do not count.
fn is_formula(text: &str) -> bool {
    let text = text.trim_start_matches(MARK);
    text.starts_with(FORMULA) && text.parse::<f64>().is_err()
}

/// For a field of text: `#[serde(with = "gfn_files::cell::text")]`.
pub mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{guarded, unguarded};

    /// Writes it as a table holds it.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&guarded(text))
    }

    /// Reads it as it was.
    ///
    /// # Errors
    /// Where it is no text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        let text = String::deserialize(from)?;
        Ok(unguarded(&text).to_string())
    }
}

/// For a field of text that may be missing: `#[serde(with = "gfn_files::cell::option")]`.
pub mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{guarded, unguarded};

    /// Writes it as a table holds it.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        text.as_deref().map(guarded).serialize(to)
    }

    /// Reads it as it was.
    ///
    /// # Errors
    /// Where it is no text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        Ok(text.map(|text| unguarded(&text).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_come_back() {
        let changed = [
            "=1+1",
            "=HYPERLINK(\"http://x\")",
            "+1 2",
            "-1 2",
            "-cmd|'/C calc'!A0",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "'=1",
            "''=1",
            "＝1",
        ];
        let same = [
            "", "-1", "-1.5e3", "+2", "-inf", "CCO", "O=C=O", "[H-]", "1 2", "'", "'x", "'-1", "'' ", "é=1",
        ];
        for text in changed {
            let cell = guarded(text);
            assert_eq!(cell, format!("'{text}"));
            assert_eq!(unguarded(&cell), text);
        }
        for text in same {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }
}
