//! What a batch costs, wherever the plugin runs: the reward itself is nearly free.
//!
//! `plain` is the same sum as a function of this program. The table at the end holds the middle times, and their ratios to it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may, and its macros write no documentation"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gfn_plugins::{Batch, Isolation, Options, Oracle, Program, Protocol, open_reward};

/// Words in an object.
const WORDS: usize = 16;

/// Objects in a batch.
const COUNTS: [usize; 3] = [1, 1_024, 65_536];

/// What is no plugin.
const PLAIN: &str = "plain";

fn library() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-sum.so");
    let mut command = Command::new("cc");
    command
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(here.join("benches/sum.c"));
    command.arg("-I").arg(here.join("../gfn-plugin-sdk/include"));
    command.status().ok()?.success().then_some(library)
}

fn opened(program: Program, isolation: Isolation) -> Oracle {
    let mut options = Options::new("sum", program, env!("CARGO_BIN_EXE_plugin-host"));
    options.isolation = isolation;
    open_reward(options).unwrap()
}

fn oracles() -> Vec<(&'static str, Oracle)> {
    let mut oracles = Vec::new();
    if let Some(path) = library() {
        let program = Program::Library {
            path,
            expected_hash: None,
        };
        oracles.push(("inline", opened(program.clone(), Isolation::Inline)));
        oracles.push(("process", opened(program, Isolation::Process)));
    }
    let has = |import: &str| {
        let asked = Command::new("python3").args(["-c", import]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    if has("") {
        oracles.push((
            "lines",
            opened(script("sum.py", Protocol::Lines), Isolation::Process),
        ));
        let name = if has("import numpy") { "numpy" } else { "python" };
        oracles.push((
            name,
            opened(script("frames.py", Protocol::Frames), Isolation::Process),
        ));
    }
    oracles
}

fn script(name: &str, protocol: Protocol) -> Program {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(name);
    Program::Command {
        words: vec!["python3".to_string(), script.display().to_string()],
        folder: ".".into(),
        protocol,
        code: Vec::new(),
        expected_hash: None,
    }
}

/// The reward as a function.
fn plain(words: &[i32]) -> Vec<f64> {
    let sum = |object: &[i32]| object.iter().map(|word| i64::from(*word)).sum::<i64>() as f64;
    words.chunks(WORDS).map(sum).collect()
}

fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batches");
    let oracles = oracles();
    for count in COUNTS {
        let words: Vec<i32> = (0..(count * WORDS) as i32).collect();
        let batch = Batch::States {
            words: &words,
            stride: WORDS,
        };
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(PLAIN, count), |bencher| {
            bencher.iter(|| plain(black_box(&words)));
        });
        for (place, oracle) in &oracles {
            group.bench_with_input(BenchmarkId::new(*place, count), &batch, |bencher, batch| {
                bencher.iter(|| oracle.score(black_box(batch)).unwrap());
            });
        }
    }
    group.finish();
    let places = oracles.iter().map(|(place, _)| *place);
    table(&std::iter::once(PLAIN).chain(places).collect::<Vec<_>>());
}

/// Prints what was measured, where all of it was.
fn table(places: &[&str]) {
    for place in places {
        let cells: Option<Vec<String>> = COUNTS.iter().map(|count| cell(place, *count)).collect();
        let Some(cells) = cells else { return };
        println!("| {place} | {} |", cells.join(" | "));
    }
}

fn cell(place: &str, count: usize) -> Option<String> {
    let (time, plain) = (middle(place, count)?, middle(PLAIN, count)?);
    Some(format!("{:.2} µs, × {:.1}", time / 1e3, time / plain))
}

/// The middle of the times of a batch in nanoseconds, where criterion has kept it.
fn middle(place: &str, count: usize) -> Option<f64> {
    // Beside the folder for temporary files, as criterion has it.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?;
    let file = target.join(format!("criterion/batches/{place}/{count}/new/estimates.json"));
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    kept["median"]["point_estimate"].as_f64()
}

criterion_group!(benches, batches);
criterion_main!(benches);
