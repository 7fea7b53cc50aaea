//! A picture of pixels, and lines on it.

use crate::color::{Color, mix};
use crate::glyphs::strokes;

/// A point, in pixels from the left and the top.
pub(crate) type Place = (f64, f64);

/// How tall a capital letter is, in the size of letters.
const CAPITAL: f64 = 0.72;
/// How far the next letter is, in the same.
pub(crate) const STEP: f64 = 0.66;

/// A picture of pixels, white at first.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pixels: Vec<Color>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![[255; 3]; width * height],
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(
        &mut self,
        (left, top): (usize, usize),
        (width, height): (usize, usize),
        color: Color,
    ) {
        for y in top..(top + height).min(self.height) {
            for x in left..(left + width).min(self.width) {
                self.pixels[y * self.width + x] = color;
            }
        }
    }

    /// A line with round ends; pixels at its edges are a mixture.
    pub(crate) fn line(&mut self, from: Place, to: Place, width: f64, color: Color) {
        let room = 0.5 * width + 1.0;
        let range = |one: f64, two: f64, size: usize| {
            let low = (one.min(two) - room).floor().max(0.0) as usize;
            low..((one.max(two) + room).ceil().max(0.0) as usize).min(size)
        };
        for y in range(from.1, to.1, self.height) {
            for x in range(from.0, to.0, self.width) {
                let middle = (x as f64 + 0.5, y as f64 + 0.5);
                let share = (0.5 * width + 0.5 - distance(middle, from, to)).clamp(0.0, 1.0);
                let pixel = &mut self.pixels[y * self.width + x];
                *pixel = mix(*pixel, color, share);
            }
        }
    }

    /// Text that begins at `at`, on its base line. Digits and signs that Unicode has raised or lowered are small.
    pub(crate) fn text(&mut self, text: &str, at: Place, size: f64, color: Color) {
        let mut x = at.0;
        for letter in text.chars() {
            let (letter, shift, share) = level(letter);
            let unit = share * size * CAPITAL / 6.0;
            let place = |(right, down): (u8, u8)| {
                let (right, up) = (f64::from(right), 6.0 - f64::from(down));
                (x + unit * right, at.1 + shift * size - unit * up)
            };
            for stroke in strokes(letter) {
                for pair in stroke.windows(2) {
                    self.line(place(pair[0]), place(pair[1]), 0.11 * size, color);
                }
            }
            x += share * STEP * size;
        }
    }

    /// As PNG.
    pub(crate) fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (width, height) = (self.width as u32, self.height as u32);
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("memory can be written");
        writer
            .write_image_data(self.pixels.as_flattened())
            .expect("there are as many pixels as the header says");
        writer.finish().expect("memory can be written");
        bytes
    }
}

/// How wide a text is, in pixels.
pub(crate) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().map(|letter| level(letter).2 * STEP * size).sum()
}

/// How far a point is from a line between two others.
fn distance(point: Place, from: Place, to: Place) -> f64 {
    let (along, way) = (
        (to.0 - from.0, to.1 - from.1),
        (point.0 - from.0, point.1 - from.1),
    );
    let squared = along.0 * along.0 + along.1 * along.1;
    let share = if squared > 0.0 {
        ((way.0 * along.0 + way.1 * along.1) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    // The square root alone: unlike `hypot`, it is rounded alike on every machine.
    let (x, y) = (way.0 - share * along.0, way.1 - share * along.1);
    (x * x + y * y).sqrt()
}

/// A letter on the base line, how far it is shifted down, and its share of the size.
fn level(letter: char) -> (char, f64, f64) {
    let digit = |base: u32| char::from_digit(letter as u32 - base, 10).unwrap_or(letter);
    match letter {
        '₀'..='₉' => (digit(0x2080), 0.16, 0.68),
        '⁰' | '⁴'..='⁹' => (digit(0x2070), -0.3, 0.68),
        '¹' => ('1', -0.3, 0.68),
        '²' => ('2', -0.3, 0.68),
        '³' => ('3', -0.3, 0.68),
        '⁺' => ('+', -0.3, 0.68),
        '⁻' => ('-', -0.3, 0.68),
        '−' => ('-', 0.0, 1.0),
        letter => (letter, 0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_covers_its_pixels_and_no_others() {
        let mut canvas = Canvas::new(9, 5);
        canvas.line((2.0, 2.5), (7.0, 2.5), 1.0, [0; 3]);
        let dark = |x: usize, y: usize| canvas.pixels[y * 9 + x][0];
        assert_eq!((dark(2, 2), dark(6, 2), dark(4, 1), dark(4, 3)), (0, 0, 255, 255));
        assert_eq!(dark(0, 2), 255);
        canvas.line((-5.0, 40.0), (50.0, -9.0), 1.0, [0; 3]);
    }

    #[test]
    fn letters_are_drawn_where_they_are_asked_for() {
        let mut canvas = Canvas::new(40, 20);
        canvas.text("H₃N⁺", (2.0, 15.0), 13.0, [0; 3]);
        let columns = |range: std::ops::Range<usize>| {
            (0..20).any(|y| range.clone().any(|x| canvas.pixels[y * 40 + x][0] < 100))
        };
        assert!(columns(1..9) && columns(10..15) && columns(16..24));
        assert!(!columns(32..40), "small letters are narrow");
    }
}
