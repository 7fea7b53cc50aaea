//! Vocabularies through the tables that the macro makes.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod host;

use gfn_plugin_sdk::{
    Block, Context, Description, Error, Plugin, Vocabulary, abi, export_vocabulary, json::Json, parameters,
};

parameters! {
    /// What the vocabulary can be told.
    struct Parameters {
        /// How many blocks there are.
        count: usize = 2, range(0..10);
    }
}

/// Chains of carbon.
struct Chains(usize);

impl Plugin for Chains {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description::new("chains", "0.1.0", "Chains of carbon.");

    fn create(parameters: Parameters, _: &Context) -> Result<Self, Error> {
        Ok(Self(parameters.count))
    }
}

impl Vocabulary for Chains {
    fn blocks(&self) -> Result<Vec<Block>, Error> {
        let chain =
            |length: usize| Block::new(format!("\"{length}\""), format!("[*:1]{}", "C".repeat(length)));
        match self.0 {
            0 => Err("no blocks".into()),
            count => Ok((1..=count).map(chain).collect()),
        }
    }
}

export_vocabulary!(Chains);

#[test]
fn blocks_are_listed_as_json() {
    let loaded = host::enter(gfn_plugin_entry_v1).unwrap();
    assert!(loaded.reward.is_none() && loaded.environment.is_none());
    assert_eq!(loaded.description.member("input"), None);
    let table = loaded.vocabulary.unwrap();
    let chains = host::Vocabulary::make(table, r#"{"count": 3}"#).unwrap();
    assert_eq!(chains.count(), 3);
    let last = Json::read(r#"{"name": "\"3\"", "smiles": "[*:1]CCC"}"#);
    assert_eq!(chains.block(2).ok(), last.ok());
    assert_eq!(chains.block(3), Err((abi::FAILED, "block 3 of 3".into())));
}

#[test]
fn a_vocabulary_without_blocks_says_why() {
    let table = host::enter(gfn_plugin_entry_v1).unwrap().vocabulary.unwrap();
    let none = host::Vocabulary::make(table, r#"{"count": 0}"#);
    assert_eq!(none.err(), Some((abi::FAILED, "no blocks".into())));
}
