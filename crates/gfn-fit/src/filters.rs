//! Which rows are read.

use std::collections::BTreeMap;

use gfn_input::Row;
use gfn_text::quoted;

use crate::columns::nearest;
use crate::error::TableError;
use crate::source::Source;

/// So many values of a column are named in a message.
const NAMED: usize = 6;

/// What is asked for of the columns: of each, one of these values.
pub(crate) struct Filters {
    wanted: BTreeMap<usize, Vec<String>>,
}

impl Filters {
    /// Reads `COLUMN=VALUE`, a text each.
    ///
    /// # Errors
    /// Where there is no such column, or no row has such a value.
    pub(crate) fn of(source: &Source, texts: &[String]) -> Result<Self, TableError> {
        let mut wanted = BTreeMap::<usize, Vec<String>>::new();
        for text in texts {
            let (column, value) = part(source, text)?;
            must_occur(source, column, &value)?;
            wanted.entry(column).or_default().push(value);
        }
        Ok(Self { wanted })
    }

    /// Whether something is asked for of a column.
    pub(crate) fn declare(&self, column: usize) -> bool {
        self.wanted.contains_key(&column)
    }

    /// Whether a row is read. One that cannot be read is, so that it is not passed over.
    pub(crate) fn take(&self, row: &Row) -> bool {
        self.wanted.iter().all(|(column, values)| {
            let cell = row.cell(*column);
            cell.map_or(true, |cell| values.iter().any(|value| *value == bare(cell)))
        })
    }
}

/// A cell without the quotes that ChEMBL writes around a relation: `'='`.
pub(crate) fn bare(cell: &str) -> &str {
    let inner = cell.strip_prefix('\'').and_then(|cell| cell.strip_suffix('\''));
    inner.unwrap_or(cell).trim()
}

/// The values of a column, the most frequent ones first, and in how many rows each stands.
pub(crate) fn frequencies<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for cell in cells {
        *counts.entry(bare(cell)).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts
        .into_iter()
        .map(|(cell, count)| (cell.into(), count))
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// Values and in how many rows each stands: "`nM` (2385), `%` (255), nothing (194) and 3 more".
pub(crate) fn in_words(counts: &[(String, usize)]) -> String {
    let shown = |(value, count): &(String, usize)| match value.is_empty() {
        true => format!("nothing ({count})"),
        false => format!("{} ({count})", quoted(value)),
    };
    let words: Vec<String> = counts.iter().take(NAMED).map(shown).collect();
    let more = match counts.len() {
        many if many > NAMED => format!(" and {} more", many - NAMED),
        _ => String::new(),
    };
    words.join(", ") + &more
}

/// The column and the value of a text. A column's name may hold `=` itself.
fn part(source: &Source, text: &str) -> Result<(usize, String), TableError> {
    let names = &source.text.names;
    let refused = |message: String| TableError::Option {
        file: source.path.clone(),
        message,
    };
    let parts = text
        .match_indices('=')
        .map(|(at, _)| (&text[..at], &text[at + 1..]));
    let found = parts.clone().find_map(|(name, value)| {
        let column = names.iter().position(|known| known == name.trim())?;
        Some((column, bare(value.trim()).to_string()))
    });
    match (found, parts.clone().next()) {
        (Some(found), _) => Ok(found),
        (None, Some((name, _))) => Err(refused(format!(
            "there is no column {} for {}{}",
            quoted(name),
            quoted(&format!("--where \"{text}\"")),
            nearest(name, names)
        ))),
        (None, None) => Err(refused(format!(
            "{} has no `=`: expected COLUMN=VALUE",
            quoted(&format!("--where \"{text}\""))
        ))),
    }
}

fn must_occur(source: &Source, column: usize, value: &str) -> Result<(), TableError> {
    let cells = source.text.rows.iter().filter_map(|row| row.cell(column).ok());
    let counts = frequencies(cells);
    match counts.iter().any(|(known, _)| known == value) {
        true => Ok(()),
        false => Err(TableError::Option {
            file: source.path.clone(),
            message: format!(
                "no row has {} in the column {}, which has {}",
                quoted(value),
                quoted(&source.text.names[column]),
                in_words(&counts)
            ),
        }),
    }
}
