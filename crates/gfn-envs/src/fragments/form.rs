//! Writing a tree's canonical form: depth first from the node with the least code, each block turned by the symmetry
//! that gives its least code, ports in order. Where two choices tie they are alike, and give the same words.

use gfn_chem::MAX_PORTS;

use super::tree::{HEADER, MAX_BLOCKS, NOBODY, REMOVABLE, SLOT, Tree};
use super::vocabulary::View;

/// Distinct codes in the order in which they were met: an orbit each.
pub(crate) struct Orbits {
    len: usize,
    codes: [u64; MAX_BLOCKS * MAX_PORTS],
}

impl Orbits {
    fn new() -> Self {
        Self {
            len: 0,
            codes: [0; MAX_BLOCKS * MAX_PORTS],
        }
    }

    /// Whether `code` is the first of its orbit.
    fn insert(&mut self, code: u64) -> bool {
        let new = self.position(code).is_none();
        if new {
            self.codes[self.len] = code;
            self.len += 1;
        }
        new
    }

    pub(crate) fn position(&self, code: u64) -> Option<usize> {
        self.codes[..self.len].iter().position(|&other| other == code)
    }
}

/// The canonical order of a tree's nodes.
struct Form {
    len: usize,
    node: [u8; MAX_BLOCKS],
    view: [View; MAX_BLOCKS],
}

impl Tree<'_> {
    /// Writes the canonical form to `words`, rows of actions marked if the tree is `open` to more blocks; returns the
    /// orbits of open ports (none if not `open`) and of leaves. [`Tree::encode`] must have run.
    pub(crate) fn write(&self, words: &mut [i32], open: bool) -> (Orbits, Orbits) {
        words.fill(-1);
        (words[0], words[1]) = (self.len() as i32, 0);
        let root = (0..self.len())
            .min_by_key(|&node| self.root_code(node))
            .expect("a tree has a block");
        let mut form = Form {
            len: 0,
            node: [0; MAX_BLOCKS],
            view: [[0; MAX_PORTS]; MAX_BLOCKS],
        };
        self.visit(root, None, words, &mut form);
        for slot in words[HEADER..].chunks_exact_mut(SLOT) {
            slot[4] = 0;
        }
        let stems = if open {
            self.mark_stems(&form, words)
        } else {
            Orbits::new()
        };
        (stems, self.mark_leaves(&form, words))
    }

    /// Appends `node`, entered from a parent's slot and place there at a port, and everything beyond it.
    fn visit(&self, node: usize, from: Option<(usize, usize, usize)>, words: &mut [i32], form: &mut Form) {
        let block = self.block(node);
        let slot = form.len;
        form.len += 1;
        let at = HEADER + slot * SLOT;
        words[at] = self.node(node).block as i32;
        let (view, place) = match from {
            None => (self.best_view(node, &block.views, MAX_PORTS), MAX_PORTS),
            Some((parent, parent_place, port)) => {
                let place = block.representative[port] as usize;
                words[at + 1..at + 4].copy_from_slice(&[parent as i32, parent_place as i32, place as i32]);
                (self.best_view(node, &block.entries[port], place), place)
            }
        };
        form.node[slot] = node as u8;
        form.view[slot] = *view;
        for (at, &port) in view[..block.ports].iter().enumerate() {
            let next = self.neighbour[node][port as usize];
            if at != place && next != NOBODY {
                let entry = self.far_port[node][port as usize] as usize;
                self.visit(next as usize, Some((slot, at, entry)), words, form);
            }
        }
    }

    fn mark_stems(&self, form: &Form, words: &mut [i32]) -> Orbits {
        let mut orbits = Orbits::new();
        for slot in 0..self.len() {
            let node = form.node[slot] as usize;
            for (place, &port) in form.view[slot][..self.block(node).ports].iter().enumerate() {
                if self.neighbour[node][port as usize] == NOBODY
                    && orbits.insert(self.entry_code(node, port as usize))
                {
                    words[HEADER + slot * SLOT + 4] |= 1 << place;
                }
            }
        }
        orbits
    }

    fn mark_leaves(&self, form: &Form, words: &mut [i32]) -> Orbits {
        let mut orbits = Orbits::new();
        for slot in 0..self.len() {
            let node = form.node[slot] as usize;
            if self.is_removable(node) && orbits.insert(self.root_code(node)) {
                words[HEADER + slot * SLOT + 4] |= REMOVABLE;
            }
        }
        orbits
    }
}
