//! However the parts of a checkpoint are spoiled, a run that is to go on from them ends with an answer. What a checkpoint's
//! hashes keep out is let in here on purpose.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

#[path = "../../../tests/support/random.rs"]
mod random;

use std::path::PathBuf;

use gfn_config::Tree;
use gfn_learn::device;
use gfn_learn::model::Model;
use gfn_record::checkpoint::{Key, Loaded};
use gfn_registry::{Experiment, assemble};
use gfn_runner::measure::Measurer;
use gfn_runner::state::{self, Counters, Record};
use gfn_runner::train::Trainer;
use gfn_runner::{RunError, changes};
use random::{Random, spoil};

const FILE: &str = r#"
    [environment]
    kind = "hypergrid"
    height = 4
    [reward]
    kind = "hypergrid"
    [network]
    hidden = 8
    [loss]
    kind = "trajectory-balance"
    [sampler]
    kind = "replay"
    [evaluation]
    samples = 4
    window = 20
"#;

const MANIFEST: &str = r#"{
  "format": 1, "gfn": "0.1.0", "libtorch": "2.11.0", "name": "test", "seed": 7, "status": "running", "experiment": "test.toml",
  "data": [{"path": "blocks.json", "sha256": "ba7816bf8f01cfea"}], "resolved_sha256": "ba78", "device": "cpu", "threads": 1,
  "processor": "x", "parameters": 12, "started": 1700000000, "steps": 3
}"#;

/// What a run does with a checkpoint before it goes on: what made it is compared with what goes on, then the state is read.
fn go_on(
    checkpoint: &Loaded,
    record: &Record,
    trainer: &mut Trainer<'_>,
    measurer: &mut Measurer<'_>,
) -> Result<Counters, String> {
    let (manifest, resolved) = state::record(checkpoint)?;
    changes::between(&manifest, &record.manifest, &resolved, &record.resolved)
        .map_err(|error| format!("resolved.toml: {error}"))?;
    state::restore(checkpoint, trainer, measurer).map_err(|error: RunError| error.to_string())
}

#[test]
fn spoiled_checkpoints_have_answers() {
    let experiment = Experiment::read(Tree::parse("test.toml", FILE).unwrap(), PathBuf::new()).unwrap();
    let parts = assemble(&experiment).unwrap();
    let cpu = device::find("cpu").unwrap();
    let model = Model::new(&parts.model, parts.environment.spec(), 0, cpu).unwrap();
    let mut trainer = Trainer::new(&parts, model, 0, 4);
    let mut measurer = Measurer::new(&parts, &experiment.evaluation).unwrap();
    for _ in 0..3 {
        trainer.update().unwrap();
        measurer.visit(&trainer);
    }
    let counters = Counters {
        format: state::FORMAT,
        step: 3,
        ..Counters::default()
    };
    let table = experiment.to_table(parts.loss.needs());
    let record = Record {
        manifest: serde_json::from_str(MANIFEST).unwrap(),
        resolved: toml::to_string(&table).unwrap(),
    };
    let whole = Loaded {
        path: "run.ckpt".into(),
        key: Key {
            generation: 1,
            step: 3,
        },
        parts: state::save(&trainer, &mut measurer, &counters, &record).unwrap(),
    };
    let mut refused = 0;
    for number in 0..3_000 {
        let mut random = Random::new(9, number);
        let mut spoiled = whole.clone();
        let part = number as usize % spoiled.parts.len();
        (0..=random.below(2)).for_each(|_| spoil(&mut random, &mut spoiled.parts[part].bytes));
        match go_on(&spoiled, &record, &mut trainer, &mut measurer) {
            Err(error) => {
                refused += 1;
                assert!(
                    error.contains(&spoiled.parts[part].name),
                    "case {number}: {error}"
                );
            }
            // A run that has taken more updates than it has is refused before.
            Ok(counters) if counters.step < 1_000_000 => {
                // Weights may have become anything; that an update fails is an answer, too.
                if trainer.update().is_ok() {
                    measurer.visit(&trainer);
                }
            }
            Ok(_) => {}
        }
    }
    assert!((1_000..2_900).contains(&refused), "{refused}");
}
