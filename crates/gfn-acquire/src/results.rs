//! What the rounds came to: a line a round, read from the folder's files alone.

use gfn_chem::{Fingerprint, Molecule, diversity};
use gfn_proxy::fitted::Proxy;
use serde::Serialize;

use crate::AcquireError;
use crate::folder::{Folder, Label, Labeled};

/// How many of the best molecules are listed.
const BEST: usize = 100;

/// Where things stand after a round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The round; 0 is what was labeled before the first.
    pub round: u64,
    /// Molecules with a label.
    pub labeled: usize,
    /// Of those, how many are of this round.
    pub new: usize,
    /// Molecules of this round that the oracle failed at, whether it labeled them 0 or not at all.
    pub failed: usize,
    /// The best value.
    pub best: Option<f64>,
    /// The mean of the 10 best.
    pub top_10: Option<f64>,
    /// The mean of the 100 best.
    pub top_100: Option<f64>,
    /// The mean value of this round's molecules.
    pub mean_new: Option<f64>,
    /// The mean Tanimoto similarity of the 100 best, or of all where there are fewer.
    pub similarity: f64,
    /// The error, on molecules that it has not seen, of the proxy that this round's molecules were proposed by.
    pub proxy_rmse: Option<f64>,
    /// The error of always predicting the mean.
    pub mean_rmse: Option<f64>,
}

/// A molecule and the round that found it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Best {
    #[serde(with = "gfn_files::cell::text")]
    smiles: String,
    value: f64,
    round: u64,
}

/// All rounds, and the best molecules.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// A line a round.
    pub rounds: Vec<Standing>,
    /// The best molecules, best first.
    pub(crate) best: Vec<Best>,
}

impl Results {
    /// The results of all rounds that are done.
    pub(crate) fn of(folder: &Folder) -> Result<Self, AcquireError> {
        let first: Vec<Label> = folder.read_table(&folder.round(1).data())?;
        let mut all: Vec<Best> = first
            .into_iter()
            .map(|label| best(label.smiles, label.value, 0))
            .collect();
        let new = all.len();
        sort(&mut all);
        let at_random = folder.round(0).labeled();
        let failed = match at_random.is_file() {
            true => failures(&folder.read_table(&at_random)?),
            false => 0,
        };
        let mut standings = vec![Standing {
            new,
            failed,
            ..standing(0, &all)
        }];
        let rounds = (1..).map(|number| (number, folder.round(number)));
        for (number, round) in rounds.take_while(|(_, round)| round.labeled().is_file()) {
            let rows: Vec<Labeled> = folder.read_table(&round.labeled())?;
            let values: Vec<f64> = rows.iter().filter_map(|row| row.value).collect();
            let found = rows
                .iter()
                .filter_map(|row| Some(best(row.smiles.clone(), row.value?, number)));
            all.extend(found);
            sort(&mut all);
            let (proxy, _) = Proxy::read(&round.proxy(), &folder.read(&round.proxy())?, None)?;
            let errors = proxy.metadata().errors;
            standings.push(Standing {
                new: values.len(),
                failed: failures(&rows),
                mean_new: mean(&values),
                proxy_rmse: Some(errors.rmse),
                mean_rmse: Some(errors.mean_rmse),
                ..standing(number, &all)
            });
        }
        all.truncate(BEST);
        Ok(Self {
            rounds: standings,
            best: all,
        })
    }
}

fn failures(rows: &[Labeled]) -> usize {
    rows.iter().filter(|row| row.failure.is_some()).count()
}

fn best(smiles: String, value: f64, round: u64) -> Best {
    Best { smiles, value, round }
}

fn sort(all: &mut [Best]) {
    all.sort_by(|one, two| {
        two.value
            .total_cmp(&one.value)
            .then_with(|| one.smiles.cmp(&two.smiles))
    });
}

/// Where things stand with these molecules, best first.
fn standing(round: u64, all: &[Best]) -> Standing {
    let top = |count: usize| {
        let values: Vec<f64> = all.get(..count)?.iter().map(|best| best.value).collect();
        mean(&values)
    };
    let fingerprints: Vec<Fingerprint> = all
        .iter()
        .take(BEST)
        .filter_map(|best| Molecule::parse(&best.smiles).ok()?.fingerprint().ok())
        .collect();
    Standing {
        round,
        labeled: all.len(),
        new: 0,
        failed: 0,
        best: all.first().map(|best| best.value),
        top_10: top(10),
        top_100: top(100),
        mean_new: None,
        similarity: 1.0 - diversity(&fingerprints),
        proxy_rmse: None,
        mean_rmse: None,
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
