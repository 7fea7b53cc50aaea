//! Tables whose columns fit the page: heads and words break into lines, numbers do not.

use maud::{Markup, html};

use crate::text::breakable;

/// A table with more rows scrolls by itself, below its heads.
const MAX_ROWS: usize = 40;

/// A cell of a table: what is shown, and by what it is sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) shown: String,
    /// By this number, where there is one, or else by what is shown.
    pub(crate) order: Option<f64>,
    /// The whole of what is shown shortened.
    pub(crate) title: Option<String>,
}

impl Cell {
    /// A number, shown in some form; a dash where it is not known.
    pub(crate) fn of(value: Option<f64>, shown: impl Fn(f64) -> String) -> Self {
        Self {
            shown: value.map_or("–".into(), shown),
            order: Some(value.unwrap_or(f64::NAN)),
            title: None,
        }
    }

    pub(crate) fn text(shown: impl Into<String>) -> Self {
        Self {
            shown: shown.into(),
            ..Self::default()
        }
    }

    /// Text with the whole of it, where that is longer.
    pub(crate) fn shortened(shown: impl Into<String>, whole: impl Into<String>) -> Self {
        let (shown, whole) = (shown.into(), whole.into());
        Self {
            title: (shown != whole).then_some(whole),
            ..Self::text(shown)
        }
    }
}

/// What a column holds, and so how its cells break into lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Column {
    /// Words, which break between them.
    #[default]
    Words,
    /// Objects, such as SMILES: without words, they break anywhere.
    Objects,
    /// Numbers, each in one line.
    Numbers,
    /// A mean with its interval, which breaks between them.
    Intervals,
}

impl Column {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Words => None,
            Self::Objects => Some("object"),
            Self::Numbers => Some("number"),
            Self::Intervals => Some("number interval"),
        }
    }
}

impl From<bool> for Column {
    fn from(is_number: bool) -> Self {
        if is_number { Self::Numbers } else { Self::Words }
    }
}

/// The head of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    shown: String,
    title: Option<String>,
    column: Column,
    /// Shown on wide or on narrow pages alone.
    only: Option<&'static str>,
}

impl Head {
    pub(crate) fn new(shown: impl Into<String>, column: impl Into<Column>) -> Self {
        Self {
            shown: shown.into(),
            column: column.into(),
            ..Self::default()
        }
    }

    /// The same for a setting, by the last part of its path.
    pub(crate) fn shortened(shown: &str, whole: &str, column: impl Into<Column>) -> Self {
        Self {
            title: (shown != whole).then(|| whole.into()),
            ..Self::new(shown, column)
        }
    }

    /// On wide pages alone.
    pub(crate) fn on_wide_pages(self) -> Self {
        Self {
            only: Some("on-wide"),
            ..self
        }
    }

    /// On narrow pages alone.
    pub(crate) fn on_narrow_pages(self) -> Self {
        Self {
            only: Some("on-narrow"),
            ..self
        }
    }

    fn class(&self) -> Option<String> {
        let classes: Vec<&str> = self.column.class().into_iter().chain(self.only).collect();
        (!classes.is_empty()).then(|| classes.join(" "))
    }
}

impl<T: Into<String>, C: Into<Column>> From<(T, C)> for Head {
    fn from((shown, column): (T, C)) -> Self {
        Self::new(shown, column)
    }
}

/// A table that is sorted by the column whose head is clicked.
pub(crate) struct Table {
    pub(crate) heads: Vec<Head>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new<H: Into<Head>>(heads: impl IntoIterator<Item = H>) -> Self {
        Self {
            heads: heads.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn with(self, rows: impl Iterator<Item = Vec<Cell>>) -> Self {
        Self {
            rows: rows.collect(),
            ..self
        }
    }

    pub(crate) fn draw(&self) -> Markup {
        let row = |cells: &Vec<Cell>| {
            html! {
                tr {
                    @for (cell, head) in cells.iter().zip(&self.heads) {
                        td class=[head.class()] data-order=[cell.order.map(order)] title=[&cell.title] { (shown(cell, head)) }
                    }
                }
            }
        };
        html! {
            div.scroll.tall[self.rows.len() > MAX_ROWS] {
                table.sortable {
                    thead { tr { @for head in &self.heads {
                        th class=[head.class()] scope="col" title=[&head.title] {
                            button type="button" { (breakable(&head.shown)) }
                        }
                    } } }
                    tbody { @for cells in &self.rows { (row(cells)) } }
                }
            }
        }
    }
}

fn shown(cell: &Cell, head: &Head) -> Markup {
    match head.column {
        Column::Words => breakable(&cell.shown),
        _ => html! { (cell.shown) },
    }
}

/// A number as a script reads it; nothing for one that is none, which sorts last.
fn order(value: f64) -> String {
    if value.is_nan() {
        String::new()
    } else {
        value.to_string()
    }
}
