//! As much of SMILES as counting takes: atoms, and the rings that they close.

use std::iter::Peekable;
use std::str::Chars;

/// What is counted in a molecule.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// Atoms other than hydrogen.
    pub(crate) heavy_atoms: usize,
    /// Their weight, in g/mol.
    pub(crate) weight: f64,
    /// Those of them that are not carbon.
    pub(crate) heteroatoms: usize,
    /// Bonds that close a ring: the rings of a smallest set.
    pub(crate) rings: usize,
}

impl Counts {
    /// The share of heavy atoms that are not carbon.
    pub(crate) fn heteroatom_share(&self) -> f64 {
        self.heteroatoms as f64 / self.heavy_atoms.max(1) as f64
    }
}

/// Elements with their standard weights (IUPAC 2021, rounded).
const WEIGHTS: [(&str, f64); 24] = [
    ("H", 1.008),
    ("Li", 6.94),
    ("B", 10.81),
    ("C", 12.011),
    ("N", 14.007),
    ("O", 15.999),
    ("F", 18.998),
    ("Na", 22.990),
    ("Mg", 24.305),
    ("Al", 26.982),
    ("Si", 28.085),
    ("P", 30.974),
    ("S", 32.06),
    ("Cl", 35.45),
    ("K", 39.098),
    ("Ca", 40.078),
    ("Fe", 55.845),
    ("Zn", 65.38),
    ("As", 74.922),
    ("Se", 78.971),
    ("Br", 79.904),
    ("Ag", 107.868),
    ("Sn", 118.710),
    ("I", 126.904),
];

/// Counts a molecule.
pub(crate) fn count(smiles: &str) -> Result<Counts, String> {
    let mut reader = Reader {
        rest: smiles.chars().peekable(),
        counts: Counts::default(),
        branches: 0,
        open_rings: Vec::new(),
        after: After::Nothing,
    };
    while let Some(character) = reader.rest.next() {
        reader
            .take(character)
            .map_err(|what| format!("`{smiles}` is not a SMILES: {what}"))?;
    }
    reader
        .finish()
        .map_err(|what| format!("`{smiles}` is not a SMILES: {what}"))
}

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    Nothing,
    Atom,
    Bond,
    Opening,
    Closing,
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    counts: Counts,
    branches: usize,
    open_rings: Vec<u32>,
    after: After,
}

impl Reader<'_> {
    fn take(&mut self, character: char) -> Result<(), String> {
        match character {
            '(' => self.open_branch(),
            ')' => self.close_branch(),
            '-' | '=' | '#' | '$' | ':' | '/' | '\\' | '~' => self.bond(character),
            '.' => self.dot(),
            '0'..='9' => self.ring(u32::from(character) - u32::from('0')),
            '%' => {
                let number = self.ring_number()?;
                self.ring(number)
            }
            '[' => self.bracket(),
            _ => self.organic(character),
        }
    }

    fn finish(self) -> Result<Counts, String> {
        match (self.after, self.branches, self.open_rings.first()) {
            (After::Nothing | After::Bond, ..) => Err("an atom is missing at its end".into()),
            (_, 1.., _) => Err("a branch is not closed".into()),
            (_, _, Some(ring)) => Err(format!("ring {ring} is not closed")),
            _ => Ok(self.counts),
        }
    }

    /// What `what` stands behind must be an atom, or a branch of one.
    fn behind_atom(&self, what: char) -> Result<(), String> {
        match self.after {
            After::Atom | After::Closing => Ok(()),
            _ => Err(format!("`{what}` without an atom before it")),
        }
    }

    fn open_branch(&mut self) -> Result<(), String> {
        self.behind_atom('(')?;
        self.branches += 1;
        self.after = After::Opening;
        Ok(())
    }

    fn close_branch(&mut self) -> Result<(), String> {
        self.behind_atom(')')?;
        self.branches = self.branches.checked_sub(1).ok_or("`)` without `(`")?;
        self.after = After::Closing;
        Ok(())
    }

    fn bond(&mut self, symbol: char) -> Result<(), String> {
        if self.after != After::Opening {
            self.behind_atom(symbol)?;
        }
        self.after = After::Bond;
        Ok(())
    }

    fn dot(&mut self) -> Result<(), String> {
        self.behind_atom('.')?;
        self.after = After::Nothing;
        Ok(())
    }

    fn ring_number(&mut self) -> Result<u32, String> {
        let mut digit = || self.rest.next().and_then(|character| character.to_digit(10));
        let (tens, ones) = (digit(), digit());
        tens.zip(ones)
            .map(|(tens, ones)| 10 * tens + ones)
            .ok_or_else(|| "`%` without two digits".into())
    }

    /// Opens a ring, or closes the open one of this number.
    fn ring(&mut self, number: u32) -> Result<(), String> {
        if !matches!(self.after, After::Atom | After::Bond) {
            return Err(format!("ring {number} without an atom before it"));
        }
        match self.open_rings.iter().position(|&open| open == number) {
            None => self.open_rings.push(number),
            Some(place) => {
                self.open_rings.swap_remove(place);
                self.counts.rings += 1;
            }
        }
        self.after = After::Atom;
        Ok(())
    }

    fn organic(&mut self, character: char) -> Result<(), String> {
        let second = match character {
            'C' => self.rest.next_if_eq(&'l'),
            'B' => self.rest.next_if_eq(&'r'),
            _ => None,
        };
        match (character, second) {
            ('B' | 'C' | 'N' | 'O' | 'P' | 'S' | 'F' | 'I' | 'b' | 'c' | 'n' | 'o' | 'p' | 's', _) => {
                self.atom(&character.to_ascii_uppercase().to_string(), second)
            }
            _ => Err(format!(
                "`{character}` is not an atom that may stand without brackets"
            )),
        }
    }

    /// `[13CH3+:1]`: a weight, an element, then chirality, hydrogens, charge and number, which do not count.
    fn bracket(&mut self) -> Result<(), String> {
        while self.rest.next_if(char::is_ascii_digit).is_some() {}
        let first = self
            .rest
            .next()
            .filter(char::is_ascii_alphabetic)
            .ok_or("`[` without an element")?;
        let symbol = first.to_ascii_uppercase().to_string();
        let known = |second: char| {
            WEIGHTS
                .iter()
                .any(|(element, _)| *element == format!("{symbol}{second}"))
        };
        let second = self
            .rest
            .next_if(|&second| second.is_ascii_lowercase() && known(second));
        self.atom(&symbol, second)?;
        let part =
            |character: &char| character.is_ascii_digit() || matches!(character, '@' | 'H' | '+' | '-' | ':');
        while self.rest.next_if(part).is_some() {}
        match self.rest.next() {
            Some(']') => Ok(()),
            Some(other) => Err(format!("`{other}` in brackets")),
            None => Err("`[` without `]`".into()),
        }
    }

    fn atom(&mut self, first: &str, second: Option<char>) -> Result<(), String> {
        let symbol = first.chars().chain(second).collect::<String>();
        let found = WEIGHTS.iter().find(|(element, _)| *element == symbol);
        let (element, weight) = found.ok_or_else(|| format!("element `{symbol}` is unknown"))?;
        if *element != "H" {
            self.counts.heavy_atoms += 1;
            self.counts.weight += weight;
            self.counts.heteroatoms += usize::from(*element != "C");
        }
        self.after = After::Atom;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(smiles: &str) -> (usize, usize, usize) {
        let counts = count(smiles).unwrap();
        (counts.heavy_atoms, counts.heteroatoms, counts.rings)
    }

    #[test]
    fn molecules_are_counted() {
        for (smiles, counts) in [
            ("C", (1, 0, 0)),
            ("CCO", (3, 1, 0)),
            ("c1ccccc1", (6, 0, 1)),
            ("CC(=O)Oc1ccccc1C(=O)O", (13, 4, 1)),
            ("Cn1cnc2c1c(=O)n(C)c(=O)n2C", (14, 6, 2)),
            ("ClCBr", (3, 2, 0)),
            ("[13CH3][C@@H](F)[N+](=O)[O-]", (6, 4, 0)),
            ("[Na+].[Cl-]", (2, 2, 0)),
            ("[H][H]", (0, 0, 0)),
            ("C%10CCCCC%10", (6, 0, 1)),
            ("C1CC1C1CC1", (6, 0, 2)),
            ("[se]1cccc1", (5, 1, 1)),
            ("[nH]1cccc1", (5, 1, 1)),
        ] {
            assert_eq!(counted(smiles), counts, "{smiles}");
        }
        assert!((count("CCO").unwrap().weight - 40.021).abs() < 1e-9);
        assert_eq!(count("CCO").unwrap().heteroatom_share(), 1.0 / 3.0);
    }

    #[test]
    fn what_is_no_molecule_is_refused() {
        for (smiles, why) in [
            ("", "an atom is missing at its end"),
            ("C=", "an atom is missing at its end"),
            ("C.", "an atom is missing at its end"),
            ("=C", "`=` without an atom before it"),
            ("C(C", "a branch is not closed"),
            ("C)", "`)` without `(`"),
            ("C()", "`)` without an atom before it"),
            ("(C)", "`(` without an atom before it"),
            ("C1CC", "ring 1 is not closed"),
            ("1CC1", "ring 1 without an atom before it"),
            ("C%1", "`%` without two digits"),
            ("CX", "`X` is not an atom that may stand without brackets"),
            ("[Xx]", "element `X` is unknown"),
            ("[]", "`[` without an element"),
            ("[CH3", "`[` without `]`"),
            ("[C?]", "`?` in brackets"),
        ] {
            assert_eq!(
                count(smiles).unwrap_err(),
                format!("`{smiles}` is not a SMILES: {why}")
            );
        }
    }
}
