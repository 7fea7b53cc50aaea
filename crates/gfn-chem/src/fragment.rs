//! Pieces of molecules with attachment points, and molecules assembled from them.

use chematic::core::{Atom, AtomIdx, BondOrder, MoleculeBuilder};

use crate::Molecule;

/// The most attachment points that a fragment can have.
pub const MAX_PORTS: usize = 8;

/// A piece of a molecule, its attachment points ("ports") numbered from 0 in the order of their map numbers.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Heavy atoms.
    pub(crate) atoms: Vec<Atom>,
    /// The atoms that carry ports, each with its hydrogens where none, one, two … of its ports are in use.
    pub(crate) anchors: Vec<(u32, Vec<u8>)>,
    pub(crate) bonds: Vec<(u32, u32, BondOrder)>,
    /// The atom that each port sits on.
    pub(crate) ports: Vec<u32>,
    pub(crate) symmetries: Vec<Vec<usize>>,
    pub(crate) identity: String,
}

/// A single bond between port `ports.0` of piece `pieces.0` and port `ports.1` of piece `pieces.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// The two pieces, by their place in the list.
    pub pieces: (usize, usize),
    /// The port of each.
    pub ports: (usize, usize),
}

impl Fragment {
    /// How many attachment points there are.
    pub fn port_count(&self) -> usize {
        self.ports.len()
    }

    /// The heavy atom that each attachment point sits on, by its place in the fragment's text, dummy atoms not counted.
    pub fn ports(&self) -> &[u32] {
        &self.ports
    }

    /// The permutations of ports that symmetries of the fragment bring about, the identity first; `permutation[p]` is
    /// where port p goes.
    pub fn symmetries(&self) -> &[Vec<usize>] {
        &self.symmetries
    }

    /// Canonical SMILES with the ports as unnumbered dummies: equal for fragments that differ in notation alone.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The molecule of `pieces` joined by `joins`, with hydrogens at the ports that are left open.
    ///
    /// # Panics
    /// Where a join names a piece or port that is not there, or two joins make the same bond.
    pub fn assemble(pieces: &[&Self], joins: &[Join]) -> Molecule {
        assembled(pieces, joins, None)
    }

    /// [`Self::assemble`], with the map number 1 at every atom that has an open port.
    ///
    /// # Panics
    /// As [`Self::assemble`].
    pub fn assemble_marked(pieces: &[&Self], joins: &[Join]) -> Molecule {
        assembled(pieces, joins, Some(1))
    }

    /// How many ports of `atom` the joins use, where this fragment is piece `at`.
    fn used(&self, at: usize, atom: u32, joins: &[Join]) -> usize {
        let uses = |end: (usize, usize)| end.0 == at && self.ports[end.1] == atom;
        let ends = joins
            .iter()
            .flat_map(|join| [(join.pieces.0, join.ports.0), (join.pieces.1, join.ports.1)]);
        ends.filter(|end| uses(*end)).count()
    }
}

fn assembled(pieces: &[&Fragment], joins: &[Join], mark: Option<u16>) -> Molecule {
    let atom_count = pieces.iter().map(|piece| piece.atoms.len()).sum();
    let mut builder = MoleculeBuilder::with_capacity(atom_count, atom_count + 8);
    let mut first_atom = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        first_atom.push(add_piece(&mut builder, piece, at, joins, mark));
    }
    for join in joins {
        let end = |piece: usize, port: usize| AtomIdx(first_atom[piece] + pieces[piece].ports[port]);
        builder
            .add_bond(
                end(join.pieces.0, join.ports.0),
                end(join.pieces.1, join.ports.1),
                BondOrder::Single,
            )
            .expect("two pieces are joined once");
    }
    Molecule(builder.build())
}

/// Adds the atoms and bonds of a piece; returns the number of its first atom.
fn add_piece(
    builder: &mut MoleculeBuilder,
    piece: &Fragment,
    at: usize,
    joins: &[Join],
    mark: Option<u16>,
) -> u32 {
    let first = builder.atom_count() as u32;
    for (index, atom) in piece.atoms.iter().enumerate() {
        let mut atom = atom.clone();
        let anchor = piece.anchors.iter().find(|(anchor, _)| *anchor == index as u32);
        if let Some((anchor, hydrogens)) = anchor {
            let used = piece.used(at, *anchor, joins);
            atom.hydrogen_count = Some(hydrogens[used]);
            atom.atom_map = mark.filter(|_| used + 1 < hydrogens.len());
        }
        builder.add_atom(atom);
    }
    for &(one, two, order) in &piece.bonds {
        builder
            .add_bond(AtomIdx(first + one), AtomIdx(first + two), order)
            .expect("a fragment's bonds are distinct");
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> String {
        let fragment = Fragment::parse(text).unwrap();
        Fragment::assemble(&[&fragment], &[]).canonical_smiles().unwrap()
    }

    #[test]
    fn open_ports_become_hydrogens() {
        assert_eq!(open("[*:1]n1cccc1"), "c1cc[nH]c1");
        assert_eq!(open("[*:1]C[*:2]"), "C");
        assert_eq!(open("[*:1]N([*:2])[*:3]"), "N");
        assert_eq!(open("[*:1][N+]([*:2])([*:3])[*:4]"), "[NH4+]");
        assert_eq!(open("[*:7]c1ccc([*:2])cc1"), "c1ccccc1");
        assert_eq!(open("[*:1]S(=O)(=O)C"), "C[SH](=O)=O");
    }

    #[test]
    fn atoms_with_open_ports_are_marked() {
        let ring = Fragment::parse("[*:1]c1ccc([*:2])nc1").unwrap();
        let linker = Fragment::parse("[*:1]C([*:2])O").unwrap();
        let join = Join {
            pieces: (0, 1),
            ports: (1, 0),
        };
        let marked = Fragment::assemble_marked(&[&ring, &linker], &[join]).plain_smiles();
        let graph = crate::MoleculeGraph::parse(&marked).unwrap();
        let open: Vec<(u8, u8)> = graph
            .atoms
            .iter()
            .filter(|atom| atom.mark == 1)
            .map(|atom| (atom.element, atom.hydrogens))
            .collect();
        assert_eq!(open, [(6, 1), (6, 2)], "{marked}");
        let plain = Molecule::parse(&marked.replace(":1", "")).unwrap();
        let assembled = Fragment::assemble(&[&ring, &linker], &[join]);
        assert_eq!(plain.canonical_smiles(), assembled.canonical_smiles());
    }

    /// Unlike with dummy atoms, an open port says nothing of hydrogens: the sulphur here has one only once it is used.
    #[test]
    fn ports_can_be_put_on_the_atoms_of_a_molecule() {
        let smiles = |text: &str, ports: &[usize], used: bool| {
            let fragment = Fragment::on_atoms(text, ports).unwrap();
            let methyl = Fragment::on_atoms("C", &[0]).unwrap();
            let join = Join {
                pieces: (0, 1),
                ports: (0, 0),
            };
            let joins = if used { &[join][..] } else { &[] };
            let pieces = [&fragment, &methyl];
            let count = 1 + usize::from(used);
            Fragment::assemble(&pieces[..count], joins)
                .canonical_smiles()
                .unwrap()
        };
        for (text, ports, open, used) in [
            ("O=S=O", &[1][..], "O=S=O", "C[SH](=O)=O"),
            ("O=PO", &[1], "O=PO", "C[PH](=O)O"),
            ("O=[NH+][O-]", &[1], "O=[NH+][O-]", "C[N+](=O)[O-]"),
            ("c1cc[nH]c1", &[3], "c1cc[nH]c1", "Cn1cccc1"),
            ("CO", &[1, 0, 0, 0], "CO", "COC"),
            ("N", &[0], "N", "CN"),
        ] {
            assert_eq!(smiles(text, ports, false), open);
            assert_eq!(smiles(text, ports, true), used);
        }
        let fragment = Fragment::on_atoms("CO", &[1, 0, 0, 0]).unwrap();
        assert_eq!((fragment.port_count(), fragment.symmetries().len()), (4, 6));
        for (text, ports, message) in [
            (
                "CO",
                &[2][..],
                "names the atom 2, and `CO` has 2 atoms, which such a file numbers from 0 to 1",
            ),
            (
                "C[CH]",
                &[0],
                "has an unpaired electron: atom 2 (`[CH]`, position 2): an atom in brackets",
            ),
            ("CO", &[], "has no attachment point"),
            ("C*", &[0], "has a dummy atom without a number"),
        ] {
            let error = Fragment::on_atoms(text, ports).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
        assert!(Fragment::on_atoms("F", &[0, 0]).is_err(), "two bonds at fluorine");
    }

    #[test]
    fn pieces_are_joined() {
        let pyrrole = Fragment::parse("[*:1]n1cccc1").unwrap();
        let linker = Fragment::parse("[*:1]CO[*:2]").unwrap();
        let join = Join {
            pieces: (0, 1),
            ports: (0, 0),
        };
        let molecule = Fragment::assemble(&[&pyrrole, &linker], &[join]);
        assert_eq!(molecule.canonical_smiles().unwrap(), "OCn1cccc1");
    }

    #[test]
    fn symmetries_are_counted() {
        for (text, count) in [
            ("[*:1]c1ccccc1", 1),
            ("[*:1]c1ccc([*:2])cc1", 2),
            ("[*:1]C1=CC=CC=C1[*:2]", 2),
            ("[*:1]c1ccc([*:2])nc1", 1),
            ("[*:1]c1cc([*:2])cc([*:3])c1", 6),
            ("[*:1]c1c([*:2])c([*:3])c([*:4])c([*:5])c1[*:6]", 12),
            ("[*:1]C([*:2])([*:3])[*:4]", 24),
            ("[*:1]C([*:2])C([*:3])[*:4]", 8),
            ("[*:1]CN([*:2])C[*:3]", 2),
            ("[*:1]c1cc(C(F)(F)F)c([*:2])c(C(F)(F)F)c1", 1),
            ("[*:1]c1c(C(F)(F)F)cc([*:2])c(C(F)(F)F)c1", 2),
        ] {
            assert_eq!(Fragment::parse(text).unwrap().symmetries().len(), count, "{text}");
        }
    }

    #[test]
    fn notation_does_not_change_identity() {
        let identity = |text| Fragment::parse(text).unwrap().identity().to_owned();
        assert_eq!(
            identity("[*:1]c1ccc([*:2])cc1"),
            identity("[*:9]C1=CC=C([*:3])C=C1")
        );
        assert_ne!(identity("[*:1]c1ccc([*:2])cc1"), identity("[*:1]c1cccc([*:2])c1"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("[*:1]C(", "is wrong: `[*:1]C(` is not a SMILES: "),
            (
                "[*:1]C(C)(C)(C)C",
                "is wrong: `[*:1]C(C)(C)(C)C` is not a possible molecule: ",
            ),
            ("CC", "has no attachment point such as `[*:1]` in `CC`"),
            (
                "*C",
                "has a dummy atom without a number: write `[*:1]`, `[*:2]` and so on in `*C`",
            ),
            ("[*:1]C[*:1]", "uses the attachment point `[*:1]` twice"),
            (
                "C[*:1]C",
                "has the attachment point `[*:1]` on 2 bonds; it needs exactly one",
            ),
            (
                "C.[*:1]",
                "has the attachment point `[*:1]` on 0 bonds; it needs exactly one",
            ),
            (
                "[*:1]=C",
                "has the attachment point `[*:1]` on a bond that is not single",
            ),
            (
                "[*:1][*:2]",
                "has the attachment point `[*:1]` bound to another one instead of an atom",
            ),
            (
                "[*:1]C.C",
                "is in several pieces: `[*:1]C.C` must not have unconnected parts",
            ),
            (
                "[*:1][C@H](F)Cl",
                "has stereochemistry (`@`, `/` or `\\`), which fragments cannot have",
            ),
            (
                "[*:1]/C=C/C",
                "has stereochemistry (`@`, `/` or `\\`), which fragments cannot have",
            ),
            (
                "[*:1][CH]C",
                "has an unpaired electron: atom 2 (`[CH]`, position 6): an atom in brackets has the hydrogens that are written there, and \
                 no others; write `[*:1]CC`, or give it another attachment point: `[*:1][CH]([*:2])C`",
            ),
            (
                "[*:1]C[CH2]",
                "has an unpaired electron: atom 3 (`[CH2]`, position 7): an atom in brackets has the hydrogens that are written there, and \
                 no others; write `[*:1]CC`, or give it another attachment point: `[*:1]C[CH2][*:2]`",
            ),
            (
                "[*:1][C]1CC1",
                "has an unpaired electron: atom 2 (`[C]`, position 6): an atom in brackets has the hydrogens that are written there, and \
                 no others; write `[*:1]C1CC1`, or give it another attachment point: `[*:1][C]1([*:2])CC1`",
            ),
            (
                "[*:1]N(C)[O]",
                "has an unpaired electron: atom 4 (`[O]`, position 10)",
            ),
            ("[*:1][H]", "has a hydrogen atom of its own"),
            (
                "[*:1]C([*:2])([*:3])C([*:4])([*:5])C([*:6])([*:7])C([*:8])[*:9]",
                "has 9 attachment points; at most 8 are possible",
            ),
        ] {
            let found = Fragment::parse(text).unwrap_err().to_string();
            assert!(found.starts_with(message), "{text}: {found}");
        }
    }
}
