//! Axes: what they span, where their ticks are and what is written there.
//!
//! A value has a *place* on its axis: itself, or its decimal logarithm where the axis is logarithmic. Everything is drawn
//! by places.

use gfn_text::superscript;

use crate::number::{count, short};

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; what is not positive has no place.
    Log,
}

impl Scale {
    /// Logarithmic where values span more than a decade and all are positive.
    pub(crate) fn fitting(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = span(values);
        if low > 0.0 && high / low > 10.0 {
            Self::Log
        } else {
            Self::Linear
        }
    }

    /// Where a value lies, if anywhere.
    pub(crate) fn place(self, value: f64) -> Option<f64> {
        let place = match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => return None,
        };
        place.is_finite().then_some(place)
    }
}

/// An axis, drawn from one place to another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// What it measures, with the unit.
    pub(crate) label: String,
    /// How values lie along it.
    pub(crate) scale: Scale,
    /// Its ends, as places.
    pub(crate) range: (f64, f64),
    /// Its ticks: places, and what is written there.
    pub(crate) ticks: Vec<(f64, String)>,
    /// The whole of each tick's text, where they are names.
    pub(crate) titles: Vec<String>,
}

impl Axis {
    /// An axis that spans these places, with some room at both ends.
    pub(crate) fn around(label: &str, scale: Scale, places: impl Iterator<Item = f64>) -> Self {
        let (low, high) = span(places);
        let (low, high) = match (low, high) {
            (low, high) if low > high => (0.0, 1.0),
            (low, high) if high - low < 1e-9 * (low.abs() + high.abs()) || low == high => {
                let room = if scale == Scale::Log {
                    0.3
                } else {
                    (0.1 * low.abs()).max(0.1)
                };
                (low - room, high + room)
            }
            (low, high) => (low - 0.04 * (high - low), high + 0.04 * (high - low)),
        };
        Self::exactly(label, scale, (low, high))
    }

    /// The same, and linear axes of what is never negative begin at 0.
    pub(crate) fn from_zero(label: &str, scale: Scale, places: impl Iterator<Item = f64> + Clone) -> Self {
        let mut axis = Self::around(label, scale, places.clone());
        if scale == Scale::Linear && places.fold(0.0, f64::min) >= 0.0 {
            axis = Self::exactly(label, scale, (0.0, axis.range.1.max(1e-12)));
        }
        axis
    }

    /// An axis from one place to another.
    pub(crate) fn exactly(label: &str, scale: Scale, range: (f64, f64)) -> Self {
        let ticks = match scale {
            Scale::Linear => linear_ticks(range),
            Scale::Log => log_ticks(range),
        };
        Self {
            label: label.into(),
            scale,
            range,
            ticks,
            titles: Vec::new(),
        }
    }

    /// An axis of whole numbers, each in the middle of its own place.
    pub(crate) fn of_cells(label: &str, cells: usize) -> Self {
        let every = cells.div_ceil(12).max(1);
        let ticks = (0..cells)
            .step_by(every)
            .map(|cell| (cell as f64, count(cell as u64)));
        Self {
            label: label.into(),
            scale: Scale::Linear,
            range: (-0.5, cells as f64 - 0.5),
            ticks: ticks.collect(),
            titles: Vec::new(),
        }
    }
}

/// The least and the greatest of some numbers, those that are none left out; (∞, −∞) for none.
pub(crate) fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// About five ticks at 1, 2 or 5 times a power of ten.
fn linear_ticks((low, high): (f64, f64)) -> Vec<(f64, String)> {
    let step = nice_step((high - low) / 5.0);
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    // Beyond this, steps are lost in the rounding of the numbers themselves.
    if !(first.abs().max(last.abs()) < 1e12 && last - first < 50.0) {
        return vec![(low, tick_text(low, step)), (high, tick_text(high, step))];
    }
    let index = |number: i64| number as f64 * step;
    (first as i64..=last as i64)
        .map(index)
        .map(|tick| (tick, tick_text(tick, step)))
        .collect()
}

/// 1, 2 or 5 times a power of ten, near `rough`.
fn nice_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0];
    let factor = nice.into_iter().find(|factor| factor * power >= 0.99 * rough);
    factor.unwrap_or(10.0) * power
}

fn tick_text(tick: f64, step: f64) -> String {
    let size = tick.abs();
    if size >= 1e6 || (size < 1e-4 && size > 0.5 * step) {
        return power_text(tick);
    }
    let places = (-step.log10().floor()).clamp(0.0, 8.0) as usize;
    if places == 0 && size >= 1000.0 {
        let sign = if tick < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count(size.round() as u64));
    }
    let text = format!("{tick:.places$}");
    if text
        .trim_start_matches('-')
        .chars()
        .all(|digit| "0.".contains(digit))
    {
        "0".into()
    } else {
        short(&text)
    }
}

/// A number as a mantissa and a power of ten: 2·10⁶.
fn power_text(value: f64) -> String {
    let text = format!("{value:.1e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    format!("{}·10{}", short(mantissa), superscript(exponent))
}

/// Ticks at powers of ten; where there are fewer than three, between them too.
fn log_ticks((low, high): (f64, f64)) -> Vec<(f64, String)> {
    let decades = (low.ceil() as i64, high.floor() as i64);
    let whole = decades.1 - decades.0 + 1;
    if whole >= 3 {
        let every = (whole as usize).div_ceil(6).max(1);
        let powers = (decades.0..=decades.1).rev().step_by(every);
        return powers.map(|power| (power as f64, decade_text(power))).collect();
    }
    let powers = (low.floor() as i64)..=(high.ceil() as i64);
    let finer = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| (power, factor)));
    let ticks = finer.map(|(power, factor): (i64, f64)| factor.log10() + power as f64);
    let ticks: Vec<f64> = ticks.filter(|place| (low..=high).contains(place)).collect();
    let text = |place: f64| {
        // As many places as it takes to write the lowest with two figures.
        let places = (1.0 - low).ceil().clamp(0.0, 12.0) as usize;
        (place, short(&format!("{:.places$}", 10f64.powf(place))))
    };
    match ticks.len() {
        0 | 1 => [low, high].map(text).into(),
        _ => ticks.into_iter().map(text).collect(),
    }
}

fn decade_text(power: i64) -> String {
    match power {
        0..=4 => count(10u64.pow(power as u32)),
        -3..0 => short(&format!("{:.*}", -power as usize, 10f64.powi(power as i32))),
        _ => format!("10{}", superscript(&power.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn ticks_of_even_axes_are_round_numbers() {
        let axis = |low, high| Axis::exactly("", Scale::Linear, (low, high));
        assert_eq!(texts(&axis(0.0, 250.0)), ["0", "50", "100", "150", "200", "250"]);
        assert_eq!(texts(&axis(-0.31, 0.3)), ["−0.2", "0", "0.2"]);
        assert_eq!(texts(&axis(0.0, 32_000.0)), ["0", "10,000", "20,000", "30,000"]);
        assert_eq!(texts(&axis(0.0, 4e6)), ["0", "1·10⁶", "2·10⁶", "3·10⁶", "4·10⁶"]);
        assert_eq!(
            texts(&axis(0.0, 5e-5)),
            ["0", "1·10⁻⁵", "2·10⁻⁵", "3·10⁻⁵", "4·10⁻⁵", "5·10⁻⁵"]
        );
    }

    #[test]
    fn ticks_of_logarithmic_axes_are_decades_or_between_them() {
        let axis = |low: f64, high: f64| Axis::exactly("", Scale::Log, (low.log10(), high.log10()));
        assert_eq!(
            texts(&axis(0.0009, 120.0)),
            ["100", "10", "1", "0.1", "0.01", "0.001"]
        );
        assert_eq!(texts(&axis(0.3, 3.0)), ["0.5", "1", "2"]);
        assert_eq!(
            texts(&axis(0.004, 0.13)),
            ["0.005", "0.01", "0.02", "0.05", "0.1"]
        );
        assert_eq!(axis(1e-12, 1.0).ticks.len(), 5);
        assert_eq!(texts(&axis(1.1, 1.4)).len(), 2);
    }

    #[test]
    fn an_axis_holds_what_it_is_around_even_if_that_is_one_value_or_none() {
        for values in [
            vec![],
            vec![3.0],
            vec![0.0, 0.0],
            vec![-2.0, 5.0, f64::NAN],
            vec![1e300, -1e300],
            vec![1e-300],
        ] {
            let axis = Axis::around("", Scale::Linear, values.iter().copied());
            assert!(
                axis.range.0 < axis.range.1 && axis.ticks.len() < 60,
                "{values:?}: {axis:?}"
            );
            let finite = values.iter().filter(|value| value.is_finite());
            assert!(
                finite
                    .into_iter()
                    .all(|value| (axis.range.0..=axis.range.1).contains(value))
            );
        }
        assert_eq!(
            Axis::from_zero("", Scale::Linear, [0.5, 2.0].into_iter()).range.0,
            0.0
        );
    }

    #[test]
    fn what_is_not_positive_has_no_place_on_a_logarithmic_axis() {
        assert_eq!(Scale::Log.place(0.0), None);
        assert_eq!(Scale::Log.place(f64::INFINITY), None);
        assert_eq!(Scale::Log.place(100.0), Some(2.0));
        assert_eq!(Scale::Linear.place(f64::NAN), None);
        assert_eq!(Scale::fitting([0.01, 5.0].into_iter()), Scale::Log);
        assert_eq!(Scale::fitting([0.0, 5.0].into_iter()), Scale::Linear);
    }
}
