//! Which bonds belong to rings: those that are no bridges.

use gfn_chem::MoleculeGraph;

/// What is known of a molecule's rings and pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rings {
    /// Of each bond, whether it is in a ring.
    pub(crate) bonds: Vec<bool>,
    /// How many independent rings there are.
    pub(crate) count: usize,
    /// How many molecules are written in one.
    pub(crate) pieces: usize,
}

impl Rings {
    pub(crate) fn of(graph: &MoleculeGraph) -> Self {
        let atoms = graph.atoms.len();
        let mut search = Search {
            neighbours: vec![Vec::new(); atoms],
            order: vec![usize::MAX; atoms],
            lowest: vec![usize::MAX; atoms],
            bonds: vec![true; graph.bonds.len()],
            seen: 0,
        };
        for (index, bond) in graph.bonds.iter().enumerate() {
            let (one, two) = (bond.atoms.0 as usize, bond.atoms.1 as usize);
            search.neighbours[one].push((two, index));
            search.neighbours[two].push((one, index));
        }
        let mut pieces = 0;
        for atom in 0..atoms {
            if search.order[atom] == usize::MAX {
                pieces += 1;
                search.from(atom);
            }
        }
        Self {
            bonds: search.bonds,
            count: graph.bonds.len() + pieces - atoms,
            pieces,
        }
    }
}

/// Tarjan's search for bridges (1974, doi 10.1016/0020-0190(74)90003-9), with a stack of its own: a chain of any length is
/// walked.
struct Search {
    /// Of each atom, the atoms bound to it, and by which bond.
    neighbours: Vec<Vec<(usize, usize)>>,
    /// The place of each atom in the order of the walk.
    order: Vec<usize>,
    /// The lowest place that can be reached from below each atom.
    lowest: Vec<usize>,
    bonds: Vec<bool>,
    seen: usize,
}

impl Search {
    fn from(&mut self, root: usize) {
        // An atom, the bond by which it was reached, and the next of its neighbours to look at.
        let mut stack = vec![(root, usize::MAX, 0)];
        self.enter(root);
        while let Some((atom, by, next)) = stack.last_mut() {
            let (atom, by) = (*atom, *by);
            let Some(&(other, bond)) = self.neighbours[atom].get(*next) else {
                stack.pop();
                self.leave(atom, by, stack.last().map(|above| above.0));
                continue;
            };
            *next += 1;
            if bond == by {
                continue;
            }
            if self.order[other] == usize::MAX {
                self.enter(other);
                stack.push((other, bond, 0));
            } else {
                self.lowest[atom] = self.lowest[atom].min(self.order[other]);
            }
        }
    }

    fn enter(&mut self, atom: usize) {
        self.order[atom] = self.seen;
        self.lowest[atom] = self.seen;
        self.seen += 1;
    }

    fn leave(&mut self, atom: usize, by: usize, above: Option<usize>) {
        let Some(above) = above else { return };
        self.lowest[above] = self.lowest[above].min(self.lowest[atom]);
        self.bonds[by] = self.lowest[atom] <= self.order[above];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rings(smiles: &str) -> (usize, usize, usize) {
        let found = Rings::of(&MoleculeGraph::parse(smiles).unwrap());
        (
            found.bonds.iter().filter(|ring| **ring).count(),
            found.count,
            found.pieces,
        )
    }

    #[test]
    fn bonds_in_rings_are_told_from_bridges() {
        assert_eq!(rings("CCO"), (0, 0, 1));
        assert_eq!(rings("c1ccccc1"), (6, 1, 1));
        assert_eq!(rings("c1ccccc1CCC1CC1"), (9, 2, 1));
        assert_eq!(rings("c1ccc2ccccc2c1"), (11, 2, 1));
        assert_eq!(rings("C1CC2(C1)CCC2"), (8, 2, 1));
        assert_eq!(rings("CC.C1CC1"), (3, 1, 2));
        assert_eq!(rings("C"), (0, 0, 1));
        assert_eq!(rings(&"C".repeat(20_000)), (0, 0, 1));
    }
}
