//! Reading fragments: what is allowed in one, and what is tabulated about it.

use chematic::core::{Atom, AtomIdx, BondOrder, Chirality, MoleculeBuilder, implicit_hcount};
use chematic::{core, smiles};
use gfn_text::quoted;
use thiserror::Error;

use crate::{ChemError, Fragment, MAX_PORTS, Molecule, complaint, symmetry::Graph};

/// What is wrong with a fragment, completing "the fragment …".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FragmentError {
    /// It cannot be read, or no such molecule exists.
    #[error("is wrong: {0}")]
    Chemistry(#[from] ChemError),
    /// There is nowhere to attach it.
    #[error("has no attachment point such as `[*:1]` in {}", quoted(.0))]
    NoPort(String),
    /// Too many attachment points.
    #[error("has {0} attachment points; at most {MAX_PORTS} are possible")]
    ManyPorts(usize),
    /// A dummy atom without a number.
    #[error("has a dummy atom without a number: write `[*:1]`, `[*:2]` and so on in {}", quoted(.0))]
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
    #[error("is in several pieces: {} must not have unconnected parts", quoted(.0))]
    Disconnected(String),
    /// Stereochemistry, which assembly would have to carry over.
    #[error("has stereochemistry (`@`, `/` or `\\`), which fragments cannot have: {}", quoted(.0))]
    Stereo(String),
    /// An attachment point on an atom that is not there.
    #[error(
        "names the atom {atom}, and {text} has {count} atoms, which such a file numbers from 0 to {last}",
        text = quoted(.text),
        last = count.saturating_sub(1)
    )]
    Atom {
        /// The number that was asked for.
        atom: usize,
        /// The text.
        text: String,
        /// How many atoms there are.
        count: usize,
    },
    /// An atom with unpaired electrons, which whatever is assembled from the fragment would have too.
    #[error("has an unpaired electron: {0}")]
    Radical(String),
    /// A hydrogen written as an atom of its own.
    #[error("has a hydrogen atom of its own: write it within its neighbour's brackets in {}", quoted(.0))]
    Hydrogen(String),
}

impl Fragment {
    /// Reads a fragment such as `[*:1]c1ccc([*:2])cc1`: each dummy atom `[*:n]` is a place for one single bond.
    ///
    /// # Errors
    /// [`FragmentError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, FragmentError> {
        let Molecule(molecule) = Molecule::parse_as_written(text)?;
        check_atoms(&molecule, text)?;
        let dummies = numbered_dummies(&molecule, text)?;
        let anchors = dummies
            .iter()
            .map(|&(number, dummy)| anchor(&molecule, number, dummy))
            .collect::<Result<Vec<_>, _>>()?;
        if !molecule.is_connected() {
            return Err(FragmentError::Disconnected(text.into()));
        }
        if let Some(&atom) = Molecule(molecule.clone()).radicals().first() {
            return Err(FragmentError::Radical(complaint::unpaired(
                text,
                atom,
                dummies.len(),
            )));
        }
        // With its hydrogens counted, `n` becomes `[nH]` where its port stays open.
        let hydrogens = |anchor: AtomIdx, ports: usize| {
            let least = usize::from(implicit_hcount(&molecule, anchor));
            (0..=ports).map(|used| (least + ports - used) as u8).collect()
        };
        let fragment = Self::from_parts(&molecule, &dummies, &anchors, hydrogens)?;
        // What can be made from it is checked at its barest; any neighbour is a single bond in a hydrogen's place.
        Molecule::parse(&Self::assemble(&[&fragment], &[]).plain_smiles())?;
        Ok(fragment)
    }

    /// The molecule of a SMILES with attachment points on its atoms, by their places in the text from 0; an atom can have several.
    ///
    /// Hydrogens are those that a SMILES reader would find: an atom in brackets gives one up for each point in use, any other has
    /// as many as its valence leaves room for. So sulphur dioxide, open at sulphur, has none, and one where a neighbour is joined.
    ///
    /// # Errors
    /// [`FragmentError`] says which rule the text or the points break.
    pub fn on_atoms(text: &str, ports: &[usize]) -> Result<Self, FragmentError> {
        let Molecule(molecule) = Molecule::parse_as_written(text)?;
        check_atoms(&molecule, text)?;
        if let Some(&atom) = Molecule(molecule.clone()).radicals().first() {
            return Err(FragmentError::Radical(complaint::unpaired_of(text, atom)));
        }
        if molecule.atoms().any(|(_, atom)| atom.wildcard) {
            return Err(FragmentError::Unnumbered(text.into()));
        }
        if !molecule.is_connected() {
            return Err(FragmentError::Disconnected(text.into()));
        }
        check_ports(&molecule, ports, text)?;
        let anchors: Vec<AtomIdx> = ports.iter().map(|&atom| AtomIdx(atom as u32)).collect();
        let with_dummies = with_dummies(&molecule, &anchors);
        // Whether all points can be in use at once.
        smiles::rdkit_sanitized_model(&with_dummies)
            .map_err(|error| complaint::crowded(text, &with_dummies, &error))?;
        let numbers = 1..=ports.len() as u16;
        let dummies: Vec<(u16, AtomIdx)> = numbers
            .map(|number| {
                (
                    number,
                    AtomIdx(molecule.atom_count() as u32 + u32::from(number) - 1),
                )
            })
            .collect();
        Self::from_parts(&with_dummies, &dummies, &anchors, |anchor, ports| {
            let hydrogens = |used| implicit_hcount(&with_dummies_at(&molecule, anchor, used), anchor);
            (0..=ports).map(hydrogens).collect()
        })
    }

    /// `hydrogens` tells, of an atom with that many ports, its hydrogens by the number of ports in use.
    fn from_parts(
        molecule: &core::Molecule,
        dummies: &[(u16, AtomIdx)],
        anchors: &[AtomIdx],
        hydrogens: impl Fn(AtomIdx, usize) -> Vec<u8>,
    ) -> Result<Self, FragmentError> {
        let mut index = vec![u32::MAX; molecule.atom_count()];
        let (mut atoms, mut tabulated) = (Vec::new(), Vec::new());
        for (at, atom) in molecule.atoms().filter(|(_, atom)| !atom.wildcard) {
            index[at.0 as usize] = atoms.len() as u32;
            let ports = anchors.iter().filter(|anchor| **anchor == at).count();
            if ports > 0 {
                tabulated.push((atoms.len() as u32, hydrogens(at, ports)));
            }
            atoms.push(Atom {
                atom_map: None,
                ..atom.clone()
            });
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
            anchors: tabulated,
            bonds,
            ports,
            symmetries,
            identity: identity(molecule)?,
        })
    }
}

/// `molecule` with a dummy atom at each anchor, in their order, behind its own atoms.
fn with_dummies(molecule: &core::Molecule, anchors: &[AtomIdx]) -> core::Molecule {
    let mut builder = MoleculeBuilder::from_molecule(molecule);
    for &anchor in anchors {
        let written = builder.atom_at(anchor).hydrogen_count;
        // What is written in brackets gives way; what is not follows from the valence.
        builder.set_atom_hydrogen_count(anchor, written.map(|count| count.saturating_sub(1)));
        let dummy = builder.add_atom(Atom::wildcard());
        builder
            .add_bond(anchor, dummy, BondOrder::Single)
            .expect("a new atom has no bonds");
    }
    builder.build()
}

/// `molecule` with that many dummy atoms at one of its atoms.
fn with_dummies_at(molecule: &core::Molecule, anchor: AtomIdx, count: usize) -> core::Molecule {
    with_dummies(molecule, &vec![anchor; count])
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

/// Whether there are attachment points, not too many, on atoms that are there.
fn check_ports(molecule: &core::Molecule, ports: &[usize], text: &str) -> Result<(), FragmentError> {
    let count = molecule.atom_count();
    if let Some(&atom) = ports.iter().find(|&&atom| atom >= count) {
        return Err(FragmentError::Atom {
            atom,
            text: text.into(),
            count,
        });
    }
    match ports.len() {
        0 => Err(FragmentError::NoPort(text.into())),
        many if many > MAX_PORTS => Err(FragmentError::ManyPorts(many)),
        _ => Ok(()),
    }
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
        count if count > MAX_PORTS => Err(FragmentError::ManyPorts(count)),
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

/// The fragment as a labeled graph, with aromaticity as RDKit sees it, so that Kekulé notation hides no symmetry.
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
