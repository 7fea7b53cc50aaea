//! Molecules as lines and letters.

use gfn_chem::{Drawing, DrawnAtom, DrawnBond, Molecule};
use gfn_text::superscript;

/// The width of a picture.
pub const WIDTH: f64 = 240.0;
/// Its height.
pub const HEIGHT: f64 = 160.0;
const MARGIN: f64 = 20.0;
/// The longest that a bond is drawn.
const BOND: f64 = 30.0;
/// The size of letters.
pub const LETTERS: f64 = 13.0;
/// How wide a letter is, in that.
const LETTER: f64 = 0.66;
/// Between the lines of a double bond, in bonds.
const APART: f64 = 0.17;
/// What the second line of a double bond is shorter by at each end, in bonds.
const SHORTER: f64 = 0.12;

/// A point, from the left and the top.
pub type Place = (f64, f64);

/// The structure of a molecule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    /// The lines of its bonds.
    pub lines: Vec<(Place, Place)>,
    /// The letters of its atoms.
    pub words: Vec<Word>,
}

/// Some letters.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// What they say.
    pub text: String,
    /// The element's symbol.
    pub symbol: String,
    /// Where they begin or end, on their base line.
    pub at: Place,
    /// Which of the two.
    pub anchor: Anchor,
}

/// Which end of some letters is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left one.
    Start,
    /// The right one.
    End,
}

impl Sketch {
    /// Of a SMILES; none where it is no molecule.
    pub fn of(smiles: &str) -> Option<Self> {
        let sheet = Sheet::of(Molecule::parse(smiles).ok()?.drawing());
        let mut sketch = Self::default();
        for bond in &sheet.drawing.bonds {
            sheet.draw_bond(bond, &mut sketch.lines);
        }
        let atoms = sheet.drawing.atoms.iter().enumerate();
        for (index, atom) in atoms.filter(|(_, atom)| atom.is_written) {
            sheet.letters(index, atom, &mut sketch.words);
        }
        Some(sketch)
    }
}

/// A drawing on its place in a picture.
struct Sheet {
    drawing: Drawing,
    /// Pixels a bond.
    scale: f64,
    /// Where atoms are, in pixels.
    places: Vec<Place>,
}

impl Sheet {
    /// Lying down, as large as there is room, in the middle.
    fn of(drawing: Drawing) -> Self {
        let mut places: Vec<Place> = drawing.atoms.iter().map(|atom| (atom.x, atom.y)).collect();
        let (mut low, mut high) = corners(&places);
        if high.1 - low.1 > 1.1 * (high.0 - low.0) {
            places.iter_mut().for_each(|place| *place = (-place.1, place.0));
            (low, high) = corners(&places);
        }
        let room = |size: f64, length: f64| (size - 2.0 * MARGIN) / length.max(1e-9);
        let scale = BOND
            .min(room(WIDTH, high.0 - low.0))
            .min(room(HEIGHT, high.1 - low.1));
        let middle = (0.5 * (low.0 + high.0), 0.5 * (low.1 + high.1));
        let place = |(x, y): &Place| {
            (
                0.5 * WIDTH + scale * (x - middle.0),
                0.5 * HEIGHT + scale * (y - middle.1),
            )
        };
        let rotated = places.iter().map(place).collect();
        Self {
            drawing,
            scale,
            places: rotated,
        }
    }

    /// Letters leave bonds some room around them.
    fn ends(&self, bond: &DrawnBond) -> (Place, Place) {
        let (from, to) = (self.places[bond.from], self.places[bond.to]);
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
        let room = |atom: usize| {
            if self.drawing.atoms[atom].is_written {
                0.62 * LETTERS / length
            } else {
                0.0
            }
        };
        (
            between(from, to, room(bond.from)),
            between(to, from, room(bond.to)),
        )
    }

    fn draw_bond(&self, bond: &DrawnBond, lines: &mut Vec<(Place, Place)>) {
        let (from, to) = self.ends(bond);
        let side = self.side(bond);
        let at = |shift: f64| {
            (
                (from.0 + shift * side.0, from.1 + shift * side.1),
                (to.0 + shift * side.0, to.1 + shift * side.1),
            )
        };
        match bond.lines {
            2 if self.is_symmetric(bond) => {
                lines.push(at(0.5 * APART));
                lines.push(at(-0.5 * APART));
            }
            2 => {
                let inner = at(APART);
                lines.push((from, to));
                lines.push((
                    between(inner.0, inner.1, SHORTER),
                    between(inner.1, inner.0, SHORTER),
                ));
            }
            3 => [-APART, 0.0, APART]
                .into_iter()
                .for_each(|shift| lines.push(at(shift))),
            _ => lines.push((from, to)),
        }
    }

    /// A step across a bond, as long as a bond is: into its ring, or else to where more neighbours are.
    fn side(&self, bond: &DrawnBond) -> Place {
        let (from, to) = (self.places[bond.from], self.places[bond.to]);
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
        let across = (
            -self.scale * (to.1 - from.1) / length,
            self.scale * (to.0 - from.0) / length,
        );
        let others = self
            .drawing
            .bonds
            .iter()
            .filter(|other| other.ring.is_some() == bond.ring.is_some());
        let same_ring = others.filter(|other| bond.ring.is_none() || other.ring == bond.ring);
        let towards: f64 = same_ring
            .filter(|other| bond.ring.is_some() || touch(other, bond))
            .flat_map(|other| [self.places[other.from], self.places[other.to]])
            .map(|place| (place.0 - from.0) * across.0 + (place.1 - from.1) * across.1)
            .sum();
        if towards < 0.0 {
            (-across.0, -across.1)
        } else {
            across
        }
    }

    /// Whether the lines of a double bond lie on both sides: outside of rings, where it ends in a letter, or an atom has no
    /// other neighbour.
    fn is_symmetric(&self, bond: &DrawnBond) -> bool {
        let neighbours = |atom: usize| {
            self.drawing
                .bonds
                .iter()
                .filter(|other| other.from == atom || other.to == atom)
                .count()
        };
        bond.ring.is_none() && (neighbours(bond.from) == 1 || neighbours(bond.to) == 1)
    }

    /// An atom's letters: its hydrogens are where its bonds are not.
    fn letters(&self, index: usize, atom: &DrawnAtom, words: &mut Vec<Word>) {
        let hydrogens = match atom.hydrogens {
            0 => String::new(),
            1 => "H".into(),
            several => format!("H{}", subscript(several)),
        };
        let isotope = atom
            .isotope
            .map_or(String::new(), |mass| superscript(&mass.to_string()));
        let symbol = format!("{isotope}{}", atom.symbol);
        let charge = charge(atom.charge);
        let half = 0.5 * LETTER * LETTERS * atom.symbol.chars().count() as f64;
        let (x, y) = self.places[index];
        let mut write = |text: String, anchor: Anchor, x: f64, y: f64| {
            words.push(Word {
                text,
                symbol: atom.symbol.to_string(),
                at: (x, y + 0.36 * LETTERS),
                anchor,
            });
        };
        match self.free_side(index) {
            _ if hydrogens.is_empty() => write(format!("{symbol}{charge}"), Anchor::Start, x - half, y),
            Side::Right => write(format!("{symbol}{hydrogens}{charge}"), Anchor::Start, x - half, y),
            Side::Left => write(format!("{hydrogens}{symbol}{charge}"), Anchor::End, x + half, y),
            beyond => {
                let down = if beyond == Side::Below { LETTERS } else { -LETTERS };
                write(format!("{symbol}{charge}"), Anchor::Start, x - half, y);
                write(hydrogens, Anchor::Start, x - half, y + 0.95 * down);
            }
        }
    }

    /// The first of right, left, below and above where no bond of an atom goes.
    fn free_side(&self, atom: usize) -> Side {
        let (x, y) = self.places[atom];
        let bonds = self.drawing.bonds.iter();
        let others = bonds.filter_map(|bond| match atom {
            atom if bond.from == atom => Some(bond.to),
            atom if bond.to == atom => Some(bond.from),
            _ => None,
        });
        let ways: Vec<Place> = others
            .map(|other| (self.places[other].0 - x, self.places[other].1 - y))
            .collect();
        // Within 50 degrees of it, a bond would run through the letters.
        let is_free = |towards: Place| {
            ways.iter()
                .all(|way| way.0 * towards.0 + way.1 * towards.1 < 0.64 * way.0.hypot(way.1))
        };
        let sides = [
            (Side::Right, (1.0, 0.0)),
            (Side::Left, (-1.0, 0.0)),
            (Side::Below, (0.0, 1.0)),
            (Side::Above, (0.0, -1.0)),
        ];
        sides
            .into_iter()
            .find(|(_, towards)| is_free(*towards))
            .map_or(Side::Right, |(side, _)| side)
    }
}

/// Where hydrogens are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Right,
    Left,
    Below,
    Above,
}

/// Whether two bonds share an atom.
fn touch(one: &DrawnBond, other: &DrawnBond) -> bool {
    [other.from, other.to]
        .iter()
        .any(|atom| [one.from, one.to].contains(atom))
}

fn corners(places: &[Place]) -> (Place, Place) {
    let span = |of: fn(&Place) -> f64| {
        let values = places.iter().map(of);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let ((left, right), (top, bottom)) = (span(|place| place.0), span(|place| place.1));
    ((left, top), (right, bottom))
}

/// The point a share of the way from one to another.
fn between(from: Place, to: Place, share: f64) -> Place {
    (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
}

fn charge(charge: i8) -> String {
    let sign = if charge > 0 { '⁺' } else { '⁻' };
    match charge.unsigned_abs() {
        0 => String::new(),
        1 => sign.into(),
        size => format!("{}{sign}", superscript(&size.to_string())),
    }
}

fn subscript(count: u8) -> String {
    let lowered = |digit: char| {
        digit
            .to_digit(10)
            .and_then(|digit| char::from_u32(0x2080 + digit))
            .unwrap_or(digit)
    };
    count.to_string().chars().map(lowered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All letters of a structure.
    fn words(smiles: &str) -> Vec<String> {
        let sketch = Sketch::of(smiles).unwrap();
        sketch.words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn benzene_has_nine_lines_and_no_letters() {
        let sketch = Sketch::of("c1ccccc1").unwrap();
        assert_eq!((sketch.lines.len(), sketch.words.len()), (9, 0), "{sketch:?}");
    }

    #[test]
    fn hydrogens_and_charges_are_written() {
        let ammonium = words("C[NH3+]").concat();
        assert!(ammonium == "H₃N⁺" || ammonium == "NH₃⁺", "{ammonium}");
        assert_eq!(words("[O-]C"), ["O⁻"]);
        assert_eq!(words("[Ca+2]"), ["Ca²⁺"]);
        assert_eq!(words("[13CH4]"), ["¹³CH₄"]);
    }

    #[test]
    fn everything_is_within_the_picture() {
        for smiles in [
            "C",
            "CCCCCCCCCCCCCCCCCCCCCCCCCCCC",
            "CC(C)Cc1ccc(cc1)C(C)C(=O)NS(=O)(=O)c1ccc(F)cc1",
            "C#N.O",
        ] {
            let sheet = Sheet::of(Molecule::parse(smiles).unwrap().drawing());
            let (low, high) = corners(&sheet.places);
            assert!(low.0 >= MARGIN - 0.1 && low.1 >= MARGIN - 0.1, "{smiles}");
            assert!(
                high.0 <= WIDTH - MARGIN + 0.1 && high.1 <= HEIGHT - MARGIN + 0.1,
                "{smiles}"
            );
        }
    }

    #[test]
    fn what_is_no_molecule_has_no_structure() {
        assert!(Sketch::of("1 2").is_none());
        assert!(Sketch::of("<script>").is_none());
    }
}
