//! Where the atoms, rings and parentheses of a SMILES stand in its text. Messages name places by it; it checks nothing.

use std::ops::Range;

/// The bytes of each atom, in the order in which a SMILES reader numbers them.
pub(crate) fn atoms(smiles: &str) -> Vec<Range<usize>> {
    tokens(smiles)
        .into_iter()
        .filter(|token| token.kind == Kind::Atom)
        .map(|token| token.bytes)
        .collect()
}

/// The bytes from the first to the last of some atoms, ring closures behind the last one included.
pub(crate) fn around(smiles: &str, atoms: &[usize]) -> Option<Range<usize>> {
    let tokens = tokens(smiles);
    let places: Vec<usize> = (0..tokens.len())
        .filter(|&place| tokens[place].kind == Kind::Atom)
        .collect();
    let first = *places.get(*atoms.iter().min()?)?;
    let mut last = *places.get(*atoms.iter().max()?)?;
    while tokens.get(last + 1).is_some_and(|next| next.kind == Kind::Ring) {
        last += 1;
    }
    Some(tokens[first].bytes.start..tokens[last].bytes.end)
}

/// The innermost parenthesis before `end` that nothing closes.
pub(crate) fn open_parenthesis(smiles: &str, end: usize) -> Option<usize> {
    let mut open = Vec::new();
    for token in tokens(smiles) {
        if token.bytes.start >= end {
            break;
        }
        match token.kind {
            Kind::Open => open.push(token.bytes.start),
            Kind::Close => drop(open.pop()),
            Kind::Atom | Kind::Ring | Kind::Other => {}
        }
    }
    open.pop()
}

/// Where the ring of this number is opened for the last time.
pub(crate) fn open_ring(smiles: &str, number: u32) -> Option<usize> {
    let mut open = None;
    for token in tokens(smiles) {
        let written = &smiles[token.bytes.clone()];
        let digits = written.trim_matches(|c: char| !c.is_ascii_digit());
        if token.kind == Kind::Ring && digits.parse() == Ok(number) {
            open = match open {
                None => Some(token.bytes.start),
                Some(_) => None,
            };
        }
    }
    open
}

/// The character at a byte, counted from 1 as editors do.
pub(crate) fn position(smiles: &str, byte: usize) -> usize {
    let before = smiles.char_indices().filter(|(at, _)| *at < byte);
    before.count() + 1
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Atom,
    Ring,
    Open,
    Close,
    Other,
}

struct Token {
    kind: Kind,
    bytes: Range<usize>,
}

fn tokens(smiles: &str) -> Vec<Token> {
    let bytes = smiles.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let two = bytes.get(at..at + 2).unwrap_or_default();
        let (kind, length) = match byte {
            b'[' => {
                let end = bytes[at..].iter().position(|byte| *byte == b']');
                (Kind::Atom, end.map_or(bytes.len() - at, |end| end + 1))
            }
            b'(' => (Kind::Open, 1),
            b')' => (Kind::Close, 1),
            b'0'..=b'9' => (Kind::Ring, 1),
            b'%' => (Kind::Ring, ring_length(&bytes[at..])),
            _ if matches!(two, b"Cl" | b"Br" | b"se" | b"as") => (Kind::Atom, 2),
            _ if b"BCNOPSFIbcnops*".contains(&byte) => (Kind::Atom, 1),
            _ => (Kind::Other, smiles[at..].chars().next().map_or(1, char::len_utf8)),
        };
        found.push(Token {
            kind,
            bytes: at..at + length,
        });
        at += length;
    }
    found
}

/// How long `%12` or `%(123)` is.
fn ring_length(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        Some(b'(') => bytes
            .iter()
            .position(|byte| *byte == b')')
            .map_or(2, |end| end + 1),
        _ => {
            1 + bytes[1..]
                .iter()
                .take(2)
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_rings_and_parentheses_are_found() {
        let smiles = "ClC%12[nH]c([*:1])Br%(123)C=%12";
        let words: Vec<&str> = atoms(smiles).into_iter().map(|bytes| &smiles[bytes]).collect();
        assert_eq!(words, ["Cl", "C", "[nH]", "c", "[*:1]", "Br", "C"]);
        assert_eq!(around(smiles, &[2, 1]), Some(2..10));
        assert_eq!(around("Cc1cccn1C", &[1, 5]), Some(1..8));
        assert_eq!(open_parenthesis("C(C(C)C", 7), Some(1));
        assert_eq!(open_parenthesis("C(C)C", 5), None);
        assert_eq!(open_ring("C1CC12CC", 2), Some(5));
        assert_eq!(open_ring("C1CC1", 1), None);
        assert_eq!(open_ring(smiles, 123), Some(20));
        assert_eq!(position("Cé(", 3), 3);
    }

    #[test]
    fn any_text_is_cut_somewhere() {
        for text in ["[", "%", "%(", "€", "C%1", "[€", "Cl[", ""] {
            let tokens = tokens(text);
            assert_eq!(
                tokens.last().map_or(0, |token| token.bytes.end),
                text.len(),
                "{text}"
            );
        }
    }
}
