//! The types that parameters can have.

use crate::json::{Json, quoted};

/// A type that a parameter can have.
pub trait Value: Sized + Clone + PartialOrd {
    /// How a default is written in Rust.
    type Literal;
    /// What JSON Schema calls it.
    const TYPE: &'static str;
    /// The least value that the type has, where a schema must say so.
    const LEAST: Option<&'static str> = None;
    /// The value of a literal.
    fn from_literal(literal: Self::Literal) -> Self;
    /// The value in JSON, where it is one.
    fn from_json(json: &Json) -> Option<Self>;
    /// The value as JSON.
    fn to_json(&self) -> String;
}

macro_rules! integers {
    ($($type:ty, $least:expr;)*) => {$(
        impl Value for $type {
            type Literal = Self;
            const TYPE: &'static str = "integer";
            const LEAST: Option<&'static str> = $least;
            fn from_literal(literal: Self) -> Self {
                literal
            }
            fn from_json(json: &Json) -> Option<Self> {
                // To JSON Schema, 5.0 is an integer like 5.
                let whole = || json.as_number::<f64>().filter(|number| number.fract() == 0.0);
                json.as_number().or_else(|| format!("{:.0}", whole()?).parse().ok())
            }
            fn to_json(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

integers! {
    i64, None;
    u64, Some("0");
    usize, Some("0");
}

impl Value for f64 {
    type Literal = Self;
    const TYPE: &'static str = "number";
    fn from_literal(literal: Self) -> Self {
        literal
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_number().filter(|number: &Self| number.is_finite())
    }
    fn to_json(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for bool {
    type Literal = Self;
    const TYPE: &'static str = "boolean";
    fn from_literal(literal: Self) -> Self {
        literal
    }
    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }
    fn to_json(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    type Literal = &'static str;
    const TYPE: &'static str = "string";
    fn from_literal(literal: &'static str) -> Self {
        literal.into()
    }
    fn from_json(json: &Json) -> Option<Self> {
        json.as_text().map(Into::into)
    }
    fn to_json(&self) -> String {
        quoted(self)
    }
}
