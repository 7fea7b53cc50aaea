//! Instances made and freed, over and over.
#![allow(unsafe_code, reason = "asks the C library how much memory is in use")]

use std::time::{Duration, Instant};

use super::Order;
use super::raw::{self, Maker};
use crate::checker::report::{Finding, Problem, fail};
use crate::checker::samples::Objects;

/// How many instances are made.
const MANY: usize = 1_000;

/// How many are made before what is in use is measured: the first fill caches.
const FIRST: usize = 100;

/// How long it may take; fewer are made by then where making one takes long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes for each instance that are taken for a leak, where the C library counts what is in use.
const LEAK: f64 = 8.0;

/// Bytes of memory that are enough to know, so that a leak does not fill the machine.
const ENOUGH: usize = 64 << 20;

/// Bytes of memory that may come to be in use, all in all, where only whole pages can be counted.
const GROWTH: usize = 8 << 20;

/// A thousand instances are made, score an object and are freed, and leave nothing behind.
pub(super) fn instances(maker: &Maker, order: &Order) -> Finding {
    let object = order.objects.pick([0]);
    let start = Instant::now();
    let goes_on = |before: &Usage| start.elapsed() < PATIENCE && Usage::now().since(before).1 < ENOUGH;
    let at_first = Usage::now();
    let first = make(maker, &object, FIRST, || goes_on(&at_first))?;
    let before = Usage::now();
    let more = make(maker, &object, MANY - FIRST, || goes_on(&before))?;
    let (each, grown) = Usage::now().since(&before);
    let each = each / more.max(1) as f64;
    if (more > 10 && each >= LEAK) || grown > GROWTH {
        let each = each.max(grown as f64 / more.max(1) as f64);
        return fail(format!(
            "every instance that scores an object leaves about {each:.0} bytes behind: `destroy` must free what `create` made"
        ));
    }
    let count = first + more;
    let slow = if count < MANY {
        "; more would take too long"
    } else {
        ""
    };
    Ok(format!(
        "{count} instances are made, score an object and are freed{slow}"
    ))
}

/// Makes instances and frees them, at least one: how many.
fn make(maker: &Maker, object: &Objects, count: usize, goes_on: impl Fn() -> bool) -> Result<usize, Problem> {
    for index in 0..count {
        raw::score(&maker.make()?, object)?;
        if !goes_on() {
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
            .map_or(0, |(now, before)| now.saturating_sub(before));
        (heap as f64, self.resident.saturating_sub(before.resident))
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
