//! Which columns of a table are read.

use std::path::Path;

use gfn_input::Row;
use gfn_text::quoted;

use crate::error::TableError;
use crate::source::Source;

/// So many columns are named in a message.
const MAX_NAMED: usize = 12;

/// Which columns are read.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The molecules'; absent: the one called `smiles`, in any case.
    pub smiles: Option<String>,
    /// The values'; absent: the only other one.
    pub value: Option<String>,
}

/// The places of the molecules' and the values' columns.
pub(crate) fn choose(source: &Source, columns: &Columns) -> Result<(usize, usize), TableError> {
    let (path, names) = (&source.path, &source.text.names);
    choose_among(path, names, &unused(source), columns).map_err(|error| match error {
        TableError::NoColumn {
            file,
            wanted,
            known,
            hint,
        } => TableError::NoColumn {
            file,
            wanted,
            known,
            hint: format!("{hint}{}", source.hint()),
        },
        other => other,
    })
}

/// Columns without a name and without a cell: a spreadsheet writes them where something once stood.
fn unused(source: &Source) -> Vec<usize> {
    let names = source.text.names.iter().enumerate();
    let nameless = names.filter(|(_, name)| name.is_empty()).map(|(place, _)| place);
    let holds = |place: usize| move |row: &Row| row.cell(place).is_ok_and(|cell| !cell.is_empty());
    let is_blank = |place: &usize| !source.text.rows.iter().any(holds(*place));
    nameless.filter(is_blank).collect()
}

fn choose_among(
    path: &Path,
    names: &[String],
    unused: &[usize],
    columns: &Columns,
) -> Result<(usize, usize), TableError> {
    let header = Header { path, names, unused };
    let smiles = match &columns.smiles {
        Some(wanted) => header.named(wanted)?,
        None => header.of_molecules()?,
    };
    let value = match &columns.value {
        Some(wanted) => header.named(wanted)?,
        None => header.other_than(smiles)?,
    };
    match smiles == value {
        true => Err(TableError::SameColumn {
            file: path.into(),
            name: names[value].clone(),
        }),
        false => Ok((smiles, value)),
    }
}

/// The names of a table's columns.
struct Header<'a> {
    path: &'a Path,
    names: &'a [String],
    /// Columns that are passed over.
    unused: &'a [usize],
}

impl Header<'_> {
    fn places(&self, is: impl Fn(&str) -> bool) -> Vec<usize> {
        let places = 0..self.names.len();
        places.filter(|place| is(&self.names[*place])).collect()
    }

    /// The column of this name.
    fn named(&self, wanted: &str) -> Result<usize, TableError> {
        match self.places(|name| name == wanted)[..] {
            [only] => Ok(only),
            [] => Err(self.missing(wanted, nearest(wanted, self.names))),
            ref several => Err(self.same_name(several)),
        }
    }

    /// The column that is called `smiles`, in any case.
    fn of_molecules(&self) -> Result<usize, TableError> {
        let places = self.places(|name| name.eq_ignore_ascii_case("smiles"));
        match places[..] {
            [only] => Ok(only),
            [] => Err(self.missing("smiles", "; name the molecules' column with `--smiles`".into())),
            _ if self.is_one_name(&places) => Err(self.same_name(&places)),
            _ => Err(TableError::WhichSmiles {
                file: self.path.into(),
                known: self.known(&places),
                places: numbers(&places),
            }),
        }
    }

    /// The only column besides the molecules'.
    fn other_than(&self, smiles: usize) -> Result<usize, TableError> {
        let mut others = self.places(|_| true);
        others.retain(|place| *place != smiles && !self.unused.contains(place));
        match others[..] {
            [only] => Ok(only),
            [] => Err(self.missing("value", "; name the values' column with `--value`".into())),
            _ if self.is_one_name(&others) => Err(self.same_name(&others)),
            _ => Err(TableError::WhichValue {
                file: self.path.into(),
                known: self.known(&others),
            }),
        }
    }

    fn is_one_name(&self, places: &[usize]) -> bool {
        places
            .iter()
            .all(|place| self.names[*place] == self.names[places[0]])
    }

    fn known(&self, places: &[usize]) -> String {
        let names = places.iter().map(|place| quoted(&self.names[*place]));
        let mut names: Vec<String> = names.take(MAX_NAMED).collect();
        if places.len() > MAX_NAMED {
            names.push(format!("and {} more", places.len() - MAX_NAMED));
        }
        names.join(", ")
    }

    fn missing(&self, wanted: &str, hint: String) -> TableError {
        TableError::NoColumn {
            file: self.path.into(),
            wanted: wanted.into(),
            known: self.known(&self.places(|_| true)),
            hint,
        }
    }

    fn same_name(&self, places: &[usize]) -> TableError {
        TableError::SameName {
            file: self.path.into(),
            name: self.names[places[0]].clone(),
            places: numbers(places),
        }
    }
}

/// Places, counted from 1: `columns 2, 3 and 5`.
fn numbers(places: &[usize]) -> String {
    let numbers: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
    match numbers.split_last() {
        Some((last, before)) if !before.is_empty() => format!("columns {} and {last}", before.join(", ")),
        _ => format!("column {}", numbers.concat()),
    }
}

/// A hint at the name that is most like another one.
pub(crate) fn nearest(wanted: &str, names: &[String]) -> String {
    let distance = |name: &&String| strsim::damerau_levenshtein(&name.to_lowercase(), &wanted.to_lowercase());
    let nearest = names.iter().min_by_key(distance);
    let nearest = nearest.filter(|name| distance(name) <= 2);
    nearest.map_or(String::new(), |name| format!("; did you mean {}?", quoted(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str], smiles: Option<&str>, value: Option<&str>) -> Result<(usize, usize), String> {
        let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
        let columns = Columns {
            smiles: smiles.map(str::to_string),
            value: value.map(str::to_string),
        };
        choose_among(Path::new("t.csv"), &names, &[], &columns).map_err(|error| error.to_string())
    }

    #[test]
    fn a_column_that_stands_alone_is_found() {
        assert_eq!(chosen(&["y", "Smiles"], None, None), Ok((1, 0)));
        assert_eq!(chosen(&["id", "mol", "y"], Some("mol"), Some("y")), Ok((1, 2)));
        // What nobody asks for may stand there twice.
        assert_eq!(chosen(&["id", "smiles", "y", "id"], None, Some("y")), Ok((1, 2)));
        let two = ["SMILES", "y", "smiles"];
        assert_eq!(chosen(&two, Some("smiles"), Some("y")), Ok((2, 1)));
    }

    #[test]
    fn a_name_in_several_columns_is_refused() {
        let said = "the table `t.csv` has several columns called `y` (columns 2, 3 and 5): rename all of them but one";
        let names = ["smiles", "y", "y", "id", "y"];
        assert_eq!(chosen(&names, None, Some("y")).unwrap_err(), said);
        let said = chosen(&["smiles", "y", "y"], None, None).unwrap_err();
        assert!(said.contains("called `y` (columns 2 and 3)"), "{said}");
        let said = chosen(&["mol", "y", "mol"], Some("mol"), None).unwrap_err();
        assert!(said.contains("called `mol` (columns 1 and 3)"), "{said}");
        let said = chosen(&["smiles", "smiles", "y"], None, None).unwrap_err();
        assert!(said.contains("called `smiles` (columns 1 and 2)"), "{said}");
    }

    #[test]
    fn which_molecules_and_which_values_is_never_guessed() {
        assert_eq!(
            chosen(&["SMILES", "y", "smiles"], None, Some("y")).unwrap_err(),
            "the table `t.csv` has several columns that could be the molecules: `SMILES`, `smiles` (columns 1 and 3); \
             choose one with `--smiles`"
        );
        let both = "the column `y` of the table `t.csv` cannot be both the molecules and the values; name two with `--smiles` and \
                    `--value`";
        assert_eq!(chosen(&["x", "y"], Some("y"), Some("y")).unwrap_err(), both);
        let said = chosen(&["smiles", "y"], None, Some("smiles")).unwrap_err();
        assert!(said.starts_with("the column `smiles` of the table"), "{said}");
    }
}
