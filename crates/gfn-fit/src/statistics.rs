//! How far predictions are from the truth.

use gfn_proxy::fitted::Errors;

/// Mean and standard deviation (of the numbers themselves, not of a population that they were drawn from).
pub(crate) fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// The root of the mean of squares.
pub(crate) fn root_mean_square(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    (values.map(|value| value * value).sum::<f64>() / count).sqrt()
}

/// Errors of predictions, beside those of always predicting `mean`; pairs are true and predicted.
pub(crate) fn errors(pairs: &[(f64, f64)], mean: f64) -> Errors {
    let differences = pairs.iter().map(|(truth, predicted)| predicted - truth);
    let without = pairs.iter().map(|(truth, _)| mean - truth);
    let absolute = |differences: &dyn Fn(&(f64, f64)) -> f64| {
        pairs.iter().map(|pair| differences(pair).abs()).sum::<f64>() / pairs.len() as f64
    };
    let (_, spread) = moments(pairs.iter().map(|(truth, _)| *truth));
    let rmse = root_mean_square(differences);
    Errors {
        rmse,
        mae: absolute(&|(truth, predicted)| predicted - truth),
        r2: (spread > 0.0).then(|| 1.0 - (rmse / spread).powi(2)),
        spearman: rank_correlation(pairs),
        mean_rmse: root_mean_square(without),
        mean_mae: absolute(&|(truth, _)| mean - truth),
    }
}

/// Spearman's correlation: Pearson's of the ranks, equal values sharing theirs; none for fewer than three pairs, or where one
/// side does not vary.
fn rank_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let truths = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let predictions = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let (truth, of_truths) = moments(truths.iter().copied());
    let (prediction, of_predictions) = moments(predictions.iter().copied());
    let both = truths.iter().zip(&predictions);
    let both: f64 = both.map(|(one, two)| (one - truth) * (two - prediction)).sum();
    let each = of_truths * of_predictions * pairs.len() as f64;
    (pairs.len() > 2 && each > 0.0).then(|| both / each)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let within = sorted.partition_point(|other| other <= value);
        0.5 * (below + within) as f64
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_hand() {
        let found = errors(&[(1.0, 2.0), (2.0, 2.0), (3.0, 5.0), (6.0, 7.0)], 2.0);
        assert!((found.rmse - 1.5f64.sqrt()).abs() < 1e-12);
        assert_eq!((found.mae, found.mean_mae), (1.0, 1.5));
        assert!((found.mean_rmse - 4.5f64.sqrt()).abs() < 1e-12);
        // The variance about 3 is 14 / 4.
        assert!((found.r2.unwrap() - (1.0 - 1.5 / 3.5)).abs() < 1e-12);
        // Ranks 1, 2, 3, 4 against 1.5, 1.5, 3, 4.
        assert!((found.spearman.unwrap() - 4.5 / 22.5f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_molecule_has_no_correlation() {
        let found = errors(&[(1.0, 2.0)], 0.0);
        assert_eq!((found.r2, found.spearman), (None, None));
    }
}
