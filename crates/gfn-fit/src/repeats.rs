//! Several values of one molecule: how far they are apart.

use gfn_text::quoted;

use crate::reading::{Merge, Transform, median};

/// How far values of one molecule are from one another, where some were measured several times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// Rows beyond the first of their molecule.
    pub rows: usize,
    /// The standard deviation of a molecule's values about their mean.
    pub deviation: f64,
}

/// The values of a molecule, each with its line.
pub(crate) struct Values<'a> {
    pub(crate) smiles: &'a str,
    pub(crate) lines: &'a [u64],
    pub(crate) values: &'a [f64],
}

impl Values<'_> {
    fn least(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn greatest(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    fn deviation(&self) -> f64 {
        let mean = self.values.iter().sum::<f64>() / self.values.len() as f64;
        let squares = self
            .values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>();
        (squares / (self.values.len() - 1) as f64).sqrt()
    }
}

/// Values of positive quantities that span so many orders of magnitude are compared by their ratios.
const SPAN: f64 = 1000.0;

/// Values of one molecule that are so many times as great as another of it are told of.
const FOLD: f64 = 10.0;

/// The same in typical deviations of repeated values, where these are many enough to tell what is typical.
const DEVIATIONS: f64 = 3.0;
const ENOUGH: usize = 5;

/// By what values are compared.
enum Rule {
    /// Their ratio.
    Fold,
    /// Their difference, where they are logarithms to base 10.
    Decades,
    /// Their difference.
    Difference(f64),
}

/// The pooled deviation of repeated values.
pub(crate) fn repeats<'a>(all: impl Iterator<Item = &'a [f64]>) -> Option<Repeats> {
    let (mut rows, mut squares) = (0, 0.0);
    for values in all {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        rows += values.len() - 1;
        squares += values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    }
    (rows > 0).then(|| Repeats {
        rows,
        deviation: (squares / rows as f64).sqrt(),
    })
}

/// What is to be known of values that are far apart: of several ones of one molecule, and of all of them.
pub(crate) fn warnings(all: &[Values<'_>], transform: Transform, merge: Merge) -> Vec<String> {
    let least = all.iter().map(Values::least).fold(f64::INFINITY, f64::min);
    let greatest = all.iter().map(Values::greatest).fold(f64::NEG_INFINITY, f64::max);
    let is_wide = transform == Transform::None && least > 0.0 && greatest > SPAN * least;
    let repeated: Vec<&Values<'_>> = all.iter().filter(|values| values.values.len() > 1).collect();
    let rule = match transform {
        Transform::None if is_wide => Rule::Fold,
        Transform::None => Rule::Difference(typical(&repeated)),
        _ => Rule::Decades,
    };
    let mut warnings = Vec::new();
    if is_wide {
        warnings.push(format!(
            "values span {:.1} orders of magnitude ({} to {}), so that the greatest alone decide the fit; `--transform log10`, or \
             `negative-log10` as in pIC50, fits to their logarithms",
            libm::log10(greatest / least),
            shown(least),
            shown(greatest)
        ));
    }
    warnings.extend(discord(&repeated, &rule, merge));
    warnings
}

/// So many standard deviations of typical repeated values; infinite where there are too few of them.
fn typical(repeated: &[&Values<'_>]) -> f64 {
    let deviations: Vec<f64> = repeated.iter().map(|values| values.deviation()).collect();
    let deviation = match deviations.len() {
        ENOUGH.. => median(&deviations),
        _ => f64::INFINITY,
    };
    // Most are equal: rows that stand there twice tell nothing of how exact they are.
    match deviation > 0.0 {
        true => DEVIATIONS * deviation,
        false => f64::INFINITY,
    }
}

/// Molecules whose values contradict one another.
fn discord(repeated: &[&Values<'_>], rule: &Rule, merge: Merge) -> Option<String> {
    let apart = |values: &Values<'_>| match rule {
        Rule::Fold => values.greatest() / values.least(),
        Rule::Decades => libm::exp10(values.greatest() - values.least()),
        Rule::Difference(_) => values.greatest() - values.least(),
    };
    let limit = match rule {
        Rule::Fold | Rule::Decades => FOLD,
        Rule::Difference(limit) => *limit,
    };
    let far: Vec<&&Values<'_>> = repeated.iter().filter(|values| apart(values) > limit).collect();
    let farthest = far.iter().max_by(|one, two| apart(one).total_cmp(&apart(two)))?;
    let by = |value: f64| match rule {
        Rule::Fold | Rule::Decades => format!("{}-fold", shown(value)),
        Rule::Difference(_) => shown(value),
    };
    let lines: Vec<String> = farthest.lines.iter().take(4).map(u64::to_string).collect();
    Some(format!(
        "{} of the {} molecules with several values have some that are more than {} apart; the farthest are {} apart: {} to {} \
         for {}, lines {}. Each counts once, with the {} of its values (`--merge mean`, `median` or `geometric`)",
        far.len(),
        repeated.len(),
        by(limit),
        by(apart(farthest)),
        shown(farthest.least()),
        shown(farthest.greatest()),
        quoted(farthest.smiles),
        lines.join(", "),
        match merge {
            Merge::Geometric => "geometric mean",
            other => other.name(),
        }
    ))
}

/// A number in three digits or so, large ones whole.
fn shown(value: f64) -> String {
    match value.abs() {
        size if (100.0..1e7).contains(&size) => format!("{value:.0}"),
        size if (0.01..100.0).contains(&size) || size == 0.0 => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(table: &[&[f64]], transform: Transform) -> Vec<String> {
        let lines: Vec<u64> = (2..20).collect();
        let all: Vec<Values<'_>> = table
            .iter()
            .map(|values| Values {
                smiles: "CCO",
                lines: &lines[..values.len()],
                values,
            })
            .collect();
        warnings(&all, transform, Merge::Mean)
    }

    #[test]
    fn large_values_are_in_scientific_form() {
        let found = [1e39, -1e7, 30_000.0, 99.5, 0.0, 1e-5].map(shown);
        assert_eq!(found, ["1.00e39", "-1.00e7", "30000", "99.5", "0", "1.00e-5"]);
    }

    #[test]
    fn repeats_that_contradict_are_told_of() {
        let found = told(&[&[1.0, 30_000.0], &[5.0, 6.0], &[2.0, 25.0]], Transform::None);
        assert!(
            found[0].starts_with("values span 4.5 orders of magnitude (1 to 30000)"),
            "{found:?}"
        );
        let expected = "2 of the 3 molecules with several values have some that are more than 10-fold apart; the farthest are \
                        30000-fold apart: 1 to 30000 for `CCO`, lines 2, 3.";
        assert!(found[1].starts_with(expected), "{found:?}");
        let found = told(&[&[5.0, 6.5], &[5.0, 5.9]], Transform::NegativeLog10);
        assert!(
            found.len() == 1 && found[0].contains("1 of the 2 molecules") && found[0].contains("31.623-fold"),
            "{found:?}"
        );
    }

    #[test]
    fn differences_are_held_against_those_that_are_usual() {
        let near: [&[f64]; 5] = [
            &[-5.0, -5.1],
            &[-6.0, -6.1],
            &[-7.0, -7.2],
            &[-8.0, -8.1],
            &[-5.0, -5.05],
        ];
        assert!(told(&near, Transform::None).is_empty());
        let far = [&near[..], &[&[-5.0, -9.0]]].concat();
        let found = told(&far, Transform::None);
        assert!(
            found.len() == 1 && found[0].contains("1 of the 6 molecules"),
            "{found:?}"
        );
        assert!(told(&[&[1.0], &[2.0]], Transform::None).is_empty());
    }

    #[test]
    fn deviations_are_pooled() {
        let found = repeats([&[1.0, 2.0, 3.0][..], &[5.0]].into_iter()).unwrap();
        assert_eq!((found.rows, found.deviation), (2, 1.0));
        assert_eq!(repeats([&[1.0][..]].into_iter()), None);
    }
}
