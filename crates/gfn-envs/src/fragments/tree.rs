//! Trees of blocks and their canonical form.
//!
//! Everything rests on one code, a 64-bit number: that of a block entered through a port stands for the whole tree as
//! seen from there, up to isomorphism. It is the least, over the symmetries of the block that put the port into the
//! place of its representative, of a hash of the block, that place and the codes beyond the other ports in turn. Codes
//! of equal value are taken for isomorphic trees; with 64 bits, a clash among 10^6 of them has a chance of 10^-7.

use gfn_chem::{Join, MAX_PORTS};

use super::vocabulary::{Block, NO_ARM, View, Vocabulary};

/// The most blocks in a tree.
pub(crate) const MAX_BLOCKS: usize = 16;

/// Words before the slots: the number of blocks, and whether the walk was stopped.
pub(crate) const HEADER: usize = 2;

/// Words of a slot: block, parent's slot, parent's port, own port, marks.
pub(crate) const SLOT: usize = 5;

/// In the marks of a slot, beside a bit for each port that a row of actions stands on: the block can be taken away.
pub(crate) const REMOVABLE: i32 = 1 << MAX_PORTS;

/// The code beyond an open port.
const OPEN: u64 = 0x9E37_79B9_7F4A_7C15;

pub(super) const NOBODY: u8 = u8::MAX;

fn mix(one: u64, two: u64) -> u64 {
    let product = u128::from(one ^ 0xA076_1D64_78BD_642F) * u128::from(two ^ 0xE703_7ED1_A0B4_28DB);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A block in a tree. The parent comes earlier among the nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) block: u32,
    pub(crate) parent: u8,
    pub(crate) parent_port: u8,
    pub(crate) port: u8,
}

impl Node {
    /// A root, its block still to be said.
    pub(crate) const NONE: Self = Self {
        block: 0,
        parent: NOBODY,
        parent_port: NOBODY,
        port: NOBODY,
    };
}

/// A tree of blocks, and once [`Tree::encode`] has run, its codes.
pub(crate) struct Tree<'a> {
    vocabulary: &'a Vocabulary,
    len: usize,
    nodes: [Node; MAX_BLOCKS],
    /// The node beyond each port.
    pub(super) neighbour: [[u8; MAX_PORTS]; MAX_BLOCKS],
    /// The port at which that node is entered.
    pub(super) far_port: [[u8; MAX_PORTS]; MAX_BLOCKS],
    /// The code beyond each port.
    beyond: [[u64; MAX_PORTS]; MAX_BLOCKS],
    /// The code of the tree with this node as its root.
    root_code: [u64; MAX_BLOCKS],
}

/// A tree that a leaf was taken from.
pub(crate) struct Cut<'a> {
    /// What is left.
    pub(crate) rest: Tree<'a>,
    /// The node in `rest` that the leaf hung on.
    pub(crate) node: usize,
    /// The port there.
    pub(crate) port: usize,
    /// The leaf's own port.
    pub(crate) leaf_port: usize,
}

impl<'a> Tree<'a> {
    /// No blocks yet.
    pub(crate) fn new(vocabulary: &'a Vocabulary) -> Self {
        Self {
            vocabulary,
            len: 0,
            nodes: [Node::NONE; MAX_BLOCKS],
            neighbour: [[NOBODY; MAX_PORTS]; MAX_BLOCKS],
            far_port: [[NOBODY; MAX_PORTS]; MAX_BLOCKS],
            beyond: [[OPEN; MAX_PORTS]; MAX_BLOCKS],
            root_code: [0; MAX_BLOCKS],
        }
    }

    /// The tree in the words of a state.
    pub(crate) fn decode(vocabulary: &'a Vocabulary, state: &[i32]) -> Self {
        let mut tree = Self::new(vocabulary);
        for slot in slots(state) {
            tree.push(Node {
                block: slot[0] as u32,
                parent: slot[1] as u8,
                parent_port: slot[2] as u8,
                port: slot[3] as u8,
            });
        }
        tree
    }

    pub(crate) fn node(&self, index: usize) -> Node {
        self.nodes[index]
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends a node that hangs on an earlier one.
    pub(crate) fn push(&mut self, node: Node) {
        let index = self.len;
        self.nodes[index] = node;
        self.len += 1;
        if node.parent != NOBODY {
            let (parent, port) = (node.parent as usize, node.parent_port as usize);
            self.neighbour[parent][port] = index as u8;
            self.far_port[parent][port] = node.port;
            self.neighbour[index][node.port as usize] = node.parent;
            self.far_port[index][node.port as usize] = node.parent_port;
        }
    }

    /// This tree without the leaf `index`.
    pub(crate) fn cut(&self, index: usize) -> Cut<'a> {
        let leaf_port = (0..MAX_PORTS)
            .find(|&port| self.neighbour[index][port] != NOBODY)
            .expect("a leaf of two blocks or more has a neighbour");
        let shifted = |node: u8| {
            if node != NOBODY && node as usize > index {
                node - 1
            } else {
                node
            }
        };
        let mut rest = Self::new(self.vocabulary);
        for node in (0..self.len)
            .filter(|&node| node != index)
            .map(|node| self.nodes[node])
        {
            // Without the root, its one child is the root.
            let orphan = node.parent as usize == index;
            let kept = Node {
                parent: shifted(node.parent),
                ..node
            };
            rest.push(if orphan {
                Node {
                    block: node.block,
                    ..Node::NONE
                }
            } else {
                kept
            });
        }
        let node = shifted(self.neighbour[index][leaf_port]) as usize;
        Cut {
            rest,
            node,
            port: self.far_port[index][leaf_port] as usize,
            leaf_port,
        }
    }

    pub(super) fn block(&self, node: usize) -> &'a Block {
        &self.vocabulary.blocks[self.nodes[node].block as usize]
    }

    /// Whether `node` may have been attached last: at most one block is attached to it, at a port by which it can be attached.
    pub(super) fn is_removable(&self, node: usize) -> bool {
        let ports = 0..MAX_PORTS;
        let mut used = ports.filter(|&port| self.neighbour[node][port] != NOBODY);
        match (used.next(), used.next()) {
            (Some(port), None) => self.block(node).arm[port] != NO_ARM,
            (None, _) => true,
            _ => false,
        }
    }

    /// Computes every code: first what hangs below each node, then what lies above it.
    pub(crate) fn encode(&mut self) {
        for index in (1..self.len).rev() {
            let node = self.nodes[index];
            let code = self.entry_code(index, node.port as usize);
            self.beyond[node.parent as usize][node.parent_port as usize] = code;
        }
        for index in 1..self.len {
            let node = self.nodes[index];
            self.beyond[index][node.port as usize] =
                self.entry_code(node.parent as usize, node.parent_port as usize);
        }
        for index in 0..self.len {
            let block = self.block(index);
            self.root_code[index] = self.least(index, &block.views, MAX_PORTS).0;
        }
    }

    /// The code of the tree entered at `port` of `node`.
    pub(crate) fn entry_code(&self, node: usize, port: usize) -> u64 {
        let block = self.block(node);
        self.least(node, &block.entries[port], block.representative[port] as usize)
            .0
    }

    /// The code of the tree rooted at `node`.
    pub(crate) fn root_code(&self, node: usize) -> u64 {
        self.root_code[node]
    }

    /// The view of `node` with the least code.
    pub(super) fn best_view(&self, node: usize, views: &'a [View], place: usize) -> &'a View {
        // Most blocks have but one.
        if views.len() == 1 {
            &views[0]
        } else {
            self.least(node, views, place).1
        }
    }

    /// The least code of `node` over `views`, where it is entered at `place` (or nowhere), and the view that gives it.
    fn least(&self, node: usize, views: &'a [View], place: usize) -> (u64, &'a View) {
        let seed = mix(u64::from(self.nodes[node].block) + 1, place as u64);
        let (ports, beyond) = (self.block(node).ports, &self.beyond[node]);
        let code = |view: &View| {
            let mut code = seed;
            for (at, &port) in view[..ports].iter().enumerate() {
                if at != place {
                    code = mix(code, beyond[port as usize]);
                }
            }
            code
        };
        let mut best = (code(&views[0]), &views[0]);
        for view in &views[1..] {
            let other = code(view);
            if other < best.0 {
                best = (other, view);
            }
        }
        best
    }
}

/// The slots of a state that hold blocks.
pub(crate) fn slots(state: &[i32]) -> impl Iterator<Item = &[i32]> {
    state[HEADER..].chunks_exact(SLOT).take(state[0] as usize)
}

/// The bonds between the blocks of a state.
pub(crate) fn joins(state: &[i32]) -> Vec<Join> {
    let joined = slots(state).enumerate().filter(|(_, slot)| slot[1] >= 0);
    joined
        .map(|(index, slot)| Join {
            pieces: (slot[1] as usize, index),
            ports: (slot[2] as usize, slot[3] as usize),
        })
        .collect()
}
