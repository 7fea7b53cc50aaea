//! Rewards: finished objects in, log-rewards out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Error, Plugin, abi};

/// A reward that scores one object at a time.
///
/// The score must depend on the object, the parameters and the seed alone.
pub trait Reward: Plugin {
    /// `str` for objects as texts (SMILES, or what their environment describes them as), `[i32]` for states.
    type Object: Object + ?Sized;

    /// The natural logarithm of the object's reward; minus infinity where the reward is 0.
    ///
    /// # Errors
    /// Why this object cannot be scored. The others are not affected, also by a panic.
    fn log_reward(&self, object: &Self::Object) -> Result<f64, Error>;
}

/// A reward that scores many objects at once. Every [`Reward`] is one.
pub trait BatchReward: Plugin {
    /// `str` for objects as texts (SMILES, or what their environment describes them as), `[i32]` for states.
    type Object: Object + ?Sized;

    /// Scores every object of the batch, each on its own account: a batch may be split, and scored again after a crash.
    ///
    /// # Errors
    /// Why none of them can be scored. What is wrong with a single one, tell `scores`.
    fn score(&self, batch: Batch<'_, Self::Object>, scores: &mut Scores<'_>) -> Result<(), Error>;
}

impl<R: Reward> BatchReward for R {
    type Object = R::Object;

    fn score(&self, batch: Batch<'_, R::Object>, scores: &mut Scores<'_>) -> Result<(), Error> {
        for (index, object) in batch.iter().enumerate() {
            match catch_unwind(AssertUnwindSafe(|| self.log_reward(object))) {
                Ok(Ok(log_reward)) => scores.set(index, log_reward),
                Ok(Err(error)) => scores.fail(index, &error.to_string()),
                Err(panic) => scores.fail(index, &panic_text(&*panic)),
            }
        }
        Ok(())
    }
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!(
        "it panicked: {}",
        text.unwrap_or_else(|| "without a message".into())
    )
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for str {}
    impl Sealed for [i32] {}
}

/// What an object is written as: `str` or `[i32]`.
pub trait Object: sealed::Sealed {
    /// What the description calls it.
    #[doc(hidden)]
    const INPUT: &'static str;
    /// The form that a batch must have.
    #[doc(hidden)]
    const FORM: u32;
    /// Object `index` of a batch of this form.
    #[doc(hidden)]
    fn of<'a>(raw: &RawBatch<'a>, index: usize) -> &'a Self;
}

impl Object for str {
    const INPUT: &'static str = "texts";
    const FORM: u32 = abi::TEXTS;

    fn of<'a>(raw: &RawBatch<'a>, index: usize) -> &'a Self {
        &raw.text[raw.offsets[index]..raw.offsets[index + 1]]
    }
}

impl Object for [i32] {
    const INPUT: &'static str = "states";
    const FORM: u32 = abi::STATES;

    fn of<'a>(raw: &RawBatch<'a>, index: usize) -> &'a Self {
        &raw.words[index * raw.stride..(index + 1) * raw.stride]
    }
}

/// A batch of either form.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct RawBatch<'a> {
    pub(crate) count: usize,
    pub(crate) words: &'a [i32],
    pub(crate) stride: usize,
    pub(crate) text: &'a str,
    pub(crate) offsets: Vec<usize>,
}

/// Objects to be scored.
#[derive(Debug)]
pub struct Batch<'a, O: Object + ?Sized> {
    raw: &'a RawBatch<'a>,
    form: std::marker::PhantomData<&'a O>,
}

impl<O: Object + ?Sized> Clone for Batch<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: Object + ?Sized> Copy for Batch<'_, O> {}

impl<'a, O: Object + ?Sized> Batch<'a, O> {
    pub(crate) fn new(raw: &'a RawBatch<'a>) -> Self {
        Self {
            raw,
            form: std::marker::PhantomData,
        }
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.raw.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.raw.count == 0
    }

    /// Object `index`.
    ///
    /// # Panics
    /// Where there is no such object.
    pub fn object(&self, index: usize) -> &'a O {
        O::of(self.raw, index)
    }

    /// The objects in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a O> + use<'a, O> {
        let batch = *self;
        (0..self.len()).map(move |index| batch.object(index))
    }
}

impl<'a> Batch<'a, [i32]> {
    /// All states, flat: [`Batch::len`] times [`Batch::stride`] words.
    pub fn words(&self) -> &'a [i32] {
        self.raw.words
    }

    /// Words in a state.
    pub fn stride(&self) -> usize {
        self.raw.stride
    }
}

/// Where the scores go. An object that is left out is a fault, and is found by the host.
pub struct Scores<'a> {
    pub(crate) log_reward: &'a mut [f64],
    pub(crate) status: &'a mut [u8],
    pub(crate) explain: &'a mut dyn FnMut(usize, &str),
}

impl Scores<'_> {
    /// The natural logarithm of object `index`'s reward; minus infinity where the reward is 0.
    ///
    /// # Panics
    /// Where there is no such object.
    pub fn set(&mut self, index: usize, log_reward: f64) {
        if log_reward == f64::NEG_INFINITY {
            self.status[index] = abi::ZERO;
        } else if log_reward.is_finite() {
            self.log_reward[index] = log_reward;
            self.status[index] = abi::SCORED;
        } else {
            self.fail(index, &format!("its log-reward is {log_reward}"));
        }
    }

    /// Object `index` cannot be scored, and why.
    ///
    /// # Panics
    /// Where there is no such object.
    pub fn fail(&mut self, index: usize, why: &str) {
        self.status[index] = abi::NO_SCORE;
        (self.explain)(index, why);
    }
}
