//! A molecule written down in one order, whatever the order it came in, and in one of its Kekulé forms. Where rings are
//! [ambiguous](crate::rings), which of them are aromatic depends on both, and two texts of one molecule would be two keys.

use std::collections::HashSet;

use chematic::core::{Atom, AtomIdx, BondOrder, Chirality, Element, Molecule, MoleculeBuilder};
use chematic::smiles;

/// A molecule with more Kekulé forms stays as it is.
const MAX_FORMS: usize = 500;

/// Half the lengths of the rings around which double bonds may be shifted: 6, 10 and 14 bonds, those of aromatic rings. Shifted around
/// 4 or 8, as in cyclooctatetraenes, they make another molecule.
const SHIFTED: [usize; 3] = [3, 5, 7];

/// The molecule in its one order and form. None for a molecule with bonds of other orders than one, two and three, or with too many
/// forms; one with stereochemistry loses it.
pub(crate) fn arranged(molecule: &Molecule) -> Option<Molecule> {
    let kekule = Kekule::of(molecule)?;
    let forms = kekule.forms()?;
    let labelled = forms.iter().map(|form| {
        let (text, order) = smiles::canonical_smiles_with_atom_order(&kekule.labelled(form)?);
        Some((text, order, form))
    });
    let labelled: Vec<_> = labelled.collect::<Option<_>>()?;
    let (_, order, form) = labelled.into_iter().min_by(|one, two| one.0.cmp(&two.0))?;
    let order: Vec<usize> = order.into_iter().map(|atom| atom.0 as usize).collect();
    kekule.written(&order, form)
}

/// Of each atom, the one that its double bond leads to, where that bond could be elsewhere.
type Form = Vec<Option<usize>>;

/// A molecule with single, double and triple bonds alone.
struct Kekule {
    /// With all hydrogens counted, and not aromatic.
    atoms: Vec<Atom>,
    /// Two atoms and how many bonds join them.
    bonds: Vec<(usize, usize, i32)>,
    /// Atoms with one double bond, to another such atom: their double bonds could be elsewhere.
    is_free: Vec<bool>,
}

impl Kekule {
    fn of(molecule: &Molecule) -> Option<Self> {
        let block = smiles::rdkit_mol_block(molecule).ok()?;
        let model = smiles::rdkit_sanitized_model(molecule).ok()?;
        let count = molecule.atom_count();
        if block.atoms.len() != count || block.bonds.iter().any(|bond| !(1..=3).contains(&bond.bond_type)) {
            return None;
        }
        let bonds: Vec<(usize, usize, i32)> = block
            .bonds
            .iter()
            .map(|bond| (bond.begin, bond.end, bond.bond_type))
            .collect();
        let double = |atom: usize| {
            let at = bonds
                .iter()
                .filter(|bond| bond.2 == 2 && (bond.0 == atom || bond.1 == atom));
            at.count()
        };
        let doubles: Vec<usize> = (0..count).map(double).collect();
        let mut is_free = vec![false; count];
        for &(one, two, _) in bonds.iter().filter(|bond| bond.2 == 2) {
            let both = doubles[one] == 1 && doubles[two] == 1;
            is_free[one] |= both;
            is_free[two] |= both;
        }
        let atom = |at: usize| {
            let atom = molecule.atom(AtomIdx(at as u32));
            let (_, charge, hydrogens) = model.atoms[at]?;
            Some(Atom {
                charge,
                hydrogen_count: (!atom.wildcard || hydrogens > 0).then_some(hydrogens),
                aromatic: false,
                chirality: Chirality::None,
                atom_map: None,
                ..atom.clone()
            })
        };
        Some(Self {
            atoms: (0..count).map(atom).collect::<Option<_>>()?,
            bonds,
            is_free,
        })
    }

    /// Whether a bond may be a single or a double one.
    fn is_movable(&self, bond: (usize, usize, i32)) -> bool {
        bond.2 < 3 && self.is_free[bond.0] && self.is_free[bond.1]
    }

    /// All Kekulé forms that shifts around aromatic rings lead to, this one among them.
    fn forms(&self) -> Option<Vec<Form>> {
        let mut first = vec![None; self.atoms.len()];
        let mut near = vec![Vec::new(); self.atoms.len()];
        for &bond in self.bonds.iter().filter(|bond| self.is_movable(**bond)) {
            near[bond.0].push(bond.1);
            near[bond.1].push(bond.0);
            if bond.2 == 2 {
                (first[bond.0], first[bond.1]) = (Some(bond.1), Some(bond.0));
            }
        }
        let mut seen = HashSet::from([first.clone()]);
        let mut forms = vec![first];
        let mut next = 0;
        while let Some(form) = forms.get(next).cloned() {
            for start in 0..form.len() {
                shift(&near, &form, &mut vec![start], &mut |shifted| {
                    if seen.insert(shifted.clone()) {
                        forms.push(shifted);
                    }
                });
            }
            if forms.len() > MAX_FORMS {
                return None;
            }
            next += 1;
        }
        Some(forms)
    }

    /// A form of the molecule for a canonicalisation that knows nothing of chemistry: carbons that carry as isotopes what they stand
    /// for.
    fn labelled(&self, form: &Form) -> Option<Molecule> {
        let label = |at: usize| {
            let atom = &self.atoms[at];
            let element = if atom.wildcard {
                0
            } else {
                atom.element.atomic_number()
            };
            (element, atom.charge, atom.isotope, atom.hydrogen_count)
        };
        let mut kinds: Vec<_> = (0..self.atoms.len()).map(label).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut builder = MoleculeBuilder::new();
        for at in 0..self.atoms.len() {
            let kind = kinds.binary_search(&label(at)).ok()? as u16 + 1;
            builder.add_atom(Atom::bracket(Element::C, Some(kind), Chirality::None, 0, 0, None));
        }
        for &bond in &self.bonds {
            let order = self.order(bond, form);
            builder
                .add_bond(AtomIdx(bond.0 as u32), AtomIdx(bond.1 as u32), order)
                .ok()?;
        }
        Some(builder.build())
    }

    /// A form of the molecule with its atoms in this order.
    fn written(&self, order: &[usize], form: &Form) -> Option<Molecule> {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &atom)| place[atom] = at);
        let mut bonds: Vec<_> = self
            .bonds
            .iter()
            .map(|&bond| {
                let (one, two) = (place[bond.0], place[bond.1]);
                (one.min(two) as u32, one.max(two) as u32, self.order(bond, form))
            })
            .collect();
        bonds.sort_unstable_by_key(|bond| (bond.0, bond.1));
        let mut builder = MoleculeBuilder::new();
        for &atom in order {
            builder.add_atom(self.atoms[atom].clone());
        }
        for (one, two, order) in bonds {
            builder.add_bond(AtomIdx(one), AtomIdx(two), order).ok()?;
        }
        Some(builder.build())
    }

    fn order(&self, bond: (usize, usize, i32), form: &Form) -> BondOrder {
        match bond.2 {
            _ if self.is_movable(bond) && form[bond.0] == Some(bond.1) => BondOrder::Double,
            _ if self.is_movable(bond) => BondOrder::Single,
            2 => BondOrder::Double,
            3 => BondOrder::Triple,
            _ => BondOrder::Single,
        }
    }
}

/// Tells of every form that differs by a shift of double bonds around one ring, in which they alternate with single ones. `path` leads
/// from the ring's first atom, the least of it, along a double bond and a single one in turn.
fn shift(near: &[Vec<usize>], form: &Form, path: &mut Vec<usize>, tell: &mut dyn FnMut(Form)) {
    let (first, last) = (path[0], path[path.len() - 1]);
    let Some(partner) = form[last].filter(|partner| *partner > first && !path.contains(partner)) else {
        return;
    };
    path.push(partner);
    for &next in &near[partner] {
        if next == first && SHIFTED.contains(&(path.len() / 2)) {
            let mut shifted = form.clone();
            for at in (1..path.len()).step_by(2) {
                let (one, two) = (path[at], path[(at + 1) % path.len()]);
                (shifted[one], shifted[two]) = (Some(two), Some(one));
            }
            tell(shifted);
        } else if next > first
            && path.len() < 2 * SHIFTED[2]
            && !path.contains(&next)
            && form[partner] != Some(next)
        {
            path.push(next);
            shift(near, form, path, tell);
            path.pop();
        }
    }
    path.pop();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(smiles: &str) -> usize {
        let molecule = smiles::parse(smiles).unwrap();
        Kekule::of(&molecule).unwrap().forms().unwrap().len()
    }

    #[test]
    fn double_bonds_are_shifted_around_aromatic_rings_alone() {
        for (smiles, count) in [
            ("c1ccccc1", 2),
            ("c1ccc2ccccc2c1", 3),
            ("c1ccc2cccc-2cc1", 2),
            ("c1cc[nH]c1", 1),
            ("C1=CC=CC=CC=C1", 1),
            ("C1=CC=C1", 1),
            ("C=CC=C", 1),
            ("C=C=C", 1),
        ] {
            assert_eq!(forms(smiles), count, "{smiles}");
        }
    }

    #[test]
    fn the_order_of_atoms_makes_no_difference() {
        let written = |text: &str| smiles::write(&arranged(&smiles::parse(text).unwrap()).unwrap());
        let one = written("O=C=NC1=CC2C3=C(C=C1)C2=C(N=C=O)C=C3");
        assert_eq!(written("O=C=NC1=CC2c3ccc(N=C=O)c2c3C=C1"), one);
        assert_ne!(written("CC1=C(C)C2CC1C=C2"), one);
        assert!(arranged(&smiles::parse("[Fe]<-[NH3]").unwrap()).is_none());
    }
}
