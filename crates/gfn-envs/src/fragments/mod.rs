//! Molecules assembled block by block: a block is attached at an open stem, until the walk stops.
//!
//! A state is an unordered tree of blocks whose edges join port to port. Two trees that some isomorphism, symmetries of
//! the blocks included, takes into each other are one state with one sequence of words (module `tree` says how). Stems
//! that a symmetry of the whole state takes into each other share one row of actions, and leaves alike share one
//! backward action, so that each action leads to a result of its own. (Bengio et al. 2021, arXiv 2106.04399; unlike the
//! code of that paper, which keeps blocks in order and symmetric stems apart.)

mod bengio2021;
mod environment;
mod error;
mod form;
mod json;
mod reader;
mod tree;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::path::Path;

use gfn_chem::{Fragment, Join, Molecule};
use gfn_core::{Actions, Anchor, EnvironmentSpec, ItemsView, ObjectKind, Rows, View};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::{FragmentsError, Mistake};
pub use vocabulary::{DRUGLIKE, Vocabulary};

use tree::{HEADER, MAX_BLOCKS, Node, SLOT, Tree, joins, slots};

/// Builds molecules from blocks: each step attaches one block to an open attachment point, or stops.
///
/// A vocabulary lists blocks with numbered attachment points. The first action picks a block; each later one picks an
/// open point of the molecule and a way to attach a block there. Stopping is possible from `min_blocks` blocks on, and
/// a molecule of `max_blocks` blocks, or without an open point, is finished of itself. Points that stay open become
/// hydrogens.
///
/// States are unordered trees of blocks: the order of assembly leaves no trace, and points or blocks that are alike by
/// symmetry count once, so the graph of states is exact: trees are drawn in proportion to their reward. A molecule that
/// several trees of blocks make (as chains of carbons do) is drawn as often as all of them. Going back, any block with at most one neighbour can be taken away.
///
/// A vocabulary of your own is a JSON file `{"name": "...", "blocks": [{"name": "phenyl", "smiles":
/// "[*:1]c1ccc([*:2])cc1"}, ...]}`; `[*:n]` marks attachment points, each for one single bond.
///
/// With `variant = "bengio2021"` the file is that of the paper's code, and so are the rules: which atoms take blocks, how many, and
/// by which a block is attached. Unlike there, what symmetry makes the same is one state and one action, and every way back is
/// the reverse of a way there.
///
/// Reference: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate
/// generation", arXiv 2106.04399.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The blocks: `druglike` (built in) or the path of a JSON file.
    pub vocabulary: String,
    /// What the vocabulary's file looks like, and by which points its blocks can be attached.
    pub variant: Variant,
    /// The fewest blocks that a molecule can have.
    #[schemars(range(min = 1, max = 16), extend("x-unit" = "blocks"))]
    pub min_blocks: usize,
    /// The most blocks that a molecule can have.
    #[schemars(range(min = 1, max = 16), extend("x-unit" = "blocks"))]
    pub max_blocks: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            vocabulary: vocabulary::DRUGLIKE.into(),
            variant: Variant::Ports,
            min_blocks: 2,
            max_blocks: 8,
        }
    }
}

/// What the vocabulary's file looks like, and by which points its blocks can be attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Blocks with numbered attachment points, each of which can be joined to any other.
    #[default]
    Ports,
    /// The file of the paper's code, `blocks_PDB_105.json`: an entry is a molecule and a list of its atoms, by the first of which it
    /// is attached. Entries are the ways to attach a block, in the file's order. Take 2 to 8 blocks for the paper's molecules.
    Bengio2021,
}

/// Molecules assembled from blocks; [`Params`] says how.
#[derive(Clone, Debug)]
pub struct Fragments {
    spec: EnvironmentSpec,
    vocabulary: Vocabulary,
    min_blocks: usize,
    max_blocks: usize,
}

impl Fragments {
    /// The environment that `params` ask for; a vocabulary's relative path starts at `base`.
    ///
    /// # Errors
    /// [`FragmentsError`] names the parameter, or the file, the block and what is wrong.
    pub fn new(params: &Params, base: &Path) -> Result<Self, FragmentsError> {
        check_bounds(params)?;
        let vocabulary = match params.variant {
            Variant::Ports => Vocabulary::load(&params.vocabulary, base)?,
            Variant::Bengio2021 => Vocabulary::load_bengio2021(&params.vocabulary, base)?,
        };
        Self::with_vocabulary(vocabulary, params)
    }

    /// The environment of a vocabulary that is at hand; `params.vocabulary` only names it in errors.
    ///
    /// # Errors
    /// [`FragmentsError`] where the bounds in `params` are wrong.
    pub fn with_vocabulary(vocabulary: Vocabulary, params: &Params) -> Result<Self, FragmentsError> {
        check_bounds(params)?;
        let (min_blocks, max_blocks) = (params.min_blocks, params.max_blocks);
        if min_blocks > 2 && vocabulary.most_ports() < 2 {
            return Err(FragmentsError::OutOfReach {
                file: params.vocabulary.clone(),
                least: min_blocks,
            });
        }
        let mut initial = vec![-1; HEADER + SLOT * max_blocks];
        initial[..HEADER].fill(0);
        initial[HEADER..]
            .chunks_exact_mut(SLOT)
            .for_each(|slot| slot[4] = 0);
        let spec = EnvironmentSpec {
            name: "fragments",
            initial,
            actions: Actions::of_rows(
                1,
                most_rows(vocabulary.most_ports(), max_blocks),
                Rows {
                    anchor: Anchor::Item,
                    width: vocabulary.arm_count(),
                    kinds: vocabulary.port_count + 1,
                },
            ),
            backward_actions: Actions::of_rows(
                0,
                max_blocks,
                Rows {
                    anchor: Anchor::Item,
                    width: 1,
                    kinds: 1,
                },
            ),
            stop: Some(0),
            most_steps: max_blocks,
            views: vec![View::Items(ItemsView {
                // A block, or the place of the first one.
                fields: vec![vocabulary.block_count() + 1],
                numbers: 0,
                // The ports at the end that an edge leaves and at the one that it enters.
                edge_fields: vec![vocabulary.port_count; 2],
                is_sequence: false,
                most: max_blocks,
            })],
            objects: ObjectKind::Molecule,
        };
        Ok(Self {
            spec,
            vocabulary,
            min_blocks,
            max_blocks,
        })
    }

    /// The blocks.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The state, not stopped, of these blocks joined in this way; `None` where it has more blocks than are allowed, or they are not
    /// one tree. Each join must name an earlier piece first, and a port that no other join uses.
    pub fn state(&self, blocks: &[usize], joins: &[Join]) -> Option<Vec<i32>> {
        let mut tree = Tree::new(&self.vocabulary);
        if blocks.is_empty() || blocks.len() > self.max_blocks || joins.len() + 1 != blocks.len() {
            return None;
        }
        for (index, &block) in blocks.iter().enumerate() {
            let mut to_earlier = joins.iter().filter(|join| join.pieces.1 == index);
            let node = match (index, to_earlier.next(), to_earlier.next()) {
                (0, None, _) => Node::NONE,
                (_, Some(join), None) if join.pieces.0 < index => Node {
                    parent: join.pieces.0 as u8,
                    parent_port: join.ports.0 as u8,
                    port: join.ports.1 as u8,
                    ..Node::NONE
                },
                _ => return None,
            };
            tree.push(Node {
                block: block as u32,
                ..node
            });
        }
        let mut words = self.spec.initial.clone();
        self.settle(&mut tree, &mut words);
        Some(words)
    }

    /// The molecule that `state` stands for, with a hydrogen at each open stem; no atoms where it has no blocks.
    pub fn molecule(&self, state: &[i32]) -> Molecule {
        Fragment::assemble(&self.pieces(state), &joins(state))
    }

    fn pieces(&self, state: &[i32]) -> Vec<&Fragment> {
        slots(state)
            .map(|slot| &self.vocabulary.blocks[slot[0] as usize].fragment)
            .collect()
    }
}

fn check_bounds(params: &Params) -> Result<(), FragmentsError> {
    for (name, value) in [
        ("min_blocks", params.min_blocks),
        ("max_blocks", params.max_blocks),
    ] {
        if !(1..=MAX_BLOCKS).contains(&value) {
            return Err(FragmentsError::Range {
                name,
                value,
                most: MAX_BLOCKS,
            });
        }
    }
    if params.min_blocks > params.max_blocks {
        return Err(FragmentsError::Bounds {
            least: params.min_blocks,
            most: params.max_blocks,
        });
    }
    Ok(())
}

/// The most open stems of a state that is not finished.
fn most_rows(most_ports: usize, max_blocks: usize) -> usize {
    (1..max_blocks)
        .map(|blocks| (blocks * most_ports + 2).saturating_sub(2 * blocks))
        .max()
        .unwrap_or(1)
        .max(1)
}
