//! Whole pictures of what a policy makes.

use gfn_record::distribution::Row;
use gfn_record::samples::Sample;

use crate::canvas::{Canvas, Place, width_of};
use crate::color::{INK, of_element, viridis};
use crate::grid::{Grid, Plane};
use crate::sketch::{Anchor, HEIGHT, LETTERS, Sketch, WIDTH};

/// The size of a map's longer side.
const MAP: usize = 256;
/// Between pictures that are side by side.
const GAP: usize = 16;
/// What is above or below a picture, for a word.
const LINE: usize = 24;
/// Molecules in a row, and rows.
const ACROSS: usize = 4;
const DOWN: usize = 3;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Itself, as PNG.
    pub png: Vec<u8>,
}

impl Picture {
    fn of(canvas: &Canvas) -> Self {
        Self {
            width: canvas.width as u32,
            height: canvas.height as u32,
            png: canvas.png(),
        }
    }
}

/// Target and learned probability along the first two coordinates, side by side in the same colors; none where objects are no cells
/// of a grid with two sides.
pub fn maps(rows: &[Row]) -> Option<Picture> {
    let plane = Grid::of(rows)?.plane()?;
    let cell = (MAP / plane.across.max(plane.up)).max(1);
    let (width, height) = (cell * plane.across, cell * plane.up);
    let mut canvas = Canvas::new(2 * width + 3 * GAP, height + LINE + GAP);
    let values = plane.target.iter().chain(&plane.learned);
    let most = values
        .copied()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let sides = [("target", &plane.target), ("learned", &plane.learned)];
    for (index, (name, values)) in sides.into_iter().enumerate() {
        let left = GAP + index * (width + GAP);
        canvas.text(name, (left as f64, LINE as f64 - 7.0), LETTERS, INK);
        map(&mut canvas, &plane, values, (left, LINE), cell, most);
    }
    Some(Picture::of(&canvas))
}

fn map(
    canvas: &mut Canvas,
    plane: &Plane,
    values: &[f64],
    (left, top): (usize, usize),
    cell: usize,
    most: f64,
) {
    for (index, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let (column, row) = (index % plane.across, plane.up - 1 - index / plane.across);
        let corner = (left + cell * column, top + cell * row);
        canvas.fill(corner, (cell, cell), viridis(value / most));
    }
}

/// The molecules of the greatest reward, each with it; none where no object is one.
pub fn molecules(samples: &[Sample]) -> Option<Picture> {
    let mut best: Vec<&Sample> = samples
        .iter()
        .filter(|sample| sample.reward.is_finite())
        .collect();
    best.sort_by(|one, two| {
        two.reward
            .total_cmp(&one.reward)
            .then(one.object.cmp(&two.object))
    });
    best.dedup_by(|one, two| one.object == two.object);
    let drawn = best
        .iter()
        .filter_map(|sample| Some((Sketch::of(&sample.object)?, sample.reward)));
    let drawn: Vec<_> = drawn.take(ACROSS * DOWN).collect();
    let rows = drawn.len().div_ceil(ACROSS);
    let (width, height) = (WIDTH as usize, HEIGHT as usize + LINE);
    let mut canvas = Canvas::new(ACROSS * width, rows.max(1) * height);
    for (index, (sketch, reward)) in drawn.iter().enumerate() {
        let corner = ((index % ACROSS * width) as f64, (index / ACROSS * height) as f64);
        draw(&mut canvas, sketch, corner);
        let text = gfn_record::number::shown(*reward);
        let left = corner.0 + 0.5 * (WIDTH - width_of(&text, LETTERS));
        canvas.text(&text, (left, corner.1 + HEIGHT + 10.0), LETTERS, INK);
    }
    (!drawn.is_empty()).then(|| Picture::of(&canvas))
}

fn draw(canvas: &mut Canvas, sketch: &Sketch, corner: Place) {
    let moved = |place: Place| (place.0 + corner.0, place.1 + corner.1);
    for (from, to) in &sketch.lines {
        canvas.line(moved(*from), moved(*to), 1.5, INK);
    }
    for word in &sketch.words {
        let (x, y) = moved(word.at);
        let left = match word.anchor {
            Anchor::Start => x,
            Anchor::End => x - width_of(&word.text, LETTERS),
        };
        canvas.text(&word.text, (left + 1.0, y), LETTERS, of_element(&word.symbol));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(object: &str, reward: f64) -> Sample {
        Sample {
            object: object.into(),
            reward,
            log_reward: 0.0,
            log_probability: None,
            steps: 1,
        }
    }

    /// The pixels of a picture.
    fn pixels(picture: &Picture) -> Vec<[u8; 3]> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(&picture.png))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        bytes.as_chunks::<3>().0.to_vec()
    }

    #[test]
    fn maps_have_the_colors_of_their_values() {
        let row = |object: &str, target: f64, probability: f64| Row {
            object: object.into(),
            reward: 1.0,
            target,
            probability,
        };
        let rows = [row("0 0", 0.5, 0.0), row("1 0", 0.25, 0.5), row("0 1", 0.25, 0.5)];
        let picture = maps(&rows).unwrap();
        assert_eq!((picture.width, picture.height), (512 + 48, 256 + 40));
        let pixels = pixels(&picture);
        let at = |x: usize, y: usize| pixels[y * 560 + x];
        // The first cell is below, at the left; there is no object at 1, 1.
        assert_eq!(
            (at(20, LINE + 200), at(20, LINE + 20)),
            (viridis(1.0), viridis(0.5))
        );
        assert_eq!(
            (at(292, LINE + 200), at(420, LINE + 200)),
            (viridis(0.0), viridis(1.0))
        );
        assert_eq!(at(420, LINE + 20), [255; 3]);
        assert!(maps(&[row("CC", 1.0, 1.0)]).is_none());
    }

    #[test]
    fn the_best_molecules_are_drawn_once_each() {
        let samples = [
            sample("CCO", 0.5),
            sample("CCO", 0.5),
            sample("c1ccccc1", 0.9),
            sample("no", 1.0),
        ];
        let picture = molecules(&samples).unwrap();
        assert_eq!((picture.width, picture.height), (960, 184));
        let pixels = pixels(&picture);
        let inked = |cell: usize| {
            let columns = cell * 240..(cell + 1) * 240;
            pixels
                .iter()
                .enumerate()
                .filter(|(index, pixel)| columns.contains(&(index % 960)) && pixel[0] < 200)
                .count()
        };
        assert!(inked(0) > 100 && inked(1) > 50, "{} {}", inked(0), inked(1));
        assert_eq!((inked(2), inked(3)), (0, 0));
        assert_eq!(molecules(&samples), molecules(&samples));
        assert!(molecules(&[sample("1 2", 1.0)]).is_none());
    }
}
