//! Means over runs, and how sure they are.

/// The quantile of Student's t at 97.5 % for 1 to 30 degrees of freedom (any table of it); beyond, that of the normal
/// distribution is at most 2 % off.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The mean of some numbers and half the width of its 95 % confidence interval by Student's t; no width for one number, no
/// mean for none. What is no finite number is left out.
pub fn mean_and_interval(values: impl Iterator<Item = f64>) -> Option<(f64, Option<f64>)> {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let half = || {
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        T.get(values.len() - 2).unwrap_or(&1.96) * (variance / count).sqrt()
    };
    (!values.is_empty()).then(|| (mean, (values.len() > 1).then(half)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_student() {
        let (mean, half) = mean_and_interval([1.0, 2.0, 3.0, f64::NAN].into_iter()).unwrap();
        assert_eq!(mean, 2.0);
        assert!((half.unwrap() - 4.303 / 3f64.sqrt()).abs() < 1e-9);
        assert_eq!(mean_and_interval([5.0].into_iter()), Some((5.0, None)));
        assert_eq!(mean_and_interval([f64::INFINITY].into_iter()), None);
        let many = mean_and_interval((0..100).map(f64::from)).unwrap().1.unwrap();
        assert!((many - 1.96 * 29.011_491 / 10.0).abs() < 1e-4, "{many}");
    }
}
