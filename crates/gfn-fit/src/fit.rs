//! From a table to a proxy and an account of its errors.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gfn_core::Cancel;
use gfn_learn::device;
use gfn_proxy::fitted::{
    Architecture, DESCRIPTORS, Data as Origin, Direction, ELEMENTS, Errors, FEATURES_VERSION, Features,
    Metadata, Proxy, Split, SplitKind, Target, Uncertainty,
};

use crate::batch::Example;
use crate::member::{Data, Progress, Trained, train};
use crate::split::{Parts, part};
use crate::statistics::{errors, moments};
use crate::table::{Measured, Table};
use crate::uncertainty::{calibrated, coverage};
use crate::{FitError, LEAST};

/// How a proxy is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Tells one fit from another: the split, the first weights, the order of molecules.
    pub seed: u64,
    /// How many networks there are.
    pub members: usize,
    /// The most epochs of each.
    pub epochs: usize,
    /// A network stops after so many epochs without a better validation error.
    pub patience: usize,
    /// Numbers in an atom's state.
    pub hidden: usize,
    /// Rounds of messages.
    pub rounds: usize,
    /// Molecules in a step.
    pub batch_size: usize,
    /// The first step size; it falls to 0 along half a cosine.
    pub learning_rate: f64,
    /// The share of every weight that is taken away per step, times the step size.
    pub weight_decay: f64,
    /// By what the table is parted.
    pub split: SplitKind,
    /// Which values are better.
    pub direction: Direction,
    /// The values' unit.
    pub unit: Option<String>,
    /// Networks that are trained at once; nothing depends on it.
    pub threads: NonZeroUsize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            members: 5,
            epochs: 100,
            patience: 25,
            hidden: 64,
            rounds: 4,
            batch_size: 32,
            learning_rate: 2e-3,
            weight_decay: 0.01,
            split: SplitKind::Random,
            direction: Direction::Maximize,
            unit: None,
            threads: NonZeroUsize::MIN,
        }
    }
}

impl Settings {
    /// The most networks.
    pub const MAX_MEMBERS: usize = 100;
    /// The most epochs, and the longest patience.
    pub const MAX_EPOCHS: usize = 1_000_000;
    /// The most numbers in the state of an atom.
    pub const MAX_HIDDEN: usize = 1024;
    /// The most rounds of messages.
    pub const MAX_ROUNDS: usize = 100;
    /// The most molecules in a step.
    pub const MAX_BATCH: usize = 100_000;

    pub(crate) fn architecture(&self) -> Architecture {
        Architecture {
            members: self.members,
            hidden: self.hidden,
            rounds: self.rounds,
        }
    }

    fn check(&self) -> Result<(), FitError> {
        let counts = [
            ("ensemble", self.members, Self::MAX_MEMBERS),
            ("epochs", self.epochs, Self::MAX_EPOCHS),
            ("patience", self.patience, Self::MAX_EPOCHS),
            ("hidden", self.hidden, Self::MAX_HIDDEN),
            ("rounds", self.rounds, Self::MAX_ROUNDS),
            ("batch_size", self.batch_size, Self::MAX_BATCH),
        ];
        if let Some((name, value, most)) = counts
            .iter()
            .find(|(_, value, most)| !(1..=*most).contains(value))
        {
            let message = format!("`{name}` is {value}; expected 1 to {most}");
            return Err(FitError::Setting(message));
        }
        let rates = [
            ("learning_rate", self.learning_rate),
            ("weight_decay", self.weight_decay),
        ];
        // Weights are in single precision.
        let fits = |rate: f64| rate == 0.0 || (f64::from(f32::MIN_POSITIVE)..=1.0).contains(&rate);
        match rates.iter().find(|(_, rate)| !fits(*rate)) {
            Some((name, rate)) => Err(FitError::Setting(format!(
                "`{name}` is {rate:e}; expected 0, or a number from 1.2e-38 to 1"
            ))),
            None => Ok(()),
        }
    }
}

/// A test molecule, which no network has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// Its canonical SMILES.
    pub smiles: String,
    /// Its value in the table.
    pub value: f64,
    /// What the proxy predicts.
    pub predicted: f64,
    /// The standard deviation that it expects its error to have.
    pub deviation: f64,
}

/// How good a proxy is.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The test molecules, in the order of their SMILES.
    pub test: Vec<Tested>,
    /// The networks.
    pub members: Vec<Trained>,
    /// For shares of a normal distribution, the share of test errors that were within as many standard deviations.
    pub coverage: Vec<(f64, f64)>,
}

/// A proxy, and how good it is.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The proxy; its file is [`gfn_proxy::fitted::to_bytes`] of it.
    pub proxy: Proxy,
    /// Its account.
    pub evaluation: Evaluation,
}

/// Fits an ensemble to a table. `progress` hears of every epoch, from several threads; where it breaks, all networks stop after
/// the epoch under way.
///
/// # Errors
/// [`FitError`] where there is too little or nothing to learn, and where `progress` broke.
pub fn fit(
    table: &Table,
    settings: &Settings,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<Fitted, FitError> {
    fit_until(table, settings, &Cancel::default(), progress)
}

/// The same; no further step is taken once a stop is asked for.
///
/// # Errors
/// Those of [`fit`]; [`FitError::Stopped`] where a stop was asked for.
pub fn fit_until(
    table: &Table,
    settings: &Settings,
    cancel: &Cancel,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<Fitted, FitError> {
    settings.check()?;
    must_be_learnable(table)?;
    let molecules = &table.molecules;
    let parts = part(molecules, settings.split, settings.seed);
    if parts.validation.is_empty() || parts.test.is_empty() {
        let message = "nearly all molecules have one scaffold, so that none are left to validate and test with; use the random split";
        return Err(FitError::Setting(message.into()));
    }
    let scale = Scale::of(molecules, &parts.training)?;
    let (weights, members) = train_all(molecules, &parts, &scale, (settings, cancel), progress)?;
    let proxy = Proxy::new(
        metadata(table, settings, &parts, &scale),
        scale.descriptors,
        weights,
    );
    let proxy = with_uncertainty(proxy, molecules, &parts.validation);
    Ok(judged(proxy, molecules, &parts.test, members))
}

/// Makes sure that a table has enough molecules, and different values.
///
/// # Errors
/// [`FitError`] where there is too little or nothing to learn.
pub fn must_be_learnable(table: &Table) -> Result<(), FitError> {
    let molecules = &table.molecules;
    if molecules.len() < LEAST {
        return Err(FitError::TooFew(molecules.len()));
    }
    let first = molecules[0].value;
    match molecules.iter().all(|molecule| molecule.value == first) {
        true => Err(FitError::AllEqual(molecules.len(), first)),
        false => Ok(()),
    }
}

/// What is standardised, by the training molecules.
struct Scale {
    mean: f64,
    deviation: f64,
    descriptors: [[f32; DESCRIPTORS]; 2],
}

impl Scale {
    fn of(molecules: &[Measured], training: &[usize]) -> Result<Self, FitError> {
        let training = training.iter().map(|place| &molecules[*place]);
        let (mean, deviation) = moments(training.clone().map(|molecule| molecule.value));
        if deviation == 0.0 {
            return Err(FitError::AllEqual(training.count(), mean));
        }
        let of = |index: usize| {
            let values = training
                .clone()
                .map(|molecule| f64::from(molecule.features.descriptors[index]));
            // What does not vary among them tells nothing, and is not blown up elsewhere.
            match moments(values) {
                (mean, deviation) if deviation > 1e-6 => [mean as f32, deviation as f32],
                (mean, _) => [mean as f32, 1.0],
            }
        };
        let pairs: [[f32; 2]; DESCRIPTORS] = std::array::from_fn(of);
        Ok(Self {
            mean,
            deviation,
            descriptors: [pairs.map(|[mean, _]| mean), pairs.map(|[_, deviation]| deviation)],
        })
    }

    fn example<'a>(&self, molecule: &'a Measured) -> Example<'a> {
        let [means, deviations] = &self.descriptors;
        let descriptors = &molecule.features.descriptors;
        Example {
            features: &molecule.features,
            descriptors: std::array::from_fn(|index| (descriptors[index] - means[index]) / deviations[index]),
            value: ((molecule.value - self.mean) / self.deviation) as f32,
        }
    }
}

/// Trains all members, some at once: each on one thread of its own, so that no sum depends on how many there are.
fn train_all(
    molecules: &[Measured],
    parts: &Parts,
    scale: &Scale,
    (settings, cancel): (&Settings, &Cancel),
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<(Vec<Vec<f32>>, Vec<Trained>), FitError> {
    let examples = |part: &[usize]| {
        part.iter()
            .map(|place| scale.example(&molecules[*place]))
            .collect()
    };
    let data = Data {
        training: examples(&parts.training),
        validation: examples(&parts.validation),
        deviation: scale.deviation,
        cancel,
    };
    let (next, is_stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let progress = |epoch| {
        if progress(epoch).is_break() {
            is_stopped.store(true, Ordering::Relaxed);
        }
        // Also where another member was told to stop.
        match is_stopped.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let done: Mutex<Vec<Option<Result<_, FitError>>>> =
        Mutex::new((0..settings.members).map(|_| None).collect());
    let work = || {
        device::set_threads(1);
        loop {
            let member = next.fetch_add(1, Ordering::Relaxed);
            if member >= settings.members || is_stopped.load(Ordering::Relaxed) || cancel.is_asked() {
                break;
            }
            let trained = train(&data, settings, member, &progress);
            done.lock().expect("no thread panics with it")[member] = Some(trained);
        }
    };
    let before = device::threads();
    std::thread::scope(|scope| {
        for _ in 0..settings.threads.get().min(settings.members) {
            scope.spawn(work);
        }
    });
    device::set_threads(before);
    if is_stopped.into_inner() || cancel.is_asked() {
        return Err(FitError::Stopped);
    }
    let done = done.into_inner().expect("no thread panics with it");
    let done = done
        .into_iter()
        .map(|member| member.expect("every member is trained"));
    Ok(done.collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
}

fn metadata(table: &Table, settings: &Settings, parts: &Parts, scale: &Scale) -> Metadata {
    let better = |one: &f64, two: &f64| {
        (one * settings.direction.sign()).total_cmp(&(two * settings.direction.sign()))
    };
    let values = table.molecules.iter().map(|molecule| molecule.value);
    // An element that only validation or test molecules have was not learned from.
    let training = parts
        .training
        .iter()
        .map(|place| &table.molecules[*place].features);
    let elements = training.fold(0, |set, features| set | features.elements);
    let known = ELEMENTS
        .iter()
        .enumerate()
        .filter(|(place, _)| elements >> place & 1 == 1);
    Metadata {
        gfn: env!("CARGO_PKG_VERSION").into(),
        features: FEATURES_VERSION,
        architecture: settings.architecture(),
        target: Target {
            name: table.name.clone(),
            unit: table.unit.clone().or_else(|| settings.unit.clone()),
            direction: settings.direction,
            mean: scale.mean,
            deviation: scale.deviation,
            best: values.max_by(better).expect("there are molecules"),
        },
        uncertainty: Uncertainty {
            factor: 1.0,
            constant: 0.0,
        },
        elements: known.map(|(_, (_, symbol))| (*symbol).into()).collect(),
        data: Origin {
            file: table.file.clone(),
            sha256: table.sha256.clone(),
            rows: table.rows,
            skipped: table.skipped.len(),
            others: table.others,
            censored: table.censored,
            choices: table.choices.clone(),
            molecules: table.molecules.len(),
        },
        split: Split {
            kind: settings.split,
            seed: settings.seed,
            training: parts.training.len(),
            validation: parts.validation.len(),
            test: parts.test.len(),
        },
        errors: Errors {
            rmse: 0.0,
            mae: 0.0,
            r2: None,
            spearman: None,
            mean_rmse: 0.0,
            mean_mae: 0.0,
        },
        warnings: table.warnings.clone(),
    }
}

fn features(molecules: &[Measured], part: &[usize]) -> Vec<Features> {
    part.iter()
        .map(|place| molecules[*place].features.clone())
        .collect()
}

/// The proxy with an uncertainty that its errors of validation molecules bear out.
fn with_uncertainty(proxy: Proxy, molecules: &[Measured], validation: &[usize]) -> Proxy {
    let predictions = proxy.predict(&features(molecules, validation));
    let pairs = predictions.iter().zip(validation);
    let pairs: Vec<(f64, f64)> = pairs
        .map(|(prediction, place)| (prediction.mean - molecules[*place].value, prediction.deviation))
        .collect();
    let metadata = Metadata {
        uncertainty: calibrated(&pairs),
        ..proxy.metadata().clone()
    };
    proxy.with_metadata(metadata)
}

/// The proxy with its errors of test molecules.
fn judged(proxy: Proxy, molecules: &[Measured], test: &[usize], members: Vec<Trained>) -> Fitted {
    let predictions = proxy.predict(&features(molecules, test));
    let test = predictions.iter().zip(test).map(|(prediction, place)| Tested {
        smiles: molecules[*place].smiles.clone(),
        value: molecules[*place].value,
        predicted: prediction.mean,
        deviation: prediction.deviation,
    });
    let test: Vec<Tested> = test.collect();
    let pairs: Vec<(f64, f64)> = test
        .iter()
        .map(|tested| (tested.value, tested.predicted))
        .collect();
    let widths: Vec<(f64, f64)> = test
        .iter()
        .map(|tested| (tested.predicted - tested.value, tested.deviation))
        .collect();
    let metadata = Metadata {
        errors: errors(&pairs, proxy.metadata().target.mean),
        ..proxy.metadata().clone()
    };
    let metadata = Metadata {
        warnings: metadata.all_warnings(),
        ..metadata
    };
    Fitted {
        proxy: proxy.with_metadata(metadata),
        evaluation: Evaluation {
            test,
            members,
            coverage: coverage(&widths),
        },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use gfn_proxy::fitted::{from_bytes, to_bytes};

    use super::*;

    /// An account of weights that no table was fitted for.
    pub(crate) fn metadata(architecture: Architecture) -> Metadata {
        let settings = Settings::default();
        let table = table(|_, _| 1.0);
        let scale = Scale {
            mean: 0.0,
            deviation: 1.0,
            descriptors: [[0.0; DESCRIPTORS], [1.0; DESCRIPTORS]],
        };
        Metadata {
            architecture,
            ..super::metadata(&table, &settings, &Parts::default(), &scale)
        }
    }

    /// Chains and rings of several kinds, their values told from how many atoms are in the chain and what its end is.
    fn table(value: impl Fn(usize, usize) -> f64) -> Table {
        let ends = ["O", "N", "Cl", "c1ccccc1", "C(=O)N", "C#N", "C1CC1", "c1ccsc1"];
        let all = (0..12).flat_map(|length| (0..ends.len()).map(move |end| (length, end)));
        let pairs = all.map(|(length, end)| {
            (
                format!("CC{}{}", "C".repeat(length), ends[end]),
                value(length, end),
            )
        });
        Table::of_pairs("y", "a test", pairs, false).unwrap()
    }

    fn small(seed: u64) -> Settings {
        Settings {
            seed,
            members: 2,
            epochs: 40,
            hidden: 16,
            rounds: 2,
            learning_rate: 1e-2,
            batch_size: 16,
            ..Settings::default()
        }
    }

    fn fitted(table: &Table, settings: &Settings) -> Fitted {
        fit(table, settings, &|_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn a_function_of_the_molecule_is_learned() {
        let table = table(|length, end| 3.0 * length as f64 - 7.0 * (end % 3) as f64 + 100.0);
        let found = fitted(&table, &small(0));
        let errors = found.proxy.metadata().errors;
        assert!(errors.rmse < 0.35 * errors.mean_rmse, "{errors:?}");
        assert!(errors.spearman.unwrap() > 0.9, "{errors:?}");
        let split = &found.proxy.metadata().split;
        assert_eq!((split.training, split.validation, split.test), (78, 9, 9));
        assert!(found.evaluation.test.iter().all(|tested| tested.deviation > 0.0));
    }

    #[test]
    fn a_fit_depends_on_the_seed_alone() {
        let table = table(|length, end| (length * end) as f64);
        let bytes = |settings: &Settings| to_bytes(&fitted(&table, settings).proxy);
        let short = |seed, threads| Settings {
            epochs: 3,
            threads: NonZeroUsize::new(threads).unwrap(),
            ..small(seed)
        };
        let one = bytes(&short(1, 1));
        assert!(one == bytes(&short(1, 2)), "threads change weights");
        assert!(one != bytes(&short(2, 1)), "the seed does nothing");
        let read = from_bytes("x".as_ref(), &one).unwrap();
        let features = features(&table.molecules, &[0, 7, 30]);
        assert_eq!(
            read.predict(&features),
            fitted(&table, &short(1, 1)).proxy.predict(&features)
        );
    }

    #[test]
    fn training_stops_when_validation_gets_no_better() {
        let mut noise = gfn_core::Stream::new(0, gfn_core::Purpose::Test, 5);
        let mut table = table(|_, _| 0.0);
        table
            .molecules
            .iter_mut()
            .for_each(|molecule| molecule.value = noise.normal());
        let settings = Settings {
            patience: 2,
            epochs: 400,
            ..small(0)
        };
        for member in fitted(&table, &settings).evaluation.members {
            assert_eq!(member.epochs.len(), member.best + 3);
            let least = member
                .epochs
                .iter()
                .map(|epoch| epoch.validation)
                .fold(f64::INFINITY, f64::min);
            assert_eq!(member.epochs[member.best].validation, least);
        }
    }

    #[test]
    fn a_fit_stops_after_the_epoch_under_way() {
        let table = table(|length, end| (length * end) as f64);
        for threads in [1, 2] {
            let settings = Settings {
                members: 4,
                threads: NonZeroUsize::new(threads).unwrap(),
                ..small(0)
            };
            let heard = Mutex::new(Vec::new());
            let progress = |now: Progress| {
                let mut heard = heard.lock().unwrap();
                heard.push((now.member, now.epoch));
                match heard.len() {
                    ..6 => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            };
            let stopped = fit(&table, &settings, &progress).unwrap_err();
            assert_eq!(stopped.to_string(), "the fit was stopped");
            assert!(matches!(stopped, FitError::Stopped));
            // Each of the others ends the epoch that it is in, and no member begins.
            let heard = heard.into_inner().unwrap();
            assert!((6..6 + threads).contains(&heard.len()), "{heard:?}");
            assert!(heard.iter().all(|(member, _)| *member < threads), "{heard:?}");
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let message = |table: &Table, settings: &Settings| {
            let fitted = fit(table, settings, &|_| ControlFlow::Continue(()));
            fitted.unwrap_err().to_string()
        };
        let few = Table::of_pairs(
            "y",
            "x",
            [("C".into(), 1.0), ("CC".into(), 2.0), ("CCC".into(), 3.0)],
            false,
        );
        assert!(message(&few.unwrap(), &small(0)).starts_with("3 different molecules are too few"));
        assert!(
            message(&table(|_, _| 4.5), &small(0)).starts_with("all 96 molecules have the same value, 4.5")
        );
        let none = Settings {
            members: 0,
            ..small(0)
        };
        assert_eq!(
            message(&table(|one, _| one as f64), &none),
            "`ensemble` is 0; expected 1 to 100"
        );
        let chains = Table::of_pairs("y", "x", (1..60).map(|n| ("C".repeat(n), n as f64)), false).unwrap();
        let scaffold = Settings {
            split: SplitKind::Scaffold,
            ..small(0)
        };
        assert!(message(&chains, &scaffold).contains("use the random split"));
    }
}
