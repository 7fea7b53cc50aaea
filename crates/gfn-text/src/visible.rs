//! Characters that do not show as themselves, shown as text.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character steers the terminal, reorders text, or does not show: all of Unicode's control and format characters,
/// line and paragraph separators, and those that Unicode calls default ignorable, which take no room where a font has no glyph
/// for them (`Default_Ignorable_Code_Point` of Unicode 17, reserved code points included).
pub fn is_hidden(character: char) -> bool {
    if matches!(character, ' '..='~') {
        return false;
    }
    is_default_ignorable(character)
        || matches!(
            get_general_category(character),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

fn is_default_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// One value for the middle of a line: every hidden character is written as Rust writes it, such as `\n` or `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden, |character, out| {
        out.extend(character.escape_default())
    })
}

/// Text of several lines: as [`visible`], but line breaks and tabs stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    replaced(text, steers, |character, out| {
        out.extend(character.escape_default())
    })
}

/// A JSON document with every hidden character as a JSON escape. It means the same to a program, because hidden
/// characters other than white space are legal only inside strings.
pub fn escaped_json(text: &str) -> Cow<'_, str> {
    replaced(
        text,
        |character| steers(character) && character != '\r',
        |character, out| {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

/// A TOML document with every hidden character as a TOML escape, which means the same inside strings in double quotes.
pub fn escaped_toml(text: &str) -> Cow<'_, str> {
    replaced(
        text,
        |character| steers(character) && character != '\r',
        |character, out| {
            let code = u32::from(character);
            // Writing to a string cannot fail.
            let _ = match code {
                0..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
        },
    )
}

/// Whether a character is hidden and lays out no lines.
fn steers(character: char) -> bool {
    !matches!(character, '\n' | '\t') && is_hidden(character)
}

fn replaced(text: &str, wrong: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let Some(first) = text.find(&wrong) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for character in text[first..].chars() {
        match wrong(character) {
            true => escape(character, &mut out),
            false => out.push(character),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_and_others_stay() {
        for (text, shown) in [
            ("plain", "plain"),
            (
                "Ångström ångström, 分子, Å ² ‘’ … × é",
                "Ångström ångström, 分子, Å ² ‘’ … × é",
            ),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("\u{9b}31m\u{7f}\0\u{8}", "\\u{9b}31m\\u{7f}\\u{0}\\u{8}"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("x\u{202e}y\u{2066}z\u{200b}", "x\\u{202e}y\\u{2066}z\\u{200b}"),
            (
                "\u{2028}\u{2029}\u{feff}\u{ad}\u{61c}",
                "\\u{2028}\\u{2029}\\u{feff}\\u{ad}\\u{61c}",
            ),
            ("\u{e0041}\u{3164}\u{180e}", "\\u{e0041}\\u{3164}\\u{180e}"),
            (
                "C\u{fe00}C\u{fe0f}O\u{e0100}\u{e01ef}",
                "C\\u{fe00}C\\u{fe0f}O\\u{e0100}\\u{e01ef}",
            ),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert!(matches!(visible("plain"), Cow::Borrowed(_)));
        assert_eq!(visible_lines("a\n\tb\r\u{1b}"), "a\n\tb\\r\\u{1b}");
    }

    #[test]
    fn what_is_ignored_by_default_is_shown() {
        let ranges = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfff8,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ];
        for code in ranges.into_iter().flatten() {
            let character = char::from_u32(code).unwrap();
            let shown = format!("\\u{{{code:x}}}");
            assert_eq!(visible(&character.to_string()), shown);
            assert_eq!(visible_lines(&character.to_string()), shown);
            assert!(escaped_toml(&character.to_string()).is_ascii(), "{code:x}");
            assert!(escaped_json(&character.to_string()).is_ascii(), "{code:x}");
        }
    }

    #[test]
    fn toml_keeps_its_meaning() {
        let text = "a = \"x\u{202e}\u{e0041}\"\n";
        assert_eq!(escaped_toml(text), "a = \"x\\u202E\\U000E0041\"\n");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "{\n\t\"a\": \"x\u{202e}\u{7f}\u{9b}\u{e0041}\"\r\n}";
        assert_eq!(
            escaped_json(text),
            "{\n\t\"a\": \"x\\u202e\\u007f\\u009b\\udb40\\udc41\"\r\n}"
        );
    }
}
