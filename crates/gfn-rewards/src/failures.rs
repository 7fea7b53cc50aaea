//! Objects that foreign code could not score: remembered, unless it is the code that is at fault and not they.

use gfn_docking::alike::{ENOUGH, shared_reason};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Why objects had no reward, by their states.
#[derive(Debug, Default)]
pub struct Failures {
    reasons: HashMap<Box<[i32]>, String, FxBuildHasher>,
    /// An object that was scored.
    good: Option<Box<[i32]>>,
}

/// Objects that all failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// How many.
    pub count: usize,
    /// Why the first of them failed.
    pub reason: String,
    /// Whether an object failed with them that was scored before; otherwise none ever was.
    pub is_new: bool,
}

impl Failures {
    /// Why the object failed, where it did.
    pub fn reason(&self, state: &[i32]) -> Option<&str> {
        self.reasons.get(state).map(String::as_str)
    }

    /// Takes what became of a batch of objects that were not asked for before: one that was scored, if any was, and those that
    /// failed. Where all failed alike, `again` says why an object fails now that was scored before, if it does.
    ///
    /// The failures are remembered unless they are nobody's but the code's.
    ///
    /// # Errors
    /// That of `again`.
    pub fn take<E>(
        &mut self,
        scored: Option<&[i32]>,
        failed: Vec<(Box<[i32]>, String)>,
        again: impl FnOnce(&[i32]) -> Result<Option<String>, E>,
    ) -> Result<Option<Alike>, E> {
        let alike = match scored {
            Some(scored) => {
                self.good.get_or_insert_with(|| scored.into());
                None
            }
            None => self.alike(&failed, again)?,
        };
        if alike.is_none() {
            self.reasons.extend(failed);
        }
        Ok(alike)
    }

    fn alike<E>(
        &self,
        failed: &[(Box<[i32]>, String)],
        again: impl FnOnce(&[i32]) -> Result<Option<String>, E>,
    ) -> Result<Option<Alike>, E> {
        let now = failed.iter().map(|(_, reason)| reason.as_str());
        let all = |reasons: &[&str]| {
            let shared = shared_reason(reasons.iter().copied()).filter(|_| reasons.len() >= ENOUGH)?;
            Some((reasons.len(), shared.to_string()))
        };
        let Some(good) = &self.good else {
            let before = self.reasons.values().map(String::as_str);
            let found = all(&now.chain(before).collect::<Vec<_>>());
            return Ok(found.map(|(count, reason)| Alike {
                count,
                reason,
                is_new: false,
            }));
        };
        // Objects of one kind may all be bad; where what was good is bad now for the same reason, it is not the objects.
        let Some((count, reason)) = all(&now.collect::<Vec<_>>()) else {
            return Ok(None);
        };
        let is_bad = again(good)?.is_some_and(|other| shared_reason([&*reason, &*other]).is_some());
        Ok(is_bad.then_some(Alike {
            count,
            reason,
            is_new: true,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(states: std::ops::Range<i32>, reason: &str) -> Vec<(Box<[i32]>, String)> {
        states
            .map(|state| ([state].into(), format!("{reason} {state}")))
            .collect()
    }

    fn none(_: &[i32]) -> Result<Option<String>, ()> {
        Ok(None)
    }

    #[test]
    fn the_first_objects_that_fail_alike_are_not_remembered() {
        let mut failures = Failures::default();
        assert_eq!(failures.take(None, failed(0..5, "no model"), none), Ok(None));
        assert_eq!(failures.reason(&[4]), Some("no model 4"));
        let alike = failures.take(None, failed(5..8, "no model"), none).unwrap();
        let alike = alike.expect("eight are enough");
        assert_eq!((alike.count, alike.is_new), (8, false));
        assert!(alike.reason.starts_with("no model"));
        assert_eq!(failures.reason(&[5]), None);
        let other = failures.take(None, failed(5..8, "disk full"), none);
        assert_eq!(other, Ok(None), "two reasons are no pattern");
    }

    #[test]
    fn a_batch_that_fails_alike_blames_the_code_only_with_an_object_that_was_scored() {
        let mut failures = Failures::default();
        assert_eq!(failures.take(Some(&[9]), failed(0..8, "bad"), none), Ok(None));
        assert_eq!(failures.take(None, failed(10..20, "bad"), none), Ok(None));
        assert_eq!(failures.reason(&[19]), Some("bad 19"));
        let again = |state: &[i32]| {
            assert_eq!(state, [9]);
            Ok::<_, ()>(Some("disk full 9".into()))
        };
        let alike = failures.take(None, failed(20..30, "disk full"), again).unwrap();
        assert_eq!(alike.map(|alike| (alike.count, alike.is_new)), Some((10, true)));
        assert_eq!(failures.take(None, failed(20..27, "disk full"), again), Ok(None));
    }
}
