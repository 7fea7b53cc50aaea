//! What is wrong with a SMILES, in words, with the place in its text. The toolkit numbers from 0 and says little; here positions
//! and atoms count from 1, and a message says what to write instead.

use chematic::core::{AtomIdx, BondOrder, Molecule};
use chematic::smiles::{self, SmilesError};
use gfn_text::quoted;

use crate::{ChemError, spans, strict};

/// Why a text was not read.
pub(crate) fn unread(text: &str, error: &SmilesError) -> ChemError {
    if let SmilesError::InvalidValence { atom, valence, .. } = error {
        return ChemError::Impossible {
            smiles: text.into(),
            message: too_many_bonds(text, *atom, &valence.to_string()),
        };
    }
    ChemError::Syntax {
        smiles: text.into(),
        message: syntax(text, error),
    }
}

/// Why a molecule that was read from `text` cannot exist. `error` is what the toolkit says where it does not say which atoms.
pub(crate) fn impossible(text: &str, molecule: &Molecule, error: &impl std::fmt::Display) -> ChemError {
    let problems = smiles::rdkit_detect_chemistry_problems(molecule).unwrap_or_default();
    let message = problems.first().map(|problem| match problem.kind.as_str() {
        "AtomValenceException" => {
            let numbers = problem.message.split(|c: char| !c.is_ascii_digit());
            let valence = numbers
                .filter(|word| !word.is_empty())
                .nth(1)
                .unwrap_or("too many");
            too_many_bonds(text, problem.atoms.first().copied().unwrap_or(0), valence)
        }
        "AtomKekulizeException" => not_in_a_ring(text, &problem.atoms),
        _ => without_kekule_form(text, molecule, &problem.atoms),
    });
    match message {
        Some(message) => ChemError::Impossible {
            smiles: text.into(),
            message,
        },
        None => ChemError::Unsupported(format!(
            "{} is beyond the chemistry toolkit ({})",
            quoted(text),
            error.to_string().trim_start_matches("RDKit-compatible SMILES: ")
        )),
    }
}

fn syntax(text: &str, error: &SmilesError) -> String {
    let at = |byte: usize| spans::position(text, byte);
    match error {
        SmilesError::EmptyInput => "it is empty".into(),
        SmilesError::ResourceLimit {
            resource,
            actual,
            limit,
        } => format!("it has {actual} {resource}, and at most {limit} are read"),
        SmilesError::UnexpectedEnd { pos } => {
            // A bond that no atom follows is told so too.
            let before = text.get(..*pos).unwrap_or(text);
            match before.chars().next_back() {
                Some(character) if "-=#$:/\\".contains(character) => {
                    let last = spans::position(text, before.len() - 1);
                    match text.get(*pos..).and_then(|rest| rest.chars().next()) {
                        Some(next) if "-=#$:/\\".contains(next) => {
                            format!("two bonds one after the other at position {}", last + 1)
                        }
                        _ => format!("the bond `{character}` at position {last} leads to no atom"),
                    }
                }
                _ => "it ends in the middle of a ring number".into(),
            }
        }
        SmilesError::UnknownElement { symbol, pos } => {
            format!("`{symbol}` at position {} is no element", at(*pos))
        }
        SmilesError::UnmatchedRingClosure { ring_num, .. } => open_ring(text, u32::from(*ring_num)),
        SmilesError::UnmatchedExtendedRingClosure { ring_num, .. } => open_ring(text, *ring_num),
        SmilesError::MismatchedParentheses { pos } | SmilesError::UnexpectedCharacter { pos } => {
            unexpected(text, *pos)
        }
        SmilesError::InvalidBracketAtom { detail, pos } => bracket(text, detail, *pos),
        SmilesError::ConflictingRingBond { ring_num, pos } => conflict(u32::from(*ring_num), at(*pos)),
        SmilesError::ConflictingExtendedRingBond { ring_num, pos } => conflict(*ring_num, at(*pos)),
        SmilesError::NestingTooDeep { pos } => {
            format!("parentheses are nested too deeply at position {}", at(*pos))
        }
        SmilesError::UnsupportedChiralityClass { class, pos } => {
            format!("`@{class}` at position {} is no chirality", at(*pos))
        }
        SmilesError::InvalidValence { atom, valence, .. } => {
            too_many_bonds(text, *atom, &valence.to_string())
        }
    }
}

fn open_ring(text: &str, number: u32) -> String {
    let place = spans::open_ring(text, number).map_or(text.len(), |byte| byte);
    format!(
        "ring {number}, opened at position {}, is not closed",
        spans::position(text, place)
    )
}

fn conflict(number: u32, position: usize) -> String {
    format!("ring {number}, closed at position {position}, has a different bond where it is opened")
}

fn unexpected(text: &str, byte: usize) -> String {
    let position = spans::position(text, byte);
    let rest = text.get(byte..).unwrap_or_default();
    let parenthesis = spans::open_parenthesis(text, byte);
    match (rest.chars().next(), parenthesis) {
        (None, Some(open)) => {
            let open = spans::position(text, open);
            format!("the parenthesis `(` at position {open} is not closed")
        }
        (None, None) => "it ends where an atom is expected".into(),
        (Some(')'), None) => format!("the parenthesis `)` at position {position} closes nothing"),
        (Some(character), _) => {
            let shown = character.to_string();
            let shown = gfn_text::visible(&shown);
            let help = match character.is_ascii_alphabetic() {
                true => {
                    "; write elements other than B, C, N, O, P, S, F, Cl, Br and I in brackets, as in `[Na]`"
                }
                false => "",
            };
            format!("unexpected `{shown}` at position {position}{help}")
        }
    }
}

fn bracket(text: &str, detail: &str, byte: usize) -> String {
    let position = spans::position(text, byte);
    let open = text.get(..byte).and_then(|before| before.rfind('['));
    let Some(open) = open.filter(|_| !detail.contains("bond") && !detail.contains("maximum")) else {
        return match detail.contains("maximum") {
            true => "it has too many atoms".into(),
            false => format!("two bonds join the same atoms at position {position}"),
        };
    };
    let first = spans::position(text, open);
    match text[open..].find(']') {
        None => format!("the bracket `[` at position {first} is not closed"),
        Some(end) => {
            let atom = quoted(&text[open..=open + end]);
            format!("{atom} at position {first} is no atom: unexpected text at position {position}")
        }
    }
}

/// An atom as messages name it.
fn named(text: &str, atom: usize) -> String {
    match spans::atoms(text).get(atom) {
        Some(bytes) => {
            let position = spans::position(text, bytes.start);
            format!(
                "atom {} ({}, position {position})",
                atom + 1,
                quoted(&text[bytes.clone()])
            )
        }
        None => format!("atom {}", atom + 1),
    }
}

fn too_many_bonds(text: &str, atom: usize, valence: &str) -> String {
    format!(
        "{} has a valence of {valence}, more than its element can have; take bonds or hydrogens away, or write a charge",
        named(text, atom)
    )
}

fn not_in_a_ring(text: &str, atoms: &[usize]) -> String {
    let atom = atoms.first().copied().unwrap_or(0);
    format!(
        "{} is written in lower case, as aromatic, and is in no ring",
        named(text, atom)
    )
}

/// An aromatic ring whose single and double bonds cannot alternate.
fn without_kekule_form(text: &str, molecule: &Molecule, atoms: &[usize]) -> String {
    let ring = aromatic_system(molecule, atoms);
    let bytes = spans::around(text, &ring).unwrap_or(0..text.len());
    let position = spans::position(text, bytes.start);
    let place = format!(
        "the aromatic ring at {} (position {position}) has no Kekulé form",
        quoted(&text[bytes])
    );
    let spans = spans::atoms(text);
    let bare = |atom: &&usize| spans.get(**atom).is_some_and(|bytes| &text[bytes.clone()] == "n");
    let nitrogens: Vec<&usize> = ring.iter().filter(bare).collect();
    let start = |atom: usize| spans::position(text, spans[atom].start);
    match nitrogens[..] {
        [] => format!(
            "{place}: single and double bonds cannot alternate in it; write it in capital letters with its double bonds"
        ),
        [&one] => format!(
            "{place}; mostly a nitrogen lacks its hydrogen: write `[nH]` for the `n` at position {}",
            start(one)
        ),
        _ => format!("{place}; mostly a nitrogen lacks its hydrogen: write `[nH]` for one `n`"),
    }
}

/// The aromatic atoms that are joined to some of these by aromatic bonds within rings.
fn aromatic_system(molecule: &Molecule, atoms: &[usize]) -> Vec<usize> {
    let mut found = vec![false; molecule.atom_count()];
    let mut stack: Vec<usize> = atoms.iter().copied().filter(|atom| *atom < found.len()).collect();
    while let Some(atom) = stack.pop() {
        if std::mem::replace(&mut found[atom], true) {
            continue;
        }
        let at = AtomIdx(atom as u32);
        for (other, bond) in molecule.neighbors(at) {
            let is_aromatic = molecule.bond(bond).order == BondOrder::Aromatic;
            if is_aromatic && !found[other.0 as usize] && is_in_a_ring(molecule, at, other) {
                stack.push(other.0 as usize);
            }
        }
    }
    (0..found.len()).filter(|atom| found[*atom]).collect()
}

/// Whether there is another way from one atom to its neighbour than their bond.
pub(crate) fn is_in_a_ring(molecule: &Molecule, one: AtomIdx, two: AtomIdx) -> bool {
    let mut seen = vec![false; molecule.atom_count()];
    seen[one.0 as usize] = true;
    let others = |atom: AtomIdx| molecule.neighbors(atom).map(|(other, _)| other);
    let mut stack: Vec<AtomIdx> = others(one).filter(|other| *other != two).collect();
    while let Some(atom) = stack.pop() {
        if atom == two {
            return true;
        }
        if !std::mem::replace(&mut seen[atom.0 as usize], true) {
            stack.extend(others(atom));
        }
    }
    false
}

/// An atom of a block with unpaired electrons, and what to write: `ports` attachment points are there already.
pub(crate) fn unpaired(text: &str, atom: usize, ports: usize) -> String {
    let mut help = unpaired_of(text, atom);
    if let Some(bytes) = spans::atoms(text).get(atom) {
        let (before, after) = (&text[..bytes.end], &text[bytes.end..]);
        // Ring numbers stand before a branch.
        let rings = after.len()
            - after
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '%')
                .len();
        let (rings, after) = after.split_at(rings);
        let number = (1..)
            .find(|number| !text.contains(&format!("[*:{number}]")))
            .unwrap_or(ports + 1);
        let with_port = match after {
            "" => format!("{before}{rings}[*:{number}]"),
            after => format!("{before}{rings}([*:{number}]){after}"),
        };
        help += &format!(", or give it another attachment point: {}", quoted(&with_port));
    }
    help
}

/// An atom with unpaired electrons, and how it is written with hydrogens in their place.
pub(crate) fn unpaired_of(text: &str, atom: usize) -> String {
    let place = named(text, atom);
    let why = "an atom in brackets has the hydrogens that are written there, and no others";
    let Some(bytes) = spans::atoms(text).get(atom).cloned() else {
        return format!("{place}: {why}");
    };
    let inner = text[bytes.clone()].trim_matches(['[', ']']);
    let symbol = inner.trim_end_matches(|c: char| c == 'H' || c.is_ascii_digit());
    let organic = ["B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I", "c"];
    match organic.contains(&symbol) {
        true => format!(
            "{place}: {why}; write {}",
            quoted(&format!("{}{symbol}{}", &text[..bytes.start], &text[bytes.end..]))
        ),
        false => format!("{place}: {why}; write its hydrogens"),
    }
}

/// Why a molecule is impossible once all of its attachment points are in use.
pub(crate) fn crowded(text: &str, in_use: &Molecule, error: &impl std::fmt::Display) -> ChemError {
    match impossible(text, in_use, error) {
        ChemError::Impossible { smiles, message } => ChemError::Impossible {
            smiles,
            message: format!("with every attachment point in use, {message}"),
        },
        other => other,
    }
}

/// Reads a SMILES, whose molecule may be impossible.
pub(crate) fn read(text: &str) -> Result<Molecule, ChemError> {
    let molecule = smiles::parse(text).map_err(|error| unread(text, &error))?;
    // What the parser lets pass.
    let strict = strict::check(text).and_then(|()| strict::check_bonds(text, &molecule));
    match strict {
        Ok(()) => Ok(molecule),
        Err(message) => Err(ChemError::Syntax {
            smiles: text.into(),
            message,
        }),
    }
}
