//! Values of settings as text.

use std::collections::BTreeMap;

use serde_json::Value;

/// A value as `key = value`, or by itself where it is no table.
pub fn setting(value: &Value) -> String {
    let pairs = flat(value);
    match pairs.get("") {
        Some(alone) => alone.clone(),
        None => joined(pairs.iter()),
    }
}

/// Values of one list, each by what tells it from the others: keys that have one value in all of them are left out, and a key that is
/// the only one left, and that all have, is not named.
pub fn told_apart(values: &[Value]) -> Vec<String> {
    let flat: Vec<BTreeMap<String, String>> = values.iter().map(flat).collect();
    let is_different = |key: &str| flat.iter().any(|pairs| pairs.get(key) != flat[0].get(key));
    let mut keys: Vec<&String> = flat.iter().flat_map(BTreeMap::keys).collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| is_different(key));
    let all_have = |key: &String| flat.iter().all(|pairs| pairs.contains_key(key));
    let name = |pairs: &BTreeMap<String, String>| match &keys[..] {
        [] => None,
        [only] if all_have(only) => pairs.get(*only).cloned(),
        keys => Some(joined(keys.iter().filter_map(|key| pairs.get_key_value(*key)))),
    };
    let whole = values.iter().map(setting);
    let named = flat
        .iter()
        .map(|pairs| name(pairs).filter(|name| !name.is_empty()));
    named
        .zip(whole)
        .map(|(name, whole)| name.unwrap_or(whole))
        .collect()
}

fn joined<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let pairs = pairs.map(|(key, value)| format!("{key} = {value}"));
    pairs.collect::<Vec<_>>().join(", ")
}

/// The values within a table by their paths; that of no table under the empty path.
fn flat(value: &Value) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    gather("", value, &mut pairs);
    pairs
}

fn gather(path: &str, value: &Value, pairs: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (key, value) in table {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                gather(&path, value, pairs);
            }
        }
        value => drop(pairs.insert(path.into(), single(value))),
    }
}

fn single(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), crate::number::figure),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(setting).collect();
            format!("[{}]", values.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_keys_and_values_and_tell_only_what_differs() {
        let values = [
            json!({"kind": "tb", "z": {"rate": 0.1}}),
            json!({"kind": "subtb", "lambda": 0.9, "z": {"rate": 0.1}}),
        ];
        assert_eq!(setting(&values[0]), "kind = tb, z.rate = 0.1");
        assert_eq!(told_apart(&values), ["kind = tb", "kind = subtb, lambda = 0.9"]);
        let kinds = [json!({"kind": "tb", "a": 1}), json!({"kind": "db", "a": 1})];
        assert_eq!(told_apart(&kinds), ["tb", "db"]);
        // Of what lacks the one key that differs, all is told.
        let absent = [json!({"kind": "tb"}), json!({"kind": "tb", "a": 1})];
        assert_eq!(told_apart(&absent), ["kind = tb", "a = 1"]);
        let plain = [json!("a"), json!(64.0), json!([64, 64]), json!(true)];
        assert_eq!(told_apart(&plain), ["a", "64", "[64, 64]", "true"]);
        assert_eq!(told_apart(&[json!("a"), json!("a")]), ["a", "a"]);
    }
}
