//! Parameters that no plugin should take, made from its own schema.

use serde_json::{Map, Value, json};

use super::report::{Finding, Problem, fail};
use super::subject::Subject;
use crate::description::Description;
use crate::error::PluginError;
use crate::options::Options;
use crate::parameters;

/// A key that no plugin has.
const UNKNOWN: &str = "no-such-parameter";

/// The most sets of wrong parameters that a plugin itself is started with.
const MOST: usize = 12;

/// Wrong parameters are refused by the schema, and do the plugin itself no harm.
pub(super) fn refusals(options: &Options, description: &Description, complete: &Value) -> Finding {
    let wrong = wrong(&description.parameters, complete);
    for (what, given) in &wrong {
        if parameters::check(&description.parameters, given).is_ok()
            && start(options, description, given)?.is_none()
        {
            return fail(format!(
                "{what} is taken: refuse it in the schema (`additionalProperties`, `type`, `minimum`, `maximum`), so that \
                 a user's mistake is found before a run"
            ));
        }
    }
    let mut taken = Vec::new();
    for (what, given) in wrong.iter().take(MOST) {
        match start(options, description, given)? {
            Some(reason) if reason.trim().is_empty() || reason.contains("no reason given") => {
                return fail(format!("{what} is refused by the plugin without a reason"));
            }
            Some(_) => {}
            None => taken.push(what.as_str()),
        }
    }
    Ok(match taken.len() {
        0 => format!(
            "{} wrong values are refused by the schema, and by the plugin itself",
            wrong.len()
        ),
        count => format!(
            "{} wrong values are refused by the schema; {count} of them the plugin itself would take, as {}",
            wrong.len(),
            taken[0]
        ),
    })
}

/// Why the plugin itself refuses parameters that its schema was not asked about; none where it takes them.
fn start(options: &Options, description: &Description, given: &Value) -> Result<Option<String>, Problem> {
    match Subject::start(options, description, given.clone()) {
        Ok(_) => Ok(None),
        Err(PluginError::BadParameters { message, .. }) => Ok(Some(message)),
        Err(PluginError::Start { message, .. }) if !is_lost(&message) => Ok(Some(message)),
        Err(error) => fail(format!("with the parameters {given}: {error}")),
    }
}

/// Whether the process was lost, going by what is said of it.
fn is_lost(message: &str) -> bool {
    ["it was killed", "it ended", "it closed", "it took longer"]
        .iter()
        .any(|start| message.starts_with(start))
}

/// Wrong sets of parameters, each with what is wrong about it.
fn wrong(schema: &Value, complete: &Value) -> Vec<(String, Value)> {
    let base = complete.as_object().cloned().unwrap_or_default();
    let with = |name: &str, value: Value| {
        let mut given: Map<String, Value> = base.clone();
        given.insert(name.to_string(), value);
        Value::Object(given)
    };
    let mut wrong = vec![(
        format!("the unknown parameter `{UNKNOWN}`"),
        with(UNKNOWN, json!(1)),
    )];
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        for value in wrong_values(property) {
            wrong.push((format!("`{name} = {value}`"), with(name, value)));
        }
    }
    wrong
}

/// Values that a property's own schema does not take: one of another type, and those just outside of its range.
fn wrong_values(property: &Value) -> Vec<Value> {
    let types = [json!("a text"), json!(0.5), json!(true), json!([]), json!({})];
    let bound = |key: &str, step: f64| {
        property
            .get(key)
            .and_then(Value::as_f64)
            .map(|bound| json!(bound + step))
    };
    let ranges = [
        bound("minimum", -1.0),
        bound("exclusiveMinimum", -1.0),
        bound("maximum", 1.0),
        bound("exclusiveMaximum", 1.0),
    ];
    let is_wrong = |value: &Value| parameters::check(property, value).is_err();
    let of_another_type = types.into_iter().find(is_wrong);
    let outside = ranges.into_iter().flatten().filter(is_wrong);
    of_another_type.into_iter().chain(outside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_parameters_are_made_from_the_schema() {
        let schema = json!({"properties": {
            "scale": {"type": "number", "minimum": 0, "maximum": 1},
            "name": {"enum": ["a", "b"]},
            "anything": {},
        }});
        let complete = json!({"scale": 0.5, "name": "a", "anything": null});
        let made = wrong(&schema, &complete);
        let said: Vec<&str> = made.iter().map(|(what, _)| what.as_str()).collect();
        let expected = [
            "the unknown parameter `no-such-parameter`",
            "`scale = \"a text\"`",
            "`scale = -1.0`",
            "`scale = 2.0`",
            "`name = \"a text\"`",
        ];
        assert_eq!(said, expected);
        assert_eq!(made[3].1, json!({"scale": 2.0, "name": "a", "anything": null}));
    }
}
