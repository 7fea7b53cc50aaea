//! The list of bad rows that is written beside an output.

use gfn_files::cell::{self, shown};

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its line in the file, from 1; its number where there is no file.
    pub line: u64,
    /// The column that is at fault; none where it is the row as a whole.
    pub column: Option<String>,
    /// What stands there.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The names of the columns, by which a file of ours is known.
const NAMES: [&str; 4] = ["line", "column", "value", "reason"];

/// The bad rows as comma-separated values.
pub fn rejected_csv(rows: &[Rejected]) -> Vec<u8> {
    let mut writer = cell::csv().from_writer(Vec::new());
    let in_memory = "memory can be written";
    writer.write_record(NAMES).expect(in_memory);
    for row in rows {
        let column = row.column.as_deref().unwrap_or_default();
        let cells = [
            &row.line.to_string(),
            &*shown(column),
            &*shown(&row.value),
            &*shown(&row.reason),
        ];
        writer.write_record(cells).expect(in_memory);
    }
    writer.into_inner().expect(in_memory)
}

/// Whether a file is a list of bad rows, which may be replaced.
pub fn is_ours(bytes: &[u8]) -> bool {
    bytes.starts_with(format!("{}\n", NAMES.join(",")).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rows_are_a_table() {
        let row = Rejected {
            line: 7,
            column: Some("y".into()),
            value: "=1,5".into(),
            reason: "`=1,5` is not a number".into(),
        };
        let whole = Rejected {
            line: 8,
            column: None,
            value: String::new(),
            reason: "1 cell".into(),
        };
        let hidden = Rejected {
            line: 9,
            column: Some("\u{1b}[2J".into()),
            value: "a;=1+1\t@x".into(),
            reason: "no\n".into(),
        };
        let bytes = rejected_csv(&[row, whole, hidden]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(
            text,
            "line,column,value,reason\n7,y,\"'=1,5\",\"`=1,5` is not a number\"\n8,,,1 cell\n\
             9,\\u{1b}[2J,\"a;'=1+1\\u{9}@x\",no\\u{a}\n"
        );
        assert!(is_ours(&bytes) && !is_ours(b"smiles,y\n"));
    }
}
