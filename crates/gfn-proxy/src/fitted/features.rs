//! What a fitted network sees of a molecule, version 1: marks on atoms, kinds of bonds, and numbers of the whole.
//!
//! A molecule's map numbers and its stereochemistry are not seen.

use gfn_chem::{AtomView, ChemError, Hybridisation, Molecule, MoleculeGraph, Order, smiles_of};
use gfn_text::quoted;
use thiserror::Error;

use super::rings::Rings;

/// The version of what is seen. A file of another version is refused, so a change to anything in this file needs a new number.
pub const FEATURES_VERSION: u32 = 1;

/// Elements that have a column of their own: atomic numbers and symbols. A molecule with any other cannot be seen.
pub const ELEMENTS: [(u8, &str); 11] = [
    (5, "B"),
    (6, "C"),
    (7, "N"),
    (8, "O"),
    (9, "F"),
    (14, "Si"),
    (15, "P"),
    (16, "S"),
    (17, "Cl"),
    (35, "Br"),
    (53, "I"),
];

/// How many columns an atom has: its element; aromatic; sp, sp2, sp3; hydrogens 0 to 4 and more; heavy neighbours 0 to 4 and
/// more; charge below 0, above 0; in a ring. All are 0 or 1.
pub const ATOM_COLUMNS: usize = RING + 1;

const AROMATIC: usize = ELEMENTS.len();
const HYBRIDISATION: usize = AROMATIC + 1;
const HYDROGENS: usize = HYBRIDISATION + 3;
const NEIGHBOURS: usize = HYDROGENS + MOST + 1;
const CHARGE: usize = NEIGHBOURS + MOST + 1;
const RING: usize = CHARGE + 2;

/// Counts of hydrogens and neighbours are told apart up to this.
const MOST: usize = 4;

/// Numbers that describe the whole molecule: heavy atoms, rings, aromatic atoms, sp3 carbons, nitrogens and oxygens, those of
/// them with hydrogen, halogens, bonds about which it turns, Crippen's log P.
pub const DESCRIPTORS: usize = 9;

/// Why a molecule cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FeaturesError {
    /// It is no molecule, or beyond the toolkit.
    #[error("{0}")]
    Chemistry(#[from] ChemError),
    /// It is a salt or a mixture.
    #[error("{} is {} molecules in one, such as a salt; write the one that the value belongs to", quoted(.0), .1)]
    Several(String, usize),
    /// It has an isotope, which the network cannot tell from the element.
    #[error("{} names an isotope, which the network does not see; write the element alone", quoted(.0))]
    Isotope(String),
    /// It has an element without a column.
    #[error(
        "{} has an element ({element}) that the network does not know; it knows {}",
        quoted(.smiles),
        symbols()
    )]
    Element {
        /// The molecule.
        smiles: String,
        /// The element.
        element: String,
    },
}

fn symbols() -> String {
    ELEMENTS.map(|(_, symbol)| symbol).join(", ")
}

/// A molecule as a fitted network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Of each atom, the columns that are 1, ascending; all others are 0.
    pub atoms: Vec<Vec<u8>>,
    /// Who is bound to whom, each bond once, and its kind: single 0, double 1, triple 2, aromatic 3.
    pub bonds: Vec<(u32, u32, u8)>,
    /// Numbers of the whole molecule.
    pub descriptors: [f32; DESCRIPTORS],
    /// Bit n says whether the n-th of [`ELEMENTS`] is there.
    pub elements: u16,
}

impl Features {
    /// What is seen of the molecule of a SMILES.
    ///
    /// # Errors
    /// [`FeaturesError`] where it cannot be seen.
    pub fn parse(smiles: &str) -> Result<Self, FeaturesError> {
        let smiles = smiles_of(smiles)?;
        if names_isotope(smiles) {
            return Err(FeaturesError::Isotope(smiles.into()));
        }
        let molecule = Molecule::parse(smiles)?;
        Self::of(smiles, &molecule)
    }

    /// What is seen of a molecule whose SMILES, for messages, is `smiles`.
    ///
    /// # Errors
    /// [`FeaturesError`] where it cannot be seen.
    pub fn of(smiles: &str, molecule: &Molecule) -> Result<Self, FeaturesError> {
        let graph = molecule.graph()?;
        let rings = Rings::of(&graph);
        if rings.pieces > 1 {
            return Err(FeaturesError::Several(smiles.into(), rings.pieces));
        }
        let places = graph.atoms.iter().map(|atom| place(smiles, atom.element));
        let places: Vec<usize> = places.collect::<Result<_, _>>()?;
        let surroundings = Surroundings::of(&graph, &rings);
        let atoms = graph.atoms.iter().enumerate();
        Ok(Self {
            atoms: atoms
                .map(|(index, atom)| columns(atom, places[index], &surroundings, index))
                .collect(),
            bonds: graph
                .bonds
                .iter()
                .map(|bond| (bond.atoms.0, bond.atoms.1, bond.order as u8))
                .collect(),
            descriptors: descriptors(&graph, &rings, &surroundings, molecule.logp()),
            elements: places.iter().fold(0, |set, place| set | 1 << place),
        })
    }
}

/// Whether some atom is written with a mass number, as in `[13C]`.
fn names_isotope(smiles: &str) -> bool {
    smiles
        .split('[')
        .skip(1)
        .any(|atom| atom.starts_with(|first: char| first.is_ascii_digit()))
}

/// The place of an element among those known.
fn place(smiles: &str, element: u8) -> Result<usize, FeaturesError> {
    let place = ELEMENTS.iter().position(|(number, _)| *number == element);
    place.ok_or_else(|| FeaturesError::Element {
        smiles: smiles.into(),
        element: format!("atomic number {element}"),
    })
}

/// What atoms have around them.
struct Surroundings {
    /// Of each atom, how many heavy atoms are bound to it.
    neighbours: Vec<usize>,
    /// Of each atom, whether it is in a ring.
    in_ring: Vec<bool>,
}

impl Surroundings {
    fn of(graph: &MoleculeGraph, rings: &Rings) -> Self {
        let count = graph.atoms.len();
        let (mut neighbours, mut in_ring) = (vec![0; count], vec![false; count]);
        for (bond, is_ring) in graph.bonds.iter().zip(&rings.bonds) {
            for atom in [bond.atoms.0, bond.atoms.1] {
                neighbours[atom as usize] += 1;
                in_ring[atom as usize] |= is_ring;
            }
        }
        Self { neighbours, in_ring }
    }
}

fn columns(atom: &AtomView, element: usize, surroundings: &Surroundings, index: usize) -> Vec<u8> {
    let hybridisation = match atom.hybridisation {
        Hybridisation::Sp => Some(0),
        Hybridisation::Sp2 => Some(1),
        Hybridisation::Sp3 => Some(2),
        Hybridisation::Other => None,
    };
    let charge = match atom.charge {
        0 => None,
        charge => Some(usize::from(charge > 0)),
    };
    let mut columns = vec![element];
    columns.extend(atom.aromatic.then_some(AROMATIC));
    columns.extend(hybridisation.map(|kind| HYBRIDISATION + kind));
    columns.push(HYDROGENS + usize::from(atom.hydrogens).min(MOST));
    columns.push(NEIGHBOURS + surroundings.neighbours[index].min(MOST));
    columns.extend(charge.map(|sign| CHARGE + sign));
    columns.extend(surroundings.in_ring[index].then_some(RING));
    columns.into_iter().map(|column| column as u8).collect()
}

fn descriptors(
    graph: &MoleculeGraph,
    rings: &Rings,
    surroundings: &Surroundings,
    logp: f64,
) -> [f32; DESCRIPTORS] {
    let count = |is: &dyn Fn(&AtomView) -> bool| graph.atoms.iter().filter(|atom| is(atom)).count() as f32;
    let is_polar = |atom: &AtomView| matches!(atom.element, 7 | 8);
    let is_end = |atom: u32| surroundings.neighbours[atom as usize] < 2;
    let turns = graph.bonds.iter().zip(&rings.bonds).filter(|(bond, is_ring)| {
        !**is_ring && bond.order == Order::Single && !is_end(bond.atoms.0) && !is_end(bond.atoms.1)
    });
    [
        graph.atoms.len() as f32,
        rings.count as f32,
        count(&|atom| atom.aromatic),
        count(&|atom| atom.element == 6 && atom.hybridisation == Hybridisation::Sp3),
        count(&is_polar),
        count(&|atom| is_polar(atom) && atom.hydrogens > 0),
        count(&|atom| matches!(atom.element, 9 | 17 | 35 | 53)),
        turns.count() as f32,
        logp as f32,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atom_is_its_columns() {
        assert_eq!(ATOM_COLUMNS, 28);
        let pyridinium = Features::parse("c1cc[nH+]cc1").unwrap();
        // Nitrogen, aromatic, sp2, one hydrogen, two neighbours, positive, in a ring.
        assert_eq!(pyridinium.atoms[3], [2, 11, 13, 16, 22, 26, 27]);
        assert_eq!(pyridinium.elements, 0b110);
        assert!(pyridinium.bonds.iter().all(|&(_, _, kind)| kind == 3));
        // Carbon, sp3, three hydrogens, one neighbour.
        assert_eq!(Features::parse("CC#N").unwrap().atoms[0], [1, 14, 18, 21]);
    }

    #[test]
    fn a_molecule_is_its_numbers() {
        let phenacetin = "CC(=O)Nc1ccc(OCC)cc1";
        let found = Features::parse(phenacetin).unwrap().descriptors;
        assert_eq!(found[..8], [13.0, 1.0, 6.0, 3.0, 3.0, 1.0, 0.0, 4.0]);
        assert_eq!(found[8], Molecule::parse(phenacetin).unwrap().logp() as f32);
    }

    #[test]
    fn neither_order_nor_marks_nor_stereo_are_seen() {
        let of = |smiles| Features::parse(smiles).unwrap();
        let mut two = [of("OC[C@H](N)C=C"), of("C=CC(N)[CH2:2]O")];
        two.iter_mut().for_each(|features| features.atoms.sort());
        assert_eq!(two[0].atoms, two[1].atoms);
        assert_eq!(two[0].descriptors, two[1].descriptors);
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        let message = |smiles| Features::parse(smiles).unwrap_err().to_string();
        assert!(message("CC(=O)[O-].[Na+]").contains("2 molecules in one"));
        assert!(message("C[13CH3]").contains("names an isotope"));
        assert!(message("C[Se]C").contains("(atomic number 34)"));
        assert!(message("C(").contains("is not a SMILES"));
        assert!(message("").contains("is not a SMILES"));
        assert!(message("C(C)(C)(C)(C)C").contains("is not a possible molecule"));
    }
}
