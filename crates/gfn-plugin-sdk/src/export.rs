//! From the traits to the tables of the C header. [`export_reward!`](crate::export_reward!) and its like are all that an author
//! needs; the rest is what they expand to. That is a function in a crate's own name which is not safe, so a crate that exports can
//! deny `unsafe_code`, but not forbid it.

mod entry;
mod memory;
mod tables;
mod world;

pub use entry::{environment_entry, reward_entry, vocabulary_entry};

/// Makes the library a reward plugin: `export_reward!(MyReward);`, once in a crate.
#[macro_export]
macro_rules! export_reward {
    ($type:ty) => {
        $crate::export_entry!($crate::export::reward_entry::<$type>);
    };
}

/// Makes the library a block vocabulary plugin: `export_vocabulary!(MyBlocks);`, once in a crate.
#[macro_export]
macro_rules! export_vocabulary {
    ($type:ty) => {
        $crate::export_entry!($crate::export::vocabulary_entry::<$type>);
    };
}

/// Makes the library an environment plugin: `export_environment!(MyEnvironment);`, once in a crate.
#[macro_export]
macro_rules! export_environment {
    ($type:ty) => {
        $crate::export_entry!($crate::export::environment_entry::<$type>);
    };
}

/// The function that a plugin exports.
#[doc(hidden)]
#[macro_export]
macro_rules! export_entry {
    ($entry:expr) => {
        /// What the host calls.
        ///
        /// # Safety
        /// As `gfn_plugin.h` says.
        #[allow(unsafe_code, reason = "the border to the host")]
        // SAFETY: no other function has this name: a plugin exports once.
        #[unsafe(no_mangle)]
        // SAFETY: the caller is the host, which keeps to the header.
        pub unsafe extern "C" fn gfn_plugin_entry_v1(
            host: *const $crate::abi::Host,
            plugin: *mut $crate::abi::Plugin,
        ) -> i32 {
            static DESCRIPTION: ::std::sync::OnceLock<::std::ffi::CString> = ::std::sync::OnceLock::new();
            // SAFETY: the pointers are passed on as they came.
            unsafe { $entry(host, plugin, &DESCRIPTION) }
        }
    };
}
