//! Which molecules are to be labeled.

use std::collections::HashSet;

use gfn_chem::{Fingerprint, Molecule, canonical_of};
use gfn_core::{Environment, Purpose, SampleRequest, Sampler, TrajectoryBatch, UniformPolicy};
use gfn_registry::acquisition::{Acquisition, Selection};
use gfn_runner::signals::Stop;
use gfn_samplers::on_policy::{OnPolicy, Params};

use crate::AcquireError;
use crate::folder::Proposal;

/// So many trajectories are drawn at once.
const CHUNK: usize = 256;

/// How many times as many molecules as are wanted are drawn at random, before there seem to be no more.
const PATIENCE: usize = 20;

/// `count` distinct molecules, or as many as seem to be there, drawn by going forward at random; none where a stop was asked for.
pub(crate) fn at_random(
    environment: &dyn Environment,
    seed: u64,
    count: usize,
    stop: &Stop,
) -> Result<Option<Vec<Proposal>>, AcquireError> {
    let mut sampler = OnPolicy::new(Params::default());
    let mut batch = TrajectoryBatch::new(environment.spec().state_len());
    let mut found = Distinct::default();
    for first in (0..count * PATIENCE).step_by(CHUNK) {
        if stop.is_asked() {
            return Ok(None);
        }
        let request = SampleRequest {
            seed,
            purpose: Purpose::Samples,
            first_index: first as u64,
            count: CHUNK,
            step: 0,
        };
        sampler.sample(&request, environment, &mut UniformPolicy, &mut batch)?;
        let finished = batch.all_finished();
        for state in finished.chunks_exact(environment.spec().state_len()) {
            if found.rows.len() < count {
                found.add(&environment.describe(state), None, state);
            }
        }
        if found.rows.len() == count {
            break;
        }
    }
    Ok(Some(found.rows))
}

/// Molecules, each once.
#[derive(Default)]
pub(crate) struct Distinct {
    seen: HashSet<String>,
    pub(crate) rows: Vec<Proposal>,
}

impl Distinct {
    /// None of these is taken.
    pub(crate) fn without(seen: HashSet<String>) -> Self {
        Self {
            seen,
            rows: Vec::new(),
        }
    }

    /// Takes a molecule unless it was seen; what is no molecule is passed over.
    pub(crate) fn add(&mut self, text: &str, predicted: Option<f64>, state: &[i32]) {
        if let Ok(smiles) = canonical_of(text)
            && self.seen.insert(smiles.clone())
        {
            let state: Vec<String> = state.iter().map(ToString::to_string).collect();
            self.rows.push(Proposal {
                smiles,
                predicted,
                state: state.join(" "),
            });
        }
    }
}

/// The proposals of a round: of the candidates, those that the plan asks for. Equal ones go by the alphabet.
pub(crate) fn chosen(mut candidates: Vec<Proposal>, plan: &Acquisition) -> Vec<Proposal> {
    candidates.sort_by(|one, two| {
        let (first, second) = (one.predicted.unwrap_or(0.0), two.predicted.unwrap_or(0.0));
        second.total_cmp(&first).then_with(|| one.smiles.cmp(&two.smiles))
    });
    if plan.selection == Selection::Top {
        candidates.truncate(plan.proposals);
        return candidates;
    }
    let mut kept: Vec<Fingerprint> = Vec::new();
    let (mut chosen, mut similar) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let fingerprint = Molecule::parse(&candidate.smiles).and_then(|molecule| molecule.fingerprint());
        let is_new = fingerprint.is_ok_and(|fingerprint| {
            let is_new = kept
                .iter()
                .all(|other| fingerprint.tanimoto(other) < plan.similarity);
            kept.extend(is_new.then_some(fingerprint));
            is_new
        });
        if is_new { &mut chosen } else { &mut similar }.push(candidate);
        if chosen.len() == plan.proposals {
            return chosen;
        }
    }
    chosen.extend(similar);
    chosen.truncate(plan.proposals);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(smiles: &[(&str, f64)]) -> Vec<Proposal> {
        let mut found = Distinct::without(HashSet::from(["C".to_string()]));
        for (smiles, predicted) in smiles {
            found.add(smiles, Some(*predicted), &[1, 2]);
        }
        found.rows
    }

    fn names(rows: &[Proposal]) -> Vec<&str> {
        rows.iter().map(|row| row.smiles.as_str()).collect()
    }

    #[test]
    fn the_best_are_proposed_and_no_molecule_twice() {
        let rows = candidates(&[
            ("OCC", 1.0),
            ("CCO", 9.0),
            ("C", 8.0),
            ("CCN", 3.0),
            ("x", 5.0),
            ("CCC", 3.0),
        ]);
        let plan = Acquisition {
            proposals: 2,
            ..Acquisition::default()
        };
        assert_eq!(names(&rows), ["CCO", "CCN", "CCC"]);
        assert_eq!(names(&chosen(rows.clone(), &plan)), ["CCC", "CCN"]);
        assert_eq!(rows[0].state, "1 2");
    }

    #[test]
    fn diverse_proposals_are_not_alike_while_there_are_others() {
        let rows = candidates(&[
            ("c1ccccc1CCCN", 3.0),
            ("c1ccccc1CCCCN", 2.0),
            ("OC1CCNCC1", 1.0),
            ("c1ccccc1CCCCCN", 0.5),
        ]);
        let plan = |proposals| Acquisition {
            proposals,
            selection: Selection::Diverse,
            similarity: 0.5,
            ..Acquisition::default()
        };
        assert_eq!(
            names(&chosen(rows.clone(), &plan(2))),
            ["NCCCc1ccccc1", "OC1CCNCC1"]
        );
        assert_eq!(
            names(&chosen(rows, &plan(3))),
            ["NCCCc1ccccc1", "OC1CCNCC1", "NCCCCc1ccccc1"]
        );
    }
}
