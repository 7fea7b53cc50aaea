//! An environment with every kind of action there is: global ones, and rows on states, on items and on pairs of items.

use gfn_core::{
    Actions, Anchor, Enumerable, Environment, EnvironmentSpec, ItemsView, Mask, ObjectKind, Observation,
    Rows, View,
};

const NODES: usize = 3;
const LABELS: usize = 2;
/// Pairs of nodes, the smaller first.
const PAIRS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

/// Labels nodes and draws edges between them, in any order, until it stops. A state is the label of each node (0 for none), a bit
/// for each pair, and a flag that is 1 once stopped.
pub(crate) struct Drawing(EnvironmentSpec);

/// What an action does.
enum Act {
    Stop,
    Label(usize, i32),
    Draw(usize),
}

impl Drawing {
    pub(crate) fn new() -> Self {
        let class = |anchor, width| Rows {
            anchor,
            width,
            kinds: 1,
        };
        let items = ItemsView {
            fields: vec![LABELS + 1],
            numbers: 1,
            edge_fields: vec![1],
            is_sequence: false,
            most: NODES,
        };
        Self(EnvironmentSpec {
            name: "drawing",
            initial: vec![0; NODES + PAIRS.len() + 1],
            actions: Actions {
                globals: 1,
                rows: vec![class(Anchor::Item, LABELS), class(Anchor::Pair, 1)],
                most: 1 + NODES * LABELS + PAIRS.len(),
            },
            backward_actions: Actions {
                globals: 0,
                rows: vec![
                    class(Anchor::Item, 1),
                    class(Anchor::Pair, 1),
                    class(Anchor::State, 1),
                ],
                most: NODES + PAIRS.len(),
            },
            stop: Some(0),
            most_steps: NODES + PAIRS.len() + 1,
            views: vec![View::Items(items)],
            objects: ObjectKind::Other("drawings".into()),
        })
    }

    fn is_stopped(state: &[i32]) -> bool {
        state[NODES + PAIRS.len()] == 1
    }

    /// The nodes that are labeled, or those that are not.
    fn nodes(state: &[i32], labeled: bool) -> Vec<usize> {
        let is_one = |node: &usize| (state[*node] > 0) == labeled && !Self::is_stopped(state);
        (0..NODES).filter(is_one).collect()
    }

    /// The pairs that are joined, or those that are not.
    fn pairs(state: &[i32], joined: bool) -> Vec<usize> {
        let is_one = |pair: &usize| (state[NODES + pair] > 0) == joined && !Self::is_stopped(state);
        (0..PAIRS.len()).filter(is_one).collect()
    }

    fn act(state: &[i32], action: usize) -> Act {
        let free = Self::nodes(state, false);
        let Some(action) = action.checked_sub(1) else {
            return Act::Stop;
        };
        match action.checked_sub(free.len() * LABELS) {
            None => Act::Label(free[action / LABELS], (action % LABELS) as i32 + 1),
            Some(pair) => Act::Draw(Self::pairs(state, false)[pair]),
        }
    }
}

fn place(of: usize, all: &[usize]) -> usize {
    all.iter().position(|each| *each == of).unwrap()
}

impl Environment for Drawing {
    fn spec(&self) -> &EnvironmentSpec {
        &self.0
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask) {
        let of_rows = LABELS * Self::nodes(state, false).len() + Self::pairs(state, false).len();
        mask.reset(1 + of_rows);
        if !Self::is_stopped(state) {
            mask.allow_range(0, 1 + of_rows);
        }
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask) {
        let count = match Self::is_stopped(state) {
            true => 1,
            false => Self::nodes(state, true).len() + Self::pairs(state, true).len(),
        };
        mask.reset(count);
        mask.allow_range(0, count);
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        next.copy_from_slice(state);
        match Self::act(state, action) {
            Act::Stop => {
                next[NODES + PAIRS.len()] = 1;
                0
            }
            Act::Label(node, label) => {
                next[node] = label;
                place(node, &Self::nodes(next, true))
            }
            Act::Draw(pair) => {
                next[NODES + pair] = 1;
                Self::nodes(next, true).len() + place(pair, &Self::pairs(next, true))
            }
        }
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        previous.copy_from_slice(state);
        if Self::is_stopped(state) {
            previous[NODES + PAIRS.len()] = 0;
            return 0;
        }
        let labeled = Self::nodes(state, true);
        match action.checked_sub(labeled.len()) {
            None => {
                let node = labeled[action];
                let label = previous[node] as usize;
                previous[node] = 0;
                LABELS * place(node, &Self::nodes(previous, false)) + label
            }
            Some(pair) => {
                let pair = Self::pairs(state, true)[pair];
                previous[NODES + pair] = 0;
                1 + LABELS * Self::nodes(previous, false).len() + place(pair, &Self::pairs(previous, false))
            }
        }
    }

    fn observe(&self, _view: usize, state: &[i32], seen: &mut Observation) {
        let first = seen.items.len() as i64;
        let items = &mut seen.items;
        for (node, &label) in state[..NODES].iter().enumerate() {
            items.fields[0].push(i64::from(label));
            items.numbers.push(node as f32 - 1.0);
            items.state.push(seen.states as i64);
        }
        for (pair, (one, two)) in PAIRS.iter().enumerate() {
            for (source, target) in [(one, two), (two, one)] {
                if state[NODES + pair] > 0 {
                    items.edge_source.push(first + *source as i64);
                    items.edge_target.push(first + *target as i64);
                    items.edge_fields[0].push(0);
                }
            }
        }
        seen.states += 1;
        for (rows, is_done) in [(&mut seen.rows, false), (&mut seen.backward_rows, true)] {
            let (nodes, pairs) = (Self::nodes(state, is_done), Self::pairs(state, is_done));
            let counts = [nodes.len(), pairs.len(), usize::from(Self::is_stopped(state))];
            rows[0].item.extend(nodes.iter().map(|&node| first + node as i64));
            let ends = pairs.iter().map(|&pair| PAIRS[pair]);
            for (one, two) in ends {
                rows[1].item.push(first + one as i64);
                rows[1].second.push(first + two as i64);
            }
            for (class, count) in rows.iter_mut().zip(counts) {
                class.count.push(count);
                class.kind.resize(class.kind.len() + count, 0);
            }
        }
    }

    fn describe(&self, state: &[i32]) -> String {
        let words: Vec<String> = state[..NODES + PAIRS.len()].iter().map(i32::to_string).collect();
        words.concat()
    }

    fn as_enumerable(&self) -> Option<&dyn Enumerable> {
        Some(self)
    }
}

impl Enumerable for Drawing {
    fn state_count(&self) -> u64 {
        let (labels, pairs) = ((LABELS as u64 + 1).pow(NODES as u32), 1 << PAIRS.len());
        2 * labels * pairs
    }
}
