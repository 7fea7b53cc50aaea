//! What there is, told from the components' own parameters and doc comments: nothing here can go stale.
//!
//! A paragraph of a doc comment that begins with `Formula:`, `Reference:` or `References:` is told apart from the rest.

use serde::Serialize;
use serde_json::Value;

use crate::describe::{FREE_NAME, accepts, choices, value_text};
use crate::sections::{ComponentSchema, SectionSchema, sections};

/// A component, or the keys of a section that depend on no choice, as told to a user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described {
    /// The section of the file; empty for the keys above the first one.
    pub section: &'static str,
    /// The name, as `kind`; empty for a section that chooses nothing.
    pub name: &'static str,
    /// What it is.
    #[serde(flatten)]
    pub text: Text,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// A doc comment, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Text {
    /// The help text: the first sentence is the purpose.
    pub help: String,
    /// What is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Papers: authors, year, title, number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

/// A parameter as told to a user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// The key.
    pub name: String,
    /// What values it takes.
    pub accepts: String,
    /// What it counts or measures; absent for a plain number, a text, a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The default, as TOML; absent where there is none.
    pub default: Option<String>,
    /// A value that it could have, as TOML, where there is no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The help text.
    pub help: String,
    /// The names it takes, each with its help.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// The keys of the table that it can be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
}

/// One of the names that a parameter takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// The name.
    pub name: String,
    /// What it means.
    pub help: String,
}

/// Every component and every plain section, in the order of the file.
pub fn catalogue() -> Vec<Described> {
    sections().iter().flat_map(described).collect()
}

/// What a section can choose, and then its own keys.
pub fn described(section: &SectionSchema) -> Vec<Described> {
    let component = |component: &ComponentSchema| Described {
        section: section.name,
        name: component.name,
        text: Text::of(&component.schema),
        parameters: parameters(&component.schema, &component.defaults),
    };
    let mut all: Vec<Described> = section.components.iter().map(component).collect();
    if !section.own.is_empty() {
        let none = toml::Table::new();
        let own = section.own.iter().flat_map(|schema| parameters(schema, &none));
        all.push(Described {
            section: section.name,
            name: "",
            text: section.own.last().map(Text::of).unwrap_or_default(),
            parameters: own.collect(),
        });
    }
    all
}

impl Text {
    /// The description of a schema, by paragraphs.
    fn of(schema: &Value) -> Self {
        let mut text = Self::default();
        let mut help: Vec<String> = Vec::new();
        let description = schema["description"].as_str().unwrap_or_default();
        for paragraph in description
            .split("\n\n")
            .map(joined)
            .filter(|part| !part.is_empty())
        {
            let after = |label: &str| paragraph.strip_prefix(label).map(|rest| rest.trim().to_string());
            if let Some(formula) = after("Formula:") {
                text.formula = Some(formula);
            } else if let Some(list) = after("References:").or_else(|| after("Reference:")) {
                let list = list.trim_end_matches('.').split("; ");
                text.references.extend(list.map(str::to_string));
            } else {
                help.push(paragraph);
            }
        }
        text.help = help.join("\n\n");
        text
    }

    /// The first sentence, without its full stop.
    pub fn purpose(&self) -> &str {
        let mut ends = self.help.match_indices('.').map(|(at, _)| at);
        ends.find(|&at| ends_sentence(&self.help, at))
            .map_or(self.help.as_str(), |end| &self.help[..end])
    }
}

/// Words that end in a full stop within a sentence.
const ABBREVIATIONS: [&str; 14] = [
    "al", "approx", "cf", "ch", "e.g", "ed", "eq", "etc", "fig", "i.e", "no", "sec", "viz", "vs",
];

/// Whether the full stop at a place of a text ends a sentence: a new sentence or nothing follows, and the word before is neither an
/// abbreviation nor somebody's initial.
fn ends_sentence(text: &str, at: usize) -> bool {
    let rest = &text[at + 1..];
    let Some(next) = rest.trim_start().chars().next() else {
        return true;
    };
    let is_apart = rest.starts_with(char::is_whitespace) && !next.is_lowercase();
    let before = text[..at].rsplit(|letter: char| letter.is_whitespace() || letter == '(');
    let word = before.take(1).next().unwrap_or_default();
    let is_initial = word.chars().count() == 1 && word.starts_with(char::is_uppercase);
    is_apart && !is_initial && !ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// A paragraph on one line.
fn joined(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parameters that the schema of a plugin describes.
pub fn parameters_of(schema: &Value) -> Vec<Parameter> {
    parameters(&crate::inline::inlined(schema), &toml::Table::new())
}

/// The parameters of a table's schema. `defaults` goes before the defaults in the schema: it also has those that are worked out
/// when the file is read.
fn parameters(schema: &Value, defaults: &toml::Table) -> Vec<Parameter> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| parameter(name, property, defaults.get(name)))
        .collect()
}

fn parameter(name: &str, property: &Value, worked_out: Option<&toml::Value>) -> Parameter {
    let worked_out = worked_out.and_then(|value| serde_json::to_value(value).ok());
    let default = worked_out
        .as_ref()
        .or_else(|| property.get("default"))
        .map(value_text);
    Parameter {
        name: name.into(),
        accepts: accepts(property),
        unit: property["x-unit"].as_str().map(str::to_string),
        example: property["examples"]
            .get(0)
            .filter(|_| default.is_none())
            .map(value_text),
        default,
        help: Text::of(property).help,
        choices: choices(property),
        parameters: inner(property),
    }
}

/// The keys of a table that a parameter is, or can be; `NAME` stands for those that are free.
fn inner(property: &Value) -> Vec<Parameter> {
    let alternatives = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| property[*key].as_array());
    let tables = alternatives.flatten().chain([property]);
    let fixed = tables.flat_map(|schema| parameters(schema, &toml::Table::new()));
    let free = property
        .get("additionalProperties")
        .filter(|schema| schema.is_object());
    fixed
        .chain(free.map(|schema| parameter(FREE_NAME, schema, None)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(description: &str) -> Text {
        Text::of(&serde_json::json!({ "description": description }))
    }

    #[test]
    fn a_doc_comment_is_taken_apart() {
        let text = text(
            "Does it: well.\nAnd more.\n\nFormula: a +\nb\n\nLast.\n\nReferences: A 2021, \"T\"; B 2022.",
        );
        assert_eq!(text.help, "Does it: well. And more.\n\nLast.");
        assert_eq!(text.purpose(), "Does it: well");
        assert_eq!(text.formula.as_deref(), Some("a + b"));
        assert_eq!(text.references, ["A 2021, \"T\"", "B 2022"]);
    }

    #[test]
    fn abbreviations_end_no_sentence() {
        for (help, purpose) in [
            ("As Shen et al. 2023 did. And more.", "As Shen et al. 2023 did"),
            ("As Shen et al. In other words.", "As Shen et al. In other words"),
            ("Uses bits, e.g. Morgan's. More.", "Uses bits, e.g. Morgan's"),
            (
                "By J. Smith and (cf. Fig. 2) others. More.",
                "By J. Smith and (cf. Fig. 2) others",
            ),
            ("Above 0.5 it stops. `more`", "Above 0.5 it stops"),
            ("No full stop", "No full stop"),
            ("One.\n\nTwo.", "One"),
        ] {
            let text = Text {
                help: help.to_owned(),
                ..Text::default()
            };
            assert_eq!(text.purpose(), purpose);
        }
    }

    /// Each `Params` is its user's manual, so nothing in it may be left unsaid.
    #[test]
    fn everything_is_explained() {
        let mut missing = Vec::new();
        for described in catalogue() {
            let place = format!("{}.{}", described.section, described.name);
            if described.text.purpose().is_empty() {
                missing.push(format!("{place}: no help"));
            }
            let cited = [
                "loss",
                "sampler",
                "optimizer",
                "network",
                "reward",
                "environment",
                "backward_policy",
            ];
            if cited.contains(&described.section)
                && !["", "plugin"].contains(&described.name)
                && described.text.references.is_empty()
            {
                missing.push(format!("{place}: no reference"));
            }
            if described.section == "loss" && described.text.formula.is_none() {
                missing.push(format!("{place}: no formula"));
            }
            missing.extend(unexplained(&place, &described.parameters));
        }
        assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    }

    fn unexplained(place: &str, parameters: &[Parameter]) -> Vec<String> {
        let mut missing = Vec::new();
        for parameter in parameters {
            let place = format!("{place}.{}", parameter.name);
            if parameter.help.is_empty() {
                missing.push(format!("{place}: no help"));
            }
            if parameter.accepts.contains("value") {
                missing.push(format!("{place}: accepts anything"));
            }
            let silent = parameter.choices.iter().filter(|choice| choice.help.is_empty());
            missing.extend(silent.map(|choice| format!("{place} = {}: no help", choice.name)));
            missing.extend(unexplained(&place, &parameter.parameters));
        }
        missing
    }

    #[test]
    fn what_has_no_default_has_an_example() {
        for described in catalogue() {
            for parameter in &described.parameters {
                let place = format!("{}.{}.{}", described.section, described.name, parameter.name);
                // A table has those of its keys.
                let is_table = !parameter.parameters.is_empty();
                assert!(
                    parameter.default.is_some() || parameter.example.is_some() || is_table,
                    "{place}"
                );
            }
        }
    }
}
