//! What can be typed.

mod dock;
mod files;
mod plugin;
mod proxy;
mod sweep;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use gfn_config::Problems;
use gfn_registry::Experiment;

pub(crate) use dock::DockArgs;
pub(crate) use files::{CheckArgs, DiffArgs, DiffFormat, Format, NewArgs};
pub(crate) use plugin::{IsolationArg, Lang, PluginArgs, PluginCommand};
pub(crate) use proxy::{FitArgs, ProxyCommand, SplitArg};
pub(crate) use sweep::{SweepArgs, SweepCommand, WorkArgs};

/// Train generative flow networks from experiment files.
///
/// A generative flow network learns to make objects x with probability proportional to a reward R(x). An experiment is
/// one TOML file: what is built, what is rewarded, which network, which loss. `gfn run FILE` trains it and leaves a
/// folder with everything about the run.
///
/// Exit codes: 0 done, 1 failed, 2 the file or the command line is wrong, 75 stopped and saved (go on with
/// `gfn resume`), 76 another process writes the run's folder, 77 a plugin failed (what was trained is saved).
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
    /// Makes a folder runs/NAME/seed-N (or that of --out) with resolved.toml,
    /// manifest.json, metrics.jsonl, samples.csv, weights.safetensors,
    /// log.jsonl, checkpoints/, tensorboard/ and report.html, to look at.
    ///
    /// A run that was stopped goes on with `gfn resume DIR`, or with the same
    /// command where that names the folder with --out, and ends with the same
    /// bytes as if it had not been stopped. TERM, INT (Ctrl-C), USR1, USR2 and
    /// HUP save it and end with code 75 after the update in hand; a second TERM
    /// or INT ends at once.
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
        /// The folder: a new one, or that of this run, to go on with it.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        going: GoingArgs,
    },
    /// Go on with a run that was stopped.
    ///
    /// Continues from the newest checkpoint that is whole, as the run's own resolved.toml says.
    Resume {
        /// The run's folder.
        run: PathBuf,
        /// Change a setting, such as training.steps=20000; needs --accept-changes where results depend on it.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
        #[command(flatten)]
        going: GoingArgs,
    },
    /// Run an experiment many times, each with other settings, and find the best.
    ///
    /// What is tried stands in the file's section `[sweep]`, or after --grid.
    #[command(subcommand)]
    Sweep(SweepCommand),
    /// Find everything that is wrong with experiment files, without running them.
    ///
    /// Reads each file as `run` does, makes its parts and checks that they go
    /// together; all mistakes of all files are shown at once, each with its
    /// place. Ends with 0 where every file can run, with 2 where one cannot.
    /// Whether a GPU is there is left to the machine that trains.
    ///
    /// Examples:
    ///   gfn check experiments/mol.toml
    ///   gfn check --deny-warnings experiments/*.toml
    ///   gfn check --format sarif experiments/*.toml > check.sarif
    #[command(verbatim_doc_comment)]
    Check(CheckArgs),
    /// Print an experiment with every default filled in, as a file that runs again.
    Resolve {
        #[command(flatten)]
        experiment: ExperimentArgs,
        /// Say behind each value where it comes from: a line of a file, a profile, a variable, a flag, or the default.
        #[arg(long)]
        origin: bool,
    },
    /// Write a new experiment file, with every setting, its default and its help.
    ///
    /// What is not chosen goes with what is: with `--reward druglike` molecules are built. The file runs as it stands.
    ///
    /// Examples:
    ///   gfn new mine.toml --environment fragments --loss flow-matching
    ///   gfn new mine.toml --set training.steps=5000 --schema
    ///   gfn new - --sampler replay
    #[command(verbatim_doc_comment)]
    New(NewArgs),
    /// Compare two experiments, or runs, by what they mean.
    ///
    /// Defaults are filled in first, and neither order nor layout counts. A line a key, with where each side has it from.
    /// Variables (`GFN__…`) lie over files, not over runs. Exit codes: 0 the same, 1 different, 2 something is wrong.
    ///
    /// Examples:
    ///   gfn diff experiments/hypergrid/tb.toml experiments/hypergrid/fm.toml
    ///   gfn diff runs/mol/seed-0 experiments/mol.toml
    ///   gfn diff my.toml my.toml --profile-b quick
    #[command(verbatim_doc_comment)]
    Diff(DiffArgs),
    /// List what an experiment file can choose from.
    ///
    /// Examples:
    ///   gfn components
    ///   gfn components loss
    #[command(verbatim_doc_comment)]
    Components {
        /// A section of the file: environment, reward, network, backward_policy, loss, sampler, optimizer, …
        section: Option<String>,
        /// A component of that section, to be explained.
        name: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell all about a section, a component or a setting: purpose, formula, parameters, papers.
    ///
    /// Examples:
    ///   gfn explain loss.flow-matching
    ///   gfn explain training.steps
    ///   gfn explain reward.hypergrid.r0
    ///   gfn explain ising                      (a plugin that gfn.lock pins)
    #[command(verbatim_doc_comment)]
    Explain {
        /// Its name, as messages and --set write it; the last part will do.
        #[arg(value_name = "NAME")]
        topic: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of experiment files, with which editors complete and check them.
    ///
    /// An editor with a TOML language server, such as Tombi, reads the line `#:schema gfn.schema.json` at the top of a file.
    Schema {
        /// The file to write instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print a shell's script that completes commands, names and settings.
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
    /// Make a page of runs or of a sweep: curves, distributions, objects, settings, papers.
    ///
    /// One HTML file that holds all it shows and loads nothing, for a browser.
    /// Runs that differ in nothing but their seed are laid over one another, with
    /// their mean and its confidence band. A run under way, or a damaged one, is
    /// shown as far as it can be read.
    ///
    /// Examples:
    ///   gfn report runs/mol/seed-0
    ///   gfn report runs/tb/seed-* runs/db/seed-* -o compare.html
    #[command(verbatim_doc_comment)]
    Report {
        /// The runs' folders, or that of a sweep.
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// The file to write; `-` is standard output [default: report.html, in the folder of a single run].
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write the pictures instead, each as an SVG file of its own in this folder.
        #[arg(long, value_name = "DIR", conflicts_with = "out")]
        figures: Option<PathBuf>,
    },
    /// Write runs as tables, or for another tracker of experiments.
    ///
    /// csv and parquet: tables runs (with every setting), training, measurements,
    /// samples, and distribution or likelihoods where runs have them; all runs
    /// in one table each, told apart by their first columns. mlflow and wandb:
    /// the same as runs.json beside a small Python script that brings it in with
    /// the package of your Python.
    ///
    /// Examples:
    ///   gfn export runs/tb/seed-* --to parquet -o tables
    ///   gfn export runs --to mlflow -o tracked && python3 tracked/import_mlflow.py
    #[command(verbatim_doc_comment)]
    Export {
        /// Folders of runs, or folders that hold such.
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// For whom.
        #[arg(long, value_enum)]
        to: TargetArg,
        /// The folder to write; files of the same names are replaced.
        #[arg(short, long, value_name = "DIR", default_value = "export")]
        out: PathBuf,
    },
    /// List runs and sweeps.
    Ls {
        /// Folders to look into [default: runs and sweeps, as far as they are here].
        #[arg(value_name = "DIR")]
        roots: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Watch runs in the terminal: curves, rate, figures, the best objects.
    ///
    /// Reads files alone, once a second: runs do not notice it, and those of
    /// other machines are seen where their folders are. `q` ends, the arrows
    /// choose a run. Where standard output is no terminal, prints once what there
    /// is to see, as plain text.
    ///
    /// Examples:
    ///   gfn top runs/mol/seed-0
    ///   gfn top                     (all runs below runs/ and sweeps/)
    #[command(verbatim_doc_comment)]
    Top {
        /// Folders of runs, or folders that hold such [default: runs and sweeps, as far as they are here].
        #[arg(value_name = "DIR")]
        roots: Vec<PathBuf>,
        /// Print once, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show how a run or a sweep stands and what came of it.
    Show {
        /// The folder.
        run: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Draw objects from the policy of a run, as CSV or as lines of JSON.
    Sample {
        /// The run's folder.
        run: PathBuf,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        count: u64,
        /// Tells one draw from another: the same seed draws the same objects.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// The file to write instead of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write JSON, a line an object.
        #[arg(long)]
        json: bool,
        /// Change a setting, such as hardware.device=cpu.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
    },
    /// Learn a reward that is too expensive to train on, in rounds.
    ///
    /// The reward of the file labels molecules; a proxy is fitted to all that are
    /// labelled, a policy is trained on the proxy, and the best of what it draws
    /// are labelled next. `[acquisition]` says how many, how often and how.
    ///
    /// Makes a folder with a run for each round (rounds/001/run, …), results.csv
    /// (a line a round) and best.csv. The same command goes on where it was
    /// stopped or killed, and ends with the same bytes; with more rounds, it goes
    /// on after the last.
    ///
    /// Examples:
    ///   gfn acquire experiments/mol/acquire.toml
    ///   gfn acquire experiments/mol/acquire.toml --set acquisition.rounds=10
    #[command(verbatim_doc_comment)]
    Acquire(AcquireArgs),
    /// Dock the best molecules of a run, or those of a file, with AutoDock Vina.
    ///
    /// Of a run, takes the best distinct molecules of samples.csv, docks them and
    /// writes docked.csv into its folder: energy, score, and what the run's reward
    /// said. Of a file with one SMILES a line, takes them all. What is docked is
    /// kept in docked.energies.jsonl beside the table, so that the same command
    /// goes on where it was stopped.
    ///
    /// A run trained on the reward `docking` says itself how it docks; for others,
    /// name a receptor. Needs the programs obabel, vina and faketime (Debian and
    /// Ubuntu: apt-get install openbabel autodock-vina faketime).
    ///
    /// Examples:
    ///   gfn dock runs/mol/seed-0 --receptor 4jnc.pdbqt --top 50
    ///   gfn dock runs/docking/seed-0 --exhaustiveness 8 --save-poses poses
    ///   gfn dock molecules.smi --receptor 4jnc.pdbqt --out energies.csv
    #[command(verbatim_doc_comment)]
    Dock(DockArgs),
    /// Write, check, try and allow plugins: rewards, block vocabularies and environments by third parties.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Fit a proxy to a table of measured molecules, and tell of one.
    #[command(subcommand)]
    Proxy(ProxyCommand),
    /// Time training, phase by phase, against what the network alone would take.
    ///
    /// Benchmarks: grid-2d-8, grid-4d-20, grid-4d-8-fm, molecules-fm, molecules-tb. The bound is measured in the same process:
    /// the network's forward pass over the live states of each sampling step, plus one forward and backward pass over the
    /// distinct states of the loss.
    Bench(BenchArgs),
    /// Measure the policy of a run, as its section `evaluation` says.
    Eval {
        /// The run's folder.
        run: PathBuf,
        /// Change a setting, such as evaluation.samples=10000.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What runs are exported for.
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
    /// The folder: a new one, or that of rounds to go on with [default: runs/NAME/acquire-seed-N].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write the folder although a process on another machine wrote it and did not say that it stopped: it can then write no more.
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GoingArgs {
    /// Go on with a run although its file, its data or a library is not what it was; the record says so.
    #[arg(long)]
    pub(crate) accept_changes: bool,
    /// Begin again where the run had checkpoints and none can be used; what is left of them is kept aside.
    #[arg(long)]
    pub(crate) begin_again: bool,
    /// Write the folder although a process on another machine wrote it and did not say that it stopped: it can then write no more.
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Save after this update and end with code 75, as after a signal.
    #[arg(long, value_name = "STEP")]
    pub(crate) stop_at: Option<u64>,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Make no report.html of the run at its end.
    #[arg(long)]
    pub(crate) no_report: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Benchmarks by name, or experiment files; all benchmarks where none is given.
    pub(crate) names: Vec<String>,
    /// Lay this profile over each experiment file.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Updates to time, after as many that warm up.
    #[arg(short = 'n', long, default_value_t = 200)]
    pub(crate) updates: u64,
    /// Change a setting of each, such as hardware.threads=2.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
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
        let sets: Vec<String> = self.layers.all_sets().into_iter().chain(sets).collect();
        Experiment::load_with(&self.file, self.layers.profile.as_deref(), &sets)
    }
}

// What is laid over an experiment file. (No doc comment: the help of commands would show it as their own.)
#[derive(Debug, clap::Args)]
pub(crate) struct LayerArgs {
    /// Lay a profile of the file over it: the tables `[profile.NAME.…]`.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Change a setting: a key path and a TOML value, such as loss.epsilon=1e-3. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// The seed, instead of the file's.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
}

impl LayerArgs {
    /// The experiment in `file` with all layers.
    pub(crate) fn load(&self, file: &Path) -> Result<Experiment, Problems> {
        Experiment::load_with(file, self.profile.as_deref(), &self.all_sets())
    }

    /// All changes to the file.
    fn all_sets(&self) -> Vec<String> {
        let seed = self.seed.map(|seed| format!("seed={seed}"));
        self.sets.iter().cloned().chain(seed).collect()
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
