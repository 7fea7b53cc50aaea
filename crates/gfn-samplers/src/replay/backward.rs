//! A new trajectory to an object that is there already: a walk back to the source, taken in reverse.

use gfn_core::{Environment, Mask, SampleError, Stream, TrajectoryBatch};

/// Appends a trajectory that ends at `finished`, each of its backward actions uniform over those legal.
pub(crate) fn walk(
    environment: &dyn Environment,
    finished: &[i32],
    stream: &mut Stream,
    batch: &mut TrajectoryBatch,
) -> Result<(), SampleError> {
    let most = environment.spec().most_steps;
    let (mut states, mut actions, mut backward_actions) = (vec![finished.to_vec()], Vec::new(), Vec::new());
    let mut mask = Mask::default();
    loop {
        let state = &states[actions.len()];
        environment.backward_mask(state, &mut mask);
        if mask.none() {
            break;
        }
        if actions.len() == most {
            let state = state.clone();
            return Err(SampleError::Endless { most, state });
        }
        let chosen = mask.iter().nth(stream.below(mask.count()));
        let backward = chosen.expect("the mask has as many actions as it counts");
        let mut previous = vec![0; state.len()];
        actions.push(environment.undo(state, backward, &mut previous));
        backward_actions.push(backward);
        states.push(previous);
    }
    states.reverse();
    actions.reverse();
    backward_actions.reverse();
    batch.push(&states.concat(), &actions, &backward_actions);
    Ok(())
}
