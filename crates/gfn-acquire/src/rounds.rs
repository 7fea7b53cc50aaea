//! The rounds: fit, train, propose, label.

use std::collections::HashSet;
use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use gfn_config::Tree;
use gfn_core::Reward;
use gfn_fit::{FitError, Settings, Table, TableError, fit_until};
use gfn_proxy::fitted::to_bytes;
use gfn_record::folder::{FolderError, SMALL, names, sha256};
use gfn_record::number;
use gfn_record::rejected;
use gfn_registry::acquisition::{Acquisition, Fit, Function};
use gfn_registry::{Experiment, assemble_until};
use gfn_runner::finished::{Damage, Loaded};
use gfn_runner::observers::FitProgress;
use gfn_runner::observers::log::Logging;
use gfn_runner::run;
use gfn_runner::signals::Stop;
use gfn_runner::work::Work;
use gfn_runner::{RunError, changes};

use crate::AcquireError;
use crate::begin::{Oracle, begin, exponent_of, floor_of, given, must_be_of_molecules, oracle_of, plan_of};
use crate::folder::{Folder, Label, Labeled, Proposal, Round, if_there, to_csv};
use crate::oracle::label;
use crate::proposals::{Distinct, at_random, chosen};
use crate::results::Results;

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
    match go_through(experiment, options) {
        // What was given up is asked for again.
        Err(error) if options.stop.is_asked() && error.may_be_a_stop() => Ok(Outcome::Saved {
            folder: options.out.clone(),
            round: 0,
        }),
        ended => ended,
    }
}

fn go_through(experiment: &Experiment, options: &Options) -> Result<Outcome, AcquireError> {
    let cancel = options.stop.cancel();
    // First: plugins log through what is in place when they are made.
    let logging = Logging::start();
    let plan = plan_of(experiment)?;
    let parts = assemble_until(experiment, cancel)?;
    must_be_of_molecules(&*parts.environment)?;
    let text = run::resolved_text(experiment, &parts);
    let folder = Folder::open(&options.out, options.takeover)?;
    // Before the folder is begun: what is wrong with a table can be mended, and the same command given again.
    let given = match &plan.initial {
        Some(path) if !folder.round(1).data().is_file() => {
            Some(given(Path::new(path)).map_err(|error| listed(error, &options.out))?)
        }
        _ => None,
    };
    experiment.begin_written_files()?;
    let changes = begin(&folder, &plan, &text)?;
    logging.open_at(folder.file(names::LOG))?;
    if given.is_some() {
        // A list that was written while the table had bad rows.
        let _ = rejected::write(&options.out.with_extension(rejected::EXTENSION), &[]);
    }
    for note in given.iter().flat_map(|given| &given.notes) {
        let _ = writeln!(gfn_text::stderr(), "note: `acquisition.initial`: {note}");
    }
    let rounds = Rounds {
        oracle: oracle_of(&folder, cancel)?,
        plan,
        text,
        given: given.map(|given| given.labels),
        folder: &folder,
        options,
    };
    for change in changes {
        rounds.tell(&format!("from now on {change}"));
    }
    rounds.all()
}

/// The same error, with a list of all bad rows beside the folder.
fn listed(error: AcquireError, out: &Path) -> AcquireError {
    let AcquireError::Initial(table) = error else {
        return error;
    };
    let TableError::BadRows { rows, .. } = &table else {
        return AcquireError::Initial(table);
    };
    let list = out.with_extension(rejected::EXTENSION);
    match rejected::write(&list, rows) {
        Ok(()) => AcquireError::BadRows { table, list },
        Err(_) => AcquireError::Initial(table),
    }
}

struct Rounds<'a> {
    oracle: Oracle,
    plan: Acquisition,
    /// The experiment with every default filled in.
    text: String,
    /// The labels of the user's table, where they are wanted.
    given: Option<Vec<Label>>,
    folder: &'a Folder,
    options: &'a Options,
}

impl Rounds<'_> {
    fn all(&self) -> Result<Outcome, AcquireError> {
        let saved = |round| Outcome::Saved {
            folder: self.options.out.clone(),
            round,
        };
        if !self.or_stopped(self.first_data())? {
            return Ok(saved(0));
        }
        for number in 1..=self.plan.rounds {
            if !self.or_stopped(self.round(number))? {
                return Ok(saved(number));
            }
        }
        // Also where a process was killed between a round's last label and them.
        let results = self.write_results()?;
        Ok(Outcome::Finished {
            folder: self.options.out.clone(),
            results,
        })
    }

    /// Whether a step came to its end; one that was given up because of a stop did not.
    fn or_stopped(&self, step: Result<bool, AcquireError>) -> Result<bool, AcquireError> {
        match step {
            Err(error) if self.options.stop.is_asked() && error.may_be_a_stop() => Ok(false),
            step => step,
        }
    }

    /// What a step is made of is shown where it leaves no lines behind.
    fn shows_bars(&self) -> bool {
        !self.options.quiet && gfn_text::stderr_is_terminal()
    }

    fn tell(&self, line: &str) {
        if !self.options.quiet {
            let _ = writeln!(gfn_text::stderr(), "{line}");
        }
    }

    /// The table of the first round; whether it is there.
    fn first_data(&self) -> Result<bool, AcquireError> {
        let round = self.folder.round(1);
        if round.data().is_file() {
            return Ok(true);
        }
        round.make()?;
        let labels = match &self.given {
            Some(labels) => labels.clone(),
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
        let round = self.folder.round(0);
        if !round.labeled().is_file() {
            let (seed, wanted) = (self.oracle.experiment.top.seed, self.plan.initial_size);
            let environment = &*self.oracle.parts.environment;
            let Some(drawn) = at_random(environment, seed, wanted, &self.options.stop)? else {
                return Ok(None);
            };
            if drawn.len() < wanted {
                let found = drawn.len();
                let line = format!(
                    "warning: only {found} of the {wanted} molecules to label first were drawn; there are no more different ones"
                );
                let _ = writeln!(gfn_text::stderr(), "{line}");
            }
            self.tell(&format!("labeling {} molecules drawn at random", drawn.len()));
            round.make()?;
            if !self.label(&drawn, &round)? {
                return Ok(None);
            }
        }
        let labeled: Vec<Labeled> = self.folder.read_table(&round.labeled())?;
        Ok(Some(labeled.into_iter().filter_map(with_value).collect()))
    }

    /// Asks the oracle for the molecules of a round and writes what it says; whether that came to its end.
    fn label(&self, proposals: &[Proposal], round: &Round<'_>) -> Result<bool, AcquireError> {
        self.oracle.parts.reward.prepare()?;
        let mut work = (!self.options.quiet).then(|| Work::new("labeling", proposals.len() as u64));
        let tell = |count: usize| work.iter_mut().for_each(|work| work.did(count as u64));
        let kept = round.labeled_until_now();
        let Some(labeled) = label(&self.oracle.parts, proposals, &kept, &self.options.stop, tell)? else {
            return Ok(false);
        };
        round.write_table(&round.labeled(), &labeled)?;
        self.folder.remove(&kept)?;
        Ok(true)
    }

    /// Whether a round came to its end.
    fn round(&self, number: u64) -> Result<bool, AcquireError> {
        let round = self.folder.round(number);
        if round.labeled().is_file() {
            return Ok(true);
        }
        round.make()?;
        if !round.data().is_file() {
            self.gather(number, &round)?;
        }
        if !round.proxy().is_file() && !self.fit(number, &round)? {
            return Ok(false);
        }
        if !round.proposed().is_file() && !self.propose(number, &round)? {
            return Ok(false);
        }
        let proposals: Vec<Proposal> = self.folder.read_table(&round.proposed())?;
        if !self.label(&proposals, &round)? {
            return Ok(false);
        }
        let results = self.write_results()?;
        self.tell_of(&results);
        Ok(true)
    }

    /// What was labeled until now, the last round's molecules at the end.
    fn gather(&self, number: u64, round: &Round<'_>) -> Result<(), AcquireError> {
        let before = self.folder.round(number - 1);
        let mut labels: Vec<Label> = self.folder.read_table(&before.data())?;
        let labeled: Vec<Labeled> = self.folder.read_table(&before.labeled())?;
        labels.extend(labeled.into_iter().filter_map(with_value));
        Ok(round.write_table(&round.data(), &labels)?)
    }

    /// Fits the round's proxy; whether that came to its end.
    fn fit(&self, number: u64, round: &Round<'_>) -> Result<bool, AcquireError> {
        let labels: Vec<Label> = self.folder.read_table(&round.data())?;
        let pairs = labels.into_iter().map(|label| (label.smiles, label.value));
        let name = self.oracle.experiment.reward.name;
        let origin = format!("round {number}");
        // A molecule that the networks cannot see was no mistake of the user's: the oracle labeled it.
        let table = Table::of_pairs(name, &origin, pairs, true).map_err(AcquireError::Initial)?;
        let settings = settings_of(&self.plan.fit, self.seed_of(number));
        let progress = FitProgress::new(&settings, !self.shows_bars());
        let stop = &self.options.stop;
        let fitted = fit_until(&table, &settings, stop.cancel(), &|epoch| {
            progress.on_epoch(epoch);
            ControlFlow::Continue(())
        });
        progress.finish();
        let fitted = match fitted {
            Ok(fitted) => fitted,
            Err(FitError::Stopped) => return Ok(false),
            Err(error) => {
                return Err(AcquireError::Fit {
                    round: number,
                    error: Box::new(error),
                });
            }
        };
        let errors = fitted.proxy.metadata().errors;
        if let Some(warning) = errors.warning() {
            let _ = writeln!(gfn_text::stderr(), "warning: round {number}: {warning}");
        }
        self.tell(&format!(
            "round {number} of {}: {} molecules labeled; the proxy errs by {} (always the mean: {})",
            self.plan.rounds,
            table.molecules.len(),
            number::shown(errors.rmse),
            number::shown(errors.mean_rmse)
        ));
        round.write(&round.proxy(), &to_bytes(&fitted.proxy))?;
        Ok(true)
    }

    /// Each round has a seed of its own, so that the same mistakes are not made again, and shares none with rounds of other seeds.
    fn seed_of(&self, number: u64) -> u64 {
        let name = format!("{}, round {number}", self.oracle.experiment.top.seed);
        let hash = sha256(name.as_bytes());
        // Fifteen digits, because seeds are numbers of TOML, which has signed ones.
        u64::from_str_radix(&hash[..15], 16).expect("a hash is written in hexadecimal digits")
    }

    /// Trains a policy on the proxy, and writes what it proposes; whether that came to its end.
    fn propose(&self, number: u64, round: &Round<'_>) -> Result<bool, AcquireError> {
        let failed = |error: RunError| AcquireError::Run {
            round: number,
            error: Box::new(error),
        };
        let experiment = self.experiment_of(number, round)?;
        self.begin_anew_if_changed(number, &experiment, &round.run())?;
        let options = run::Options {
            out: Some(round.run()),
            quiet: !self.shows_bars(),
            file: self.options.file.clone(),
            takeover: self.options.takeover,
            stop: self.options.stop.clone(),
            ..run::Options::default()
        };
        let ended = match run::run(&experiment, &options) {
            // It was begun with another version of the program or of libtorch, on another device or with another proxy.
            Err(RunError::Changed { changes, .. }) => {
                self.discard(number, &round.run(), &changes)?;
                run::run(&experiment, &options)
            }
            ended => ended,
        };
        if let run::Outcome::Saved { .. } = ended.map_err(failed)? {
            return Ok(false);
        }
        let mut policy =
            Loaded::open_until(&round.run(), &[], Damage::Refuse(""), &self.options.stop).map_err(failed)?;
        let (samples, states) = policy
            .draw(self.plan.candidates, self.seed_of(number), self.options.quiet)
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
        round.write(&round.settings(), self.text.as_bytes())?;
        round.write_table(&round.proposed(), &proposals)?;
        Ok(true)
    }

    /// Removes what there is of a round's run where it is not the one that is asked for now: other settings, or a folder that was
    /// moved, whose runs name their proxy by its old place.
    fn begin_anew_if_changed(
        &self,
        number: u64,
        experiment: &Experiment,
        run: &Path,
    ) -> Result<(), AcquireError> {
        self.folder.remove_folder(&run.with_extension("old"))?;
        let path = run.join(names::RESOLVED);
        let Some(before) = if_there(&path, gfn_files::read_text(&path, SMALL))? else {
            return Ok(());
        };
        let parts = assemble_until(experiment, self.options.stop.cancel())?;
        let now = run::resolved_text(experiment, &parts);
        let changes = changes::of_experiment(&before, &now)
            .map_err(|message| FolderError::Damaged { path, message })?;
        match changes.is_empty() {
            true => Ok(()),
            false => self.discard(number, run, &changes),
        }
    }

    /// Removes a round's run: whole, whenever the process is killed.
    fn discard(&self, number: u64, run: &Path, changes: &[String]) -> Result<(), AcquireError> {
        self.tell(&format!(
            "round {number} of {}: its run is trained anew, because it was begun otherwise:\n  {}",
            self.plan.rounds,
            changes.join("\n  ")
        ));
        let aside = run.with_extension("old");
        std::fs::rename(run, &aside).map_err(|error| {
            let path = run.to_path_buf();
            FolderError::Io { path, error }
        })?;
        Ok(self.folder.remove_folder(&aside)?)
    }

    /// The molecules that were labeled before this round, or that the oracle failed at.
    fn seen(&self, number: u64) -> Result<HashSet<String>, FolderError> {
        let first: Vec<Label> = self.folder.read_table(&self.folder.round(1).data())?;
        let mut seen: HashSet<String> = first.into_iter().map(|label| label.smiles).collect();
        for earlier in 0..number {
            let labeled = self.folder.round(earlier).labeled();
            // There is none of round 0 where a table was given.
            if earlier > 0 || labeled.is_file() {
                let rows: Vec<Labeled> = self.folder.read_table(&labeled)?;
                seen.extend(rows.into_iter().map(|row| row.smiles));
            }
        }
        Ok(seen)
    }

    /// The experiment with the round's proxy as its reward.
    fn experiment_of(&self, number: u64, round: &Round<'_>) -> Result<Experiment, AcquireError> {
        let (oracle, plan) = (&self.oracle.experiment, &self.plan);
        let shape = &oracle.shape;
        // A table of its own: nothing of the oracle's may be left in it, which may be a proxy as well.
        let mut reward = toml::Table::new();
        let mut set = |key: &str, value: toml::Value| reward.insert(key.into(), value);
        set("kind", "proxy".into());
        set("path", round.proxy().to_string_lossy().as_ref().into());
        set("acquisition", plan.function.name().into());
        set("exponent", exponent_of(plan, oracle).into());
        set("temperature", shape.temperature.into());
        set("floor", floor_of(plan, oracle).into());
        set("cache", i64::try_from(shape.cache).unwrap_or(i64::MAX).into());
        if plan.function != Function::ExpectedImprovement {
            // In the unit of the oracle, so that floor and clip mean the same.
            set("scale", 1.0.into());
            set("offset", 0.0.into());
            shape.clip.map(|clip| set("clip", clip.into()));
        }
        if plan.function == Function::Ucb {
            set("beta", plan.beta.into());
        }
        let mut table: toml::Table = self.text.parse().expect("it was made from a table");
        table.insert("seed".into(), toml::Value::Integer(self.seed_of(number) as i64));
        table.insert("reward".into(), reward.into());
        table.remove("acquisition");
        let text = toml::to_string(&table).expect("a table can be written");
        let name = format!("the experiment of round {number}");
        let tree = Tree::parse(&name, &text)?;
        Ok(Experiment::read(tree, self.folder.path().to_path_buf())?)
    }

    /// Writes what came of the rounds until now.
    fn write_results(&self) -> Result<Results, AcquireError> {
        let results = Results::of(self.folder)?;
        let json = serde_json::to_string_pretty(&results).expect("results are plain data") + "\n";
        let write = |name: &str, bytes: &[u8]| self.folder.write(&self.folder.file(name), bytes);
        write("results.csv", &to_csv(&results.rounds))?;
        write("best.csv", &to_csv(&results.best))?;
        write("results.json", json.as_bytes())?;
        Ok(results)
    }

    /// Tells what came of the last round.
    fn tell_of(&self, results: &Results) {
        if let Some(standing) = results.rounds.last() {
            let number = |value: Option<f64>| value.map_or("-".into(), number::shown);
            self.tell(&format!(
                "round {} of {}: {} new labels, mean {}; best {}, of the best 10 {}",
                standing.round,
                self.plan.rounds,
                standing.new,
                number(standing.mean_new),
                number(standing.best),
                number(standing.top_10)
            ));
        }
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

fn with_value(row: Labeled) -> Option<Label> {
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
