//! How a batch lies in memory, and what is read back from there.

use crate::arrays::{Arrays, Region};
use crate::batch::{Batch, Scores};
use crate::error::{cleaned, cut};
use crate::protocol::ALIGNMENT;

/// What an object's status is before the plugin sets it.
pub(crate) const NOT_SCORED: u8 = 0;
/// It has a log-reward.
pub(crate) const SCORED: u8 = 1;
/// Its reward is 0.
pub(crate) const ZERO: u8 = 2;
/// It has none.
pub(crate) const FAILED: u8 = 3;

/// The longest reason of a failure that is kept, in bytes.
const LONGEST_REASON: usize = 300;

/// What log-rewards are made of before the plugin sets them: not a number.
const UNSET: u8 = 0xFF;

/// Where the parts of a batch begin, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InputLayout {
    pub(crate) offsets: usize,
    pub(crate) data: usize,
    pub(crate) len: usize,
}

impl InputLayout {
    pub(crate) fn of(batch: &Batch<'_>) -> Self {
        match batch {
            Batch::States { words, .. } => Self {
                offsets: 0,
                data: 0,
                len: size_of_val(*words),
            },
            Batch::Texts(texts) => {
                let data = (8 * (texts.len() + 1)).next_multiple_of(ALIGNMENT);
                let bytes: usize = texts.iter().map(|text| text.len()).sum();
                Self {
                    offsets: 0,
                    data,
                    len: data + bytes,
                }
            }
        }
    }
}

/// Where each text begins in the bytes of all, and where the last one ends.
pub(crate) fn offsets(texts: &[&str]) -> Vec<u64> {
    let mut end = 0;
    let ends = texts.iter().map(|text| {
        end += text.len() as u64;
        end
    });
    std::iter::once(0).chain(ends).collect()
}

/// Where the answers of a batch lie: log-rewards and status codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutputLayout(Arrays<2>);

impl OutputLayout {
    pub(crate) fn of(count: usize) -> Self {
        Self(Arrays::of([
            ("log_reward", 8 * count, UNSET),
            ("status", count, NOT_SCORED),
        ]))
    }

    /// All bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len
    }

    /// Where the log-rewards begin.
    pub(crate) fn log_reward(&self) -> usize {
        self.0.offset(0)
    }

    /// Where the status codes begin.
    pub(crate) fn status(&self) -> usize {
        self.0.offset(1)
    }

    /// Makes the region ready for the plugin: nothing is scored.
    pub(crate) fn prepare(&self, region: &mut impl Region) {
        self.0.prepare(region);
    }

    /// Reads what the plugin wrote; `reasons` are its words on objects that failed.
    ///
    /// # Errors
    /// Where it wrote outside of its arrays, or answered for an object that it was not asked about.
    pub(crate) fn collect(
        &self,
        region: &impl Region,
        reasons: Vec<(i64, String)>,
    ) -> Result<Scores, MissingScores> {
        let output = self.0.collect(region).map_err(MissingScores::Corrupted)?;
        let status = output.bytes(1);
        let score = |index: usize| match status[index] {
            SCORED => Some("the status SCORED".to_string()),
            ZERO => Some("the status ZERO".to_string()),
            _ => None,
        };
        let remedy = "the status FAILED, or no failure";
        consistent(status.len(), score, &reasons, remedy).map_err(MissingScores::Contradictory)?;
        let mut reasons = Reasons::new(reasons);
        let mut scores = Scores::default();
        for (index, (status, bytes)) in status.iter().zip(output.entries(0)).enumerate() {
            scores.push(judge(*status, f64::from_ne_bytes(bytes), || reasons.of(index)));
        }
        Ok(scores)
    }
}

/// Why there are no scores in a region.
#[derive(Debug)]
pub(crate) enum MissingScores {
    /// The plugin wrote outside of its arrays.
    Corrupted(String),
    /// Its answer contradicts the question or itself.
    Contradictory(String),
}

/// Checks that only objects of the batch failed, and none that has a score; `score` names the score of an object, if it has one.
///
/// # Errors
/// What the plugin answered, completing "the plugin …".
pub(crate) fn consistent(
    count: usize,
    score: impl Fn(usize) -> Option<String>,
    failures: &[(i64, String)],
    remedy: &str,
) -> Result<(), String> {
    for (index, _) in failures {
        let object = usize::try_from(*index).ok().filter(|index| *index < count);
        let Some(object) = object else {
            let objects = gfn_text::counted(count, "object");
            return Err(format!(
                "answered that object {index} failed, in a batch of {objects}, which are counted from 0"
            ));
        };
        if let Some(score) = score(object) {
            return Err(format!(
                "answered that object {index} has {score}, and that it failed; it should have {remedy}"
            ));
        }
    }
    Ok(())
}

/// How the reasons begin that are given where a plugin breaks the agreement; others are its own words.
const MISTAKES: [&str; 6] = [
    LEFT_OUT,
    WRONG_STATUS,
    NO_NUMBER,
    NOT_FINITE,
    MISCOUNTED,
    NOT_ANNOUNCED,
];
const LEFT_OUT: &str = "the plugin left it out";
const WRONG_STATUS: &str = "the plugin gave it the status";
const NOT_FINITE: &str = "the plugin says that it scored it, with a log-reward of";
const MISCOUNTED: &str = "the plugin answered with another number of log-rewards than of objects:";
const NOT_ANNOUNCED: &str = "the plugin gives it the reward 0";
/// In the protocol of lines.
pub(crate) const NO_NUMBER: &str = "the plugin gave it the log-reward";

/// Whether an object has no reward because the plugin broke the agreement, going by the reason.
pub(crate) fn is_mistake(reason: &str) -> bool {
    MISTAKES.iter().any(|mistake| reason.starts_with(mistake))
}

/// Whether a batch has no scores because their number was another, going by the reason.
pub(crate) fn is_miscount(reason: &str) -> bool {
    reason.starts_with(MISCOUNTED)
}

/// What is said of a batch with another number of scores; `numbers` says how many for how many.
pub(crate) fn miscounted(numbers: &str) -> String {
    format!("{MISCOUNTED} {numbers}")
}

/// What is said of a reward of 0 where the plugin says of itself that there is none.
pub(crate) fn not_announced() -> String {
    format!("{NOT_ANNOUNCED}, and does not say of itself that rewards can be 0 (`can_be_zero`)")
}

/// What an object's status and log-reward come to.
fn judge(status: u8, log_reward: f64, reason: impl FnOnce() -> String) -> Result<f64, String> {
    match status {
        SCORED if log_reward.is_finite() => Ok(log_reward),
        SCORED => Err(not_finite(log_reward)),
        ZERO => Ok(f64::NEG_INFINITY),
        FAILED => Err(reason()),
        NOT_SCORED => Err(format!("{LEFT_OUT}: it never set its status")),
        other => Err(format!("{WRONG_STATUS} {other}, which means nothing")),
    }
}

/// What is said of a log-reward that is no number.
pub(crate) fn not_finite(log_reward: f64) -> String {
    let advice = match log_reward == f64::NEG_INFINITY {
        true => "; for a reward of 0 it should give the status ZERO, or \"zero\" in lines",
        false => "",
    };
    format!("{NOT_FINITE} {log_reward}{advice}")
}

/// Why objects failed, asked for in the order of the objects.
pub(crate) struct Reasons(std::collections::HashMap<i64, String>);

impl Reasons {
    pub(crate) fn new(reasons: Vec<(i64, String)>) -> Self {
        Self(reasons.into_iter().collect())
    }

    /// Why object `index` failed, as far as the plugin says.
    pub(crate) fn of(&mut self, index: usize) -> String {
        let said = self.0.remove(&(index as i64));
        let said = said.map(|reason| cut(&cleaned(&reason), LONGEST_REASON));
        said.filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| "the plugin cannot score it, and does not say why".to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use crate::batch::Status;

    fn prepared(count: usize) -> (OutputLayout, Vec<u8>) {
        let layout = OutputLayout::of(count);
        let mut region = vec![7; layout.len()];
        layout.prepare(&mut region);
        (layout, region)
    }

    fn set(layout: &OutputLayout, region: &mut [u8], index: usize, status: u8, log_reward: f64) {
        region[layout.status() + index] = status;
        let place = layout.log_reward() + 8 * index;
        region[place..place + 8].copy_from_slice(&log_reward.to_ne_bytes());
    }

    #[test]
    fn every_status_is_judged() {
        let (layout, mut region) = prepared(8);
        let given = [
            (1, 0.5),
            (2, 9.0),
            (3, 1.0),
            (3, 0.0),
            (1, f64::NAN),
            (1, f64::NEG_INFINITY),
            (9, 1.0),
        ];
        for (index, (status, log_reward)) in given.into_iter().enumerate() {
            set(&layout, &mut region, index, status, log_reward);
        }
        let scores = layout.collect(&region, vec![(2, "too large".into())]).unwrap();
        let failed = [Status::Failed; 6];
        assert_eq!(scores.status[..2], [Status::Scored, Status::Zero]);
        assert_eq!(scores.status[2..], failed);
        assert_eq!(scores.log_reward[..2], [0.5, f64::NEG_INFINITY]);
        assert!(scores.log_reward[2..].iter().all(|value| value.is_nan()));
        let parts = [
            "too large",
            "does not say why",
            "NaN",
            "ZERO",
            "status 9",
            "left it out",
        ];
        for (failure, (part, index)) in scores.failures.iter().zip(parts.iter().zip(2..)) {
            assert!(
                failure.index == index && failure.reason.contains(part) && !failure.deadly,
                "{failure:?}"
            );
            assert_eq!(is_mistake(&failure.reason), index > 3, "{failure:?}");
        }
        assert_eq!(scores.failures.len(), 6);
    }

    #[test]
    fn failures_are_of_objects_without_a_score() {
        let (layout, mut region) = prepared(3);
        set(&layout, &mut region, 0, SCORED, 0.5);
        set(&layout, &mut region, 1, ZERO, 0.0);
        set(&layout, &mut region, 2, FAILED, 0.0);
        let collected = |index| layout.collect(&region, vec![(index, "why".into())]);
        for (index, part) in [
            (0, "object 0 has the status SCORED, and that it failed"),
            (1, "object 1 has the status ZERO, and that it failed"),
            (3, "object 3 failed, in a batch of 3 objects"),
            (-1, "object -1 failed, in a batch of 3 objects"),
        ] {
            match collected(index) {
                Err(MissingScores::Contradictory(message)) => assert!(message.contains(part), "{message}"),
                other => panic!("{index}: {other:?}"),
            }
        }
        assert_eq!(collected(2).unwrap().failures[0].reason, "why");
    }

    #[test]
    fn texts_lie_behind_their_offsets() {
        let texts = ["C", "", "CCO"];
        assert_eq!(offsets(&texts), [0, 1, 1, 4]);
        assert_eq!(
            InputLayout::of(&Batch::Texts(&texts)),
            InputLayout {
                offsets: 0,
                data: 64,
                len: 68
            }
        );
    }
}
