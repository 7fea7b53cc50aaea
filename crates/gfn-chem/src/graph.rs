//! A molecule as a plain graph: what RDKit knows of each atom and bond, for networks that see atoms.

use chematic::core::{AtomIdx, BondOrder};
use chematic::smiles;

use crate::molecule::unsupported;
use crate::normal;
use crate::{ChemError, Molecule};

/// How an atom's orbitals are mixed, by RDKit's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hybridisation {
    /// Linear.
    Sp,
    /// Planar.
    Sp2,
    /// Tetrahedral.
    Sp3,
    /// Anything else, such as a lone atom's.
    Other,
}

/// The order of a bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// A single bond.
    Single,
    /// A double bond.
    Double,
    /// A triple bond.
    Triple,
    /// A bond of an aromatic ring.
    Aromatic,
}

/// What is known of a heavy atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtomView {
    /// The atomic number.
    pub element: u8,
    /// The formal charge.
    pub charge: i8,
    /// Whether the atom belongs to an aromatic ring.
    pub aromatic: bool,
    /// Its hybridisation.
    pub hybridisation: Hybridisation,
    /// All of its hydrogens.
    pub hydrogens: u8,
    /// The map number written behind it (`[CH3:1]`), 0 where there is none.
    pub mark: u16,
}

/// A bond between two heavy atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BondView {
    /// The places of its atoms.
    pub atoms: (u32, u32),
    /// Its order.
    pub order: Order,
}

/// Heavy atoms and the bonds between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MoleculeGraph {
    /// The atoms, in the order of the SMILES.
    pub atoms: Vec<AtomView>,
    /// The bonds, each once.
    pub bonds: Vec<BondView>,
}

impl MoleculeGraph {
    /// The graph of the molecule that a SMILES describes, with the map numbers of its atoms; hydrogens written as atoms are folded.
    ///
    /// # Errors
    /// [`ChemError`] where the text is no SMILES, its molecule is impossible, or [`Molecule::graph`] fails.
    pub fn parse(smiles: &str) -> Result<Self, ChemError> {
        let Molecule(written) = Molecule::parse_unchecked(smiles)?;
        let graph = normal::folded(written).and_then(|molecule| Molecule(molecule).graph());
        // Where the graph cannot be told, the checks say it better.
        graph.or_else(|error| Molecule::parse(smiles).and(Err(error)))
    }
}

impl Molecule {
    /// What is known of each atom and bond.
    ///
    /// # Errors
    /// [`ChemError::Unsupported`] for a molecule beyond the toolkit, with hydrogens written as atoms of their own, with
    /// attachment points, or with bonds of other orders than [`Order`] has.
    pub fn graph(&self) -> Result<MoleculeGraph, ChemError> {
        let model = smiles::rdkit_sanitized_model(&self.0).map_err(unsupported)?;
        let hybridisations = smiles::rdkit_hybridizations(&self.0)
            .ok_or_else(|| ChemError::Unsupported("hydrogens are written as atoms of their own".into()))?;
        let mut graph = MoleculeGraph::default();
        for (index, (known, hybridisation)) in model.atoms.iter().zip(hybridisations).enumerate() {
            let atom = self.0.atom(AtomIdx(index as u32));
            let (aromatic, charge, hydrogens) = match known {
                Some(known) if !atom.wildcard => *known,
                _ if atom.wildcard => {
                    return Err(ChemError::Unsupported("an atom of no element, `*`".into()));
                }
                _ => return Err(ChemError::Unsupported("an atom that is not a heavy atom".into())),
            };
            graph.atoms.push(AtomView {
                element: atom.element.atomic_number(),
                charge,
                aromatic,
                hybridisation: match hybridisation {
                    1 => Hybridisation::Sp,
                    2 => Hybridisation::Sp2,
                    3 => Hybridisation::Sp3,
                    _ => Hybridisation::Other,
                },
                hydrogens,
                mark: atom.atom_map.unwrap_or(0),
            });
        }
        for ((_, bond), order) in self.0.bonds().zip(&model.bonds) {
            graph.bonds.push(BondView {
                atoms: (bond.atom1.0, bond.atom2.0),
                order: order_of(*order)?,
            });
        }
        Ok(graph)
    }
}

fn order_of(order: Option<BondOrder>) -> Result<Order, ChemError> {
    match order {
        Some(BondOrder::Single) => Ok(Order::Single),
        Some(BondOrder::Double) => Ok(Order::Double),
        Some(BondOrder::Triple) => Ok(Order::Triple),
        Some(BondOrder::Aromatic) => Ok(Order::Aromatic),
        Some(BondOrder::Quadruple) => Err(ChemError::Unsupported("a quadruple bond, `$`".into())),
        _ => Err(ChemError::Unsupported(
            "a bond that is neither single, double, triple nor aromatic".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_are_as_rdkit_sees_them() {
        let graph = MoleculeGraph::parse("C1=CC=CC=C1[NH:3]C#N").unwrap();
        let nitrogen = graph.atoms[6];
        assert_eq!((nitrogen.element, nitrogen.mark, nitrogen.hydrogens), (7, 3, 1));
        // Its lone pair is conjugated with the ring.
        assert_eq!(nitrogen.hybridisation, Hybridisation::Sp2);
        assert!(graph.atoms[..6].iter().all(|atom| atom.aromatic));
        assert_eq!(graph.atoms[7].hybridisation, Hybridisation::Sp);
        let orders: Vec<Order> = graph.bonds.iter().map(|bond| bond.order).collect();
        assert_eq!(
            orders.iter().filter(|order| **order == Order::Aromatic).count(),
            6
        );
        assert!(orders.contains(&Order::Triple) && orders.contains(&Order::Single));
    }

    #[test]
    fn hydrogens_written_as_atoms_are_counted_and_marks_stay() {
        let graph = MoleculeGraph::parse("[H][CH2:1]O[H]").unwrap();
        let found: Vec<(u8, u8, u16)> = graph
            .atoms
            .iter()
            .map(|atom| (atom.element, atom.hydrogens, atom.mark))
            .collect();
        assert_eq!(graph.bonds.len(), 1);
        assert!(
            found.contains(&(6, 3, 1)) && found.contains(&(8, 1, 0)),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_no_molecule_is_refused() {
        for smiles in ["C(", "C(C)(C)(C)(C)C", "[*]C", "[2H]C*"] {
            assert!(MoleculeGraph::parse(smiles).is_err(), "{smiles}");
        }
    }
}
