//! Random molecules of the built-in vocabulary, as CSV on standard output, with the speed of walking and describing on
//! standard error: `cargo run --release -p gfn-envs --example fragments -- 1000 8` for a thousand of eight blocks.

use std::path::Path;
use std::time::Instant;

use gfn_core::{Environment, Mask, Purpose, Stream};
use gfn_envs::fragments::{Fragments, Params};

fn main() {
    let argument = |place, default| {
        std::env::args()
            .nth(place)
            .and_then(|word| word.parse().ok())
            .unwrap_or(default)
    };
    let count = argument(1, 1000);
    let params = Params {
        min_blocks: argument(2, 2),
        ..Params::default()
    };
    let environment = Fragments::new(&params, Path::new("")).expect("the built-in vocabulary is right");
    let vocabulary = environment.vocabulary();
    report(&format!(
        "{} blocks, {} ways to attach one",
        vocabulary.block_count(),
        vocabulary.arm_count()
    ));
    let (states, steps, seconds) = walk(&environment, count);
    report(&format!(
        "{steps} steps with masks: {:.0} a second",
        steps as f64 / seconds
    ));
    let start = Instant::now();
    let smiles: Vec<String> = states.iter().map(|state| environment.describe(state)).collect();
    report(&format!(
        "{count} SMILES: {:.0} a second",
        count as f64 / start.elapsed().as_secs_f64()
    ));
    use std::io::Write;
    let mut out = gfn_text::stdout();
    writeln!(out, "object").expect("standard output is open");
    for line in smiles {
        writeln!(out, "{line}").expect("standard output is open");
    }
}

fn report(line: &str) {
    use std::io::Write;
    writeln!(gfn_text::stderr(), "{line}").expect("standard error is open");
}

/// Finished states of random walks, the steps taken and the seconds spent.
fn walk(environment: &Fragments, count: usize) -> (Vec<Vec<i32>>, usize, f64) {
    let mut stream = Stream::new(0, Purpose::Test, 0);
    let (mut mask, mut states, mut steps) = (Mask::default(), Vec::with_capacity(count), 0);
    let start = Instant::now();
    for _ in 0..count {
        let mut state = environment.spec().initial.clone();
        let mut next = state.clone();
        loop {
            environment.forward_mask(&state, &mut mask);
            // Any legal action, by trial: the mask is dense but for the source.
            if mask.none() {
                break;
            }
            let action = loop {
                let action = stream.below(mask.len());
                if mask.allows(action) {
                    break action;
                }
            };
            environment.step(&state, action, &mut next);
            std::mem::swap(&mut state, &mut next);
            steps += 1;
        }
        states.push(state);
    }
    (states, steps, start.elapsed().as_secs_f64())
}
