//! However an experiment file is spoiled, there is an answer with a place; `scripts/mutate` tries many more.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod mutations;

use std::sync::atomic::{AtomicU64, Ordering};

use mutations::{Case, Corpus, Verdict, case, catch_panics, judge, kinds, most_bytes};

/// Cases tried.
const COUNT: u64 = 20_000;
const SEED: u64 = 1;
/// More than any file needs to be checked, on all threads together.
const MAX_BYTES: usize = 64 << 20;

#[test]
fn spoiled_files_have_answers() {
    let corpus = Corpus::read();
    catch_panics();
    let (next, accepted) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let folder = temporary();
        corpus.furnish(folder.path());
        while let number @ 0..COUNT = next.fetch_add(1, Ordering::Relaxed) {
            let (kind, case) = case(&corpus, SEED, number);
            let verdict = judge(&case, folder.path());
            let verdict = verdict.unwrap_or_else(|wrong| panic!("case {number}, {kind}: {wrong}\n{case}"));
            accepted.fetch_add(u64::from(verdict == Verdict::Accepted), Ordering::Relaxed);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let ((), bytes) = most_bytes(|| {
        std::thread::scope(|scope| {
            (0..threads).for_each(|_| drop(scope.spawn(work)));
        });
    });
    let accepted = accepted.into_inner();
    assert!(
        (COUNT / 20..COUNT / 2).contains(&accepted),
        "{accepted} accepted: the mutations do too much, or too little"
    );
    assert!(bytes < MAX_BYTES, "{bytes} bytes");
}

/// What a file asks for is not made to check it.
#[test]
fn great_numbers_allocate_nothing() {
    let corpus = Corpus::read();
    let folder = temporary();
    corpus.furnish(folder.path());
    let molecules = corpus.files.iter().find(|(name, _)| name == "mol.toml").unwrap();
    let grid = corpus
        .files
        .iter()
        .find(|(name, _)| name == "replay.toml")
        .unwrap();
    for (file, set) in [
        (grid, "environment.height=1000000000000000000"),
        (grid, "environment.height=65536"),
        (grid, "environment.dimensions=1000000"),
        (grid, "environment.dimensions=64"),
        (grid, "training.batch_size=1048576"),
        (grid, "training.batch_size=9223372036854775807"),
        (grid, "training.steps=9223372036854775807"),
        (grid, "network.hidden=16384"),
        (grid, "network.hidden=9223372036854775807"),
        (grid, "network.layers=16"),
        (grid, "sampler.capacity=9223372036854775807"),
        (grid, "sampler.warmup=9223372036854775807"),
        (grid, "reward.cache=9223372036854775807"),
        (grid, "evaluation.samples=10000000"),
        (grid, "evaluation.window=9223372036854775807"),
        (grid, "evaluation.exact_states=9223372036854775807"),
        (grid, "hardware.threads=1024"),
        (molecules, "environment.max_blocks=16"),
        (molecules, "environment.max_blocks=9223372036854775807"),
        (molecules, "network.hidden=4096"),
        (molecules, "environment.vocabulary=/dev/zero"),
    ] {
        let case = Case {
            file: file.1.clone().into_bytes(),
            sets: vec![set.to_owned()],
            ..Case::default()
        };
        let (verdict, bytes) = most_bytes(|| judge(&case, folder.path()));
        verdict.unwrap_or_else(|wrong| panic!("{set}: {wrong}"));
        assert!(bytes < MAX_BYTES, "{set}: {bytes} bytes");
    }
}

#[test]
fn a_case_is_found_again_from_its_number() {
    let corpus = Corpus::read();
    for number in 0..2 * kinds().count() as u64 {
        let [(kind, one), (_, other)] = [(); 2].map(|()| case(&corpus, SEED, number));
        assert_eq!(one, other, "{kind}");
    }
}

/// A folder in memory where there is such a place: every case is written to a file.
fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .unwrap_or_else(|_| tempfile::tempdir().expect("a folder for temporary files"))
}
