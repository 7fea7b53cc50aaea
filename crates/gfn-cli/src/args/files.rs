//! What can be typed of commands that write, check and compare experiment files.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{LayerArgs, UnsetArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The experiment files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) layers: LayerArgs,
    /// The format: `text` for people, `json` (a list of problems), or `sarif` (SARIF 2.1.0, for code hosts and editors).
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Treat warnings as errors: end with code 2.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

/// How problems are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Sarif,
}

/// Names of components are read by the registry, whose messages know the nearest.
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// The new file; `-` is standard output.
    pub(crate) file: PathBuf,
    /// The environment.
    #[arg(long, value_name = "KIND")]
    environment: Option<String>,
    /// The reward.
    #[arg(long, value_name = "KIND")]
    reward: Option<String>,
    /// The network.
    #[arg(long, value_name = "KIND")]
    network: Option<String>,
    /// The backward policy.
    #[arg(long, value_name = "KIND")]
    backward_policy: Option<String>,
    /// The loss.
    #[arg(long, value_name = "KIND")]
    loss: Option<String>,
    /// The sampler.
    #[arg(long, value_name = "KIND")]
    sampler: Option<String>,
    /// The optimizer.
    #[arg(long, value_name = "KIND")]
    optimizer: Option<String>,
    /// A setting, such as training.steps=5000. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    #[command(flatten)]
    pub(crate) unset: UnsetArgs,
    /// Also write the schema for editors, gfn.schema.json, beside the file.
    #[arg(long)]
    pub(crate) schema: bool,
}

impl NewArgs {
    /// The sections that were chosen for, with the names that were given.
    pub(crate) fn kinds(&self) -> Vec<(String, String)> {
        let given = [
            ("environment", &self.environment),
            ("reward", &self.reward),
            ("network", &self.network),
            ("backward_policy", &self.backward_policy),
            ("loss", &self.loss),
            ("sampler", &self.sampler),
            ("optimizer", &self.optimizer),
        ];
        let given = given
            .into_iter()
            .filter_map(|(section, kind)| Some((section, kind.as_ref()?)));
        given
            .map(|(section, kind)| (section.to_string(), kind.clone()))
            .collect()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// An experiment file, or a run's folder.
    pub(crate) a: PathBuf,
    /// The experiment file or run to compare it with.
    pub(crate) b: PathBuf,
    /// A profile of A.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile_a: Option<String>,
    /// A profile of B.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile_b: Option<String>,
    /// The format of the differences.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) format: DiffFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DiffFormat {
    /// One line for each key.
    Text,
    /// A list of objects.
    Json,
}
