//! Whether the rings of a molecule can be told apart in one way only. In a cage, or where three rings meet in one atom, which rings are
//! the smallest depends on the order of the atoms, and with it which are aromatic.

use chematic::core::{AtomIdx, Molecule};

/// A bond between ring atoms, or a chain of them.
#[derive(Clone, Copy)]
struct Link {
    other: usize,
    /// Whether there are atoms between the two.
    is_chain: bool,
    /// How many rings it was found to border on.
    rings: u8,
}

/// Which atoms belong to ring systems that are not outerplanar. Where every atom borders on the outside, as in chains of fused rings,
/// there is one smallest set of smallest rings (Leydold & Stadler 1998, "Minimal cycle bases of outerplanar graphs", Electronic
/// Journal of Combinatorics 5, R16).
pub(crate) fn ambiguous(molecule: &Molecule) -> Vec<bool> {
    let links = ring_links(molecule);
    let mut reduced = links.clone();
    let mut is_ambiguous = vec![false; links.len()];
    let mut seen = vec![false; links.len()];
    for first in 0..links.len() {
        if seen[first] || links[first].is_empty() {
            continue;
        }
        let system = system(&links, first, &mut seen);
        if !is_outerplanar(&mut reduced, &system) {
            system.into_iter().for_each(|atom| is_ambiguous[atom] = true);
        }
    }
    is_ambiguous
}

/// The atoms that ring bonds join to one.
fn system(links: &[Vec<Link>], first: usize, seen: &mut [bool]) -> Vec<usize> {
    let mut atoms = vec![first];
    seen[first] = true;
    let mut next = 0;
    while let Some(&atom) = atoms.get(next) {
        for link in &links[atom] {
            if !std::mem::replace(&mut seen[link.other], true) {
                atoms.push(link.other);
            }
        }
        next += 1;
    }
    atoms
}

/// Whether all atoms of a ring system border on the outside. Atoms between two others are taken out one by one, until nothing is left.
fn is_outerplanar(links: &mut [Vec<Link>], system: &[usize]) -> bool {
    let mut ends: Vec<usize> = system
        .iter()
        .copied()
        .filter(|&atom| links[atom].len() == 2)
        .collect();
    while let Some(atom) = ends.pop() {
        match links[atom][..] {
            [one, two] => {
                if is_full(one) || is_full(two) || !join(links, atom, one.other, two.other) {
                    return false;
                }
                ends.extend([one.other, two.other]);
            }
            [one] => {
                unlink(links, atom, one.other);
                ends.push(one.other);
            }
            _ => {}
        }
    }
    system.iter().all(|&atom| links[atom].is_empty())
}

/// Whether there are rings on both sides already.
fn is_full(link: Link) -> bool {
    link.rings > u8::from(!link.is_chain)
}

/// Takes `atom` out from between two others, which are then joined; false where more rings meet there than a plane has sides.
fn join(links: &mut [Vec<Link>], atom: usize, one: usize, two: usize) -> bool {
    unlink(links, atom, one);
    unlink(links, atom, two);
    let mut is_possible = true;
    for (from, to) in [(one, two), (two, one)] {
        match links[from].iter_mut().find(|link| link.other == to) {
            Some(link) => {
                is_possible = !is_full(*link);
                link.rings += 1;
            }
            None => links[from].push(Link {
                other: to,
                is_chain: true,
                rings: 0,
            }),
        }
    }
    is_possible
}

fn unlink(links: &mut [Vec<Link>], one: usize, two: usize) {
    links[one].retain(|link| link.other != two);
    links[two].retain(|link| link.other != one);
}

/// The bonds of each atom that are in rings.
fn ring_links(molecule: &Molecule) -> Vec<Vec<Link>> {
    let count = molecule.atom_count();
    let neighbours: Vec<Vec<usize>> = (0..count)
        .map(|atom| {
            let others = molecule.neighbors(AtomIdx(atom as u32));
            others.map(|(other, _)| other.0 as usize).collect()
        })
        .collect();
    let depths = Depths::of(&neighbours);
    let mut links = vec![Vec::new(); count];
    for (atom, others) in neighbours.iter().enumerate() {
        let in_rings = others.iter().filter(|&&other| !depths.is_bridge(atom, other));
        links[atom].extend(in_rings.map(|&other| Link {
            other,
            is_chain: false,
            rings: 0,
        }));
    }
    links
}

/// A walk over all atoms, each from the one that it was first reached from.
struct Depths {
    from: Vec<usize>,
    /// When each atom was reached, and the earliest that is reached from it without the bond that led there.
    reached: Vec<usize>,
    lowest: Vec<usize>,
}

impl Depths {
    fn of(neighbours: &[Vec<usize>]) -> Self {
        let count = neighbours.len();
        let mut depths = Self {
            from: vec![usize::MAX; count],
            reached: vec![usize::MAX; count],
            lowest: vec![usize::MAX; count],
        };
        let mut time = 0;
        for first in 0..count {
            if depths.reached[first] != usize::MAX {
                continue;
            }
            let mut stack = vec![(first, 0)];
            (depths.reached[first], depths.lowest[first]) = (time, time);
            time += 1;
            while let Some((atom, next)) = stack.last_mut() {
                let atom = *atom;
                let Some(&other) = neighbours[atom].get(*next) else {
                    stack.pop();
                    if let Some(&(before, _)) = stack.last() {
                        depths.lowest[before] = depths.lowest[before].min(depths.lowest[atom]);
                    }
                    continue;
                };
                *next += 1;
                if depths.reached[other] == usize::MAX {
                    depths.from[other] = atom;
                    (depths.reached[other], depths.lowest[other]) = (time, time);
                    time += 1;
                    stack.push((other, 0));
                } else if depths.from[atom] != other {
                    depths.lowest[atom] = depths.lowest[atom].min(depths.reached[other]);
                }
            }
        }
        depths
    }

    /// Whether a bond is in no ring.
    fn is_bridge(&self, one: usize, two: usize) -> bool {
        let (above, below) = match self.from[two] == one {
            true => (one, two),
            false if self.from[one] == two => (two, one),
            false => return false,
        };
        self.lowest[below] > self.reached[above]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cage_leaves_other_rings_alone() {
        let molecule = chematic::smiles::parse("c1ccccc1C1CC2CCC1C2").unwrap();
        let cage = ambiguous(&molecule);
        assert_eq!(cage, [vec![false; 6], vec![true; 7]].concat());
    }

    #[test]
    fn chains_of_rings_are_unambiguous_and_cages_are_not() {
        for (smiles, expected) in [
            ("CCO", true),
            ("C1CC1", true),
            ("c1ccc2ccccc2c1", true),
            ("c1ccc2c(c1)ccc1ccccc12", true),
            ("c1ccc2c(c1)c1ccccc12", true),
            ("c1ccc(-c2ccc(-c3ccccc3)cc2)cc1", true),
            ("C1CCC2(CC1)CCC1(CCCCC1)CC2", true),
            ("C[C]12CCC3C(CCC4CCCCC34)C1CCC2", true),
            ("CC.C1CC1.c1ccc2[nH]ccc2c1", true),
            ("C1CC2CCC1C2", false),
            ("C1C2CC3CC1CC(C2)C3", false),
            ("C12C3C4C1C5C2C3C45", false),
            ("c1cc2cccc3cccc(c1)c23", false),
            ("C1CC1CC1C2CC1C2", false),
            ("O=C=NC1=CC2C3=C(C=C1)C2=C(N=C=O)C=C3", false),
        ] {
            let molecule = chematic::smiles::parse(smiles).unwrap();
            assert_eq!(ambiguous(&molecule).iter().all(|is| !is), expected, "{smiles}");
        }
    }
}
