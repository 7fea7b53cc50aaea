//! The oracle: the reward of the file, asked for what is too expensive to ask often.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use gfn_core::{Objects, Reward, RewardError};
use gfn_registry::Assembled;
use gfn_runner::signals::Stop;

use crate::AcquireError;
use crate::folder::{Labelled, Proposal};

/// So many molecules for each core are labelled before it is told how far it is, and asked whether to stop: few, since each can take
/// half a minute, and enough that no core waits long for the last of them.
const CHUNK_PER_CORE: usize = 8;

/// Labels proposals, and tells how many more are done; none where a stop was asked for.
pub(crate) fn label(
    parts: &Assembled,
    proposals: &[Proposal],
    stop: &Stop,
    mut tell: impl FnMut(usize),
) -> Result<Option<Vec<Labelled>>, AcquireError> {
    let mut labelled = Vec::with_capacity(proposals.len());
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for chunk in proposals.chunks(CHUNK_PER_CORE * cores) {
        if stop.is_asked() {
            return Ok(None);
        }
        label_chunk(parts, chunk, &mut labelled)?;
        tell(chunk.len());
    }
    Ok(Some(labelled))
}

fn label_chunk(
    parts: &Assembled,
    proposals: &[Proposal],
    labelled: &mut Vec<Labelled>,
) -> Result<(), AcquireError> {
    let environment = &*parts.environment;
    let len = environment.spec().state_len();
    let mut states = Vec::with_capacity(proposals.len() * len);
    for proposal in proposals {
        let numbers = proposal.state.split(' ').map(str::parse::<i32>);
        let state: Vec<i32> = numbers.collect::<Result<_, _>>().unwrap_or_default();
        if state.len() != len {
            let message = format!("a proposal has no state of {len} numbers; remove its round's folder");
            return Err(AcquireError::Plan(message));
        }
        states.extend(state);
    }
    let objects = Objects::new(environment, &states);
    let mut raw = vec![0.0; proposals.len()];
    let left_out = RewardError::left_out(parts.reward.raw_log_reward(&objects, &mut raw))?;
    let failures: HashMap<String, String> = parts
        .reward
        .incidents()
        .into_iter()
        .map(|incident| (incident.object, incident.reason))
        .collect();
    for (index, proposal) in proposals.iter().enumerate() {
        let mut failure = failures
            .get(&proposal.smiles)
            .or_else(|| failures.get(&objects.describe(index)))
            .cloned();
        if failure.is_none() && left_out.contains(&index) {
            failure = Some("it has no reward".into());
        }
        labelled.push(Labelled {
            smiles: proposal.smiles.clone(),
            value: failure.is_none().then(|| raw[index].exp()),
            failure,
        });
    }
    Ok(())
}
