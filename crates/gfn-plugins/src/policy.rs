//! What is done when a plugin dies of a batch: it is asked again, and then the objects to blame are searched for.

use std::ops::Range;

use crate::batch::Scores;
use crate::error::{PluginError, cleaned, cut};
use crate::regions::is_miscount;

/// The longest reason that is kept, in bytes.
const LONGEST_REASON: usize = 1000;

/// Why a batch was not scored.
pub(crate) enum Trouble {
    /// The plugin died, did not answer, or answered nonsense; completes "the plugin …".
    Died(String),
    /// The plugin lives and says that it cannot, in its words.
    Refused(String),
    /// Nothing more can be asked.
    Fatal(PluginError),
}

/// Something that scores parts of a batch, and can be asked again after any trouble but a fatal one.
pub(crate) trait Attempts {
    /// Scores the objects of a range.
    fn attempt(&mut self, range: Range<usize>) -> Result<Scores, Trouble>;
}

/// Scores `count` objects, whatever happens to the plugin, in calls of at most `most`.
pub(crate) fn score_in_calls(
    plugin: &mut impl Attempts,
    count: usize,
    most: usize,
) -> Result<Scores, PluginError> {
    let mut scores = Scores::default();
    let mut start = 0;
    while start < count {
        let end = count.min(start.saturating_add(most));
        scores.append(score(plugin, start..end)?);
        start = end;
    }
    Ok(scores)
}

/// Scores a range whatever happens to the plugin: a batch that it dies of twice is split until the objects to blame are
/// alone, in a number of attempts that grows with the logarithm of the range.
///
/// An object is to blame if the plugin dies twice of it alone.
fn score(plugin: &mut impl Attempts, range: Range<usize>) -> Result<Scores, PluginError> {
    match twice(plugin, range.clone())? {
        Ok(scores) => Ok(scores),
        Err(blame) => split(plugin, range, blame),
    }
}

/// Why a batch failed: the reason, and whether the plugin died.
type Blame = (String, bool);

/// Tries a range, and again if the plugin dies.
fn twice(plugin: &mut impl Attempts, range: Range<usize>) -> Result<Result<Scores, Blame>, PluginError> {
    match once(plugin, range.clone())? {
        Err((_, true)) => once(plugin, range),
        settled => Ok(settled),
    }
}

fn once(plugin: &mut impl Attempts, range: Range<usize>) -> Result<Result<Scores, Blame>, PluginError> {
    match plugin.attempt(range) {
        Ok(scores) => Ok(Ok(scores)),
        Err(Trouble::Died(how)) => Ok(Err((format!("the plugin {how}"), true))),
        Err(Trouble::Refused(message)) => Ok(Err((cut(&cleaned(&message), LONGEST_REASON), false))),
        Err(Trouble::Fatal(error)) => Err(error),
    }
}

/// Scores a range that failed as a whole, half by half.
fn split(plugin: &mut impl Attempts, range: Range<usize>, blame: Blame) -> Result<Scores, PluginError> {
    if range.len() < 2 {
        return Ok(Scores::failed(blame.0, blame.1));
    }
    let middle = range.start + range.len() / 2;
    let mut scores = half(plugin, range.start..middle, &blame)?;
    scores.append(half(plugin, middle..range.end, &blame)?);
    Ok(scores)
}

/// Tries a part of a range; `whole` is why all of it failed. A wrong number of scores is told as it was for all: that an object
/// alone has none explains nothing.
fn half(plugin: &mut impl Attempts, range: Range<usize>, whole: &Blame) -> Result<Scores, PluginError> {
    // A single object is blamed for what it does twice; a larger part is only split.
    let tried = match range.len() {
        1 => twice(plugin, range.clone())?,
        _ => once(plugin, range.clone())?,
    };
    match tried {
        Ok(scores) => Ok(scores),
        Err(blame) if is_miscount(&blame.0) && is_miscount(&whole.0) => split(plugin, range, whole.clone()),
        Err(blame) => split(plugin, range, blame),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use crate::batch::Status;
    use crate::regions::miscounted;

    /// Dies of some objects, refuses others, dies of nothing `flukes` times, and counts.
    #[derive(Default)]
    struct Fake {
        deadly: Vec<usize>,
        refused: Vec<usize>,
        flukes: usize,
        most: usize,
        /// Leaves the objects that it refuses out of its answer.
        drops: bool,
        attempts: usize,
        deaths: usize,
    }

    impl Attempts for Fake {
        fn attempt(&mut self, range: Range<usize>) -> Result<Scores, Trouble> {
            self.attempts += 1;
            let too_large = self.most > 0 && range.len() > self.most;
            if self.flukes > 0 || too_large || self.deadly.iter().any(|index| range.contains(index)) {
                self.flukes = self.flukes.saturating_sub(1);
                self.deaths += 1;
                return Err(Trouble::Died("died".to_string()));
            }
            let left_out = self.refused.iter().filter(|index| range.contains(index)).count();
            if self.drops && left_out > 0 {
                let numbers = format!("{} for {} objects", range.len() - left_out, range.len());
                return Err(Trouble::Refused(miscounted(&numbers)));
            }
            if left_out > 0 {
                return Err(Trouble::Refused("no".to_string()));
            }
            let mut scores = Scores::default();
            range.for_each(|index| scores.push(Ok(index as f64)));
            Ok(scores)
        }
    }

    /// Scores `count` objects: those that failed, and whether they were deadly.
    #[track_caller]
    fn victims(fake: &mut Fake, count: usize) -> Vec<(usize, bool)> {
        let scores = score(fake, 0..count).unwrap();
        assert_eq!((scores.status.len(), scores.log_reward.len()), (count, count));
        for index in 0..count {
            let failed = scores.status[index] == Status::Failed;
            assert!(failed || scores.log_reward[index] == index as f64, "{index}");
        }
        scores
            .failures
            .iter()
            .map(|failure| (failure.index, failure.deadly))
            .collect()
    }

    #[test]
    fn the_victims_are_found_and_only_they() {
        for count in [1, 2, 3, 64, 1_000] {
            for victim in [0, count / 3, count - 1] {
                let mut fake = Fake {
                    deadly: vec![victim],
                    ..Fake::default()
                };
                assert_eq!(victims(&mut fake, count), [(victim, true)]);
            }
        }
        let mut fake = Fake {
            deadly: vec![3, 4, 900],
            refused: vec![17],
            ..Fake::default()
        };
        assert_eq!(
            victims(&mut fake, 1_000),
            [(3, true), (4, true), (17, false), (900, true)]
        );
    }

    #[test]
    fn the_search_is_short() {
        let mut fake = Fake {
            deadly: vec![12_345],
            ..Fake::default()
        };
        victims(&mut fake, 65_536);
        assert!(
            fake.deaths <= 2 + 16 + 1 && fake.attempts <= 2 + 2 * 16 + 1,
            "{}",
            fake.attempts
        );
    }

    #[test]
    fn a_wrong_number_of_scores_is_told_as_it_was_for_all() {
        let mut fake = Fake {
            refused: vec![11],
            drops: true,
            ..Fake::default()
        };
        let scores = score(&mut fake, 0..16).unwrap();
        let [failure] = &scores.failures[..] else {
            panic!("{:?}", scores.failures)
        };
        assert_eq!(failure.index, 11);
        assert!(failure.reason.contains("15 for 16 objects"), "{}", failure.reason);
    }

    #[test]
    fn one_death_is_forgiven() {
        let mut fake = Fake {
            flukes: 1,
            ..Fake::default()
        };
        assert_eq!(victims(&mut fake, 100), []);
        assert_eq!(fake.attempts, 2);
    }

    #[test]
    fn a_batch_that_is_too_large_is_split_until_it_is_not() {
        let mut fake = Fake {
            most: 10,
            ..Fake::default()
        };
        assert_eq!(victims(&mut fake, 100), []);
    }
}
