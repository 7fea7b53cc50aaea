//! Rows of tables that gfn writes itself, as plain types.

use std::io::Read;

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::lines::Lines;

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct RowError {
    /// Its line in the file, from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// Reads a table with a line of names; a row that cannot be read gives what is wrong with it and where. Rows have as many cells as
/// there are names.
pub fn rows<T: DeserializeOwned>(mut source: impl Read) -> impl Iterator<Item = Result<T, RowError>> {
    let mut bytes = Vec::new();
    let failed = source.read_to_end(&mut bytes).err().map(|error| RowError {
        line: 1,
        reason: error.to_string(),
    });
    let read = match failed {
        Some(error) => vec![Err(error)],
        None => all(&bytes),
    };
    read.into_iter()
}

fn all<T: DeserializeOwned>(bytes: &[u8]) -> Vec<Result<T, RowError>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = Lines::of(text);
    let place = |byte: usize| {
        let ends = text[byte.min(text.len())..].iter();
        lines.line(byte + ends.take_while(|end| matches!(end, b'\r' | b'\n')).count())
    };
    let mut reader = csv::Reader::from_reader(text);
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_string).collect(),
        Err(error) => return vec![Err(fault(error, &[], 1))],
    };
    let mut begin = reader.position().byte() as usize;
    let mut rows = reader.deserialize::<T>();
    let mut found = Vec::new();
    while let Some(row) = rows.next() {
        found.push(row.map_err(|error| fault(error, &names, place(begin))));
        begin = rows.reader().position().byte() as usize;
    }
    found
}

fn fault(error: csv::Error, names: &[String], line: u64) -> RowError {
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let cells = if *len == 1 { "cell" } else { "cells" };
            format!("{len} {cells} where the first line has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".into(),
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|field| names.get(field as usize));
            let column = column.map_or(String::new(), |name| {
                format!("column {}: ", gfn_text::quoted(name))
            });
            format!("{column}{}", err.kind())
        }
        _ => error.to_string(),
    };
    RowError { line, reason }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        smiles: String,
        value: f64,
    }

    #[test]
    fn a_damaged_row_is_named_by_its_line() {
        let said = |text: &str| -> Vec<String> {
            let read = rows::<Pair>(text.as_bytes());
            read.map(|row| row.map_or_else(|error| error.to_string(), |row| row.smiles))
                .collect()
        };
        for end in ["\n", "\r\n"] {
            let text = "smiles,value\nC,1\n\nCC,x\nCO,1,2\nCN,3\n".replace('\n', end);
            assert_eq!(
                said(&text),
                [
                    "C",
                    "line 4: column `value`: invalid float literal",
                    "line 5: 3 cells where the first line has 2",
                    "CN"
                ]
            );
        }
        assert_eq!(
            said("smiles,value\nC"),
            ["line 2: 1 cell where the first line has 2"]
        );
        assert!(said("smiles,value\n").is_empty());
    }
}
