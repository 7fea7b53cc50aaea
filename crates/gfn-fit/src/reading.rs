//! What a user says of a table: which columns and rows are read, and how values become those that are fitted to.

use gfn_input::Decimal;

use crate::columns::Columns;

/// How a table is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Which columns.
    pub columns: Columns,
    /// How numbers are written.
    pub decimal: Decimal,
    /// Which rows: `COLUMN=VALUE` each. A row is read where it has one of the values that are asked for of every column.
    pub filters: Vec<String>,
    /// What is done with values that are only bounds; absent: they are refused.
    pub censored: Option<Censored>,
    /// What becomes of a value.
    pub transform: Transform,
    /// What becomes of several values of one molecule.
    pub merge: Merge,
    /// The values' unit, where the table has no column for it.
    pub unit: Option<String>,
    /// Rows that cannot be used are left out.
    pub skip_bad: bool,
}

/// What is done with a value that is only known to be above or below a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Censored {
    /// It is left out.
    Drop,
    /// The bound is taken for the value.
    AsExact,
}

/// What becomes of a value before it is fitted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transform {
    /// It stays.
    #[default]
    None,
    /// Its logarithm to base 10.
    Log10,
    /// The negative logarithm to base 10; of a concentration, in mol/L: pIC50 of an IC50.
    NegativeLog10,
}

/// What becomes of several values of one molecule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merge {
    /// Their mean.
    #[default]
    Mean,
    /// Their median, on which a wrong one has little effect.
    Median,
    /// Their geometric mean.
    Geometric,
}

impl Censored {
    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::AsExact => "as-exact",
        }
    }
}

impl Transform {
    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Log10 => "log10",
            Self::NegativeLog10 => "negative-log10",
        }
    }

    /// The transformed value; `scale` is what the unit is of mol/L, where it is a concentration.
    ///
    /// # Errors
    /// Where the value has no logarithm.
    pub(crate) fn of(self, value: f64, scale: Option<f64>) -> Result<f64, String> {
        if self == Self::None {
            return Ok(value);
        }
        if value <= 0.0 {
            return Err(format!("{value} has no logarithm"));
        }
        let log = libm::log10(value);
        Ok(match self {
            Self::NegativeLog10 => -(log + scale.map_or(0.0, libm::log10)),
            _ => log,
        })
    }
}

impl Merge {
    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Geometric => "geometric",
        }
    }

    /// Several values as one. There is at least one; for a geometric mean all are positive.
    pub(crate) fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => values.iter().sum::<f64>() / values.len() as f64,
            Self::Geometric => {
                let logs = values.iter().map(|value| libm::log(*value)).sum::<f64>();
                libm::exp(logs / values.len() as f64)
            }
            Self::Median => median(values),
        }
    }
}

/// The middle one of several values, or the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[middle],
        _ => 0.5 * (sorted[middle - 1] + sorted[middle]),
    }
}

/// What a unit of concentration is of mol/L.
pub(crate) fn molar(unit: &str) -> Option<f64> {
    let unit = unit.trim();
    let prefix = unit
        .strip_suffix("mol/L")
        .or_else(|| unit.strip_suffix("mol/l"))
        .or_else(|| unit.strip_suffix('M'))?;
    match prefix {
        "" => Some(1.0),
        "m" => Some(1e-3),
        "u" | "\u{b5}" | "\u{3bc}" => Some(1e-6),
        "n" => Some(1e-9),
        "p" => Some(1e-12),
        "f" => Some(1e-15),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_is_asked_for() {
        assert_eq!(Transform::None.of(-3.0, None), Ok(-3.0));
        assert_eq!(Transform::Log10.of(1000.0, Some(1e-9)), Ok(3.0));
        let found = Transform::NegativeLog10.of(10.0, molar("nM")).unwrap();
        assert!((found - 8.0).abs() < 1e-12, "{found}");
        assert_eq!(Transform::NegativeLog10.of(100.0, None), Ok(-2.0));
        assert!(
            Transform::Log10
                .of(0.0, None)
                .unwrap_err()
                .contains("no logarithm")
        );
    }

    #[test]
    fn several_values_become_one() {
        let values = [1.0, 100.0, 10.0, 1000.0];
        assert_eq!(Merge::Mean.of(&values), 277.75);
        assert_eq!(Merge::Median.of(&values), 55.0);
        assert_eq!(Merge::Median.of(&values[..3]), 10.0);
        assert!((Merge::Geometric.of(&values) - 10f64.powf(1.5)).abs() < 1e-9);
    }

    #[test]
    fn concentrations_have_a_scale() {
        for (unit, scale) in [("nM", 1e-9), ("\u{b5}M", 1e-6), ("umol/L", 1e-6), ("M", 1.0)] {
            assert_eq!(molar(unit), Some(scale), "{unit}");
        }
        for unit in ["%", "NM", "nm", "ug.mL-1", "xM", "hr"] {
            assert_eq!(molar(unit), None, "{unit}");
        }
    }
}
