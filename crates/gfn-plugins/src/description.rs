//! What a plugin says of itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{cleaned, cut};

/// The longest of its own words that are shown, in bytes.
const LONGEST_TEXT: usize = 400;

/// What a plugin can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Scores finished objects.
    Reward,
    /// Blocks that molecules are built from.
    Vocabulary,
    /// A graph of states.
    Environment,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reward => "reward",
            Self::Vocabulary => "vocabulary",
            Self::Environment => "environment",
        })
    }
}

/// What a reward is given of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Its words, 32-bit integers.
    #[default]
    States,
    /// Its text: a SMILES, a sequence.
    Texts,
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::States => "states",
            Self::Texts => "texts",
        })
    }
}

/// What a plugin says of itself. Members that this version does not know are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// Its licence.
    pub licence: Option<String>,
    /// What it can be; a command that does not say is a reward.
    pub kinds: Vec<Kind>,
    /// The kinds of objects that it understands; all where empty.
    pub objects: Vec<String>,
    /// What it is given of an object.
    pub input: Input,
    /// The JSON Schema of its parameters.
    pub parameters: Value,
    /// Whether equal objects always have equal rewards; a plugin that does not say is.
    pub deterministic: bool,
    /// Whether one instance may be called by several threads at once.
    pub thread_safe: bool,
    /// The most objects in a call; 0 for any number.
    pub max_batch: u64,
    /// Whether some reward is 0.
    pub can_be_zero: bool,
    /// A reward that no object's exceeds.
    pub greatest: Option<f64>,
    /// The reward from which an object counts as a mode.
    pub mode_threshold: Option<f64>,
    /// Whether it needs a GPU.
    pub needs_gpu: bool,
}

impl Description {
    /// Reads what a plugin said.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(mut value: Value) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| format!("its description is wrong: {error}");
        if let Some(members) = value.as_object_mut() {
            members.retain(|_, member| !member.is_null());
            members
                .entry("parameters")
                .or_insert_with(|| Value::Object(Map::new()));
            let reward = serde_json::to_value([Kind::Reward]).map_err(wrong)?;
            members.entry("kinds").or_insert(reward);
            members.entry("deterministic").or_insert(true.into());
        }
        let description: Self = serde_json::from_value(value).map_err(wrong)?;
        let description = description.shown()?;
        match description.name.is_empty() {
            true => Err("its description has no `name`".to_string()),
            false => Ok(description),
        }
    }

    /// With texts that can be shown: whoever wrote them may have meant to steer a terminal, or to add lines of their own to
    /// what is shown. Texts for readers are cleaned; a name would be another one then.
    ///
    /// # Errors
    /// Which name cannot be shown.
    pub(crate) fn shown(mut self) -> Result<Self, String> {
        self.objects
            .iter()
            .try_for_each(|object| visible("a kind of objects", object))?;
        all_visible(&self.parameters, Part::Schema)?;
        let shown = [&mut self.name, &mut self.version, &mut self.summary];
        for text in shown.into_iter().chain(self.licence.as_mut()) {
            *text = cut(&cleaned(text), LONGEST_TEXT);
        }
        clean_all(&mut self.parameters);
        Ok(self)
    }

    /// Whether it can be a `kind`.
    pub fn is(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// Members of a schema whose texts are shown in quotes, or cleaned.
const QUOTED: [&str; 6] = ["default", "enum", "examples", "pattern", "description", "title"];

/// Members of a schema whose own members have names that are free.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "definitions",
];

/// What a part of a schema is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A schema: its members have meanings.
    Schema,
    /// Schemas with names, which may be called like a member.
    Named,
    /// Texts and values that are shown in quotes.
    Quoted,
}

/// Checks that every name in a schema can be shown, and every text that is shown as it is.
fn all_visible(value: &Value, part: Part) -> Result<(), String> {
    let part_of = |key: &str| match part {
        Part::Quoted => Part::Quoted,
        Part::Schema if QUOTED.contains(&key) => Part::Quoted,
        Part::Schema if NAMED.contains(&key) => Part::Named,
        Part::Schema | Part::Named => Part::Schema,
    };
    match value {
        Value::Object(members) => members.iter().try_for_each(|(key, member)| {
            visible("a parameter", key)?;
            all_visible(member, part_of(key))
        }),
        Value::Array(members) => members.iter().try_for_each(|member| all_visible(member, part)),
        Value::String(text) if part != Part::Quoted => visible("a parameter", text),
        _ => Ok(()),
    }
}

/// Checks that a name has no character that steers a terminal, breaks the line, or takes no room.
fn visible(what: &str, name: &str) -> Result<(), String> {
    match gfn_text::visible(name) {
        shown if shown == name => Ok(()),
        shown => Err(format!(
            "its description names {what} `{}`, which has characters that do not show; use others",
            cut(&shown, LONGEST_TEXT)
        )),
    }
}

/// Cleans every text in a schema that people are told; what parameters may be stays as it is.
fn clean_all(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                match member {
                    Value::String(text) if key == "description" || key == "title" => {
                        *text = text.lines().map(cleaned).collect::<Vec<_>>().join("\n");
                    }
                    member => clean_all(member),
                }
            }
        }
        Value::Array(members) => members.iter_mut().for_each(clean_all),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_said_has_its_default() {
        let description = Description::read(json!({"name": "a", "licence": null, "later": 1})).unwrap();
        assert_eq!(
            (description.kinds, description.input),
            (vec![Kind::Reward], Input::States)
        );
        assert!(description.deterministic && !description.thread_safe && description.licence.is_none());
        assert_eq!(description.parameters, json!({}));
    }

    #[test]
    fn a_description_survives_being_written() {
        let full = json!({"name": "a", "version": "1", "summary": "s\u{1b}[1m", "kinds": ["reward", "vocabulary"], "input": "texts",
            "objects": ["molecule"], "greatest": 2.5, "parameters": {"type": "object", "properties": {"a": {"description": "\u{1b}[2J"}}}, "max_batch": 7});
        let description = Description::read(full).unwrap();
        assert_eq!(
            description.parameters["properties"]["a"]["description"],
            "\\u{1b}[2J"
        );
        assert_eq!(description.summary, "s\\u{1b}[1m");
        let written = serde_json::to_value(&description).unwrap();
        assert_eq!(Description::read(written).unwrap(), description);
    }

    #[test]
    fn names_that_would_add_lines_are_refused_and_shown_escaped() {
        let forged = "scale\n  network: no\u{1b}[8m";
        let inner = json!({"type": "object", "properties": {forged: {"type": "number"}}});
        for parameters in [
            inner.clone(),
            json!({"properties": {"a": inner.clone()}}),
            json!({"properties": {"a": {"anyOf": [inner]}}}),
            json!({"properties": {"a": {"x-unit": forged}}}),
            json!({"properties": {"a": {"oneOf": [{"const": forged}]}}}),
            json!({"properties": {"a": {"default": [{forged: 1}]}}}),
            json!({"properties": {"default": {"x-unit": forged}}}),
            json!({"required": [forged]}),
        ] {
            let error = Description::read(json!({"name": "a", "parameters": parameters})).unwrap_err();
            assert!(error.contains(r"scale\n  network: no\u{1b}[8m"), "{error}");
        }
        let error = Description::read(json!({"name": "a", "objects": ["mole\ncule"]})).unwrap_err();
        assert!(error.contains(r"mole\ncule"), "{error}");
        // Values are shown in quotes, and may be anything.
        let values = json!({"properties": {"text": {"default": "a\nb", "enum": ["a\nb", "c"], "description": "1\n2"}}});
        Description::read(json!({"name": "a", "parameters": values})).unwrap();
    }

    #[test]
    fn a_description_that_makes_no_sense_is_refused() {
        for wrong in [
            json!([]),
            json!({}),
            json!({"name": 3}),
            json!({"name": "a", "kinds": ["loss"]}),
        ] {
            assert!(Description::read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
