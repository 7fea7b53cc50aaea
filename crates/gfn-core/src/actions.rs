//! The actions of a state: some of every state alike, and rows of actions that sit on what a state is made of.

/// What a row of actions sits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The state as a whole: a row of its own.
    State,
    /// An item of the state: an atom, a block, a letter.
    Item,
    /// Two items of the state, the first and the second told apart: a bond to be closed, an edge to be drawn.
    Pair,
}

impl Anchor {
    /// How many items a row sits on.
    pub fn items(self) -> usize {
        match self {
            Self::State => 0,
            Self::Item => 1,
            Self::Pair => 2,
        }
    }
}

/// A class of rows of actions: alike in what they sit on and in what their columns mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// What each row sits on.
    pub anchor: Anchor,
    /// Actions in a row; column k means the same in every row of the class.
    pub width: usize,
    /// Kinds of row, at least 1.
    pub kinds: usize,
}

/// The actions of an environment in one direction.
///
/// The actions of a state are numbered from 0 within that state: first the global ones, which every state has, some of them
/// illegal; then, class by class, those of the state's rows: action `globals + row * width + column` in the first class. How many
/// rows a state has, of which kinds and on which items, is observed: see [`crate::Observation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actions {
    /// Actions that every state has.
    pub globals: usize,
    /// The classes of rows.
    pub rows: Vec<Rows>,
    /// The most actions that a state can have.
    pub most: usize,
}

impl Actions {
    /// Every state has the same `count` actions, some of them illegal.
    pub fn fixed(count: usize) -> Self {
        Self {
            globals: count,
            rows: Vec::new(),
            most: count,
        }
    }

    /// A state has at most `most` actions of its own, of which nothing is known but their number.
    pub fn ragged(most: usize) -> Self {
        Self::of_rows(
            0,
            most,
            Rows {
                anchor: Anchor::State,
                width: 1,
                kinds: 1,
            },
        )
    }

    /// A state has `globals` actions, and rows of one class, at most `most_rows` of them.
    pub fn of_rows(globals: usize, most_rows: usize, rows: Rows) -> Self {
        Self {
            globals,
            rows: vec![rows],
            most: globals + most_rows * rows.width,
        }
    }

    /// Whether all states have the same actions.
    pub fn is_fixed(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of actions of a state that has so many rows of each class.
    pub fn count(&self, rows: impl Iterator<Item = usize>) -> usize {
        let of_rows: usize = self
            .rows
            .iter()
            .zip(rows)
            .map(|(class, count)| class.width * count)
            .sum();
        self.globals + of_rows
    }
}

impl std::fmt::Display for Actions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} actions", self.globals)?;
        for Rows { anchor, width, .. } in &self.rows {
            let each = match anchor {
                Anchor::State => "row",
                Anchor::Item => "row on an item",
                Anchor::Pair => "row on a pair of items",
            };
            write!(f, ", {width} for each {each}")?;
        }
        match self.rows.is_empty() {
            true => Ok(()),
            false => write!(f, ", {} at most", self.most),
        }
    }
}
