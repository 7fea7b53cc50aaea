//! Numbers as people write them in tables.

use gfn_text::quoted;
use thiserror::Error;

/// What parts the whole from the fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
    /// `0.5`.
    #[default]
    Point,
    /// `0,5`, as in most of Europe.
    Comma,
}

/// A measured value that is only known to be above or below a number, or about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound(pub String);

/// A cell with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The number.
    pub value: f64,
    /// `>` and the like before it.
    pub bound: Option<Bound>,
}

/// Why a cell is no number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    /// There is nothing, or a word that says so.
    #[error("no value{}", .0.as_ref().map_or(String::new(), |word| format!(" ({})", quoted(word))))]
    Missing(Option<String>),
    /// It is written otherwise.
    #[error("{} is not a number{hint}", quoted(.text))]
    Text {
        /// The cell.
        text: String,
        /// What it may be.
        hint: &'static str,
    },
    /// It is infinite, or no number by name.
    #[error("{} is not a finite number", quoted(.0))]
    Infinite(String),
    /// It has more digits than a number of this program.
    #[error("{} is too near 0 for a number of this program: it would be read as 0", quoted(.0))]
    Underflow(String),
}

/// Marks that stand before a bound, longer ones first.
const BOUNDS: [&str; 11] = [">=", "<=", ">>", "<<", "=>", "=<", ">", "<", "~", "≥", "≤"];

/// The bound that a text begins with, and the rest.
pub fn bound(text: &str) -> (Option<Bound>, &str) {
    let text = text.trim();
    let marks = BOUNDS.iter().chain(&["≈", "≫", "≪"]);
    let found = marks.clone().find(|mark| text.starts_with(**mark));
    match found {
        Some(mark) => (Some(Bound((*mark).into())), text[mark.len()..].trim_start()),
        None => (None, text),
    }
}

/// Words for a value that is not there.
const MISSING: [&str; 9] = ["na", "n/a", "#n/a", "nan", "null", "none", "-", "nd", "n.d."];

/// Reads a cell.
///
/// # Errors
/// [`NumberError`] says why it is no number, and what it may be.
pub fn number(cell: &str, decimal: Decimal) -> Result<Number, NumberError> {
    let (bound, text) = bound(cell);
    if text.is_empty() && bound.is_none() {
        return Err(NumberError::Missing(None));
    }
    let written = |hint| NumberError::Text {
        text: cell.trim().into(),
        hint,
    };
    let plain = match decimal {
        Decimal::Point => text.to_string(),
        Decimal::Comma if text.contains('.') => return Err(written(" with a decimal comma")),
        Decimal::Comma => text.replacen(',', ".", 1),
    };
    // Words such as `infinity` are numbers to Rust.
    let is_plain = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value = plain.parse::<f64>().ok().filter(|_| is_plain);
    match value {
        Some(value) if !value.is_finite() => Err(NumberError::Infinite(text.into())),
        Some(0.0) if has_digits(&plain) => Err(NumberError::Underflow(text.into())),
        Some(value) => Ok(Number { value, bound }),
        None if plain.parse::<f64>().is_ok_and(|value| !value.is_nan()) => {
            Err(NumberError::Infinite(text.into()))
        }
        None if MISSING.contains(&text.to_lowercase().as_str()) => {
            Err(NumberError::Missing(Some(text.into())))
        }
        None => Err(written(hint(text, decimal))),
    }
}

/// Whether some digit before the exponent is not 0.
fn has_digits(text: &str) -> bool {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// What a text that is no number may be.
fn hint(text: &str, decimal: Decimal) -> &'static str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let bare = text.trim_start_matches(['+', '-']);
    if text.contains(['\u{2212}', '\u{2013}', '\u{2014}']) {
        return ": its minus sign is a dash; write `-`";
    }
    if decimal == Decimal::Point && text.matches(',').count() >= 1 && is_number(&text.replace(',', "")) {
        return "; a decimal comma, or a thousands separator?";
    }
    if bare.split([' ', '\u{a0}', '\u{202f}', '\'', '_']).count() > 1
        && bare
            .split([' ', '\u{a0}', '\u{202f}', '\'', '_', ',', '.'])
            .all(digits)
    {
        return "; a thousands separator?";
    }
    if text
        .split_once('±')
        .is_some_and(|(number, _)| is_number(number.trim()))
    {
        return "; write the value alone, without its error";
    }
    if text
        .strip_suffix('%')
        .is_some_and(|number| is_number(number.trim()))
    {
        return "; write it without `%`";
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c));
    match end {
        Some(end) if end > 0 && is_number(&text[..end]) => "; a unit belongs to a column of its own",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let cases = [
            ("1", 1.0),
            (" -5.25 ", -5.25),
            (".5", 0.5),
            ("5.", 5.0),
            ("+1e3", 1000.0),
            ("0e-999", 0.0),
            ("-0.0", 0.0),
        ];
        for (text, value) in cases {
            let found = number(text, Decimal::Point).unwrap();
            assert_eq!((found.value, found.bound), (value, None), "{text}");
        }
        assert_eq!(number("-3,5e2", Decimal::Comma).unwrap().value, -350.0);
    }

    #[test]
    fn bounds_are_no_values() {
        for (text, mark) in [
            (">10", ">"),
            ("<= 10", "<="),
            ("~10", "~"),
            ("≥10", "≥"),
            (">> 10", ">>"),
        ] {
            let found = number(text, Decimal::Point).unwrap();
            assert_eq!(
                (found.value, found.bound.unwrap().0.as_str()),
                (10.0, mark),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_told() {
        let cases = [
            ("", "no value"),
            ("NaN", "no value (`NaN`)"),
            ("n/a", "no value (`n/a`)"),
            ("none", "no value (`none`)"),
            ("inf", "`inf` is not a finite number"),
            ("-Infinity", "`-Infinity` is not a finite number"),
            ("1e400", "`1e400` is not a finite number"),
            (
                "1e-500",
                "`1e-500` is too near 0 for a number of this program: it would be read as 0",
            ),
            (
                "0,33",
                "`0,33` is not a number; a decimal comma, or a thousands separator?",
            ),
            (
                "1,000",
                "`1,000` is not a number; a decimal comma, or a thousands separator?",
            ),
            ("1 000", "`1 000` is not a number; a thousands separator?"),
            (
                "5.0 nM",
                "`5.0 nM` is not a number; a unit belongs to a column of its own",
            ),
            ("5%", "`5%` is not a number; write it without `%`"),
            (
                "5 ± 1",
                "`5 ± 1` is not a number; write the value alone, without its error",
            ),
            (
                "\u{2212}5",
                "`\u{2212}5` is not a number: its minus sign is a dash; write `-`",
            ),
            ("active", "`active` is not a number"),
            (">", "`>` is not a number"),
        ];
        for (text, message) in cases {
            assert_eq!(number(text, Decimal::Point).unwrap_err().to_string(), message);
        }
        for text in ["0.5", "1.234,5"] {
            assert!(number(text, Decimal::Comma).is_err(), "{text}");
        }
    }
}
