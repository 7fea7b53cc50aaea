//! Text in tables that spreadsheets and terminals open.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula, which can start
//! programs. Such text is written with an apostrophe before it, as spreadsheets mark text themselves, and read without it.
//! Numbers stay as they are, negative ones too. SMILES begin with none of these characters. A spreadsheet that parts cells by
//! semicolons sees a cell behind each, so the same holds for what follows a semicolon, and such cells are in quotes ([`csv()`]).
//!
//! Control characters and others that do not show are written as `\u{1b}`, and read as what they were.
//!
//! Text that already begins with apostrophes before such a character gets one more, and a backslash before `u{` is written as
//! `\u{5c}`, so that every text comes back as it was.

use std::borrow::Cow;
use std::fmt::Write;

use gfn_text::is_hidden;

/// What begins a formula, in its wide forms too (Unicode's half and full width forms, U+FF0B and others).
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '＠'];
const MARK: char = '\'';
/// What other spreadsheets part cells by; tabs are escaped.
const OTHER_SEPARATOR: char = ';';
const ESCAPE: &str = "\\u{";

/// A writer's settings for tables: cells with a separator of other spreadsheets are in quotes.
pub fn csv() -> csv::WriterBuilder {
    let mut builder = csv::WriterBuilder::new();
    // The one further character that makes the writer quote a cell.
    builder.comment(Some(OTHER_SEPARATOR as u8));
    builder
}

/// The text as a table holds it.
pub fn guarded(text: &str) -> Cow<'_, str> {
    marked(escaped(text))
}

/// The text in a table for people, which nobody reads back: as [`guarded`], but a backslash stays one.
pub fn shown(text: &str) -> Cow<'_, str> {
    match text.contains(is_hidden) {
        true => marked(Cow::Owned(text.chars().map(visible).collect())),
        false => marked(Cow::Borrowed(text)),
    }
}

fn visible(character: char) -> String {
    match is_hidden(character) {
        true => format!("{ESCAPE}{:x}}}", u32::from(character)),
        false => character.to_string(),
    }
}

/// Text without hidden characters, with an apostrophe before each formula.
fn marked(escaped: Cow<'_, str>) -> Cow<'_, str> {
    if !parts(&escaped).any(is_formula) {
        return escaped;
    }
    let marked = parts(&escaped).map(|part| match is_formula(part) {
        true => format!("{MARK}{part}"),
        false => part.to_string(),
    });
    Cow::Owned(marked.collect())
}

/// The text that [`guarded`] was given.
pub fn unguarded(cell: &str) -> Cow<'_, str> {
    let is_marked = |part: &str| part.strip_prefix(MARK).is_some_and(is_formula);
    match parts(cell).any(is_marked) {
        true => {
            let bare = parts(cell).map(|part| if is_marked(part) { &part[1..] } else { part });
            Cow::Owned(unescaped(&bare.collect::<String>()).into_owned())
        }
        false => unescaped(cell),
    }
}

/// What a spreadsheet may take for cells, each with the separator behind it.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(OTHER_SEPARATOR)
}

/// Whether a spreadsheet would compute the text; apostrophes before it do not count.
fn is_formula(part: &str) -> bool {
    let text = part.strip_suffix(OTHER_SEPARATOR).unwrap_or(part);
    let text = text.trim_start_matches(MARK);
    text.starts_with(FORMULA) && text.parse::<f64>().is_err()
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) && !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        match is_hidden(character) || text[at..].starts_with(ESCAPE) {
            // Writing to a string cannot fail.
            true => drop(write!(out, "{ESCAPE}{:x}}}", u32::from(character))),
            false => out.push(character),
        }
    }
    Cow::Owned(out)
}

fn unescaped(cell: &str) -> Cow<'_, str> {
    let Some(first) = cell.find(ESCAPE) else {
        return Cow::Borrowed(cell);
    };
    let mut out = cell[..first].to_string();
    let mut rest = &cell[first..];
    while let Some(character) = rest.chars().next() {
        let (character, after) = escape(rest).unwrap_or((character, &rest[character.len_utf8()..]));
        out.push(character);
        rest = after;
    }
    Cow::Owned(out)
}

/// The character of an escape that [`escaped`] writes, and what follows it.
fn escape(text: &str) -> Option<(char, &str)> {
    let (digits, after) = text.strip_prefix(ESCAPE)?.split_once('}')?;
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    (is_hidden(character) || character == '\\').then_some((character, after))
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
        Ok(unguarded(&text).into_owned())
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
        Ok(text.map(|text| unguarded(&text).into_owned()))
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

    #[test]
    fn what_does_not_show_is_escaped_and_comes_back() {
        for (text, cell) in [
            ("a\u{1b}[2J\n\tb\r", "a\\u{1b}[2J\\u{a}\\u{9}b\\u{d}"),
            ("\t=1", "\\u{9}=1"),
            ("x\u{202e}\u{fe0f}é分", "x\\u{202e}\\u{fe0f}é分"),
            // What looks like an escape is none; backslashes of SMILES are left alone.
            ("\\u{1b}", "\\u{5c}u{1b}"),
            ("\\u{zz} \\u{", "\\u{5c}u{zz} \\u{5c}u{"),
            ("C/C=C\\n1cccc1", "C/C=C\\n1cccc1"),
        ] {
            assert_eq!(guarded(text), cell);
            assert_eq!(unguarded(cell), text);
        }
        assert_eq!(shown("=\\u{1b}\u{1b};@"), "'=\\u{1b}\\u{1b};'@");
        // Written by somebody else.
        for cell in ["\\u{41}", "\\u{110000}", "\\u{1b", "'\t=1"] {
            assert_eq!(unguarded(cell), cell.strip_prefix('\'').unwrap_or(cell));
        }
    }

    #[test]
    fn another_separator_leaves_no_formula() {
        for (text, cell) in [
            ("a;=1+1", "a;'=1+1"),
            ("a;'=1+1;@x", "a;''=1+1;'@x"),
            ("=1;2", "'=1;2"),
            ("0;-1;+2", "0;-1;+2"),
            ("a\t=1+1", "a\\u{9}=1+1"),
        ] {
            assert_eq!(guarded(text), cell);
            assert_eq!(unguarded(cell), text);
        }
        let mut writer = csv().from_writer(Vec::new());
        writer.write_record(["a;'=1+1", "b", "c,d"]).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        assert_eq!(text, "\"a;'=1+1\",b,\"c,d\"\n");
    }
}
