//! Numbers as JSON, those too that JSON has no form for: `"inf"`, `"-inf"` and `"nan"`, which the parsers of floating-point
//! numbers of Python, R and Rust read. For `#[serde(with = "…")]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number, or its name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Number(f64),
    Name(String),
}

impl Form {
    fn of(value: f64) -> Self {
        match value.is_finite() {
            true => Self::Number(value),
            false => Self::Name(value.to_string().to_lowercase()),
        }
    }

    fn value<E: serde::de::Error>(self) -> Result<f64, E> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Name(name) => name
                .parse()
                .map_err(|_| E::custom(format!("`{name}` is no number"))),
        }
    }
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
        assert!(serde_json::from_str::<Pair>(r#"{"a":"many","b":null}"#).is_err());
    }
}
