//! Numbers as JSON, those too that JSON has no form for: `"inf"`, `"-inf"` and `"nan"`, which the parsers of floating-point
//! numbers of Python, R and Rust read. For `#[serde(with = "…")]`. And numbers in a terminal ([`shown`]).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use gfn_text::with_decimals;

/// A number in a terminal, with four decimals: see [`with_decimals`].
pub fn shown(value: f64) -> String {
    with_decimals(value, 4)
}

/// As [`shown`], and what is above zero has a plus.
pub fn signed(value: f64) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", shown(value))
}

/// A number, or its name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Form {
    Number(f64),
    Name(String),
    /// `null`, as which many programs write what is not a number.
    Missing,
}

impl Form {
    pub(crate) fn of(value: f64) -> Self {
        match value.is_finite() {
            true => Self::Number(value),
            false => Self::Name(value.to_string().to_lowercase()),
        }
    }

    pub(crate) fn value<E: serde::de::Error>(self) -> Result<f64, E> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Name(name) => name
                .parse()
                .map_err(|_| E::custom(format!("`{name}` is no number"))),
            Self::Missing => Ok(f64::NAN),
        }
    }
}

/// JSON in which the bare words `NaN`, `Infinity` and `-Infinity`, which Python writes, are text, so that it can be read; none where it
/// has none of them.
pub(crate) fn with_names_quoted(json: &[u8]) -> Option<Vec<u8>> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'-';
    let mut quoted = Vec::with_capacity(json.len() + 16);
    let (mut rest, mut any) = (json, false);
    while let [first, after @ ..] = rest {
        let length = match first {
            b'"' => 1 + text_length(after),
            first if is_of_word(first) => rest.iter().take_while(|byte| is_of_word(byte)).count(),
            // The exponent of a number is no word.
            first if first.is_ascii_digit() => rest.iter().take_while(|byte| is_of_number(**byte)).count(),
            _ => 1,
        };
        let (piece, left) = rest.split_at(length.min(rest.len()));
        let is_name = matches!(
            piece,
            b"NaN" | b"nan" | b"Infinity" | b"-Infinity" | b"inf" | b"-inf"
        );
        let quote: &[u8] = if is_name { b"\"" } else { b"" };
        quoted.extend([quote, piece, quote].concat());
        (rest, any) = (left, any || is_name);
    }
    any.then_some(quoted)
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
}

/// The length of what is left of a text behind its first quote, its last one included.
fn text_length(rest: &[u8]) -> usize {
    let mut is_escaped = false;
    let ends = |byte: &u8| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    };
    rest.iter().position(ends).map_or(rest.len(), |end| end + 1)
}

/// Writes a number.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Form::of(*value).serialize(serializer)
}

/// Reads a number.
///
/// # Errors
/// Where it is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Form::deserialize(deserializer)?.value()
}

/// The same for a number that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Form, Serialize, Serializer};

    /// Writes a number.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Form::of).serialize(serializer)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// Where it is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Option::<Form>::deserialize(deserializer)?
            .map(Form::value)
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pair {
        #[serde(with = "super")]
        a: f64,
        #[serde(with = "super::option")]
        b: Option<f64>,
    }

    #[test]
    fn numbers_in_a_terminal_are_never_hidden_and_zero_has_no_sign() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.733_21, "0.7332"),
            (-2.5, "-2.5000"),
            (0.001, "0.0010"),
            (0.000_04, "4.000e-5"),
            (-3.2e-17, "-3.200e-17"),
            (f64::MIN_POSITIVE, "2.225e-308"),
            (99_999.4, "99999.4000"),
            (1_234_567.89, "1234567.9"),
            (2.5e9, "2.500e9"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(with_decimals(0.000_04, 6), "0.000040");
        assert_eq!(with_decimals(0.000_004, 6), "4.00000e-6");
        let signs = [0.5, -0.5, 0.0, -0.0, f64::INFINITY].map(signed);
        assert_eq!(signs, ["+0.5000", "-0.5000", "0", "0", "+inf"]);
    }

    #[test]
    fn bare_names_of_numbers_are_quoted_and_nothing_else_is() {
        let quoted =
            |text: &str| with_names_quoted(text.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(
            quoted(r#"{"a": NaN, "b":-Infinity,"c":[Infinity, 1e-5, true, null]}"#).unwrap(),
            r#"{"a": "NaN", "b":"-Infinity","c":["Infinity", 1e-5, true, null]}"#
        );
        for text in [
            r#"{"NaN": "a \" NaN", "b": -1.5E+7}"#,
            "",
            "\"NaN",
            "Nano",
            "\"\\\\\" ",
        ] {
            assert_eq!(quoted(text), None, "{text}");
        }
    }

    #[test]
    fn every_number_comes_back() {
        for a in [
            0.1,
            -0.0,
            1e308,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            for b in [None, Some(a)] {
                let text = serde_json::to_string(&Pair { a, b }).unwrap();
                let read: Pair = serde_json::from_str(&text).unwrap();
                assert_eq!(read, Pair { a, b }, "{text}");
            }
        }
        let text = serde_json::to_string(&Pair { a: f64::NAN, b: None });
        assert_eq!(text.unwrap(), r#"{"a":"nan","b":null}"#);
        let read: Pair = serde_json::from_str(r#"{"a":null,"b":null}"#).unwrap();
        assert!(read.a.is_nan() && read.b.is_none());
        assert!(serde_json::from_str::<Pair>(r#"{"a":"many","b":null}"#).is_err());
    }
}
