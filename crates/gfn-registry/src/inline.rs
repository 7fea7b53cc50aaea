//! The schema of a parameter struct in a form that is easy to walk: no references, no `null`, no markup.

use serde_json::{Map, Value};

/// Deepest nesting of references that is followed; a schema that refers to itself ends in one that accepts anything.
const DEPTH_LIMIT: usize = 32;

/// The whole numbers that a format holds, where that is less than TOML has.
const FORMATS: [(&str, i64, i64); 8] = [
    ("uint", 0, i64::MAX),
    ("uint64", 0, i64::MAX),
    ("uint32", 0, u32::MAX as i64),
    ("uint16", 0, u16::MAX as i64),
    ("uint8", 0, u8::MAX as i64),
    ("int32", i32::MIN as i64, i32::MAX as i64),
    ("int16", i16::MIN as i64, i16::MAX as i64),
    ("int8", i8::MIN as i64, i8::MAX as i64),
];

/// A schema with what it refers to in its place. TOML has no `null`, so what may be null may be absent; formats, which are
/// Rust's, become bounds; Markdown's escapes are taken off descriptions.
pub(crate) fn inlined(root: &Value) -> Value {
    let mut schema = expanded(root, root, 0);
    if let Some(map) = schema.as_object_mut() {
        map.retain(|key, _| !["$schema", "$defs", "title"].contains(&key.as_str()));
    }
    schema
}

fn expanded(schema: &Value, root: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(_) if depth > DEPTH_LIMIT => Value::Bool(true),
        Value::Object(map) => Value::Object(object(map, root, depth)),
        Value::Array(items) => items.iter().map(|item| expanded(item, root, depth)).collect(),
        other => other.clone(),
    }
}

fn object(map: &Map<String, Value>, root: &Value, depth: usize) -> Map<String, Value> {
    let mut out = Map::new();
    let target = map.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| root.pointer(target.strip_prefix('#')?));
    if let Some(target) = target.and_then(Value::as_object) {
        out.extend(object(target, root, depth + 1));
    }
    for (key, value) in map.iter().filter(|(key, _)| *key != "$ref" && *key != "$defs") {
        out.insert(key.clone(), expanded(value, root, depth + 1));
    }
    without_null(&mut out);
    bounded(&mut out);
    if let Some(Value::String(text)) = out.get_mut("description") {
        *text = text.replace("\\[", "[").replace("\\]", "]");
    }
    out
}

/// Takes `null` out of the types, the alternatives and the default; one alternative that is left takes the schema's place.
fn without_null(map: &mut Map<String, Value>) {
    if map.get("default") == Some(&Value::Null) {
        map.remove("default");
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            map.insert("type".into(), one);
        }
    }
    let Some(Value::Array(options)) = map.get_mut("anyOf") else {
        return;
    };
    options.retain(|option| option["type"] != "null");
    if let [Value::Object(only)] = options.as_slice() {
        let only = only.clone();
        map.remove("anyOf");
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}

/// Replaces a format by the bounds that it means, where closer ones are not stated.
fn bounded(map: &mut Map<String, Value>) {
    let Some(format) = map.get("format").and_then(Value::as_str).map(str::to_owned) else {
        return;
    };
    let known = FORMATS.iter().find(|(name, _, _)| *name == format);
    if let Some(&(_, least, most)) = known {
        map.entry("minimum").or_insert(least.into());
        if most < i64::MAX {
            map.entry("maximum").or_insert(most.into());
        }
    }
    if known.is_some() || ["double", "float", "int", "int64"].contains(&format.as_str()) {
        map.remove("format");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_nulls_and_formats_are_gone() {
        let schema = json!({
            "title": "P",
            "properties": {
                "kind": { "description": "Mine: 1\\[x\\]", "anyOf": [{ "$ref": "#/$defs/Kind" }, { "type": "null" }] },
                "count": { "type": ["integer", "null"], "format": "uint8", "default": null },
            },
            "$defs": { "Kind": { "description": "Its", "enum": ["a", "b"] } },
        });
        let expected = json!({
            "properties": {
                "kind": { "description": "Mine: 1[x]", "enum": ["a", "b"] },
                "count": { "type": "integer", "minimum": 0, "maximum": 255 },
            },
        });
        assert_eq!(inlined(&schema), expected);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let tree = json!({ "properties": { "left": { "$ref": "#/$defs/Tree" } } });
        let schema = json!({ "$ref": "#/$defs/Tree", "$defs": { "Tree": tree } });
        assert!(inlined(&schema).to_string().contains("\"left\":true"));
    }
}
