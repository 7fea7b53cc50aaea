//! Checks a plugin before a run depends on it: that it keeps to `gfn_plugin.h` or the protocols, that it answers alike
//! however it is asked, and that it survives what it should.
//!
//! Everything of the plugin runs in confined processes of its own, a new one for each check that could spoil another, so
//! that even a plugin which dies, hangs or writes where it must not does the checker no harm.

mod report;
mod samples;

#[cfg(target_os = "linux")]
mod agreement;
#[cfg(target_os = "linux")]
mod behavior;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod refusals;
#[cfg(target_os = "linux")]
mod subject;
#[cfg(target_os = "linux")]
mod trials;
#[cfg(target_os = "linux")]
mod walk;

pub use report::{Check, CheckReport, Verdict};
pub use samples::{Objects, SampleError, Samples};

use crate::options::{Log, Options};

#[cfg(target_os = "linux")]
pub(crate) use trials::serve as try_out;

/// A check that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Checks that were made before.
    pub done: usize,
    /// Checks in all, as far as is known; fewer where the plugin does not come so far.
    pub all: usize,
}

/// Checks a plugin, started as `options` say, with some of the samples.
pub fn check(options: &Options, samples: &Samples) -> CheckReport {
    check_watched(options, samples, &|_| true, &|_| ())
}

/// As [`check`], with those checks alone whose name is `wanted`.
pub fn check_only(options: &Options, samples: &Samples, wanted: &dyn Fn(&str) -> bool) -> CheckReport {
    check_watched(options, samples, wanted, &|_| ())
}

/// As [`check_only`]; of each check, `begins` is told that it does.
pub fn check_watched(
    options: &Options,
    samples: &Samples,
    wanted: &dyn Fn(&str) -> bool,
    begins: &dyn Fn(Stage),
) -> CheckReport {
    #[cfg(target_os = "linux")]
    {
        plan::conduct(options, samples, (wanted, begins))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (samples, wanted, begins);
        let finding = report::skip("plugins are checked in processes of their own, which need Linux");
        let checks = vec![Check::new("process", finding)];
        CheckReport {
            plugin: options.name.clone(),
            description: None,
            checks,
        }
    }
}

/// Where what a plugin says while it is checked goes.
#[cfg(target_os = "linux")]
fn quiet() -> Log {
    std::sync::Arc::new(|_| ())
}
