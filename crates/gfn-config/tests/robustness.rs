//! Whatever the text, there is an answer with a place, and never a panic.

mod common;

use common::problems_of;
use gfn_config::{Problems, Tree};

const SAMPLE: &str = r#"# an experiment
name = "mol-äö"
seed = 0

[loss]
kind = "flow-matching"   # the only one
epsilon = 2.5e-5
terminal_weight = 10.0

[training]
steps = 5_000
batch_size = 16
precision = "f32"
deterministic = true
seeds = [0, 1, 2]
schedule = { kind = "exponential", half_life = 100 }
layers = [1, 2]
hidden = [128, 0x80]
device = 'cuda:1'
labels.a = 1
labels."b c" = 2.5

[[training.milestones]]
step = 10
name = """late"""

[[training.milestones]]
step = 20
"#;

/// A small generator of our own, so that a failure is found again from its number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\\",
    "\\u00e4",
    "\0",
    "\u{1b}[31m",
    "é",
    "日本",
    "\u{feff}",
    "nan",
    "inf",
    "-",
    "+",
    "_",
    "0x",
    "1e999",
    "-1",
    "0",
    "99999999999999999999",
    "1979-05-27",
    "07:32",
    "true",
    "kind",
    "steps",
    "training",
    "loss",
    "null",
    "a.b.c",
    "[]",
    "{}",
    "[loss]",
    "[training]\n",
];

fn mutated(random: &mut Random) -> String {
    let mut letters: Vec<char> = SAMPLE.chars().collect();
    for _ in 0..=random.below(4) {
        if letters.is_empty() {
            break;
        }
        let at = random.below(letters.len());
        let length = random.below(12).min(letters.len() - at);
        match random.below(5) {
            0 => drop(letters.drain(at..at + length)),
            1 => letters.truncate(at.max(1)),
            2 => {
                let copy: Vec<char> = letters[at..at + length].to_vec();
                let to = random.below(letters.len());
                letters.splice(to..to, copy);
            }
            3 => {
                let last = letters.len() - 1;
                letters.swap(at, (at + length).min(last));
            }
            _ => {
                let piece = random.pick(PIECES);
                letters.splice(at..at, piece.chars());
            }
        }
    }
    letters.into_iter().collect()
}

/// Every problem has a place within its source and is shown with it.
fn assert_placed(problems: &Problems, case: &str) {
    for problem in problems.iter() {
        let origin = problem
            .origin
            .as_ref()
            .unwrap_or_else(|| panic!("{problem:?} has no place: {case:?}"));
        let source = problems
            .sources()
            .get(origin.source)
            .expect("the source is known");
        assert!(origin.span.end <= source.text.len(), "{problem:?}: {case:?}");
        assert!(
            source.text.get(origin.span.clone()).is_some(),
            "{problem:?} splits a character: {case:?}"
        );
        assert!(
            !problem.message.is_empty() && !problem.message.contains('\n'),
            "{problem:?}: {case:?}"
        );
    }
    let text = problems.to_string();
    assert!(text.contains(" --> ") || text.is_empty(), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\0'), "{text:?}");
}

fn problems_with(text: &str, sets: &[String]) -> Problems {
    match Tree::parse_with("exp.toml", text, [], sets) {
        Ok(tree) => tree.problems(problems_of(&tree)),
        Err(problems) => problems,
    }
}

#[test]
fn the_sample_is_right() {
    assert_eq!(problems_with(SAMPLE, &[]).to_string(), "");
}

#[test]
fn mutated_files_never_panic_and_every_problem_has_a_place() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut wrong = 0;
    for _ in 0..20_000 {
        let text = mutated(&mut random);
        let problems = problems_with(&text, &[]);
        assert_placed(&problems, &text);
        wrong += usize::from(!problems.is_empty());
    }
    assert!(wrong > 8_000, "the mutations hardly break anything: {wrong}");
}

#[test]
fn mutated_flags_never_panic_and_every_problem_has_a_place() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let flags = [
        "training.steps=5",
        "loss.epsilon = 1e-3",
        "training.schedule={kind=\"constant\"}",
        "a.\"b.c\"=[1]",
    ];
    for _ in 0..20_000 {
        let mut flag: Vec<char> = random.pick(&flags).chars().collect();
        for _ in 0..=random.below(2) {
            let at = random.below(flag.len());
            let end = (at + random.below(4)).min(flag.len());
            let piece = random.pick(PIECES);
            flag.splice(at..end, piece.chars());
        }
        let flag: String = flag.into_iter().collect();
        let problems = problems_with(SAMPLE, std::slice::from_ref(&flag));
        assert_placed(&problems, &flag);
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let key = vec!["a"; 79].join(".");
    let many = 100_000;
    for text in [
        format!("a = {}", "[".repeat(many)),
        format!("a = {}{}", "[".repeat(many), "]".repeat(many)),
        format!("a = {}1", "{a=".repeat(many)),
        format!("{} = 1", vec!["a"; many].join(".")),
        format!("[{}]", vec!["a"; many].join(".")),
        format!("[{key}]\n{}q=1{}", format!("{key}={{").repeat(79), "}".repeat(79)),
        "[".repeat(many),
    ] {
        let problems = problems_with(&text, &[]);
        assert!(!problems.is_empty());
        assert_placed(&problems, &text[..20]);
        assert!(problems.to_string().len() < 2_000);
        let flag = format!("a={}", text.split_once('=').map_or("", |(_, value)| value));
        assert_placed(&problems_with("", &[flag]), &text[..20]);
    }
    let path = vec!["a"; many].join(".") + "=1";
    assert_placed(&problems_with("", &[path]), "a long path");
}

#[test]
fn every_shortened_file_has_an_answer() {
    for (end, _) in SAMPLE.char_indices() {
        let text = &SAMPLE[..end];
        assert_placed(&problems_with(text, &[]), text);
        let windows = text.replace('\n', "\r\n");
        assert_placed(&problems_with(&windows, &[]), &windows);
    }
}

#[test]
fn large_files_full_of_mistakes_are_answered_soon() {
    let started = std::time::Instant::now();
    let unknown: String = (0..80_000).map(|index| format!("key{index} = 1\n")).collect();
    for text in [
        "a\n".repeat(1 << 19),
        "]".repeat(1 << 20),
        "a=1\n".repeat(1 << 18),
        "\"".repeat(1 << 20),
        unknown,
    ] {
        let problems = problems_with(&text, &[]);
        assert_placed(&problems, &text[..20]);
        assert!(problems.to_string().len() < 100_000);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn what_is_not_shown_is_counted() {
    let text: String = (0..103).map(|index| format!("key{index} = 1\n")).collect();
    let problems = problems_with(&text, &[]);
    assert_eq!(problems.len(), 103);
    assert!(problems.to_string().ends_with("\n\nerror: 3 more of these\n"));
}
