//! Trajectories as flat plain arrays: ragged, never padded.

use std::ops::Range;

/// A batch of complete trajectories. Trajectory i of n steps has n + 1 states, the source first and the finished
/// object last, n actions and n backward actions (the one that undoes each step).
#[derive(Clone, Debug, PartialEq)]
pub struct TrajectoryBatch {
    state_len: usize,
    states: Vec<i32>,
    actions: Vec<usize>,
    backward_actions: Vec<usize>,
    offsets: Vec<usize>,
    /// `[B]`: the log-reward of each finished object, filled in by whoever scores the batch.
    pub log_reward: Vec<f64>,
}

impl TrajectoryBatch {
    /// No trajectories yet, of states of `state_len` words.
    pub fn new(state_len: usize) -> Self {
        Self {
            state_len,
            states: Vec::new(),
            actions: Vec::new(),
            backward_actions: Vec::new(),
            offsets: vec![0],
            log_reward: Vec::new(),
        }
    }

    /// Forgets all trajectories and keeps the allocations.
    pub fn clear(&mut self) {
        self.states.clear();
        self.actions.clear();
        self.backward_actions.clear();
        self.offsets.truncate(1);
        self.log_reward.clear();
    }

    /// Appends a trajectory: its n + 1 states (flat), n actions and n backward actions.
    pub fn push(&mut self, states: &[i32], actions: &[usize], backward_actions: &[usize]) {
        assert_eq!(
            states.len(),
            (actions.len() + 1) * self.state_len,
            "one state more than actions"
        );
        assert_eq!(
            actions.len(),
            backward_actions.len(),
            "a backward action for each action"
        );
        self.states.extend_from_slice(states);
        self.actions.extend_from_slice(actions);
        self.backward_actions.extend_from_slice(backward_actions);
        self.offsets.push(self.actions.len());
    }

    /// Appends trajectory `index` of another batch, without its log-reward.
    pub fn push_from(&mut self, other: &Self, index: usize) {
        let steps = other.steps_of(index);
        let first = (steps.start + index) * other.state_len;
        let states = &other.states[first..first + (steps.len() + 1) * other.state_len];
        self.push(
            states,
            &other.actions[steps.clone()],
            &other.backward_actions[steps],
        );
    }

    /// A batch of trajectory `index` alone, with its log-reward.
    pub fn only(&self, index: usize) -> Self {
        self.select(&[index])
    }

    /// A batch of these trajectories in this order, with their log-rewards.
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut selected = Self::new(self.state_len);
        for &index in indices {
            selected.push_from(self, index);
            selected.log_reward.extend(self.log_reward.get(index));
        }
        selected
    }

    /// How many trajectories there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Words in a state.
    pub fn state_len(&self) -> usize {
        self.state_len
    }

    /// Steps of all trajectories together.
    pub fn steps(&self) -> usize {
        self.actions.len()
    }

    /// `[B + 1]`: where each trajectory's steps begin.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The steps of trajectory `index`.
    pub fn steps_of(&self, index: usize) -> Range<usize> {
        self.offsets[index]..self.offsets[index + 1]
    }

    /// State number `position` (0 is the source) of trajectory `index`.
    pub fn state(&self, index: usize, position: usize) -> &[i32] {
        let row = self.offsets[index] + index + position;
        &self.states[row * self.state_len..(row + 1) * self.state_len]
    }

    /// The finished object of trajectory `index`.
    pub fn finished(&self, index: usize) -> &[i32] {
        self.state(index, self.steps_of(index).len())
    }

    /// All finished objects, flat, `[B, state_len]`.
    pub fn all_finished(&self) -> Vec<i32> {
        (0..self.len())
            .flat_map(|index| self.finished(index).iter().copied())
            .collect()
    }

    /// `[steps]`: the action of each step.
    pub fn actions(&self) -> &[usize] {
        &self.actions
    }

    /// `[steps]`: the backward action that undoes each step.
    pub fn backward_actions(&self) -> &[usize] {
        &self.backward_actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ragged_trajectories_keep_apart() {
        let mut batch = TrajectoryBatch::new(2);
        batch.push(&[0, 0, 1, 0, 1, 1], &[0, 1], &[0, 1]);
        batch.push(&[0, 0, 0, 1], &[1], &[1]);
        assert_eq!(batch.len(), 2);
        assert_eq!(batch.steps_of(1), 2..3);
        assert_eq!(batch.state(0, 1), [1, 0]);
        assert_eq!(batch.state(1, 0), [0, 0]);
        assert_eq!(batch.all_finished(), [1, 1, 0, 1]);
        batch.clear();
        assert!(batch.is_empty() && batch.steps() == 0);
    }

    #[test]
    fn a_selection_has_its_own_log_rewards() {
        let mut batch = TrajectoryBatch::new(1);
        for object in 1..4 {
            batch.push(&[0, object], &[0], &[0]);
            batch.log_reward.push(f64::from(object));
        }
        let selected = batch.select(&[2, 0]);
        assert_eq!(
            (selected.all_finished(), selected.log_reward),
            (vec![3, 1], vec![3.0, 1.0])
        );
    }
}
