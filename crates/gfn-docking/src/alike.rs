//! When all objects fail for one reason, the set-up is at fault and not they.

use crate::single::Outcome;

/// So many objects that fail alike, before any is scored, are no accident.
pub const ENOUGH: usize = 8;

/// The first of the reasons, where all of them are the same but for numbers.
pub fn shared_reason<'a>(reasons: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut reasons = reasons.into_iter();
    let first = reasons.next()?;
    let kind_of_first = kind(first);
    reasons
        .all(|reason| kind(reason) == kind_of_first)
        .then_some(first)
}

/// What is known of a set-up.
#[derive(Debug)]
pub(crate) enum SetUpHealth {
    /// Nothing was docked yet; molecules that failed, and why. They are not remembered while it may not have been their fault.
    Doubtful(Vec<(String, Outcome)>),
    /// A molecule was docked, or molecules failed for different reasons.
    Works,
}

/// What follows from an outcome.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// These are to be remembered.
    Remember(Vec<(String, Outcome)>),
    /// So many failed alike, for this reason.
    Alike(usize, String),
}

impl SetUpHealth {
    /// What it says of a molecule that failed while the set-up was in doubt.
    pub(crate) fn failure(&self, smiles: &str) -> Option<&Outcome> {
        let Self::Doubtful(failures) = self else {
            return None;
        };
        let mut failures = failures.iter();
        failures
            .find(|(other, _)| other == smiles)
            .map(|(_, outcome)| outcome)
    }

    /// Takes the outcome of a molecule that programs were started for.
    pub(crate) fn take(&mut self, smiles: &str, outcome: &Outcome) -> Verdict {
        let Self::Doubtful(failures) = self else {
            return Verdict::Remember(vec![(smiles.into(), outcome.clone())]);
        };
        if failures.iter().all(|(other, _)| other != smiles) {
            failures.push((smiles.into(), outcome.clone()));
        }
        if outcome.energy().is_none() {
            if failures.len() < ENOUGH {
                return Verdict::Remember(Vec::new());
            }
            if let Some((count, reason)) = self.alike() {
                return Verdict::Alike(count, reason);
            }
        }
        let Self::Doubtful(failures) = std::mem::replace(self, Self::Works) else {
            return Verdict::Remember(Vec::new());
        };
        Verdict::Remember(failures)
    }

    /// How many molecules failed, all for one reason and none otherwise, where there are at least two.
    pub(crate) fn alike(&self) -> Option<(usize, String)> {
        let Self::Doubtful(failures) = self else {
            return None;
        };
        let reasons = failures.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Failed(reason) => Some(reason.as_str()),
            Outcome::Energy(_) => None,
        });
        let shared = shared_reason(reasons).filter(|_| failures.len() > 1)?;
        Some((failures.len(), shared.into()))
    }
}

/// A reason without its numbers, which differ from object to object.
fn kind(reason: &str) -> String {
    reason
        .chars()
        .filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(reason: &str) -> Outcome {
        Outcome::Failed(reason.into())
    }

    #[test]
    fn molecules_that_fail_alike_are_not_to_blame() {
        let mut standing = SetUpHealth::Doubtful(Vec::new());
        for index in 1..ENOUGH {
            let reason = format!("the energy is not below 0: {index}.5 kcal/mol");
            let said = standing.take(&"C".repeat(index), &failed(&reason));
            assert_eq!(said, Verdict::Remember(Vec::new()));
        }
        // The same molecule again is no further one.
        assert_eq!(standing.take("C", &failed("x")), Verdict::Remember(Vec::new()));
        assert!(standing.failure("CC").is_some());
        let reason = "the energy is not below 0: 7 kcal/mol";
        let said = standing.take("O", &failed(reason));
        assert!(matches!(said, Verdict::Alike(ENOUGH, _)), "{said:?}");
    }

    #[test]
    fn one_that_is_docked_or_fails_otherwise_clears_the_set_up() {
        let mut standing = SetUpHealth::Doubtful(Vec::new());
        standing.take("C", &failed("too long"));
        assert_eq!(standing.alike(), None);
        standing.take("CC", &failed("too long"));
        assert_eq!(standing.alike(), Some((2, "too long".into())));
        let Verdict::Remember(all) = standing.take("CCC", &Outcome::Energy(-1.0)) else {
            unreachable!("nothing is alike")
        };
        assert_eq!(all.len(), 3);
        let said = standing.take("O", &failed("too long"));
        assert_eq!(said, Verdict::Remember(vec![("O".into(), failed("too long"))]));

        let mut standing = SetUpHealth::Doubtful(Vec::new());
        for index in 1..ENOUGH {
            standing.take(&"C".repeat(index), &failed("too long"));
        }
        assert!(
            matches!(standing.take("O", &failed("clash")), Verdict::Remember(all) if all.len() == ENOUGH)
        );
    }
}
