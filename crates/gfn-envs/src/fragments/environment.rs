//! Walking over trees of blocks: masks, steps, observations. The marks in a state's words hold its rows and removable
//! blocks, so that only [`Environment::step`] and [`Environment::undo`] compute codes.

use gfn_chem::Fragment;
use gfn_core::{Enumerable, Environment, EnvironmentSpec, Items, Mask, Observation};

use super::Fragments;
use super::form::Orbits;
use super::tree::{HEADER, Node, REMOVABLE, SLOT, Tree, joins, slots};

impl Fragments {
    /// Ports of a state with blocks that nothing is attached to.
    fn open_ports(&self, state: &[i32]) -> usize {
        let ports = slots(state).map(|slot| self.vocabulary.blocks[slot[0] as usize].ports);
        ports.sum::<usize>() - 2 * (state[0] as usize - 1)
    }

    /// Whether nothing can be attached: stopped, full, or without an open stem.
    fn is_finished(&self, state: &[i32]) -> bool {
        let blocks = state[0] as usize;
        state[1] != 0 || blocks == self.max_blocks || blocks > 0 && self.open_ports(state) == 0
    }

    /// Whether attaching a block of `ports` ports would close the last stem too early.
    fn is_dead_end(&self, state: &[i32], ports: usize) -> bool {
        ports == 1 && state[0] as usize + 1 < self.min_blocks && self.open_ports(state) == 1
    }

    fn pick_first(&self, arm: usize, next: &mut [i32]) -> usize {
        let mut tree = Tree::new(&self.vocabulary);
        tree.push(Node {
            block: self.vocabulary.arms[arm].block as u32,
            ..Node::NONE
        });
        self.settle(&mut tree, next);
        0
    }

    /// Writes `tree` to `words`; the orbits of its stems and leaves.
    pub(super) fn settle(&self, tree: &mut Tree<'_>, words: &mut [i32]) -> (Orbits, Orbits) {
        tree.encode();
        tree.write(words, tree.len() < self.max_blocks)
    }

    /// Node and kind of each row of a state that has blocks and is not finished, in order.
    fn rows<'a>(&'a self, state: &'a [i32]) -> impl Iterator<Item = (usize, usize)> + 'a {
        slots(state).enumerate().flat_map(|(index, slot)| {
            let first = self.vocabulary.blocks[slot[0] as usize].first_port;
            bits(slot[4] & (REMOVABLE - 1)).map(move |port| (index, first + port))
        })
    }
}

/// The bits that are set, ascending.
fn bits(mut word: i32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros() as usize;
        (word != 0).then(|| {
            word &= word - 1;
            bit
        })
    })
}

/// The slots that a backward action takes away, in order.
fn removable(state: &[i32]) -> impl Iterator<Item = usize> {
    slots(state)
        .enumerate()
        .filter(|(_, slot)| slot[4] & REMOVABLE != 0)
        .map(|(index, _)| index)
}

impl Environment for Fragments {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask) {
        if self.is_finished(state) {
            return mask.reset(1);
        }
        let (blocks, arms) = (state[0] as usize, &self.vocabulary.arms);
        if blocks == 0 {
            mask.reset(1 + arms.len());
            self.vocabulary
                .blocks
                .iter()
                .for_each(|block| mask.allow(1 + block.arm[0] as usize));
            return;
        }
        let rows = self.rows(state).count();
        mask.reset(1 + rows * arms.len());
        if blocks >= self.min_blocks {
            mask.allow(0);
        }
        if !self.is_dead_end(state, 1) {
            return mask.allow_range(1, mask.len());
        }
        for action in 0..rows * arms.len() {
            let block = &self.vocabulary.blocks[arms[action % arms.len()].block];
            if !self.is_dead_end(state, block.ports) {
                mask.allow(1 + action);
            }
        }
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask) {
        let count = if state[1] != 0 {
            1
        } else {
            removable(state).count()
        };
        mask.reset(count);
        mask.allow_range(0, count);
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        if action == 0 {
            next.copy_from_slice(state);
            next[1] = 1;
            return 0;
        }
        let (row, arm) = (
            (action - 1) / self.vocabulary.arm_count(),
            (action - 1) % self.vocabulary.arm_count(),
        );
        if state[0] == 0 {
            return self.pick_first(arm, next);
        }
        let (parent, kind) = self.rows(state).nth(row).expect("a legal action's row");
        let mut tree = Tree::decode(&self.vocabulary, state);
        let leaf = tree.len();
        let first_port = self.vocabulary.blocks[tree.node(parent).block as usize].first_port;
        let arm = self.vocabulary.arms[arm];
        tree.push(Node {
            block: arm.block as u32,
            parent: parent as u8,
            parent_port: (kind - first_port) as u8,
            port: arm.port,
        });
        let (_, leaves) = self.settle(&mut tree, next);
        leaves
            .position(tree.root_code(leaf))
            .expect("the new block is a leaf")
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        if state[1] != 0 {
            previous.copy_from_slice(state);
            previous[1] = 0;
            return 0;
        }
        let tree = Tree::decode(&self.vocabulary, state);
        let leaf = removable(state)
            .nth(action)
            .expect("a legal backward action's block");
        let block = &self.vocabulary.blocks[tree.node(leaf).block as usize];
        if tree.len() == 1 {
            previous.copy_from_slice(&self.spec.initial);
            return 1 + block.arm[0] as usize;
        }
        let cut = tree.cut(leaf);
        let mut rest = cut.rest;
        let (stems, _) = self.settle(&mut rest, previous);
        let row = stems
            .position(rest.entry_code(cut.node, cut.port))
            .expect("the freed port is open");
        1 + row * self.vocabulary.arm_count() + block.arm[cut.leaf_port] as usize
    }

    fn observe(&self, _view: usize, state: &[i32], observation: &mut Observation) {
        let first = observation.items.len();
        let index = observation.states as i64;
        observation.states += 1;
        if state[0] == 0 {
            observation.items.fields[0].push(self.vocabulary.block_count() as i64);
            observation.items.state.push(index);
            let rows = &mut observation.rows[0];
            rows.item.push(first as i64);
            rows.kind.push(self.vocabulary.port_count as i64);
            rows.count.push(1);
            // The source has nothing that could be taken away, and a stopped state takes back the stop alone.
            observation.backward_rows[0].count.push(0);
            return;
        }
        self.observe_tree(state, first, index, &mut observation.items);
        let rows = &mut observation.rows[0];
        let before = rows.item.len();
        if !self.is_finished(state) {
            for (node, kind) in self.rows(state) {
                rows.item.push((first + node) as i64);
                rows.kind.push(kind as i64);
            }
        }
        rows.count.push(rows.item.len() - before);
        let rows = &mut observation.backward_rows[0];
        let before = rows.item.len();
        match state[1] == 0 {
            true => rows
                .item
                .extend(removable(state).map(|node| (first + node) as i64)),
            false => rows.item.push(first as i64),
        }
        rows.kind.resize(rows.item.len(), 0);
        rows.count.push(rows.item.len() - before);
    }

    fn as_enumerable(&self) -> Option<&dyn Enumerable> {
        Some(self)
    }

    fn describe(&self, state: &[i32]) -> String {
        if state[0] == 0 {
            return "(no blocks)".into();
        }
        let molecule = self.molecule(state);
        // Blocks that are possible alone are possible joined. If ever one is not, the plain form is still one text a
        // state, and whoever reads it is told.
        molecule
            .canonical_smiles()
            .unwrap_or_else(|_| molecule.plain_smiles())
    }

    fn describe_open(&self, state: &[i32]) -> Option<String> {
        let marked = Fragment::assemble_marked(&self.pieces(state), &joins(state));
        (state[0] > 0).then(|| marked.plain_smiles())
    }
}

impl Fragments {
    fn observe_tree(&self, state: &[i32], first: usize, index: i64, items: &mut Items) {
        for (node, slot) in slots(state).enumerate() {
            items.fields[0].push(i64::from(slot[0]));
            items.state.push(index);
            if slot[1] < 0 {
                continue;
            }
            let kind = |block: i32, port: i32| {
                self.vocabulary.blocks[block as usize].first_port as i64 + i64::from(port)
            };
            let parent = slot[1] as usize;
            let parent_kind = kind(state[HEADER + parent * SLOT], slot[2]);
            let ends = [
                (parent + first, parent_kind),
                (node + first, kind(slot[0], slot[3])),
            ];
            for [source, target] in [[ends[0], ends[1]], [ends[1], ends[0]]] {
                items.edge_source.push(source.0 as i64);
                items.edge_target.push(target.0 as i64);
                items.edge_fields[0].push(source.1);
                items.edge_fields[1].push(target.1);
            }
        }
    }
}

impl Enumerable for Fragments {
    /// Twice (stopped or not) the number of ways to assemble, symmetries not taken off: an upper bound.
    fn state_count(&self) -> u64 {
        let ports = self.vocabulary.most_ports() as u64;
        let arms = self.vocabulary.arm_count() as u64;
        let mut ways = self.vocabulary.block_count() as u64;
        let mut total = 1 + ways;
        for blocks in 1..self.max_blocks as u64 {
            let open = (ports * blocks).saturating_sub(2 * (blocks - 1));
            ways = ways.saturating_mul(open).saturating_mul(arms);
            total = total.saturating_add(ways);
        }
        total.saturating_mul(2)
    }
}
