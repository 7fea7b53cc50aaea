//! What the tests share: small environments, all their states as a network sees them, and random numbers.
#![allow(dead_code, reason = "every test binary uses its own part")]

pub(crate) mod drawing;

use std::path::Path;
use std::sync::Arc;

use gfn_core::exact::StateGraph;
use gfn_core::{Environment, Needs, Observation, Purpose, Stream};
use gfn_envs::fragments::{self, Fragments, Vocabulary};
use gfn_envs::hypergrid::{self, Hypergrid};
use gfn_learn::model::{BackwardPolicy, Model, ModelParams};
use gfn_learn::networks::message_passing::Normalization;
use gfn_learn::networks::{Architecture, message_passing, mlp};
use gfn_learn::optimizer::AdamParams;
use tch::Device;

/// A grid.
pub(crate) fn grid(dimensions: usize, height: usize) -> Hypergrid {
    Hypergrid::new(&hypergrid::Params {
        dimensions,
        height,
        ..hypergrid::Params::default()
    })
}

/// Molecules of at most three blocks: a branch, a linker whose ends differ, and a cap.
pub(crate) fn molecules() -> Fragments {
    let text = r#"{"name": "tiny", "blocks": [
        {"name": "branch", "smiles": "[*:1]C([*:2])[*:3]"},
        {"name": "linker", "smiles": "[*:1]CO[*:2]"},
        {"name": "cap", "smiles": "[*:1]F"}
    ]}"#;
    let vocabulary = Vocabulary::parse(text, "tiny.json").unwrap();
    let params = fragments::Params {
        min_blocks: 1,
        max_blocks: 3,
        ..fragments::Params::default()
    };
    Fragments::with_vocabulary(vocabulary, &params).unwrap()
}

/// Every state in which something is left to choose, one after another.
pub(crate) fn open_states(environment: &dyn Environment) -> Vec<Vec<i32>> {
    let graph = StateGraph::build(environment, 100_000).unwrap();
    let finished: Vec<usize> = graph.finished().iter().map(|&state| state as usize).collect();
    (0..graph.len())
        .filter(|state| !finished.contains(state))
        .map(|state| graph.state(state).to_vec())
        .collect()
}

/// What a network sees of the states.
pub(crate) fn observe(environment: &dyn Environment, states: &[Vec<i32>]) -> Observation {
    let mut observation = Observation::new(environment.spec(), 0);
    environment.observe_all(0, &states.concat(), &mut observation);
    observation
}

/// Normal random numbers.
pub(crate) fn normal(stream: u64, count: usize) -> Vec<f64> {
    let mut stream = Stream::new(1, Purpose::Test, stream);
    (0..count).map(|_| stream.normal()).collect()
}

/// A small perceptron.
pub(crate) fn perceptron() -> Arc<dyn Architecture> {
    Arc::new(mlp::Params {
        hidden: 16,
        ..mlp::Params::default()
    })
}

/// A small message-passing network.
pub(crate) fn messages() -> Arc<dyn Architecture> {
    Arc::new(message_passing::Params {
        hidden: 12,
        layers: 2,
        normalization: Normalization::Layer,
    })
}

/// A model with a state flow and a backward policy on the CPU.
pub(crate) fn model(
    environment: &dyn Environment,
    network: Arc<dyn Architecture>,
    backward: BackwardPolicy,
    seed: u64,
) -> Model {
    let needs = Needs {
        backward_policy: true,
        state_flow: true,
        log_z: true,
        ..Needs::default()
    };
    let params = ModelParams {
        network,
        backward,
        needs,
        optimizer: AdamParams::default(),
    };
    Model::new(&params, environment.spec(), seed, Device::Cpu).unwrap()
}

/// Writes a file into a folder; returns its path.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
