//! Block vocabularies: the pieces that molecules are assembled from.

use crate::json::quoted;
use crate::{Error, Plugin};

/// A list of blocks.
pub trait Vocabulary: Plugin {
    /// The blocks, the same ones in the same order every time. Asked once.
    ///
    /// # Errors
    /// Why there are none.
    fn blocks(&self) -> Result<Vec<Block>, Error>;
}

/// A piece of a molecule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// A name that no other block has.
    pub name: String,
    /// SMILES in which the attachment points are the atoms `[*:1]`, `[*:2]`, …, with a single bond each.
    pub smiles: String,
}

impl Block {
    /// A block with a name and a SMILES.
    pub fn new(name: impl Into<String>, smiles: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            smiles: smiles.into(),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        format!(
            "{{\"name\": {}, \"smiles\": {}}}",
            quoted(&self.name),
            quoted(&self.smiles)
        )
    }
}
