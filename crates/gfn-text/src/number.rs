//! Numbers for people.

/// From this size on, a number is in scientific form.
const LARGE: f64 = 1e7;

/// A number in a message or a table. What so many decimals would hide or drown is in scientific form: sizes of which fewer than two figures
/// would be left, and those from 10⁷ on. From 10⁵ on one decimal is enough. Zero has no sign.
pub fn with_decimals(value: f64, decimals: usize) -> String {
    let size = value.abs();
    let smallest = 10f64.powi(1 - i32::try_from(decimals).unwrap_or(i32::MAX));
    match size {
        _ if value.is_nan() => "NaN".into(),
        0.0 => "0".into(),
        _ if size.is_finite() && (size < smallest || size >= LARGE) => {
            format!("{value:.*e}", decimals.saturating_sub(1))
        }
        _ if size >= 1e5 => format!("{value:.1}"),
        _ => format!("{value:.decimals$}"),
    }
}
