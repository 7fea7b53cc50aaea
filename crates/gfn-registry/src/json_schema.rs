//! One JSON Schema of experiment files, for editors and other programs.
//!
//! A section that chooses by `kind` has a condition for each choice, not a list of alternatives: with those an editor can
//! only say that none matches, with conditions it names the key that is wrong. What a file `extends` may hold the rest
//! of a section, so which keys must be there is asked of files that extend nothing.

use gfn_config::FILE_KEYS;
use gfn_plugins::trust::{LockFile, Pin, Source};
use serde_json::{Map, Value, json};

use crate::inline::inlined;
use crate::sections::{ComponentSchema, SectionSchema, default_kind, sections};

/// The usual name of a file with the schema, which new experiment files look for beside them.
pub const SCHEMA_FILE: &str = "gfn.schema.json";

/// What the schema calls itself.
pub const TITLE: &str = "gfn experiment";

/// The schema (draft 2020-12) of an experiment file.
pub fn experiment_schema() -> Value {
    let sections = sections();
    let (mut definitions, mut properties) = (Map::new(), Map::new());
    for section in &sections {
        if section.name.is_empty() {
            properties.extend(own_properties(section));
        } else {
            definitions.insert(section.name.into(), section_schema(section));
            let reference = format!("#/$defs/{}", section.name);
            properties.insert(section.name.into(), json!({ "$ref": reference }));
        }
    }
    definitions.insert(UNSET.into(), unset());
    fill_profiles(&mut properties);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "description": "An experiment of gfn: what is built, what is rewarded, which network, which loss.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "if": constraint(json!({ "required": ["extends"] })),
        "else": whole_file(&sections),
        "$defs": definitions,
    })
}

/// The definition of what unsets a key; no section has this name.
const UNSET: &str = "unset";

/// What unsets a key.
fn unset() -> Value {
    json!({
        "description": "Unsets the key: whatever lower layers say of it, its default applies.",
        "type": "object",
        "properties": { "unset": { "const": true } },
        "required": ["unset"],
        "additionalProperties": false,
    })
}

/// The schema of a key that may be unset. What describes the key stays outside of the alternatives, where editors look for it.
fn unsettable(schema: Value) -> Value {
    let Value::Object(map) = schema else { return schema };
    let describes = |key: &String| ["description", "default", "examples"].contains(&key.as_str());
    let (mut outer, inner): (Map<_, _>, Map<_, _>) = map.into_iter().partition(|(key, _)| describes(key));
    if !inner.is_empty() {
        let unset = json!({ "$ref": format!("#/$defs/{UNSET}") });
        outer.insert("anyOf".into(), json!([inner, unset]));
    }
    outer.into()
}

/// The keys of a section with the one that unsets it; no alternative, since editors could then say of a wrong key only that
/// none matches.
fn unsettable_section(mut keys: Map<String, Value>) -> Map<String, Value> {
    let unset = json!({ "description": "`true`, and no other key: unsets the section.", "const": true });
    keys.insert(UNSET.into(), unset);
    keys
}

/// The same, with the parameters of the plugins in a lock file: they apply where a section names the pinned file.
pub fn experiment_schema_with(lock: &LockFile) -> Value {
    let mut schema = experiment_schema();
    let conditions: Vec<Value> = lock.pins.iter().filter_map(parameters_of).collect();
    if let Some(known) = schema
        .pointer_mut("/$defs/reward/allOf")
        .and_then(Value::as_array_mut)
    {
        known.extend(conditions);
    }
    schema
}

/// What holds of `parameters` where a reward is the pinned plugin.
fn parameters_of(pin: &Pin) -> Option<Value> {
    let named = match &pin.source {
        Source::Library(path) => {
            let name = path.file_name()?.to_string_lossy();
            json!({ "path": { "type": "string", "pattern": format!("(^|/){}$", escaped(&name)) } })
        }
        Source::Command(words) => json!({ "command": { "const": words } }),
    };
    let key = named.as_object()?.keys().next()?.clone();
    let mut properties = named;
    properties["kind"] = json!({ "const": "plugin" });
    let mut parameters = inlined(&pin.description.parameters);
    show_unit(&mut parameters);
    Some(constraint(json!({
        "if": constraint(json!({ "properties": properties, "required": ["kind", key] })),
        "then": constraint(json!({ "properties": { "parameters": parameters } })),
    })))
}

/// A text as a pattern that only it matches.
fn escaped(text: &str) -> String {
    let special = |letter: char| !letter.is_alphanumeric() && !"_-".contains(letter);
    let escape = |letter: char| match special(letter) {
        true => format!("\\{letter}"),
        false => letter.to_string(),
    };
    text.chars().map(escape).collect()
}

/// A profile may hold what a file may hold, but for the keys that speak of the file itself.
fn fill_profiles(properties: &mut Map<String, Value>) {
    let mut settings = properties.clone();
    settings.retain(|key, _| !FILE_KEYS.contains(&key.as_str()));
    let profile = properties.get_mut("profile");
    let keys = profile.and_then(|profile| profile.pointer_mut("/additionalProperties/properties"));
    let keys = keys.and_then(Value::as_object_mut);
    keys.expect("`FileKeys` has profiles by name").extend(settings);
}

/// What a file that extends nothing must have besides.
fn whole_file(sections: &[SectionSchema]) -> Value {
    let choosing = sections.iter().filter(|section| !section.components.is_empty());
    let required: Vec<&str> = choosing
        .clone()
        .filter(|section| default_kind(section.name).is_none())
        .map(|section| section.name)
        .collect();
    let properties: Map<String, Value> = choosing
        .map(|section| (section.name.to_string(), whole_section(section)))
        .collect();
    constraint(json!({ "required": required, "properties": properties }))
}

/// A section says what it chooses, or is as where it chooses the default: then its keys are those of the default.
fn whole_section(section: &SectionSchema) -> Value {
    let Some(default) = default_kind(section.name) else {
        return constraint(json!({ "required": ["kind"] }));
    };
    let tables = tables(section);
    let of_default = tables.iter().find(|(name, _)| *name == default);
    let (_, of_default) = of_default.expect("defaults are components");
    let keys = tables.iter().flat_map(|(_, keys)| keys.keys());
    let others = keys.filter(|key| !of_default.contains_key(*key));
    let others: Map<String, Value> = others.map(|key| (key.clone(), json!(["kind"]))).collect();
    let mut whole = json!({
        "dependentRequired": others,
        "if": constraint(json!({ "required": ["kind"] })),
    });
    whole["else"] = constraint(json!({ "properties": further(of_default, &shared(&tables)) }));
    constraint(whole)
}

/// What each component of a section can be given.
fn tables(section: &SectionSchema) -> Vec<(&str, Map<String, Value>)> {
    let table = |component: &'_ ComponentSchema| (component.name, component_properties(section, component));
    section.components.iter().map(table).collect()
}

fn section_schema(section: &SectionSchema) -> Value {
    if section.components.is_empty() {
        return table(section.help, unsettable_section(own_properties(section)));
    }
    let tables = tables(section);
    let shared = shared(&tables);
    let mut conditions: Vec<Value> = tables
        .iter()
        .map(|(name, keys)| condition(name, keys, &shared))
        .collect();
    conditions.push(without_kind(&tables));
    let mut properties = Map::from_iter([("kind".to_string(), kind(section))]);
    properties.extend(shared);
    constraint(json!({ "description": section.help, "properties": properties, "allOf": conditions }))
}

/// The choice itself.
fn kind(section: &SectionSchema) -> Value {
    let names: Vec<&str> = section
        .components
        .iter()
        .map(|component| component.name)
        .collect();
    let mut kind = json!({ "description": kind_help(section), "type": "string", "enum": names });
    if let Some(default) = default_kind(section.name) {
        kind["default"] = default.into();
    }
    kind
}

/// Every key of a section, with what holds for it under each choice; nothing where the choices differ.
fn shared(tables: &[(&str, Map<String, Value>)]) -> Map<String, Value> {
    let mut shared = Map::new();
    for (key, schema) in tables.iter().flat_map(|(_, keys)| keys) {
        let alike = tables
            .iter()
            .filter_map(|(_, keys)| keys.get(key))
            .all(|other| other == schema);
        shared.insert(key.clone(), if alike { schema.clone() } else { json!({}) });
    }
    shared
}

/// What holds where `name` is chosen: its keys and no others, and what only it says of them.
fn condition(name: &str, keys: &Map<String, Value>, shared: &Map<String, Value>) -> Value {
    let mut properties = Map::from_iter([("kind".to_string(), json!(true))]);
    properties.extend(further(keys, shared));
    json!({
        "if": constraint(json!({ "properties": { "kind": { "const": name } }, "required": ["kind"] })),
        "then": { "type": "object", "properties": properties, "additionalProperties": false },
    })
}

/// The keys of a choice, with what is not said of them already.
fn further(keys: &Map<String, Value>, shared: &Map<String, Value>) -> Map<String, Value> {
    let further = |(key, schema): (&String, &Value)| {
        let said = shared.get(key) == Some(schema);
        (key.clone(), if said { json!(true) } else { schema.clone() })
    };
    keys.iter().map(further).collect()
}

/// What holds where nothing known is chosen, as in a file whose choice is in one that it extends: the keys of any choice.
fn without_kind(tables: &[(&str, Map<String, Value>)]) -> Value {
    let names: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    let known = constraint(json!({ "properties": { "kind": { "enum": names } }, "required": ["kind"] }));
    let mut properties = Map::from_iter([("kind".to_string(), json!(true))]);
    let keys = tables.iter().flat_map(|(_, keys)| keys.keys());
    properties.extend(keys.map(|key| (key.clone(), json!(true))));
    json!({
        "if": known,
        "else": { "type": "object", "properties": properties, "additionalProperties": false },
    })
}

fn kind_help(section: &SectionSchema) -> String {
    let lines = section.components.iter().map(|component| {
        let help = component.schema["description"].as_str().unwrap_or_default();
        format!(
            "- `{}`: {}",
            component.name,
            help.split("\n\n").next().unwrap_or_default()
        )
    });
    format!("Which to take.\n\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// What holds of a table whose keys are listed elsewhere. Tombi warns of every key where a schema does not say that others may
/// be there, and so it does within `not`.
fn constraint(mut schema: Value) -> Value {
    schema["type"] = "object".into();
    schema["additionalProperties"] = true.into();
    schema
}

fn table(help: &str, properties: Map<String, Value>) -> Value {
    json!({ "description": help, "type": "object", "properties": properties, "additionalProperties": false })
}

/// A component's parameters, with what can be declared about any of its section.
fn component_properties(section: &SectionSchema, component: &ComponentSchema) -> Map<String, Value> {
    let mut properties = shown(&component.schema);
    for (key, default) in &component.defaults {
        if let (Some(property), Ok(default)) = (properties.get_mut(key), serde_json::to_value(default)) {
            property["default"] = default;
        }
    }
    properties.extend(own_properties(section));
    unsettable_section(properties)
}

fn own_properties(section: &SectionSchema) -> Map<String, Value> {
    section.own.iter().flat_map(shown).collect()
}

/// The keys of a schema, with their units in their descriptions, where an editor shows them.
fn shown(schema: &Value) -> Map<String, Value> {
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let show = |(key, mut property): (String, Value)| {
        show_unit(&mut property);
        match FILE_KEYS.contains(&key.as_str()) {
            true => (key, property),
            false => (key, unsettable(property)),
        }
    };
    properties.into_iter().map(show).collect()
}

fn show_unit(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("x-accepts");
            if let Some(unit) = map.remove("x-unit").as_ref().and_then(Value::as_str) {
                let help = map.get("description").and_then(Value::as_str).unwrap_or_default();
                let help = format!("{help}\n\nUnit: {unit}.");
                map.insert("description".into(), help.into());
            }
            map.values_mut().for_each(show_unit);
        }
        Value::Array(items) => items.iter_mut().for_each(show_unit),
        _ => {}
    }
}
