//! Settings without the tables that they lie in.

use toml::{Table, Value};

/// Every value of a table by its path, such as `loss.kind`, in the order of the file.
pub(crate) fn flat(table: &Table) -> Vec<(String, &Value)> {
    let mut values = Vec::new();
    gather("", table, &mut values);
    values
}

fn gather<'a>(prefix: &str, table: &'a Table, values: &mut Vec<(String, &'a Value)>) {
    for (key, value) in table {
        match value {
            Value::Table(inner) => gather(&format!("{prefix}{key}."), inner, values),
            value => values.push((format!("{prefix}{key}"), value)),
        }
    }
}
