//! A molecule laid out in the plane, for whoever draws it. The layout is `chematic`'s; what is drawn with it (lines,
//! colors, letters) is not decided here.

use chematic::core::{self, AtomIdx, BondOrder};
use chematic::perception;
use chematic_depict as depict;

use crate::Molecule;

/// A molecule in the plane: lengths are in bonds, y grows downwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The heavy atoms.
    pub atoms: Vec<DrawnAtom>,
    /// The bonds between them.
    pub bonds: Vec<DrawnBond>,
}

/// An atom of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnAtom {
    /// Across, in bonds.
    pub x: f64,
    /// Down, in bonds.
    pub y: f64,
    /// The element's symbol, or `*`.
    pub symbol: String,
    /// Hydrogens on it.
    pub hydrogens: u8,
    /// Its charge, in elementary charges.
    pub charge: i8,
    /// Its mass number, where that is given.
    pub isotope: Option<u16>,
    /// Whether it is written out: all but the corners of the skeleton.
    pub is_written: bool,
}

/// A bond of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnBond {
    /// The atom at one end.
    pub from: usize,
    /// The atom at the other.
    pub to: usize,
    /// How many lines it is drawn with: 1, 2 or 3.
    pub lines: u8,
    /// The middle of the smallest ring that it is in: the second line of a double bond is drawn towards it.
    pub ring: Option<(f64, f64)>,
}

impl Molecule {
    /// The molecule laid out in the plane, with alternating double bonds for aromatic rings. Stereochemistry is not told.
    pub fn drawing(&self) -> Drawing {
        let kekulised = core::kekulize(&self.0).map(|found| core::apply_kekule(&self.0, &found));
        // A ring that has no such form keeps its aromatic bonds, which are drawn as single ones.
        let molecule = kekulised.as_ref().unwrap_or(&self.0);
        let layout = depict::compute_layout(molecule);
        let place = |atom: AtomIdx| {
            let point = layout.get(atom);
            (point.x / depict::BOND_LEN, point.y / depict::BOND_LEN)
        };
        let atoms = self
            .0
            .atoms()
            .map(|(index, _)| drawn_atom(&self.0, index, place(index)));
        let rings = perception::find_sssr_shared(molecule);
        let middle = |from: AtomIdx, to: AtomIdx| {
            let around = rings
                .rings()
                .iter()
                .filter(|ring| ring.contains(&from) && ring.contains(&to));
            around
                .min_by_key(|ring| ring.len())
                .map(|ring| middle(ring.iter().map(|&atom| place(atom))))
        };
        let bonds = molecule.bonds().map(|(_, bond)| DrawnBond {
            from: bond.atom1.0 as usize,
            to: bond.atom2.0 as usize,
            lines: lines(bond.order),
            ring: middle(bond.atom1, bond.atom2),
        });
        Drawing {
            atoms: atoms.collect(),
            bonds: bonds.collect(),
        }
    }
}

fn drawn_atom(molecule: &core::Molecule, index: AtomIdx, (x, y): (f64, f64)) -> DrawnAtom {
    let atom = molecule.atom(index);
    let is_corner = atom.element.atomic_number() == 6
        && atom.charge == 0
        && atom.isotope.is_none()
        && molecule.degree(index) > 0;
    DrawnAtom {
        x,
        y,
        symbol: if atom.wildcard {
            "*".into()
        } else {
            atom.element.symbol().into()
        },
        hydrogens: atom
            .hydrogen_count
            .unwrap_or_else(|| core::implicit_hcount(molecule, index)),
        charge: atom.charge,
        isotope: atom.isotope,
        is_written: !is_corner || atom.wildcard,
    }
}

fn lines(order: BondOrder) -> u8 {
    match order {
        BondOrder::Double => 2,
        BondOrder::Triple => 3,
        _ => 1,
    }
}

fn middle(points: impl ExactSizeIterator<Item = (f64, f64)>) -> (f64, f64) {
    let count = points.len() as f64;
    let (x, y) = points.fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (x / count, y / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(smiles: &str) -> Drawing {
        Molecule::parse(smiles).unwrap().drawing()
    }

    fn length(drawing: &Drawing, bond: &DrawnBond) -> f64 {
        let (from, to) = (&drawing.atoms[bond.from], &drawing.atoms[bond.to]);
        (from.x - to.x).hypot(from.y - to.y)
    }

    #[test]
    fn aspirin_is_laid_out_with_bonds_of_one_length_and_no_two_atoms_in_one_place() {
        let drawing = drawing("CC(=O)Oc1ccccc1C(=O)O");
        assert_eq!((drawing.atoms.len(), drawing.bonds.len()), (13, 13));
        for bond in &drawing.bonds {
            assert!((length(&drawing, bond) - 1.0).abs() < 0.05, "{bond:?}");
        }
        for (index, one) in drawing.atoms.iter().enumerate() {
            for other in &drawing.atoms[..index] {
                assert!((one.x - other.x).hypot(one.y - other.y) > 0.5);
            }
        }
    }

    #[test]
    fn aromatic_rings_alternate_and_know_their_middle() {
        let drawing = drawing("c1ccccc1");
        let double = drawing.bonds.iter().filter(|bond| bond.lines == 2).count();
        assert_eq!(double, 3);
        for bond in &drawing.bonds {
            let (x, y) = bond.ring.unwrap();
            let atom = &drawing.atoms[bond.from];
            assert!(((atom.x - x).hypot(atom.y - y) - 1.0).abs() < 0.05);
        }
    }

    #[test]
    fn atoms_are_written_with_their_hydrogens_and_charges_unless_they_are_corners() {
        let drawing = drawing("C[NH3+]");
        assert!(!drawing.atoms[0].is_written);
        let nitrogen = &drawing.atoms[1];
        assert_eq!(
            (nitrogen.symbol.as_str(), nitrogen.hydrogens, nitrogen.charge),
            ("N", 3, 1)
        );
        assert!(nitrogen.is_written);
        assert!(
            self::drawing("C").atoms[0].is_written,
            "methane is nothing but a letter"
        );
    }
}
