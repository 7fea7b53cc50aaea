//! What a plugin can be told: parameters with types, defaults, limits and help.

mod value;

use std::ops::{Bound, RangeBounds};

pub use value::Value;

use crate::BadParameters;
use crate::json::{Json, quoted};

/// The parameters of a plugin, as [`parameters!`](crate::parameters!) declares them.
pub trait Parameters: Sized {
    /// The JSON Schema that the host checks and documents parameters by.
    fn schema() -> String;

    /// The parameters in a JSON object; what it lacks has its default.
    ///
    /// # Errors
    /// The first parameter that is unknown, of a wrong type or beyond its limits.
    fn read(given: &Json) -> Result<Self, BadParameters>;
}

/// For plugins that cannot be told anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoParameters;

impl Parameters for NoParameters {
    fn schema() -> String {
        schema_of(&[])
    }

    fn read(given: &Json) -> Result<Self, BadParameters> {
        expect_names(given, &[]).map(|()| Self)
    }
}

/// Declares a plugin's parameters: a struct, its defaults, and the JSON Schema that `gfn` checks and documents them by.
///
/// ```
/// gfn_plugin_sdk::parameters! {
///     /// What the reward can be told.
///     pub struct Parameters {
///         /// The molecular weight that is aimed at.
///         pub weight: f64 = 350.0, range(50.0..=900.0), unit("g/mol");
///         /// How many rings are too many.
///         pub rings: usize = 4, range(1..);
///         /// What the score is made of.
///         pub method: String = "gaussian", one_of(&["gaussian", "step"]);
///         /// Whether salts are scored.
///         pub salts: bool = false;
///     }
/// }
/// assert_eq!(Parameters::default().weight, 350.0);
/// ```
///
/// Types are `f64`, `i64`, `u64`, `usize`, `bool` and `String`. The text above each is its help. Behind the
/// default come limits, which are methods of [`Parameter`](crate::parameters::Parameter).
#[macro_export]
macro_rules! parameters {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $(
        $(#[doc = $help:literal])+
        $field_visibility:vis $field:ident : $type:ty = $default:expr $(, $limit:ident($($bound:expr),*))* ;
    )* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name { $(
            $(#[doc = $help])+
            $field_visibility $field: $type,
        )* }

        impl $crate::parameters::Parameters for $name {
            fn schema() -> String {
                $crate::parameters::schema_of(&[$(
                    $crate::parameters::Parameter::<$type>::new(stringify!($field), &[$($help),+], $default)
                        $(.$limit($($bound),*))*
                        .schema()
                ),*])
            }

            fn read(given: &$crate::json::Json) -> Result<Self, $crate::BadParameters> {
                $crate::parameters::expect_names(given, &[$(stringify!($field)),*])?;
                Ok(Self { $(
                    $field: $crate::parameters::Parameter::<$type>::new(stringify!($field), &[$($help),+], $default)
                        $(.$limit($($bound),*))*
                        .read(given)?,
                )* })
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $(
                    $field: <$type as $crate::parameters::Value>::from_literal($default),
                )* }
            }
        }
    };
}

/// The JSON Schema of an object with these members. For [`parameters!`](crate::parameters!).
#[doc(hidden)]
pub fn schema_of(members: &[String]) -> String {
    format!(
        "{{\"type\": \"object\", \"properties\": {{{}}}, \"additionalProperties\": false}}",
        members.join(", ")
    )
}

/// Refuses what is not an object, and members that have none of these names. For [`parameters!`](crate::parameters!).
#[doc(hidden)]
pub fn expect_names(given: &Json, names: &[&str]) -> Result<(), BadParameters> {
    let Json::Object(members) = given else {
        return Err(BadParameters::new(format!(
            "parameters are an object, not {given}"
        )));
    };
    match members.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) if names.is_empty() => Err(BadParameters::new(format!(
            "`{name}` is unknown: there are no parameters"
        ))),
        Some((name, _)) => {
            let known = names.join("`, `");
            Err(BadParameters::new(format!(
                "`{name}` is unknown; there are `{known}`"
            )))
        }
    }
}

/// One parameter: its name, help, default and limits.
#[derive(Clone, Debug)]
pub struct Parameter<T> {
    name: &'static str,
    help: String,
    default: T,
    limits: (Bound<T>, Bound<T>),
    choices: &'static [&'static str],
    unit: &'static str,
}

impl<T: Value> Parameter<T> {
    /// A parameter without limits. The lines of `help` are joined.
    pub fn new(name: &'static str, help: &[&str], default: T::Literal) -> Self {
        let help: Vec<&str> = help.iter().map(|line| line.trim()).collect();
        Self {
            name,
            help: help.join(" ").trim().to_owned(),
            default: T::from_literal(default),
            limits: (Bound::Unbounded, Bound::Unbounded),
            choices: &[],
            unit: "",
        }
    }

    /// Only values in this range: `range(0.0..=1.0)`, `range(1..)`.
    #[must_use]
    pub fn range(mut self, range: impl RangeBounds<T>) -> Self {
        self.limits = (range.start_bound().cloned(), range.end_bound().cloned());
        self
    }

    /// The unit that help shows: `unit("g/mol")`.
    #[must_use]
    pub fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// The parameter's member of the schema's properties.
    pub fn schema(&self) -> String {
        let mut members = vec![
            format!("\"type\": \"{}\"", T::TYPE),
            format!("\"description\": {}", quoted(&self.help)),
            format!("\"default\": {}", self.default.to_json()),
        ];
        members.extend(self.limits_schema());
        if !self.choices.is_empty() {
            let choices: Vec<String> = self.choices.iter().map(|choice| quoted(choice)).collect();
            members.push(format!("\"enum\": [{}]", choices.join(", ")));
        }
        if !self.unit.is_empty() {
            members.push(format!("\"x-unit\": {}", quoted(self.unit)));
        }
        format!("{}: {{{}}}", quoted(self.name), members.join(", "))
    }

    fn limits_schema(&self) -> impl Iterator<Item = String> {
        let least = match &self.limits.0 {
            Bound::Included(least) => Some(format!("\"minimum\": {}", least.to_json())),
            Bound::Excluded(least) => Some(format!("\"exclusiveMinimum\": {}", least.to_json())),
            Bound::Unbounded => T::LEAST.map(|least| format!("\"minimum\": {least}")),
        };
        let most = match &self.limits.1 {
            Bound::Included(most) => Some(format!("\"maximum\": {}", most.to_json())),
            Bound::Excluded(most) => Some(format!("\"exclusiveMaximum\": {}", most.to_json())),
            Bound::Unbounded => None,
        };
        least.into_iter().chain(most)
    }

    fn limits_in_words(&self) -> String {
        let least = match &self.limits.0 {
            Bound::Included(least) => Some(format!("at least {}", least.to_json())),
            Bound::Excluded(least) => Some(format!("more than {}", least.to_json())),
            Bound::Unbounded => None,
        };
        let most = match &self.limits.1 {
            Bound::Included(most) => Some(format!("at most {}", most.to_json())),
            Bound::Excluded(most) => Some(format!("less than {}", most.to_json())),
            Bound::Unbounded => None,
        };
        least.into_iter().chain(most).collect::<Vec<_>>().join(" and ")
    }

    /// The parameter's value in an object of parameters, or its default.
    ///
    /// # Errors
    /// A value of a wrong type or beyond the limits.
    pub fn read(&self, given: &Json) -> Result<T, BadParameters> {
        let Some(json) = given.member(self.name) else {
            return Ok(self.default.clone());
        };
        let wrong = |expected: &str| {
            let name = self.name;
            BadParameters::new(format!("`{name}` = {json} must be {expected}"))
        };
        let value = T::from_json(json).ok_or_else(|| wrong(&format!("of the type {}", T::TYPE)))?;
        if !self.limits.contains(&value) {
            return Err(wrong(&self.limits_in_words()));
        }
        let chosen = json.as_text().is_none_or(|text| self.choices.contains(&text));
        match self.choices.is_empty() || chosen {
            true => Ok(value),
            false => Err(wrong(&format!("one of `{}`", self.choices.join("`, `")))),
        }
    }
}

impl Parameter<String> {
    /// Only these texts: `one_of(&["ring", "square"])`.
    #[must_use]
    pub fn one_of(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    parameters! {
        /// What this test can be told.
        struct Told {
            /// A share
            /// of "all".
            share: f64 = 0.5, range(0.0..=1.0), unit("%");
            /// How often.
            count: usize = 3, range(1..100);
            /// A shift.
            shift: i64 = -2;
            /// The shape.
            shape: String = "ring", one_of(&["ring", "square"]);
            /// Yes or no.
            yes: bool = true;
            /// Any number of bits.
            bits: u64 = 18_446_744_073_709_551_615;
        }
    }

    fn read(text: &str) -> Result<Told, String> {
        Told::read(&Json::read(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_schema_says_what_was_declared() {
        let schema = Json::read(&Told::schema()).unwrap();
        assert_eq!(schema.member("additionalProperties"), Some(&Json::Bool(false)));
        let properties = Json::read(
            r#"{"share": {"type": "number", "description": "A share of \"all\".", "default": 0.5, "minimum": 0.0,
                          "maximum": 1.0, "x-unit": "%"},
                "count": {"type": "integer", "description": "How often.", "default": 3, "minimum": 1,
                          "exclusiveMaximum": 100},
                "shift": {"type": "integer", "description": "A shift.", "default": -2},
                "shape": {"type": "string", "description": "The shape.", "default": "ring", "enum": ["ring", "square"]},
                "yes": {"type": "boolean", "description": "Yes or no.", "default": true},
                "bits": {"type": "integer", "description": "Any number of bits.", "default": 18446744073709551615,
                         "minimum": 0}}"#,
        );
        assert_eq!(schema.member("properties"), properties.ok().as_ref());
        assert!(NoParameters::schema().contains("\"properties\": {}"));
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        assert_eq!(read("{}"), Ok(Told::default()));
        let told = read(r#"{"count": 7.0, "shape": "square", "share": 1, "yes": false}"#).unwrap();
        assert_eq!(
            (told.count, told.shape.as_str(), told.share, told.yes),
            (7, "square", 1.0, false)
        );
        assert_eq!((told.shift, told.bits), (-2, u64::MAX));
        assert_eq!(NoParameters::read(&Json::Object(vec![])), Ok(NoParameters));
    }

    #[test]
    fn wrong_values_are_named() {
        for (text, wrong) in [
            ("[]", "parameters are an object, not []"),
            (
                r#"{"sort": 1}"#,
                "`sort` is unknown; there are `share`, `count`, `shift`, `shape`, `yes`, `bits`",
            ),
            (
                r#"{"share": 1.5}"#,
                "`share` = 1.5 must be at least 0.0 and at most 1.0",
            ),
            (
                r#"{"share": 1e999}"#,
                "`share` = 1e999 must be of the type number",
            ),
            (
                r#"{"count": 100}"#,
                "`count` = 100 must be at least 1 and less than 100",
            ),
            (r#"{"count": 1.5}"#, "`count` = 1.5 must be of the type integer"),
            (r#"{"count": "1"}"#, "`count` = \"1\" must be of the type integer"),
            (
                r#"{"shape": "cube"}"#,
                "`shape` = \"cube\" must be one of `ring`, `square`",
            ),
            (r#"{"bits": -1}"#, "`bits` = -1 must be of the type integer"),
        ] {
            assert_eq!(read(text).unwrap_err(), wrong, "{text}");
        }
        let none = NoParameters::read(&Json::read(r#"{"a": 1}"#).unwrap()).unwrap_err();
        assert_eq!(none.to_string(), "`a` is unknown: there are no parameters");
    }
}
