//! What is different between two experiments whose defaults are filled in.

use serde::Serialize;
use toml::{Table, Value};

use crate::describe::bare_or_quoted;

/// A key whose value is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// Its value on the first side; `None` where there is none.
    pub before: Option<Value>,
    /// Its value on the second side.
    pub after: Option<Value>,
}

impl Difference {
    /// The path as a file or a flag writes it.
    pub fn key(&self) -> String {
        let parts: Vec<String> = self.path.iter().map(|key| bare_or_quoted(key)).collect();
        parts.join(".")
    }
}

/// Every key that differs, in the order of the first table, then of what only the second has.
///
/// The order of keys says nothing. A table that chooses another `kind` is one difference, because the keys below mean
/// something else on each side.
pub fn differences(before: &Table, after: &Table) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(before, after, &mut Vec::new(), &mut found);
    found
}

fn compare(before: &Table, after: &Table, path: &mut Vec<String>, found: &mut Vec<Difference>) {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        path.push(key.clone());
        match (before.get(key), after.get(key)) {
            (Some(Value::Table(before)), Some(Value::Table(after)))
                if before.get("kind") == after.get("kind") =>
            {
                compare(before, after, path, found);
            }
            (before, after) if before != after => found.push(Difference {
                path: path.clone(),
                before: before.cloned(),
                after: after.cloned(),
            }),
            _ => {}
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> Vec<String> {
        let table = |text: &str| toml::from_str(text).expect("TOML");
        let words = |value: &Option<Value>| value.as_ref().map_or("absent".to_owned(), Value::to_string);
        differences(&table(before), &table(after))
            .iter()
            .map(|found| {
                format!(
                    "{}: {} -> {}",
                    found.key(),
                    words(&found.before),
                    words(&found.after)
                )
            })
            .collect()
    }

    #[test]
    fn order_and_layout_mean_nothing() {
        let one = "a = 1\nb = [1, 2]\n[t]\nx = 0.5\ny = { z = 1 }\n";
        let two = "t = { y.z = 1, x = 5e-1 } # the same\nb = [\n1,\n2]\na = 0x1\n";
        assert_eq!(shown(one, two), [""; 0]);
    }

    #[test]
    fn every_key_is_told_once() {
        let one = "a = 1\ngone = 2\n[t]\nx = 1\n\"odd key\" = 1\n";
        let two = "a = \"1\"\n[t]\nx = 1\n\"odd key\" = 2\n[t.new]\ny = 1\n";
        let expected = [
            "a: 1 -> \"1\"",
            "gone: 2 -> absent",
            "t.\"odd key\": 1 -> 2",
            "t.new: absent -> { y = 1 }",
        ];
        assert_eq!(shown(one, two), expected);
    }

    #[test]
    fn another_kind_is_another_table() {
        let one = "[loss]\nkind = \"a\"\nx = 1\n";
        assert_eq!(
            shown(one, "[loss]\nkind = \"b\"\nx = 1\n"),
            ["loss: { kind = \"a\", x = 1 } -> { kind = \"b\", x = 1 }"]
        );
        assert_eq!(shown(one, "[loss]\nkind = \"a\"\nx = 2\n"), ["loss.x: 1 -> 2"]);
    }
}
