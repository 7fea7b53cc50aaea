//! A small experiment, like those of the real components, and the way the tests show what is wrong with one.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use gfn_config::{Node, Origin, Problem, Problems, Tree, read, unknown_keys};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The flow-matching loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Loss {
    /// Added to both flows.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) epsilon: f64,
    /// Weight of terminal states.
    #[schemars(range(min = 0.0))]
    pub(crate) terminal_weight: f64,
    /// Largest gradient norm.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    pub(crate) clip: Option<f64>,
}

impl Default for Loss {
    fn default() -> Self {
        Self {
            epsilon: 2.5e-5,
            terminal_weight: 10.0,
            clip: None,
        }
    }
}

/// How long to train on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Training {
    /// Gradient steps.
    #[schemars(range(min = 1))]
    pub(crate) steps: u64,
    /// Trajectories per step.
    #[schemars(range(min = 1, max = 4096))]
    pub(crate) batch_size: usize,
    /// Number format.
    #[serde(default)]
    pub(crate) precision: Precision,
    /// Same result on every run.
    #[serde(default)]
    pub(crate) deterministic: bool,
    /// One seed, or several runs.
    #[serde(default)]
    pub(crate) seeds: Option<Seeds>,
    /// The learning rate over time.
    #[serde(default)]
    pub(crate) schedule: Option<Schedule>,
    /// Checkpoints to keep.
    #[serde(default)]
    pub(crate) milestones: Vec<Milestone>,
    /// First and last layer.
    #[serde(default)]
    pub(crate) layers: Option<(i32, i32)>,
    /// Hidden sizes.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(crate) hidden: Option<Vec<u16>>,
    /// Where.
    #[serde(default)]
    pub(crate) device: Device,
    /// Free labels.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, f64>,
    /// Port of the monitor.
    #[serde(default)]
    pub(crate) port: i32,
}

/// Number format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Double precision.
    F64,
    /// Automatic mixed precision.
    #[serde(rename = "mixed-precision")]
    Mixed,
}

/// One seed or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Seeds {
    /// One.
    One(u64),
    /// Several.
    Many(Vec<u64>),
    /// From the first to the one before the last.
    Range {
        /// Both ends.
        range: [u64; 2],
    },
}

/// The learning rate over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Schedule {
    /// Does not change.
    Constant,
    /// Falls by a factor.
    Exponential {
        /// Steps to half.
        half_life: f64,
    },
}

/// A step to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Milestone {
    /// Its step.
    pub(crate) step: u32,
    /// Its name.
    #[serde(default)]
    #[schemars(length(min = 1, max = 8))]
    pub(crate) name: Option<String>,
}

/// A device that is understood by code rather than by the schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct Device(String);

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name == "auto" || name == "cpu" || name.starts_with("cuda") {
            return Ok(Self(name));
        }
        Err(format!(
            "there is no device `{name}`; devices are `auto`, `cpu`, `cuda` and `cuda:N`"
        ))
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.0
    }
}

/// Everything that is wrong with a tree.
pub(crate) fn problems_of(tree: &Tree) -> Vec<Problem> {
    let mut problems = unknown_keys(tree.root(), "", &["name", "seed", "loss", "training"]);
    let absent = Node::empty(Origin::whole(0));
    let section = |name: &str| tree.section(name).unwrap_or(&absent).clone();
    problems.extend(
        read::<Loss>(&section("loss"), "loss", &["kind"])
            .err()
            .into_iter()
            .flatten(),
    );
    if let Some(training) = tree.section("training") {
        problems.extend(
            read::<Training>(training, "training", &[])
                .err()
                .into_iter()
                .flatten(),
        );
    }
    problems
}

/// What the user sees of a file's mistakes.
pub(crate) fn shown(text: &str) -> String {
    layered(text, &[], &[])
}

/// What the user sees of a file's, variables' and flags' mistakes.
pub(crate) fn layered(text: &str, variables: &[(&str, &str)], sets: &[&str]) -> String {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let sets: Vec<String> = sets.iter().map(|flag| (*flag).to_owned()).collect();
    match Tree::parse_with("exp.toml", text, variables, &sets) {
        Ok(tree) => tree.problems(problems_of(&tree)).to_string(),
        Err(problems) => problems.to_string(),
    }
}

/// A folder of files that is removed in the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Writes the files, in folders where their names say so.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Self(std::env::temp_dir().join(format!("gfn-config-{}-{count}", std::process::id())));
        std::fs::create_dir_all(&folder.0).expect("the temporary folder can be written");
        files
            .iter()
            .for_each(|(name, text)| folder.write(name, text.as_bytes()));
        folder
    }

    /// Writes one file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        let parent = path.parent().expect("a file has a folder");
        std::fs::create_dir_all(parent).expect("the temporary folder can be written");
        std::fs::write(path, bytes).expect("the temporary folder can be written");
    }

    /// Loads a file of it.
    pub(crate) fn load(&self, name: &str) -> Result<Tree, Problems> {
        self.load_with(name, &[], &[])
    }

    /// Loads a file of it with variables and flags.
    pub(crate) fn load_with(
        &self,
        name: &str,
        variables: &[(&str, &str)],
        sets: &[&str],
    ) -> Result<Tree, Problems> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sets: Vec<String> = sets.iter().map(|flag| (*flag).to_owned()).collect();
        Tree::load(&self.0.join(name), variables, &sets)
    }

    /// Loads a file of it with a profile, variables and flags.
    pub(crate) fn load_profile(
        &self,
        name: &str,
        profile: &str,
        variables: &[(&str, &str)],
        sets: &[&str],
    ) -> Result<Tree, Problems> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sets: Vec<String> = sets.iter().map(|flag| (*flag).to_owned()).collect();
        Tree::load_with(&self.0.join(name), Some(profile), variables, &sets)
    }

    /// A text with this folder's name cut out.
    pub(crate) fn relative(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.display()), "")
    }

    /// What the user sees when a file is loaded.
    pub(crate) fn shown(&self, name: &str) -> String {
        let text = match self.load(name) {
            Ok(tree) => tree.problems(problems_of(&tree)).to_string(),
            Err(problems) => problems.to_string(),
        };
        self.relative(&text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind is no failure of the test.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
