//! A value in a table.

use std::fmt;

/// A value in a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// A truth value.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

impl Cell {
    /// A whole number; one beyond what tables have is kept as near as a number can be.
    pub(crate) fn whole(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Number(value as f64), Self::Whole)
    }

    /// A TOML value; a list is text, as TOML writes it.
    pub(crate) fn of(value: &toml::Value) -> Self {
        match value {
            toml::Value::Boolean(value) => Self::Truth(*value),
            toml::Value::Integer(value) => Self::Whole(*value),
            toml::Value::Float(value) => Self::Number(*value),
            toml::Value::String(value) => Self::Text(value.clone()),
            other => Self::Text(other.to_string()),
        }
    }

    /// Its kind, from the narrowest to the widest.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Truth(_) => Kind::Truth,
            Self::Whole(_) => Kind::Whole,
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
        }
    }

    /// As a number, where it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }
}

/// As Python, R and Rust read it.
impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(value) => write!(out, "{value}"),
            Self::Whole(value) => write!(out, "{value}"),
            // Debug keeps the point of a whole number, and all digits that tell one number from another.
            Self::Number(value) => write!(out, "{value:?}"),
            Self::Text(value) => out.write_str(value),
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Truth values.
    Truth,
    /// Whole numbers.
    Whole,
    /// Numbers.
    Number,
    /// Text.
    Text,
}

impl Kind {
    /// The narrowest kind that holds both.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Whole | Self::Number, Self::Whole | Self::Number) => Self::Number,
            _ => Self::Text,
        }
    }
}
