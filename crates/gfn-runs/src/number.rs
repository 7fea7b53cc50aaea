//! Numbers, dates and lengths of time as people read them.

use gfn_text::superscript;

/// A number with about four figures: 0.004312, 3.109, 12,345, 1.2 × 10⁻⁷.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return unusual(value).to_string();
    }
    if size == 0.0 {
        "0".into()
    } else if !(1e-4..1e7).contains(&size) {
        power_form(value)
    } else if size >= 1e4 {
        grouped(&format!("{value:.0}"))
    } else {
        let places = (3 - size.log10().floor() as i32).clamp(0, 7) as usize;
        short(&format!("{value:.places$}"))
    }
}

/// The same with three figures, where it stands large or where there is little room.
pub fn short_figure(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !(1e-4..1e4).contains(&size) => figure(value),
        _ => short(&format!(
            "{value:.*}",
            (2 - size.log10().floor() as i32).clamp(0, 6) as usize
        )),
    }
}

/// Of two numbers whose difference is less than this share of them, the rest is rounding.
const ROUNDING: f64 = 1e-12;
/// A mean is written with at most so many figures.
const MEAN_FIGURES: i32 = 7;

/// A mean and half the width of its interval, to two figures of that: 0.0063 ± 0.0036, (2.2 ± 1.8) × 10⁻⁵. An interval that is far
/// narrower than its mean has an exponent of its own: 1.4 ± 3.1 × 10⁻¹⁰. A line may break before the sign alone.
pub fn interval(mean: f64, half: f64) -> String {
    let size = mean.abs().max(half);
    if !(half >= 0.0 && size.is_finite()) {
        return figure(mean);
    }
    if half <= ROUNDING * mean.abs() {
        return format!("{} ±\u{a0}0", unbroken(&figure(mean)));
    }
    let exponent = size.log10().floor() as i32;
    let of_half = half.log10().floor() as i32;
    if exponent - of_half > MEAN_FIGURES - 2 {
        return format!(
            "{} ±\u{a0}{}",
            unbroken(&figure(mean)),
            unbroken(&two_figures(half))
        );
    }
    if !(-4..6).contains(&exponent) {
        let scale = 10f64.powi(-exponent);
        return format!(
            "({})\u{a0}×\u{a0}10{}",
            interval(mean * scale, half * scale),
            superscript(&exponent.to_string())
        );
    }
    let places = (1 - of_half).clamp(0, 9) as usize;
    let mean = format!("{mean:.places$}");
    let is_zero = mean
        .trim_start_matches('-')
        .bytes()
        .all(|digit| b"0.".contains(&digit));
    let mean = if is_zero {
        mean.replace('-', "")
    } else {
        minus(&mean)
    };
    format!("{mean} ±\u{a0}{half:.places$}")
}

/// A positive number with two figures.
fn two_figures(value: f64) -> String {
    let exponent = value.log10().floor() as i32;
    match exponent {
        -4..6 => format!("{value:.*}", (1 - exponent).max(0) as usize),
        _ => format!(
            "{:.1} × 10{}",
            value / 10f64.powi(exponent),
            superscript(&exponent.to_string())
        ),
    }
}

/// The same in one line.
fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// A number that is none, or without end.
fn unusual(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => "not a number",
        value if value > 0.0 => "∞",
        _ => "−∞",
    }
}

/// The same with its sign, where that is of interest.
pub fn signed(value: f64) -> String {
    if value > 0.0 {
        format!("+{}", figure(value))
    } else {
        figure(value)
    }
}

/// 1.23 × 10⁻⁷.
fn power_form(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{} × 10{}", minus(mantissa), superscript(exponent)),
        None => text,
    }
}

/// A whole number in groups of three digits.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("−", rest));
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Without zeros at the end of a fraction, and with a minus that is one.
pub fn short(text: &str) -> String {
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    if text == "-0" { "0".into() } else { minus(text) }
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

/// Whole numbers from here on are shown as others are.
const MAX_WHOLE: f64 = 1e15;

/// A whole number in groups of three digits, and another as [`figure`] shows it.
pub fn whole(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..MAX_WHOLE).contains(&value) {
        count(value as u64)
    } else {
        figure(value)
    }
}

/// A share in per cent.
pub fn per_cent(share: f64) -> String {
    match 100.0 * share {
        percent if percent > 0.0 && percent < 0.1 => "<0.1 %".into(),
        percent => format!("{percent:.1} %"),
    }
}

/// A length of time: 3.4 ms, 0.42 s, 12.3 s, 4 min 05 s, 3 h 12 min.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".into();
    }
    match whole {
        0 if seconds < 0.1 => format!("{} ms", short(&format!("{:.1}", 1e3 * seconds))),
        0..10 => format!("{seconds:.2} s"),
        10..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A moment, given in seconds since 1970: 2026-08-14 09:05 UTC.
pub fn moment(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02} UTC",
        rest / 3600,
        rest / 60 % 60
    )
}

/// Year, month and day, so many days after the beginning of 1970. A year here begins in March, so that a leap day is its
/// last (H. Hinnant, *chrono-compatible low-level date algorithms*, `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_about_four_figures() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (0.004_312_34, "0.004312"),
            (3.109_06, "3.109"),
            (-2.5, "−2.5"),
            (12_345.6, "12,346"),
            (-1_234_567.0, "−1,234,567"),
            (1.234e-7, "1.23 × 10⁻⁷"),
            (-4e9, "−4.00 × 10⁹"),
            (999.96, "1000"),
            (f64::NAN, "not a number"),
            (f64::NEG_INFINITY, "−∞"),
        ];
        for (value, expected) in cases {
            assert_eq!(figure(value), expected);
        }
        assert_eq!(signed(0.5), "+0.5");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(
            (whole(12_345.0), whole(1e39)),
            ("12,345".into(), "1.00 × 10³⁹".into())
        );
        assert_eq!(per_cent(0.0004), "<0.1 %");
    }

    #[test]
    fn intervals_have_two_figures() {
        let interval = |mean: f64, half: f64| super::interval(mean, half).replace('\u{a0}', " ");
        assert_eq!(interval(0.006301, 0.003589), "0.0063 ± 0.0036");
        assert_eq!(interval(-8.22e-5, 0.002116), "−0.0001 ± 0.0021");
        assert_eq!(interval(-1e-5, 0.02), "0.000 ± 0.020");
        assert_eq!(interval(2.17e-5, 1.78e-5), "(2.2 ± 1.8) × 10⁻⁵");
        assert_eq!(interval(250.0, 0.0), "250 ± 0");
        assert_eq!(interval(0.0, 0.0), "0 ± 0");
        assert_eq!(interval(1.4, 2.2e-16), "1.4 ± 0");
        assert_eq!(interval(1.4, 3.14e-10), "1.4 ± 3.1 × 10⁻¹⁰");
        assert_eq!(interval(1.4, 2.5e-5), "1.400000 ± 0.000025");
        assert_eq!(interval(-2e9, 7.0), "−2.00 × 10⁹ ± 7.0");
        assert_eq!(interval(1234.5, 99.9), "1234 ± 100");
        assert_eq!(interval(f64::INFINITY, 1.0), "∞");
        assert_eq!(interval(1.0, f64::NAN), "1");
    }

    #[test]
    fn times_are_told_in_their_unit() {
        assert_eq!(duration(0.003_38), "3.4 ms");
        assert_eq!(duration(0.424), "0.42 s");
        assert_eq!(duration(59.0), "59.0 s");
        assert_eq!(duration(245.2), "4 min 05 s");
        assert_eq!(duration(11_520.0), "3 h 12 min");
        assert_eq!(duration(f64::NAN), "unknown");
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(951_782_400 + 3_600), "2000-02-29 01:00 UTC");
        assert_eq!(moment(1_767_225_599), "2025-12-31 23:59 UTC");
        assert_eq!(moment(4_107_542_400), "2100-03-01 00:00 UTC");
    }
}
