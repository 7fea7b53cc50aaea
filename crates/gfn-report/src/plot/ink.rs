//! What things are drawn with. A picture names inks, not colors: each is written as a color that stands for it, and the page's
//! style says what it looks like on a light and on a dark page (`page/report.css`).

use plotters::style::{Color, RGBAColor, RGBColor, ShapeStyle};

/// Inks for curves, one after another: each color solid, then dashed, then dotted; after the last the first comes again.
pub(crate) const SERIES: usize = 3 * COLORS;
const COLORS: usize = 6;

/// The colors on a light ground, as the page's style has them.
const ON_PAPER: [[u8; 3]; COLORS] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xb0, 0x60, 0x9a],
    [0xc9, 0x8a, 0x00],
    [0x2f, 0x9f, 0xd0],
];

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
    /// A color that is the same on every page, such as a value's.
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

    /// What it looks like where there is no page: on a light ground.
    pub(crate) fn on_paper(self) -> String {
        let [red, green, blue] = match self {
            Self::Text | Self::Truth => [0x1b, 0x1f, 0x24],
            Self::Muted => [0x5c, 0x65, 0x70],
            Self::Grid => [0xe6, 0xe8, 0xec],
            Self::Series(index) => ON_PAPER[index % COLORS],
            Self::Fixed(red, green, blue) => [red, green, blue],
        };
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    /// How its lines are broken, in units of a picture; none where they are not.
    pub(crate) fn dashes(self) -> Option<&'static str> {
        match self {
            Self::Truth => Some("50 40"),
            Self::Series(index) => [None, Some("90 50"), Some("20 40")][index % SERIES / COLORS],
            _ => None,
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

/// The ink of a value between 0 and 1.
pub(crate) fn viridis(value: f64) -> Ink {
    let [red, green, blue] = gfn_draw::color::viridis(value);
    Ink::Fixed(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_are_told_apart_and_begin_again_after_the_last() {
        let inks = [
            Ink::Text,
            Ink::Muted,
            Ink::Grid,
            Ink::Truth,
            Ink::Series(0),
            Ink::Series(5),
            Ink::Series(6),
            Ink::Series(17),
        ];
        for (index, ink) in inks.iter().enumerate() {
            assert!(inks[..index].iter().all(|other| other.color() != ink.color()));
        }
        assert_eq!(Ink::Series(18).color(), Ink::Series(0).color());
        assert_eq!(Ink::Series(7).on_paper(), Ink::Series(1).on_paper());
        assert_ne!(Ink::Series(7).dashes(), Ink::Series(1).dashes());
    }
}
