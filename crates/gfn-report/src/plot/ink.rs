//! What things are drawn with. A picture names inks, not colours: each is written as a colour that stands for it, and the page's
//! style says what it looks like on a light and on a dark page (`page/report.css`).

use plotters::style::{Color, RGBAColor, RGBColor, ShapeStyle};

/// Inks for curves, one after another; after the last the first comes again.
pub(crate) const SERIES: usize = 6;

/// Something to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text.
    Text,
    /// Less important text.
    Muted,
    /// Lines behind everything.
    Grid,
    /// What a curve should come to: dashed.
    Truth,
    /// The n-th curve.
    Series(usize),
    /// A colour that is the same on every page, such as a value's.
    Fixed(u8, u8, u8),
}

impl Ink {
    pub(crate) fn color(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(0, 0, 1),
            Self::Muted => RGBColor(0, 0, 2),
            Self::Grid => RGBColor(0, 0, 3),
            Self::Truth => RGBColor(0, 0, 4),
            Self::Series(index) => RGBColor(0, 0, 16 + (index % SERIES) as u8),
            Self::Fixed(red, green, blue) => RGBColor(red, green, blue),
        }
    }

    /// A line, its width in units of a picture.
    pub(crate) fn line(self, width: u32) -> ShapeStyle {
        self.color().stroke_width(width)
    }

    /// A filled shape.
    pub(crate) fn fill(self, opacity: f64) -> ShapeStyle {
        self.mixed(opacity).filled()
    }

    pub(crate) fn mixed(self, opacity: f64) -> RGBAColor {
        self.color().mix(opacity)
    }
}

/// Every tenth colour of *viridis* (S. van der Walt and N. Smith, 2015; CC0), which people who confuse colours tell apart too.
const VIRIDIS: [(u8, u8, u8); 11] = [
    (68, 1, 84),
    (72, 36, 117),
    (65, 68, 135),
    (53, 95, 141),
    (42, 120, 142),
    (33, 145, 140),
    (34, 168, 132),
    (68, 191, 112),
    (122, 209, 81),
    (189, 223, 38),
    (253, 231, 37),
];

/// The colour of a value between 0 and 1.
pub(crate) fn viridis(value: f64) -> Ink {
    let scaled = value.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (scaled as usize).min(VIRIDIS.len() - 2);
    let share = scaled - below as f64;
    let (from, to) = (VIRIDIS[below], VIRIDIS[below + 1]);
    let mix = |from: u8, to: u8| (f64::from(from) + share * (f64::from(to) - f64::from(from))).round() as u8;
    Ink::Fixed(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_colours_of_viridis() {
        assert_eq!(viridis(0.0), Ink::Fixed(68, 1, 84));
        assert_eq!(viridis(1.0), Ink::Fixed(253, 231, 37));
        assert_eq!(viridis(0.05), Ink::Fixed(70, 19, 101));
        assert_eq!(viridis(f64::INFINITY), viridis(1.0));
    }

    #[test]
    fn inks_are_told_apart_and_begin_again_after_the_last() {
        let inks = [
            Ink::Text,
            Ink::Muted,
            Ink::Grid,
            Ink::Truth,
            Ink::Series(0),
            Ink::Series(5),
        ];
        for (index, ink) in inks.iter().enumerate() {
            assert!(inks[..index].iter().all(|other| other.color() != ink.color()));
        }
        assert_eq!(Ink::Series(6).color(), Ink::Series(0).color());
    }
}
