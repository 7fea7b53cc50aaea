//! Reads what users give: tables with the place of every mistake, numbers as people write them, and files that turn out to be of
//! another kind.
//!
//! [`Table`] reads a table whose columns have names: no cell is cut off, no row is dropped without a word, and lines are counted as
//! editors count them. [`rows`] reads the tables that gfn writes itself. [`Kind`] recognizes a file by its first bytes, so that a Git
//! LFS pointer or a pickle is named for what it is. [`Rejected`] lists bad rows for a file beside the output.

mod kind;
mod lines;
mod number;
mod quotes;
mod rejected;
mod rows;
mod separator;
mod table;
mod weights;

pub use kind::Kind;
pub use lines::Lines;
pub use number::{Bound, Decimal, Number, NumberError, bound, number};
pub use rejected::{Rejected, is_ours, rejected_csv};
pub use rows::{RowError, rows};
pub use separator::Separator;
pub use table::{Row, Table, TableFault};
pub use weights::{check_safetensors, safetensors_fault};
