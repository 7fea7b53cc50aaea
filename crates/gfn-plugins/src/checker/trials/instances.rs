//! Instances made and freed, over and over.
#![allow(unsafe_code, reason = "asks the C library how much memory is in use")]

use std::time::{Duration, Instant};

use super::raw::Maker;
use crate::checker::report::{Finding, Problem, fail};

/// How many instances are made.
const MANY: usize = 1_000;

/// How many are made before what is in use is measured: the first fill caches.
const FIRST: usize = 100;

/// How long it may take; fewer are made by then where making one takes long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes for each instance that are taken for a leak, where the C library counts what is in use.
const LEAK: f64 = 8.0;

/// Bytes of memory that may come to be in use, all in all, where only whole pages can be counted.
const GROWTH: usize = 8 << 20;

/// A thousand instances are made and freed, and leave nothing behind.
pub(super) fn instances(maker: &Maker) -> Finding {
    let start = Instant::now();
    let is_time_left = || start.elapsed() < PATIENCE;
    let first = make(maker, FIRST, &is_time_left)?;
    let (heap, resident) = (heap_in_use(), resident());
    let more = make(maker, MANY - FIRST, &is_time_left)?;
    let count = first + more;
    let each = match (heap, heap_in_use()) {
        (Some(before), Some(after)) => after.saturating_sub(before) as f64 / more.max(1) as f64,
        _ => 0.0,
    };
    let grown = self::resident().saturating_sub(resident);
    if more > 10 && (each >= LEAK || grown > GROWTH) {
        let each = each.max(grown as f64 / more as f64);
        return fail(format!(
            "every instance leaves about {each:.0} bytes behind: `destroy` must free what `create` made"
        ));
    }
    let slow = if count < MANY {
        "; more would take too long"
    } else {
        ""
    };
    Ok(format!("{count} instances are made and freed{slow}"))
}

/// Makes instances and frees them, at least one: how many.
fn make(maker: &Maker, count: usize, is_time_left: &impl Fn() -> bool) -> Result<usize, Problem> {
    for index in 0..count {
        drop(maker.make()?);
        if !is_time_left() {
            return Ok(index + 1);
        }
    }
    Ok(count)
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
