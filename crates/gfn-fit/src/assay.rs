//! Whether the values of a table are one quantity: one unit, one kind of measurement, and values instead of bounds.
//!
//! What a column means is told by its name, as ChEMBL, BindingDB and PubChem call theirs.

use gfn_input::{Bound, Row};
use gfn_text::quoted;

use crate::filters::{Filters, bare, frequencies, in_words};
use crate::reading::molar;
use crate::source::Source;

/// The columns that say what the values are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assay {
    pub(crate) unit: Option<usize>,
    pub(crate) relation: Option<usize>,
    pub(crate) kind: Option<usize>,
}

/// What stands in the way of fitting, and the options that would remove it.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) texts: Vec<String>,
    pub(crate) options: Vec<String>,
}

impl Findings {
    /// Adds further ones.
    pub(crate) fn extend(&mut self, others: Self) {
        self.texts.extend(others.texts);
        self.options.extend(others.options);
    }
}

const UNITS: [&str; 6] = [
    "units",
    "unit",
    "activityunits",
    "activityunit",
    "valueunits",
    "valueunit",
];
const RELATIONS: [&str; 8] = [
    "relation",
    "operator",
    "qualifier",
    "modifier",
    "activityrelation",
    "valuerelation",
    "activityprefix",
    "censor",
];
const KINDS: [&str; 6] = [
    "activitytype",
    "measurementtype",
    "measuretype",
    "endpoint",
    "activityname",
    "bioactivitytype",
];

impl Assay {
    /// Finds the columns that belong to the column of the values.
    pub(crate) fn of(names: &[String], value: usize) -> Self {
        let names: Vec<String> = names.iter().map(|name| letters(name)).collect();
        let find = |wanted: &[&str]| {
            let places = wanted.iter();
            let mut places = places.filter_map(|wanted| names.iter().position(|name| name == wanted));
            places.find(|place| *place != value)
        };
        match names[value].as_str() {
            "standardvalue" => Self {
                unit: find(&["standardunits", "standardunit"]).or_else(|| find(&UNITS)),
                relation: find(&["standardrelation"]).or_else(|| find(&RELATIONS)),
                kind: find(&["standardtype"]).or_else(|| find(&KINDS)),
            },
            // It is made of exact values in nM alone.
            "pchemblvalue" => Self {
                kind: find(&["standardtype", "type"]),
                ..Self::default()
            },
            _ => Self {
                unit: find(&UNITS),
                relation: find(&RELATIONS),
                kind: find(&KINDS),
            },
        }
    }

    /// The only unit of the rows, or what they have in place of one.
    pub(crate) fn only(column: Option<usize>, rows: &[&Row]) -> Option<String> {
        let column = column?;
        let counts = frequencies(rows.iter().filter_map(|row| row.cell(column).ok()));
        match &counts[..] {
            [(only, _)] if !only.is_empty() => Some(only.clone()),
            _ => None,
        }
    }

    /// What is not one quantity among rows that hold a value.
    pub(crate) fn check(&self, source: &Source, filters: &Filters, rows: &[&Row]) -> Findings {
        let mut findings = Findings::default();
        let mut rows = rows.to_vec();
        let names = &source.text.names;
        let columns = [
            (self.kind, "kinds of measurement", false),
            (self.unit, "units", true),
        ];
        for (column, what, must_be_one) in columns {
            let Some(column) = column.filter(|column| must_be_one || !filters.declare(*column)) else {
                continue;
            };
            let counts = frequencies(rows.iter().filter_map(|row| row.cell(column).ok()));
            if counts.len() < 2 {
                continue;
            }
            findings.texts.push(format!(
                "values of several {what}: the column {} has {}",
                quoted(&names[column]),
                in_words(&counts)
            ));
            let most = counts.iter().find(|(value, _)| !value.is_empty());
            if let Some((most, _)) = most {
                findings
                    .options
                    .push(format!("--where \"{}={most}\"", names[column]));
                // What is said next is of the rows that would remain.
                rows.retain(|row| row.cell(column).is_ok_and(|cell| bare(cell) == most));
            }
        }
        findings
    }

    /// The bound that a row's relation makes of its value.
    pub(crate) fn bound(&self, row: &Row) -> Option<Bound> {
        let cell = bare(row.cell(self.relation?).ok()?);
        let is_exact =
            ["", "=", "==", "eq", "equal", "none", "exact"].contains(&cell.to_lowercase().as_str());
        (!is_exact).then(|| Bound(cell.into()))
    }
}

/// Whether a logarithm of values in this unit is usual.
pub(crate) fn is_concentration(unit: Option<&str>) -> bool {
    unit.is_some_and(|unit| molar(unit).is_some())
}

/// A name without case, blanks and marks.
pub(crate) fn letters(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str], value: usize) -> [Option<usize>; 3] {
        let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
        let Assay { unit, relation, kind } = Assay::of(&names, value);
        [unit, relation, kind]
    }

    #[test]
    fn columns_are_known_by_their_names() {
        let chembl = [
            "Smiles",
            "Standard Type",
            "Standard Relation",
            "Standard Value",
            "Standard Units",
            "pChEMBL Value",
        ];
        assert_eq!(of(&chembl, 3), [Some(4), Some(2), Some(1)]);
        assert_eq!(of(&chembl, 5), [None, None, Some(1)]);
        assert_eq!(
            of(&["smiles", "value", "Unit", "operator"], 1),
            [Some(2), Some(3), None]
        );
        assert_eq!(of(&["smiles", "y"], 1), [None; 3]);
        // The column of the values is not its own unit.
        assert_eq!(of(&["smiles", "unit"], 1), [None; 3]);
    }
}
