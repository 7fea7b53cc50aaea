//! Spoiled experiment files, and what must hold of every one of them. `tests/mutated.rs` tries some, `examples/mutate` many.
#![allow(dead_code, reason = "the test and the example each use their own part")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod corpus;
mod judge;
mod layers;
mod lines;
mod pool;
#[path = "../../../../tests/support/random.rs"]
mod random;

pub(crate) use corpus::Corpus;
pub(crate) use judge::{Case, Verdict, catch_panics, judge};
use random::{PIECES, Random, flip, spoil};

/// Counts what is allocated, so that a check that allocates what a file asks for is found.
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// The most bytes that were in use at once while `action` ran, besides those in use before. Other threads' count too.
pub(crate) fn most_bytes<T>(action: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = action();
    (result, MEMORY.peak_usage().saturating_sub(before))
}

/// A case under construction.
struct Draft<'a> {
    corpus: &'a Corpus,
    random: Random,
    case: Case,
}

/// A kind of mutation: its name, and what it does.
type Mutation = (&'static str, fn(&mut Draft<'_>));

/// Every kind.
const MUTATIONS: [Mutation; 22] = [
    ("bytes flipped", |draft| {
        flip(&mut draft.random, &mut draft.case.file)
    }),
    ("bytes spoiled", |draft| {
        spoil(&mut draft.random, &mut draft.case.file)
    }),
    ("lines deleted", lines::delete),
    ("lines repeated", lines::repeat),
    ("lines swapped", lines::swap),
    ("lines moved", lines::relocate),
    ("values replaced", lines::replace_value),
    ("values borrowed", lines::borrow_value),
    ("values of great size", lines::enlarge_value),
    ("keys mistyped", lines::mistype_key),
    ("keys borrowed", lines::borrow_key),
    ("kinds changed", lines::change_kind),
    ("sections merged", lines::merge_sections),
    ("deep nesting", lines::nest),
    ("cut short", lines::cut),
    ("line ends, BOM, NUL", lines::change_line_ends),
    ("files extended", layers::extend),
    ("profiles", layers::add_profiles),
    ("versions", layers::add_version),
    ("flags", layers::add_flag),
    ("variables", layers::add_variable),
    ("several at once", several),
];

/// The names of all kinds, in the order in which cases take turns.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    MUTATIONS.iter().map(|(name, _)| *name)
}

/// Case `number` of a run that was given `seed`, and the name of its kind.
pub(crate) fn case(corpus: &Corpus, seed: u64, number: u64) -> (&'static str, Case) {
    let mut random = Random::new(seed, number);
    let file = random.pick(&corpus.texts).clone().into_bytes();
    let case = Case {
        file,
        ..Case::default()
    };
    let mut draft = Draft { corpus, random, case };
    let (name, mutate) = MUTATIONS[(number % MUTATIONS.len() as u64) as usize];
    mutate(&mut draft);
    while draft.random.one_in(3) {
        mutate(&mut draft);
    }
    (name, draft.case)
}

/// From two to six mutations of any kind but this.
fn several(draft: &mut Draft<'_>) {
    for _ in 0..2 + draft.random.below(5) {
        let (_, mutate) = MUTATIONS[draft.random.below(MUTATIONS.len() - 1)];
        mutate(draft);
    }
}
