//! What the network sees of a molecule: columns of numbers for each atom, and who is bound to whom.

use gfn_chem::{AtomView, Hybridisation, MoleculeGraph};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many columns describe an atom.
pub(crate) const COLUMNS: usize = 71;

/// The column of an open attachment point.
const OPEN: usize = 70;

/// The column of the number of hydrogens.
const HYDROGENS: usize = 13;

/// The column of atomic number 1 is the one behind this.
const BEFORE_ELEMENTS: usize = 13;

/// The heaviest element with a column of its own.
const HEAVIEST: u8 = 56;

/// Where the network learns which atoms have an open attachment point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stems {
    /// From the molecule's marks; a molecule without an open point counts its first atom as open, as the paper's code does.
    Open,
    /// Nowhere: no atom counts as open, whatever is marked.
    None,
}

/// A molecule as the network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Of each atom, the columns that are not 0, ascending, with their values.
    pub(crate) atoms: Vec<Vec<(usize, f64)>>,
    /// Of each class of bonds (single, double, triple, aromatic), who is bound to whom, in both directions.
    pub(crate) bonds: Vec<(u32, u32, usize)>,
}

impl Input {
    /// A molecule in which atoms with an open attachment point are marked by a number other than 0. Its bonds must be between its
    /// atoms.
    pub fn new(graph: &MoleculeGraph, stems: Stems) -> Self {
        let unmarked = graph.atoms.iter().all(|atom| atom.mark == 0);
        let is_open = |index: usize, atom: &AtomView| {
            stems == Stems::Open && (atom.mark != 0 || unmarked && index == 0)
        };
        let atoms = graph.atoms.iter().enumerate();
        Self {
            atoms: atoms
                .map(|(index, atom)| columns(atom, is_open(index, atom)))
                .collect(),
            bonds: graph
                .bonds
                .iter()
                .map(|bond| (bond.atoms.0, bond.atoms.1, bond.order as usize))
                .collect(),
        }
    }

    /// How many atoms there are.
    pub fn atom_count(&self) -> usize {
        self.atoms.len()
    }
}

/// The columns of an atom that are not 0. Columns 6 to 8 always are: the authors' network was trained so.
fn columns(atom: &AtomView, is_open: bool) -> Vec<(usize, f64)> {
    let class = match atom.element {
        1 => 0,
        6 => 1,
        7 => 2,
        8 => 3,
        9 => 4,
        _ => 5,
    };
    let hybridisation = match atom.hybridisation {
        Hybridisation::Sp => Some(10),
        Hybridisation::Sp2 => Some(11),
        Hybridisation::Sp3 => Some(12),
        Hybridisation::Other => None,
    };
    let element = (1..=HEAVIEST)
        .contains(&atom.element)
        .then(|| BEFORE_ELEMENTS + usize::from(atom.element));
    let mut columns = vec![(class, 1.0)];
    columns.extend(atom.aromatic.then_some((9, 1.0)));
    columns.extend(hybridisation.map(|column| (column, 1.0)));
    columns.extend((atom.hydrogens > 0).then_some((HYDROGENS, f64::from(atom.hydrogens))));
    columns.extend(element.map(|column| (column, 1.0)));
    columns.extend(is_open.then_some((OPEN, 1.0)));
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_atoms(smiles: &str, stems: Stems) -> Vec<usize> {
        let input = Input::new(&MoleculeGraph::parse(smiles).unwrap(), stems);
        let atoms = input.atoms.iter().enumerate();
        atoms
            .filter(|(_, columns)| columns.contains(&(OPEN, 1.0)))
            .map(|(index, _)| index)
            .collect()
    }

    #[test]
    fn an_atom_is_its_columns() {
        let pyridine = Input::new(&MoleculeGraph::parse("c1cc[nH+]cc1").unwrap(), Stems::None);
        // Nitrogen, aromatic, SP2, one hydrogen, element 7.
        let nitrogen = [(2, 1.0), (9, 1.0), (11, 1.0), (13, 1.0), (20, 1.0)];
        assert_eq!(pyridine.atoms[3], nitrogen);
        assert_eq!(pyridine.bonds.len(), 6);
        assert!(pyridine.bonds.iter().all(|&(_, _, class)| class == 3));
    }

    #[test]
    fn open_points_are_where_the_marks_are() {
        assert_eq!(open_atoms("C[CH2:1]O", Stems::Open), [1]);
        assert_eq!(open_atoms("CCO", Stems::Open), [0]);
        assert_eq!(open_atoms("C[CH2:1]O", Stems::None), [0; 0]);
    }
}
