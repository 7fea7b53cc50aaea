//! What can be typed after `gfn plugin`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::UnsetArgs;
use super::numbers::{float, whole};

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Write a new plugin: a small project that builds and passes `gfn plugin check` unchanged.
    ///
    /// Examples:
    ///   gfn plugin new --lang python my-reward
    ///   gfn plugin new --lang rust my-reward --dir plugins/my-reward
    #[command(verbatim_doc_comment)]
    New {
        /// Its name: letters, digits and hyphens.
        name: String,
        /// The language that it is written in.
        #[arg(long, value_enum)]
        lang: Lang,
        /// The folder to make; NAME where absent.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Describe a plugin and its parameters.
    ///
    /// Examples:
    ///   gfn plugin info libreward_ising.so
    ///   gfn plugin info python3 reward.py
    #[command(verbatim_doc_comment)]
    Info {
        #[command(flatten)]
        plugin: PluginArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check that a plugin keeps the plugin contract.
    ///
    /// Tries empty, small, large, ragged, unaligned, permuted and split batches,
    /// wrong parameters, small buffers, threads, writes where it may not write,
    /// leaks, and its throughput, each in its own process. Exit codes: 0 all
    /// checks passed, 1 one failed.
    ///
    /// Examples:
    ///   gfn plugin check libreward_ising.so
    ///   gfn plugin check libreward_ising.so --set coupling=0.5 --json
    ///   gfn plugin check --input objects.jsonl python3 reward.py
    #[command(verbatim_doc_comment)]
    Check {
        /// Objects to try, one JSON value on each line: a string, or a list of whole numbers.
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
        #[command(flatten)]
        plugin: PluginArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Score objects with a plugin.
    ///
    /// Reads one JSON value from each line, a string or a list of whole numbers, and
    /// writes a line for each with its log-reward, or the reason for having none.
    ///
    /// Examples:
    ///   gfn plugin run libreward_druglike.so --input objects.jsonl
    ///   echo '"CCO"' | gfn plugin run libreward_druglike.so --input -
    #[command(verbatim_doc_comment)]
    Run {
        /// The objects; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        input: PathBuf,
        /// Whether a library runs in a confined process of its own, or in this one.
        #[arg(long, value_enum, default_value_t = IsolationArg::Process)]
        isolation: IsolationArg,
        #[command(flatten)]
        plugin: PluginArgs,
    },
    /// Allow a plugin to run, after a look at what it is.
    ///
    /// Says what the experiment would load and what it would let it do, asks,
    /// asks the plugin to describe itself (in a confined process), writes that
    /// with its SHA-256 to gfn.lock, which belongs beside the experiment, and the
    /// SHA-256 to the list of what you approved. A plugin that changes has to be
    /// approved again.
    ///
    /// Examples:
    ///   gfn plugin trust plugins/reward-ising/experiment.toml
    ///   gfn plugin trust libreward_ising.so
    ///   gfn plugin trust --revoke libreward_ising.so
    #[command(verbatim_doc_comment)]
    Trust {
        /// An experiment file, a library, or a program with its arguments.
        #[arg(required = true, num_args = 1.., value_name = "FILE")]
        words: Vec<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// Take the approval back instead.
        #[arg(long, conflicts_with = "yes")]
        revoke: bool,
        /// Choose a profile of the experiment file.
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
    },
}

/// A plugin and its parameters.
#[derive(Debug, clap::Args)]
pub(crate) struct PluginArgs {
    /// A library, or a program with its arguments.
    #[arg(required = true, num_args = 1.., value_name = "PLUGIN")]
    pub(crate) words: Vec<String>,
    /// A file in TOML with the plugin's parameters.
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// A parameter, such as coupling=0.5. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    #[command(flatten)]
    pub(crate) unset: UnsetArgs,
    /// Talk to the program in JSON Lines over standard input and output.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Its kind of objects, as JSON, such as {"kind": "grid", "dimensions": 4, "height": 8}.
    #[arg(long, value_name = "JSON")]
    pub(crate) objects: Option<String>,
    /// The time limit of a batch, in seconds.
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS", value_parser = float)]
    pub(crate) timeout: f64,
    /// A file or folder that it may read. May be repeated.
    #[arg(long, value_name = "PATH")]
    pub(crate) read: Vec<PathBuf>,
    /// A file or folder that it may write. May be repeated.
    #[arg(long, value_name = "PATH")]
    pub(crate) write: Vec<PathBuf>,
    /// Let it use the network.
    #[arg(long)]
    pub(crate) network: bool,
    /// Let it start other programs.
    #[arg(long)]
    pub(crate) programs: bool,
    /// Let it use the GPUs.
    #[arg(long)]
    pub(crate) gpu: bool,
    /// Let it see an environment variable, such as HF_TOKEN. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Vec<String>,
    /// The most threads that it may have, with those of programs that it starts.
    #[arg(long, value_name = "COUNT", value_parser = whole(1..=u32::MAX))]
    pub(crate) max_threads: Option<u32>,
}

/// Languages that `gfn plugin new` knows.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Lang {
    /// Rust, with the crate `gfn-plugin-sdk`.
    Rust,
    /// C, with the header `gfn_plugin.h`.
    C,
    /// C++, with the header `gfn_plugin.h`.
    Cpp,
    /// Python, with the package `gfn_plugin`.
    Python,
}

/// Where a library runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IsolationArg {
    /// In a confined process of its own.
    Process,
    /// In this process.
    Inline,
}
