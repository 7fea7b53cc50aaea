//! What is remembered, as bytes.

use std::collections::VecDeque;

use gfn_core::{Environment, TrajectoryBatch};
use serde::{Deserialize, Serialize};

use super::buffer::Buffer;
use crate::saved::{self, SavedTrajectory};

/// The version of the bytes, their first number.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    seen: u64,
    /// Oldest first.
    trajectories: Vec<SavedTrajectory>,
}

/// The bytes of a sampler that has seen `seen` fresh trajectories.
pub(super) fn to_bytes(seen: u64, buffer: &Buffer) -> Vec<u8> {
    saved::to_bytes(&Saved {
        format: FORMAT,
        seen,
        trajectories: buffer.iter().map(SavedTrajectory::of).collect(),
    })
}

/// The fresh trajectories seen, and those remembered, each a batch of one.
pub(super) fn from_bytes(
    environment: &dyn Environment,
    bytes: &[u8],
) -> Result<(u64, VecDeque<TrajectoryBatch>), String> {
    let saved: Saved = saved::from_bytes(bytes, FORMAT, "replay buffer")?;
    let walked = saved.trajectories.iter().enumerate().map(|(index, trajectory)| {
        saved::walk(environment, trajectory)
            .map_err(|why| format!("trajectory {index} of the saved replay buffer {why}"))
    });
    Ok((saved.seen, walked.collect::<Result<_, _>>()?))
}
