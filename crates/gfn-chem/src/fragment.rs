//! Pieces of molecules with attachment points, and molecules assembled from them.

use chematic::core::{Atom, AtomIdx, BondOrder, MoleculeBuilder};

use crate::Molecule;

/// The most attachment points that a fragment can have.
pub const MOST_PORTS: usize = 8;

/// A piece of a molecule, its attachment points ("ports") numbered from 0 in the order of their map numbers.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Heavy atoms. Those that carry ports have their hydrogens counted with all ports in use.
    pub(crate) atoms: Vec<Atom>,
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

    /// The permutations of ports that symmetries of the fragment bring about, the identity first; `permutation[p]` is
    /// where port p goes.
    pub fn symmetries(&self) -> &[Vec<usize>] {
        &self.symmetries
    }

    /// Canonical SMILES with the ports as unnumbered dummies: equal for fragments that differ in notation alone.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The molecule of `pieces` joined by `joins`, with a hydrogen at every port that is left open.
    ///
    /// # Panics
    /// Where a join names a piece or port that is not there, or two joins make the same bond.
    pub fn assemble(pieces: &[&Self], joins: &[Join]) -> Molecule {
        let atom_count = pieces.iter().map(|piece| piece.atoms.len()).sum();
        let mut builder = MoleculeBuilder::with_capacity(atom_count, atom_count + 8);
        let mut first_atom = Vec::with_capacity(pieces.len());
        for (at, piece) in pieces.iter().enumerate() {
            let first = builder.atom_count() as u32;
            first_atom.push(first);
            for atom in &piece.atoms {
                builder.add_atom(atom.clone());
            }
            for &(one, two, order) in &piece.bonds {
                builder
                    .add_bond(AtomIdx(first + one), AtomIdx(first + two), order)
                    .expect("a fragment's bonds are distinct");
            }
            for port in piece.open_ports(at, joins) {
                add_hydrogen(&mut builder, AtomIdx(first + piece.ports[port]));
            }
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

    /// The ports of this fragment, as piece `at`, that no join uses.
    fn open_ports<'a>(&'a self, at: usize, joins: &'a [Join]) -> impl Iterator<Item = usize> + 'a {
        (0..self.ports.len()).filter(move |&port| {
            joins.iter().all(|join| {
                (join.pieces.0, join.ports.0) != (at, port) && (join.pieces.1, join.ports.1) != (at, port)
            })
        })
    }
}

fn add_hydrogen(builder: &mut MoleculeBuilder, atom: AtomIdx) {
    let hydrogens = builder
        .atom_at(atom)
        .hydrogen_count
        .expect("the hydrogens beside a port are counted");
    builder.set_atom_hydrogen_count(atom, Some(hydrogens + 1));
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
