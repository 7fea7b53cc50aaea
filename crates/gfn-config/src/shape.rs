//! A JSON schema, unfolded to what the checks ask of it.

use serde_json::{Map, Value as Json};

/// Deepest chain of `$ref`, `allOf` and nested alternatives that is followed; a schema that refers to itself ends.
const UNFOLD_LIMIT: usize = 16;

/// One schema without `$ref`, `allOf`, `oneOf` and `anyOf`: those are merged in, or listed as [`Shape`]s of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    map: Map<String, Json>,
}

/// The shapes that a schema allows; more than one for enums and optional values' alternatives, none for `true`.
pub(crate) fn shapes(schema: &Json, root: &Json) -> Vec<Shape> {
    let Json::Object(map) = schema else {
        return Vec::new();
    };
    unfolded(map, root, 0)
        .into_iter()
        .filter(|shape| !shape.is_null())
        .collect()
}

fn unfolded(map: &Map<String, Json>, root: &Json, depth: usize) -> Vec<Shape> {
    let merged = merged(map, root, depth);
    let alternatives = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| merged.get(*key)?.as_array());
    let Some(alternatives) = alternatives.filter(|_| depth < UNFOLD_LIMIT) else {
        return vec![Shape { map: merged }];
    };
    let mut common = merged.clone();
    common.retain(|key, _| key != "oneOf" && key != "anyOf");
    let overlaid = |shape: Shape| {
        let mut map = common.clone();
        overlay(&mut map, &shape.map);
        Shape { map }
    };
    let objects = alternatives.iter().filter_map(Json::as_object);
    objects
        .flat_map(|alternative| unfolded(alternative, root, depth + 1))
        .map(overlaid)
        .collect()
}

/// The schema with what it refers to laid under it.
fn merged(map: &Map<String, Json>, root: &Json, depth: usize) -> Map<String, Json> {
    let mut out = Map::new();
    let referred = map
        .get("$ref")
        .and_then(Json::as_str)
        .and_then(|reference| resolve(reference, root));
    let all = map.get("allOf").and_then(Json::as_array).into_iter().flatten();
    if depth < UNFOLD_LIMIT {
        for part in referred.into_iter().chain(all).filter_map(Json::as_object) {
            overlay(&mut out, &merged(part, root, depth + 1));
        }
    }
    overlay(&mut out, map);
    out.retain(|key, _| key != "$ref" && key != "allOf");
    out
}

fn resolve<'a>(reference: &str, root: &'a Json) -> Option<&'a Json> {
    root.pointer(reference.strip_prefix('#')?)
}

/// Lays one schema over another: properties and required keys add up, anything else is replaced.
fn overlay(below: &mut Map<String, Json>, above: &Map<String, Json>) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Json::Object(old)), Json::Object(new)) if key == "properties" => {
                old.extend(new.iter().map(|(name, schema)| (name.clone(), schema.clone())));
            }
            (Some(Json::Array(old)), Json::Array(new)) if key == "required" => {
                old.extend(new.iter().cloned())
            }
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}

impl Shape {
    fn is_null(&self) -> bool {
        self.map.get("type").and_then(Json::as_str) == Some("null")
    }

    /// The JSON types that are allowed, `null` aside, since TOML leaves a key out instead; none where any is.
    pub(crate) fn types(&self) -> Vec<&str> {
        let types = match self.map.get("type") {
            Some(Json::String(one)) => vec![one.as_str()],
            Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        types.into_iter().filter(|name| *name != "null").collect()
    }

    /// Whether a table is among what is allowed.
    pub(crate) fn is_table(&self) -> bool {
        self.types().contains(&"object")
    }

    /// The strings of an enumeration; `None` where any string is allowed.
    pub(crate) fn constants(&self) -> Option<Vec<&str>> {
        if let Some(one) = self.map.get("const") {
            return Some(vec![one.as_str()?]);
        }
        let several = self.map.get("enum")?.as_array()?;
        several
            .iter()
            .filter(|value| !value.is_null())
            .map(Json::as_str)
            .collect()
    }

    /// The schema of a table's key.
    pub(crate) fn property(&self, name: &str) -> Option<&Json> {
        self.map.get("properties")?.get(name)
    }

    /// All keys that a table may have by name.
    pub(crate) fn properties(&self) -> Vec<&str> {
        let properties = self.map.get("properties").and_then(Json::as_object);
        properties
            .map(|map| map.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// The keys that a table must have.
    pub(crate) fn required(&self) -> Vec<&str> {
        let required = self.map.get("required").and_then(Json::as_array);
        required
            .map(|list| list.iter().filter_map(Json::as_str).collect())
            .unwrap_or_default()
    }

    /// The schema of keys without a name of their own, as a map has them.
    ///
    /// Where the schema says nothing there are none: serde would pass over a key nobody reads, and a setting that
    /// silently does nothing is the worst mistake of all.
    pub(crate) fn other_keys(&self) -> Option<&Json> {
        self.map
            .get("additionalProperties")
            .filter(|schema| **schema != Json::Bool(false))
    }

    /// The schema of an array's item.
    pub(crate) fn item(&self, index: usize) -> Option<&Json> {
        let prefix = self.map.get("prefixItems").and_then(Json::as_array);
        prefix
            .and_then(|list| list.get(index))
            .or_else(|| self.map.get("items"))
    }

    /// A count such as `minItems`.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        self.map.get(key)?.as_u64()
    }

    /// A bound such as `minimum`.
    pub(crate) fn bound(&self, key: &str) -> Option<f64> {
        self.map.get(key).and_then(Json::as_f64)
    }

    /// The range of a whole number's format, which serde enforces whether or not the schema spells the limits out.
    pub(crate) fn format_range(&self) -> Option<(i64, i64)> {
        match self.map.get("format")?.as_str()? {
            "int8" => Some((i8::MIN.into(), i8::MAX.into())),
            "int16" => Some((i16::MIN.into(), i16::MAX.into())),
            "int32" => Some((i32::MIN.into(), i32::MAX.into())),
            "uint8" => Some((0, u8::MAX.into())),
            "uint16" => Some((0, u16::MAX.into())),
            "uint32" => Some((0, u32::MAX.into())),
            "uint" | "uint64" => Some((0, i64::MAX)),
            _ => None,
        }
    }
}
