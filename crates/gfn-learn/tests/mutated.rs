//! However saved weights and the optimizer's saved state are spoiled, reading them ends with an answer.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;
#[path = "../../../tests/support/random.rs"]
mod random;

use common::{grid, perceptron};
use gfn_learn::model::{BackwardPolicy, Model};
use gfn_learn::{moments, weights};
use random::{Random, spoil};

/// Two small networks and a log Z.
fn model() -> Model {
    common::model(
        &grid(2, 3),
        perceptron(),
        BackwardPolicy::Learned(perceptron()),
        1,
    )
}

/// Bytes changed a few times: half of the time in the first of them, where names, shapes and offsets are.
fn spoiled(bytes: &[u8], number: u64) -> Vec<u8> {
    let mut random = Random::new(3, number);
    let at = if random.one_in(2) {
        bytes.len()
    } else {
        600.min(bytes.len())
    };
    let (head, rest) = bytes.split_at(at);
    let mut head = head.to_vec();
    (0..=random.below(3)).for_each(|_| spoil(&mut random, &mut head));
    [&head, rest].concat()
}

/// Reads spoiled bytes many times over and counts what is refused.
fn refusals(
    model: &mut Model,
    bytes: &[u8],
    restore: impl Fn(&mut Model, &[u8]) -> Result<(), String>,
) -> usize {
    let refused = |number: &u64| {
        let spoiled = spoiled(bytes, *number);
        let refusal = restore(model, &spoiled).err();
        assert!(
            refusal.as_ref().is_none_or(|why| !why.is_empty()),
            "case {number}"
        );
        refusal.is_some()
    };
    (0..3_000).filter(refused).count()
}

#[test]
fn spoiled_weights_have_answers() {
    let mut model = model();
    let bytes = weights::to_bytes(&model).unwrap();
    let refused = refusals(&mut model, &bytes, weights::restore);
    assert!(refused > 1_500, "{refused}");
    weights::restore(&mut model, &bytes).unwrap();
    assert_eq!(weights::to_bytes(&model).unwrap(), bytes);
}

#[test]
fn spoiled_moments_have_answers() {
    let mut model = model();
    let bytes = moments::to_bytes(&model.optimizer).unwrap();
    let refused = refusals(&mut model, &bytes, |model, bytes| {
        moments::restore(&mut model.optimizer, bytes)
    });
    assert!(refused > 1_500, "{refused}");
    moments::restore(&mut model.optimizer, &bytes).unwrap();
    assert_eq!(moments::to_bytes(&model.optimizer).unwrap(), bytes);
}
