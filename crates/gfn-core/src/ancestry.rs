//! Everything that leads to one object, and with it the exact probability of that object where the whole environment is too
//! large to be swept: an object of a few pieces has few ancestors.

use crate::exact::{ExactError, StateIndex, log_sum_exp};
use crate::{Environment, Logits, Mask, Policy};

/// The states on all paths from the source to one object.
#[derive(Clone, Debug)]
pub struct Ancestry {
    /// The object first, the source last: no state before one that it leads to.
    order: Vec<usize>,
    states: StateIndex,
    steps: Vec<Step>,
}

/// A step from one ancestor to another.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: usize,
    action: usize,
    to: usize,
}

impl Ancestry {
    /// Goes back from `object` along every backward action; none where more than `limit` states are met.
    pub fn of(environment: &dyn Environment, object: &[i32], limit: usize) -> Option<Self> {
        let mut states = StateIndex::new(object.len());
        states.insert(object);
        let (mut mask, mut previous) = (Mask::default(), object.to_vec());
        let mut steps = Vec::new();
        let mut current = 0;
        while current < states.len() {
            let state = states.state(current).to_vec();
            environment.backward_mask(&state, &mut mask);
            for backward in mask.iter() {
                let action = environment.undo(&state, backward, &mut previous);
                let (from, _) = states.insert(&previous);
                steps.push(Step {
                    from,
                    action,
                    to: current,
                });
            }
            if states.len() > limit {
                return None;
            }
            current += 1;
        }
        let order = backward_order(states.len(), &steps)?;
        Some(Self { order, states, steps })
    }

    /// How many states lead to the object, itself included.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there is no state; never so.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The log of the probability with which `policy` makes the object, over all paths to it.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn log_probability(
        &self,
        environment: &dyn Environment,
        policy: &mut dyn Policy,
    ) -> Result<f64, ExactError> {
        let log_pf = self.log_pf(environment, policy)?;
        let mut into: Vec<Vec<usize>> = vec![Vec::new(); self.len()];
        for (index, step) in self.steps.iter().enumerate() {
            into[step.to].push(index);
        }
        let mut log_mass = vec![f64::NEG_INFINITY; self.len()];
        for &state in self.order.iter().rev() {
            let arriving = into[state]
                .iter()
                .map(|&step| log_mass[self.steps[step].from] + log_pf[step]);
            // The source, where every path begins, is the only state that nothing leads to.
            log_mass[state] = match into[state].is_empty() {
                true => 0.0,
                false => log_sum_exp(arriving),
            };
        }
        Ok(log_mass[0])
    }

    /// The log of the policy's probability of each step.
    fn log_pf(&self, environment: &dyn Environment, policy: &mut dyn Policy) -> Result<Vec<f64>, ExactError> {
        // The object is finished: a policy is not asked about it.
        let length = environment.spec().state_len();
        let open = &self.states.states()[length..];
        let mut logits = Logits::default();
        if !open.is_empty() {
            policy.logits(environment, open, &mut logits)?;
        }
        let mut mask = Mask::default();
        let totals: Vec<f64> = open
            .chunks_exact(length)
            .enumerate()
            .map(|(row, state)| {
                environment.forward_mask(state, &mut mask);
                let legal: Vec<f64> = mask.iter().map(|action| logits.of(row)[action]).collect();
                log_sum_exp(legal.iter().copied())
            })
            .collect();
        let of = |step: &Step| logits.of(step.from - 1)[step.action] - totals[step.from - 1];
        Ok(self.steps.iter().map(of).collect())
    }
}

/// States such that each comes after all that it leads to; none where steps go in a circle.
fn backward_order(states: usize, steps: &[Step]) -> Option<Vec<usize>> {
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); states];
    let mut waiting = vec![0; states];
    for step in steps {
        into[step.to].push(step.from);
        waiting[step.from] += 1;
    }
    let mut order = vec![0];
    let mut position = 0;
    while position < order.len() {
        for &from in &into[order[position]] {
            waiting[from] -= 1;
            if waiting[from] == 0 {
                order.push(from);
            }
        }
        position += 1;
    }
    (order.len() == states).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::StateGraph;
    use crate::testkit::RandomDag;
    use crate::{PolicyError, UniformPolicy};

    /// Prefers some actions to others, by no rule that anything else knows.
    struct Uneven;

    impl Policy for Uneven {
        fn logits(
            &mut self,
            environment: &dyn Environment,
            states: &[i32],
            logits: &mut Logits,
        ) -> Result<(), PolicyError> {
            UniformPolicy.logits(environment, states, logits)?;
            let length = environment.spec().state_len();
            for (row, state) in states.chunks_exact(length).enumerate() {
                let sum: i32 = state.iter().sum();
                for (action, at) in (logits.offsets[row]..logits.offsets[row + 1]).enumerate() {
                    logits.values[at] = (3.7 * f64::from(sum) + 1.3 * action as f64).sin();
                }
            }
            Ok(())
        }
    }

    #[test]
    fn the_probability_of_every_object_is_that_of_a_sweep() {
        for seed in 0..20 {
            let dag = RandomDag::new(seed, 5, 6);
            let graph = StateGraph::build(&dag, 1000).unwrap();
            let expected = graph.policy_distribution(&dag, &mut Uneven, 7).unwrap();
            for (&object, expected) in graph.finished().iter().zip(expected) {
                let ancestry = Ancestry::of(&dag, graph.state(object as usize), 1000).unwrap();
                let found = ancestry.log_probability(&dag, &mut Uneven).unwrap();
                assert!((found - expected.ln()).abs() < 1e-9, "{found} {expected}");
            }
        }
    }

    #[test]
    fn too_many_ancestors_are_given_up() {
        let dag = RandomDag::new(0, 5, 6);
        let graph = StateGraph::build(&dag, 1000).unwrap();
        let object = graph.state(graph.finished()[0] as usize);
        let all = Ancestry::of(&dag, object, 1000).unwrap().len();
        assert!(all > 2);
        assert!(Ancestry::of(&dag, object, all).is_some());
        assert!(Ancestry::of(&dag, object, all - 1).is_none());
    }
}
