//! A molecule written down in one order, whatever the order it came in, and in one of its Kekulé forms. Where rings are
//! [ambiguous](crate::rings), which of them are aromatic depends on both, and two texts of one molecule would be two keys.

use std::collections::HashSet;

use chematic::core::{Atom, AtomIdx, BondOrder, Chirality, Element, Molecule, MoleculeBuilder};
use chematic::smiles;

/// A molecule with more ways to draw its double bonds stays as it is.
const MAX_FORMS: usize = 200;

/// The molecule in its one order and form, where the rings of the atoms that are marked are ambiguous. None for a molecule with bonds of
/// other orders than one, two and three, or with too many forms; one with stereochemistry loses it.
pub(crate) fn arranged(molecule: &Molecule, ambiguous: &[bool]) -> Option<Molecule> {
    let kekule = Kekule::of(molecule, ambiguous)?;
    let forms = kekule.forms()?.into_iter().map(|form| kekule.arrange(form));
    let forms: Vec<OrderedForm> = forms.collect::<Option<_>>()?;
    let best = same(&forms)
        .into_iter()
        .min_by(|one, two| one.text.cmp(&two.text))?;
    Some(best.molecule.clone())
}

/// A form in its one order.
struct OrderedForm {
    form: Form,
    /// What is the same for all orders of the atoms.
    text: String,
    molecule: Molecule,
    /// The pairs of atoms whose bond is aromatic in this form.
    aromatic: HashSet<(usize, usize)>,
}

impl OrderedForm {
    /// Whether another form is known to be the same molecule: it differs in bonds that are aromatic in this one, or around a single ring
    /// of six, whichever rings the toolkit takes for the smallest.
    fn is_same(&self, other: &Self) -> bool {
        let forms = self.form.iter().zip(&other.form).enumerate();
        let different: Vec<_> = forms.filter(|(_, (one, two))| one != two).collect();
        let mut bonds = different
            .iter()
            .flat_map(|(atom, (one, two))| {
                [**one, **two].map(|partner| partner.map(|partner| (*atom, partner)))
            })
            .flatten();
        different.len() == 6 || bonds.all(|(one, two)| self.aromatic.contains(&(one.min(two), one.max(two))))
    }
}

/// The forms that are one molecule with the first: aromatic rings, as they are in one form or the other, lead from each to the next. Double
/// bonds that alternate around a ring that is not aromatic, as in cyclooctatetraenes, make another molecule when they are shifted.
fn same(forms: &[OrderedForm]) -> Vec<&OrderedForm> {
    let mut found = vec![false; forms.len()];
    let mut stack = vec![0];
    while let Some(at) = stack.pop() {
        if std::mem::replace(&mut found[at], true) {
            continue;
        }
        let next = (0..forms.len()).filter(|&other| {
            !found[other] && (forms[at].is_same(&forms[other]) || forms[other].is_same(&forms[at]))
        });
        stack.extend(next.collect::<Vec<_>>());
    }
    (0..forms.len())
        .filter(|&at| found[at])
        .map(|at| &forms[at])
        .collect()
}

/// Of each atom, the one that its double bond leads to, where that bond could be elsewhere.
type Form = Vec<Option<usize>>;

/// Partners are tried at most so many times.
const MAX_TRIES: usize = 20_000;

/// The kind of a bond that stays aromatic.
const AROMATIC: i32 = 4;

/// A molecule whose ambiguous rings have single, double and triple bonds alone.
struct Kekule {
    /// With all hydrogens counted.
    atoms: Vec<Atom>,
    /// Two atoms and how many bonds join them, or [`AROMATIC`].
    bonds: Vec<(usize, usize, i32)>,
    /// Ambiguous atoms with one double bond, to another such atom: their double bonds could be elsewhere.
    is_free: Vec<bool>,
}

impl Kekule {
    fn of(molecule: &Molecule, ambiguous: &[bool]) -> Option<Self> {
        let block = smiles::rdkit_mol_block(molecule).ok()?;
        let model = smiles::rdkit_sanitized_model(molecule).ok()?;
        let count = molecule.atom_count();
        if block.atoms.len() != count || block.bonds.iter().any(|bond| !(1..=3).contains(&bond.bond_type)) {
            return None;
        }
        let kind = |one: usize, two: usize, drawn: i32| {
            let (bond, _) = molecule.bond_between(AtomIdx(one as u32), AtomIdx(two as u32))?;
            let stays = model.bonds[bond.0 as usize] == Some(BondOrder::Aromatic)
                && !(ambiguous[one] && ambiguous[two]);
            Some((one, two, if stays { AROMATIC } else { drawn }))
        };
        let bonds = block
            .bonds
            .iter()
            .map(|bond| kind(bond.begin, bond.end, bond.bond_type));
        let bonds: Vec<(usize, usize, i32)> = bonds.collect::<Option<_>>()?;
        let mut doubles = vec![0; count];
        for &(one, two, _) in bonds.iter().filter(|bond| bond.2 == 2) {
            doubles[one] += 1;
            doubles[two] += 1;
        }
        let mut is_free = vec![false; count];
        for &(one, two, _) in bonds.iter().filter(|bond| bond.2 == 2) {
            let both = [one, two]
                .into_iter()
                .all(|atom| doubles[atom] == 1 && ambiguous[atom]);
            is_free[one] |= both;
            is_free[two] |= both;
        }
        let atom = |at: usize| {
            let atom = molecule.atom(AtomIdx(at as u32));
            let (aromatic, charge, hydrogens) = model.atoms[at]?;
            Some(Atom {
                charge,
                hydrogen_count: (!atom.wildcard || hydrogens > 0).then_some(hydrogens),
                aromatic: aromatic && !ambiguous[at],
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
        matches!(bond.2, 1 | 2) && self.is_free[bond.0] && self.is_free[bond.1]
    }

    /// All ways to draw the double bonds, this one first.
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
        let mut forms = vec![first];
        let mut tries = MAX_TRIES;
        pair(
            &near,
            0,
            &mut vec![None; self.atoms.len()],
            &mut forms,
            &mut tries,
        );
        (tries > 0 && forms.len() <= MAX_FORMS).then_some(forms)
    }

    fn arrange(&self, form: Form) -> Option<OrderedForm> {
        let (text, order) = smiles::canonical_smiles_with_atom_order(&self.labeled(&form)?);
        let order: Vec<usize> = order.into_iter().map(|atom| atom.0 as usize).collect();
        let molecule = self.written(&order, &form)?;
        let model = smiles::rdkit_sanitized_model(&molecule).ok()?;
        let bonds = molecule.bonds().zip(model.bonds);
        let aromatic = bonds.filter(|(_, order)| *order == Some(BondOrder::Aromatic));
        let aromatic = aromatic.map(|((_, bond), _)| {
            let [one, two] = [bond.atom1, bond.atom2].map(|atom| order[atom.0 as usize]);
            (one.min(two), one.max(two))
        });
        Some(OrderedForm {
            aromatic: aromatic.collect(),
            form,
            text,
            molecule,
        })
    }

    /// A form of the molecule for a canonicalisation that knows nothing of chemistry: carbons that carry as isotopes what they stand
    /// for.
    fn labeled(&self, form: &Form) -> Option<Molecule> {
        let label = |at: usize| {
            let atom = &self.atoms[at];
            let element = if atom.wildcard {
                0
            } else {
                atom.element.atomic_number()
            };
            (
                element,
                atom.charge,
                atom.isotope,
                atom.hydrogen_count,
                atom.aromatic,
            )
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
            AROMATIC => BondOrder::Aromatic,
            _ => BondOrder::Single,
        }
    }
}

/// Gives each atom from `at` on that has choices a partner of its own, in all ways; those that are not in `forms` are added to it.
fn pair(near: &[Vec<usize>], at: usize, form: &mut Form, forms: &mut Vec<Form>, tries: &mut usize) {
    let open = (at..near.len()).find(|&atom| !near[atom].is_empty() && form[atom].is_none());
    let Some(atom) = open else {
        if form != &forms[0] {
            forms.push(form.clone());
        }
        return;
    };
    for &other in near[atom].iter().filter(|other| **other > atom) {
        if form[other].is_some() || *tries == 0 || forms.len() > MAX_FORMS {
            continue;
        }
        *tries -= 1;
        (form[atom], form[other]) = (Some(other), Some(atom));
        pair(near, atom + 1, form, forms, tries);
        (form[atom], form[other]) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kekule(smiles: &str, is_ambiguous: bool) -> Kekule {
        let molecule = smiles::parse(smiles).unwrap();
        Kekule::of(&molecule, &vec![is_ambiguous; molecule.atom_count()]).unwrap()
    }

    #[test]
    fn double_bonds_are_one_molecule_around_aromatic_rings_alone() {
        for (smiles, all, one) in [
            ("c1ccccc1", 2, 2),
            ("c1ccc2ccccc2c1", 3, 3),
            ("c1ccc2cccc-2cc1", 2, 2),
            ("c1cc[nH]c1", 1, 1),
            ("C1=CC=CC=CC=C1", 2, 1),
            ("C1=CC=C1", 2, 1),
            ("C=CC=C", 1, 1),
            ("C=C=C", 1, 1),
        ] {
            let kekule = kekule(smiles, true);
            let forms = kekule.forms().unwrap();
            let forms: Vec<OrderedForm> = forms
                .into_iter()
                .map(|form| kekule.arrange(form).unwrap())
                .collect();
            assert_eq!((forms.len(), same(&forms).len()), (all, one), "{smiles}");
        }
        assert_eq!(kekule("c1ccccc1", false).forms().unwrap().len(), 1);
    }

    #[test]
    fn the_order_of_atoms_makes_no_difference() {
        let written = |text: &str| {
            let molecule = smiles::parse(text).unwrap();
            let arranged = arranged(&molecule, &crate::rings::ambiguous(&molecule));
            arranged.map(|molecule| smiles::write(&molecule))
        };
        let one = written("O=C=NC1=CC2C3=C(C=C1)C2=C(N=C=O)C=C3");
        assert!(one.is_some());
        assert_eq!(written("O=C=NC1=CC2c3ccc(N=C=O)c2c3C=C1"), one);
        assert_ne!(written("CC1=C(C)C2CC1C=C2"), one);
        let other = written("c1ccc(C2CC3CCC2C3)cc1");
        assert_eq!(written("C1=CC=CC(=C1)C1C2CCC(C2)C1"), other);
        assert_eq!(written("[Fe]<-[NH3]"), None);
    }
}
