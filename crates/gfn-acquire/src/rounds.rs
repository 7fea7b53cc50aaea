//! The rounds: fit, train, propose, label.

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use gfn_config::Problem;
use gfn_core::{ObjectKind, Reward};
use gfn_fit::{Columns, Settings, Table, fit};
use gfn_proxy::fitted::to_bytes;
use gfn_record::folder::FolderError;
use gfn_registry::acquisition::{Acquisition, Fit, Function};
use gfn_registry::{Assembled, Experiment, assemble, builtin};
use gfn_runner::RunError;
use gfn_runner::finished::Loaded;
use gfn_runner::observers::FitProgress;
use gfn_runner::run;
use gfn_runner::signals::Stop;
use gfn_runner::work::Work;

use crate::AcquireError;
use crate::folder::{EXPERIMENT, Folder, Label, Labelled, Proposal, Round, read_table, to_csv};
use crate::oracle::label;
use crate::proposals::{Distinct, at_random, chosen};
use crate::results::Results;

/// Where energies are kept where the oracle docks and its file names no place.
const ENERGIES: &str = "energies.jsonl";

/// How to go through the rounds, besides what the experiment says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder, a new one or that of rounds to go on with.
    pub out: PathBuf,
    /// The experiment file, for the record.
    pub file: String,
    /// Show no progress.
    pub quiet: bool,
    /// Write the folder although a process on another machine may still be writing it.
    pub takeover: bool,
    /// Asked between steps, and after each update of a run.
    pub stop: Stop,
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// All rounds are done.
    Finished {
        /// The folder.
        folder: PathBuf,
        /// What came of them.
        results: Results,
    },
    /// It was asked to stop, and can go on.
    Saved {
        /// The folder.
        folder: PathBuf,
        /// The round under way.
        round: u64,
    },
}

/// Goes through the rounds that are not done yet.
///
/// # Errors
/// [`AcquireError`]; what is done stays, and the same call goes on.
pub fn acquire(experiment: &Experiment, options: &Options) -> Result<Outcome, AcquireError> {
    let plan = plan_of(experiment)?;
    let parts = assemble(experiment)?;
    if parts.environment.spec().objects != ObjectKind::Molecule {
        let message = "`gfn acquire` needs an environment of molecules: a proxy sees nothing else";
        return Err(AcquireError::Plan(message.into()));
    }
    let text = run::resolved_text(experiment, &parts);
    let folder = Folder::open(&options.out, options.takeover)?;
    begin(&folder, &text)?;
    let rounds = Rounds {
        oracle: oracle_of(&folder)?,
        plan,
        folder: &folder,
        options,
    };
    rounds.all()
}

/// What the file says of rounds.
fn plan_of(experiment: &Experiment) -> Result<Acquisition, AcquireError> {
    let Some(plan) = &experiment.acquisition else {
        let message = "the file has no table `[acquisition]`, which says how many rounds there are, of how many molecules";
        return Err(AcquireError::Plan(message.into()));
    };
    if experiment.shape.floor == 0.0 {
        let tree = &experiment.tree;
        let place = tree.section("reward").unwrap_or(tree.root());
        let problem = Problem::new("the reward has no floor, and what a proxy predicts can be 0")
            .at(&place.origin)
            .help("set `reward.floor` to the least reward that counts, such as 1e-3");
        return Err(tree.problems(vec![problem]).into());
    }
    Ok(plan.clone())
}

/// Writes down what begins, or makes sure that what goes on is the same but for the number of rounds.
fn begin(folder: &Folder, text: &str) -> Result<(), AcquireError> {
    let path = folder.file(EXPERIMENT);
    let Ok(before) = std::fs::read_to_string(&path) else {
        return Ok(folder.write(&path, text.as_bytes())?);
    };
    let without_rounds = |text: &str| {
        let mut table: toml::Table = text.parse().unwrap_or_default();
        if let Some(toml::Value::Table(plan)) = table.get_mut("acquisition") {
            plan.remove("rounds");
        }
        table
    };
    match without_rounds(&before) == without_rounds(text) {
        true => Ok(()),
        false => Err(AcquireError::Changed {
            folder: folder.path().to_path_buf(),
        }),
    }
}

/// The experiment as it was begun; docking remembers its energies in the folder where it is not told otherwise.
fn oracle_of(folder: &Folder) -> Result<Oracle, AcquireError> {
    let path = folder.file(EXPERIMENT);
    let mut experiment = Experiment::load(&path, &[])?;
    if experiment.reward.name == builtin::DOCKING && !experiment.reward.table.contains_key("cache_file") {
        let energies = quoted(&folder.file(ENERGIES));
        experiment = Experiment::load(&path, &[format!("reward.cache_file={energies}")])?;
    }
    let parts = assemble(&experiment)?;
    Ok(Oracle { experiment, parts })
}

/// A path as a TOML value.
fn quoted(path: &Path) -> String {
    toml::Value::String(path.to_string_lossy().into_owned()).to_string()
}

struct Oracle {
    experiment: Experiment,
    parts: Assembled,
}

struct Rounds<'a> {
    oracle: Oracle,
    plan: Acquisition,
    folder: &'a Folder,
    options: &'a Options,
}

impl Rounds<'_> {
    fn all(&self) -> Result<Outcome, AcquireError> {
        let saved = |round| Outcome::Saved {
            folder: self.options.out.clone(),
            round,
        };
        if !self.first_data()? {
            return Ok(saved(0));
        }
        for number in 1..=self.plan.rounds {
            if !self.round(number)? {
                return Ok(saved(number));
            }
        }
        Ok(Outcome::Finished {
            folder: self.options.out.clone(),
            results: Results::of(self.folder, self.plan.rounds)?,
        })
    }

    fn stops(&self) -> bool {
        self.options.stop.is_asked()
    }

    /// What a step is made of is shown where it leaves no lines behind.
    fn shows_bars(&self) -> bool {
        !self.options.quiet && std::io::stderr().is_terminal()
    }

    fn tell(&self, line: &str) {
        if !self.options.quiet {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    /// The table of the first round; whether it is there.
    fn first_data(&self) -> Result<bool, AcquireError> {
        let round = self.folder.round(1);
        if round.data().is_file() {
            return Ok(true);
        }
        round.make()?;
        let labels = match &self.plan.initial {
            Some(path) => given(Path::new(path))?,
            None => match self.random_labels()? {
                Some(labels) => labels,
                None => return Ok(false),
            },
        };
        round.write_table(&round.data(), &labels)?;
        Ok(true)
    }

    /// Random molecules with their labels; none where a stop was asked for.
    fn random_labels(&self) -> Result<Option<Vec<Label>>, AcquireError> {
        let seed = self.oracle.experiment.top.seed;
        let environment = &*self.oracle.parts.environment;
        let drawn = at_random(environment, seed, self.plan.initial_size)?;
        self.tell(&format!("labelling {} molecules drawn at random", drawn.len()));
        self.oracle.parts.reward.prepare()?;
        let labelled = self.label(&drawn)?;
        Ok(labelled.map(|rows| rows.into_iter().filter_map(with_value).collect()))
    }

    fn label(&self, proposals: &[Proposal]) -> Result<Option<Vec<Labelled>>, AcquireError> {
        let mut work = (!self.options.quiet).then(|| Work::new("labelling", proposals.len() as u64));
        let tell = |count: usize| work.iter_mut().for_each(|work| work.did(count as u64));
        label(&self.oracle.parts, proposals, &self.options.stop, tell)
    }

    /// Whether a round came to its end.
    fn round(&self, number: u64) -> Result<bool, AcquireError> {
        let round = self.folder.round(number);
        round.make()?;
        if !round.data().is_file() {
            self.gather(number, &round)?;
        }
        if !round.proxy().is_file() {
            if self.stops() {
                return Ok(false);
            }
            self.fit(number, &round)?;
        }
        if !round.proposed().is_file() && !self.propose(number, &round)? {
            return Ok(false);
        }
        if !round.labelled().is_file() {
            self.oracle.parts.reward.prepare()?;
            let proposals: Vec<Proposal> = read_table(&round.proposed())?;
            let Some(labelled) = self.label(&proposals)? else {
                return Ok(false);
            };
            round.write_table(&round.labelled(), &labelled)?;
        }
        self.leave_results(number)?;
        Ok(true)
    }

    /// What was labelled until now, the last round's molecules at the end.
    fn gather(&self, number: u64, round: &Round<'_>) -> Result<(), AcquireError> {
        let before = self.folder.round(number - 1);
        let mut labels: Vec<Label> = read_table(&before.data())?;
        let labelled: Vec<Labelled> = read_table(&before.labelled())?;
        labels.extend(labelled.into_iter().filter_map(with_value));
        Ok(round.write_table(&round.data(), &labels)?)
    }

    fn fit(&self, number: u64, round: &Round<'_>) -> Result<(), AcquireError> {
        let labels: Vec<Label> = read_table(&round.data())?;
        let pairs = labels.into_iter().map(|label| (label.smiles, label.value));
        let name = self.oracle.experiment.reward.name;
        let origin = format!("round {number}");
        // A molecule that the networks cannot see was no mistake of the user's: the oracle labelled it.
        let table = Table::of_pairs(name, &origin, pairs, true).map_err(AcquireError::Initial)?;
        let settings = settings_of(&self.plan.fit, self.seed_of(number));
        let progress = FitProgress::new(&settings, !self.shows_bars());
        let fitted = fit(&table, &settings, &|epoch| progress.on_epoch(epoch));
        progress.finish();
        let fitted = fitted.map_err(|error| AcquireError::Fit {
            round: number,
            error: Box::new(error),
        })?;
        let errors = fitted.proxy.metadata().errors;
        self.tell(&format!(
            "round {number} of {}: {} molecules labelled; the proxy errs by {:.4} (always the mean: {:.4})",
            self.plan.rounds,
            table.molecules.len(),
            errors.rmse,
            errors.mean_rmse
        ));
        Ok(round.write(&round.proxy(), &to_bytes(&fitted.proxy))?)
    }

    /// Each round has a seed of its own, so that the same mistakes are not made again.
    fn seed_of(&self, number: u64) -> u64 {
        // Seeds are numbers of TOML, which has signed ones.
        self.oracle.experiment.top.seed.wrapping_add(number) & (i64::MAX as u64)
    }

    /// Trains a policy on the proxy, and writes what it proposes; whether that came to its end.
    fn propose(&self, number: u64, round: &Round<'_>) -> Result<bool, AcquireError> {
        let failed = |error: RunError| AcquireError::Run {
            round: number,
            error: Box::new(error),
        };
        let experiment = self.experiment_of(number, round)?;
        let options = run::Options {
            out: Some(round.run()),
            quiet: !self.shows_bars(),
            file: self.options.file.clone(),
            takeover: self.options.takeover,
            stop: self.options.stop.clone(),
            ..run::Options::default()
        };
        if let run::Outcome::Saved { .. } = run::run(&experiment, &options).map_err(failed)? {
            return Ok(false);
        }
        let mut policy = Loaded::open(&round.run(), &[]).map_err(failed)?;
        let (samples, states) = policy
            .draw(self.plan.candidates, 0, self.options.quiet)
            .map_err(failed)?;
        let len = self.oracle.parts.environment.spec().state_len();
        let mut candidates = Distinct::without(self.seen(number)?);
        for (sample, state) in samples.iter().zip(states.chunks_exact(len)) {
            candidates.add(&sample.object, Some(sample.reward), state);
        }
        let proposals = chosen(candidates.rows, &self.plan);
        if proposals.is_empty() {
            return Err(AcquireError::Exhausted(number));
        }
        round.write_table(&round.proposed(), &proposals)?;
        Ok(true)
    }

    /// The molecules that were labelled before this round, or that the oracle failed at.
    fn seen(&self, number: u64) -> Result<HashSet<String>, FolderError> {
        let first: Vec<Label> = read_table(&self.folder.round(1).data())?;
        let mut seen: HashSet<String> = first.into_iter().map(|label| label.smiles).collect();
        for earlier in 1..number {
            let rows: Vec<Labelled> = read_table(&self.folder.round(earlier).labelled())?;
            seen.extend(rows.into_iter().map(|row| row.smiles));
        }
        Ok(seen)
    }

    /// The experiment with the round's proxy as its reward.
    fn experiment_of(&self, number: u64, round: &Round<'_>) -> Result<Experiment, AcquireError> {
        let shape = &self.oracle.experiment.shape;
        let plan = &self.plan;
        let mut sets = vec![
            format!("seed={}", self.seed_of(number)),
            "reward.kind=\"proxy\"".into(),
            format!("reward.path={}", quoted(&round.proxy())),
            format!("reward.acquisition=\"{}\"", plan.function.name()),
            // In the unit of the oracle, so that floor and clip mean the same.
            "reward.scale=1.0".into(),
            format!("reward.exponent={:?}", shape.exponent),
            format!("reward.temperature={:?}", shape.temperature),
            format!("reward.floor={:?}", shape.floor),
            format!("reward.cache={}", shape.cache),
        ];
        sets.extend(shape.clip.map(|clip| format!("reward.clip={clip:?}")));
        match plan.function {
            Function::Mean => sets.push("reward.offset=0.0".into()),
            Function::Ucb => {
                sets.extend(["reward.offset=0.0".into(), format!("reward.beta={:?}", plan.beta)])
            }
            Function::ExpectedImprovement => {}
        }
        let mut experiment = Experiment::load(&self.folder.file(EXPERIMENT), &sets)?;
        experiment.acquisition = None;
        Ok(experiment)
    }

    /// Writes what came of the rounds until now.
    fn leave_results(&self, rounds: u64) -> Result<(), AcquireError> {
        let results = Results::of(self.folder, rounds)?;
        let json = serde_json::to_string_pretty(&results).expect("results are plain data") + "\n";
        let write = |name: &str, bytes: &[u8]| self.folder.write(&self.folder.file(name), bytes);
        write("results.csv", &to_csv(&results.rounds))?;
        write("best.csv", &to_csv(&results.best))?;
        write("results.json", json.as_bytes())?;
        if let Some(standing) = results.rounds.last() {
            let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.4}"));
            self.tell(&format!(
                "round {rounds} of {}: {} new labels, mean {}; best {}, of the best 10 {}",
                self.plan.rounds,
                standing.new,
                number(standing.mean_new),
                number(standing.best),
                number(standing.top_10)
            ));
        }
        Ok(())
    }
}

/// How the networks of a round are fitted.
fn settings_of(fit: &Fit, seed: u64) -> Settings {
    Settings {
        seed,
        members: fit.ensemble,
        epochs: fit.epochs,
        patience: fit.patience,
        hidden: fit.hidden,
        rounds: fit.rounds,
        batch_size: fit.batch_size,
        learning_rate: fit.learning_rate,
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        ..Settings::default()
    }
}

/// The labels of a table that the user has.
fn given(path: &Path) -> Result<Vec<Label>, AcquireError> {
    let columns = Columns {
        smiles: Some("smiles".into()),
        value: Some("value".into()),
    };
    let table = Table::read(path, &columns, false).map_err(AcquireError::Initial)?;
    let labels = table.molecules.into_iter().map(|measured| Label {
        smiles: measured.smiles,
        value: measured.value,
    });
    Ok(labels.collect())
}

fn with_value(row: Labelled) -> Option<Label> {
    Some(Label {
        value: row.value?,
        smiles: row.smiles,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_fits_as_a_table_is_fitted() {
        let of_a_round = settings_of(&Fit::default(), 0);
        let threads = of_a_round.threads;
        let of_a_table = Settings::default();
        assert_eq!(
            of_a_round,
            Settings {
                threads,
                ..of_a_table
            }
        );
    }
}
