//! A table of text whose columns have names.

use csv::ByteRecord;
use gfn_text::quoted;
use thiserror::Error;

use crate::kind::Kind;
use crate::lines::Lines;
use crate::quotes;
use crate::separator::Separator;

/// A table, its rows checked one by one.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns' names.
    pub names: Vec<String>,
    /// What parts the cells.
    pub separator: Separator,
    /// Whether that is another one than the file's name promises, and was neither asked for nor declared.
    pub is_recognized: bool,
    /// The line with the names.
    pub line: u64,
    /// The rows, blank lines left out.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// As many cells as there are names; or what is wrong with the row as a whole.
    cells: Result<ByteRecord, BadRow>,
}

/// A row that cannot be read as a whole.
#[derive(Clone, Debug)]
struct BadRow {
    reason: String,
    text: String,
}

/// Why a file is no table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableFault {
    /// It is something else.
    #[error("is {0}")]
    Kind(Kind),
    /// It has names at most.
    #[error("is empty: expected a line with the columns' names, and a line for each molecule")]
    Empty,
    /// It begins with a comment.
    #[error(
        "begins with {}: expected the columns' names on the first line; gfn reads no comments in tables, so remove them",
        quoted(.0)
    )]
    Comment(String),
}

impl Row {
    /// The text of a cell, without blanks around it.
    ///
    /// # Errors
    /// What is wrong with the row, or with the cell's encoding.
    pub fn cell(&self, column: usize) -> Result<&str, String> {
        let cells = self.cells.as_ref().map_err(|bad| bad.reason.clone())?;
        let cell = cells.get(column).unwrap_or_default();
        std::str::from_utf8(cell).map_err(|_| {
            let shown = String::from_utf8_lossy(cell);
            format!("{} is not UTF-8; save the table as \"CSV UTF-8\"", quoted(&shown))
        })
    }

    /// What is wrong with the row as a whole, and its text; none where it can be read.
    pub fn fault(&self) -> Option<(&str, &str)> {
        let bad = self.cells.as_ref().err()?;
        Some((&bad.reason, &bad.text))
    }
}

impl Table {
    /// Reads a table. Cells are parted by `separator`; without one by `usual`, or by another that fits where `usual` does not.
    ///
    /// # Errors
    /// [`TableFault`] where it is no table. A row that cannot be read is none: it says so itself.
    pub fn read(bytes: &[u8], separator: Option<Separator>, usual: Separator) -> Result<Self, TableFault> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match Kind::of(text) {
            Some(Kind::Empty) => return Err(TableFault::Empty),
            Some(kind) => return Err(TableFault::Kind(kind)),
            None => {}
        }
        let declared = Separator::declared(text);
        let start = declared.map_or(0, |(_, start)| start);
        let (separator, is_recognized) = match separator.or(declared.map(|(declared, _)| declared)) {
            Some(separator) => (separator, false),
            None => Separator::of(&text[start..], usual),
        };
        let mut records = Records::new(text, start, separator);
        let head = records.next().ok_or(TableFault::Empty)?;
        let names = head.record.iter().map(String::from_utf8_lossy);
        let names: Vec<String> = names.map(|name| name.into_owned()).collect();
        if names[0].starts_with('#') {
            return Err(TableFault::Comment(names[0].clone()));
        }
        let records: Vec<RawRecord> = records.collect();
        if records.is_empty() {
            return Err(TableFault::Empty);
        }
        // A spreadsheet writes a separator behind every row where a column without a name was once used.
        let is_trailing =
            |found: &RawRecord| found.record.len() > names.len() && found.is_blank_from(names.len());
        let may_trail = records.iter().all(is_trailing);
        let rows = records.into_iter().map(|found| Row {
            line: found.line,
            cells: match fault(&found, names.len(), may_trail, separator) {
                None => Ok(found.record),
                Some(reason) => Err(BadRow {
                    reason,
                    text: String::from_utf8_lossy(found.raw).trim_end().to_string(),
                }),
            },
        });
        let (line, rows) = (head.line, rows.collect());
        Ok(Self {
            names,
            separator,
            is_recognized,
            line,
            rows,
        })
    }

    /// What else would part the first line of a text into several cells, and into how many.
    pub fn other_separators(&self, bytes: &[u8]) -> Vec<(Separator, usize)> {
        let others = Separator::ALL
            .into_iter()
            .filter(|other| *other != self.separator);
        let counted = others.map(|other| (other, other.columns(bytes)));
        counted.filter(|(_, columns)| *columns > 1).collect()
    }
}

/// A record of the file as it stands.
struct RawRecord<'a> {
    line: u64,
    record: ByteRecord,
    raw: &'a [u8],
}

impl RawRecord<'_> {
    fn is_blank_from(&self, column: usize) -> bool {
        self.record
            .iter()
            .skip(column)
            .all(|cell| cell.trim_ascii().is_empty())
    }
}

/// The records of a text, blank lines left out.
struct Records<'a> {
    text: &'a [u8],
    start: usize,
    lines: Lines,
    reader: csv::Reader<&'a [u8]>,
}

impl<'a> Records<'a> {
    fn new(text: &'a [u8], start: usize, separator: Separator) -> Self {
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator.byte())
            .trim(csv::Trim::All)
            .has_headers(false)
            .flexible(true)
            .from_reader(&text[start..]);
        Self {
            text,
            start,
            lines: Lines::of(text),
            reader,
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = RawRecord<'a>;

    fn next(&mut self) -> Option<RawRecord<'a>> {
        loop {
            let mut record = ByteRecord::new();
            let begin = self.reader.position().byte() as usize;
            // Bytes in memory, of any number of cells: there is nothing that can fail.
            if !self.reader.read_byte_record(&mut record).unwrap_or(false) {
                return None;
            }
            let end = self.reader.position().byte() as usize;
            let raw = &self.text[self.start + begin..self.start + end];
            // A record's own beginning: line ends before it are those of the record above and of blank lines.
            let blanks = raw
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            if record.len() == 1 && record[0].is_empty() && !raw.contains(&b'"') {
                continue;
            }
            return Some(RawRecord {
                line: self.lines.line(self.start + begin + blanks),
                record,
                raw: &raw[blanks..],
            });
        }
    }
}

/// What is wrong with a row as a whole; none where it has as many cells as there are names.
fn fault(found: &RawRecord<'_>, wanted: usize, may_trail: bool, separator: Separator) -> Option<String> {
    if let Some(fault) = quotes::fault(found.raw, separator.byte()) {
        return Some(fault.into());
    }
    let width = found.record.len();
    if width == wanted || may_trail {
        return found.is_blank_from(0).then(|| "all its cells are empty".into());
    }
    let cells = if width == 1 { "cell" } else { "cells" };
    let hint = hint(found, wanted, separator);
    Some(format!("{width} {cells} where the first line has {wanted}{hint}"))
}

/// Why a row may have another number of cells.
fn hint(found: &RawRecord<'_>, wanted: usize, separator: Separator) -> String {
    let record = &found.record;
    if record[0].starts_with(b"#") {
        return "; gfn reads no comments in tables".into();
    }
    let is_digits = |cell: &[u8]| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
    let is_whole = |cell: &[u8]| is_digits(cell.strip_prefix(b"-").unwrap_or(cell));
    let cells: Vec<&[u8]> = record.iter().collect();
    let is_split = |pair: &[&[u8]]| {
        let fraction = pair[1].split(|byte| matches!(byte, b'e' | b'E' | b' ')).next();
        is_whole(pair[0]) && is_digits(fraction.unwrap_or_default())
    };
    if record.len() > wanted && separator == Separator::Comma && cells.windows(2).any(is_split) {
        return "; a decimal comma, or a thousands separator?".into();
    }
    if record.len() > wanted {
        let behind = found.is_blank_from(wanted);
        return match behind {
            true => format!("; remove the {separator} at its end"),
            false => format!("; a cell that holds {separator} must be in quotes"),
        };
    }
    let other = Separator::ALL
        .into_iter()
        .find(|other| *other != separator && other.columns(found.raw) == wanted);
    other.map_or(String::new(), |other| {
        format!("; its cells are parted by {other}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Table {
        Table::read(text.as_bytes(), None, Separator::Comma).unwrap()
    }

    /// Lines and cells of the rows, or what is wrong with them.
    fn rows(text: &str) -> Vec<(u64, Result<String, String>)> {
        let table = read(text);
        let cells = |row: &Row| {
            let cells = (0..table.names.len()).map(|column| row.cell(column).map(str::to_string));
            cells.collect::<Result<Vec<_>, _>>().map(|cells| cells.join("|"))
        };
        table.rows.iter().map(|row| (row.line, cells(row))).collect()
    }

    fn only_fault(text: &str) -> String {
        let mut rows = rows(text)
            .into_iter()
            .filter_map(|(line, row)| Some((line, row.err()?)));
        let (line, reason) = rows.next().expect("a bad row");
        assert!(rows.next().is_none(), "{text:?}");
        format!("{line}: {reason}")
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "smiles,y\n\nC,1\n\"C\n\nC\",2\n \nCO,3".replace('\n', end);
            let found = rows(&text);
            let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [3, 4, 8], "{text:?}");
            assert_eq!(found[2].1, Ok("CO|3".into()));
        }
        let found = rows("\u{feff}sep=;\r\nsmiles;y\r\n\r\nC;0,5\r\n");
        assert_eq!(found, [(4, Ok("C|0,5".into()))]);
        assert_eq!(read("\n\nsmiles,y\nC,1").line, 3);
    }

    #[test]
    fn rows_of_another_width_are_bad() {
        let decimal = "3 cells where the first line has 2; a decimal comma, or a thousands separator?";
        assert!(only_fault("smiles,y\nCO,1\nCCO,0,33\n").starts_with(&format!("3: {decimal}")));
        assert!(only_fault("smiles,y\r\n\r\nCCCO,1,000\r\n").starts_with(&format!("3: {decimal}")));
        let cases = [
            ("smiles,y\nC,1\nCO\n", "3: 1 cell where the first line has 2"),
            (
                "smiles,y\nC,1\nCO;2\n",
                "3: 1 cell where the first line has 2; its cells are parted by `;`",
            ),
            (
                "smiles,y\nC,1\n# note\n",
                "3: 1 cell where the first line has 2; gfn reads no comments in tables",
            ),
            (
                "smiles,y\nC,1\nCO,2,\n",
                "3: 3 cells where the first line has 2; remove the `,` at its end",
            ),
            (
                "smiles,y\nC,1\nCO,a,b\n",
                "3: 3 cells where the first line has 2; a cell that holds `,` must be in quotes",
            ),
            ("smiles,y\nC,1\n,\n", "3: all its cells are empty"),
            (
                "smiles,y\nC,1\n\"CO,2\nCN,3\n",
                "3: a quote is opened and never closed",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(only_fault(text), expected);
        }
        assert!(
            only_fault("a,b,c\nC,1,x\nC,1,\"x\nCO,2,\"y\"\n").starts_with("3: text follows a closing quote")
        );
    }

    #[test]
    fn separators_behind_every_row_are_no_cells() {
        assert_eq!(
            rows("smiles,y\nC,1,\nCO,2,,\n"),
            [(2, Ok("C|1".into())), (3, Ok("CO|2".into()))]
        );
        assert_eq!(rows("smiles,y,\nC,1,\n"), [(2, Ok("C|1|".into()))]);
    }

    #[test]
    fn what_is_no_table_is_named() {
        let said = |bytes: &[u8]| {
            let fault = Table::read(bytes, None, Separator::Comma).unwrap_err();
            fault.to_string()
        };
        assert!(said(b"").starts_with("is empty"));
        assert!(said(b"\xef\xbb\xbf").starts_with("is empty"));
        assert!(said(b"smiles,y\r\n\r\n").starts_with("is empty"));
        assert!(said(b"\xff\xfes\0m\0").starts_with("is text in UTF-16"));
        assert!(said(b"# made by x\nsmiles,y\n").starts_with("begins with `# made by x`"));
        assert!(said(b"PK\x03\x04 xl/workbook.xml").contains("CSV UTF-8"));
    }

    #[test]
    fn cells_of_another_encoding_are_bad_where_they_are_read() {
        let table = Table::read(b"smiles,unit\nC,\xb5M\n", None, Separator::Comma).unwrap();
        assert_eq!(table.rows[0].cell(0), Ok("C"));
        assert!(table.rows[0].cell(1).unwrap_err().contains("is not UTF-8"));
    }
}
