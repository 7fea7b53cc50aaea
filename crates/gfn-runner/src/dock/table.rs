//! What came of docking, as a table.

use gfn_docking::Outcome;
use gfn_record::docked;
pub use gfn_record::docked::Row;
use gfn_rewards::docking::Params;

use super::Candidate;

/// Docked molecules, in the order of the candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Those that are done.
    pub rows: Vec<Row>,
    /// How many are not, because somebody asked to stop.
    pub left: usize,
}

impl Table {
    pub(super) fn new(candidates: Vec<Candidate>, outcomes: Vec<Option<Outcome>>, params: &Params) -> Self {
        let all = candidates.len();
        let done = candidates.into_iter().zip(outcomes);
        let rows: Vec<Row> = done
            .filter_map(|(candidate, outcome)| Some(row(candidate, outcome?, params)))
            .collect();
        Self {
            left: all - rows.len(),
            rows,
        }
    }

    /// The table as a file.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        docked::write(&mut bytes, &self.rows).expect("memory can be written");
        bytes
    }

    /// How scores go with what the reward said: Pearson's correlation, and Spearman's, of the ranks. None with fewer than three
    /// molecules, or where one side is the same for all.
    pub fn correlation(&self) -> Option<(f64, f64)> {
        let pairs = self.rows.iter().filter_map(|row| Some((row.reward?, row.score?)));
        let (rewards, scores): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let plain = pearson(&rewards, &scores)?;
        Some((plain, pearson(&ranks(&rewards), &ranks(&scores))?))
    }
}

fn row(candidate: Candidate, outcome: Outcome, params: &Params) -> Row {
    let energy = outcome.energy();
    Row {
        smiles: candidate.smiles,
        name: candidate.name,
        energy,
        score: energy.map(|energy| params.score(energy)),
        reward: candidate.reward,
        failure: match outcome {
            Outcome::Energy(_) => None,
            Outcome::Failed(reason) => Some(reason),
        },
    }
}

fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 3 {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let product = |a: &[f64], mean_a: f64, b: &[f64], mean_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    let spread = (product(x, mean_x, x, mean_x) * product(y, mean_y, y, mean_y)).sqrt();
    (spread > 0.0).then(|| product(x, mean_x, y, mean_y) / spread)
}

/// The rank of each value, equal ones sharing their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(pairs: &[(f64, Option<f64>)]) -> Table {
        let candidates = pairs.iter().map(|(reward, _)| Candidate {
            smiles: "C".into(),
            reward: Some(*reward),
            name: None,
            is_radical: false,
        });
        let outcomes = pairs.iter().map(|(_, energy)| {
            Some(energy.map_or_else(|| Outcome::Failed("no pose".into()), Outcome::Energy))
        });
        Table::new(
            candidates.collect(),
            outcomes.collect(),
            &Params::with_receptor(String::new()),
        )
    }

    #[test]
    fn correlation_is_of_those_that_were_docked() {
        let found = table(&[
            (1.0, Some(-8.6)),
            (9.0, None),
            (2.0, Some(-9.7)),
            (4.0, Some(-10.8)),
        ]);
        // Scores 4, 5, 6 beside 1, 2, 4: r = 3 / sqrt(2 · 14/3).
        let (plain, of_ranks) = found.correlation().unwrap();
        assert!((plain - 3.0 / (28.0f64 / 3.0).sqrt()).abs() < 1e-9, "{plain}");
        assert!((of_ranks - 1.0).abs() < 1e-12);
        assert_eq!(table(&[(1.0, Some(-8.0)), (2.0, Some(-9.0))]).correlation(), None);
        assert_eq!(table(&[(1.0, Some(-8.0)); 4]).correlation(), None);
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 7.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn what_was_not_reached_is_not_in_the_table() {
        let candidate = Candidate {
            smiles: "C".into(),
            reward: None,
            name: Some("=meth, ane".into()),
            is_radical: false,
        };
        let outcomes = vec![None, Some(Outcome::Energy(-13.0))];
        let params = Params::with_receptor(String::new());
        let table = Table::new(vec![candidate.clone(), candidate], outcomes, &params);
        assert_eq!((table.rows.len(), table.left), (1, 1));
        let text = String::from_utf8(table.to_csv()).unwrap();
        assert_eq!(
            text,
            "smiles,energy,score,reward,failure,name\nC,-13.0,8.0,,,\"'=meth, ane\"\n"
        );
    }
}
