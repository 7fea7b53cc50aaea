//! Letters made of lines: enough for symbols of elements, numbers, and a word or two above a picture.
//!
//! A letter is drawn on places `xy`, x from 0 at the left to 4 at the right, y from 0 at the top of capitals to 6 at the base line and 8
//! below it. Strokes are between commas.

/// A line through places.
pub(crate) type Stroke = Vec<(u8, u8)>;

/// What a letter is drawn with; a box for one that is not known.
pub(crate) fn strokes(letter: char) -> Vec<Stroke> {
    let known = GLYPHS.iter().find(|(known, _)| *known == letter);
    let drawn = known.map_or("00 40 46 06 00", |(_, drawn)| drawn);
    drawn.split(',').map(stroke).collect()
}

fn stroke(text: &str) -> Stroke {
    let digit = |byte: u8| byte.saturating_sub(b'0');
    let places = text
        .split_whitespace()
        .filter_map(|place| match place.as_bytes() {
            [x, y] => Some((digit(*x), digit(*y))),
            _ => None,
        });
    places.collect()
}

const GLYPHS: [(char, &str); 60] = [
    (' ', ""),
    ('.', "16 26"),
    ('-', "03 43"),
    ('+', "03 43, 21 25"),
    ('*', "21 25, 02 44, 04 42"),
    ('0', "10 30 41 45 36 16 05 01 10"),
    ('1', "11 20 26, 16 36"),
    ('2', "01 10 30 41 42 06 46"),
    ('3', "01 10 30 41 42 33 44 45 36 16 05, 13 33"),
    ('4', "36 30 04 44"),
    ('5', "40 00 02 32 43 45 36 06"),
    ('6', "41 30 10 01 05 16 36 45 44 33 13 04"),
    ('7', "00 40 16"),
    ('8', "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33"),
    ('9', "05 16 36 45 41 30 10 01 02 13 33 42"),
    ('A', "06 20 46, 14 34"),
    ('B', "33 03 00 30 41 42 33 44 45 36 06 03"),
    ('C', "41 30 10 01 05 16 36 45"),
    ('D', "00 20 41 45 26 06 00"),
    ('E', "40 00 06 46, 03 33"),
    ('F', "40 00 06, 03 33"),
    ('G', "41 30 10 01 05 16 36 45 43 23"),
    ('H', "00 06, 40 46, 03 43"),
    ('I', "20 26, 10 30, 16 36"),
    ('K', "00 06, 40 03 46"),
    ('L', "00 06 46"),
    ('M', "06 00 23 40 46"),
    ('N', "06 00 46 40"),
    ('O', "10 30 41 45 36 16 05 01 10"),
    ('P', "06 00 30 41 42 33 03"),
    ('R', "06 00 30 41 42 33 03, 23 46"),
    ('S', "41 30 10 01 02 13 33 44 45 36 16 05"),
    ('T', "00 40, 20 26"),
    ('U', "00 05 16 36 45 40"),
    ('V', "00 26 40"),
    ('W', "00 16 23 36 40"),
    ('X', "00 46, 40 06"),
    ('Y', "00 23 40, 23 26"),
    ('Z', "00 40 06 46"),
    ('a', "12 32 43 46, 44 14 05 16 36 45"),
    ('b', "00 06, 03 12 32 43 45 36 16 05"),
    ('c', "43 32 12 03 05 16 36 45"),
    ('d', "40 46, 43 32 12 03 05 16 36 45"),
    ('e', "04 44 43 32 12 03 05 16 36"),
    ('f', "40 30 21 26, 12 32"),
    ('g', "42 47 38 18, 43 32 12 03 05 16 36 45"),
    ('h', "00 06, 03 12 32 43 46"),
    ('i', "22 26, 20 21"),
    ('k', "00 06, 42 04 46"),
    ('l', "20 26"),
    ('m', "02 06, 03 12 23 26, 23 32 43 46"),
    ('n', "02 06, 03 12 32 43 46"),
    ('o', "12 32 43 45 36 16 05 03 12"),
    ('p', "02 08, 03 12 32 43 45 36 16 05"),
    ('r', "02 06, 04 22 42"),
    ('s', "43 32 12 03 14 34 45 36 16 05"),
    ('t', "10 15 26 36, 02 32"),
    ('u', "02 05 16 36 45, 42 46"),
    ('w', "02 16 24 36 42"),
    ('y', "02 26, 42 18"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_drawn_in_its_box_and_known_once() {
        for (index, (letter, drawn)) in GLYPHS.iter().enumerate() {
            assert!(
                GLYPHS[..index].iter().all(|(other, _)| other != letter),
                "{letter}"
            );
            assert_eq!(
                strokes(*letter).iter().map(Vec::len).sum::<usize>(),
                drawn.split_whitespace().count()
            );
            let places = strokes(*letter).concat();
            assert!(places.iter().all(|(x, y)| *x <= 4 && *y <= 8), "{letter}");
        }
        assert_eq!(strokes('Ω').len(), 1);
    }
}
