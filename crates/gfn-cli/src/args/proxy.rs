//! What can be typed after `gfn proxy`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use gfn_fit::{Separator, Settings};

use super::numbers::{float, whole};

#[derive(Debug, Subcommand)]
pub(crate) enum ProxyCommand {
    /// Fit a proxy to a table of measured molecules.
    ///
    /// DATA.csv has a line of names and a line for each molecule: a SMILES and a
    /// value. Several networks are fitted to eight tenths of the molecules, stop
    /// by another tenth, and are judged by the last, which they never saw. What
    /// comes out is one file for `reward.kind = "proxy"`, and a page with its
    /// errors. Rows of one molecule are merged, stereoisomers too, since the
    /// networks do not see stereochemistry. The same table and seed give the
    /// same file.
    ///
    /// Examples:
    ///   gfn proxy fit solubility.csv
    ///   gfn proxy fit assay.csv --smiles structure --value pIC50 --split scaffold
    ///   gfn proxy fit docked.csv --minimize --unit kcal/mol --out docked.safetensors
    ///   gfn proxy fit chembl.csv --value "Standard Value" --where "Standard Type=IC50"
    ///     --where "Standard Units=nM" --censored drop --transform negative-log10
    #[command(verbatim_doc_comment)]
    Fit(Box<FitArgs>),
    /// Tell what a proxy predicts, what it was fitted to, and how far off it is.
    Info {
        /// Its file.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct FitArgs {
    /// The table: cells separated by commas, by tabs where it ends in .tsv, or by what --separator says.
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,
    /// The column of the molecules [default: the one called smiles].
    #[arg(long, value_name = "COLUMN")]
    pub(crate) smiles: Option<String>,
    /// The column of the values [default: the only other one].
    #[arg(long, value_name = "COLUMN")]
    pub(crate) value: Option<String>,
    /// The file to write; an existing one is replaced [default: DATA.proxy.safetensors in the current folder, which replaces a proxy of DATA alone].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Smaller values are better, such as energies of docking.
    #[arg(long)]
    pub(crate) minimize: bool,
    /// The values' unit [default: that of the table's column of units].
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// What separates cells: `,`, `;`, `|` or `tab` [default: what fits the table; it is told where that is unusual].
    #[arg(long, value_name = "SEPARATOR", value_parser = separator)]
    pub(crate) separator: Option<Separator>,
    /// Numbers have a decimal comma: `0,5`.
    #[arg(long)]
    pub(crate) decimal_comma: bool,
    /// Read only rows with this value in this column; may be given several times.
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    pub(crate) filters: Vec<String>,
    /// Values that are only bounds, such as `>10000` [default: they are refused].
    #[arg(long, value_enum)]
    pub(crate) censored: Option<CensoredArg>,
    /// What is fitted to: values as they are, or their logarithms.
    #[arg(long, value_enum, default_value_t = TransformArg::None)]
    pub(crate) transform: TransformArg,
    /// How several values of one molecule become one.
    #[arg(long, value_enum, default_value_t = MergeArg::Mean)]
    pub(crate) merge: MergeArg,
    /// How molecules are parted.
    #[arg(long, value_enum, default_value_t = SplitArg::Random)]
    pub(crate) split: SplitArg,
    /// Leave out rows that cannot be used, instead of stopping there; in both cases a file beside the output lists them.
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Tells one fit from another: the split, the first weights, the order of molecules.
    #[arg(long, default_value_t = 0, value_parser = whole(0..=u64::MAX))]
    pub(crate) seed: u64,
    /// How many networks are fitted; their disagreement tells how sure they are.
    #[arg(long, value_name = "N", default_value_t = Settings::default().members, value_parser = whole(1..=Settings::MAX_MEMBERS))]
    pub(crate) ensemble: usize,
    /// The most epochs of each network.
    #[arg(long, value_name = "N", default_value_t = Settings::default().epochs, value_parser = whole(1..=Settings::MAX_EPOCHS))]
    pub(crate) epochs: usize,
    /// A network stops after so many epochs without a better validation error.
    #[arg(long, value_name = "N", default_value_t = Settings::default().patience, value_parser = whole(1..=Settings::MAX_EPOCHS))]
    pub(crate) patience: usize,
    /// Numbers in the state of an atom.
    #[arg(long, value_name = "N", default_value_t = Settings::default().hidden, value_parser = whole(1..=Settings::MAX_HIDDEN))]
    pub(crate) hidden: usize,
    /// Rounds of messages between atoms.
    #[arg(long, value_name = "N", default_value_t = Settings::default().rounds, value_parser = whole(1..=Settings::MAX_ROUNDS))]
    pub(crate) rounds: usize,
    /// Molecules in a step.
    #[arg(long, value_name = "N", default_value_t = Settings::default().batch_size, value_parser = whole(1..=Settings::MAX_BATCH))]
    pub(crate) batch_size: usize,
    /// The first step size; it falls to 0 over all epochs.
    #[arg(long, value_name = "RATE", default_value_t = Settings::default().learning_rate, value_parser = float)]
    pub(crate) learning_rate: f64,
    /// Networks that are fitted at once [default: as many as there are processors]; nothing depends on it.
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_usize))]
    pub(crate) threads: Option<usize>,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Make no page with the errors.
    #[arg(long)]
    pub(crate) no_report: bool,
}

fn separator(text: &str) -> Result<Separator, String> {
    text.parse()
}

/// What is done with bounds.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CensoredArg {
    /// Leave them out.
    Drop,
    /// Take the bound for the value.
    AsExact,
}

/// What values become.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TransformArg {
    /// They stay.
    None,
    /// Their logarithms to base 10.
    Log10,
    /// The negative logarithms to base 10, of concentrations in mol/L: pIC50 of an IC50.
    NegativeLog10,
}

/// What several values of one molecule become.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MergeArg {
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// Their geometric mean.
    Geometric,
}

/// How molecules are parted.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SplitArg {
    /// Each by lot.
    Random,
    /// Those with one Bemis-Murcko scaffold stay together: the test is of new kinds of molecules.
    Scaffold,
}
