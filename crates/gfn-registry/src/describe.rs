//! Schemas and values in words.

use serde_json::Value;

use crate::catalogue::Choice;

/// What stands for a key that a user makes up.
pub(crate) const FREE_NAME: &str = "NAME";

/// A value as TOML writes it on one line. Schemas hold no `null`.
pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let keys = map
                .iter()
                .map(|(key, value)| format!("{key} = {}", value_text(value)));
            format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(value_text);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        // JSON's texts and numbers are TOML's too.
        other => other.to_string(),
    }
}

/// Lines of at most `width` characters, each beginning with `indent`; blank lines stay between paragraphs.
pub fn wrap(text: &str, indent: &str, width: usize) -> String {
    let paragraph = |paragraph: &str| {
        let mut lines = vec![indent.to_string()];
        for word in paragraph.split_whitespace() {
            let line = lines.last_mut().expect("never empty");
            if line.chars().count() + word.chars().count() >= width && line.len() > indent.len() {
                lines.push(format!("{indent}{word}"));
            } else {
                if line.len() > indent.len() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        lines.join("\n")
    };
    let between = format!("\n{}\n", indent.trim_end());
    text.split("\n\n")
        .map(paragraph)
        .collect::<Vec<_>>()
        .join(&between)
}

/// The names that a parameter takes, with their help.
pub(crate) fn choices(schema: &Value) -> Vec<Choice> {
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let choice = |option: &Value| {
        let help = option["description"].as_str().unwrap_or_default();
        Some(Choice {
            name: option["const"].as_str()?.to_string(),
            help: help.split_whitespace().collect::<Vec<_>>().join(" "),
        })
    };
    options.filter_map(choice).collect()
}

/// What values a schema without references takes, in words.
pub(crate) fn accepts(schema: &Value) -> String {
    accepts_within(schema, "")
}

/// The same; `bounds` are those that a schema states beside its alternatives, which hold for the numbers among them.
fn accepts_within(schema: &Value, bounds: &str) -> String {
    // What a schema cannot say in short it says in words.
    if let Some(words) = schema["x-accepts"].as_str() {
        return words.into();
    }
    let own = range(schema);
    let bounds = if own.is_empty() { bounds } else { &own };
    let options = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
    if let Some(options) = options {
        let mut words: Vec<String> = options
            .iter()
            .map(|option| accepts_within(option, bounds))
            .collect();
        words.dedup();
        return words.join(" | ");
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(" | ");
    }
    match schema["type"].as_str() {
        Some("integer") => format!("whole number{bounds}"),
        Some("number") => format!("number{bounds}"),
        Some("string") => "text".into(),
        Some("boolean") => "true | false".into(),
        Some("object") => object(schema),
        Some("array") => format!("list of {}", accepts(&schema["items"])),
        _ => "value".into(),
    }
}

fn object(schema: &Value) -> String {
    let keys = schema["properties"].as_object().into_iter().flatten();
    let free = schema
        .get("additionalProperties")
        .filter(|schema| schema.is_object());
    let keys = keys.map(|(key, property)| (key.as_str(), property));
    let keys = keys.chain(free.map(|schema| (FREE_NAME, schema)));
    let keys = keys.map(|(key, property)| format!("{key} = {}", accepts(property)));
    format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
}

fn range(schema: &Value) -> String {
    let bound = |key: &str, sign: &str| match &schema[key] {
        Value::Number(bound) => Some(format!("{sign} {bound}")),
        _ => None,
    };
    let bounds = [
        bound("minimum", "≥"),
        bound("exclusiveMinimum", ">"),
        bound("maximum", "≤"),
        bound("exclusiveMaximum", "<"),
    ];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    if bounds.is_empty() {
        String::new()
    } else {
        format!(" {}", bounds.join(", "))
    }
}
