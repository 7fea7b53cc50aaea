//! Finished objects as a plugin is given them, and what it makes of them.

use std::ops::Range;

use crate::description::Input;

/// Finished objects.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// As words.
    States {
        /// The words of all objects, one object after the other.
        words: &'a [i32],
        /// Words in an object, at least one.
        stride: usize,
    },
    /// As texts.
    Texts(&'a [&'a str]),
}

impl<'a> Batch<'a> {
    /// How many objects there are.
    pub fn len(&self) -> usize {
        match self {
            Self::States { words, stride } => words.len() / (*stride).max(1),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What of an object there is.
    pub fn form(&self) -> Input {
        match self {
            Self::States { .. } => Input::States,
            Self::Texts(_) => Input::Texts,
        }
    }

    /// Some of the objects.
    pub(crate) fn part(&self, range: Range<usize>) -> Batch<'a> {
        match *self {
            Self::States { words, stride } => {
                let words = &words[range.start * stride..range.end * stride];
                Self::States { words, stride }
            }
            Self::Texts(texts) => Self::Texts(&texts[range]),
        }
    }
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has a log-reward.
    Scored,
    /// Its reward is 0; its log-reward is minus infinity.
    Zero,
    /// It has none, see [`Scores::failures`]; its log-reward is not a number.
    Failed,
}

/// Why an object has no reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which object of the batch.
    pub index: usize,
    /// Why, in words.
    pub reason: String,
    /// Whether the plugin died of it, or never answered.
    pub deadly: bool,
}

/// What a plugin made of a batch, object by object.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// Natural logarithms of the rewards.
    pub log_reward: Vec<f64>,
    /// What became of each object.
    pub status: Vec<Status>,
    /// Why objects failed, in the order of the objects.
    pub failures: Vec<Failure>,
}

impl Scores {
    /// Appends what became of the objects that follow.
    pub(crate) fn append(&mut self, mut more: Self) {
        let before = self.status.len();
        more.failures
            .iter_mut()
            .for_each(|failure| failure.index += before);
        self.log_reward.append(&mut more.log_reward);
        self.status.append(&mut more.status);
        self.failures.append(&mut more.failures);
    }

    /// Of one object, which failed.
    pub(crate) fn failed(reason: String, deadly: bool) -> Self {
        Self {
            log_reward: vec![f64::NAN],
            status: vec![Status::Failed],
            failures: vec![Failure {
                index: 0,
                reason,
                deadly,
            }],
        }
    }

    /// Makes failures of the objects whose reward is 0.
    pub(crate) fn refuse_zeros(&mut self, reason: impl Fn() -> String) {
        for index in 0..self.status.len() {
            if self.status[index] == Status::Zero {
                self.status[index] = Status::Failed;
                self.log_reward[index] = f64::NAN;
                self.failures.push(Failure {
                    index,
                    reason: reason(),
                    deadly: false,
                });
            }
        }
        self.failures.sort_by_key(|failure| failure.index);
    }

    /// Appends the next object's log-reward, minus infinity for a reward of 0, or why it has none.
    pub(crate) fn push(&mut self, outcome: Result<f64, String>) {
        let (log_reward, status) = match outcome {
            Ok(f64::NEG_INFINITY) => (f64::NEG_INFINITY, Status::Zero),
            Ok(log_reward) => (log_reward, Status::Scored),
            Err(reason) => {
                let index = self.status.len();
                self.failures.push(Failure {
                    index,
                    reason,
                    deadly: false,
                });
                (f64::NAN, Status::Failed)
            }
        };
        self.log_reward.push(log_reward);
        self.status.push(status);
    }
}
