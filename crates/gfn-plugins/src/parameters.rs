//! A plugin's parameters and the schema that it describes them with.

use serde_json::{Map, Value};

use crate::description::{Description, Kind};
use crate::error::PluginError;

/// `parameters` with the defaults of `schema` wherever a value is absent, in objects within objects too.
pub fn fill_in(schema: &Value, parameters: &Value) -> Value {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return parameters.clone();
    };
    let given = match parameters {
        Value::Object(given) => given.clone(),
        Value::Null => Map::new(),
        _ => return parameters.clone(),
    };
    let mut filled = given;
    for (name, property) in properties {
        match filled.get(name) {
            Some(value) => {
                let value = fill_in(property, value);
                filled.insert(name.clone(), value);
            }
            None => {
                if let Some(value) = default_of(property) {
                    filled.insert(name.clone(), value);
                }
            }
        }
    }
    Value::Object(filled)
}

/// What a property is where nothing is given: its own default, or an object of the defaults within it.
fn default_of(property: &Value) -> Option<Value> {
    if let Some(default) = property.get("default") {
        return Some(fill_in(property, default));
    }
    let filled = fill_in(property, &Value::Object(Map::new()));
    let has_defaults = filled.as_object().is_some_and(|members| !members.is_empty());
    has_defaults.then_some(filled)
}

/// The parameters with the defaults of the plugin's schema, checked against it.
pub(crate) fn complete(
    plugin: &str,
    description: &Description,
    kind: Kind,
    given: &Value,
) -> Result<Value, PluginError> {
    let plugin = plugin.to_string();
    if !description.is(kind) {
        let kinds: Vec<String> = description.kinds.iter().map(Kind::to_string).collect();
        let message = format!(
            "is no {kind} but a {}; name it where that is wanted",
            kinds.join(" and a ")
        );
        return Err(PluginError::Unsuitable { plugin, message });
    }
    let parameters = fill_in(&description.parameters, given);
    match check(&description.parameters, &parameters) {
        Ok(()) => Ok(parameters),
        Err(message) => Err(PluginError::BadParameters { plugin, message }),
    }
}

/// Checks `parameters` against `schema`.
///
/// # Errors
/// Every mistake, with the parameter it is in.
pub(crate) fn check(schema: &Value, parameters: &Value) -> Result<(), String> {
    let validator = jsonschema::validator_for(schema)
        .map_err(|error| format!("the schema of its parameters is wrong: {error}"))?;
    let mistakes: Vec<String> = validator
        .iter_errors(parameters)
        .map(|error| shown(&error))
        .collect();
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(mistakes.join("; ")),
    }
}

fn shown(error: &jsonschema::ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    match place.trim_start_matches('/') {
        "" => error.to_string(),
        place => format!("`{}`: {error}", place.replace('/', ".")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "scale": {"type": "number", "default": 2.5},
                "names": {"type": "array", "default": ["a"]},
                "target": {"type": "string"},
                "search": {"type": "object", "properties": {"steps": {"type": "integer", "default": 8}, "file": {}}},
            },
        })
    }

    #[test]
    fn defaults_are_filled_in_where_nothing_is_given() {
        let expected = json!({"scale": 2.5, "names": ["a"], "search": {"steps": 8}});
        assert_eq!(fill_in(&schema(), &Value::Null), expected);
        assert_eq!(fill_in(&schema(), &json!({})), expected);
    }

    #[test]
    fn what_is_given_stays() {
        let given = json!({"scale": 1, "target": "x", "search": {"file": "f"}, "unknown": true});
        let expected = json!(
            {"scale": 1, "target": "x", "search": {"file": "f", "steps": 8}, "unknown": true, "names": ["a"]}
        );
        assert_eq!(fill_in(&schema(), &given), expected);
    }

    #[test]
    fn mistakes_name_the_parameter() {
        let wrong = json!({"scale": "large", "search": {"steps": 1.5}, "other": 1});
        let message = check(&schema(), &wrong).unwrap_err();
        for part in ["`scale`", "`search.steps`", "other"] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(check(&schema(), &json!({"scale": 3.5})), Ok(()));
    }
}
