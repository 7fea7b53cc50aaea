//! A run's folder as a page to look at ([`page`]), and the page of a fitted proxy ([`fit_page`]).
//!
//! It reads what [`gfn_record`] describes and nothing else: no live object, no network, no configuration. A run that is
//! under way, that failed, or whose files are damaged is shown as far as it can be read, and what could not be read is said.
//!
//! The page is one file without any address in it that a browser would load. What a run's files say goes through
//! [`maud`]'s escaping, and the page's own policy lets nothing run but the one script that is part of this crate.

mod alone;
mod axis;
mod bibtex;
mod curves;
mod fit;
mod group;
mod molecule;
mod origin;
mod page;
mod plot;
mod sections;
mod statistics;
mod sweep;
mod text;

use gfn_runs::number;
pub use gfn_runs::{Run, Sweep};

pub use alone::{Figure, figures, is_figure};
pub use fit::{FitPage, FittedMember, TestedMolecule, fit_page};
pub use origin::{HEAD, is_page, is_page_of};
pub use page::{page, page_of_sweep};

/// A component that an experiment file can choose, as the program's catalogue tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// The section of the file.
    pub section: String,
    /// Its name, as `kind`.
    pub name: String,
    /// What it is, in a sentence.
    pub purpose: String,
    /// The papers that it comes from: authors, year, title, number.
    pub references: Vec<String>,
}
