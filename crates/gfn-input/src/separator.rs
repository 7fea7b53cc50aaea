//! What parts the cells of a table.

use std::fmt;
use std::str::FromStr;

/// What parts the cells of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// `,`.
    #[default]
    Comma,
    /// `;`, as in files of Excel in most of Europe.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`.
    Pipe,
}

/// So many records are looked at to recognize a separator.
const LOOKED_AT: usize = 100;

impl Separator {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The byte that it is.
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The one that the first line declares, as Excel reads it: `sep=;`; and where the table begins after it.
    pub(crate) fn declared(text: &[u8]) -> Option<(Self, usize)> {
        let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
        let line = std::str::from_utf8(&text[..end]).ok()?.trim_matches([' ', '"']);
        let mark = line.get(..4).filter(|mark| mark.eq_ignore_ascii_case("sep="))?;
        Some((line[mark.len()..].parse().ok()?, end))
    }

    /// The one of a text, whose cells are expected to be parted by `usual`, and whether it is another one. Another is only taken where
    /// it alone makes several columns with as many cells in every row.
    pub(crate) fn of(text: &[u8], usual: Self) -> (Self, bool) {
        if usual.is_even(text) {
            return (usual, false);
        }
        let mut others = Self::ALL
            .into_iter()
            .filter(|other| *other != usual && other.is_even(text));
        match (others.next(), others.next()) {
            (Some(other), None) => (other, true),
            _ => (usual, false),
        }
    }

    /// How many cells the first line has.
    pub(crate) fn columns(self, text: &[u8]) -> usize {
        self.widths(text).next().unwrap_or(0)
    }

    /// Whether it makes several columns, with as many cells in each of the first rows.
    fn is_even(self, text: &[u8]) -> bool {
        let mut widths = self.widths(text).take(LOOKED_AT);
        let first = widths.next().unwrap_or(0);
        first > 1 && widths.all(|width| width == first)
    }

    fn widths(self, text: &[u8]) -> impl Iterator<Item = usize> {
        let reader = csv::ReaderBuilder::new()
            .delimiter(self.byte())
            .has_headers(false)
            .flexible(true)
            .from_reader(text);
        let records = reader.into_byte_records().map_while(Result::ok);
        let is_blank = |record: &csv::ByteRecord| record.as_slice().trim_ascii().is_empty();
        records
            .filter(move |record| !(record.len() == 1 && is_blank(record)))
            .map(|record| record.len())
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tab => f.write_str("tabs"),
            other => write!(f, "`{}`", char::from(other.byte())),
        }
    }
}

impl FromStr for Separator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "," | "comma" => Ok(Self::Comma),
            ";" | "semicolon" => Ok(Self::Semicolon),
            "\t" | "\\t" | "tab" => Ok(Self::Tab),
            "|" | "pipe" => Ok(Self::Pipe),
            _ => Err("expected `,`, `;`, `|` or `tab`".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_separator_is_taken_where_it_alone_fits() {
        let found = |text: &str| Separator::of(text.as_bytes(), Separator::Comma);
        let usual = (Separator::Comma, false);
        assert_eq!(found("smiles,y\nCCO,1\n"), usual);
        // A bad row does not make another separator of a comma.
        assert_eq!(found("smiles,y\nCCO,0,33\n"), usual);
        assert_eq!(found("smiles;y\nCCO;0,33\n"), (Separator::Semicolon, true));
        assert_eq!(
            found("smiles;IC50, nM;y\nCCO;1,5;2\nCO;1;2\n"),
            (Separator::Semicolon, true)
        );
        assert_eq!(found("smiles\ty\nCCO\t1\n"), (Separator::Tab, true));
        assert_eq!(found("smiles|y\nCCO|1\n"), (Separator::Pipe, true));
        // Two would do, or none.
        assert_eq!(found("a;b|c\n1;2|3\n"), usual);
        assert_eq!(found("smiles y\nCCO 1\n"), usual);
        assert_eq!(found(""), usual);
    }

    #[test]
    fn a_first_line_may_declare_it() {
        assert_eq!(
            Separator::declared(b"sep=;\r\nsmiles;y"),
            Some((Separator::Semicolon, 5))
        );
        assert_eq!(Separator::declared(b"\"SEP=|\"\na|b"), Some((Separator::Pipe, 7)));
        assert_eq!(Separator::declared(b"separate,y\n"), None);
    }
}
