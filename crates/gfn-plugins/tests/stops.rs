//! A stop that is asked for while a plugin is waited for, and plugins that die while they start.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gfn_plugins::{Batch, Isolation, Options, PluginError, Program, Protocol, open_reward};

use crate::support::{library, script, texts};

/// How long answers are waited for after a stop.
const GRACE: Duration = Duration::from_millis(300);

/// Options that a stop can be asked of.
fn stoppable(options: &mut Options) -> impl Fn() + use<> {
    let asked: Arc<Mutex<Option<Instant>>> = Arc::default();
    let seen = Arc::clone(&asked);
    options.stop = Arc::new(move || *seen.lock().unwrap());
    move || *asked.lock().unwrap() = Some(Instant::now() + GRACE)
}

/// Asks for a stop while a batch hangs; how long it then takes until whoever scores it is free.
fn freed_after(options: Options, ask: impl Fn() + Send + 'static, batch: &Batch<'_>) -> Duration {
    let oracle = open_reward(options).unwrap();
    let asked = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        ask();
        Instant::now()
    });
    let stopped = oracle.score(batch).unwrap_err();
    assert!(matches!(stopped, PluginError::Stopped { .. }), "{stopped}");
    // The process, or the thread, must not be waited for either.
    let restarts = oracle.restarts();
    drop(oracle);
    assert_eq!(restarts, 0);
    asked.join().unwrap().elapsed()
}

#[test]
fn a_batch_that_hangs_is_left_when_a_stop_is_asked_for() {
    let Some(mut options) = script("lines.py", Protocol::Lines) else {
        return;
    };
    let ask = stoppable(&mut options);
    let took = freed_after(options, ask, &Batch::Texts(&["hang"]));
    assert!(took >= GRACE && took < 10 * GRACE, "{took:?}");
}

/// A library that hangs, in a process of its own and in this one, from which it cannot be removed.
#[test]
fn a_library_that_hangs_is_left_when_a_stop_is_asked_for() {
    for isolation in [Isolation::Process, Isolation::Inline] {
        let Some(mut options) = library("rogue", &[]) else {
            return;
        };
        options.isolation = isolation;
        let ask = stoppable(&mut options);
        let batch = Batch::States {
            words: &[HANGS, 0],
            stride: 2,
        };
        let took = freed_after(options, ask, &batch);
        assert!(took >= GRACE && took < 10 * GRACE, "{isolation:?}: {took:?}");
    }
}

/// The first word of an object that `rogue.c` never answers.
const HANGS: i32 = 4;

#[test]
fn nothing_is_started_again_once_a_stop_is_asked_for() {
    let Some(mut options) = script("lines.py", Protocol::Lines) else {
        return;
    };
    let is_asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_asked);
    let far = Instant::now() + Duration::from_secs(600);
    options.stop = Arc::new(move || seen.load(Ordering::Relaxed).then_some(far));
    let oracle = open_reward(options.clone()).unwrap();
    is_asked.store(true, Ordering::Relaxed);
    // What is asked of a process that lives is still answered.
    assert_eq!(texts(&oracle, &["abc"]).log_reward, [6.0]);
    let stopped = oracle.score(&Batch::Texts(&["a", "die", "b"])).unwrap_err();
    assert!(matches!(stopped, PluginError::Stopped { .. }), "{stopped}");
    assert_eq!(oracle.restarts(), 0);
    let stopped = open_reward(options).map(drop).unwrap_err();
    assert!(matches!(stopped, PluginError::Stopped { .. }), "{stopped}");
}

/// The plugin that counts its starts, of which `failing` after the first die at once.
fn fragile(failing: u32) -> Option<(tempfile::TempDir, Options)> {
    let mut options = script("fragile.py", Protocol::Lines)?;
    let folder = tempfile::tempdir().unwrap();
    let counter = folder.path().join("starts");
    std::fs::write(&counter, "").unwrap();
    if let Program::Command { words, .. } = &mut options.program {
        words.extend([counter.display().to_string(), failing.to_string()]);
    }
    options.confinement.write = vec![folder.path().to_path_buf()];
    Some((folder, options))
}

#[test]
fn a_process_that_dies_while_it_starts_is_a_death_like_any_other() {
    let Some((folder, mut options)) = fragile(3) else {
        return;
    };
    let oracle = open_reward(options.clone()).unwrap();
    // One death by the batch, three at the start.
    assert_eq!(texts(&oracle, &["abc"]).log_reward, [3.0]);
    assert_eq!(oracle.restarts(), 4);
    drop(oracle);
    std::fs::write(folder.path().join("starts"), "").unwrap();
    options.limits.max_restarts = 2;
    let oracle = open_reward(options).unwrap();
    let error = oracle.score(&Batch::Texts(&["abc"])).unwrap_err();
    let shown = error.to_string();
    assert!(matches!(error, PluginError::TooManyRestarts { .. }), "{shown}");
    for part in [
        "was started again 2 times",
        "code 3 while it started",
        "no licence today",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}
