//! Reading fragments: what is allowed in one, and what is tabulated about it.

use chematic::core::{Atom, AtomIdx, BondOrder, Chirality, MoleculeBuilder, implicit_hcount};
use chematic::{core, smiles};
use thiserror::Error;

use crate::{ChemError, Fragment, MOST_PORTS, Molecule, symmetry::Graph};

/// What is wrong with a fragment, completing "the fragment …".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FragmentError {
    /// It cannot be read, or no such molecule exists.
    #[error("is wrong: {0}")]
    Chemistry(#[from] ChemError),
    /// There is nowhere to attach it.
    #[error("has no attachment point such as `[*:1]` in `{0}`")]
    NoPort(String),
    /// Too many attachment points.
    #[error("has {0} attachment points; at most {MOST_PORTS} are possible")]
    ManyPorts(usize),
    /// A dummy atom without a number.
    #[error("has a dummy atom without a number: write `[*:1]`, `[*:2]` and so on in `{0}`")]
    Unnumbered(String),
    /// Two attachment points of the same number.
    #[error("uses the attachment point `[*:{0}]` twice")]
    DuplicateNumber(u16),
    /// An attachment point that is not at the end of exactly one bond.
    #[error("has the attachment point `[*:{number}]` on {bonds} bonds; it needs exactly one")]
    Bonds {
        /// Its number.
        number: u16,
        /// How many bonds it has.
        bonds: usize,
    },
    /// An attachment point on a double, triple or aromatic bond.
    #[error("has the attachment point `[*:{0}]` on a bond that is not single")]
    NotSingle(u16),
    /// Two attachment points joined to each other.
    #[error("has the attachment point `[*:{0}]` bound to another one instead of an atom")]
    NoAtom(u16),
    /// More than one piece.
    #[error("is in several pieces: `{0}` must not have unconnected parts")]
    Disconnected(String),
    /// Stereochemistry, which assembly would have to carry over.
    #[error("has stereochemistry (`@`, `/` or `\\`), which fragments cannot have: `{0}`")]
    Stereo(String),
    /// A hydrogen written as an atom of its own.
    #[error("has a hydrogen atom of its own: write it within its neighbour's brackets in `{0}`")]
    Hydrogen(String),
}

impl Fragment {
    /// Reads a fragment such as `[*:1]c1ccc([*:2])cc1`: each dummy atom `[*:n]` is a place for one single bond.
    ///
    /// # Errors
    /// [`FragmentError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, FragmentError> {
        let Molecule(molecule) = Molecule::parse(text)?;
        check_atoms(&molecule, text)?;
        let dummies = numbered_dummies(&molecule, text)?;
        let anchors = dummies
            .iter()
            .map(|&(number, dummy)| anchor(&molecule, number, dummy))
            .collect::<Result<Vec<_>, _>>()?;
        if !molecule.is_connected() {
            return Err(FragmentError::Disconnected(text.into()));
        }
        let fragment = Self::from_parts(&molecule, &dummies, &anchors)?;
        // What can be made from it is checked at its barest; any neighbour is a single bond in a hydrogen's place.
        Molecule::parse(&Self::assemble(&[&fragment], &[]).plain_smiles())?;
        Ok(fragment)
    }

    fn from_parts(
        molecule: &core::Molecule,
        dummies: &[(u16, AtomIdx)],
        anchors: &[AtomIdx],
    ) -> Result<Self, FragmentError> {
        let mut index = vec![u32::MAX; molecule.atom_count()];
        let mut atoms = Vec::new();
        for (at, atom) in molecule.atoms().filter(|(_, atom)| !atom.wildcard) {
            index[at.0 as usize] = atoms.len() as u32;
            let mut atom = Atom {
                atom_map: None,
                ..atom.clone()
            };
            if anchors.contains(&at) {
                // With its hydrogens counted, `n` becomes `[nH]` where its port stays open.
                atom.hydrogen_count = Some(implicit_hcount(molecule, at));
            }
            atoms.push(atom);
        }
        let bonds = molecule
            .bonds()
            .map(|(_, bond)| {
                (
                    index[bond.atom1.0 as usize],
                    index[bond.atom2.0 as usize],
                    bond.order,
                )
            })
            .filter(|(one, two, _)| *one != u32::MAX && *two != u32::MAX)
            .collect();
        let ports = anchors.iter().map(|anchor| index[anchor.0 as usize]).collect();
        let symmetries = graph(molecule, dummies)?.port_permutations();
        Ok(Self {
            atoms,
            bonds,
            ports,
            symmetries,
            identity: identity(molecule)?,
        })
    }
}

fn check_atoms(molecule: &core::Molecule, text: &str) -> Result<(), FragmentError> {
    if molecule
        .atoms()
        .any(|(_, atom)| atom.element.atomic_number() == 1 && !atom.wildcard)
    {
        return Err(FragmentError::Hydrogen(text.into()));
    }
    let directed = |order| matches!(order, BondOrder::Up | BondOrder::Down);
    if molecule
        .atoms()
        .any(|(_, atom)| atom.chirality != Chirality::None)
        || molecule.bonds().any(|(_, bond)| directed(bond.order))
        || molecule.has_bond_directions()
    {
        return Err(FragmentError::Stereo(text.into()));
    }
    Ok(())
}

/// The dummy atoms with their map numbers, in the order of those.
fn numbered_dummies(molecule: &core::Molecule, text: &str) -> Result<Vec<(u16, AtomIdx)>, FragmentError> {
    let mut dummies = Vec::new();
    for (index, atom) in molecule.atoms().filter(|(_, atom)| atom.wildcard) {
        match atom.atom_map {
            Some(number) if number > 0 => dummies.push((number, index)),
            _ => return Err(FragmentError::Unnumbered(text.into())),
        }
    }
    dummies.sort_unstable_by_key(|&(number, index)| (number, index.0));
    if let Some(pair) = dummies.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(FragmentError::DuplicateNumber(pair[0].0));
    }
    match dummies.len() {
        0 => Err(FragmentError::NoPort(text.into())),
        count if count > MOST_PORTS => Err(FragmentError::ManyPorts(count)),
        _ => Ok(dummies),
    }
}

/// The atom that a dummy sits on.
fn anchor(molecule: &core::Molecule, number: u16, dummy: AtomIdx) -> Result<AtomIdx, FragmentError> {
    let neighbours = molecule.neighbor_slice(dummy);
    let &[(atom, bond)] = neighbours else {
        return Err(FragmentError::Bonds {
            number,
            bonds: neighbours.len(),
        });
    };
    if molecule.bond(bond).order != BondOrder::Single {
        return Err(FragmentError::NotSingle(number));
    }
    if molecule.atom(atom).wildcard {
        return Err(FragmentError::NoAtom(number));
    }
    Ok(atom)
}

/// The fragment as a labelled graph, with aromaticity as RDKit sees it, so that Kekulé notation hides no symmetry.
fn graph(molecule: &core::Molecule, dummies: &[(u16, AtomIdx)]) -> Result<Graph, FragmentError> {
    let model =
        smiles::rdkit_sanitized_model(molecule).map_err(|error| ChemError::Unsupported(error.to_string()))?;
    let mut nodes: Vec<AtomIdx> = molecule
        .atoms()
        .filter(|(_, atom)| !atom.wildcard)
        .map(|(index, _)| index)
        .collect();
    nodes.extend(dummies.iter().map(|&(_, index)| index));
    let place = |atom: AtomIdx| {
        nodes
            .iter()
            .position(|&node| node == atom)
            .expect("every atom is a node")
    };
    let label = |&node: &AtomIdx| {
        let atom = molecule.atom(node);
        let (aromatic, charge, hydrogens) =
            model.atoms[node.0 as usize].unwrap_or((atom.aromatic, atom.charge, 0));
        let element = if atom.wildcard {
            0
        } else {
            atom.element.atomic_number()
        };
        (element, charge, aromatic, hydrogens, atom.isotope.unwrap_or(0))
    };
    let neighbours = |&node: &AtomIdx| {
        let bonds = molecule.neighbors(node);
        bonds
            .map(|(other, bond)| (place(other), bond_kind(model.bonds[bond.0 as usize])))
            .collect()
    };
    Ok(Graph {
        labels: nodes.iter().map(label).collect(),
        neighbours: nodes.iter().map(neighbours).collect(),
        ports: dummies.len(),
    })
}

fn bond_kind(order: Option<BondOrder>) -> u8 {
    match order {
        Some(BondOrder::Aromatic) => 12,
        Some(order) => order.order_int(),
        None => 0,
    }
}

fn identity(molecule: &core::Molecule) -> Result<String, ChemError> {
    let mut plain = MoleculeBuilder::new();
    for (_, atom) in molecule.atoms() {
        plain.add_atom(Atom {
            atom_map: None,
            ..atom.clone()
        });
    }
    for (_, bond) in molecule.bonds() {
        plain
            .add_bond(bond.atom1, bond.atom2, bond.order)
            .expect("a molecule's bonds are distinct");
    }
    Molecule(plain.build()).canonical_smiles()
}
