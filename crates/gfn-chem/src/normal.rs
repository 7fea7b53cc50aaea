//! One molecule, one form. Every reader of SMILES goes through here, so that a molecule is the same key wherever it comes from:
//! tables, files to dock, caches, objects that a run finds.
//!
//! - An extension behind the SMILES, such as `|$_R1;;$|`, is no part of the molecule.
//! - Atom map numbers are dropped, and hydrogens written as atoms of their own are folded into their neighbours. Those that RDKit
//!   keeps are kept: isotopes, bridges between atoms, hydrogens bound to nothing else.
//! - The canonical SMILES is a fixed point: reading and writing it again changes nothing.

use std::borrow::Cow;

use chematic::core::{AtomIdx, BondOrder, Chirality, Element, Molecule};
use chematic::smiles;

use crate::molecule::unsupported;
use crate::{ChemError, complaint, order, rings, spans};

/// A text is written anew at most so many times; cycles are far shorter.
const MAX_ROUNDS: usize = 32;

/// The SMILES of a text, without an extension such as `|$_R1;;$|` behind it.
///
/// # Errors
/// [`ChemError::Syntax`] where an extension is not closed, or something else stands behind the SMILES.
pub fn smiles_of(text: &str) -> Result<&str, ChemError> {
    let text = text.trim();
    let Some((smiles, rest)) = text.split_once(char::is_whitespace) else {
        return Ok(text);
    };
    let wrong = |message: String| ChemError::Syntax {
        smiles: text.into(),
        message,
    };
    let rest = rest.trim_start();
    let position = spans::position(text, text.len() - rest.len());
    match rest.strip_prefix('|').map(|inner| inner.split_once('|')) {
        Some(Some((_, ""))) => Ok(smiles),
        Some(None) => Err(wrong(format!(
            "the extension that begins with `|` at position {position} is not closed"
        ))),
        _ => Err(wrong(format!(
            "something stands behind it, at position {position}"
        ))),
    }
}

/// The SMILES of a line of a file of molecules, with its extension, and the name behind it; empty where there is none.
pub fn with_name(line: &str) -> (&str, &str) {
    let line = line.trim();
    let Some((smiles, rest)) = line.split_once(char::is_whitespace) else {
        return (line, "");
    };
    let rest = rest.trim_start();
    match rest.strip_prefix('|') {
        None => (smiles, rest),
        Some(inner) => {
            let end = inner
                .find('|')
                .map_or(line.len(), |end| line.len() - inner.len() + end + 1);
            (&line[..end], line[end..].trim_start())
        }
    }
}

/// The canonical SMILES of the molecule of a text: the key of the molecule, however it is written.
///
/// # Errors
/// [`ChemError`] where there is no possible molecule.
pub fn canonical_of(text: &str) -> Result<String, ChemError> {
    crate::Molecule::parse(text)?.canonical_smiles()
}

/// The molecule that was read from `text`, checked and in its normal form.
pub(crate) fn checked(text: &str, molecule: Molecule) -> Result<Molecule, ChemError> {
    let has_maps = molecule.atoms().any(|(_, atom)| atom.atom_map.is_some());
    let molecule = match has_maps {
        true => complaint::read(&without_maps(text))?,
        false => molecule,
    };
    match smiles::rdkit_sanitized_model(&molecule) {
        Ok(_) => folded(molecule),
        Err(error) => Err(complaint::impossible(text, &molecule, &error)),
    }
}

/// The molecule without the hydrogens that its heavy atoms can count.
pub(crate) fn folded(molecule: Molecule) -> Result<Molecule, ChemError> {
    let is_hydrogen = |atom: AtomIdx| {
        let atom = molecule.atom(atom);
        !atom.wildcard && atom.element == Element::H
    };
    if !molecule.atoms().any(|(index, _)| is_hydrogen(index)) {
        return Ok(molecule);
    }
    // Written canonically, a molecule has no hydrogens but those that stay.
    let written = smiles::rdkit_canonical_smiles(&molecule).map_err(unsupported)?;
    complaint::read(&written)
}

/// A SMILES without the map numbers of its atoms: `[CH3:1]` as `[CH3]`.
fn without_maps(text: &str) -> Cow<'_, str> {
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    for atom in spans::atoms(text) {
        let written = &text[atom.clone()];
        if let Some(colon) = written.rfind(':').filter(|_| written.starts_with('[')) {
            plain.push_str(&text[done..atom.start + colon]);
            done = atom.end - 1;
        }
    }
    match done {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(plain + &text[done..]),
    }
}

/// The canonical SMILES of a molecule.
pub(crate) fn canonical(molecule: &Molecule) -> Result<String, ChemError> {
    let ambiguous = rings::ambiguous(molecule);
    let (is_flat, is_plain) = (is_flat(molecule), !ambiguous.contains(&true));
    if is_flat && is_plain {
        return smiles::rdkit_canonical_smiles(molecule).map_err(unsupported);
    }
    let arranged = if is_flat && !is_plain {
        order::arranged(molecule, &ambiguous)
    } else {
        None
    };
    let first = smiles::rdkit_canonical_smiles(arranged.as_ref().unwrap_or(molecule)).map_err(unsupported)?;
    Ok(fixed_point(first, &|text| {
        let molecule = smiles::parse(text).ok()?;
        smiles::rdkit_canonical_smiles(&molecule).ok()
    }))
}

/// Whether a molecule has no stereochemistry.
pub(crate) fn is_flat(molecule: &Molecule) -> bool {
    let directed = |order| matches!(order, BondOrder::Up | BondOrder::Down);
    molecule
        .atoms()
        .all(|(_, atom)| atom.chirality == Chirality::None)
        && !molecule.has_bond_directions()
        && !molecule.bonds().any(|(_, bond)| directed(bond.order))
}

/// What writing a text anew leads to: the text that stays the same, or of texts that follow one another in a circle the least.
fn fixed_point(first: String, again: &dyn Fn(&str) -> Option<String>) -> String {
    let mut seen = vec![first];
    while seen.len() < MAX_ROUNDS {
        let last = seen.last().expect("there is a first");
        match again(last) {
            None => break,
            Some(next) => match seen.iter().position(|text| *text == next) {
                Some(start) => return seen.drain(start..).min().unwrap_or(next),
                None => seen.push(next),
            },
        }
    }
    seen.into_iter().min().expect("there is a first")
}
