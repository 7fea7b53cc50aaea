//! A library that ends this process in the middle of a call, by `exit` and the like.
//!
//! Unnoticed, `exit(0)` would look like the end of a run in which all went well. A crash needs no such care: it shows.
#![allow(unsafe_code, reason = "the C library tells when a process ends")]

use std::cell::Cell;
use std::sync::Once;

/// What a process ends with that a plugin has ended: the code of all that plugins are to blame for.
const CODE: i32 = 77;

thread_local! {
    /// The plugin that this thread calls.
    static CALLED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Stands for a call of a library as long as it lives; calls may be within calls.
pub(super) struct CallGuard(Option<&'static str>);

impl CallGuard {
    /// A call of the plugin of this name.
    pub(super) fn of(plugin: &'static str) -> Self {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            // Where there is no room for it, the end goes unnoticed.
            // SAFETY: the function touches nothing but a value of this thread, standard error and the process's end.
            let _ = unsafe { libc::atexit(told) };
        });
        Self(CALLED.replace(Some(plugin)))
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        CALLED.set(self.0);
    }
}

/// Called where this process ends by `exit`, on the thread that called it.
extern "C" fn told() {
    let Ok(Some(plugin)) = CALLED.try_with(Cell::get) else {
        return;
    };
    // Not `eprintln`, which panics where standard error is gone.
    let _ = std::io::Write::write_all(
        &mut gfn_text::stderr(),
        format!(
            "error: plugin `{plugin}`: it ended the process of the run, in which it is inline, by calling `exit`\n\
             hint: let it run in a process of its own (leave `isolation` out); a run goes on from its last checkpoint\n"
        )
        .as_bytes(),
    );
    // SAFETY: ends this process, whatever else is to be done at its end.
    unsafe { libc::_exit(CODE) }
}
