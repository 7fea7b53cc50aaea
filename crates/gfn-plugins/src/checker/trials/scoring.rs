//! Batches at odd places, and batches at the same time.

use std::time::{Duration, Instant};

use super::Order;
use super::memory::{AtTheEnd, watch};
use super::raw::{self, Maker, RawScores};
use crate::checker::report::{Finding, Problem, fail};
use crate::checker::samples::Objects;
use crate::native::{Places, Reward};

/// How many threads call at the same time.
const THREADS: usize = 8;

/// How long they do.
const TOGETHER: Duration = Duration::from_millis(300);

/// Objects that lie at odd addresses, and end where memory ends, are scored like any others.
pub(super) fn alignment(maker: &Maker, order: &Order) -> Finding {
    let reward = maker.make()?;
    for count in [1, 2, 3, order.objects.len()] {
        let objects = order.objects.cycled(count);
        let expected = raw::score(&reward, &objects)?;
        let found = score_at_the_end(&reward, &objects)?;
        if order.deterministic && found != expected {
            return fail("objects at addresses that are no multiples of 8 have other scores");
        }
    }
    Ok("objects lie anywhere, and nothing before or behind them is touched".to_string())
}

fn score_at_the_end(reward: &Reward, objects: &Objects) -> Result<RawScores, Problem> {
    let count = objects.len();
    let log_reward = AtTheEnd::zeros(8 * count)?;
    let status = AtTheEnd::zeros(count)?;
    let places = Places {
        log_reward: log_reward.start().cast(),
        status: status.start(),
    };
    let (text, offsets) = raw::flat(objects);
    let bytes = match objects {
        Objects::States { words, .. } => words.iter().flat_map(|word| word.to_ne_bytes()).collect(),
        Objects::Texts(_) => text,
    };
    let data = AtTheEnd::holding(&bytes)?;
    let offsets = AtTheEnd::holding(
        &offsets
            .iter()
            .flat_map(|offset| offset.to_ne_bytes())
            .collect::<Vec<u8>>(),
    )?;
    watch(&data, &log_reward);
    let pointers = match objects {
        Objects::States { stride, .. } => raw::states(data.start().cast_const().cast(), count, *stride),
        Objects::Texts(_) => raw::texts(data.start(), count, offsets.start().cast_const().cast()),
    };
    raw::score_at(reward, pointers, places)?;
    let bits = log_reward
        .bytes()
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_ne_bytes(*bytes))
        .collect();
    Ok(RawScores {
        log_reward: bits,
        status: status.bytes().to_vec(),
    })
}

/// One instance is called by many threads at the same time, and answers each as if it were alone.
pub(super) fn threads(maker: &Maker, order: &Order) -> Finding {
    let reward = maker.make()?;
    let expected = raw::score(&reward, &order.objects)?;
    let start = Instant::now();
    let call = || -> Result<usize, Problem> {
        let mut calls = 0;
        while calls < 2 || start.elapsed() < TOGETHER {
            let found = raw::score(&reward, &order.objects)?;
            if order.deterministic && found != expected {
                return fail(
                    "the plugin says that it is `thread_safe`, but scores differ when threads call at the same time",
                );
            }
            calls += 1;
        }
        Ok(calls)
    };
    let counts: Vec<Result<usize, Problem>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        let lost = || fail("a thread that called the plugin was lost");
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| lost()))
            .collect()
    });
    let calls: usize = counts.into_iter().sum::<Result<usize, Problem>>()?;
    Ok(format!(
        "{calls} batches from {THREADS} threads at the same time have the scores that they have alone"
    ))
}
