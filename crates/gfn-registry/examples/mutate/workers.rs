//! Processes that try cases, and the one that shares cases out among them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Args;
use crate::mutations::{Corpus, Verdict, case, catch_panics, judge, most_bytes};
use crate::tally::{Failure, Tally};

/// Cases that a process tries.
const STRETCH: u64 = 10_000;
/// The longest that a case may take, in seconds: thousands of times what one takes.
const SLOW: f64 = 1.0;
/// The most bytes that a case may have in use.
const LARGE: usize = 32 << 20;
/// After so long a case is taken to have no end.
const ENDLESS: Duration = Duration::from_secs(20);

/// Numbers of cases, the last excluded.
type Stretch = (u64, u64);

/// Tries the cases of `args` in this process and prints what was found, for [`share`].
pub(crate) fn work(args: &Args, journal: &Path) {
    let corpus = Corpus::read();
    let folder = temporary();
    corpus.furnish(folder.path());
    let journal = File::create(journal).unwrap();
    let mut tally = Tally::default();
    catch_panics();
    for number in args.from..args.from + args.count {
        journal.write_all_at(&number.to_le_bytes(), 0).unwrap();
        attempt(&corpus, folder.path(), args.seed, number, &mut tally);
    }
    serde_json::to_writer(gfn_text::stdout_in(gfn_text::Syntax::Json), &tally).unwrap();
}

fn attempt(corpus: &Corpus, folder: &Path, seed: u64, number: u64, tally: &mut Tally) {
    let (kind, case) = case(corpus, seed, number);
    let time = || {
        let started = Instant::now();
        let (verdict, bytes) = most_bytes(|| judge(&case, folder));
        (verdict, bytes, started.elapsed().as_secs_f64())
    };
    let (mut verdict, bytes, mut seconds) = time();
    if seconds > SLOW {
        // The machine may have had other things to do.
        seconds = seconds.min(time().2);
    }
    if verdict.is_ok() && seconds > SLOW {
        verdict = Err(format!("it took {seconds} s"));
    }
    if verdict.is_ok() && bytes > LARGE {
        verdict = Err(format!("it took {bytes} bytes"));
    }
    let counts = tally.kinds.entry(kind.to_owned()).or_default();
    counts.seconds += seconds;
    match verdict {
        Ok(Verdict::Accepted) => counts.accepted += 1,
        Ok(Verdict::Refused) => counts.refused += 1,
        Err(wrong) => tally.failures.push(Failure {
            number,
            kind: kind.to_owned(),
            wrong,
        }),
    }
    if seconds > tally.slowest.0 {
        tally.slowest = (seconds, number);
    }
    tally.largest = tally.largest.max((bytes, number));
}

/// Tries the cases of `args` in several processes.
pub(crate) fn share(args: &Args) -> Tally {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let end = args.from + args.count;
    let starts = (args.from..end).step_by(STRETCH as usize);
    let waiting: Vec<Stretch> = starts.map(|from| (from, end.min(from + STRETCH))).collect();
    let (waiting, tally, started) = (Mutex::new(waiting), Mutex::new(Tally::default()), Instant::now());
    let next = || waiting.lock().unwrap().pop();
    let serve = || {
        while let Some(stretch) = next() {
            match run(args, stretch) {
                Ok(found) => tally.lock().unwrap().add(found),
                Err(failure) => {
                    let number = failure.number;
                    tally.lock().unwrap().failures.push(failure);
                    let rest = [(stretch.0, number), (number + 1, stretch.1)];
                    waiting
                        .lock()
                        .unwrap()
                        .extend(rest.iter().filter(|(from, to)| from < to));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        (0..args.jobs.unwrap_or(cores)).for_each(|_| drop(scope.spawn(serve)));
    });
    let mut tally = tally.into_inner().unwrap();
    tally.seconds = started.elapsed().as_secs_f64();
    tally
}

/// Has a process try a stretch of cases; where it dies, or a case has no end, says which case it was.
fn run(args: &Args, (from, to): Stretch) -> Result<Tally, Failure> {
    let folder = temporary();
    let journal = folder.path().join("journal");
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--seed", &args.seed.to_string(), "--from", &from.to_string()])
        .args(["--count", &(to - from).to_string(), "--journal"])
        .arg(&journal)
        .stdout(File::create(folder.path().join("found")).unwrap())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let (mut at, mut since) = (None, Instant::now());
    let status = loop {
        if let Some(status) = worker.try_wait().unwrap() {
            break status.to_string();
        }
        let now = reached(&journal);
        if now != at {
            (at, since) = (now, Instant::now());
        } else if since.elapsed() > ENDLESS {
            worker.kill().unwrap();
            break format!("it did not end in {} s", ENDLESS.as_secs());
        }
        sleep(Duration::from_millis(20));
    };
    let found = fs::read(folder.path().join("found")).unwrap();
    serde_json::from_slice(&found).map_err(|_| Failure {
        number: reached(&journal).unwrap_or_else(|| panic!("a process does not start: {status}")),
        kind: "any".into(),
        wrong: format!("its process ended: {status}"),
    })
}

/// The case that a process tries now.
fn reached(journal: &Path) -> Option<u64> {
    Some(u64::from_le_bytes(fs::read(journal).ok()?.try_into().ok()?))
}

/// A folder in memory where there is such a place: every case is written to a file.
fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
