//! Why a table cannot be used.

use std::fmt::Write;
use std::path::PathBuf;

use gfn_input::TableFault;
use gfn_text::quoted;
use thiserror::Error;

use crate::table::BadRow;

/// So many bad rows are shown in a message.
const SHOWN: usize = 5;

/// Why a table cannot be used.
#[derive(Debug, Error)]
pub enum TableError {
    /// The file is not there, or not readable.
    #[error("the table `{file}` cannot be read: {}", gfn_text::io_words(source))]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no table, or an empty one.
    #[error("the table `{file}` {fault}")]
    Fault {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        fault: TableFault,
    },
    /// A column is missing.
    #[error("the table `{file}` has no column {}; it has {known}{hint}", quoted(.wanted))]
    NoColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        wanted: String,
        /// The columns that are there.
        known: String,
        /// What to do.
        hint: String,
    },
    /// A name that is asked for stands in several columns.
    #[error("the table `{file}` has several columns called {} ({places}): rename all of them but one", quoted(.name))]
    SameName {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
        /// The columns, counted from 1.
        places: String,
    },
    /// It is not clear which column has the molecules.
    #[error(
        "the table `{file}` has several columns that could be the molecules: {known} ({places}); choose one with `--smiles`"
    )]
    WhichSmiles {
        /// The file.
        file: PathBuf,
        /// Those.
        known: String,
        /// Where they are, counted from 1.
        places: String,
    },
    /// One column is to hold both.
    #[error(
        "the column {} of the table `{file}` cannot be both the molecules and the values; name two with `--smiles` and `--value`",
        quoted(.name)
    )]
    SameColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        name: String,
    },
    /// It is not clear which column has the values.
    #[error(
        "the table `{file}` has several columns that could be the value: {known}; choose one with `--value`"
    )]
    WhichValue {
        /// The file.
        file: PathBuf,
        /// Those.
        known: String,
    },
    /// An option does not fit the table.
    #[error("{message} (the table `{file}`)")]
    Option {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Values that are not one quantity, or no values, without a word on what is to be done with them.
    #[error("{}", undeclared(.file, .findings, .options))]
    Undeclared {
        /// The file.
        file: PathBuf,
        /// What was found.
        findings: Vec<String>,
        /// Options that would make it a table of one quantity; none where there is no command to give them to.
        options: Vec<String>,
    },
    /// Some rows cannot be used.
    #[error("{}", bad_rows(.file, .rows, *.total))]
    BadRows {
        /// The file.
        file: String,
        /// Those, in the order of the file.
        rows: Vec<BadRow>,
        /// How many rows there are.
        total: usize,
    },
}

impl TableError {
    /// The same where there is no command whose options could say more.
    #[must_use]
    pub fn without_options(self) -> Self {
        match self {
            Self::Undeclared { file, findings, .. } => Self::Undeclared {
                file,
                findings,
                options: Vec::new(),
            },
            other => other,
        }
    }
}

fn undeclared(file: &std::path::Path, findings: &[String], options: &[String]) -> String {
    let mut text = format!(
        "the values of `{}` are not ready to be fitted to:",
        file.display()
    );
    for finding in findings {
        let _ = write!(text, "\n  {finding}");
    }
    match options {
        [] => text + "\nleave rows of one unit, one kind of measurement and exact values in the table",
        options => text + "\nsay what is meant, for example:\n  " + &options.join(" "),
    }
}

fn bad_rows(file: &str, rows: &[BadRow], total: usize) -> String {
    let mut text = format!("{} of the {total} rows of `{file}` cannot be used:", rows.len());
    for row in rows.iter().take(SHOWN) {
        let column = row
            .column
            .as_ref()
            .map_or(String::new(), |name| format!(", column {}", quoted(name)));
        let _ = write!(text, "\n  line {}{column}: {}", row.line, row.reason);
    }
    if rows.len() > SHOWN {
        let _ = write!(text, "\n  and {} more{}", rows.len() - SHOWN, blanks(rows));
    }
    text + "\nmend them, or remove them"
}

/// How many of the bad rows hold nothing.
fn blanks(rows: &[BadRow]) -> String {
    let count = |start: &str| rows.iter().filter(|row| row.reason.starts_with(start)).count();
    let counted = [
        ("no value", "without a value"),
        ("no molecule", "without a molecule"),
    ]
    .map(|(start, words)| (count(start), words));
    let counted: Vec<String> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    match counted.is_empty() {
        true => String::new(),
        false => format!(" (of all, {})", counted.join(", ")),
    }
}
