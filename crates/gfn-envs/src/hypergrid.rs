//! The hypergrid of Bengio et al. 2021 (arXiv 2106.04399): a corner of a d-dimensional grid, walked outward.
//!
//! A state is d coordinates and a flag that is 1 once stopped; action i adds one to coordinate i, action d stops.

use gfn_core::{Actions, Enumerable, Environment, EnvironmentSpec, Mask, ObjectKind, Observation, View};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A grid of `height`^`dimensions` cells, walked from the all-zero corner by adding one to a coordinate or stopping.
///
/// The task on which generative flow networks are usually compared; small grids are solved exactly at every evaluation. A
/// network sees d ones among d·H zeros.
///
/// Formula: states x in {0, …, H−1}^d from (0, …, 0) on; action i < d adds 1 to x_i where x_i < H−1, action d stops.
///
/// Reference: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation",
/// arXiv 2106.04399.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// d, the number of coordinates.
    #[schemars(range(min = 1, max = 64), extend("x-unit" = "coordinates"))]
    pub dimensions: usize,
    /// H, the number of values of a coordinate.
    #[schemars(range(min = 2, max = 65536), extend("x-unit" = "cells"))]
    pub height: usize,
    /// Where an episode may end. Two families of published results differ in this.
    pub terminal: Terminal,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            dimensions: 2,
            height: 8,
            terminal: Terminal::Everywhere,
        }
    }
}

/// Where an episode may end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Terminal {
    /// Stopping is legal in every cell, so every cell is an object (torchgfn, gfnx).
    #[default]
    Everywhere,
    /// An episode also ends by force as soon as a coordinate reaches H − 1, so cells with two or more coordinates
    /// there cannot be reached (the 2021 paper's code).
    Boundary,
}

/// The hypergrid; see [`Params`].
#[derive(Clone, Debug)]
pub struct Hypergrid {
    spec: EnvironmentSpec,
    dimensions: usize,
    height: usize,
    terminal: Terminal,
}

impl Hypergrid {
    /// A grid with these parameters.
    pub fn new(params: &Params) -> Self {
        let (dimensions, height) = (params.dimensions, params.height);
        let spec = EnvironmentSpec {
            name: "hypergrid",
            initial: vec![0; dimensions + 1],
            actions: Actions::fixed(dimensions + 1),
            backward_actions: Actions::fixed(dimensions + 1),
            stop: Some(dimensions),
            most_steps: dimensions * (height - 1) + 1,
            views: vec![View::Indices {
                features: dimensions * height,
                active: dimensions,
            }],
            objects: ObjectKind::Grid { dimensions, height },
        };
        Self {
            spec,
            dimensions,
            height,
            terminal: params.terminal,
        }
    }

    /// Whether an episode ends by force in the cell.
    fn forced(&self, cell: &[i32]) -> bool {
        self.terminal == Terminal::Boundary && cell.iter().any(|&x| x as usize == self.height - 1)
    }
}

impl Environment for Hypergrid {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask) {
        let d = self.dimensions;
        mask.reset(d + 1);
        if state[d] == 1 || self.forced(&state[..d]) {
            return;
        }
        (0..d)
            .filter(|&i| (state[i] as usize) < self.height - 1)
            .for_each(|i| mask.allow(i));
        mask.allow(d);
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask) {
        let d = self.dimensions;
        mask.reset(d + 1);
        if state[d] == 1 {
            mask.allow(d);
            return;
        }
        // A cell that ends by force has no children: only the step that reached the edge leads into such a cell.
        let forced = self.forced(&state[..d]);
        let edge = self.height as i32 - 1;
        (0..d)
            .filter(|&i| state[i] > 0 && (!forced || state[i] == edge))
            .for_each(|i| mask.allow(i));
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        next.copy_from_slice(state);
        next[action] += 1;
        action
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        previous.copy_from_slice(state);
        previous[action] -= 1;
        action
    }

    fn observe(&self, _view: usize, state: &[i32], observation: &mut Observation) {
        observation.states += 1;
        let index = |i: usize| (i * self.height) as i64 + i64::from(state[i]);
        observation.indices.extend((0..self.dimensions).map(index));
    }

    fn describe(&self, state: &[i32]) -> String {
        state[..self.dimensions]
            .iter()
            .map(i32::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn parse(&self, text: &str) -> Result<Vec<i32>, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let coordinate = |word: &&str| word.parse().ok().filter(|x| (0..self.height as i32).contains(x));
        let cell: Option<Vec<i32>> = words.iter().map(coordinate).collect();
        let mut state = match cell {
            Some(cell) if cell.len() == self.dimensions => cell,
            _ => {
                return Err(format!(
                    "is no cell: {} whole numbers from 0 to {}, separated by spaces",
                    self.dimensions,
                    self.height - 1
                ));
            }
        };
        let at_edge = state.iter().filter(|&&x| x as usize == self.height - 1).count();
        if self.terminal == Terminal::Boundary && at_edge > 1 {
            return Err("cannot be reached: an episode ends at the first coordinate on the boundary".into());
        }
        // A cell that ends by force is finished without a stop.
        state.push(i32::from(!self.forced(&state)));
        Ok(state)
    }

    fn as_enumerable(&self) -> Option<&dyn Enumerable> {
        Some(self)
    }
}

impl Enumerable for Hypergrid {
    fn state_count(&self) -> u64 {
        (self.height as u64)
            .saturating_pow(self.dimensions as u32)
            .saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_core::exact::StateGraph;
    use gfn_core::testkit::{Thoroughness, check_environment};

    fn grid(dimensions: usize, height: usize, terminal: Terminal) -> Hypergrid {
        Hypergrid::new(&Params {
            dimensions,
            height,
            terminal,
        })
    }

    #[test]
    fn keeps_the_contract() {
        for terminal in [Terminal::Everywhere, Terminal::Boundary] {
            for (dimensions, height) in [(1, 2), (2, 8), (3, 4), (4, 5)] {
                let grid = grid(dimensions, height, terminal);
                let checked = check_environment(&grid, Thoroughness::default()).unwrap();
                assert!(checked.states.is_some());
            }
            check_environment(&grid(10, 100, terminal), Thoroughness::default()).unwrap();
        }
    }

    /// Reference numbers: 4096 cells, of which 3773 can be reached where the boundary ends an episode.
    #[test]
    fn counts_of_objects() {
        let count = |d, h, terminal| {
            StateGraph::build(&grid(d, h, terminal), 1 << 20)
                .unwrap()
                .finished()
                .len()
        };
        assert_eq!(count(4, 8, Terminal::Everywhere), 4096);
        assert_eq!(count(4, 8, Terminal::Boundary), 3773);
        assert_eq!(count(2, 8, Terminal::Boundary), 63);
    }
}
