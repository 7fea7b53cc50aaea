//! The JSON of a vocabulary, read so that every value still knows its line. `serde` alone stops at the first mistake and, of a
//! type that is wrong, says what the program calls it.

use gfn_text::visible;
use std::fmt;

use gfn_input::{Kind, Lines};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in the order of the file, keys that come twice included.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Whole)
    }
}

/// The line, from 1, on which a value that was read from `text` begins.
pub(super) fn line(text: &str, lines: &Lines, value: &RawValue) -> u64 {
    let place = (value.get().as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    lines.line(place.min(text.len()))
}

/// What a value is, in words.
pub(super) fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// A text, unless the value is something else.
pub(super) fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// The whole file: an object. What is wrong otherwise, with the place.
pub(super) fn whole(file: &str) -> Result<Members<'_>, String> {
    // Some editors begin a file with a mark of its encoding.
    let json = file.strip_prefix('\u{feff}').unwrap_or(file);
    if let Some(kind) = Kind::of(json.as_bytes()).filter(|kind| *kind != Kind::Json) {
        return Err(format!("it is {kind}"));
    }
    let root: &RawValue = serde_json::from_str(json).map_err(|error| syntax(json, &error))?;
    serde_json::from_str(root.get())
        .map_err(|_| format!("it is {}, and an object `{{…}}` is needed", kind(root)))
}

/// Why a text is not JSON, in words.
fn syntax(json: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    if error.is_eof() {
        return format!("line {line}: the file ends before its last bracket is closed");
    }
    let shown = json.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let before = column.saturating_sub(1);
    let found = shown.get(before..).and_then(|rest| rest.chars().next());
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let what = match said {
        "trailing comma" => "a comma before a closing bracket".into(),
        "trailing characters" => "text after the end of the JSON".into(),
        "key must be a string" => "a key without quotation marks".into(),
        "invalid escape" => "a backslash that begins no escape; a backslash itself is written `\\\\`".into(),
        "expected `:`" => "a key without a colon behind it".into(),
        "expected `,` or `}`" | "expected `,` or `]`" => "two values without a comma between them".into(),
        other if other.starts_with("control character") => {
            "a line break or another control character within a text".into()
        }
        _ if matches!(found, Some(']' | '}')) && ends_with_comma(json, line, before) => {
            "a comma before a closing bracket".into()
        }
        _ => match found {
            Some(character) => format!("unexpected `{}`", visible(&character.to_string())),
            None => "a value is missing".into(),
        },
    };
    format!("line {line}, column {column}: {what}")
}

/// Whether the last character before a place, from the first line and the first byte, is a comma.
fn ends_with_comma(json: &str, line: usize, byte: usize) -> bool {
    let lines = json.split_inclusive('\n').take(line.saturating_sub(1));
    let place = lines.map(str::len).sum::<usize>() + byte;
    json.get(..place)
        .is_some_and(|text| text.trim_end().ends_with(','))
}
