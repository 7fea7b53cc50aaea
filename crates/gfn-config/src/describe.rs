//! Values and what is expected of them, in words.

use crate::nearest::joined;
use crate::node::Value;
use crate::shape::Shape;

/// Longest literal that a message repeats.
const LITERAL_LIMIT: usize = 40;

/// A text of the user's, short enough to repeat and without what would break out of the line.
pub fn literal(text: &str) -> String {
    let mut characters = text.chars();
    let mut out: String = characters.by_ref().take(LITERAL_LIMIT).collect();
    if characters.next().is_some() {
        out.push('…');
    }
    gfn_text::visible(&out.replace('`', "'")).into_owned()
}

/// What was found where something else was expected.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Boolean(value) => format!("`{value}`"),
        Value::Integer(value) => format!("`{value}`"),
        Value::Float(value) => format!("`{value:?}`"),
        Value::String(text) => format!("the string `{}`", literal(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

/// A number as a person writes it.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-4..1e15).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// Whether TOML takes a key without quotes.
fn is_bare(key: &str) -> bool {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    !key.is_empty() && key.chars().all(bare)
}

/// A key as a file writes it, to be read back.
pub(crate) fn bare_or_quoted(key: &str) -> String {
    if is_bare(key) {
        key.to_owned()
    } else {
        serde_json::Value::from(key).to_string()
    }
}

/// A path with one more key, quoted where TOML would need it; long keys are cut, since it is for messages alone.
pub(crate) fn key_path(path: &str, key: &str) -> String {
    let part = if is_bare(key) {
        key.to_owned()
    } else {
        format!("\"{}\"", literal(key))
    };
    if path.is_empty() {
        part
    } else {
        format!("{path}.{part}")
    }
}

/// What any of several shapes expects: "a whole number of at least 1 or an array".
pub(crate) fn expected(shapes: &[Shape]) -> String {
    let constants: Vec<&str> = shapes.iter().filter_map(Shape::constants).flatten().collect();
    let mut phrases: Vec<String> = Vec::new();
    match constants.len() {
        0 => {}
        1 => phrases.push(format!("`{}`", constants[0])),
        _ => phrases.push(format!("one of {}", joined(&constants, "or"))),
    }
    for phrase in shapes
        .iter()
        .filter(|shape| shape.constants().is_none())
        .flat_map(shape_phrases)
    {
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    match phrases.split_last() {
        None => "a value".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

fn shape_phrases(shape: &Shape) -> Vec<String> {
    let phrase = |name: &str| match name {
        "integer" => format!("a whole number{}", bounds(shape)),
        "number" => format!("a number{}", bounds(shape)),
        "string" => "a string".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => "an array".to_owned(),
        _ => match shape.required().as_slice() {
            [] => "a table".to_owned(),
            keys => format!("a table with {}", joined(keys, "and")),
        },
    };
    shape.types().into_iter().map(phrase).collect()
}

/// " from 1 to 16", " of at least 1", " greater than 0 and at most 1", or nothing.
pub(crate) fn bounds(shape: &Shape) -> String {
    let text = |key: &str| shape.bound(key).map(number);
    let (least, most) = (text("minimum"), text("maximum"));
    let (above, below) = (text("exclusiveMinimum"), text("exclusiveMaximum"));
    if let (Some(least), Some(most), None, None) = (&least, &most, &above, &below) {
        return format!(" from {least} to {most}");
    }
    let lower = above
        .map(|bound| format!("greater than {bound}"))
        .or(least.map(|bound| format!("of at least {bound}")));
    let upper = below
        .map(|bound| format!("less than {bound}"))
        .or(most.map(|bound| format!("at most {bound}")));
    match (lower, upper) {
        (None, None) => String::new(),
        (Some(lower), None) => format!(" {lower}"),
        (None, Some(upper)) if upper.starts_with("at") => format!(" of {upper}"),
        (None, Some(upper)) => format!(" {upper}"),
        (Some(lower), Some(upper)) => format!(" {lower} and {upper}"),
    }
}
