//! Plugins with blocks, and structs of other versions.

use gfn_plugins::{Isolation, Kind, PluginError, blocks, describe, open_reward};
use serde_json::json;

use crate::support::{library, states};

#[test]
fn all_blocks_are_given_in_their_order() {
    let Some(mut options) = library("blocks", &[]) else {
        return;
    };
    assert_eq!(blocks(options.clone()).unwrap().len(), 3);
    options.parameters = json!({"count": 2_000});
    let blocks = blocks(options).unwrap();
    assert_eq!(blocks.len(), 2_000);
    for (index, block) in blocks.iter().enumerate() {
        assert_eq!(
            block["name"].as_str().unwrap().trim_end(),
            format!("block {index}")
        );
        assert_eq!(block["smiles"], "[*:1]C[*:2]");
    }
}

#[test]
fn blocks_that_are_not_there_are_an_error() {
    let Some(mut options) = library("blocks", &[]) else {
        return;
    };
    for (count, part) in [
        (5_000, "that block is broken"),
        (1_000_000_000_000_u64, "says that it has"),
    ] {
        options.parameters = json!({"count": count});
        let error = blocks(options.clone()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_plugin_is_taken_for_what_it_is() {
    let Some(mut options) = library("blocks", &[]) else {
        return;
    };
    assert_eq!(describe(&options).unwrap().kinds, [Kind::Vocabulary]);
    for isolation in [Isolation::Process, Isolation::Inline] {
        options.isolation = isolation;
        let error = open_reward(options.clone()).err().unwrap();
        assert!(matches!(error, PluginError::Unsuitable { .. }), "{error}");
        assert!(
            error.to_string().contains("is no reward but a vocabulary"),
            "{error}"
        );
    }
}

#[test]
fn structs_of_other_minor_versions_are_understood() {
    for version in ["SHORTER", "LONGER"] {
        let Some(mut options) = library("sizes", &[version]) else {
            return;
        };
        assert_eq!(describe(&options).unwrap().kinds, [Kind::Reward]);
        for isolation in [Isolation::Process, Isolation::Inline] {
            options.isolation = isolation;
            let oracle = open_reward(options.clone()).unwrap();
            assert_eq!(states(&oracle, &[0, 3, 0, 4]).log_reward, [3.0, 4.0], "{version}");
        }
    }
}

#[test]
fn a_table_that_is_too_short_is_refused() {
    let Some(mut options) = library("sizes", &["TOO_SHORT"]) else {
        return;
    };
    for isolation in [Isolation::Process, Isolation::Inline] {
        options.isolation = isolation;
        let error = open_reward(options.clone()).err().unwrap().to_string();
        assert!(
            error.contains("its table has no `destroy`, or is too short for it"),
            "{error}"
        );
    }
}
