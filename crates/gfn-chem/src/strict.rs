//! What OpenSMILES and RDKit refuse and the parser lets pass: parts that are empty, and marks that mean nothing where they stand.

use chematic::core::{self, BondOrder};
use gfn_text::quoted;

use crate::complaint::is_in_a_ring;
use crate::spans;

/// What a character of a SMILES belongs to, as far as the rules here ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning of the text or of a part behind a dot.
    Start,
    /// An atom, a ring closure, or the end of a branch.
    Atom,
    /// A bond.
    Bond,
    /// The beginning of a branch.
    Open,
}

/// Checks the text of a SMILES that the parser has accepted.
///
/// # Errors
/// What is wrong, and at which position, counted from 1.
pub(crate) fn check(smiles: &str) -> Result<(), String> {
    let text = smiles.trim();
    let offset = smiles.find(text).unwrap_or(0);
    let bytes = text.as_bytes();
    let mut before = Before::Start;
    let mut at = 0;
    while at < bytes.len() {
        let wrong = |what: &str| Err(format!("{what} at position {}", offset + at + 1));
        let mut length = 1;
        before = match (bytes[at], before) {
            (b'.', Before::Atom) => Before::Start,
            (b'.', Before::Start) => return wrong("there is no atom before the dot"),
            (b'(', Before::Atom) => Before::Open,
            (b')', Before::Open) => return wrong("the parentheses are empty"),
            (b')', Before::Bond) => return wrong("a bond leads nowhere"),
            (b')', _) => Before::Atom,
            (b'-' | b'=' | b'#' | b'$' | b':' | b'/' | b'\\' | b'~' | b'<' | b'>', _) => Before::Bond,
            (b'(' | b'.', Before::Bond) => return wrong("a bond leads nowhere"),
            (b'@', _) => return wrong("`@` stands outside brackets"),
            (b'e', _) => return wrong("`se` stands outside brackets"),
            (b'[', _) => {
                let rest = &text[at..];
                length = rest.find(']').map_or(rest.len(), |end| end + 1);
                check_bracket(&rest[..length]).or_else(|what| wrong(&what))?;
                Before::Atom
            }
            (b'%', _) if bytes.get(at + 1) == Some(&b'(') => {
                length = text[at..].find(')').map_or(1, |end| end + 1);
                Before::Atom
            }
            _ => Before::Atom,
        };
        at += length;
    }
    match before {
        Before::Atom => Ok(()),
        _ => Err(format!(
            "there is no atom at its end, position {}",
            offset + bytes.len()
        )),
    }
}

/// Checks an atom in brackets: a mass number, a symbol, `@`, hydrogens, a charge and a number after a colon, each at most once.
fn check_bracket(atom: &str) -> Result<(), String> {
    let inner = atom.trim_start_matches('[').trim_end_matches(']');
    let rest = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    let symbol = symbol(rest);
    if symbol.starts_with(|c: char| c.is_ascii_lowercase()) && !AROMATIC.contains(&symbol) {
        return Err(format!("`{symbol}` cannot be aromatic in {}", quoted(atom)));
    }
    match rest.split_once(':') {
        Some((_, number)) if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("there is no number behind the colon of {}", quoted(atom)))
        }
        _ => Ok(()),
    }
}

/// Elements that OpenSMILES writes in small letters.
const AROMATIC: [&str; 11] = ["b", "c", "n", "o", "p", "s", "as", "se", "si", "te", "al"];

/// The symbol that a text begins with.
fn symbol(text: &str) -> &str {
    let mut letters = text.char_indices();
    let second = letters.nth(1).filter(|(_, second)| second.is_ascii_lowercase());
    match second {
        Some((at, letter)) => &text[..at + letter.len_utf8()],
        None => text.get(..1).unwrap_or_default(),
    }
}

/// Checks the bonds of a parsed SMILES: a ring that closes at the atom where it was opened is none, and an aromatic bond joins
/// aromatic atoms or belongs to a ring.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn check_bonds(text: &str, molecule: &core::Molecule) -> Result<(), String> {
    for (_, bond) in molecule.bonds() {
        let (one, two) = (bond.atom1, bond.atom2);
        if one == two {
            return Err(format!(
                "a ring closes at the atom where it was opened, atom {}",
                one.0 + 1
            ));
        }
        // What a dummy atom stands for is not known.
        let mut ends = [one, two].into_iter().map(|end| molecule.atom(end));
        let is_aromatic = ends.all(|atom| atom.aromatic || atom.wildcard);
        if bond.order == BondOrder::Aromatic && !is_aromatic && !is_in_a_ring(molecule, one, two) {
            return Err(format!(
                "the bond `:` at position {} is aromatic, and is in no ring; write a single or a double bond",
                spans::position(text, aromatic_bond(text, one.0.max(two.0) as usize))
            ));
        }
    }
    Ok(())
}

/// The byte of the `:` before an atom; the first in the text where it belongs to a ring number.
fn aromatic_bond(text: &str, atom: usize) -> usize {
    let atoms = spans::atoms(text);
    let before = atoms.get(atom).and_then(|bytes| bytes.start.checked_sub(1));
    let is_bond = |byte: &usize| text.as_bytes().get(*byte) == Some(&b':');
    let is_inside = |byte: &usize| atoms.iter().any(|atom| atom.contains(byte));
    let first = || (0..text.len()).find(|byte| is_bond(byte) && !is_inside(byte));
    before.filter(is_bond).or_else(first).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::Molecule;

    #[test]
    fn parts_that_are_empty_are_refused() {
        for smiles in [
            "C.",
            ".C",
            ".",
            "..",
            "C..C",
            "C11",
            "C1(C)1",
            "C12CC12",
            "C1C1",
            "C()C",
            "C()",
            "C(=)C",
            "C=(C)C",
            "C=",
            "=C",
            "C.=C",
            "C(.C)",
            "C(C.)C",
            "(C)C",
            "()C",
            "1CC1",
            "C1CC",
            "C%1CC",
            "C%",
            "C)",
            "C(",
            "C@C",
            "C@@H",
            "C[se",
            "c1ccsec1",
            "[CH3:]C",
            "[cl]C",
            "[]",
            "[C",
            "C]",
            "C C",
            "C,C",
            "C;",
            "CC!",
            "C\u{e9}",
            "C-1CC=1",
            "C(C))C",
            "C==C",
            "C--C",
            "[C+-]",
            "[C++--]",
            "[CHH]",
            "[C@@@H](C)(N)O",
            "C&C",
            "C[*",
            "%11C",
            "C0",
            "C|$|",
            "C:C",
            "CC(:C)C",
            "C:1.C:1",
            "c1ccccc1:C",
        ] {
            let found = Molecule::parse(smiles);
            assert!(found.is_err(), "`{smiles}` is read as {found:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let said = |smiles: &str| Molecule::parse(smiles).unwrap_err().to_string();
        assert_eq!(
            said("C."),
            "`C.` is not a SMILES: there is no atom at its end, position 2"
        );
        assert_eq!(
            said(".C"),
            "`.C` is not a SMILES: there is no atom before the dot at position 1"
        );
        assert_eq!(
            said("CC()C"),
            "`CC()C` is not a SMILES: the parentheses are empty at position 4"
        );
        assert_eq!(
            said("[CH3:1]C(:C)O"),
            "`[CH3:1]C(:C)O` is not a SMILES: the bond `:` at position 10 is aromatic, and is in no ring; write a single or a double bond"
        );
        let long = said(&("C".repeat(5000) + "("));
        assert!(
            long.contains(
                "CCC…` (4921 more characters) is not a SMILES: the parenthesis `(` at position 5001"
            ),
            "{long}"
        );
        assert!(
            said("CC11").contains("a ring closes at the atom where it was opened"),
            "{}",
            said("CC11")
        );
    }

    #[test]
    fn what_is_a_smiles_stays_one() {
        for smiles in [
            "CCO",
            "[Na+].[Cl-]",
            "C1.C1",
            "C1CC1C2CC2",
            "C1CC1CC1CC1",
            "c1cc[se]c1",
            "C(=O)(O)C",
            "C[N+](=O)[O-]",
            "[13CH4]",
            "[NH4+]",
            "F/C=C/F",
            "N[C@@H](C)C(=O)O",
            "C%12CC%12",
            "C0CC0",
            "C=1CC1",
            "[Cu++]",
            "[OH3+]",
            "O=C1NC(=O)C2=C1C=CC=C2",
            "[CH3:1][OH:2]",
            "[nH]1cccc1",
            "c1ccccc1-c1ccccc1",
            "S(=O)(=O)(C)C",
            "[Si](C)(C)C",
            "C#N",
            "[C@H](F)(Cl)Br",
            "[2H]C",
            "c1:c:c:c:c:c1",
            "c1ccccc1:c1ccccc1",
        ] {
            assert!(
                Molecule::parse(smiles).is_ok(),
                "{smiles}: {:?}",
                Molecule::parse(smiles)
            );
        }
    }
}
