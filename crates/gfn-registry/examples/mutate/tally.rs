//! What was found, added up.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What was found of some cases.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// By kind.
    pub(crate) kinds: BTreeMap<String, Counts>,
    /// What does not hold.
    pub(crate) failures: Vec<Failure>,
    /// The longest time in seconds, and its case.
    pub(crate) slowest: (f64, u64),
    /// The most bytes in use at once, and its case.
    pub(crate) largest: (usize, u64),
    /// Seconds in all.
    pub(crate) seconds: f64,
}

/// What was found of one kind of cases.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Cases accepted.
    pub(crate) accepted: u64,
    /// Cases refused.
    pub(crate) refused: u64,
    /// Seconds of a processor.
    pub(crate) seconds: f64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.seconds += other.seconds;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = 1e3 * self.seconds / (self.accepted + self.refused).max(1) as f64;
        write!(f, "{:>10}{:>10}{each:>10.2}", self.accepted, self.refused)
    }
}

/// A case of which something does not hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// Its number.
    pub(crate) number: u64,
    /// Its kind.
    pub(crate) kind: String,
    /// What does not hold.
    pub(crate) wrong: String,
}

impl Tally {
    /// Adds what was found of other cases.
    pub(crate) fn add(&mut self, other: Self) {
        for (kind, counts) in other.kinds {
            self.kinds.entry(kind).or_default().add(counts);
        }
        self.failures.extend(other.failures);
        if other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
        self.largest = self.largest.max(other.largest);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Failure { number, kind, wrong } in self.failures.iter().take(20) {
            writeln!(f, "case {number} ({kind}): {wrong}\n")?;
        }
        writeln!(
            f,
            "{:24}{:>10}{:>10}{:>10}",
            "mutation", "accepted", "refused", "ms each"
        )?;
        let mut all = Counts::default();
        for (kind, counts) in &self.kinds {
            writeln!(f, "{kind:24}{counts}")?;
            all.add(*counts);
        }
        writeln!(f, "{:24}{all}", "all")?;
        let per_second = (all.accepted + all.refused) as f64 / self.seconds.max(1e-9);
        writeln!(
            f,
            "{per_second:.0} a second; the slowest took {:.0} ms (case {}), the largest {} kB (case {})",
            1e3 * self.slowest.0,
            self.slowest.1,
            self.largest.0 / 1000,
            self.largest.1
        )?;
        write!(f, "{} failed", self.failures.len())
    }
}
