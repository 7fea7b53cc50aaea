//! An experiment file, read whole against the registry: every mistake at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gfn_config::{
    FILE_KEYS, Layers, Node, Origin, Problem, Problems, Tree, VERSION, literal, read, to_table,
};
use gfn_core::{Environment, Loss, Needs, Reward};
use gfn_learn::networks::Architecture;
use gfn_learn::optimizer::AdamParams;
use gfn_rewards::shaped::Shape;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::acquisition::Acquisition;
use crate::builtin::{self, EnvironmentContext, MakeSampler, RewardContext};
use crate::component::{Bases, Chosen, Section, choose, place};
use crate::elsewhere::{TOP, redirect};
use crate::sections::default_kind;
use crate::settings::{BackwardKind, Checkpoint, Evaluation, Hardware, Top, Training};
use crate::sweep::Sweep;
use crate::{unset, variables};

/// The sections of a file, in the order in which they are written.
pub const SECTIONS: [&str; 13] = [
    "environment",
    "reward",
    "network",
    "backward_policy",
    "loss",
    "sampler",
    "optimizer",
    "training",
    "checkpoint",
    "hardware",
    "evaluation",
    "acquisition",
    "sweep",
];

/// Once a file has this many mistakes, its profiles are not read for more.
const ENOUGH: usize = 100;

/// The keys of `[optimizer]` that only a loss with a learned log Z reads.
pub const LOG_Z_KEYS: [&str; 2] = ["log_z", "log_z_learning_rate"];

/// An experiment, every choice made and every default filled in.
pub struct Experiment {
    /// Name and seed.
    pub top: Top,
    /// What is walked.
    pub environment: Chosen<Box<dyn Environment>, EnvironmentContext>,
    /// What is sought.
    pub reward: Chosen<Box<dyn Reward>, RewardContext>,
    /// What can be declared about any reward.
    pub shape: Shape,
    /// The policy's network.
    pub network: Chosen<Arc<dyn Architecture>>,
    /// The backward policy; absent from the file where the loss has none.
    pub backward_policy: Chosen<BackwardKind>,
    /// Whether the file speaks of the backward policy.
    pub backward_policy_given: Option<Origin>,
    /// The objective.
    pub loss: Chosen<Box<dyn Loss>>,
    /// Where trajectories come from.
    pub sampler: Chosen<MakeSampler>,
    /// The optimizer.
    pub optimizer: Chosen<AdamParams>,
    /// How long to train.
    pub training: Training,
    /// When to save.
    pub checkpoint: Checkpoint,
    /// Where to compute.
    pub hardware: Hardware,
    /// How to measure.
    pub evaluation: Evaluation,
    /// Rounds of active learning, where the file says so.
    pub acquisition: Option<Acquisition>,
    /// What of it is searched, where the file says so.
    pub sweep: Option<Sweep>,
    /// The folder that relative paths start from.
    pub base: PathBuf,
    /// The layers, to point into.
    pub tree: Tree,
}

impl Experiment {
    /// [`Self::load_with`] without a profile.
    ///
    /// # Errors
    /// Every mistake found, with its place.
    pub fn load(path: &Path, sets: &[String]) -> Result<Self, Problems> {
        Self::load_with(path, None, sets)
    }

    /// Reads a file with one of its profiles, the process's `GFN__…` variables and flags over it, in the form of
    /// [`Layers::flags`].
    ///
    /// # Errors
    /// Every mistake found, with its place; those in other profiles of the file too.
    pub fn load_with(path: &Path, profile: Option<&str>, flags: &[String]) -> Result<Self, Problems> {
        let layers = Layers::file(path).profile(profile);
        Self::from_layers(layers.variables(variables::of_the_process()?).flags(flags))
    }

    /// Reads a file with the layers over it that a program chooses, any `figment::Provider` among them; relative paths in defaults
    /// start from the file's folder. `crates/gfn-registry/examples/embed` is such a program.
    ///
    /// # Errors
    /// Every mistake found, with its place: a line of a file, a variable, a flag, or a setting of a provider.
    pub fn from_layers(layers: Layers) -> Result<Self, Problems> {
        let base = layers.folder().to_path_buf();
        Self::read(layers.tree()?, base)
    }

    /// Reads merged layers; relative paths start from `base`.
    ///
    /// # Errors
    /// Every mistake found, with its place.
    pub fn read(tree: Tree, base: PathBuf) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let shape_keys = keys_of(&Shape::default());
        let reward_keys = reward_keys(&tree);
        let section = |name| Section {
            tree: &tree,
            name,
            default: default_kind(name),
            shared_keys: &[],
            base: &base,
        };
        let mut keep = Keep(&mut problems);
        let top = read(tree.root(), "", &[&SECTIONS[..], &FILE_KEYS].concat())
            .map_err(|problems| redirect(problems, &tree, tree.root(), TOP, ""))
            .and_then(|top| safe_name(&tree, top));
        let top: Option<Top> = keep.of(top);
        let environment = keep.of(choose(builtin::environments(), &section("environment")));
        let shared: Vec<&str> = shape_keys.iter().map(String::as_str).collect();
        let reward = keep.of(choose(
            builtin::rewards(),
            &Section {
                shared_keys: &shared,
                ..section("reward")
            },
        ));
        let shape = keep.of(plain::<Shape>(&tree, "reward", &reward_keys));
        let network = keep.of(choose(builtin::networks(), &section("network")));
        let backward_policy = keep.of(choose(builtin::backward_policies(), &section("backward_policy")));
        let loss = keep.of(choose(builtin::losses(), &section("loss")));
        let sampler = keep.of(choose(builtin::samplers(), &section("sampler")));
        let optimizer = keep.of(choose(builtin::optimizers(), &section("optimizer")));
        let training = keep.of(plain(&tree, "training", &[]));
        let checkpoint = keep.of(plain(&tree, "checkpoint", &[]));
        let hardware = keep.of(plain(&tree, "hardware", &[]));
        let evaluation = keep.of(plain(&tree, "evaluation", &[]));
        let acquisition = match tree.section("acquisition") {
            Some(_) => keep.of(acquisition(&tree, &base)).map(Some),
            None => Some(None),
        };
        let sweep = match tree.section("sweep") {
            Some(_) => keep.of(plain(&tree, "sweep", &[])).map(Some),
            None => Some(None),
        };
        let backward_policy_given = tree
            .root()
            .entry("backward_policy")
            .map(|entry| entry.key_origin.clone());

        problems.extend(unset::mistakes(&tree));
        let elsewhere = mistakes_of_profiles(&tree, &base, problems.len());
        problems.extend(elsewhere);
        let parts = (|| {
            Some(Self {
                top: top?,
                environment: environment?,
                reward: reward?,
                shape: shape?,
                network: network?,
                backward_policy: backward_policy?,
                backward_policy_given,
                loss: loss?,
                sampler: sampler?,
                optimizer: optimizer?,
                training: training?,
                checkpoint: checkpoint?,
                hardware: hardware?,
                evaluation: evaluation?,
                acquisition: acquisition?,
                sweep: sweep?,
                base,
                tree: tree.clone(),
            })
        })();
        match parts {
            Some(experiment) if problems.is_empty() => Ok(experiment),
            _ => {
                problems.extend(variables::warnings(&tree));
                Err(tree.problems(problems))
            }
        }
    }

    /// The files of data that the experiment reads, besides its own.
    pub fn data_files(&self) -> Vec<PathBuf> {
        let files = [&self.environment.files, &self.reward.files];
        files.into_iter().flat_map(|files| files.read.clone()).collect()
    }

    /// Begins the files that the experiment writes besides its runs, so that what is resolved from it, in folders elsewhere, may
    /// write them too.
    ///
    /// # Errors
    /// Where one cannot be written, or holds something else.
    pub fn begin_written_files(&self) -> Result<(), Problems> {
        let memories = [
            ("environment", &self.environment.files.memory),
            ("reward", &self.reward.files.memory),
        ];
        for (section, memory) in memories {
            let Some((key, path, begin)) = memory
                .as_ref()
                .and_then(|memory| Some((memory.key, memory.path.as_deref()?, memory.begin)))
            else {
                continue;
            };
            begin(path).map_err(|message| {
                let node = self.tree.section(section).unwrap_or(self.tree.root());
                let place = node.get(key).unwrap_or(node);
                let message = format!("`{section}.{key}`: {message}");
                self.tree.problems(vec![Problem::new(message).at(&place.origin)])
            })?;
        }
        Ok(())
    }

    /// What [`Self::to_table`] gives where nothing else of the experiment is made.
    ///
    /// # Errors
    /// Where the loss cannot be made, whose needs decide what is left out.
    pub fn resolved(&self) -> Result<toml::Table, Problems> {
        let loss = (self.loss.build)(&()).map_err(|message| {
            let node = self.tree.section("loss");
            let origin = node.map(|node| place(node, "loss", &message));
            self.tree.problems(vec![Problem {
                origin,
                ..Problem::new(message)
            }])
        })?;
        Ok(self.to_table(loss.needs()))
    }

    /// The experiment as a table that reads back as itself: the version of this program, every default filled in, and
    /// nothing that its loss, which has these needs, does not read.
    pub fn to_table(&self, needs: Needs) -> toml::Table {
        let mut root = toml::Table::new();
        root.insert("gfn".into(), VERSION.into());
        root.extend(table_of(&self.top));
        let mut reward = self.reward.table.clone();
        reward.extend(table_of(&self.shape));
        let mut add = |name: &str, table: toml::Table| root.insert(name.into(), table.into());
        add("environment", self.environment.table.clone());
        add("reward", reward);
        add("network", self.network.table.clone());
        if needs.backward_policy {
            add("backward_policy", self.backward_policy.table.clone());
        }
        add("loss", self.loss.table.clone());
        add("sampler", self.sampler.table.clone());
        let mut optimizer = self.optimizer.table.clone();
        optimizer.retain(|key, _| needs.log_z || !LOG_Z_KEYS.contains(&key));
        add("optimizer", optimizer);
        add("training", table_of(&self.training));
        add("checkpoint", table_of(&self.checkpoint));
        add("hardware", table_of(&self.hardware));
        add("evaluation", table_of(&self.evaluation));
        if let Some(acquisition) = &self.acquisition {
            add("acquisition", table_of(acquisition));
        }
        root
    }
}

/// The mistakes in profiles that were not chosen, unless there are `found` enough already.
fn mistakes_of_profiles(tree: &Tree, base: &Path, mut found: usize) -> Vec<Problem> {
    let mut mistakes = Vec::new();
    for profile in tree.unchosen() {
        if found >= ENOUGH {
            break;
        }
        if let Err(problems) = Experiment::read(profile.tree.clone(), base.to_path_buf()) {
            let own = profile.own(&problems);
            found += own.len();
            mistakes.extend(own);
        }
    }
    mistakes
}

/// Collects problems and keeps what was read.
struct Keep<'a>(&'a mut Vec<Problem>);

impl Keep<'_> {
    fn of<T>(&mut self, result: Result<T, Vec<Problem>>) -> Option<T> {
        result.map_err(|problems| self.0.extend(problems)).ok()
    }
}

fn table_of<P: Serialize>(params: &P) -> toml::Table {
    to_table(params).expect("our own settings are tables of numbers and texts")
}

/// The keys of a struct of settings.
pub(crate) fn keys_of<P: JsonSchema>(_: &P) -> Vec<String> {
    let schema = crate::component::schema_of::<P>();
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

/// The keys of `[reward]` that belong to the chosen reward, not to its shape: all that the shape does not know. Where the
/// reward does not know them either, reading the reward says so.
fn reward_keys(tree: &Tree) -> Vec<String> {
    let shape = keys_of(&Shape::default());
    let table = tree.section("reward").and_then(Node::table);
    table
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .filter(|key| !shape.contains(key))
        .collect()
}

fn plain<P: DeserializeOwned + JsonSchema>(
    tree: &Tree,
    name: &'static str,
    ignore: &[String],
) -> Result<P, Vec<Problem>> {
    let absent = Node::empty(Origin::whole(tree.root().origin.source));
    let ignore: Vec<&str> = ignore.iter().map(String::as_str).collect();
    let node = tree.section(name).unwrap_or(&absent);
    read(node, name, &ignore).map_err(|problems| redirect(problems, tree, node, name, ""))
}

/// The rounds, with their table's whole path, so that they go on from anywhere.
fn acquisition(tree: &Tree, base: &Path) -> Result<Acquisition, Vec<Problem>> {
    let mut acquisition: Acquisition = plain(tree, "acquisition", &[])?;
    if let (Some(path), Some(node)) = (&mut acquisition.initial, tree.section("acquisition")) {
        let whole = Bases::new(tree, node, base).of("initial").join(&*path);
        let whole = std::path::absolute(&whole).unwrap_or(whole);
        *path = whole.to_string_lossy().into_owned();
    }
    Ok(acquisition)
}

/// The name becomes a folder's, so it must be one.
fn safe_name(tree: &Tree, top: Top) -> Result<Top, Vec<Problem>> {
    let name = &top.name;
    let safe = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.is_empty() && name.chars().all(safe) && !name.starts_with('.') && name.len() <= 100 {
        return Ok(top);
    }
    let problem = Problem::new(format!(
        "`name` is `{}`, which cannot be a folder name",
        literal(name)
    ))
    .help("use up to 100 letters, digits, `.`, `_` and `-`, not beginning with a dot");
    let place = tree.section("name").unwrap_or(tree.root());
    Err(vec![problem.at(&place.origin)])
}
