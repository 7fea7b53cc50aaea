//! Rewards in this process.
#![allow(unsafe_code, reason = "hands memory to libraries")]

use std::ops::Range;

use super::Inline;
use crate::arrays::Aligned;
use crate::batch::{Batch, Scores};
use crate::error::PluginError;
use crate::native::{Objects, Places, Reward};
use crate::policy::{self, Attempts, Trouble};
use crate::regions::{OutputLayout, offsets};
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
        let (joined, ends);
        let objects = match batch {
            Batch::States { words, stride } => Objects::States {
                data: words.as_ptr(),
                count,
                stride: *stride as u64,
            },
            Batch::Texts(texts) => {
                (joined, ends) = (texts.concat(), offsets(texts));
                Objects::Texts {
                    data: joined.as_ptr(),
                    count,
                    offsets: ends.as_ptr(),
                }
            }
        };
        // SAFETY: the pointers are to the arrays above, which live on; the output is in nobody else's hands.
        let reasons = unsafe { self.instance.score(objects, places) }.map_err(Trouble::Refused)?;
        layout
            .collect(&output, reasons)
            .map_err(|how| Trouble::Fatal(self.corrupted(&how)))
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
