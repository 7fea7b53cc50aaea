//! What remains of processes: nothing.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gfn_plugins::{Failure, open_reward};

use crate::support::{library, logged, states};

/// Runs one of these tests, which are alone in a process of their own: what they count, others would change.
fn alone(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        &format!("lives::{name}"),
        "--nocapture",
        "--test-threads=1",
    ]);
    command.env(ALONE, "1");
    command
}

const ALONE: &str = "GFN_TEST_ALONE";

fn is_alone() -> bool {
    std::env::var(ALONE).is_ok()
}

fn entries(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The processes that this one started and has not waited for; none on kernels that do not tell.
fn children() -> String {
    let of = |task: &String| {
        std::fs::read_to_string(format!("/proc/self/task/{task}/children")).unwrap_or_default()
    };
    entries("/proc/self/task")
        .iter()
        .map(of)
        .collect::<String>()
        .trim()
        .to_string()
}

#[test]
fn a_thousand_restarts_leave_nothing_behind() {
    if !is_alone() {
        assert!(
            alone("a_thousand_restarts_leave_nothing_behind")
                .status()
                .unwrap()
                .success()
        );
        return;
    }
    let Some(mut options) = library("rogue", &[]) else {
        return;
    };
    options.limits.max_restarts = 2_000;
    let oracle = open_reward(options).unwrap();
    let die = |times: usize| {
        for _ in 0..times {
            assert_eq!(states(&oracle, &[2, 0]).failures.len(), 1);
        }
    };
    die(10);
    let (files, threads) = (entries("/proc/self/fd"), entries("/proc/self/task").len());
    let begun = Instant::now();
    // Each death is tried twice.
    die(490);
    println!("{} restarts in {:?}", oracle.restarts(), begun.elapsed());
    assert!(oracle.restarts() >= 999, "{}", oracle.restarts());
    assert_eq!(states(&oracle, &[0, 4]).log_reward, [-4.0]);
    let now = entries("/proc/self/fd");
    assert!(now.len() <= files.len() + 8, "{files:?}, then {now:?}");
    assert!(entries("/proc/self/task").len() <= threads + 1);
    drop(oracle);
    assert_eq!(children(), "");
    assert!(entries("/proc/self/fd").len() < files.len());
}

#[test]
fn the_death_of_this_process_ends_those_of_its_plugins() {
    if is_alone() {
        open_and_wait();
        return;
    }
    if library("rogue", &[]).is_none() {
        return;
    }
    let mut command = alone("the_death_of_this_process_ends_those_of_its_plugins");
    let mut parent = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let ids = lines
        .into_iter()
        .find_map(|line| Some(line.strip_prefix("children: ")?.to_string()))
        .unwrap();
    let ids: Vec<u32> = ids.split_whitespace().map(|id| id.parse().unwrap()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(ids.iter().all(|id| is_running(*id)));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while ids.iter().any(|id| is_running(*id)) {
        assert!(Instant::now() < until, "they live on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Opens a plugin in three processes, one of which is busy for good, tells of them, and waits to be killed.
fn open_and_wait() {
    let Some(mut options) = library("rogue", &[]) else {
        return;
    };
    options.workers = 3;
    // Opened by a thread that ends: that must not end them.
    let oracle = std::thread::spawn(|| open_reward(options).unwrap())
        .join()
        .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            oracle.score(&gfn_plugins::Batch::States {
                words: &[4, 0],
                stride: 2,
            })
        });
        std::thread::sleep(Duration::from_millis(100));
        println!("\nchildren: {}", children());
        std::thread::sleep(Duration::from_secs(60));
    });
}

fn is_running(id: u32) -> bool {
    // One that has ended, and that nobody waits for, is still listed.
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    status
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim().chars().next())
        .is_some_and(|state| state != 'Z')
}

#[test]
fn a_thread_that_opens_a_plugin_may_end() {
    let Some(mut options) = library("rogue", &[]) else {
        return;
    };
    options.workers = 2;
    let oracle = std::thread::spawn(|| open_reward(options).unwrap())
        .join()
        .unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(states(&oracle, &[0, 1, 0, 2]).log_reward, [-1.0, -2.0]);
    assert_eq!(oracle.restarts(), 0);
}

#[test]
fn several_threads_may_share_a_reward() {
    let Some(mut options) = library("rogue", &[]) else {
        return;
    };
    options.workers = 2;
    for isolation in [gfn_plugins::Isolation::Process, gfn_plugins::Isolation::Inline] {
        options.isolation = isolation;
        let oracle = open_reward(options.clone()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let oracle = &oracle;
                scope.spawn(move || {
                    for round in 0..50 {
                        let value = thread * 1_000 + round;
                        let expected = -f64::from(value);
                        assert_eq!(states(oracle, &[0, value, 0, value]).log_reward, [expected; 2]);
                    }
                });
            }
        });
    }
}

/// A name for processes that no others have.
fn marker(what: &str) -> String {
    format!("{what}-{}", std::process::id())
}

/// How many processes go by this name.
fn called(name: &str) -> usize {
    let comm = |id: &String| std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    entries("/proc")
        .iter()
        .filter(|id| comm(id).trim() == name)
        .count()
}

/// Waits until this many processes go by this name.
#[track_caller]
fn wait_for(name: &str, count: usize) {
    let until = Instant::now() + Duration::from_secs(10);
    while called(name) != count {
        assert!(
            Instant::now() < until,
            "{} go by the name {name}, not {count}",
            called(name)
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Modes of the plugin: it starts a child and dies; it starts one that lives on in a session of its own.
const ORPHAN: i32 = 40;
const STUBBORN: i32 = 47;

/// A plugin whose children go by this name.
fn parent_of(name: &str) -> Option<gfn_plugins::Options> {
    let mut options = library("rogue", &[])?;
    options.confinement.programs = true;
    options.limits.timeout = Duration::from_millis(500);
    options.parameters = serde_json::json!({"path": name});
    Some(options)
}

#[test]
fn programs_that_a_plugin_leaves_behind_end_with_it() {
    let name = marker("left");
    let Some(mut options) = parent_of(&name) else {
        return;
    };
    let lines = logged(&mut options);
    let oracle = open_reward(options).unwrap();
    // It starts a child that holds the connection and prints, and dies.
    let scores = states(&oracle, &[ORPHAN, 0]);
    let [Failure { deadly: true, .. }] = &scores.failures[..] else {
        panic!("{scores:?}")
    };
    wait_for(&name, 0);
    let started = lines
        .lock()
        .unwrap()
        .iter()
        .filter(|line| *line == "toy: child")
        .count();
    assert_eq!(started, 2, "{:?}", lines.lock().unwrap());
    // One that outlives its parent in a session of its own, and ignores every signal.
    assert_eq!(states(&oracle, &[STUBBORN, 0]).failures, []);
    wait_for(&name, 1);
    drop(oracle);
    wait_for(&name, 0);
}

#[test]
fn programs_of_a_plugin_end_when_this_process_is_killed() {
    if is_alone() {
        let name = std::env::var("GFN_TEST_NAME").unwrap();
        let oracle = open_reward(parent_of(&name).unwrap()).unwrap();
        states(&oracle, &[STUBBORN, 0]);
        println!("\nstarted");
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    if library("rogue", &[]).is_none() {
        return;
    }
    let name = marker("kill");
    let mut command = alone("programs_of_a_plugin_end_when_this_process_is_killed");
    command.env("GFN_TEST_NAME", &name).stdout(Stdio::piped());
    let mut parent = command.spawn().unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "started"));
    wait_for(&name, 1);
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_for(&name, 0);
}
