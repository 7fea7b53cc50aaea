//! Rewards in this process.
#![allow(unsafe_code, reason = "hands memory to libraries")]

use std::ops::Range;

use super::Inline;
use crate::arrays::Aligned;
use crate::batch::{Batch, Scores};
use crate::error::PluginError;
use crate::native::{Objects, Places, Reward};
use crate::policy::{self, Attempts, Trouble};
use crate::regions::{MissingScores, OutputLayout, offsets};
use crate::sharing::{most_in_a_call, shared};

impl Inline<Reward> {
    /// Scores a batch.
    pub(crate) fn score(&self, batch: &Batch<'_>) -> Result<Scores, PluginError> {
        let _turn = self.turn();
        let most = most_in_a_call(&self.description);
        let mut callers: Vec<&Self> = vec![self; self.workers];
        shared(batch, &mut callers, |inline, part| {
            policy::score_in_calls(&mut Calls { inline, batch: part }, part.len(), most)
        })
    }

    fn call(&self, batch: &Batch<'_>) -> Result<Scores, Trouble> {
        let layout = OutputLayout::of(batch.len());
        let mut output = Aligned::new(layout.len());
        layout.prepare(&mut output);
        let start = output.start();
        let log_reward = start.wrapping_add(layout.log_reward()).cast();
        let places = Places {
            log_reward,
            status: start.wrapping_add(layout.status()),
        };
        let count = batch.len() as u64;
        let input = Input::of(batch);
        let calling = self.calling();
        // SAFETY: the pointers are to the arrays above, which live on; the output is in nobody else's hands.
        let scored = unsafe { self.instance.score(input.objects(count), places) };
        drop(calling);
        let corrupted = |how: &str| Trouble::Fatal(self.corrupted(how));
        if !input.is_still(batch) {
            return Err(corrupted("wrote to its input"));
        }
        let reasons = scored.map_err(Trouble::Refused)?;
        layout.collect(&output, reasons).map_err(|error| match error {
            MissingScores::Corrupted(how) => corrupted(&how),
            MissingScores::Contradictory(how) => Trouble::Died(how),
        })
    }
}

/// A copy of a batch: what a plugin writes there by mistake changes no object of the run, and is found.
enum Input {
    States { words: Vec<i32>, stride: usize },
    // Bytes: what is written over need not be UTF-8.
    Texts { joined: Vec<u8>, ends: Vec<u64> },
}

impl Input {
    fn of(batch: &Batch<'_>) -> Self {
        match batch {
            Batch::States { words, stride } => Self::States {
                words: words.to_vec(),
                stride: *stride,
            },
            Batch::Texts(texts) => Self::Texts {
                joined: texts.concat().into_bytes(),
                ends: offsets(texts),
            },
        }
    }

    fn objects(&self, count: u64) -> Objects {
        match self {
            Self::States { words, stride } => Objects::States {
                data: words.as_ptr(),
                count,
                stride: *stride as u64,
            },
            Self::Texts { joined, ends } => Objects::Texts {
                data: joined.as_ptr(),
                count,
                offsets: ends.as_ptr(),
            },
        }
    }

    /// Whether it is what it was.
    fn is_still(&self, batch: &Batch<'_>) -> bool {
        match (self, batch) {
            (Self::States { words, .. }, Batch::States { words: before, .. }) => words == before,
            (Self::Texts { joined, ends }, Batch::Texts(texts)) => {
                let mut rest = joined.as_slice();
                let mut same = |text: &&str| {
                    let (one, others) = rest.split_at(text.len());
                    rest = others;
                    one == text.as_bytes()
                };
                *ends == offsets(texts) && texts.iter().all(&mut same)
            }
            _ => false,
        }
    }
}

struct Calls<'a> {
    inline: &'a Inline<Reward>,
    batch: Batch<'a>,
}

impl Attempts for Calls<'_> {
    fn attempt(&mut self, range: Range<usize>) -> Result<Scores, Trouble> {
        self.inline.call(&self.batch.part(range))
    }
}
