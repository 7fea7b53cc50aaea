//! What this process offers to a library.
#![allow(unsafe_code, reason = "is called by libraries")]

use std::ffi::{CString, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use gfn_plugin_sdk::abi;

use crate::options::Log;

/// The longest line for the log, in bytes.
const LONGEST_LINE: u64 = 4000;

/// What a library's messages are written with.
struct Context {
    log: Log,
}

/// A host that writes to `log` and stays for good, as the agreement wants. `objects` is JSON.
pub(crate) fn lasting(log: &Log, objects: Option<CString>) -> &'static abi::Host {
    let context = Box::leak(Box::new(Context { log: log.clone() }));
    let mut host = <abi::Host as abi::Table>::empty();
    host.abi_minor = abi::MINOR;
    host.context = std::ptr::from_ref(context).cast_mut().cast();
    host.log = Some(write_line);
    // Leaked like the host itself.
    host.objects = objects.map_or(std::ptr::null(), |objects| objects.into_raw().cast_const());
    Box::leak(Box::new(host))
}

// SAFETY: called as `abi::functions::Log` says; what it says of its pointers is relied on below.
unsafe extern "C" fn write_line(context: *mut c_void, level: i32, text: *const c_char, length: u64) {
    if context.is_null() || text.is_null() {
        return;
    }
    // SAFETY: the context of `lasting`, which is never freed and only read.
    let context = unsafe { &*context.cast_const().cast::<Context>() };
    let length = length.min(LONGEST_LINE) as usize;
    // SAFETY: the caller says that there are so many bytes.
    let text = unsafe { slice::from_raw_parts(text.cast::<u8>(), length) };
    let text = String::from_utf8_lossy(text);
    let prefix = match level {
        abi::LOG_ERROR => "error: ",
        abi::LOG_WARNING => "warning: ",
        _ => "",
    };
    // A panic must not leave through the library.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        (context.log)(&format!("{prefix}{}", text.trim_end()))
    }));
}
