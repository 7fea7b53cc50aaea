//! What a plugin says of itself when it starts, against what it said when it was approved.
//!
//! Its files are hashed, but not all that it loads: a package of its interpreter may be another one today, and with it a
//! default, a version, or the promise that equal objects have equal rewards. A run would then keep what is no longer true.

use serde_json::Value;

use crate::description::Description;

/// The most differences that are told.
const MAX_TOLD: usize = 8;

/// What is different, in words; nothing where all is as it was. A summary and a licence are for readers alone.
pub(crate) fn differences(approved: &Description, now: &Description) -> Option<String> {
    let (approved, now) = (facts(approved), facts(now));
    let mut told = Vec::new();
    compare("", &approved, &now, &mut told);
    let more = told.len().saturating_sub(MAX_TOLD);
    told.truncate(MAX_TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    (!told.is_empty()).then(|| told.join("; "))
}

/// The description without texts for readers.
fn facts(description: &Description) -> Value {
    let mut facts = serde_json::to_value(description).unwrap_or_default();
    if let Some(members) = facts.as_object_mut() {
        members.remove("summary");
        members.remove("licence");
        if let Some(parameters) = members.get_mut("parameters") {
            forget_texts(parameters, false);
        }
    }
    facts
}

/// Removes the texts of a schema; `is_named` where the members are parameters, which may be called like one.
fn forget_texts(schema: &mut Value, is_named: bool) {
    match schema {
        Value::Object(members) => {
            if !is_named {
                members.retain(|key, value| {
                    !(value.is_string() && matches!(key.as_str(), "description" | "title"))
                });
            }
            for (key, member) in members.iter_mut() {
                let is_value = !is_named && matches!(key.as_str(), "default" | "enum" | "const" | "examples");
                if !is_value {
                    forget_texts(member, !is_named && key == "properties");
                }
            }
        }
        Value::Array(members) => members.iter_mut().for_each(|member| forget_texts(member, false)),
        _ => {}
    }
}

fn compare(place: &str, approved: &Value, now: &Value, told: &mut Vec<String>) {
    if let (Value::Object(before), Value::Object(after)) = (approved, now) {
        let new = after.keys().filter(|key| !before.contains_key(*key));
        for key in before.keys().chain(new) {
            let place = match place {
                "" => key.clone(),
                place => format!("{place}.{key}"),
            };
            let member =
                |members: &serde_json::Map<String, Value>| members.get(key).cloned().unwrap_or_default();
            compare(&place, &member(before), &member(after), told);
        }
    } else if !is_same(approved, now) {
        told.push(format!(
            "`{place}` is {now}, and was {approved} when it was approved"
        ));
    }
}

/// Whether two values are the same; numbers are by what they mean, because `1.0` may be written `1`.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        _ => a == b,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use serde_json::json;

    fn described(change: Value) -> Description {
        let mut whole = json!({"name": "a", "version": "1.0", "summary": "s", "objects": ["molecule"], "deterministic": true,
            "parameters": {"properties": {"scale": {"default": 2.0, "description": "d"}, "title": {"default": "x"}}}});
        let members = whole.as_object_mut().unwrap();
        members.extend(change.as_object().unwrap().clone());
        Description::read(whole).unwrap()
    }

    #[test]
    fn every_fact_is_compared_and_both_sides_are_told() {
        let approved = described(json!({}));
        let scale = |default: Value| json!({"properties": {"scale": {"default": default, "description": "e"}, "title": {"default": "x"}}});
        for same in [
            json!({}),
            json!({"summary": "t", "licence": "MIT"}),
            json!({"parameters": scale(json!(2))}),
        ] {
            assert_eq!(differences(&approved, &described(same)), None);
        }
        for (change, parts) in [
            (json!({"version": "1.1"}), ["`version`", "\"1.1\"", "\"1.0\""]),
            (json!({"name": "b"}), ["`name`", "\"b\"", "\"a\""]),
            (
                json!({"parameters": scale(json!(3))}),
                ["`parameters.properties.scale.default`", "3", "2.0"],
            ),
            (
                json!({"deterministic": false}),
                ["`deterministic`", "false", "true"],
            ),
            (json!({"objects": []}), ["`objects`", "[]", "molecule"]),
            (
                json!({"kinds": ["vocabulary"]}),
                ["`kinds`", "vocabulary", "reward"],
            ),
            (json!({"input": "texts"}), ["`input`", "texts", "states"]),
            (json!({"can_be_zero": true}), ["`can_be_zero`", "true", "false"]),
            (json!({"greatest": 1.5}), ["`greatest`", "1.5", "null"]),
            (
                json!({"parameters": {"properties": {"title": {"default": "y"}, "scale": {"default": 2.0}}}}),
                ["title.default", "\"y\"", "\"x\""],
            ),
        ] {
            let told = differences(&approved, &described(change)).unwrap();
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        }
    }
}
