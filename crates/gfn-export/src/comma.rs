//! Tables as comma-separated values: a missing value is empty, and numbers that are none are `NaN`, `inf` and `-inf`.

use std::path::Path;

use gfn_files::cell::{self, guarded};

use crate::cell::Cell;
use crate::error::ExportError;
use crate::table::Table;

/// A value as a spreadsheet shows it, and does not compute it.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => guarded(text).into_owned(),
        cell => cell.to_string(),
    }
}

/// Writes a table with a head.
pub(crate) fn write(table: &Table, path: &Path) -> Result<(), ExportError> {
    let wrong = ExportError::encoding(path);
    let mut writer = cell::csv().from_path(path).map_err(&wrong)?;
    writer
        .write_record(
            table
                .columns
                .iter()
                .map(|column| guarded(&column.name).into_owned()),
        )
        .map_err(&wrong)?;
    for row in 0..table.rows() {
        let cells = table
            .columns
            .iter()
            .map(|column| column.cells[row].as_ref().map_or(String::new(), shown));
        writer.write_record(cells).map_err(&wrong)?;
    }
    writer.flush().map_err(ExportError::io(path))
}
