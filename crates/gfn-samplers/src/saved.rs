//! What samplers remember, as bytes: a version, then everything else in postcard's format with a checksum at its end.
//!
//! Of a trajectory only the actions are kept. Walking them again gives its states, and shows that they are legal.

use crc::{CRC_32_ISCSI, Crc};
use gfn_core::{Environment, Mask, TrajectoryBatch};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// A trajectory, and the log-reward of its object.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedTrajectory {
    log_reward: f64,
    actions: Vec<usize>,
}

impl SavedTrajectory {
    /// Of a batch of one.
    pub(crate) fn of(trajectory: &TrajectoryBatch) -> Self {
        Self {
            log_reward: trajectory.log_reward[0],
            actions: trajectory.actions().to_vec(),
        }
    }
}

/// The bytes of a value whose first number is the version of its format.
pub(crate) fn to_bytes(saved: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec_crc32(saved, CHECKSUM.digest()).expect("numbers and lists can be written to memory")
}

/// The value of some bytes; `what` it is, for messages.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8], version: u32, what: &str) -> Result<T, String> {
    let damaged = |_| format!("the saved {what} is damaged, or was saved by another sampler");
    let (format, _) = postcard::take_from_bytes::<u32>(bytes).map_err(damaged)?;
    if format != version {
        return Err(format!(
            "the saved {what} has format {format}, but this version of gfn reads format {version}: it is damaged, \
             or was saved by another version or sampler"
        ));
    }
    let (saved, rest) = postcard::take_from_bytes_crc32::<T>(bytes, CHECKSUM.digest()).map_err(damaged)?;
    if !rest.is_empty() {
        return Err(damaged(postcard::Error::DeserializeUnexpectedEnd));
    }
    Ok(saved)
}

/// The trajectory as a batch of one, or what is wrong with it.
pub(crate) fn walk(
    environment: &dyn Environment,
    saved: &SavedTrajectory,
) -> Result<TrajectoryBatch, String> {
    if !saved.log_reward.is_finite() {
        return Err(format!("has the log-reward {}", saved.log_reward));
    }
    let spec = environment.spec();
    let mut states = spec.initial.clone();
    let mut backward_actions = Vec::new();
    let (mut mask, mut next) = (Mask::default(), spec.initial.clone());
    for (position, &action) in saved.actions.iter().enumerate() {
        let state = &states[position * spec.state_len()..];
        environment.forward_mask(state, &mut mask);
        if !mask.allows(action) {
            return Err(format!(
                "takes action {action} at step {position}, which is not legal there: it was saved in another environment"
            ));
        }
        backward_actions.push(environment.step(state, action, &mut next));
        states.extend_from_slice(&next);
    }
    environment.forward_mask(&next, &mut mask);
    if !mask.none() {
        return Err("does not end at a finished object: it was saved in another environment".into());
    }
    let mut trajectory = TrajectoryBatch::new(spec.state_len());
    trajectory.push(&states, &saved.actions, &backward_actions);
    trajectory.log_reward.push(saved.log_reward);
    Ok(trajectory)
}
