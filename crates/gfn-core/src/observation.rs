//! What a network sees of a batch of states, as plain arrays.

use crate::{Actions, EnvironmentSpec};

/// A way to see a state. An environment offers one or more; a network takes one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// `active` ones among `features` zeros, given by their indices: a grid cell is d ones out of d·H.
    Indices {
        /// The length of the vector that the indices point into.
        features: usize,
        /// Indices per state.
        active: usize,
    },
    /// Any numbers, best between -1 and 1.
    Dense {
        /// How many there are.
        features: usize,
    },
    /// Items with fields, and edges between them.
    Items(ItemsView),
}

/// States as items: letters of a sequence, atoms of a molecule, blocks, nodes, sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsView {
    /// The number of values of each field of an item; the first field is its kind.
    pub fields: Vec<usize>,
    /// Numbers of an item, beside its fields.
    pub numbers: usize,
    /// The number of values of each field of a directed edge; empty where there are no edges.
    pub edge_fields: Vec<usize>,
    /// Whether the order of the items matters.
    pub is_sequence: bool,
    /// The most items of a state.
    pub most: usize,
}

/// Observations of `states` states through one view. Which vectors are filled follows from the [`View`]; rows of actions are
/// observed through every view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// How many states have been appended.
    pub states: usize,
    /// `[states, active]`: for [`View::Indices`].
    pub indices: Vec<i64>,
    /// `[states, features]`: for [`View::Dense`].
    pub dense: Vec<f32>,
    /// For [`View::Items`].
    pub items: Items,
    /// The rows of the forward actions, class by class.
    pub rows: Vec<AnchoredRows>,
    /// The rows of the backward actions, class by class.
    pub backward_rows: Vec<AnchoredRows>,
}

/// Items of states, one state after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Items {
    /// `[fields][items]`: the value of each field of each item.
    pub fields: Vec<Vec<i64>>,
    /// `[items, numbers]`.
    pub numbers: Vec<f32>,
    /// `[items]`: the state that each item belongs to.
    pub state: Vec<i64>,
    /// `[edges]`: the item that each directed edge leaves, counted over the whole batch.
    pub edge_source: Vec<i64>,
    /// `[edges]`: the item that each directed edge enters.
    pub edge_target: Vec<i64>,
    /// `[edge_fields][edges]`: the value of each field of each edge.
    pub edge_fields: Vec<Vec<i64>>,
}

impl Items {
    /// The number of items of all states.
    pub fn len(&self) -> usize {
        self.state.len()
    }

    /// Whether no state has an item.
    pub fn is_empty(&self) -> bool {
        self.state.is_empty()
    }
}

/// The rows of one class of actions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnchoredRows {
    /// `[states]`: how many rows each state has.
    pub count: Vec<usize>,
    /// `[rows]`: the kind of each row.
    pub kind: Vec<i64>,
    /// `[rows]`: the item that each row sits on, the first one of a pair, counted over the whole batch; empty for rows on a state.
    pub item: Vec<i64>,
    /// `[rows]`: the second item; empty but for rows on pairs.
    pub second: Vec<i64>,
}

impl AnchoredRows {
    fn clear(&mut self) {
        self.count.clear();
        for vector in [&mut self.kind, &mut self.item, &mut self.second] {
            vector.clear();
        }
    }
}

impl Observation {
    /// No states yet, with room for the fields and the rows of an environment seen through the view of this number.
    pub fn new(spec: &EnvironmentSpec, view: usize) -> Self {
        let rows = |actions: &Actions| vec![AnchoredRows::default(); actions.rows.len()];
        let mut new = Self {
            rows: rows(&spec.actions),
            backward_rows: rows(&spec.backward_actions),
            ..Self::default()
        };
        if let View::Items(items) = &spec.views[view] {
            new.items.fields = vec![Vec::new(); items.fields.len()];
            new.items.edge_fields = vec![Vec::new(); items.edge_fields.len()];
        }
        new
    }

    /// Empties every vector and keeps the allocations.
    pub fn clear(&mut self) {
        self.states = 0;
        self.indices.clear();
        self.dense.clear();
        let items = &mut self.items;
        items.numbers.clear();
        for vector in [&mut items.state, &mut items.edge_source, &mut items.edge_target] {
            vector.clear();
        }
        items.fields.iter_mut().for_each(Vec::clear);
        items.edge_fields.iter_mut().for_each(Vec::clear);
        let all = self.rows.iter_mut().chain(&mut self.backward_rows);
        all.for_each(AnchoredRows::clear);
    }
}
