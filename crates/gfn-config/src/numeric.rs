//! Numbers as people write them, in files, flags, variables and options alike: none loses its value silently.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Why a text is no number that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// It is not written as a number.
    Form,
    /// It is `nan` or `inf`.
    NotFinite,
    /// It is beyond the largest number.
    TooLarge,
    /// It is so close to 0 that it would be read as 0, or with digits lost.
    TooSmall,
}

impl NumberFault {
    /// What is wrong, to follow the number: "`1e-500` is too small: it would be read as 0".
    pub fn words(self) -> &'static str {
        match self {
            Self::Form => "is not a number",
            Self::NotFinite => "is not a finite number",
            Self::TooLarge => "is too large for a number",
            Self::TooSmall => "is too small: it would be read as 0, or lose digits",
        }
    }

    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::Form => NUMBERS,
            Self::NotFinite => "numbers must be finite",
            Self::TooLarge => "numbers go up to about 1.8e308",
            Self::TooSmall => {
                "the smallest positive number is about 2.3e-308; write `0` where nothing is meant"
            }
        }
    }
}

/// How numbers are written.
pub(crate) const NUMBERS: &str = "a number is written like `20`, `0.5` or `1e-3`, without blanks or units";

/// Reads a number with a fraction or an exponent. Underscores between digits do not count.
///
/// # Errors
/// Where it is not a number, or would not keep its value.
pub fn float(text: &str) -> Result<f64, NumberFault> {
    let plain = without_underscores(text).ok_or(NumberFault::Form)?;
    let number: f64 = plain.parse().map_err(|_| NumberFault::Form)?;
    let has_digits = plain.contains(|letter: char| letter.is_ascii_digit());
    match number {
        _ if !has_digits => Err(NumberFault::NotFinite),
        _ if number.is_infinite() => Err(NumberFault::TooLarge),
        _ if number.abs() < f64::MIN_POSITIVE && !is_zero(&plain) => Err(NumberFault::TooSmall),
        _ => Ok(number),
    }
}

/// Whether every digit before the exponent is 0.
fn is_zero(plain: &str) -> bool {
    let mantissa = plain.split(['e', 'E']).next().unwrap_or_default();
    !mantissa.contains(|letter: char| matches!(letter, '1'..='9'))
}

/// Reads a whole number of a range.
///
/// # Errors
/// A sentence on what is expected, and on how to write what was probably meant.
pub fn whole<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: TryFrom<i128> + TryInto<i128> + Copy + Display,
{
    let bound = |bound: T| bound.try_into().unwrap_or(i128::MAX);
    let (least, most) = (bound(*range.start()), bound(*range.end()));
    let read = without_underscores(text).and_then(|plain| plain.parse::<i128>().ok());
    let inside = read.filter(|number| (least..=most).contains(number));
    let is_inside = |text: &str| {
        let number = without_underscores(text).and_then(|plain| plain.parse::<i128>().ok());
        number.is_some_and(|number| (least..=most).contains(&number))
    };
    inside.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let expected = match most {
            // Nobody counts that far: the end of a type is no bound to tell of.
            most if most >= i128::from(i64::MAX) && read.is_none_or(|number| number <= most) => {
                format!("expected a whole number of at least {least}")
            }
            _ => format!("expected a whole number from {least} to {most}"),
        };
        match (read, meant(text)) {
            (None, Some(meant)) if is_inside(&meant) => format!("{expected}; write `{meant}`"),
            _ => expected,
        }
    })
}

/// A number without its underscores, each of which stands between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |index: Option<usize>| {
        index
            .and_then(|index| bytes.get(index))
            .is_some_and(u8::is_ascii_digit)
    };
    let fits = text
        .match_indices('_')
        .all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    fits.then(|| text.replace('_', ""))
}

/// How a number would be right that was written with a suffix or a unit (`10k`, `1.5M`), with an exponent where a whole number
/// is needed (`1e3`), or with commas between its digits.
pub(crate) fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let number = match text.char_indices().last()? {
        (at, suffix) if suffix.is_ascii_alphabetic() => {
            let thousands = match suffix.to_ascii_lowercase() {
                'k' => 1e3,
                'm' => 1e6,
                'g' | 'b' => 1e9,
                't' => 1e12,
                _ => return None,
            };
            float(text[..at].trim_end()).ok()? * thousands
        }
        _ if has_thousands(text) => text.replace(',', "").parse().ok()?,
        _ => float(text).ok()?,
    };
    (number.fract() == 0.0 && number.abs() < 1e15).then(|| grouped(number as i64))
}

/// Whether commas stand before every third digit from the end.
fn has_thousands(text: &str) -> bool {
    let mut groups = text.trim_start_matches(['+', '-']).split(',');
    let is_number = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    (1..=3).contains(&first.len())
        && is_number(first)
        && rest.peek().is_some()
        && rest.all(|group| group.len() == 3 && is_number(group))
}

/// A whole number with underscores between its thousands.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    match number < 0 {
        true => format!("-{out}"),
        false => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_loses_its_value() {
        for (text, read) in [
            ("0", Ok(0.0)),
            ("-0.0e-999", Ok(0.0)),
            ("1_000.5", Ok(1000.5)),
            (".5", Ok(0.5)),
            ("2.3e-308", Ok(2.3e-308)),
            ("1e-500", Err(NumberFault::TooSmall)),
            ("-0.00001e-320", Err(NumberFault::TooSmall)),
            ("1e-310", Err(NumberFault::TooSmall)),
            ("1e999", Err(NumberFault::TooLarge)),
            ("inf", Err(NumberFault::NotFinite)),
            ("-nan", Err(NumberFault::NotFinite)),
            ("1__0", Err(NumberFault::Form)),
            ("_1", Err(NumberFault::Form)),
            ("ten", Err(NumberFault::Form)),
            ("", Err(NumberFault::Form)),
        ] {
            assert_eq!(float(text), read, "{text}");
        }
    }

    #[test]
    fn whole_numbers_say_what_is_meant() {
        assert_eq!(whole("1_000", &(1..=5000_u64)), Ok(1000));
        assert_eq!(whole("-3", &(-5..=5_i32)), Ok(-3));
        for (text, said) in [
            ("0", "expected a whole number from 1 to 5000"),
            ("-1", "expected a whole number from 1 to 5000"),
            ("4.5", "expected a whole number from 1 to 5000"),
            ("1k", "expected a whole number from 1 to 5000; write `1_000`"),
            ("1e3", "expected a whole number from 1 to 5000; write `1_000`"),
            ("1,000", "expected a whole number from 1 to 5000; write `1_000`"),
            ("ten", "expected a whole number from 1 to 5000"),
        ] {
            assert_eq!(whole(text, &(1..=5000_u64)), Err(said.to_owned()), "{text}");
        }
        assert_eq!(
            whole("-1", &(0..=u64::MAX)),
            Err("expected a whole number of at least 0".to_owned())
        );
    }

    #[test]
    fn suffixes_are_written_out() {
        for (text, right) in [
            ("1000k", Some("1_000_000")),
            ("1.5M", Some("1_500_000")),
            ("-2k", Some("-2_000")),
            ("10,000", Some("10_000")),
            ("1e6", Some("1_000_000")),
            ("0,1", None),
            ("10x", None),
            ("nan", None),
            ("", None),
        ] {
            assert_eq!(meant(text).as_deref(), right, "{text}");
        }
    }
}
