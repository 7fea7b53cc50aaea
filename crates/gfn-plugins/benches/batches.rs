//! What a batch costs, wherever the plugin runs: the reward itself is nearly free.
#![allow(
    clippy::unwrap_used,
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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sum.py");
    if Command::new("python3").arg("--version").output().is_ok() {
        let words = vec!["python3".to_string(), script.display().to_string()];
        let program = Program::Command {
            words,
            folder: ".".into(),
            protocol: Protocol::Lines,
            code: Vec::new(),
            expected_hash: None,
        };
        oracles.push(("lines", opened(program, Isolation::Process)));
    }
    oracles
}

fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batches");
    for (place, oracle) in oracles() {
        for count in [1, 1_024, 65_536] {
            let words: Vec<i32> = (0..(count * WORDS) as i32).collect();
            let batch = Batch::States {
                words: &words,
                stride: WORDS,
            };
            group.throughput(Throughput::Elements(count as u64));
            group.bench_with_input(BenchmarkId::new(place, count), &batch, |bencher, batch| {
                bencher.iter(|| oracle.score(black_box(batch)).unwrap());
            });
        }
    }
}

criterion_group!(benches, batches);
criterion_main!(benches);
