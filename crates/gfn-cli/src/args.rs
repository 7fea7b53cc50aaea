//! What can be typed.

mod dock;
#[cfg(test)]
mod documented;
mod files;
mod numbers;
mod plugin;
mod proxy;
mod sweep;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use gfn_config::Problems;
use gfn_registry::Experiment;
use gfn_runner::finished::Damage;

pub(crate) use dock::DockArgs;
pub(crate) use files::{CheckArgs, DiffArgs, DiffFormat, Format, NewArgs};
pub(crate) use numbers::with_negative_numbers;
pub(crate) use plugin::{IsolationArg, Lang, PluginArgs, PluginCommand};
pub(crate) use proxy::{CensoredArg, FitArgs, MergeArg, ProxyCommand, SplitArg, TransformArg};
pub(crate) use sweep::{SweepArgs, SweepCommand, WorkArgs};

/// Train generative flow networks from experiment files.
///
/// A generative flow network learns to make objects x with probability proportional to a reward R(x). An experiment is
/// one TOML file: the environment, the reward, the network, the loss. `gfn run FILE` trains it and writes a folder with
/// everything about the run.
///
/// Exit codes: 0 done, 1 failed, 2 the file or the command line is wrong, 75 stopped and saved (resume with
/// `gfn resume`), 76 another process writes the run's folder, 77 a plugin failed (the run is saved).
#[derive(Debug, Parser)]
#[command(name = "gfn", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train an experiment.
    ///
    /// Writes a folder runs/NAME/seed-N (or that of --out) with resolved.toml,
    /// manifest.json, metrics.jsonl, samples.csv, weights.safetensors,
    /// log.jsonl, checkpoints/, tensorboard/ and the page report.html.
    ///
    /// To resume a stopped or killed run, use `gfn resume DIR`, or repeat the
    /// command if it names the folder with --out. The results are the same bytes
    /// as without the stop. TERM, INT (Ctrl-C), USR1, USR2 and HUP save the run
    /// after the current update and end with code 75; a second TERM or INT ends
    /// at once.
    ///
    /// Examples:
    ///   gfn run experiments/mol.toml
    ///   gfn run experiments/hypergrid/tb.toml --set environment.height=16 --seed 3
    ///   gfn run experiments/mol.toml --set reward.exponent=16 --out runs/greedy
    ///   gfn run experiments/mol.toml --profile quick
    #[command(verbatim_doc_comment)]
    Run {
        #[command(flatten)]
        experiment: ExperimentArgs,
        /// The folder: a new one, or that of this run, to resume it.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        going: GoingArgs,
    },
    /// Resume a stopped or killed run.
    ///
    /// Continues from the newest intact checkpoint, with the settings in the run's resolved.toml.
    Resume {
        /// The run's folder.
        run: PathBuf,
        /// Change a setting, such as training.steps=20000; needs --accept-changes if results depend on it.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
        #[command(flatten)]
        unset: UnsetArgs,
        #[command(flatten)]
        going: GoingArgs,
    },
    /// Run an experiment many times with different settings, and find the best.
    ///
    /// The section `[sweep]` of the file, or --grid, lists the settings to try.
    #[command(subcommand)]
    Sweep(SweepCommand),
    /// Find all mistakes in experiment files, without running them.
    ///
    /// Reads each file as `run` does, builds its components and checks that they
    /// fit together. Reports all mistakes of all files at once, each with its
    /// place. Exit codes: 0 every file can run, 2 one cannot. Does not check
    /// whether this machine has a GPU.
    ///
    /// Examples:
    ///   gfn check experiments/mol.toml
    ///   gfn check --deny-warnings experiments/*.toml
    ///   gfn check --format sarif experiments/*.toml > check.sarif
    #[command(verbatim_doc_comment)]
    Check(CheckArgs),
    /// Print an experiment with every default filled in, as a file that can be run.
    Resolve {
        #[command(flatten)]
        experiment: ExperimentArgs,
        /// Show the origin of each value: a line of a file, a profile, a variable, a flag, or the default.
        #[arg(long)]
        origin: bool,
    },
    /// Write a new experiment file, with every setting, its default and its help.
    ///
    /// Components that you do not choose fit those you do: `--reward druglike` selects an environment of molecules.
    /// The file can be run unchanged.
    ///
    /// Examples:
    ///   gfn new mine.toml --environment fragments --loss flow-matching
    ///   gfn new mine.toml --set training.steps=5000 --schema
    ///   gfn new - --sampler replay
    #[command(verbatim_doc_comment)]
    New(NewArgs),
    /// Compare the settings of two experiments or runs.
    ///
    /// Compares after filling in defaults; order and layout do not count. Prints one line for each key, with the origin on
    /// each side. Variables (`GFN__…`) apply to files, not to runs. Exit codes: 0 the same, 1 different, 2 an error.
    ///
    /// Examples:
    ///   gfn diff experiments/hypergrid/tb.toml experiments/hypergrid/fm.toml
    ///   gfn diff runs/mol/seed-0 experiments/mol.toml
    ///   gfn diff my.toml my.toml --profile-b quick
    #[command(verbatim_doc_comment)]
    Diff(DiffArgs),
    /// List the components that an experiment file can choose.
    ///
    /// Examples:
    ///   gfn components
    ///   gfn components loss
    #[command(verbatim_doc_comment)]
    Components {
        /// A section of the file: environment, reward, network, backward_policy, loss, sampler, optimizer, …
        section: Option<String>,
        /// A component of that section, to explain.
        name: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explain a section, a component or a setting: purpose, formula, parameters, papers.
    ///
    /// Examples:
    ///   gfn explain loss.flow-matching
    ///   gfn explain training.steps
    ///   gfn explain reward.hypergrid.r0
    ///   gfn explain ising                      (a plugin that gfn.lock pins)
    #[command(verbatim_doc_comment)]
    Explain {
        /// Its name, as in messages and in --set; the last part is enough.
        #[arg(value_name = "NAME")]
        topic: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of experiment files, for completion and checks in editors.
    ///
    /// A TOML language server, such as Tombi, reads the line `#:schema gfn.schema.json` at the top of a file.
    Schema {
        /// The file to write instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print a shell script that completes commands, names and settings.
    ///
    /// Examples:
    ///   source <(gfn completions bash)
    ///   gfn completions zsh > ~/.zfunc/_gfn
    ///   gfn completions fish > ~/.config/fish/completions/gfn.fish
    #[command(verbatim_doc_comment)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write a report of runs or of a sweep: curves, distributions, objects, settings, papers.
    ///
    /// The report is one self-contained HTML file. Runs that differ only in their
    /// seed share one plot, with their mean and its confidence band. Unfinished
    /// and damaged runs are shown as far as they can be read.
    ///
    /// Examples:
    ///   gfn report runs/mol/seed-0
    ///   gfn report runs/tb/seed-* runs/db/seed-* -o compare.html
    #[command(verbatim_doc_comment)]
    Report {
        /// Folders of runs, or the folder of a sweep.
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// The file to write; `-` is standard output [default: report.html, in the folder of a single run].
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write the plots instead, each as an SVG file in this folder.
        #[arg(long, value_name = "DIR", conflicts_with = "out")]
        figures: Option<PathBuf>,
    },
    /// Export runs as tables, or to an experiment tracker.
    ///
    /// csv and parquet: tables of runs (with all settings), training, measurements,
    /// samples, and distribution or likelihoods where runs have them. Each table
    /// holds all runs; its first columns name the run. mlflow and wandb: the same
    /// data as runs.json, and a small Python script that imports it with the
    /// tracker's own package.
    ///
    /// Examples:
    ///   gfn export runs/tb/seed-* --to parquet -o tables
    ///   gfn export runs --to mlflow -o tracked && python3 tracked/import_mlflow.py
    #[command(verbatim_doc_comment)]
    Export {
        /// Folders of runs, or folders that contain runs.
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// The format.
        #[arg(long, value_enum)]
        to: TargetArg,
        /// The folder to write to; files of an earlier export are replaced, and no others.
        #[arg(short, long, value_name = "DIR", default_value = "export")]
        out: PathBuf,
        #[command(flatten)]
        damage: DamageArgs,
    },
    /// List runs and sweeps.
    Ls {
        /// Folders to search [default: runs and sweeps, if they exist].
        #[arg(value_name = "DIR")]
        roots: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Watch runs in the terminal: curves, rate, metrics, the best objects.
    ///
    /// Reads the runs' files once a second, so it also works for runs of other
    /// machines that share the folder. `q` ends, the arrow keys choose a run. If
    /// standard output is not a terminal, prints the state once as plain text.
    ///
    /// Examples:
    ///   gfn top runs/mol/seed-0
    ///   gfn top                     (all runs below runs/ and sweeps/)
    #[command(verbatim_doc_comment)]
    Top {
        /// Folders of runs, or folders that contain runs [default: runs and sweeps, if they exist].
        #[arg(value_name = "DIR")]
        roots: Vec<PathBuf>,
        /// Print once, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the state and the results of a run or a sweep.
    Show {
        /// The folder.
        run: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check that the files of runs, sweeps, acquisitions and proxies are as they were written.
    ///
    /// Compares each file with the hash that was recorded when it was written,
    /// and lists those that are changed or missing; with --all, every file. What
    /// is not recorded, such as report.html, may be changed. Ends with 0 where
    /// no file is changed or missing, with 1 where one is.
    ///
    /// Examples:
    ///   gfn verify runs/mol/seed-0
    ///   gfn verify sweeps/lr proxy.safetensors --all
    #[command(verbatim_doc_comment)]
    Verify {
        /// Folders of runs, sweeps or acquisitions, folders that hold such, proxies, and tables with a hash beside them.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// List every file.
        #[arg(long)]
        all: bool,
        /// Print JSON, every file included.
        #[arg(long)]
        json: bool,
    },
    /// Sample objects from the policy of a run, as CSV or JSON Lines.
    Sample {
        /// The run's folder.
        run: PathBuf,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 1000, value_parser = numbers::whole(1..=10_000_000_u64))]
        count: u64,
        /// The seed: the same seed samples the same objects.
        #[arg(long, default_value_t = 0, value_parser = numbers::whole(0..=u64::MAX))]
        seed: u64,
        /// The file to write instead of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write JSON Lines, one object on each line.
        #[arg(long)]
        json: bool,
        /// Change a setting, such as hardware.device=cpu.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
        #[command(flatten)]
        unset: UnsetArgs,
        #[command(flatten)]
        damage: DamageArgs,
    },
    /// Active learning: train on a proxy of an expensive reward, in rounds.
    ///
    /// Each round labels molecules with the reward of the file, fits a proxy to all
    /// labels, trains a policy on the proxy, and labels its best samples next.
    /// `[acquisition]` holds the settings.
    ///
    /// Writes a folder with a run for each round (rounds/001/run, …), results.csv
    /// (one line for each round) and best.csv. To resume after a stop or a kill,
    /// repeat the command; the results are the same bytes. With more rounds, it
    /// continues after the last.
    ///
    /// Examples:
    ///   gfn acquire experiments/mol/acquire.toml
    ///   gfn acquire experiments/mol/acquire.toml --set acquisition.rounds=10
    #[command(verbatim_doc_comment)]
    Acquire(AcquireArgs),
    /// Dock the best molecules of a run, or those of a file, with AutoDock Vina.
    ///
    /// From a run, takes the best distinct molecules of samples.csv, docks them and
    /// writes docked.csv into its folder: energy, score, and what the run's reward
    /// said. From a file with one SMILES on each line, takes all. Energies are kept in
    /// docked.energies.jsonl beside the table; to resume, repeat the command.
    ///
    /// Runs trained on the reward `docking` bring their own settings; for others,
    /// name a receptor. Needs the programs obabel, vina and faketime (Debian and
    /// Ubuntu: apt-get install openbabel autodock-vina faketime).
    ///
    /// Examples:
    ///   gfn dock runs/mol/seed-0 --receptor 4jnc.pdbqt --top 50
    ///   gfn dock runs/docking/seed-0 --exhaustiveness 8 --save-poses poses
    ///   gfn dock molecules.smi --receptor 4jnc.pdbqt --out energies.csv
    #[command(verbatim_doc_comment)]
    Dock(DockArgs),
    /// Create, check, try and approve plugins: third-party rewards, block vocabularies and environments.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Fit a proxy to a table of measured molecules, or describe one.
    #[command(subcommand)]
    Proxy(ProxyCommand),
    /// Measure the time of each phase of training, compared with that of the network alone.
    ///
    /// Benchmarks: grid-2d-8, grid-4d-20, grid-4d-8-fm, molecules-fm, molecules-tb. The bound, measured in the same process, is
    /// the network's forward pass over the unfinished states of each sampling step, plus one forward and backward pass over
    /// the distinct states of the loss.
    Bench(BenchArgs),
    /// Evaluate the policy of a run, with the settings of its section `evaluation`.
    Eval {
        /// The run's folder.
        run: PathBuf,
        /// Change a setting, such as evaluation.samples=10000.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
        #[command(flatten)]
        unset: UnsetArgs,
        #[command(flatten)]
        damage: DamageArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Formats of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetArg {
    /// Tables of comma-separated values.
    Csv,
    /// Tables as Apache Parquet.
    Parquet,
    /// A folder for MLflow.
    Mlflow,
    /// A folder for Weights & Biases.
    Wandb,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AcquireArgs {
    #[command(flatten)]
    pub(crate) experiment: ExperimentArgs,
    /// The folder: a new one, or one to resume [default: runs/NAME/acquire-seed-N].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Take the folder over from a process on another machine that did not report its end; that process can then no longer write.
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

// No doc comment: the help of commands would show it as their own.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct DamageArgs {
    /// Use files of the run although they were changed after they were written.
    #[arg(long)]
    accept_damage: bool,
}

impl DamageArgs {
    /// What is done with a changed file.
    pub(crate) fn damage(self) -> Damage {
        match self.accept_damage {
            true => Damage::Accept,
            false => Damage::Refuse(", or use it as it is with --accept-damage"),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct GoingArgs {
    /// Resume although the settings, the data or a library changed; the manifest records it.
    #[arg(long)]
    pub(crate) accept_changes: bool,
    /// Start again from update 0 if no checkpoint is usable; the damaged ones are kept.
    #[arg(long)]
    pub(crate) begin_again: bool,
    /// Take the folder over from a process on another machine that did not report its end; that process can then no longer write.
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Save after this update and end with code 75, as on a signal.
    #[arg(long, value_name = "STEP", value_parser = numbers::whole(0..=u64::MAX))]
    pub(crate) stop_at: Option<u64>,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Do not write report.html at the end of the run.
    #[arg(long)]
    pub(crate) no_report: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Benchmarks by name, or experiment files [default: all benchmarks].
    pub(crate) names: Vec<String>,
    /// Apply this profile to each experiment file.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Updates to measure, after as many to warm up.
    #[arg(short = 'n', long, default_value_t = 200, value_parser = numbers::whole(1..=u64::MAX))]
    pub(crate) updates: u64,
    /// Change a setting of each, such as hardware.threads=2.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    #[command(flatten)]
    pub(crate) unset: UnsetArgs,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExperimentArgs {
    /// The experiment file.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) layers: LayerArgs,
}

impl ExperimentArgs {
    /// The experiment with all layers.
    pub(crate) fn load(&self) -> Result<Experiment, Problems> {
        self.layers.load(&self.file)
    }

    /// The same with further changes.
    fn load_with(&self, sets: Vec<String>) -> Result<Experiment, Problems> {
        let sets: Vec<String> = self.layers.flags().into_iter().chain(sets).collect();
        Experiment::load_with(&self.file, self.layers.profile.as_deref(), &sets)
    }
}

// What is laid over an experiment file. (No doc comment: the help of commands would show it as their own.)
#[derive(Debug, clap::Args)]
pub(crate) struct LayerArgs {
    /// Apply a profile of the file: the tables `[profile.NAME.…]`.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Change a setting: a key path and a TOML value, such as loss.epsilon=1e-3. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    #[command(flatten)]
    pub(crate) unset: UnsetArgs,
    /// The seed, in place of the file's.
    #[arg(long, value_parser = numbers::whole(0..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
}

impl LayerArgs {
    /// The experiment in `file` with all layers.
    pub(crate) fn load(&self, file: &Path) -> Result<Experiment, Problems> {
        Experiment::load_with(file, self.profile.as_deref(), &self.flags())
    }

    /// All changes to the file.
    pub(crate) fn flags(&self) -> Vec<String> {
        let seed = self.seed.map(|seed| format!("seed={seed}"));
        self.unset.over(&self.sets).into_iter().chain(seed).collect()
    }
}

// No doc comment: the help of commands would show it as their own.
#[derive(Debug, clap::Args)]
pub(crate) struct UnsetArgs {
    /// Unset a key, such as loss.epsilon, so that its default applies. May be repeated.
    #[arg(long = "unset", value_name = "KEY")]
    pub(crate) unsets: Vec<String>,
}

impl UnsetArgs {
    /// The flags of a command that has these settings too.
    pub(crate) fn over(&self, sets: &[String]) -> Vec<String> {
        let unsets = self.unsets.iter().map(|key| gfn_config::unset_flag(key));
        unsets.chain(sets.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        super::Args::command().debug_assert();
    }

    /// Each section with a choice has its option, and no option is of a section that is gone.
    #[test]
    fn every_choice_of_a_new_file_has_its_option() {
        let command = super::Args::command();
        let new = command.find_subcommand("new").unwrap();
        let options = new.get_arguments().filter(|argument| {
            argument
                .get_value_names()
                .is_some_and(|names| names.iter().any(|name| name == "KIND"))
        });
        let options: Vec<&str> = options.map(|argument| argument.get_id().as_str()).collect();
        let sections = gfn_registry::sections::sections();
        let choosing = sections.iter().filter(|section| !section.components.is_empty());
        let choosing: Vec<&str> = choosing.map(|section| section.name).collect();
        assert_eq!(options, choosing);
    }
}
