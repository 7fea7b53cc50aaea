//! Instances made and freed, over and over.
#![allow(unsafe_code, reason = "asks the C library how much memory is in use")]

use std::time::{Duration, Instant};

use super::Order;
use super::raw::{self, Maker};
use crate::checker::report::{Finding, Problem, fail};
use crate::checker::samples::Objects;

/// How many instances are made before what is in use is measured: the first fill caches, and so may the next hundreds.
const FIRST: usize = 400;

/// How often it is measured after that, and how many instances are made in between.
const WINDOWS: usize = 4;
const IN_WINDOW: usize = 150;

/// How long they may take: fewer are made by then where making one takes long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The fewest instances of a window that say anything.
const FEWEST: usize = 5;

/// Bytes for each instance that are taken for a leak, where the C library counts what is in use, and they are left in every
/// window. Memory that is kept for later use comes in leaps, and at some time no more.
const LEAK: f64 = 8.0;

/// Bytes that windows may leave behind all in all, leaps included.
const LEAPS: f64 = 100e3;

/// Bytes of memory that are enough to know each time, so that a leak does not fill the machine.
const ENOUGH: usize = 16 << 20;

/// Bytes of memory that may come to be in use, all in all, where only whole pages can be counted.
const GROWTH: usize = 8 << 20;

/// A thousand instances are made, score an object and are freed, and leave nothing behind.
pub(super) fn instances(maker: &Maker, order: &Order) -> Finding {
    let object = order.objects.pick([0]);
    let first = make(maker, &object, FIRST)?;
    let before = Usage::now();
    let mut windows = Vec::new();
    for _ in 0..WINDOWS {
        let start = Usage::now();
        let made = make(maker, &object, IN_WINDOW)?;
        windows.push((made, Usage::now().since(&start).0));
    }
    let more: usize = windows.iter().map(|(made, _)| made).sum();
    let grown = Usage::now().since(&before);
    if let Some(each) = leak(&windows, grown) {
        return fail(format!(
            "every instance that scores an object leaves about {each:.0} bytes behind: `destroy` must free what `create` made"
        ));
    }
    let count = first + more;
    let slow = if count < FIRST + WINDOWS * IN_WINDOW {
        "; more would take too long"
    } else {
        ""
    };
    Ok(format!(
        "{count} instances are made, score an object and are freed{slow}"
    ))
}

/// The bytes that every instance leaves behind, if they do. `windows` hold how many were made and how many bytes were left;
/// `grown` is what came into use all in all.
fn leak(windows: &[(usize, f64)], grown: (f64, usize)) -> Option<f64> {
    let made: usize = windows.iter().map(|(made, _)| made).sum();
    let each = grown.0.max(0.0) / made.max(1) as f64;
    let enough = windows.iter().all(|(made, _)| *made >= FEWEST);
    let always = enough && windows.iter().all(|(made, left)| *left >= LEAK * *made as f64);
    if always || (enough && grown.0 > LEAPS) {
        return Some(each);
    }
    (grown.1 > GROWTH).then(|| each.max(grown.1 as f64 / made.max(1) as f64))
}

/// Makes instances and frees them, at least one, until there are enough or time is up: how many.
fn make(maker: &Maker, object: &Objects, count: usize) -> Result<usize, Problem> {
    let (start, before) = (Instant::now(), Usage::now());
    for index in 0..count {
        raw::score(&maker.make()?, object)?;
        if start.elapsed() > PATIENCE || Usage::now().since(&before).1 > ENOUGH {
            return Ok(index + 1);
        }
    }
    Ok(count)
}

/// How much memory is in use.
struct Usage {
    heap: Option<usize>,
    resident: usize,
}

impl Usage {
    fn now() -> Self {
        Self {
            heap: heap_in_use(),
            resident: resident(),
        }
    }

    /// Bytes that have come into use since then: as the C library counts them, and as whole pages.
    fn since(&self, before: &Self) -> (f64, usize) {
        let heap = self
            .heap
            .zip(before.heap)
            .map_or(0.0, |(now, before)| now as f64 - before as f64);
        (heap, self.resident.saturating_sub(before.resident))
    }
}

/// Bytes that the C library has handed out and not got back, where it says so: the GNU one from version 2.33 on.
#[cfg(target_env = "gnu")]
fn heap_in_use() -> Option<usize> {
    // SAFETY: a type alone; what is looked up under it is below.
    type Mallinfo2 = unsafe extern "C" fn() -> libc::mallinfo2;
    let this = libloading::os::unix::Library::this();
    // SAFETY: the type is that of the function of this name in the C library.
    let mallinfo2 = unsafe { this.get::<Mallinfo2>(b"mallinfo2\0") }.ok()?;
    // SAFETY: it takes nothing, and may be called at any time.
    let found = unsafe { mallinfo2() };
    Some(found.uordblks + found.hblkhd)
}

#[cfg(not(target_env = "gnu"))]
fn heap_in_use() -> Option<usize> {
    None
}

/// Bytes of this process that are in memory; 0 where that cannot be found out.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * rustix::param::page_size()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_every_time_is_a_leak_and_what_is_kept_once_is_none() {
        let windows = |left: [f64; WINDOWS]| left.map(|left| (IN_WINDOW, left));
        let judged = |left: [f64; WINDOWS]| leak(&windows(left), (left.iter().sum(), 0));
        assert_eq!(judged([9_600.0; WINDOWS]), Some(64.0));
        assert_eq!(judged([1_200.0; WINDOWS]), Some(8.0));
        for kept in [
            [80e3, 0.0, 0.0, 0.0],
            [40e3, 20e3, 10e3, 500.0],
            [-5e3, 5e3, -5e3, 5e3],
            [0.0; WINDOWS],
        ] {
            assert_eq!(judged(kept), None, "{kept:?}");
        }
        // A list that doubles: nothing for long, then all at once.
        assert!(judged([0.0, 0.0, 500e3, 0.0]).is_some());
        // Where the C library does not say, and where making one takes long.
        assert!(leak(&windows([0.0; WINDOWS]), (0.0, 9 << 20)).is_some());
        assert_eq!(leak(&[(1, 5e3); WINDOWS], (20e3, 0)), None);
    }
}
