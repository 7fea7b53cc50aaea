//! Whether the scores of the same objects agree, however they were asked for.

use super::report::{Problem, fail};
use super::samples::Objects;
use crate::batch::{Scores, Status};

/// How much scores may differ and still agree, as a share of them.
pub(super) const TOLERANCE: f64 = 1e-9;

/// How far scores agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Agreement {
    /// To the last bit.
    Exact,
    /// To the greatest difference, as a share of the scores.
    Nearly(f64),
}

impl std::fmt::Display for Agreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact => f.write_str("the same scores"),
            Self::Nearly(difference) => write!(
                f,
                "scores within {difference:.0e}, but not the same to the last bit, so that runs with another number of \
                 `workers` or another batch size will differ"
            ),
        }
    }
}

/// The lesser of two agreements.
pub(super) fn worse(a: Agreement, b: Agreement) -> Agreement {
    match (a, b) {
        (Agreement::Nearly(a), Agreement::Nearly(b)) => Agreement::Nearly(a.max(b)),
        (Agreement::Exact, other) | (other, Agreement::Exact) => other,
    }
}

/// Compares scores of the same objects, of which object `index` was at `place(index)` the second time.
pub(super) fn compare(
    first: &Scores,
    second: &Scores,
    objects: &Objects,
    when: &str,
    place: impl Fn(usize) -> usize,
) -> Result<Agreement, Problem> {
    let mut agreement = Agreement::Exact;
    for index in 0..first.status.len() {
        let other = place(index);
        let (a, b) = (first.log_reward[index], second.log_reward[other]);
        // The order of the bits also compares what is not a number.
        if first.status[index] == second.status[other] && a.total_cmp(&b).is_eq() {
            continue;
        }
        let difference = (a - b).abs() / a.abs().max(b.abs());
        if first.status[index] != second.status[other] || difference.is_nan() || difference > TOLERANCE {
            let shown = |scores: &Scores, at: usize| shown(scores.status[at], scores.log_reward[at]);
            let (a, b) = (shown(first, index), shown(second, other));
            return fail(format!("{}: first {a}, {when} {b}", objects.shown(index)));
        }
        agreement = worse(agreement, Agreement::Nearly(difference));
    }
    Ok(agreement)
}

fn shown(status: Status, log_reward: f64) -> String {
    match status {
        Status::Scored => format!("a log-reward of {log_reward}"),
        Status::Zero => "a reward of 0".to_string(),
        Status::Failed => "no reward".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(outcomes: &[Result<f64, &str>]) -> Scores {
        let mut scores = Scores::default();
        outcomes
            .iter()
            .for_each(|outcome| scores.push(outcome.map_err(str::to_string)));
        scores
    }

    fn objects() -> Objects {
        Objects::Texts(["a", "b", "c"].map(str::to_string).to_vec())
    }

    #[test]
    fn scores_are_compared_bit_by_bit_and_then_within_a_tolerance() {
        let first = scores(&[Ok(1.0), Ok(f64::NEG_INFINITY), Err("no")]);
        let same = compare(&first, &first.clone(), &objects(), "later", |index| index);
        assert_eq!(same, Ok(Agreement::Exact));
        let near = scores(&[Ok(1.0 + 1e-12), Ok(f64::NEG_INFINITY), Err("other words")]);
        let Ok(Agreement::Nearly(difference)) = compare(&first, &near, &objects(), "later", |index| index)
        else {
            panic!("they are near");
        };
        assert!(difference > 1e-13 && difference < 1e-11);
        let Err(Problem::Fail(told)) = compare(&first, &first, &objects(), "later", |index| 2 - index) else {
            panic!("they differ");
        };
        assert_eq!(told, "`a`: first a log-reward of 1, later no reward");
    }
}
