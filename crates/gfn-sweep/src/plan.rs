//! What a sweep will do, known before anything runs: the settings or how they will be chosen, the seeds, the comparisons; and
//! the experiment that each trial is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use gfn_config::{Laid, Node, Origin, Problem, Problems, Severity, VERSION, Value};
use gfn_core::Cancel;
use gfn_record::sweep::{self as record, Direction, SweepManifest};
use gfn_registry::sweep::{SearchDirection, SearchMethod, Sweep};
use gfn_registry::{Assembled, Experiment, assemble_until};
use gfn_search::{Coordinate, Method, Point, Space, asha};
use serde_json::Value as Json;

use crate::checks;
use crate::cluster;
use crate::objective::Objective;
use crate::space::{PLACE, SearchedSetting, searched, space};

/// Most settings of one sweep.
pub(crate) const MAX_SETTINGS: u64 = 1_000_000;
/// Comparisons before the end, where the file does not say when the first one is.
const COMPARISONS: u32 = 3;

/// A sweep, planned.
pub struct Plan {
    /// The experiment, as it is without the sweep.
    pub base: Experiment,
    /// The experiment file, for the record.
    pub file: String,
    /// What the file says of the sweep.
    pub sweep: Sweep,
    pub(crate) parameters: Vec<SearchedSetting>,
    pub(crate) space: Space,
    pub(crate) method: Method,
    /// Settings, those of extensions left out.
    pub settings: u64,
    /// The seeds of each setting.
    pub seeds: Vec<u64>,
    /// What is compared.
    pub objective: Objective,
    /// When poor trials are stopped.
    pub(crate) halving: Option<asha::Settings>,
    /// Whether plugins are still waited for.
    pub(crate) cancel: Cancel,
}

/// The experiment of a trial.
pub struct Prepared {
    /// The whole of it, every default filled in: a file that runs by itself.
    pub text: String,
    /// The same as a table.
    pub table: toml::Table,
    /// The files that it reads.
    pub data: Vec<PathBuf>,
}

impl Plan {
    /// Plans the sweep that a file speaks of.
    ///
    /// # Errors
    /// Everything that is wrong with it, but for what only shows in the experiments of trials: see [`Self::check`].
    pub fn read(base: Experiment, file: &str) -> Result<Self, Problems> {
        Self::read_until(base, file, &Cancel::default())
    }

    /// The same; no plugin is waited for, here or later, once a stop is asked for.
    ///
    /// # Errors
    /// Those of [`Self::read`]; also where a stop was asked for while a plugin was started.
    pub fn read_until(base: Experiment, file: &str, cancel: &Cancel) -> Result<Self, Problems> {
        let Some(sweep) = base.sweep.clone() else {
            return Err(base.tree.problems(vec![no_sweep(&base)]));
        };
        let parts = assemble_until(&base, cancel)?;
        let mut problems = Vec::new();
        let empty = Node::empty(place(&base, &[]));
        let table = node(&base, &["parameters"]).unwrap_or(&empty);
        let parameters = searched(table, sweep.method, &mut problems);
        problems.extend(cluster::problems(&base, &sweep));
        if parameters.is_empty() && problems.is_empty() {
            problems.push(nothing_tried(&base));
        }
        let space = space(&parameters);
        let objective = keep(objective(&base, &sweep, &parts), &mut problems);
        let halving = keep(halving(&base, &sweep, &parameters), &mut problems).flatten();
        let method = method(sweep.method);
        let settings = keep(
            settings(&base, &sweep, &method, &space, problems.is_empty()),
            &mut problems,
        );
        let seeds = (0..sweep.repeats)
            .map(|repeat| base.top.seed.saturating_add(repeat))
            .collect();
        match (objective, settings) {
            (Some(objective), Some(settings)) if problems.is_empty() => Ok(Self {
                file: file.into(),
                sweep,
                parameters,
                space,
                method,
                settings,
                seeds,
                objective,
                halving,
                cancel: cancel.clone(),
                base,
            }),
            _ => Err(base.tree.problems(problems)),
        }
    }

    /// Makes the experiments of trials, all or so many that every value is among them, and finds what is wrong with any.
    ///
    /// # Errors
    /// Every mistake, at the place in the file where it was made.
    pub fn check(&self) -> Result<(), Problems> {
        let mut found: Vec<Problem> = Vec::new();
        for point in checks::points(self) {
            if let Err(problems) = self.trial(&point, self.seeds[0]) {
                found.extend(
                    problems
                        .iter()
                        .filter(|problem| problem.severity == Severity::Error)
                        .cloned(),
                );
            }
        }
        // Numbers of a range share a place, and each says the same of its own number: that is one mistake.
        let mut seen = HashSet::new();
        found.retain(|problem| seen.insert((problem.origin.clone(), without_numbers(&problem.message))));
        match found.is_empty() {
            true => Ok(()),
            false => Err(self.base.tree.problems(found)),
        }
    }

    /// The experiment of a setting with a seed.
    ///
    /// # Errors
    /// Where it cannot run.
    pub fn trial(&self, point: &[Coordinate], seed: u64) -> Result<Prepared, Problems> {
        let experiment = self.experiment(point, seed)?;
        let parts = assemble_until(&experiment, &self.cancel)?;
        if let Some(reason) = self.objective.absent(&parts, &experiment.evaluation) {
            let problem = absent(&self.base, &self.objective, reason);
            return Err(self.base.tree.problems(vec![problem]));
        }
        let table = experiment.to_table(parts.loss.needs());
        let text = toml::to_string(&table).expect("an experiment is a table of plain values");
        let data = experiment.data_files();
        Ok(Prepared { text, table, data })
    }

    fn experiment(&self, point: &[Coordinate], seed: u64) -> Result<Experiment, Problems> {
        let coordinates = self.parameters.iter().zip(point);
        let mut laid: Vec<Laid> = coordinates
            .filter_map(|(searched, at)| searched.laid(*at))
            .collect();
        laid.push(self.own_setting(&["seed"], Value::Integer(seed as i64)));
        if let Some(halving) = self.halving.filter(|_| self.base.evaluation.every == 0) {
            let every = Value::Integer(halving.min_resource as i64);
            laid.push(self.own_setting(&["evaluation", "every"], every));
        }
        let tree = self.base.tree.overlaid(&laid, &["sweep"]);
        Experiment::read(tree, self.base.base.clone())
    }

    /// Begins the files that trials write besides their runs, whichever values name them: trials lie in other folders, and may
    /// write only what is begun.
    ///
    /// # Errors
    /// Where one lies where the experiment may not write, cannot be written, or holds something else.
    pub(crate) fn begin_written_files(&self) -> Result<(), Problems> {
        self.base.begin_written_files()?;
        for point in checks::one_at_a_time(self) {
            self.experiment(&point, self.seeds[0])?.begin_written_files()?;
        }
        Ok(())
    }

    /// A setting that the sweep makes, not the file.
    fn own_setting(&self, path: &[&str], value: Value) -> Laid {
        let origin = place(&self.base, &[]);
        Laid {
            path: path.iter().map(ToString::to_string).collect(),
            key_origin: origin.clone(),
            node: Node { value, origin },
        }
    }

    /// The point that setting `number` has, where that is known before anything ran.
    pub fn point(&self, number: u64) -> Option<Point> {
        match self.method.needs_results() {
            true => None,
            false => self.method.point(&self.space, self.sweep.seed, number, &[]),
        }
    }

    /// For each of the first `most` settings, as far as they are known before anything ran, the one before it that is the same
    /// experiment: only the first of them is trained.
    pub fn repeated(&self, most: u64) -> Vec<Option<u64>> {
        let mut known: HashMap<String, u64> = HashMap::new();
        let first = |(number, point): (u64, Point)| {
            let text = self.trial(&point, self.seeds[0]).ok()?.text;
            let first = *known.entry(text).or_insert(number);
            (first != number).then_some(first)
        };
        let points = (0..self.settings.min(most)).map_while(|number| Some((number, self.point(number)?)));
        points.map(first).collect()
    }

    /// How many different settings there can be, where that is less than are asked for; none for a grid, which has each once.
    pub fn most_different(&self) -> Option<u64> {
        let all = Method::Grid.count(&self.space)?;
        (!matches!(self.method, Method::Grid) && all < self.settings).then_some(all)
    }

    /// The values of a point, by path.
    pub fn values(&self, point: &[Coordinate]) -> BTreeMap<String, Json> {
        let values = self.parameters.iter().zip(point);
        let value = |(searched, at): (&SearchedSetting, &Coordinate)| {
            Some((searched.name(), crate::space::json(&searched.value(*at)?)))
        };
        values.filter_map(value).collect()
    }

    /// The names of what is tried, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        self.parameters.iter().map(SearchedSetting::name).collect()
    }

    /// The updates after which trials are compared; the last is where they end. None where all run to their end.
    pub fn rungs(&self) -> Option<Vec<u64>> {
        self.halving.map(asha::rungs)
    }

    /// One in so many goes on from a comparison, where there are some.
    pub fn reduction(&self) -> Option<u64> {
        self.halving.map(|halving| halving.reduction)
    }

    /// The same as it is recorded.
    pub fn manifest(&self) -> SweepManifest {
        let early_stopping = self.halving.map(|halving| record::EarlyStopping {
            kind: "asha".into(),
            reduction: halving.reduction,
            rungs: asha::rungs(halving),
        });
        SweepManifest {
            format: 1,
            gfn: VERSION.into(),
            name: self.base.top.name.clone(),
            experiment: self.file.clone(),
            experiment_sha256: None,
            method: self.sweep.method.name().into(),
            seed: self.sweep.seed,
            settings: self.settings,
            seeds: self.seeds.clone(),
            objective: self.objective.name.clone(),
            direction: self.objective.direction,
            parameters: self.parameters.iter().map(SearchedSetting::record).collect(),
            early_stopping,
            retries: self.sweep.retries,
            max_failures: self.sweep.max_failures,
        }
    }
}

/// A message with every number in it left out.
fn without_numbers(message: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_digit() || "+-.".contains(letter);
    let words = message.split(' ').map(|word| {
        let is_number = word.contains(|letter: char| letter.is_ascii_digit());
        if is_number {
            word.replace(is_part, "")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

fn method(method: SearchMethod) -> Method {
    match method {
        SearchMethod::Grid => Method::Grid,
        SearchMethod::Random => Method::Random,
        SearchMethod::Sobol => Method::Sobol,
        SearchMethod::Tpe => Method::Tpe(gfn_search::TpeSettings::default()),
    }
}

/// What is written under `[sweep]` at a path.
fn node<'a>(base: &'a Experiment, path: &[&str]) -> Option<&'a Node> {
    let sweep = base.tree.section("sweep");
    path.iter().fold(sweep, |node, key| node?.get(key))
}

/// The place of a key of `[sweep]`, or of the section, or of the file.
pub(crate) fn place(base: &Experiment, path: &[&str]) -> Origin {
    let found = node(base, path).or_else(|| node(base, &[]));
    found.map_or_else(|| base.tree.root().origin.clone(), |node| node.origin.clone())
}

fn no_sweep(base: &Experiment) -> Problem {
    Problem::new("there is nothing to try: the file has no section `sweep`")
        .at(&base.tree.root().origin)
        .help("write `[sweep.parameters]`, and under it `optimizer.learning_rate = [1e-3, 1e-4]`; or give `--grid 'optimizer.learning_rate=[1e-3, 1e-4]'`")
}

fn nothing_tried(base: &Experiment) -> Problem {
    Problem::new(format!("there is nothing to try: `{PLACE}` is empty"))
        .at(&place(base, &["parameters"]))
        .help("name the settings to try and their values, as in `optimizer.learning_rate = [1e-3, 1e-4]`")
}

fn objective(base: &Experiment, sweep: &Sweep, parts: &Assembled) -> Result<Objective, Problem> {
    let objective = match &sweep.objective {
        None => Objective::usual(parts, &base.evaluation),
        Some(name) => Objective::named(name).map_err(|help| {
            let name = gfn_config::literal(name);
            Problem::new(format!("`sweep.objective`: no metric is called `{name}`"))
                .at(&place(base, &["objective"]))
                .help(help)
        })?,
    };
    if let Some(reason) = objective.absent(parts, &base.evaluation) {
        return Err(absent(base, &objective, reason));
    }
    let direction = match sweep.direction {
        None => objective.direction,
        Some(SearchDirection::Minimize) => Direction::Minimize,
        Some(SearchDirection::Maximize) => Direction::Maximize,
    };
    Ok(Objective {
        direction,
        ..objective
    })
}

fn absent(base: &Experiment, objective: &Objective, reason: &str) -> Problem {
    let name = &objective.name;
    Problem::new(format!(
        "`sweep.objective`: no run will have the metric `{name}`: {reason}"
    ))
    .at(&place(base, &["objective"]))
}

/// When trials are compared, where they are.
fn halving(
    base: &Experiment,
    sweep: &Sweep,
    parameters: &[SearchedSetting],
) -> Result<Option<asha::Settings>, Problem> {
    let Some(stopping) = &sweep.early_stopping else {
        return Ok(None);
    };
    let steps = base.training.steps;
    if let Some(searched) = parameters
        .iter()
        .find(|searched| searched.name() == "training.steps")
    {
        return Err(
            Problem::new("`training.steps` cannot be tried where poor runs are stopped early")
                .at(&searched.key_origin)
                .help("all runs are compared after the same numbers of updates"),
        );
    }
    let every = base.evaluation.every;
    let min_resource = stopping.min_steps.unwrap_or_else(|| {
        let first = steps / stopping.reduction.saturating_pow(COMPARISONS);
        // Where there are measurements on the way already, comparisons are at some of them.
        if every > 0 {
            first.div_ceil(every).max(1) * every
        } else {
            first.max(1)
        }
    });
    let at = || place(base, &["early_stopping", "min_steps"]);
    if min_resource >= steps {
        let message = format!(
            "`sweep.early_stopping`: the first comparison, after {min_resource} updates, is not before the end, after {steps}"
        );
        return Err(Problem::new(message)
            .at(&at())
            .help("lower `min_steps`, or raise `training.steps`"));
    }
    if every > 0 && !min_resource.is_multiple_of(every) {
        let message = format!(
            "`sweep.early_stopping.min_steps` is {min_resource}, but policies are measured every {every} updates"
        );
        return Err(Problem::new(message)
            .at(&at())
            .help("set it to a multiple of `evaluation.every`, or leave that out"));
    }
    Ok(Some(asha::Settings {
        reduction: stopping.reduction,
        min_resource,
        max_resource: steps,
    }))
}

/// How many settings there will be. `whole` says whether the space could be read.
fn settings(
    base: &Experiment,
    sweep: &Sweep,
    method: &Method,
    space: &Space,
    whole: bool,
) -> Result<u64, Problem> {
    let count = match (sweep.method, sweep.trials) {
        (SearchMethod::Grid, None) if !whole => 1,
        (SearchMethod::Grid, None) => method.count(space).unwrap_or(u64::MAX),
        (SearchMethod::Grid, Some(_)) => {
            return Err(
                Problem::new("`sweep.trials` says nothing to a grid, which tries all that it has")
                    .at(&place(base, &["trials"]))
                    .help("remove it, or choose another `method`, such as \"random\""),
            );
        }
        (_, Some(trials)) => trials,
        (method, None) => {
            let message = format!(
                "missing key `sweep.trials`: the method `{}` has no end of its own",
                method.name()
            );
            return Err(Problem::new(message)
                .at(&place(base, &[]))
                .help("say how many settings to try, as in `trials = 20`"));
        }
    };
    if count > MAX_SETTINGS {
        return Err(
            Problem::new(format!("there are more than {MAX_SETTINGS} settings to try"))
                .at(&place(base, &["parameters"]))
                .help("try fewer values, or draw from them with another `method`, such as \"random\""),
        );
    }
    Ok(count)
}
