//! Rows with named values, from which columns with one kind each are made.

use std::collections::HashMap;

use crate::cell::{Cell, Kind};

/// Values by the names of their columns.
pub(crate) type Row = Vec<(String, Cell)>;

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    /// What its file is called, without an ending.
    pub(crate) name: &'static str,
    /// Its columns, all equally long.
    pub(crate) columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// What it is called.
    pub(crate) name: String,
    /// Its values, each of one kind or missing.
    pub(crate) cells: Vec<Option<Cell>>,
}

impl Table {
    /// From rows, which may lack values; columns are in the order in which their names appear first.
    pub(crate) fn of(name: &'static str, rows: impl IntoIterator<Item = Row>) -> Self {
        let (mut columns, mut known): (Vec<Column>, HashMap<String, usize>) = Default::default();
        let mut count = 0;
        for row in rows {
            for (name, cell) in row {
                let column = *known.entry(name).or_insert_with_key(|name| {
                    columns.push(Column {
                        name: name.clone(),
                        cells: Vec::new(),
                    });
                    columns.len() - 1
                });
                columns[column].cells.resize(count, None);
                columns[column].cells.push(Some(cell));
            }
            count += 1;
        }
        for column in &mut columns {
            column.cells.resize(count, None);
            column.widen();
        }
        Self { name, columns }
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }
}

impl Column {
    /// What it holds; text where nothing is in it.
    pub(crate) fn kind(&self) -> Kind {
        let kinds = self.cells.iter().flatten().map(Cell::kind);
        kinds.reduce(Kind::with).unwrap_or(Kind::Text)
    }

    /// Makes all values one kind.
    fn widen(&mut self) {
        let kind = self.kind();
        for cell in self.cells.iter_mut().flatten() {
            match (kind, &*cell) {
                (Kind::Number, Cell::Whole(value)) => *cell = Cell::Number(*value as f64),
                (Kind::Text, other) => *cell = Cell::Text(other.to_string()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_one_kind_and_rows_may_lack_values() {
        let cell = |name: &str, cell| (name.to_string(), cell);
        let table = Table::of(
            "t",
            [
                vec![cell("a", Cell::Whole(1)), cell("b", Cell::Truth(true))],
                vec![],
                vec![
                    cell("b", Cell::Whole(3)),
                    cell("c", Cell::Text("x".into())),
                    cell("a", Cell::Number(0.5)),
                ],
            ],
        );
        assert_eq!(table.rows(), 3);
        let shown = |column: &Column| -> Vec<String> {
            let cells = column.cells.iter();
            cells
                .map(|cell| cell.as_ref().map_or("-".into(), ToString::to_string))
                .collect()
        };
        let found: Vec<_> = table
            .columns
            .iter()
            .map(|column| (column.name.as_str(), column.kind(), shown(column)))
            .collect();
        let expected = [
            ("a", Kind::Number, ["1.0", "-", "0.5"]),
            ("b", Kind::Text, ["true", "-", "3"]),
            ("c", Kind::Text, ["-", "-", "x"]),
        ];
        let expected = expected.map(|(name, kind, cells)| (name, kind, cells.map(String::from).to_vec()));
        assert_eq!(found, expected);
    }
}
