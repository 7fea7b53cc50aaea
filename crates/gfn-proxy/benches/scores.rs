//! How many molecules a second are scored, from SMILES and from graphs, on one thread and on two.
//!
//! The molecules are those of `shared/data/seh/proxy_reference.jsonl` (about 30 atoms each); without it there is nothing to
//! measure.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a benchmark"
)]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gfn_chem::MoleculeGraph;
use gfn_proxy::{Input, Precision, Scorer, SehProxy, Settings, Stems, Variant, Weights};
use serde_json::Value;

fn shared(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/seh")
        .join(name)
}

fn scores(criterion: &mut Criterion) {
    let Ok(weights) = Weights::load(&shared("proxy.safetensors"), None) else {
        eprintln!("skipped: {} is not there", shared("").display());
        return;
    };
    let text = std::fs::read_to_string(shared("proxy_reference.jsonl")).unwrap();
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let smiles: Vec<String> = rows.map(|row| row["smiles"].as_str().unwrap().into()).collect();
    let graphs: Vec<_> = smiles
        .iter()
        .map(|text| MoleculeGraph::parse(text).unwrap())
        .collect();
    let inputs: Vec<Input> = graphs
        .iter()
        .map(|graph| Input::new(graph, Stems::Open))
        .collect();

    let mut group = criterion.benchmark_group("seh-proxy");
    group.throughput(Throughput::Elements(smiles.len() as u64));
    group.sample_size(20);
    group.bench_function("graphs of SMILES", |bencher| {
        bencher.iter(|| {
            smiles
                .iter()
                .map(|text| MoleculeGraph::parse(text).unwrap().atoms.len())
                .sum::<usize>()
        });
    });
    let single = SehProxy::<f32>::new(&weights, Variant::Original);
    group.bench_function("graphs, f32, one thread", |bencher| {
        bencher.iter(|| single.scores(black_box(&inputs)));
    });
    let double = SehProxy::<f64>::new(&weights, Variant::Original);
    group.bench_function("graphs, f64, one thread", |bencher| {
        bencher.iter(|| double.scores(black_box(&inputs)));
    });
    for threads in [1, 2] {
        let settings = Settings {
            variant: Variant::Original,
            precision: Precision::F32,
            threads: NonZeroUsize::new(threads).unwrap(),
        };
        let scorer = Scorer::new(&weights, settings);
        group.bench_function(format!("SMILES, f32, {threads} threads"), |bencher| {
            bencher.iter(|| scorer.scores(black_box(&smiles), Stems::Open));
        });
    }
    group.finish();
}

criterion_group!(benches, scores);
criterion_main!(benches);
