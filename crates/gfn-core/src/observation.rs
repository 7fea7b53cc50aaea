//! What a network sees of a batch of states, as plain arrays.

/// The shape of an environment's observations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObservationSpec {
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
    /// A small labeled graph: nodes, undirected edges given once in each direction, rows of actions that sit on
    /// nodes, and nodes that can be taken away again.
    Graph {
        /// Kinds of node.
        node_kinds: usize,
        /// Kinds of edge end: an edge is told by the kinds of its two ends.
        edge_kinds: usize,
        /// Kinds of row.
        row_kinds: usize,
    },
}

/// Observations of `states` states. Which vectors are filled follows from the environment's [`ObservationSpec`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// How many states have been appended.
    pub states: usize,
    /// `[states, active]`: for [`ObservationSpec::Indices`].
    pub indices: Vec<i64>,
    /// `[states, features]`: for [`ObservationSpec::Dense`].
    pub dense: Vec<f32>,
    /// `[nodes]`: the kind of each node, states one after another.
    pub node_kind: Vec<i64>,
    /// `[nodes]`: the state that each node belongs to.
    pub node_state: Vec<i64>,
    /// `[edges]`: the node that each directed edge leaves, counted over the whole batch.
    pub edge_source: Vec<i64>,
    /// `[edges]`: the node that each directed edge enters.
    pub edge_target: Vec<i64>,
    /// `[edges]`: the kind of the end at the node that each directed edge leaves.
    pub edge_source_kind: Vec<i64>,
    /// `[edges]`: the kind of the end at the node that each directed edge enters.
    pub edge_target_kind: Vec<i64>,
    /// `[rows]`: the node that each row of actions sits on.
    pub row_node: Vec<i64>,
    /// `[rows]`: the kind of each row.
    pub row_kind: Vec<i64>,
    /// `[states]`: how many rows each state has.
    pub row_count: Vec<usize>,
    /// `[backward actions]`: the node that each backward action takes away, in the order of the backward actions.
    pub removable_node: Vec<i64>,
    /// `[states]`: how many backward actions each state has among `removable_node`.
    pub removable_count: Vec<usize>,
}

impl Observation {
    /// Empties every vector and keeps the allocations.
    pub fn clear(&mut self) {
        self.states = 0;
        self.dense.clear();
        for vector in [
            &mut self.indices,
            &mut self.node_kind,
            &mut self.node_state,
            &mut self.edge_source,
            &mut self.edge_target,
            &mut self.edge_source_kind,
            &mut self.edge_target_kind,
            &mut self.row_node,
            &mut self.row_kind,
            &mut self.removable_node,
        ] {
            vector.clear();
        }
        self.row_count.clear();
        self.removable_count.clear();
    }
}
