//! Colors of values.

/// Red, green and blue.
pub type Color = [u8; 3];

/// Lines and letters on a light ground.
pub(crate) const INK: Color = [27, 31, 36];

/// Every tenth color of *viridis* (S. van der Walt and N. Smith, 2015; CC0), which people who confuse colors tell apart too.
const VIRIDIS: [Color; 11] = [
    [68, 1, 84],
    [72, 36, 117],
    [65, 68, 135],
    [53, 95, 141],
    [42, 120, 142],
    [33, 145, 140],
    [34, 168, 132],
    [68, 191, 112],
    [122, 209, 81],
    [189, 223, 38],
    [253, 231, 37],
];

/// The color of a value between 0 and 1.
pub fn viridis(value: f64) -> Color {
    let scaled = value.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (scaled as usize).min(VIRIDIS.len() - 2);
    mix(VIRIDIS[below], VIRIDIS[below + 1], scaled - below as f64)
}

/// An element in the color that chemists know it by, dark enough for a light ground.
pub fn of_element(symbol: &str) -> Color {
    match symbol {
        "N" => [37, 99, 200],
        "O" => [204, 41, 41],
        "S" => [150, 115, 0],
        "F" | "Cl" => [26, 127, 55],
        "Br" | "I" => [140, 70, 40],
        "P" => [190, 95, 0],
        _ => INK,
    }
}

/// A share of the way from one color to another.
pub(crate) fn mix(from: Color, to: Color, share: f64) -> Color {
    let between =
        |from: u8, to: u8| (f64::from(from) + share * (f64::from(to) - f64::from(from))).round() as u8;
    [
        between(from[0], to[0]),
        between(from[1], to[1]),
        between(from[2], to[2]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_colors_of_viridis() {
        assert_eq!(viridis(0.0), [68, 1, 84]);
        assert_eq!(viridis(1.0), [253, 231, 37]);
        assert_eq!(viridis(0.05), [70, 19, 101]);
        assert_eq!(viridis(f64::INFINITY), viridis(1.0));
    }
}
